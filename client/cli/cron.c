/* cron - jobs that the server puts by itself: adds, deletes and lists entries.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/put_options.h"

enum {
    ADD_WORDS = 6, /* CRON ADD name queue spec body */
    ADD_ARGV_MAX = ADD_WORDS + PUT_ARGV_MAX + 2,
};

struct cron_values {
    struct put_words put;
    const char *zone;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"tz", 'z', OPTION_TEXT, "ZONE", "add: the times are local there, as Europe/Berlin (default UTC)",
     offsetof(struct cron_values, zone), 0, 0},
    {"delay", '\0', OPTION_DURATION, "DUR", "add: not before this long from each run",
     offsetof(struct cron_values, put.delay_ms), 0, CLI_WAIT_MAX_MS},
    PUT_TRY_ROWS(cron_values, "add: ", "pause after a failure, as of put"),
    {"ttl", '\0', OPTION_DURATION, "DUR", "add: a job expires when nobody has begun with it by then",
     offsetof(struct cron_values, put.ttl_ms), 1, CLI_WAIT_MAX_MS},
    {"header", '\0', OPTION_TEXTS, "NAME=VALUE", "add: travels with each job; up to 16 of them",
     offsetof(struct cron_values, put.headers), 0, 0},
    {"keep", '\0', OPTION_DURATION, "DUR", "add: keep the end and result of each job for so long; up to 7d",
     offsetof(struct cron_values, put.keep_ms), 1, PUT_KEEP_MAX_MS},
    {"unique", '\0', OPTION_TEXT, "KEY", "add: a run is skipped while an earlier job with this key is there",
     offsetof(struct cron_values, put.unique), 0, 0},
    {"window", '\0', OPTION_DURATION, "DUR", "add: of --unique: and for so long after that job's end; up to 7d",
     offsetof(struct cron_values, put.window_ms), 0, PUT_KEEP_MAX_MS},
    {"group", '\0', OPTION_TEXT, "KEY", "add: the group of its queue that its jobs are in",
     offsetof(struct cron_values, put.group), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};

/* What a row of the list shows: the title, and the field of CRON LIST it comes from. */
static const struct {
    const char *title, *field, *shown_as;
} columns[] = {
    {"name", "name", "name"},
    {"queue", "queue", "queue"},
    {"spec", "spec", "spec"},
    {"zone", "tz", "tz"},
    {"next", "next", "next_at"},
    {"last", "last", "last_at"},
    {"runs", "runs", "runs"},
    {"skipped", "skipped", "skipped"},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* ---- list ---- */

static void print_json(const ringq_reply *entry)
{
    struct json j = {.out = stdout};

    output_json_reply(&j, entry);
    json_line(&j);
}

/* A time of 0 is none. */
static void print_cell(struct table *t, const ringq_reply *entry, size_t column)
{
    const char *name = columns[column].shown_as;
    const ringq_reply *value = ringq_reply_field(entry, columns[column].field);
    size_t len = strlen(name);
    bool is_time = len > 3 && strcmp(name + len - 3, "_at") == 0;

    if (is_time && (value == NULL || ringq_reply_integer(value) == 0))
        table_string(t, "-");
    else
        table_reply(t, name, value);
}

static int print_list(const struct cli *cli, const ringq_reply *list)
{
    const char *titles[COLUMNS];
    struct table t;

    for (size_t i = 0; i < COLUMNS; i++)
        titles[i] = columns[i].title;
    table_init(&t, stdout, &cli->out, COLUMNS);
    table_heading(&t, titles);
    for (size_t i = 0; i < ringq_reply_count(list); i++) {
        const ringq_reply *entry = ringq_reply_at(list, i);

        for (size_t k = 0; !cli->json && k < COLUMNS; k++)
            print_cell(&t, entry, k);
        if (cli->json)
            print_json(entry);
    }
    if (ringq_reply_count(list) == 0 && cli->out.terminal)
        (void)fputs("no entries yet; make one: ringq cron add night mail '0 2 * * *' "
                    "hello\n",
                    stderr);
    return table_print(&t) < 0 ? cli_no_memory() : EXITS_OK;
}

/* ---- the three ---- */

static int list(const struct cli *cli, ringq *q)
{
    const char *const argv[] = {"CRON", "LIST"};
    ringq_reply *reply = NULL;

    if (ringq_command(q, 2, argv, NULL, &reply) < 0)
        return cli_failed(cli, q);
    int exit = print_list(cli, reply);
    ringq_reply_free(reply);
    return exit;
}

/* words: del NAME */
static int del(const struct cli *cli, ringq *q, char *const *words)
{
    const char *const argv[] = {"CRON", "DEL", words[1]};
    ringq_reply *reply = NULL;

    if (ringq_command(q, 3, argv, NULL, &reply) < 0)
        return cli_failed(cli, q);
    bool was_there = ringq_reply_integer(reply) > 0;
    ringq_reply_free(reply);
    return was_there ? EXITS_OK
                     : cli_error(cli, RINGQ_NOJOB, "there is no entry of that name");
}

/* words: add NAME QUEUE SPEC BODY */
static int add(const struct cli *cli, ringq *q, char *const *words,
               const ringq_put_options *options, const char *zone)
{
    const char *argv[ADD_ARGV_MAX] = {"CRON",   "ADD",    words[1],
                                      words[2], words[3], words[4]};
    static struct put_argv put; /* large; this runs once */
    size_t n = ADD_WORDS;

    put_options_argv(options, &put);
    for (size_t i = 0; i < put.count; i++)
        argv[n++] = put.words[i];
    if (zone != NULL) {
        argv[n++] = "TZ";
        argv[n++] = zone;
    }
    return ringq_command(q, n, argv, NULL, NULL) < 0 ? cli_failed(cli, q) : EXITS_OK;
}

/* ---- the words ---- */

enum verb { ADD, DEL, LIST, VERBS };

static int read_verb(const struct words *words, enum verb *out)
{
    static const struct {
        const char *name, *form;
        int words;
    } verbs[] = {{"add", "add NAME QUEUE SPEC BODY", 5},
                 {"del", "del NAME", 2},
                 {"list", "list", 1}};
    int v = 0;

    while (v < VERBS && strcmp(words->list[0], verbs[v].name) != 0)
        v++;
    if (v == VERBS)
        return cli_usage("cron: '%s' is not add, del or list", words->list[0]);
    if (words->count != verbs[v].words)
        return cli_usage("cron: write ringq cron %s", verbs[v].form);
    *out = (enum verb)v;
    return CLI_GO_ON;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct cron_values v = {.zone = NULL}; /* there is no row for all of it */
    struct words words;
    ringq_put_options options;
    static struct put_headers headers; /* large; this runs once */
    enum verb verb = LIST;
    ringq *q;
    int exit = cli_parse(cli, &command_cron, &v, argc, argv, &words);

    if (exit == CLI_GO_ON)
        exit = read_verb(&words, &verb);
    if (exit != CLI_GO_ON)
        return exit;
    if (put_options_read(&v.put, &options, &headers) < 0)
        return EXITS_USAGE;
    options.block_ms = 0; /* a run finds room, or is skipped */
    options.nowait = false;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    if (verb == ADD)
        exit = add(cli, q, words.list, &options, v.zone);
    else
        exit = verb == DEL ? del(cli, q, words.list) : list(cli, q);
    ringq_close(q);
    return exit;
}

const struct command command_cron = {
    .name = "cron",
    .words = "add NAME QUEUE SPEC BODY | del NAME | list",
    .summary = "jobs that the server puts by itself, by the clock",
    .examples =
        "  ringq cron add night reports '30 2 * * mon-fri' all --tz Europe/Berlin\n"
        "  ringq cron add beat health '@every 90s' ping --tries 1\n"
        "  ringq cron list\n"
        "  ringq cron del beat\n",
    .notes =
        "SPEC: minute hour day month weekday, with *, lists, ranges and steps; or\n"
        "@hourly @daily @weekly @monthly @yearly, or @every and a duration.  What is\n"
        "missed comes once; what the queue would refuse is skipped and counted.  An\n"
        "entry of the same name is replaced.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 5,
    .run = run,
};
