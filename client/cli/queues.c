/* queues - the queues and how full they are.
 *
 * QUEUES names them; the figures come from one STATS each, all in one pipeline.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"

/* What a row shows: the title, and the field of STATS it comes from. */
static const struct {
    const char *title, *field;
} columns[] = {
    {"queue", "queue"},     {"ready", "ready"},
    {"delayed", "delayed"}, {"leased", "leased"},
    {"dead", "dead"},       {"unfinished", "unfinished"},
    {"done", "total_done"}, {"oldest", "oldest_ready_ms"},
};
enum {
    COLUMNS = sizeof columns / sizeof columns[0],
    PENDING_MAX = 256,
};

struct listing {
    const struct cli *cli;
    struct table table;
    int exit;
};

static void print_json(const ringq_reply *stats)
{
    struct json j = {.out = stdout};

    json_begin(&j, '{');
    for (size_t i = 0; i < COLUMNS; i++) {
        const ringq_reply *value = ringq_reply_field(stats, columns[i].field);
        if (value == NULL)
            continue;
        json_key(&j, columns[i].field);
        output_json_reply(&j, value);
    }
    json_end(&j, '}');
    json_line(&j);
}

static void on_stats(void *arg, int error, const char *text, const ringq_reply *reply)
{
    struct listing *l = arg;

    if (error < 0) {
        if (l->exit == EXITS_OK)
            l->exit = cli_error(l->cli, error, text);
        return;
    }
    if (l->cli->json) {
        print_json(reply);
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        table_reply(&l->table, columns[i].field,
                    ringq_reply_field(reply, columns[i].field));
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in alphabetical order.
 * Returns  how many
 * Errors   RINGQ_NOMEM, RINGQ_PROTOCOL
 * Owns     gives *out: free(); the names in it borrow from `queues` */
static long sort_names(const ringq_reply *queues, const char ***out)
{
    size_t count = ringq_reply_count(queues);
    const char **names = calloc(count > 0 ? count : 1, sizeof *names);

    if (names == NULL)
        return RINGQ_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const ringq_reply *pair = ringq_reply_at(queues, i);
        names[i] = ringq_reply_string(ringq_reply_at(pair, 0), NULL);
        if (*names[i] == '\0') {
            free(names);
            return RINGQ_PROTOCOL;
        }
    }
    qsort(names, count, sizeof *names, compare_names);
    *out = names;
    return (long)count;
}

static int list_names(const struct cli *cli, const char *const *names, size_t count)
{
    struct json j = {.out = stdout};

    for (size_t i = 0; i < count; i++) {
        if (cli->json) {
            json_string(&j, names[i]);
            json_line(&j);
        } else {
            output_clean(stdout, names[i], strlen(names[i]));
            (void)putchar('\n');
        }
    }
    return EXITS_OK;
}

static int list_figures(const struct cli *cli, ringq *q, const char *const *names,
                        size_t count)
{
    struct listing l = {.cli = cli};
    const char *titles[COLUMNS];
    int rc = 0;

    for (size_t i = 0; i < COLUMNS; i++)
        titles[i] = columns[i].title;
    table_init(&l.table, stdout, &cli->out, COLUMNS);
    l.table.figures = true;
    table_heading(&l.table, titles);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const char *argv[] = {"STATS", names[i]};
        rc = ringq_submit(q, 2, argv, NULL, on_stats, &l);
        if (rc == 0)
            rc = ringq_flush(q, PENDING_MAX);
    }
    if (rc == 0)
        rc = ringq_flush(q, 0);
    if (rc < 0 && l.exit == EXITS_OK)
        l.exit = cli_failed(cli, q);
    if (table_print(&l.table) < 0 && l.exit == EXITS_OK)
        l.exit = cli_no_memory();
    return l.exit;
}

static int list(const struct cli *cli, ringq *q, const char *pattern)
{
    ringq_reply *queues = NULL;
    const char **names;

    if (ringq_queues(q, pattern, &queues) < 0)
        return cli_failed(cli, q);
    long count = sort_names(queues, &names);
    if (count < 0) {
        ringq_reply_free(queues);
        return cli_error(cli, (int)count, "the list of queues makes no sense");
    }
    int exit = cli->quiet ? list_names(cli, names, (size_t)count)
                          : list_figures(cli, q, names, (size_t)count);
    if (count == 0 && cli->out.terminal)
        (void)fputs("no queues yet; make one: ringq put emails hello\n", stderr);
    free(names);
    ringq_reply_free(queues);
    return exit;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_queues, NULL, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    exit = list(cli, q, words.count > 0 ? words.list[0] : NULL);
    ringq_close(q);
    return exit;
}

const struct command command_queues = {
    .name = "queues",
    .words = "[PATTERN]",
    .summary = "lists the queues and how full they are",
    .examples = "  ringq queues\n"
                "  ringq queues 'mail.*'\n"
                "  ringq queues -q              # names only\n",
    .notes =
        "In a PATTERN * stands for any letters and ? for one.  Columns: queue, ready,\n"
        "delayed, leased, dead, unfinished, done so far, age of the oldest ready "
        "job.\n",
    .words_max = 1,
    .run = run,
};
