/* wait_test - what wait does beside the cases WAIT-01 to WAIT-11: limits, cancellation,
 * errors that nobody looks at.
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

LOOP_TEST(an_error_that_wait_has_met_still_counts_as_unseen)
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

TEST_MAIN(cmocka_unit_test(an_error_that_wait_has_met_still_counts_as_unseen),
          cmocka_unit_test(when_the_limit_strikes_nothing_is_cancelled),
          cmocka_unit_test(a_cancelled_waiter_leaves_the_others_alone),
          cmocka_unit_test(a_cancel_in_the_step_of_the_last_completion_wins),
          cmocka_unit_test(outside_a_task_it_is_refused))
