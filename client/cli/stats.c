/* stats - figures of the server or of a queue, once or again and again.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/json.h"

enum {
    WATCH_DEFAULT_MS = 1000,
    WATCH_MIN_MS = 10,
    WATCH_MAX_MS = 24 * 3600 * 1000,
};

struct stats_values {
    int64_t watch_ms;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"watch", 'w', OPTION_INTERVAL, "=DUR", "again and again, every second or every DUR",
     offsetof(struct stats_values, watch_ms), WATCH_MIN_MS, WATCH_MAX_MS},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int print(const struct cli *cli, const ringq_reply *stats)
{
    struct json j = {.out = stdout};
    struct table t;

    if (cli->json) {
        output_json_reply(&j, stats);
        json_line(&j);
        return EXITS_OK;
    }
    table_init(&t, stdout, &cli->out, 2);
    for (size_t i = 0; i < ringq_reply_count(stats); i++) {
        const char *name = ringq_reply_key(stats, i);
        table_string(&t, name);
        table_reply(&t, name, ringq_reply_at(stats, i));
    }
    return table_print(&t) < 0 ? cli_no_memory() : EXITS_OK;
}

/* A terminal shows one sample in place of the other; elsewhere an empty line stands
 * between two of them. */
static void separate(const struct cli *cli, bool first)
{
    if (cli->json)
        return;
    if (cli->out.terminal)
        (void)fputs("\x1b[H\x1b[J", stdout);
    else if (!first)
        (void)putchar('\n');
}

static int show(const struct cli *cli, ringq *q, const char *queue, int64_t watch_ms)
{
    for (bool first = true;; first = false) {
        ringq_reply *stats = NULL;
        if (ringq_stats(q, queue, &stats) < 0)
            return cli_failed(cli, q);
        if (watch_ms != OPTION_UNSET)
            separate(cli, first);
        int exit = print(cli, stats);
        ringq_reply_free(stats);
        if (exit == EXITS_OK)
            exit = cli_flush_output();
        if (exit != EXITS_OK || watch_ms == OPTION_UNSET)
            return exit;
        clock_pause_ms(watch_ms);
    }
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct stats_values v;
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_stats, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (v.watch_ms == OPTION_BARE)
        v.watch_ms = WATCH_DEFAULT_MS;
    exit = cli_connect(cli, v.watch_ms == OPTION_UNSET ? NULL : &cli_patient, &q);
    if (exit != EXITS_OK)
        return exit;
    exit = show(cli, q, words.count > 0 ? words.list[0] : NULL, v.watch_ms);
    ringq_close(q);
    return exit;
}

const struct command command_stats = {
    .name = "stats",
    .words = "[QUEUE]",
    .summary = "figures of the server, or of a queue",
    .examples = "  ringq stats\n"
                "  ringq stats emails\n"
                "  ringq stats emails --watch\n"
                "  ringq stats emails --watch=5s --json >> emails.jsonl\n",
    .notes = "One figure per line, name and value.  --watch ends with Ctrl-C.\n",
    .rows = rows,
    .words_max = 1,
    .run = run,
};
