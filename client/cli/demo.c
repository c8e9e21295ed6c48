/* demo - shows what a queue does, in two seconds: jobs of four kinds, a worker within
 * this process, and the figures at the end.
 *
 *     demo.sums    plain jobs
 *     demo.flaky   fail once, and are done at the second attempt
 *     demo.later   are delayed
 *     demo.poison  fails for good and ends as a dead job
 *
 * The handler works on whatever stands in these queues, so what an interrupted demo has
 * left behind is cleared away by the next one. SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/units.h"

#define SUMS "demo.sums"
#define FLAKY "demo.flaky"
#define LATER "demo.later"
#define POISON "demo.poison"
#define ALL_QUEUES SUMS "," FLAKY "," LATER "," POISON

enum {
    THREADS = 4,
    WORK_MS = 20, /* what a plain job takes */
    JOIN_MS = 30 * 1000,
    RECONNECT_MS = 5000,
};

/* What is put, in order. */
static const struct {
    const char *queue, *body;
    int count;
    ringq_put_options options;
} kinds[] = {
    {SUMS, "a plain job", 12, {.size = sizeof(ringq_put_options)}},
    {FLAKY,
     "fails at first",
     4,
     {.size = sizeof(ringq_put_options),
      .backoff = RINGQ_BACKOFF_FIXED,
      .backoff_base_ms = 200}},
    {LATER,
     "not before a second",
     3,
     {.size = sizeof(ringq_put_options), .delay_ms = 1000}},
    {POISON,
     "nobody can do this",
     1,
     {.size = sizeof(ringq_put_options),
      .tries = 2,
      .backoff = RINGQ_BACKOFF_FIXED,
      .backoff_base_ms = 100}},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct demo {
    const struct cli *cli;
    ringq_worker *worker;
    long worked; /* what ringq_worker_run() returned */
    pthread_mutex_t lock;
    uint64_t ends[4]; /* attempts by RINGQ_WORK_* */
};

/* ---- the worker ---- */

static int handle(ringq_work *work, const ringq_job *job, void *arg)
{
    char result[UNITS_TEXT_SIZE];

    (void)arg;
    clock_pause_ms(WORK_MS);
    if (strcmp(job->queue, POISON) == 0) {
        ringq_work_error(work, "this is poison");
        return RINGQ_WORK_RETRY; /* its second attempt is its last */
    }
    if (strcmp(job->queue, FLAKY) == 0 && job->attempt == 1) {
        ringq_work_error(work, "not at the first attempt");
        return RINGQ_WORK_RETRY;
    }
    (void)snprintf(result, sizeof result, "%zu bytes", job->body_len);
    (void)ringq_work_result(work, result, strlen(result));
    return RINGQ_WORK_DONE;
}

static void on_settled(void *arg, const ringq_job *job, int outcome, int error,
                       const char *text)
{
    struct demo *d = arg;

    (void)job;
    (void)text;
    (void)pthread_mutex_lock(&d->lock);
    if (error == 0)
        d->ends[outcome]++;
    (void)pthread_mutex_unlock(&d->lock);
}

static void *work(void *arg)
{
    struct demo *d = arg;

    d->worked = ringq_worker_run(d->worker);
    return NULL;
}

/* ---- the story ---- */

static int put_kind(const struct cli *cli, ringq *q, size_t kind)
{
    char body[64];
    int count = kinds[kind].count;

    for (int i = 1; i <= count; i++) {
        (void)snprintf(body, sizeof body, "%s, %d of %d", kinds[kind].body, i, count);
        if (ringq_put(q, kinds[kind].queue, body, strlen(body), &kinds[kind].options,
                      NULL) < 0)
            return cli_failed(cli, q);
    }
    return EXITS_OK;
}

static void say(const struct cli *cli, const char *what, const char *how)
{
    if (cli->quiet)
        return;
    output_mark(stdout, &cli->out, MARK_GOOD);
    (void)printf(" %-8s %s\n", what, how);
}

static int put_all(const struct cli *cli, ringq *q)
{
    char text[160];
    int total = 0;

    for (size_t i = 0; i < KINDS; i++) {
        int exit = put_kind(cli, q, i);
        if (exit != EXITS_OK)
            return exit;
        total += kinds[i].count;
    }
    (void)snprintf(
        text, sizeof text,
        "%d jobs: %d plain, %d that fail at first, %d delayed by 1 s, %d poison", total,
        kinds[0].count, kinds[1].count, kinds[2].count, kinds[3].count);
    say(cli, "put", text);
    return EXITS_OK;
}

/* Works and waits until nothing is unfinished. */
static int join_all(struct demo *d, ringq *q)
{
    ringq_joined joined;
    pthread_t thread;
    char text[160], time[UNITS_TEXT_SIZE];
    int64_t start = clock_us();

    if (pthread_create(&thread, NULL, work, d) != 0)
        return cli_no_memory();
    int rc = ringq_join(q, ALL_QUEUES, JOIN_MS, false, &joined);
    int exit = rc < 0 ? cli_failed(d->cli, q) : EXITS_OK;
    ringq_worker_stop(d->worker);
    (void)pthread_join(thread, NULL);
    if (exit != EXITS_OK)
        return exit;
    if (d->worked < 0)
        return cli_error(d->cli, (int)d->worked, ringq_worker_error_text(d->worker));

    (void)snprintf(text, sizeof text, "%d threads: %llu attempts done, %llu failed",
                   THREADS, (unsigned long long)d->ends[RINGQ_WORK_DONE],
                   (unsigned long long)d->ends[RINGQ_WORK_RETRY]);
    say(d->cli, "work", text);
    (void)snprintf(text, sizeof text, "%llu done, %llu dead, none unfinished, in %s",
                   (unsigned long long)joined.done, (unsigned long long)joined.dead,
                   units_duration(time, clock_us() - start));
    say(d->cli, "join", text);
    return EXITS_OK;
}

/* What the server has counted, this demo and those before it. */
static int print_figures(const struct cli *cli, ringq *q)
{
    static const char *const titles[] = {"queue", "put",      "done",    "failed",
                                         "dead",  "wait p50", "run p99", "unfinished"};
    static const char *const fields[] = {"queue",        "total_put",  "total_done",
                                         "total_failed", "total_dead", "wait_p50_us",
                                         "run_p99_us",   "unfinished"};
    enum { COLUMNS = sizeof fields / sizeof fields[0] };
    struct output person = cli->out;
    struct table t;
    int rc = 0;

    person.terminal = true; /* nobody but a person reads a demo, also through a pipe */
    (void)putchar('\n');
    table_init(&t, stdout, &person, COLUMNS);
    t.figures = true;
    table_heading(&t, titles);
    for (size_t i = 0; rc == 0 && i < KINDS; i++) {
        ringq_reply *stats = NULL;
        rc = ringq_stats(q, kinds[i].queue, &stats);
        for (size_t j = 0; rc == 0 && j < COLUMNS; j++)
            table_reply(&t, fields[j], ringq_reply_field(stats, fields[j]));
        ringq_reply_free(stats);
    }
    if (table_print(&t) < 0)
        return cli_no_memory();
    return rc < 0 ? cli_failed(cli, q) : EXITS_OK;
}

static int play(struct demo *d, ringq *q)
{
    int exit = put_all(d->cli, q);

    if (exit == EXITS_OK)
        exit = join_all(d, q);
    if (exit == EXITS_OK)
        exit = print_figures(d->cli, q);
    if (exit == EXITS_OK && !d->cli->quiet)
        (void)fputs("\ntry next:\n"
                    "  ringq work sums -- wc -c        and in another terminal:\n"
                    "  ringq put sums hello && ringq join sums\n"
                    "  ringq queues        ringq stats demo.sums        ringq help\n",
                    stdout);
    return exit;
}

static int run(struct cli *cli, int argc, char **argv)
{
    const ringq_options connect = {
        .size = sizeof connect, .name = "ringq-demo", .reconnect_ms = RECONNECT_MS};
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_demo, NULL, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, &connect, &q);
    if (exit != EXITS_OK)
        return exit;

    struct demo d = {.cli = cli};
    (void)pthread_mutex_init(&d.lock, NULL);
    const ringq_worker_options options = {
        .size = sizeof options,
        .concurrency = THREADS,
        .on_settled = on_settled,
        .arg = &d,
    };
    d.worker =
        ringq_worker_new(cli->server, &connect, ALL_QUEUES, handle, &d, &options);
    exit = d.worker != NULL ? play(&d, q) : cli_no_memory();
    ringq_worker_free(d.worker);
    (void)pthread_mutex_destroy(&d.lock);
    ringq_close(q);
    return exit;
}

const struct command command_demo = {
    .name = "demo",
    .words = "",
    .summary = "shows what a queue does, in two seconds",
    .examples = "  ringq demo\n",
    .notes =
        "Puts 20 jobs into the queues demo.*, works on them with threads of its own,\n"
        "joins, and prints what the server has counted.  Some fail and are tried "
        "again,\n"
        "some are delayed, one is poison and stays behind as a dead job.  May be "
        "repeated.\n",
    .run = run,
};
