/* iter_test - the iterator protocol, RIO_FOR_EACH, as_completed.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

/* ---- an iterator written by hand ---- */

struct counter {
    rio_iter iter;
    int next, end;
    int fails_at; /* 0: never */
    int closed;   /* how often */
    int close_rc;
};

static int counter_next(rio_iter *it, void *out)
{
    struct counter *c = (struct counter *)it; /* its first member */
    int rc = await(rio_yield());

    if (rc < 0)
        return rc;
    if (c->next == c->end || c->closed > 0)
        return 0;
    if (++c->next == c->fails_at)
        return -EIO;
    *(int *)out = c->next;
    return 1;
}

static int counter_close(rio_iter *it)
{
    struct counter *c = (struct counter *)it;
    int rc = await(rio_yield());

    c->closed++;
    return rc < 0 ? rc : c->close_rc;
}

static struct counter counter_to(int end)
{
    return (struct counter){.iter = {counter_next, counter_close}, .end = end};
}

LOOP_TEST(for_each_sees_every_value_and_closes)
{
    struct counter c = counter_to(4);
    int v, rc, sum = 0;

    RIO_FOR_EACH(&c.iter, &v, rc)
    sum = sum * 10 + v;
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(sum, 1234);
    EXPECT_EQ(c.closed, 1);
    return 0;
}

LOOP_TEST(a_break_closes)
{
    struct counter c = counter_to(4);
    int v = 0, rc;

    RIO_FOR_EACH(&c.iter, &v, rc)
    {
        if (v == 2)
            break;
    }
    EXPECT_EQ(rc, 1);
    EXPECT_EQ(v, 2);
    EXPECT_EQ(c.closed, 1);
    return 0;
}

static long return_at_once(void *arg)
{
    long rc;
    int v;

    RIO_FOR_EACH(arg, &v, rc)
    return v;
    return rc;
}

LOOP_TEST(a_return_closes)
{
    struct counter c = counter_to(4);

    EXPECT_EQ(return_at_once(&c.iter), 1);
    EXPECT_EQ(c.closed, 1);
    return 0;
}

LOOP_TEST(an_error_ends_the_loop_and_stays_in_rc)
{
    struct counter c = counter_to(4);
    int v, rc, seen = 0;

    c.fails_at = 3;
    RIO_FOR_EACH(&c.iter, &v, rc)
    seen++;
    EXPECT_EQ(rc, -EIO);
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(c.closed, 1);
    return 0;
}

static long reported;

static long keep_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)what, (void)arg;
    reported = err;
    return 0;
}

LOOP_TEST(an_error_of_the_close_goes_to_the_exception_handler)
{
    struct counter c = counter_to(4);

    rio_set_exception_handler(keep_report, NULL);
    reported = 0;
    c.close_rc = -EIO;
    EXPECT_EQ(return_at_once(&c.iter), 1);
    EXPECT_EQ(reported, -EIO);
    return 0;
}

static long break_then_suspend(void *arg)
{
    EXPECT_EQ(rio_task_cancel(rio_current_task()), true);
    EXPECT_EQ(return_at_once(arg), -ECANCELED); /* delivered to next */
    EXPECT_EQ(rio_task_uncancel(rio_current_task()), 0);
    return 0;
}

static long cancel_in_the_body(void *arg)
{
    int v, rc;

    RIO_FOR_EACH(arg, &v, rc)
    {
        EXPECT_EQ(rio_task_cancel(rio_current_task()), true);
        break;
    }
    /* It was delivered to the close, which could not tell us. */
    return await(rio_yield());
}

LOOP_TEST(a_cancellation_that_hits_the_close_is_delivered_again)
{
    struct counter one = counter_to(4), two = counter_to(4);
    rio_task *t = rio_create_task(break_then_suspend, &one.iter);

    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(one.closed, 1);
    t = rio_create_task(cancel_in_the_body, &two.iter);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(two.closed, 1);
    return 0;
}

LOOP_TEST(no_iterator_is_an_error_to_next_and_none_to_close)
{
    int v, rc;

    EXPECT_EQ(await(rio_next(NULL, &v)), -EINVAL);
    EXPECT_EQ(await(rio_iter_close(NULL)), 0);
    RIO_FOR_EACH(NULL, &v, rc)
    return -EIO;
    EXPECT_EQ(rc, -EINVAL);
    return 0;
}

/* ---- as_completed ---- */

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

LOOP_TEST(futures_come_in_the_order_they_are_set)
{
    rio_future *fs[3], *f;
    rio_iter *it;

    make(fs, 3);
    EXPECT_EQ(rio_future_set_result(fs[1], 1), 0);
    it = rio_as_completed(fs, 3, RIO_FOREVER);
    EXPECT_EQ(rio_future_set_error(fs[2], -EIO), 0);
    EXPECT_EQ(rio_task_cancel(fs[0]), true);
    EXPECT_EQ(await(rio_next(it, &f)), 1);
    EXPECT(f == fs[1]);
    EXPECT_EQ(await(rio_next(it, &f)), 1);
    EXPECT(f == fs[2]);
    EXPECT_EQ(rio_future_result(f), -EIO);
    EXPECT_EQ(await(rio_next(it, &f)), 1);
    EXPECT(f == fs[0]);
    EXPECT_EQ(await(rio_next(it, &f)), 0);
    EXPECT_EQ(await(rio_next(it, &f)), 0);
    EXPECT_EQ(await(rio_iter_close(it)), 0);
    drop(fs, 3);
    return 0;
}

LOOP_TEST(after_the_limit_comes_etimedout_and_nothing_is_cancelled)
{
    rio_future *fs[2], *f;
    rio_iter *it;

    make(fs, 2);
    EXPECT_EQ(rio_future_set_result(fs[1], 1), 0);
    it = rio_as_completed(fs, 2, RIO_MS);
    EXPECT_EQ(await(rio_next(it, &f)), 1);
    EXPECT(f == fs[1]);
    EXPECT_EQ(await(rio_next(it, &f)), -ETIMEDOUT);
    EXPECT(!rio_future_done(fs[0]));
    EXPECT_EQ(rio_future_set_result(fs[0], 1), 0);
    EXPECT_EQ(await(rio_next(it, &f)), -ETIMEDOUT); /* too late */
    EXPECT_EQ(await(rio_iter_close(it)), 0);
    drop(fs, 2);
    return 0;
}

struct taking {
    rio_iter *it;
    rio_future *f;
};

static long take_one(void *arg)
{
    struct taking *t = arg;

    return await(rio_next(t->it, &t->f));
}

LOOP_TEST(a_call_beyond_the_promised_ones_is_at_the_end)
{
    rio_future *fs[2], *f;
    struct taking a = {0}, b = {0};
    rio_task *ta, *tb;

    make(fs, 2);
    a.it = b.it = rio_as_completed(fs, 2, RIO_FOREVER);
    ta = rio_create_task(take_one, &a);
    tb = rio_create_task(take_one, &b);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_next(a.it, &f)), 0); /* all are promised */
    EXPECT_EQ(await(rio_iter_close(a.it)), -EBUSY);
    EXPECT_EQ(rio_future_set_result(fs[1], 1), 0);
    EXPECT_EQ(rio_future_set_result(fs[0], 1), 0);
    EXPECT_EQ(await(rio_join_unref(ta)), 1);
    EXPECT_EQ(await(rio_join_unref(tb)), 1);
    EXPECT(a.f == fs[1] && b.f == fs[0]);
    EXPECT_EQ(await(rio_iter_close(a.it)), 0);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(what_a_cancelled_taker_was_woken_for_goes_to_the_next)
{
    rio_future *fs[2];
    struct taking a = {0}, b = {0};
    rio_task *ta, *tb;

    make(fs, 2);
    a.it = b.it = rio_as_completed(fs, 2, RIO_FOREVER);
    ta = rio_create_task(take_one, &a);
    tb = rio_create_task(take_one, &b);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_future_set_result(fs[0], 1), 0);
    EXPECT(rio_task_cancel(ta));
    EXPECT_EQ(await(rio_join_unref(ta)), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(tb)), 1);
    EXPECT(b.f == fs[0]);
    EXPECT_EQ(rio_future_set_result(fs[1], 1), 0);
    EXPECT_EQ(await(rio_next(a.it, &b.f)), 1); /* the cancelled one's */
    EXPECT_EQ(await(rio_iter_close(a.it)), 0);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(a_repeated_handle_comes_once)
{
    rio_future *a = rio_future_new(), *fs[] = {a, a, a}, *f;
    rio_iter *it = rio_as_completed(fs, 3, RIO_FOREVER);

    EXPECT_EQ(rio_future_set_result(a, 1), 0);
    EXPECT_EQ(await(rio_next(it, &f)), 1);
    EXPECT_EQ(await(rio_next(it, &f)), 0);
    EXPECT_EQ(await(rio_iter_close(it)), 0);
    rio_unref(a);
    return 0;
}

LOOP_TEST(no_futures_are_the_end_at_once)
{
    rio_iter *it = rio_as_completed(NULL, 0, RIO_FOREVER);
    rio_future *f;

    EXPECT(it != NULL);
    EXPECT_EQ(await(rio_next(it, &f)), 0);
    EXPECT_EQ(await(rio_iter_close(it)), 0);
    return 0;
}

LOOP_TEST(closing_early_lets_the_futures_go)
{
    rio_future *fs[2];
    rio_iter *it;

    make(fs, 2);
    it = rio_as_completed(fs, 2, RIO_SEC);
    drop(fs, 2); /* it holds them */
    EXPECT_EQ(await(rio_iter_close(it)), 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(for_each_sees_every_value_and_closes),
          cmocka_unit_test(a_break_closes), cmocka_unit_test(a_return_closes),
          cmocka_unit_test(an_error_ends_the_loop_and_stays_in_rc),
          cmocka_unit_test(an_error_of_the_close_goes_to_the_exception_handler),
          cmocka_unit_test(a_cancellation_that_hits_the_close_is_delivered_again),
          cmocka_unit_test(no_iterator_is_an_error_to_next_and_none_to_close),
          cmocka_unit_test(futures_come_in_the_order_they_are_set),
          cmocka_unit_test(after_the_limit_comes_etimedout_and_nothing_is_cancelled),
          cmocka_unit_test(a_call_beyond_the_promised_ones_is_at_the_end),
          cmocka_unit_test(what_a_cancelled_taker_was_woken_for_goes_to_the_next),
          cmocka_unit_test(a_repeated_handle_comes_once),
          cmocka_unit_test(no_futures_are_the_end_at_once),
          cmocka_unit_test(closing_early_lets_the_futures_go))
