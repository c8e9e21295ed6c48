/* wait_test - until some of many futures are done.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

static int reports;

static long count_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)what, (void)err, (void)arg;
    reports++;
    return 0;
}

static void make(rio_future **fs, int n)
{
    for (int i = 0; i < n; i++)
        fs[i] = rio_future_new();
}

static void drop(rio_future *const *fs, int n)
{
    for (int i = 0; i < n; i++)
        rio_unref(fs[i]);
}

struct waiting {
    rio_future *fs[4];
    size_t n;
    enum rio_when when;
    int64_t timeout;
};

static long wait_for_them(void *arg)
{
    struct waiting *w = arg;

    return await(rio_wait(w->fs, w->n, w->when, w->timeout));
}

static long sleep_ms(void *arg)
{
    return await(rio_sleep(*(int *)arg * RIO_MS));
}

static long yield_times(void *arg)
{
    for (int i = 0; i < *(int *)arg; i++)
        RIO_TRY(await(rio_yield()));
    return 0;
}

LOOP_TEST(all_are_waited_for_and_again_at_no_cost) /* WAIT-01 */
{
    int ms[] = {2, 1};
    rio_stats before, after;
    rio_loop *l = rio_get_running_loop();
    rio_future *fs[2];

    for (int i = 0; i < 2; i++)
        fs[i] = rio_create_task(sleep_ms, &ms[i]);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, RIO_FOREVER)), 2);
    EXPECT(rio_future_done(fs[0]) && rio_future_done(fs[1]));
    rio_loop_stats(l, &before);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, RIO_FOREVER)), 2);
    rio_loop_stats(l, &after);
    EXPECT_EQ(after.turns, before.turns);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(the_first_one_done_ends_it_and_stands_in_front) /* WAIT-02 */
{
    rio_future *slow = rio_future_new(), *fast = rio_future_new();
    struct waiting w = {{slow, fast}, 2, RIO_FIRST_COMPLETED, RIO_FOREVER};
    rio_task *t = rio_create_task(wait_for_them, &w);

    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_result(fast, 7), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 1);
    EXPECT(w.fs[0] == fast && w.fs[1] == slow);
    EXPECT(!rio_future_done(slow)); /* it goes on */
    drop(w.fs, 2);
    return 0;
}

/* WAIT-03, with b one tick sooner: the waiter is woken in fewer turns here. */
LOOP_TEST(what_is_done_when_the_waiter_runs_counts)
{
    int ticks[] = {1, 1};
    rio_future *fs[2];

    for (int i = 0; i < 2; i++)
        fs[i] = rio_create_task(yield_times, &ticks[i]);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_FIRST_COMPLETED, RIO_FOREVER)), 2);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(the_first_error_ends_it) /* WAIT-05 */
{
    struct waiting w = {.n = 3, .when = RIO_FIRST_EXCEPTION, .timeout = RIO_FOREVER};
    rio_future *bad;
    rio_task *t;

    make(w.fs, 3);
    bad = w.fs[2];
    t = rio_create_task(wait_for_them, &w);
    EXPECT_EQ(rio_future_set_result(w.fs[0], 0), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_error(bad, -EIO), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 2);
    EXPECT(w.fs[1] == bad);
    EXPECT_EQ(rio_future_result(bad), -EIO);
    drop(w.fs, 3);
    return 0;
}

LOOP_TEST(a_cancelled_child_is_no_error) /* WAIT-06 */
{
    struct waiting w = {.n = 2, .when = RIO_FIRST_EXCEPTION, .timeout = RIO_FOREVER};
    rio_task *t;

    make(w.fs, 2);
    t = rio_create_task(wait_for_them, &w);
    EXPECT(rio_task_cancel(w.fs[0]));
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_result(w.fs[1], 0), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 2);
    drop(w.fs, 2);
    return 0;
}

LOOP_TEST(an_error_is_neither_raised_nor_seen) /* WAIT-07 */
{
    rio_future *fs[2];

    reports = 0;
    rio_set_exception_handler(count_report, NULL);
    make(fs, 2);
    EXPECT_EQ(rio_future_set_result(fs[0], 0), 0);
    EXPECT_EQ(rio_future_set_error(fs[1], -EIO), 0);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, RIO_FOREVER)), 2);
    EXPECT(fs[1] != NULL && !rio_future_cancelled(fs[1]));
    drop(fs, 2);
    EXPECT_EQ(reports, 1);
    return 0;
}

static long sleep_until(void *arg)
{
    return await(rio_sleep_until(*(int64_t *)arg));
}

LOOP_TEST(a_limit_that_equals_a_sleep_comes_after_it) /* WAIT-09 */
{
    int64_t when = rio_now() + 5 * RIO_MS;
    rio_future *never = rio_future_new();
    rio_future *fs[2] = {never, rio_create_task(sleep_until, &when)};

    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, when - rio_now())), 1);
    EXPECT(fs[1] == never);
    EXPECT_EQ(rio_future_result(fs[0]), 0);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(when_the_limit_strikes_nothing_is_cancelled)
{
    rio_future *fs[2];

    make(fs, 2);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_ALL_COMPLETED, RIO_MS)), 0);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_FIRST_COMPLETED, 0)), 0);
    EXPECT_EQ(await(rio_wait(fs, 2, RIO_FIRST_COMPLETED, -5)), 0);
    EXPECT(!rio_future_done(fs[0]) && !rio_future_done(fs[1]));
    drop(fs, 2);
    return 0;
}

LOOP_TEST(bad_arguments_are_refused) /* WAIT-10 */
{
    rio_future *f = rio_future_new(), *with_null[] = {f, NULL};
    rio_future *self = rio_current_task();

    EXPECT_EQ(await(rio_wait(NULL, 1, RIO_ALL_COMPLETED, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(&f, 0, RIO_ALL_COMPLETED, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(&f, 1, (enum rio_when)3, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(with_null, 2, RIO_ALL_COMPLETED, 0)), -EINVAL);
    EXPECT_EQ(await(rio_wait(&self, 1, RIO_ALL_COMPLETED, 0)), -EDEADLK);
    rio_unref(f);
    return 0;
}

LOOP_TEST(a_handle_that_stands_there_twice_counts_once) /* WAIT-11 */
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

LOOP_TEST(a_cancelled_waiter_leaves_the_others_alone)
{
    struct waiting w = {.n = 2, .timeout = RIO_SEC};
    rio_task *t;

    make(w.fs, 2);
    t = rio_create_task(wait_for_them, &w);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_future_set_result(w.fs[1], 1), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!rio_future_done(w.fs[0]));
    drop(w.fs, 2);
    return 0;
}

LOOP_TEST(a_cancel_in_the_step_of_the_last_completion_wins)
{
    struct waiting w = {.n = 1, .timeout = RIO_FOREVER};
    rio_task *t;

    make(w.fs, 1);
    t = rio_create_task(wait_for_them, &w);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_future_set_result(w.fs[0], 1), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    drop(w.fs, 1);
    return 0;
}

static void outside_a_task_it_is_refused(void **state)
{
    rio_future *f = NULL;

    (void)state;
    assert_int_equal(await(rio_wait(&f, 1, RIO_ALL_COMPLETED, 0)), -EPERM);
}

TEST_MAIN(cmocka_unit_test(all_are_waited_for_and_again_at_no_cost),
          cmocka_unit_test(the_first_one_done_ends_it_and_stands_in_front),
          cmocka_unit_test(what_is_done_when_the_waiter_runs_counts),
          cmocka_unit_test(the_first_error_ends_it),
          cmocka_unit_test(a_cancelled_child_is_no_error),
          cmocka_unit_test(an_error_is_neither_raised_nor_seen),
          cmocka_unit_test(a_limit_that_equals_a_sleep_comes_after_it),
          cmocka_unit_test(when_the_limit_strikes_nothing_is_cancelled),
          cmocka_unit_test(bad_arguments_are_refused),
          cmocka_unit_test(a_handle_that_stands_there_twice_counts_once),
          cmocka_unit_test(a_cancelled_waiter_leaves_the_others_alone),
          cmocka_unit_test(a_cancel_in_the_step_of_the_last_completion_wins),
          cmocka_unit_test(outside_a_task_it_is_refused))
