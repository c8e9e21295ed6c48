/* wait_test - WAIT: until some of many are done.
 * SPDX-License-Identifier: MIT */
#include "case.h"

/* Ends a task that a case has left running. */
RIO_AWAITS static long stop(rio_task *t)
{
    rio_task_cancel(t);
    return await(rio_join_unref(t));
}

static void drop(rio_future *const *fs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        rio_unref(fs[i]);
}

LOOP_TEST(test_WAIT_01)
{
    struct job jobs[] = {{.delay = 10 * RIO_MS, .result = 1},
                         {.delay = 15 * RIO_MS, .result = 2}};
    int64_t start = rio_now();
    rio_future *fs[2];
    uint64_t turns;

    for (int i = 0; i < 2; i++)
        fs[i] = rio_create_task(work, &jobs[i]);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, RIO_FOREVER)), 2);
    EXPECT(rio_now() - start >= 15 * RIO_MS);
    EXPECT(rio_future_done(fs[0]) && rio_future_done(fs[1]));
    turns = stats_now().turns;
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, RIO_FOREVER)), 2);
    EXPECT_EQ(stats_now().turns, turns);
    EXPECT_EQ(rio_future_result(fs[0]) + rio_future_result(fs[1]), 3);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(test_WAIT_02)
{
    struct job slow, fast = {.delay = 10 * RIO_MS};
    rio_task *a = rio_create_task(work, sleeper(&slow)),
             *b = rio_create_task(work, &fast);
    rio_future *fs[] = {a, b};

    EXPECT_EQ(await(rio_wait(fs, 2, RIO_FIRST_COMPLETED, RIO_FOREVER)), 1);
    EXPECT(fs[0] == b && fs[1] == a);
    EXPECT(rio_future_done(b) && !rio_future_done(a));
    EXPECT_EQ(await(settle()), 0);
    EXPECT(slow.started && !slow.ended && rio_task_cancelling(a) == 0);
    EXPECT_EQ(await(stop(a)), -ECANCELED);
    rio_unref(b);
    return 0;
}

static long yields(void *arg)
{
    for (int i = 0; i < *(int *)arg; i++)
        RIO_TRY(await(rio_yield()));
    return 0;
}

/* b is one tick sooner than in asyncio: its waiter is woken a turn earlier here. */
LOOP_TEST(test_WAIT_03)
{
    int ticks[] = {1, 1};
    rio_future *fs[2];

    for (int i = 0; i < 2; i++)
        fs[i] = rio_create_task(yields, &ticks[i]);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_FIRST_COMPLETED, RIO_FOREVER)), 2);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(test_WAIT_05)
{
    struct job slow, bad = {.delay = RIO_MS, .result = ERR};
    rio_task *a = rio_create_task(work, sleeper(&slow)),
             *b = rio_create_task(work, &bad);
    rio_future *fs[] = {a, b};

    EXPECT_EQ(await(rio_wait(fs, 2, RIO_FIRST_EXCEPTION, RIO_FOREVER)), 1);
    EXPECT(fs[0] == b && fs[1] == a);
    EXPECT(!rio_future_done(a));
    EXPECT_EQ(rio_future_result(b), ERR);
    EXPECT_EQ(await(stop(a)), -ECANCELED);
    rio_unref(b);
    return 0;
}

LOOP_TEST(test_WAIT_06)
{
    struct job one, two = {.delay = 5 * RIO_MS, .result = 7};
    rio_task *a = rio_create_task(work, sleeper(&one)),
             *b = rio_create_task(work, &two);
    rio_future *fs[] = {a, b};

    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(a));
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_FIRST_EXCEPTION, RIO_FOREVER)), 2);
    EXPECT(fs[0] == a && rio_future_cancelled(a));
    EXPECT_EQ(rio_future_result(b), 7);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(test_WAIT_07)
{
    struct job good = {.delay = RIO_MS, .result = 1}, bad = {.result = ERR};
    rio_future *fs[] = {rio_create_task(work, &good), rio_create_task(work, &bad)};
    int failed = 0;

    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, RIO_FOREVER)), 2);
    for (int i = 0; i < 2; i++)
        failed += rio_future_result(fs[i]) == ERR;
    EXPECT_EQ(failed, 1);
    drop(fs, 2);
    return 0;
}

static long sleeps_until(void *arg)
{
    return await(rio_sleep_until(*(int64_t *)arg));
}

LOOP_TEST(test_WAIT_09)
{
    int64_t when = rio_now() + 10 * RIO_MS;
    struct job longer = {.delay = LONG_SLEEP};
    rio_task *a = rio_create_task(sleeps_until, &when),
             *b = rio_create_task(work, &longer);
    rio_future *fs[] = {b, a};

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, when - rio_now())), 1);
    EXPECT(fs[0] == a && fs[1] == b);
    EXPECT_EQ(rio_future_result(a), 0);
    EXPECT_EQ(await(stop(b)), -ECANCELED);
    rio_unref(a);
    return 0;
}

LOOP_TEST(test_WAIT_10)
{
    rio_future *f = rio_future_new(), *with_null[] = {f, NULL};
    rio_future *self = rio_current_task();

    EXPECT_EQ(await(rio_wait(&f, 0, RIO_ALL_COMPLETED, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(&f, 1, (enum rio_when)3, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(&f, 1, (enum rio_when) - 1, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(NULL, 1, RIO_ALL_COMPLETED, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(with_null, 2, RIO_ALL_COMPLETED, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(&self, 1, RIO_ALL_COMPLETED, 0)), -EDEADLK);
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_WAIT_11)
{
    rio_future *a = rio_future_new(), *b = rio_future_new(), *c = rio_future_new();
    rio_future *fs[] = {a, b, a, c, b, a};

    EXPECT_EQ(rio_future_set_result(c, 1), 0);
    EXPECT_EQ(rio_future_set_result(a, 1), 0);
    EXPECT_EQ(await(rio_wait(fs, 6, RIO_FIRST_COMPLETED, RIO_FOREVER)), 2);
    EXPECT(fs[0] == a && fs[1] == c && fs[2] == b);
    for (int i = 3; i < 6; i++)
        EXPECT(fs[i] == a || fs[i] == b);
    EXPECT_EQ(rio_future_set_result(b, 1), 0);
    EXPECT_EQ(await(rio_wait(fs, 6, RIO_ALL_COMPLETED, RIO_FOREVER)), 3);
    rio_unref(a);
    rio_unref(b);
    rio_unref(c);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_WAIT_01), cmocka_unit_test(test_WAIT_02),
          cmocka_unit_test(test_WAIT_03), cmocka_unit_test(test_WAIT_05),
          cmocka_unit_test(test_WAIT_06), cmocka_unit_test(test_WAIT_07),
          cmocka_unit_test(test_WAIT_09), cmocka_unit_test(test_WAIT_10),
          cmocka_unit_test(test_WAIT_11))
