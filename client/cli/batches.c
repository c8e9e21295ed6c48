/* batches - jobs that end together: makes batches, closes them, waits for them; and all
 * of that at once for the lines of a file.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/bulk.h"
#include "cli/command.h"
#include "cli/joined.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/put_options.h"

enum {
    LOOK_MS = 500, /* between two looks at how far it is */
    KEEP_MAX_MS = 7 * 24 * 3600 * 1000,
};

struct batch_values {
    struct put_words put;
    const char *lines, *jsonl, *rejects;
    int64_t block_ms, keep_ms;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"keep", '\0', OPTION_DURATION, "DUR", "new, run: how long it can be asked for once it is over (default 1m)",
     offsetof(struct batch_values, keep_ms), 0, KEEP_MAX_MS},
    {"block", '\0', OPTION_DURATION, "DUR", "join, run: wait no longer than this; then the exit code is 124",
     offsetof(struct batch_values, block_ms), 0, CLI_WAIT_MAX_MS},
    {"lines", '\0', OPTION_TEXT, "FILE", "run: one job per line; empty lines are skipped; - is stdin",
     offsetof(struct batch_values, lines), 0, 0},
    {"jsonl", '\0', OPTION_TEXT, "FILE", "run: the same, and each line has to be JSON",
     offsetof(struct batch_values, jsonl), 0, 0},
    {"rejects", '\0', OPTION_TEXT, "FILE", "run: lines that were not put go here",
     offsetof(struct batch_values, rejects), 0, 0},
    PUT_TRY_ROWS(batch_values, "run: ", "pause after a failure, as of put"),
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

/* ---- new, close ---- */

static int print_id(const struct cli *cli, const char *id)
{
    struct json j = {.out = stdout};

    if (!cli->json) {
        (void)printf("%s\n", id);
        return EXITS_OK;
    }
    json_begin(&j, '{');
    json_key(&j, "id");
    json_string(&j, id);
    json_end(&j, '}');
    json_line(&j);
    return EXITS_OK;
}

/* OPTION_UNSET is what ringq_batch_new() takes for the default. */
static int make(const struct cli *cli, ringq *q, const struct batch_values *v)
{
    char id[RINGQ_ID_SIZE];

    if (ringq_batch_new(q, v->keep_ms, id) < 0)
        return cli_failed(cli, q);
    return print_id(cli, id);
}

static int close_it(const struct cli *cli, ringq *q, const char *id)
{
    return ringq_batch_close(q, id) < 0 ? cli_failed(cli, q) : EXITS_OK;
}

/* ---- join ---- */

static uint64_t count_field(const ringq_reply *batch, const char *name)
{
    int64_t n = ringq_reply_integer(ringq_reply_field(batch, name));

    return n > 0 ? (uint64_t)n : 0;
}

/* The bar: of the jobs that were put so far, so many have ended. */
static void show_progress(struct progress *p, ringq *q, const char *id)
{
    ringq_reply *batch = NULL;

    if (!p->wanted || ringq_show(q, id, false, &batch) < 0)
        return;
    uint64_t ended = count_field(batch, "done") + count_field(batch, "dead") +
                     count_field(batch, "expired") + count_field(batch, "cancelled");
    p->total = (int64_t)(ended + count_field(batch, "unfinished"));
    progress_show(p, ended, (int64_t)ended);
    ringq_reply_free(batch);
}

/* In pieces, to show how far it is.  Returns  as ringq_batch_join() */
static int wait_for(const struct cli *cli, ringq *q, const char *id, int64_t block_ms,
                    ringq_joined *out)
{
    int64_t left_ms = block_ms;
    struct progress p;
    int rc;

    progress_begin(&p, &cli->err, !cli->quiet, 0);
    if (!p.wanted)
        return ringq_batch_join(
            q, id, block_ms == OPTION_UNSET ? RINGQ_FOREVER : block_ms, out);
    do {
        int64_t piece_ms =
            left_ms == OPTION_UNSET || left_ms > LOOK_MS ? LOOK_MS : left_ms;

        show_progress(&p, q, id);
        rc = ringq_batch_join(q, id, piece_ms, out);
        if (left_ms != OPTION_UNSET)
            left_ms = block_ms - progress_elapsed_us(&p) / 1000;
    } while (rc == RINGQ_TIMEOUT && (block_ms == OPTION_UNSET || left_ms > 0));
    progress_end(&p);
    return rc;
}

static int join(const struct cli *cli, ringq *q, const char *id, int64_t block_ms)
{
    ringq_joined joined = {0};
    int rc = wait_for(cli, q, id, block_ms, &joined);

    if (rc == RINGQ_TIMEOUT)
        return cli_error(cli, rc,
                         "the batch is open, or has unfinished jobs; wait again: ringq "
                         "batch join ID");
    if (rc < 0)
        return cli_failed(cli, q);
    int exit = joined_print(cli, &joined);
    bool is_good = joined.dead + joined.expired + joined.cancelled == 0;
    return exit == EXITS_OK && !is_good ? EXITS_ENDED : exit;
}

/* ---- run ---- */

/* An interrupt while lines are put ends the input; while we wait, the process. */
static void end_at_interrupt(void)
{
    const struct sigaction end = {.sa_handler = SIG_DFL};

    (void)sigaction(SIGINT, &end, NULL);
}

/* Closed in any case: what was put has an end. */
static int put_and_wait(const struct cli *cli, ringq *q, const char *id,
                        const struct bulk_options *bulk, int64_t block_ms)
{
    int exit = bulk_put(cli, bulk), closed;

    end_at_interrupt();
    closed = close_it(cli, q, id);
    if (exit == EXITS_OK && closed == EXITS_OK)
        return join(cli, q, id, block_ms);
    (void)fprintf(stderr,
                  "ringq: not all lines are in batch %s; wait for those that "
                  "are: ringq batch join %s\n",
                  id, id);
    return exit != EXITS_OK ? exit : closed;
}

static int run_lines(const struct cli *cli, ringq *q, const char *queue,
                     const struct batch_values *v)
{
    static struct put_headers headers; /* large; this runs once */
    ringq_put_options options;
    char id[RINGQ_ID_SIZE];
    const struct bulk_options bulk = {.queue = queue,
                                      .path = v->jsonl != NULL ? v->jsonl : v->lines,
                                      .jsonl = v->jsonl != NULL,
                                      .rejects_path = v->rejects,
                                      .put = &options};

    if (put_options_read(&v->put, &options, &headers) < 0)
        return EXITS_USAGE;
    if (ringq_batch_new(q, v->keep_ms, id) < 0)
        return cli_failed(cli, q);
    if (!cli->quiet)
        (void)fprintf(stderr, "batch %s\n", id);
    options.batch = id;
    return put_and_wait(cli, q, id, &bulk, v->block_ms);
}

/* ---- the words ---- */

enum verb { NEW, CLOSE, JOIN, RUN, VERBS };

static int read_verb(const struct words *words, enum verb *out)
{
    static const struct {
        const char *name, *form;
        int words;
    } verbs[] = {{"new", "new [--keep DUR]", 1},
                 {"close", "close ID", 2},
                 {"join", "join ID", 2},
                 {"run", "run QUEUE --lines FILE", 2}};
    int v = 0;

    while (v < VERBS && strcmp(words->list[0], verbs[v].name) != 0)
        v++;
    if (v == VERBS)
        return cli_usage("batch: '%s' is not new, close, join or run", words->list[0]);
    if (words->count != verbs[v].words)
        return cli_usage("batch: write ringq batch %s", verbs[v].form);
    *out = (enum verb)v;
    return CLI_GO_ON;
}

static int check(enum verb verb, const struct batch_values *v)
{
    bool has_lines = v->lines != NULL || v->jsonl != NULL;

    if (verb == RUN && (!has_lines || (v->lines != NULL && v->jsonl != NULL)))
        return cli_usage("batch: run needs one of --lines FILE, --jsonl FILE");
    if (verb != RUN && (has_lines || v->rejects != NULL))
        return cli_usage("batch: --lines, --jsonl and --rejects go with run");
    return CLI_GO_ON;
}

static int act(const struct cli *cli, ringq *q, enum verb verb, char *const *words,
               const struct batch_values *v)
{
    switch (verb) {
    case NEW:
        return make(cli, q, v);
    case CLOSE:
        return close_it(cli, q, words[1]);
    case JOIN:
        return join(cli, q, words[1], v->block_ms);
    case RUN:
    case VERBS:
        break;
    }
    return run_lines(cli, q, words[1], v);
}

static int run(struct cli *cli, int argc, char **argv)
{
    /* There is no row for all of it.  Lines wait for room in a full queue. */
    struct batch_values v = {.put = {.room_ms = OPTION_UNSET}};
    struct words words;
    enum verb verb = NEW;
    ringq *q;
    int exit = cli_parse(cli, &command_batch, &v, argc, argv, &words);

    if (exit == CLI_GO_ON)
        exit = read_verb(&words, &verb);
    if (exit == CLI_GO_ON)
        exit = check(verb, &v);
    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, verb == JOIN || verb == RUN ? &cli_patient : NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    exit = act(cli, q, verb, words.list, &v);
    ringq_close(q);
    return exit;
}

const struct command command_batch = {
    .name = "batch",
    .words = "new | close ID | join ID | run QUEUE --lines FILE",
    .summary = "jobs that end together: waits for all of them",
    .examples =
        "  ringq batch run resize --lines photos.txt && echo all done\n"
        "  find . -name '*.jpg' | ringq batch run resize --lines - --tries 3\n"
        "  ringq batch new                          # prints an id, say 7-1042\n"
        "  ringq put resize a.jpg --batch 7-1042\n"
        "  ringq batch close 7-1042 && ringq batch join 7-1042\n",
    .notes =
        "A batch is over when it is closed and all its jobs have ended.  join and run "
        "wait\n"
        "for that, through restarts of the server, and print how they ended; the exit "
        "code\n"
        "is 1 when one is dead, expired or cancelled.  A dead job that is kicked makes "
        "its\n"
        "batch unfinished again.  ringq show ID shows how far a batch is.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 2,
    .run = run,
};
