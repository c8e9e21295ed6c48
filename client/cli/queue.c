/* queue - queue set, pause, resume, shutdown, drain, undrain: how queues and the server
 * behave.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "cli/confirm.h"
#include "cli/told.h"
#include "cli/units.h"

enum {
    DAY_MS = 24 * 3600 * 1000,
    RATE_MAX = 1000 * 1000 * 1000,
};

/* ---- queue set ---- */

struct queue_values {
    int64_t maxsize, ttr_ms, tries, concurrency, grouplimit, deadmax;
    const char *order, *rate;
    bool open;
};

/* clang-format off */
static const struct option_row queue_rows[] = {
    {"maxsize", '\0', OPTION_NUMBER, "N", "jobs that are ready or delayed; then puts wait; 0: no bound",
     offsetof(struct queue_values, maxsize), 0, INT64_MAX},
    {"order", '\0', OPTION_TEXT, "ORDER", "fifo or lifo, within a priority",
     offsetof(struct queue_values, order), 0, 0},
    {"ttr", '\0', OPTION_DURATION, "DUR", "how long a worker may hold a job that does not say",
     offsetof(struct queue_values, ttr_ms), 1000, DAY_MS},
    {"tries", '\0', OPTION_NUMBER, "N", "attempts of a job that does not say",
     offsetof(struct queue_values, tries), 1, 65535},
    {"rate", '\0', OPTION_TEXT, "N/s", "deliveries a second; 0: no bound",
     offsetof(struct queue_values, rate), 0, 0},
    {"concurrency", '\0', OPTION_NUMBER, "N", "jobs that are leased at a time; 0: no bound",
     offsetof(struct queue_values, concurrency), 0, UINT32_MAX},
    {"grouplimit", '\0', OPTION_NUMBER, "N", "jobs of one group that are leased at a time; 0: no bound",
     offsetof(struct queue_values, grouplimit), 0, UINT32_MAX},
    {"deadmax", '\0', OPTION_NUMBER, "N", "dead jobs that are kept; 0: no bound",
     offsetof(struct queue_values, deadmax), 0, INT64_MAX},
    {"open", '\0', OPTION_FLAG, NULL, "take jobs again after a shutdown",
     offsetof(struct queue_values, open), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

/* "100/s", "100" */
static int read_rate(const char *text, int64_t *out)
{
    char number[UNITS_TEXT_SIZE];
    size_t len = strlen(text);

    if (len > 2 && strcasecmp(text + len - 2, "/s") == 0)
        len -= 2;
    if (len >= sizeof number)
        return -1;
    memcpy(number, text, len);
    number[len] = '\0';
    return units_parse_number(number, 0, RATE_MAX, out);
}

/* Returns  CLI_GO_ON, or the exit code of a mistake that has been said */
static int read_settings(const struct queue_values *v, ringq_queue_options *out)
{
    ringq_queue_options o = RINGQ_QUEUE_OPTIONS;

    /* OPTION_UNSET is negative, too: not said. */
    o.maxsize = v->maxsize;
    o.ttr_ms = v->ttr_ms;
    o.tries = v->tries;
    o.concurrency = v->concurrency;
    o.grouplimit = v->grouplimit;
    o.deadmax = v->deadmax;
    o.open = v->open;
    if (v->rate != NULL && read_rate(v->rate, &o.rate) < 0)
        return cli_usage("--rate: '%s' is not like 100/s, at most %d/s", v->rate,
                         RATE_MAX);
    if (v->order != NULL && strcasecmp(v->order, "fifo") == 0)
        o.order = RINGQ_ORDER_FIFO;
    else if (v->order != NULL && strcasecmp(v->order, "lifo") == 0)
        o.order = RINGQ_ORDER_LIFO;
    else if (v->order != NULL)
        return cli_usage("--order: '%s' is neither fifo nor lifo", v->order);
    *out = o;
    return CLI_GO_ON;
}

static int run_queue(struct cli *cli, int argc, char **argv)
{
    struct queue_values v;
    struct words words;
    ringq_queue_options options;
    ringq *q;
    int exit = cli_parse(cli, &command_queue, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (strcmp(words.list[0], "set") != 0)
        return cli_usage("queue: there is no 'queue %s'; write: ringq queue set QUEUE "
                         "...",
                         words.list[0]);
    exit = read_settings(&v, &options);
    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    if (ringq_queue_set(q, words.list[1], &options) < 0)
        exit = cli_failed(cli, q);
    else
        told_state(cli, words.list[1], "set");
    ringq_close(q);
    return exit;
}

const struct command command_queue = {
    .name = "queue",
    .words = "set QUEUE [OPTIONS]",
    .summary = "bounds a queue: size, rate, workers, dead jobs",
    .examples = "  ringq queue set thumbnails --maxsize 100000\n"
                "  ringq queue set api-calls --rate 50/s --concurrency 10\n"
                "  ringq queue set undo --order lifo\n"
                "  ringq queue set emails --open            # after a shutdown\n",
    .notes =
        "What is not said stays as it is; what is said outlives a restart.  How it is "
        "set:\n"
        "ringq stats QUEUE.\n",
    .rows = queue_rows,
    .words_min = 2,
    .words_max = 2,
    .run = run_queue,
};

/* ---- pause, resume, shutdown ---- */

/* Connects, says one thing, tells that it is so. */
static int say(const struct cli *cli, const char *queue, const char *state,
               int (*call)(ringq *q, const char *queue, int how), int how)
{
    ringq *q;
    int exit = cli_connect(cli, NULL, &q);

    if (exit != EXITS_OK)
        return exit;
    if (call(q, queue, how) < 0)
        exit = cli_failed(cli, q);
    else
        told_state(cli, queue, state);
    ringq_close(q);
    return exit;
}

struct pause_values {
    bool in, out;
};

/* clang-format off */
static const struct option_row pause_rows[] = {
    {"in", '\0', OPTION_FLAG, NULL, "take no jobs in: puts are refused, exit code 6",
     offsetof(struct pause_values, in), 0, 0},
    {"out", '\0', OPTION_FLAG, NULL, "hand no jobs out: workers wait",
     offsetof(struct pause_values, out), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int call_pause(ringq *q, const char *queue, int how)
{
    return ringq_pause(q, queue, (enum ringq_side)how);
}

static int run_pause(struct cli *cli, int argc, char **argv)
{
    static const char *const states[] = {[RINGQ_BOTH] = "paused",
                                         [RINGQ_IN] = "takes no jobs in",
                                         [RINGQ_OUT] = "hands no jobs out"};
    struct pause_values v;
    struct words words;
    int exit = cli_parse(cli, &command_pause, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    enum ringq_side side = v.in == v.out ? RINGQ_BOTH : v.in ? RINGQ_IN : RINGQ_OUT;
    return say(cli, words.list[0], states[side], call_pause, (int)side);
}

const struct command command_pause = {
    .name = "pause",
    .words = "QUEUE",
    .summary = "holds a queue: takes no jobs in, hands none out",
    .examples = "  ringq pause emails --out       # while the mail server is away\n"
                "  ringq pause emails\n"
                "  ringq resume emails\n",
    .notes = "Outlives a restart.  Jobs in hand are finished.\n",
    .rows = pause_rows,
    .words_min = 1,
    .words_max = 1,
    .run = run_pause,
};

static int call_resume(ringq *q, const char *queue, int how)
{
    (void)how;
    return ringq_resume(q, queue);
}

static int run_resume(struct cli *cli, int argc, char **argv)
{
    struct words words;
    int exit = cli_parse(cli, &command_resume, NULL, argc, argv, &words);

    return exit != CLI_GO_ON ? exit
                             : say(cli, words.list[0], "resumed", call_resume, 0);
}

const struct command command_resume = {
    .name = "resume",
    .words = "QUEUE",
    .summary = "ends a pause",
    .examples = "  ringq resume emails\n",
    .words_min = 1,
    .words_max = 1,
    .run = run_resume,
};

struct shutdown_values {
    bool immediate, yes;
};

/* clang-format off */
static const struct option_row shutdown_rows[] = {
    {"immediate", '\0', OPTION_FLAG, NULL, "what waits ends as cancelled",
     offsetof(struct shutdown_values, immediate), 0, 0},
    CONFIRM_ROW(offsetof(struct shutdown_values, yes)),
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int run_shutdown(struct cli *cli, int argc, char **argv)
{
    static const char *const waiting[] = {"ready", "delayed", NULL};
    struct shutdown_values v;
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_shutdown, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    const char *queue = words.list[0];
    exit = confirm(cli, q, v.yes || !v.immediate, "cancel", queue, waiting);
    if (exit == CLI_GO_ON && ringq_shutdown(q, queue, v.immediate) < 0) {
        exit = cli_failed(cli, q);
    } else if (exit == CLI_GO_ON) {
        told_state(cli, queue, "shut down");
        exit = EXITS_OK;
    }
    ringq_close(q);
    return exit;
}

const struct command command_shutdown = {
    .name = "shutdown",
    .words = "QUEUE",
    .summary = "ends a queue: no more puts; workers are turned away when it is empty",
    .examples = "  ringq shutdown import-2024 && ringq join import-2024\n"
                "  ringq shutdown import-2024 --immediate --yes\n"
                "  ringq queue set import-2024 --open        # opens it again\n",
    .notes = "Puts are refused (exit code 8), and a worker with --drain ends once "
             "nothing is\n"
             "ready or delayed.  Retries are still delivered.\n",
    .rows = shutdown_rows,
    .words_min = 1,
    .words_max = 1,
    .run = run_shutdown,
};

/* ---- drain, undrain ---- */

static int call_drain(ringq *q, const char *queue, int how)
{
    (void)queue;
    return how ? ringq_drain(q) : ringq_undrain(q);
}

static int run_drain(struct cli *cli, int argc, char **argv)
{
    struct words words;
    int exit = cli_parse(cli, &command_drain, NULL, argc, argv, &words);

    return exit != CLI_GO_ON ? exit : say(cli, NULL, "draining", call_drain, true);
}

const struct command command_drain = {
    .name = "drain",
    .words = "",
    .summary = "quietens the server: no jobs in, none out, those in hand are finished",
    .examples = "  ringq drain\n"
                "  ringq stats --json | jq .leased         # 0: nobody works any more\n"
                "  ringq undrain\n",
    .notes = "Before maintenance.  Ends with ringq undrain, or a restart of the "
             "server.\n",
    .run = run_drain,
};

static int run_undrain(struct cli *cli, int argc, char **argv)
{
    struct words words;
    int exit = cli_parse(cli, &command_undrain, NULL, argc, argv, &words);

    return exit != CLI_GO_ON ? exit : say(cli, NULL, "open", call_drain, false);
}

const struct command command_undrain = {
    .name = "undrain",
    .words = "",
    .summary = "ends a drain",
    .examples = "  ringq undrain\n",
    .run = run_undrain,
};
