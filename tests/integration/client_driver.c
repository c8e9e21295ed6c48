/* client_driver - programs for client_test.py: what a user of libringq would write.
 *
 *     calls                    every call once, against an empty server
 *     puts QUEUE N             one after the other; a line about each
 *     pipeline QUEUE N DEPTH   the same through the pipeline
 *     work QUEUE N             a worker with N handlers, until SIGTERM; a line about
 * each job
 *
 * SPDX-License-Identifier: MIT */
#include <ringq/ringq.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(x)                                                                     \
    do {                                                                             \
        if (!(x)) {                                                                  \
            fprintf(stderr, "line %d: %s: %s\n", __LINE__, #x, ringq_error_text(q)); \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)

static ringq *connected(void)
{
    const ringq_options options = {
        .size = sizeof options, .name = "driver", .reconnect_ms = 60000};
    ringq *q = ringq_connect(NULL, &options);

    CHECK(ringq_error(q) == 0);
    return q;
}

static int number(const char *text)
{
    int n = 0;

    while (*text >= '0' && *text <= '9')
        n = n * 10 + (*text++ - '0');
    return n;
}

/* ---- calls ---- */

static void check_producing(ringq *q)
{
    const ringq_put_options later = {.size = sizeof later,
                                     .delay_ms = 3600000,
                                     .has_pri = true,
                                     .pri = 255,
                                     .ttr_ms = 30000,
                                     .tries = 3,
                                     .backoff = RINGQ_BACKOFF_LINEAR,
                                     .backoff_base_ms = 10,
                                     .backoff_max_ms = 20,
                                     .has_jitter = true,
                                     .jitter_pct = 50};
    const ringq_bytes bodies[] = {{"a", 1}, {"\0\r\n", 3}, {NULL, 0}};
    char ids[3][RINGQ_ID_SIZE];
    ringq_receipt r;

    CHECK(ringq_put(q, "calls", "x", 1, NULL, &r) == 0);
    CHECK(strcmp(r.state, "queued") == 0 && r.id[0] != '\0' && r.durability[0] != '\0');
    CHECK(ringq_put(q, "later", "x", 1, &later, &r) == 0);
    CHECK(strcmp(r.state, "delayed") == 0);
    CHECK(ringq_mput(q, "many", bodies, 3, NULL, ids) == 3);
    CHECK(strcmp(ids[0], ids[1]) != 0 && strcmp(ids[1], ids[2]) != 0);
    CHECK(ringq_put(q, "not a name", "x", 1, NULL, NULL) == RINGQ_BADARG);
    CHECK(ringq_error_text(q)[0] != '\0');
}

static void check_consuming(ringq *q)
{
    ringq_job *job, *jobs[5];
    const char *leases[3];
    ringq_failed f;
    int64_t deadline = 0;
    size_t done = 0;

    CHECK(ringq_get(q, "calls", 0, 5000, &job) == 0);
    CHECK(strcmp(job->queue, "calls") == 0 && job->attempt == 1 && job->ttr_ms == 5000);
    CHECK(job->body_len == 1 && memcmp(job->body, "x", 2) == 0 &&
          job->error[0] == '\0');
    CHECK(ringq_touch(q, job->lease, 0, &deadline) == 0 && deadline > 0);
    CHECK(ringq_progress(q, job->lease, 100, "as good as done") == 0);
    CHECK(ringq_fail(q, job->lease, "no luck", 0, false, &f) == 0);
    CHECK(strcmp(f.state, "delayed") == 0 && f.retry_unix_ms > 0);
    CHECK(ringq_done(q, job->lease, NULL, 0) == RINGQ_STALE);
    ringq_job_free(job);
    CHECK(ringq_get(q, "calls", RINGQ_FOREVER, 0, &job) == 0);
    CHECK(job->attempt == 2 && strcmp(job->error, "no luck") == 0);
    CHECK(ringq_release(q, job->lease, 0) == 0);
    ringq_job_free(job);
    CHECK(ringq_get(q, "none,calls", 1000, 0, &job) == 0);
    CHECK(ringq_fail(q, job->lease, "poison", -1, true, &f) == 0);
    CHECK(strcmp(f.state, "dead") == 0);
    ringq_job_free(job);
    CHECK(ringq_get(q, "calls", 20, 0, &job) == RINGQ_TIMEOUT);

    CHECK(ringq_get_many(q, "many", 0, 0, jobs, 5) == 3);
    CHECK(jobs[1]->body_len == 3 && memcmp(jobs[1]->body, "\0\r\n", 3) == 0);
    for (int i = 0; i < 3; i++)
        leases[i] = jobs[i]->lease;
    CHECK(ringq_done(q, leases[0], "42", 2) == 0);
    CHECK(ringq_done_many(q, leases, 3, &done) < 0 && done == 2);
    for (int i = 0; i < 3; i++)
        ringq_job_free(jobs[i]);
}

static void check_batches(ringq *q)
{
    ringq_put_options into = {.size = sizeof into};
    char id[RINGQ_ID_SIZE];
    ringq_joined joined;
    ringq_job *job;
    ringq_reply *r;

    CHECK(ringq_batch_new(q, -1, id) == 0);
    into.batch = id;
    CHECK(ringq_put(q, "together", "x", 1, &into, NULL) == 0);
    CHECK(ringq_batch_close(q, id) == 0);
    CHECK(ringq_put(q, "together", "x", 1, &into, NULL) == RINGQ_BADARG);
    CHECK(ringq_batch_join(q, id, 0, &joined) == RINGQ_TIMEOUT);
    CHECK(ringq_show(q, id, false, &r) == 0);
    CHECK(ringq_reply_integer(ringq_reply_field(r, "unfinished")) == 1);
    ringq_reply_free(r);
    CHECK(ringq_get(q, "together", 0, 0, &job) == 0);
    CHECK(ringq_done(q, job->lease, NULL, 0) == 0);
    ringq_job_free(job);
    CHECK(ringq_batch_join(q, id, RINGQ_FOREVER, &joined) == 0 && joined.done == 1);
    CHECK(ringq_batch_close(q, "999-1") == RINGQ_NOJOB);
}

static void check_looking(ringq *q)
{
    const char *const words[] = {"ECHO", "hello"};
    ringq_reply *r;
    ringq_joined joined;

    CHECK(ringq_ping(q) == 0);
    CHECK(ringq_qsize(q, "later") == 1);
    CHECK(ringq_join(q, "many", 0, false, &joined) == 0);
    CHECK(ringq_join(q, "later", 20, true, &joined) == RINGQ_TIMEOUT);
    CHECK(ringq_stats(q, NULL, &r) == 0);
    CHECK(ringq_reply_type(r) == RINGQ_MAP && ringq_reply_field(r, "version") != NULL);
    ringq_reply_free(r);
    CHECK(ringq_stats(q, "calls", &r) == 0);
    CHECK(ringq_reply_integer(ringq_reply_field(r, "dead")) == 1);
    ringq_reply_free(r);
    CHECK(ringq_queues(q, "l*", &r) == 0 && ringq_reply_count(r) == 1);
    CHECK(strcmp(ringq_reply_string(ringq_reply_at(ringq_reply_at(r, 0), 0), NULL),
                 "later") == 0);
    ringq_reply_free(r);
    CHECK(ringq_show(q, "999-1", false, &r) == RINGQ_NOJOB);
    CHECK(ringq_command(q, 2, words, NULL, &r) == 0);
    CHECK(strcmp(ringq_reply_string(r, NULL), "hello") == 0);
    ringq_reply_free(r);
    CHECK(strcmp(ringq_reply_string(ringq_reply_field(ringq_server(q), "server"), NULL),
                 "ringq") == 0);
}

static int calls(void)
{
    ringq *q = connected();

    check_producing(q);
    check_consuming(q);
    check_looking(q);
    check_batches(q);
    ringq_close(q);
    return 0;
}

/* ---- puts ---- */

static void say(int i, int rc, const char *text)
{
    printf("%d %s%s%s\n", i, ringq_error_name(rc), rc < 0 ? " " : "",
           rc < 0 ? text : "");
    fflush(stdout);
}

static int puts_of(const char *queue, int n)
{
    ringq *q = connected();

    for (int i = 0; i < n; i++) {
        char body[16];
        int len = snprintf(body, sizeof body, "%d", i);
        int rc = ringq_put(q, queue, body, (size_t)len, NULL, NULL);

        say(i, rc, ringq_error_text(q));
    }
    ringq_close(q);
    return 0;
}

static void on_put(void *arg, int error, const char *text, const ringq_reply *reply)
{
    int *next = arg;

    if (error == 0 && ringq_reply_count(reply) != 3)
        error = RINGQ_PROTOCOL;
    say((*next)++, error, text);
}

static int pipeline(const char *queue, int n, int depth)
{
    ringq *q = connected();
    int next = 0;

    for (int i = 0; i < n;) {
        char body[16];
        int len = snprintf(body, sizeof body, "%d", i);

        if (ringq_submit_put(q, queue, body, (size_t)len, NULL, on_put, &next) == 0)
            i++;
        ringq_flush(q, (size_t)depth); /* the callbacks know of a loss */
    }
    ringq_flush(q, 0);
    ringq_close(q);
    return next == n ? 0 : 1;
}

/* ---- work ---- */

static int handle(ringq_work *work, const ringq_job *job, void *arg)
{
    (void)arg;
    return ringq_work_result(work, job->body, job->body_len) < 0 ? RINGQ_WORK_RETRY
                                                                 : RINGQ_WORK_DONE;
}

static void settled(void *arg, const ringq_job *job, int outcome, int error,
                    const char *text)
{
    (void)arg;
    (void)outcome;
    (void)text;
    printf("%s %s\n", (const char *)job->body, ringq_error_name(error));
    fflush(stdout);
}

static void connection(void *arg, int error, const char *text)
{
    (void)arg;
    fprintf(stderr, "connection %s %s\n", ringq_error_name(error), text);
}

static int work(const char *queue, int concurrency)
{
    const ringq_options connect = {.size = sizeof connect, .reconnect_ms = 60000};
    const ringq_worker_options options = {.size = sizeof options,
                                          .concurrency = (unsigned)concurrency,
                                          .handle_signals = true,
                                          .on_settled = settled,
                                          .on_connection = connection};
    ringq_worker *w = ringq_worker_new(NULL, &connect, queue, handle, NULL, &options);
    long n = ringq_worker_run(w);

    if (n < 0)
        fprintf(stderr, "%s\n", ringq_worker_error_text(w));
    ringq_worker_free(w);
    return n < 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "calls") == 0)
        return calls();
    if (argc == 4 && strcmp(argv[1], "puts") == 0)
        return puts_of(argv[2], number(argv[3]));
    if (argc == 5 && strcmp(argv[1], "pipeline") == 0)
        return pipeline(argv[2], number(argv[3]), number(argv[4]));
    if (argc == 4 && strcmp(argv[1], "work") == 0)
        return work(argv[2], number(argv[3]));
    fprintf(stderr,
            "usage: client_driver calls | puts QUEUE N | pipeline QUEUE N DEPTH | "
            "work QUEUE N\n");
    return 2;
}
