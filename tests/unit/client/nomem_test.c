/* nomem_test - the n-th allocation fails, for every n: calls say so, nothing leaks, and
 * the handle works again.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <string.h>

#include "support/alloc.h"
#include "support/test.h"

#define RECEIPT "*3\r\n$3\r\n7-1\r\n$6\r\nqueued\r\n$5\r\nfsync\r\n"
#define JOB                                                                        \
    "%6\r\n$2\r\nid\r\n$3\r\n7-1\r\n$5\r\nlease\r\n$5\r\n7-1:1\r\n$5\r\nqueue\r\n" \
    "$1\r\nq\r\n$4\r\nbody\r\n$1\r\nx\r\n$7\r\nattempt\r\n:1\r\n$3\r\nttr\r\n:"    \
    "60000\r\n"

/* Plays `use` with one more allocation each time, until none fails. */
static void every_allocation_fails_once(const struct fake_step *script,
                                        void (*use)(struct fake *f))
{
    bool failed = true;

    for (long n = 0; failed; n++) {
        struct fake f;

        assert_in_range(n, 0, 10000);
        fake_begin(&f, script);
        alloc_fail_after(n);
        use(&f);
        failed = alloc_has_failed();
        alloc_fail_after(-1);
        if (failed) { /* the script may have come to nothing */
            f.failure[0] = '\0';
            while (f.at->what != FAKE_END)
                f.at++;
        }
        fake_end(&f);
    }
}

static ringq *connect_to(struct fake *f)
{
    const ringq_options options = {.size = sizeof options, .reconnect_ms = -1};

    return ringq_connect_over(&fake_transport, f, "ringq://fake", &options);
}

static void assert_told(int rc)
{
    if (alloc_has_failed())
        assert_true(rc < 0);
    else
        assert_int_equal(rc, 0);
}

static void use_connect(struct fake *f)
{
    ringq *q = connect_to(f);

    assert_told(ringq_error(q));
    ringq_close(q);
}

static void use_put(struct fake *f)
{
    ringq *q = connect_to(f);

    assert_told(ringq_put(q, "q", "x", 1, NULL, NULL));
    ringq_close(q);
}

static void use_mput(struct fake *f)
{
    ringq_bytes bodies[40];
    ringq *q = connect_to(f);
    long rc;

    for (size_t i = 0; i < 40; i++)
        bodies[i] = (ringq_bytes){"x", 1};
    rc = ringq_mput(q, "q", bodies, 40, NULL, NULL);
    assert_true(rc < 0);
    if (!alloc_has_failed())
        assert_int_equal(rc, RINGQ_FULL);
    ringq_close(q);
}

static void use_get(struct fake *f)
{
    ringq_job *jobs[2] = {NULL, NULL};
    ringq *q = connect_to(f);
    long rc = ringq_get_many(q, "q", 5, 0, jobs, 2);

    assert_told(rc < 0 ? (int)rc : 0);
    if (rc == 2) {
        ringq_job_free(jobs[0]);
        ringq_job_free(jobs[1]);
    }
    ringq_close(q);
}

static void use_pipeline(struct fake *f)
{
    const char *words[] = {"QSIZE", "a"};
    ringq *q = connect_to(f);
    int rc = ringq_submit(q, 2, words, NULL, NULL, NULL);

    if (rc == 0)
        rc = ringq_flush(q, 0);
    if (!alloc_has_failed())
        assert_int_equal(rc, 0);
    ringq_close(q);
}

static void connecting_without_memory_is_told(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};

    (void)state;
    every_allocation_fails_once(script, use_connect);
}

static void putting_without_memory_is_told(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q x"), REPLIES(RECEIPT),
                                       ENDS};
    const struct fake_step many[] = {OPENS, EXPECTS("MPUT q BODIES 40*"),
                                     REPLIES("-FULL q\r\n"), ENDS};

    (void)state;
    every_allocation_fails_once(script, use_put);
    every_allocation_fails_once(many, use_mput);
}

static void taking_without_memory_is_told_and_gives_back(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET q BLOCK 5 COUNT 2"),
                                       REPLIES("*2\r\n" JOB JOB), ENDS};

    (void)state;
    every_allocation_fails_once(script, use_get);
}

static void a_pipeline_without_memory_loses_nothing(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE a"), REPLIES(":1\r\n"),
                                       ENDS};

    (void)state;
    every_allocation_fails_once(script, use_pipeline);
}

static int no_handler(ringq_work *work, const ringq_job *job, void *arg)
{
    (void)work;
    (void)job;
    (void)arg;
    return RINGQ_WORK_DONE;
}

static void a_worker_without_memory_is_told(void **state)
{
    bool failed = true;

    (void)state;
    for (long n = 0; failed; n++) {
        ringq_worker *w;

        assert_in_range(n, 0, 1000);
        alloc_fail_after(n);
        w = ringq_worker_new("unix:/nonexistent/s", NULL, "q", no_handler, NULL, NULL);
        if (w != NULL) {
            ringq_worker_stop(w);
            assert_true(ringq_worker_run(w) <= 0);
        }
        failed = alloc_has_failed();
        alloc_fail_after(-1);
        ringq_worker_free(w);
    }
}

TEST_MAIN(cmocka_unit_test(connecting_without_memory_is_told),
          cmocka_unit_test(putting_without_memory_is_told),
          cmocka_unit_test(taking_without_memory_is_told_and_gives_back),
          cmocka_unit_test(a_pipeline_without_memory_loses_nothing),
          cmocka_unit_test(a_worker_without_memory_is_told))
