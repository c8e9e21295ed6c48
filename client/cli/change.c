/* change - kick, cancel, purge, reschedule, requeue: what becomes of jobs.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/confirm.h"
#include "cli/put_options.h"
#include "cli/told.h"

/* Counts what was changed, with an error too; then says the error. */
static int conclude(const struct cli *cli, const ringq *q, const char *queue,
                    const char *name, const char *what, int64_t rc, size_t changed)
{
    if (rc >= 0 || changed > 0)
        told_count(cli, queue, name, what, rc >= 0 ? rc : (int64_t)changed);
    return rc < 0 ? cli_failed(cli, q) : EXITS_OK;
}

/* ---- kick ---- */

struct kick_values {
    int64_t count;
};

/* clang-format off */
static const struct option_row kick_rows[] = {
    {"count", 'n', OPTION_NUMBER, "N", "at most N, those that died first",
     offsetof(struct kick_values, count), 1, INT64_MAX},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int run_kick(struct cli *cli, int argc, char **argv)
{
    struct kick_values v;
    struct words words;
    size_t changed = 0;
    ringq *q;
    int exit = cli_parse(cli, &command_kick, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (words.count > 1 && v.count != OPTION_UNSET)
        return cli_usage("kick: --count and ids exclude each other");
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    const char *const *ids = (const char *const *)words.list + 1;
    int64_t rc = words.count > 1 ? ringq_kick_ids(q, words.list[0], ids,
                                                  (size_t)words.count - 1, &changed)
                                 : ringq_kick(q, words.list[0], v.count);
    exit = conclude(cli, q, words.list[0], "kicked", "ready again", rc, changed);
    ringq_close(q);
    return exit;
}

const struct command command_kick = {
    .name = "kick",
    .words = "QUEUE [ID...]",
    .summary = "makes dead jobs ready again",
    .examples = "  ringq kick emails\n"
                "  ringq kick emails --count 1            # try one first\n"
                "  ringq kick emails 7-1042 7-1043\n",
    .notes = "A kicked job has all its attempts again.  Prints how many there were.  "
             "Which ones\n"
             "are dead, and why: ringq dead list QUEUE.\n",
    .rows = kick_rows,
    .words_min = 1,
    .words_max = -1,
    .run = run_kick,
};

/* ---- cancel ---- */

static int run_cancel(struct cli *cli, int argc, char **argv)
{
    struct words words;
    size_t changed = 0;
    ringq *q;
    int exit = cli_parse(cli, &command_cancel, NULL, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    int64_t rc =
        ringq_cancel(q, (const char *const *)words.list, (size_t)words.count, &changed);
    exit = conclude(cli, q, NULL, "cancelled", "cancelled", rc, changed);
    ringq_close(q);
    return exit;
}

const struct command command_cancel = {
    .name = "cancel",
    .words = "ID...",
    .summary = "ends jobs, also those that are being worked on",
    .examples = "  ringq cancel 7-1042\n"
                "  ringq peek emails -n 100 -q | xargs -r ringq cancel\n",
    .notes =
        "What waits is gone at once.  The worker of a leased job hears of it at its "
        "next\n"
        "heartbeat; ringq work then ends the program with SIGTERM.  An id that is "
        "unknown:\n"
        "exit code 3, and the others are cancelled all the same.\n",
    .words_min = 1,
    .words_max = -1,
    .run = run_cancel,
};

/* ---- purge ---- */

struct purge_values {
    const char *state;
    bool yes;
};

/* clang-format off */
static const struct option_row purge_rows[] = {
    {"state", '\0', OPTION_TEXT, "STATE", "ready, delayed or dead (default: ready and delayed)",
     offsetof(struct purge_values, state), 0, 0},
    CONFIRM_ROW(offsetof(struct purge_values, yes)),
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int run_purge(struct cli *cli, int argc, char **argv)
{
    struct purge_values v;
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_purge, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    const char *const states[] = {v.state != NULL ? v.state : "ready",
                                  v.state == NULL ? "delayed" : NULL, NULL};
    exit = confirm(cli, q, v.yes, "purge", words.list[0], states);
    if (exit == CLI_GO_ON) {
        int64_t rc = ringq_purge(q, words.list[0], v.state);
        exit = conclude(cli, q, words.list[0], "purged", "gone", rc, 0);
    }
    ringq_close(q);
    return exit;
}

const struct command command_purge = {
    .name = "purge",
    .words = "QUEUE",
    .summary = "ends all jobs that wait in a queue",
    .examples = "  ringq purge emails\n"
                "  ringq purge emails --state delayed --yes\n"
                "  ringq dead purge emails --yes\n",
    .notes = "They do not come back, and count as cancelled.  Asks on a terminal; "
             "elsewhere --yes\n"
             "is required.  Leased jobs stay, and so do dead ones unless --state dead "
             "says\n"
             "otherwise.  Prints how many there were.\n",
    .rows = purge_rows,
    .words_min = 1,
    .words_max = 1,
    .run = run_purge,
};

/* ---- reschedule ---- */

struct reschedule_values {
    int64_t delay_ms;
    const char *at;
};

/* clang-format off */
static const struct option_row reschedule_rows[] = {
    {"delay", '\0', OPTION_DURATION, "DUR", "this long from now: 30s, 5m, 2d; 0: now",
     offsetof(struct reschedule_values, delay_ms), 0, CLI_WAIT_MAX_MS},
    {"at", '\0', OPTION_TEXT, "TIME", "2030-01-31T08:00:00Z, 2030-01-31T08:00 (local), unix ms",
     offsetof(struct reschedule_values, at), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int run_reschedule(struct cli *cli, int argc, char **argv)
{
    struct reschedule_values v;
    struct words words;
    int64_t at = 0;
    ringq *q;
    int exit = cli_parse(cli, &command_reschedule, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if ((v.delay_ms != OPTION_UNSET) == (v.at != NULL))
        return cli_usage("reschedule: give one of --delay and --at");
    if (v.at != NULL && put_time_read(v.at, &at) < 0)
        return EXITS_USAGE;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    int rc = ringq_reschedule(q, words.list[0], v.delay_ms, at);
    if (rc < 0)
        exit = cli_failed(cli, q);
    ringq_close(q);
    return exit;
}

const struct command command_reschedule = {
    .name = "reschedule",
    .words = "ID --delay DUR | --at TIME",
    .summary = "gives a job that waits another time",
    .examples = "  ringq reschedule 7-1042 --delay 0        # now\n"
                "  ringq reschedule 7-1042 --at 2030-01-31T08:00:00Z\n",
    .notes = "Only what is delayed or ready.  Says nothing when it has worked.\n",
    .rows = reschedule_rows,
    .words_min = 1,
    .words_max = 1,
    .run = run_reschedule,
};

/* ---- requeue ---- */

static int run_requeue(struct cli *cli, int argc, char **argv)
{
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_requeue, NULL, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    int rc = ringq_requeue(q, words.list[0], words.list[1]);
    if (rc < 0)
        exit = cli_failed(cli, q);
    ringq_close(q);
    return exit;
}

const struct command command_requeue = {
    .name = "requeue",
    .words = "ID QUEUE",
    .summary = "sends a job that waits or is dead to another queue",
    .examples = "  ringq requeue 7-1042 emails-slow\n",
    .notes =
        "It keeps its id, its body and its attempts; a dead job stays dead there.  "
        "A leased\n"
        "job stays where it is, and so does one whose body is lost.  Says nothing "
        "when it\n"
        "has worked.\n",
    .words_min = 2,
    .words_max = 2,
    .run = run_requeue,
};
