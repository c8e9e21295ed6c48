/* exec_test - EXEC: blocking code in threads.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "case.h"

struct sum {
    long a, b;
};

static long add(void *arg)
{
    struct sum *s = arg;

    return s->a + s->b;
}

LOOP_TEST(test_EXEC_01)
{
    struct sum s = {40, 2};

    EXPECT_EQ(await(rio_to_thread(add, &s)), 42);
    return 0;
}

static long fails(void *unused)
{
    (void)unused;
    return rio_error(ERR, "no such luck");
}

LOOP_TEST(test_EXEC_02)
{
    EXPECT_EQ(await(rio_to_thread(fails, NULL)), ERR);
    EXPECT(rio_task_error(NULL) != NULL);
    EXPECT_EQ(strcmp(rio_task_error(NULL), "no such luck"), 0);
    return 0;
}

static long count(void *arg)
{
    atomic_int *n = arg;

    return atomic_fetch_add(n, 1);
}

static long counts_in_thread(void *arg)
{
    return await(rio_to_thread(count, arg));
}

LOOP_TEST(test_EXEC_03)
{
    atomic_int n[10];

    for (int i = 0; i < 10; i++)
        atomic_init(&n[i], 0);
    EXPECT_EQ(await(rio_to_thread(count, &n[0])), 0);
    EXPECT_EQ(atomic_load(&n[0]), 1);
    EXPECT(atomic_exchange(&n[0], 0) == 1);
    EXPECT_EQ(RIO_GATHER_ARRAY(counts_in_thread, n), 0);
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(atomic_load(&n[i]), 1);
    return 0;
}

static long tells_thread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return 0;
}

LOOP_TEST(test_EXEC_05)
{
    pthread_t there = pthread_self();

    EXPECT_EQ(await(rio_to_thread(tells_thread, &there)), 0);
    EXPECT(!pthread_equal(there, pthread_self()));
    return 0;
}

struct slow {
    atomic_bool held; /* it may not end yet */
    atomic_bool started, ended;
};

static long slow(void *arg)
{
    struct slow *s = arg;

    atomic_store(&s->started, true);
    do
        (void)nanosleep(&(struct timespec){.tv_nsec = 5 * RIO_MS}, NULL);
    while (atomic_load(&s->held));
    atomic_store(&s->ended, true);
    return 5;
}

struct told {
    struct slow slow;
    int done; /* callbacks of the future */
};

static void count_done(rio_future *f, void *arg)
{
    ((struct told *)arg)->done += rio_future_cancelled(f);
}

static long cancels_and_shuts_down(void *arg)
{
    struct told *t = arg;
    rio_future *f = rio_run_in_executor(NULL, slow, &t->slow, 0);
    long rc;

    RIO_TRY(rio_future_add_done_callback(f, count_done, t));
    while (!atomic_load(&t->slow.started))
        RIO_TRY(await(rio_sleep(RIO_MS)));
    if (!rio_task_cancel(f) || await(rio_join(f)) != -ECANCELED ||
        atomic_load(&t->slow.ended))
        return ERR;
    rio_unref(f);
    atomic_store(&t->slow.held, false);
    rc = await(rio_executor_shutdown(NULL, RIO_FOREVER));
    return atomic_load(&t->slow.ended) ? rc : ERR; /* it went on, and was waited for */
}

static void test_EXEC_06(void **state)
{
    struct told t = {.slow.held = true};

    (void)state;
    assert_int_equal(loop_test_run_leaky(cancels_and_shuts_down, &t), 0);
    assert_int_equal(t.done, 1);
}

static long slow_in_executor(void *arg)
{
    struct reports *r = arg;
    struct slow s = {.held = true};
    rio_future *f;
    long rc;

    rio_set_exception_handler(count_reports, r);
    f = rio_run_in_executor(NULL, slow, &s, 0);
    rc = await(rio_executor_shutdown(NULL, RIO_MS));
    atomic_store(&s.held, false);
    if (await(rio_join_unref(f)) != 5 || !atomic_load(&s.ended))
        return ERR;
    return rc;
}

LOOP_TEST(test_EXEC_07)
{
    struct reports r = {0};

    EXPECT_EQ(await(rio_join_unref(rio_create_task(slow_in_executor, &r))), -ETIMEDOUT);
    EXPECT_EQ(r.count, 1);
    return 0;
}

/* What a thread submits to the loop, and what comes back to it. */
struct submit {
    rio_loop *loop;
    rio_fn *fn;
    int64_t timeout;
    struct job job;
    long result;
};

static void *submits(void *arg)
{
    struct submit *s = arg;

    s->result = rio_run_coroutine_threadsafe(s->loop, s->fn, &s->job, s->timeout);
    return NULL;
}

static long submits_blocking(void *arg)
{
    submits(arg);
    return 0;
}

RIO_AWAITS static long submit(struct submit *s)
{
    s->loop = rio_get_running_loop();
    RIO_TRY(await(rio_to_thread(submits_blocking, s)));
    return s->result;
}

LOOP_TEST(test_EXEC_09)
{
    struct submit s = {.fn = work, .timeout = RIO_FOREVER};

    s.job = (struct job){.delay = 10 * RIO_MS, .result = 3};
    EXPECT_EQ(await(submit(&s)), 3);
    s.job = (struct job){.delay = RIO_MS, .result = ERR};
    EXPECT_EQ(await(submit(&s)), ERR);
    return 0;
}

LOOP_TEST(test_EXEC_10)
{
    struct submit s = {.fn = work, .timeout = 0, .job.delay = LONG_SLEEP};

    EXPECT_EQ(await(submit(&s)), -ETIMEDOUT);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!s.job.started || s.job.cancelled);
    EXPECT_EQ(stats_now().tasks, 1);
    return 0;
}

static long cancels_itself(void *arg)
{
    rio_task_cancel(rio_current_task());
    return work(arg);
}

LOOP_TEST(test_EXEC_11)
{
    struct submit s = {.fn = cancels_itself, .timeout = RIO_FOREVER};

    s.job.delay = LONG_SLEEP;
    EXPECT_EQ(await(submit(&s)), -ECANCELED);
    return 0;
}

struct caller {
    struct slow *local; /* while the call is under way */
    bool ended;
};

static long waits_with_local(void *arg)
{
    struct slow local = {.held = true}; /* it is there for as long as the test looks */
    struct caller *c = arg;

    c->local = &local;
    RIO_IGNORE(await(rio_to_thread(slow, &local)));
    c->ended = atomic_load(&local.ended);
    return 0;
}

LOOP_TEST(test_EXEC_13)
{
    struct caller c = {0};
    rio_task *t = rio_create_task(waits_with_local, &c);

    while (c.local == NULL || !atomic_load(&c.local->started))
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    rio_task_cancel(t);
    atomic_store(&c.local->held, false);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED); /* its own, found at its end */
    EXPECT(c.ended);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_EXEC_01), cmocka_unit_test(test_EXEC_02),
          cmocka_unit_test(test_EXEC_03), cmocka_unit_test(test_EXEC_05),
          cmocka_unit_test(test_EXEC_06), cmocka_unit_test(test_EXEC_07),
          cmocka_unit_test(test_EXEC_09), cmocka_unit_test(test_EXEC_10),
          cmocka_unit_test(test_EXEC_11), cmocka_unit_test(test_EXEC_13))
