/* put - puts one job, or one for each line of a file.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bulk.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/outcome.h"
#include "cli/put_options.h"

enum {
    BODY_MAX = 64 * 1024 * 1024, /* no server takes more */
    DAY_MS = 24 * 3600 * 1000,
    /* With --wait: longer than a lost server is waited for. */
    KEEP_WAITED_MS = 10 * 60 * 1000,
};

struct put_values {
    struct put_words put;
    const char *file, *lines, *jsonl, *rejects;
    int64_t wait_ms; /* OPTION_BARE: without limit */
};

/* clang-format off */
static const struct option_row rows[] = {
    {"file", 'f', OPTION_TEXT, "FILE", "the body is this file; - is stdin",
     offsetof(struct put_values, file), 0, 0},
    {"lines", '\0', OPTION_TEXT, "FILE", "one job per line; empty lines are skipped; - is stdin",
     offsetof(struct put_values, lines), 0, 0},
    {"jsonl", '\0', OPTION_TEXT, "FILE", "the same, and each line has to be JSON",
     offsetof(struct put_values, jsonl), 0, 0},
    {"rejects", '\0', OPTION_TEXT, "FILE", "of --lines, --jsonl: lines that were not put go here",
     offsetof(struct put_values, rejects), 0, 0},
    {"delay", '\0', OPTION_DURATION, "DUR", "not before this long from now: 30s, 5m, 2d",
     offsetof(struct put_values, put.delay_ms), 0, CLI_WAIT_MAX_MS},
    {"at", '\0', OPTION_TEXT, "TIME", "not before: 2030-01-31T08:00:00Z, 2030-01-31T08:00 (local), unix ms",
     offsetof(struct put_values, put.at), 0, 0},
    PUT_TRY_ROWS(put_values, "", "pause after a failure: exp, linear, fixed[:BASE[:MAX]] (default exp:1s:1h)"),
    {"ttl", '\0', OPTION_DURATION, "DUR", "expires when nobody has begun with it by then",
     offsetof(struct put_values, put.ttl_ms), 1, CLI_WAIT_MAX_MS},
    {"header", '\0', OPTION_TEXTS, "NAME=VALUE", "travels with the job; up to 16 of them",
     offsetof(struct put_values, put.headers), 0, 0},
    {"keep", '\0', OPTION_DURATION, "DUR", "keep its end and result for so long, for ringq wait and show; up to 7d",
     offsetof(struct put_values, put.keep_ms), 1, PUT_KEEP_MAX_MS},
    {"unique", '\0', OPTION_TEXT, "KEY", "no second job with this key: then it is the first one, and exit 4",
     offsetof(struct put_values, put.unique), 0, 0},
    {"window", '\0', OPTION_DURATION, "DUR", "of --unique: keep the key for so long after the job's end; up to 7d",
     offsetof(struct put_values, put.window_ms), 0, PUT_KEEP_MAX_MS},
    {"batch", '\0', OPTION_TEXT, "ID", "the job belongs to this batch, which ringq batch new made",
     offsetof(struct put_values, put.batch), 0, 0},
    {"replace", '\0', OPTION_FLAG, NULL, "of --unique: a job that still waits gets this body; exit 0",
     offsetof(struct put_values, put.replace), 0, 0},
    {"group", '\0', OPTION_TEXT, "KEY", "takes turns with the other groups of its queue; see queue set --grouplimit",
     offsetof(struct put_values, put.group), 0, 0},
    {"durable", '\0', OPTION_TEXT, "LEVEL", "memory: do not wait for the log; redis, everysec, fsync, replica:N: no less than that",
     offsetof(struct put_values, put.durable), 0, 0},
    {"wait", '\0', OPTION_INTERVAL, "=DUR", "wait for its end and print its result; exit 1 if it is not done",
     offsetof(struct put_values, wait_ms), 0, CLI_WAIT_MAX_MS},
    {"wait-room", '\0', OPTION_DURATION, "DUR", "wait no longer than this for room in a full queue; then exit 6",
     offsetof(struct put_values, put.room_ms), 0, CLI_WAIT_MAX_MS},
    {"no-wait", '\0', OPTION_FLAG, NULL, "do not wait for room at all",
     offsetof(struct put_values, put.no_wait), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

/* One PUT: where to, and what follows. */
struct put {
    const struct cli *cli;
    const char *queue;
    const ringq_put_options *options;
    int64_t wait_ms;
};

static void print_words(const struct cli *cli, const ringq_receipt *receipt)
{
    const char *gap = cli->out.terminal ? "  " : "\t";

    if (cli->quiet)
        (void)printf("%s\n", receipt->id);
    else
        (void)printf("%s%s%s%s%s\n", receipt->id, gap, receipt->state, gap,
                     receipt->durability);
}

static void print_json(const char *queue, const ringq_receipt *receipt)
{
    struct json j = {.out = stdout};

    json_begin(&j, '{');
    json_key(&j, "id");
    json_string(&j, receipt->id);
    json_key(&j, "queue");
    json_string(&j, queue);
    json_key(&j, "state");
    json_string(&j, receipt->state);
    json_key(&j, "durability");
    json_string(&j, receipt->durability);
    json_end(&j, '}');
    json_line(&j);
}

/* Returns the exit code: another job may have had the key. */
static int print_receipt(const struct put *p, const ringq_receipt *receipt)
{
    if (p->cli->json)
        print_json(p->queue, receipt);
    else
        print_words(p->cli, receipt);
    return strcmp(receipt->state, "exists") == 0 && !p->options->replace
               ? EXITS_CONFLICT
               : EXITS_OK;
}

static int wait_for(const struct put *p, ringq *q, const char *id)
{
    if (p->cli->verbose)
        (void)fprintf(stderr, "%s\n", id);
    return outcome_wait(p->cli, q, &id, 1,
                        p->wait_ms == OPTION_BARE ? RINGQ_FOREVER : p->wait_ms, false);
}

static int put_body(const struct put *p, const char *body, size_t len)
{
    bool waits = p->wait_ms != OPTION_UNSET;
    ringq_receipt receipt;
    ringq *q;
    int exit = cli_connect(p->cli, waits ? &cli_patient : NULL, &q);

    if (exit != EXITS_OK)
        return exit;
    if (ringq_put(q, p->queue, body, len, p->options, &receipt) < 0)
        exit = cli_failed(p->cli, q);
    else if (waits)
        exit = wait_for(p, q, receipt.id);
    else
        exit = print_receipt(p, &receipt);
    ringq_close(q);
    return exit;
}

static int put_file(const struct put *p, const char *path)
{
    struct input in;
    char *body;
    size_t len;
    int rc = input_open(&in, path, 0);

    if (rc < 0)
        return cli_usage("cannot read %s: %s", path, strerror(-rc));
    rc = input_all(&in, BODY_MAX, &body, &len);
    input_close(&in);
    if (rc == -EFBIG)
        return cli_usage("%s: a body has at most 64 MiB", in.name);
    if (rc < 0)
        return cli_usage("cannot read %s: %s", in.name, strerror(-rc));
    int exit = put_body(p, body, len);
    free(body);
    return exit;
}

/* The sources of bodies exclude each other. */
static bool is_one_source(const struct put_values *v, const struct words *words)
{
    int count = (v->file != NULL) + (v->lines != NULL) + (v->jsonl != NULL) +
                (words->count == 2);

    return count <= 1;
}

static int put_lines(const struct cli *cli, const char *queue,
                     const struct put_values *v, const ringq_put_options *options)
{
    const struct bulk_options bulk = {
        .queue = queue,
        .path = v->jsonl != NULL ? v->jsonl : v->lines,
        .jsonl = v->jsonl != NULL,
        .rejects_path = v->rejects,
        .put = options,
    };

    return bulk_put(cli, &bulk);
}

static int run(struct cli *cli, int argc, char **argv)
{
    static struct put_headers headers;
    struct put_values v;
    struct words words;
    ringq_put_options options;
    int exit = cli_parse(cli, &command_put, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    const char *queue = words.list[0];
    const char *body = words.count == 2 ? words.list[1] : NULL;
    bool has_lines = v.lines != NULL || v.jsonl != NULL;

    if (!is_one_source(&v, &words))
        return cli_usage("put: give one of BODY, --file, --lines, --jsonl");
    if (v.rejects != NULL && !has_lines)
        return cli_usage("put: --rejects goes with --lines or --jsonl");
    if ((v.wait_ms != OPTION_UNSET || v.put.unique != NULL) && has_lines)
        return cli_usage("put: --wait and --unique are for one job");
    if (put_options_read(&v.put, &options, &headers) < 0)
        return EXITS_USAGE;
    if (v.wait_ms != OPTION_UNSET && options.keep_ms == 0)
        options.keep_ms = KEEP_WAITED_MS;
    const struct put p = {cli, queue, &options, v.wait_ms};
    if (has_lines)
        return put_lines(cli, queue, &v, &options);
    if (v.file != NULL)
        return put_file(&p, v.file);
    /* Behind "--" a dash is a body like any other. */
    bool is_dash =
        body != NULL && strcmp(body, "-") == 0 && words.behind == words.count;
    if (body != NULL && !is_dash)
        return put_body(&p, body, strlen(body));
    if (body == NULL && isatty(STDIN_FILENO))
        return cli_usage("put: the body is missing\n"
                         "  give it:         ringq put %s hello\n"
                         "  or type it:      ringq put %s -      (ends with Ctrl-D)",
                         queue, queue);
    return put_file(&p, "-");
}

const struct command command_put = {
    .name = "put",
    .words = "QUEUE [BODY | - | --file FILE | --lines FILE | --jsonl FILE]",
    .summary = "puts a job, or one for each line of a file",
    .examples = "  ringq put emails hello\n"
                "  ringq put emails --file letter.eml --delay 5m --pri 0\n"
                "  ringq put mail hello --header lang=de --header trace=4bf9 --ttl 1h\n"
                "  ringq put sums '6 * 7' --wait=1m          # prints the result\n"
                "  date | ringq put log\n"
                "  find /srv -type f | ringq put files --lines -\n"
                "  ringq put orders --jsonl orders.jsonl --rejects bad.jsonl\n",
    .notes =
        "Without a body, what stands on stdin is the body.  Prints id, state and\n"
        "durability of the job: stored as the server promises when this returns.\n"
        "--lines and --jsonl put jobs in the order of the lines, many at a time, and\n"
        "print the count on stderr; -q prints the ids, --json the counts.  A queue "
        "that is\n"
        "full (ringq queue set QUEUE --maxsize N) makes puts wait until there is "
        "room.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 2,
    .run = run,
};
