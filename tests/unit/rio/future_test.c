/* future_test - results, callbacks, unseen errors, shields.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

struct reports {
    int n;
    long err;
};

static long count_report(rio_loop *l, const char *what, long err, void *arg)
{
    struct reports *r = arg;

    (void)l, (void)what;
    r->n++;
    r->err = err;
    return 0;
}

LOOP_TEST(a_new_future_is_not_done) /* FUT-01 */
{
    rio_future *f = rio_future_new();

    EXPECT(f != NULL);
    EXPECT(!rio_future_done(f));
    EXPECT(!rio_future_cancelled(f));
    EXPECT_EQ(rio_future_result(f), -EINPROGRESS);
    rio_unref(f);
    return 0;
}

LOOP_TEST(a_cancelled_future_stays_cancelled) /* FUT-02 */
{
    rio_future *f = rio_future_new();

    EXPECT(rio_task_cancel(f));
    EXPECT(rio_future_done(f) && rio_future_cancelled(f));
    EXPECT_EQ(rio_future_result(f), -ECANCELED);
    EXPECT_EQ(rio_future_set_result(f, 1), -EINVAL);
    EXPECT_EQ(rio_future_set_error(f, -EIO), -EINVAL);
    EXPECT(!rio_task_cancel(f));
    rio_unref(f);
    return 0;
}

LOOP_TEST(a_result_is_set_once) /* FUT-03 */
{
    rio_future *f = rio_future_new();

    EXPECT_EQ(rio_future_set_result(f, -1), -EINVAL);
    EXPECT_EQ(rio_future_set_error(f, 1), -EINVAL);
    EXPECT_EQ(rio_future_set_result(f, 42), 0);
    EXPECT_EQ(rio_future_result(f), 42);
    EXPECT_EQ(rio_future_set_result(f, 43), -EINVAL);
    EXPECT(!rio_task_cancel(f));
    EXPECT_EQ(rio_future_result(f), 42);
    rio_unref(f);
    return 0;
}

static long set_42(void *arg)
{
    return rio_future_set_result(arg, 42);
}

LOOP_TEST(joining_twice_gives_the_same) /* FUT-05 */
{
    rio_future *f = rio_future_new();
    rio_stats before, after;

    rio_call_soon(set_42, f);
    EXPECT_EQ(await(rio_join(f)), 42);
    rio_loop_stats(rio_get_running_loop(), &before);
    EXPECT_EQ(await(rio_join(f)), 42);
    rio_loop_stats(rio_get_running_loop(), &after);
    EXPECT_EQ(after.turns, before.turns);
    rio_unref(f);
    return 0;
}

struct log {
    int n;
    int seen[16];
};

static struct log the_log;

static void first(rio_future *f, void *arg)
{
    (void)f, (void)arg;
    the_log.seen[the_log.n++] = 1;
}

static void second(rio_future *f, void *arg)
{
    (void)f, (void)arg;
    the_log.seen[the_log.n++] = 2;
}

static void third(rio_future *f, void *arg)
{
    (void)f, (void)arg;
    the_log.seen[the_log.n++] = 3;
}

LOOP_TEST(callbacks_run_in_the_next_turn_in_order) /* FUT-09, FUT-10 */
{
    rio_future *f = rio_future_new();

    the_log = (struct log){0};
    EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    EXPECT_EQ(rio_future_set_error(f, -EIO), 0);
    EXPECT_EQ(the_log.n, 0);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(the_log.n, 2);
    EXPECT_EQ(the_log.seen[0], 1);
    EXPECT_EQ(the_log.seen[1], 2);
    EXPECT_EQ(rio_future_add_done_callback(f, third, NULL), 0);
    EXPECT_EQ(the_log.n, 2);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(the_log.n, 3);
    EXPECT_EQ(rio_future_result(f), -EIO);
    rio_unref(f);
    return 0;
}

LOOP_TEST(callbacks_can_be_removed) /* FUT-11 */
{
    rio_future *f = rio_future_new();

    the_log = (struct log){0};
    EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    EXPECT_EQ(rio_future_remove_done_callback(f, second, NULL), 1);
    EXPECT_EQ(rio_future_remove_done_callback(f, third, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    EXPECT_EQ(rio_future_remove_done_callback(f, first, &the_log), 0);
    EXPECT_EQ(rio_future_remove_done_callback(f, first, NULL), 6);
    EXPECT_EQ(rio_future_set_result(f, 0), 0);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(the_log.n, 1);
    EXPECT_EQ(the_log.seen[0], 2);
    rio_unref(f);
    return 0;
}

static void remove_second(rio_future *f, void *arg)
{
    (void)arg;
    the_log.seen[the_log.n++] = rio_future_remove_done_callback(f, second, NULL);
}

LOOP_TEST(a_callback_may_remove_a_later_one) /* FUT-13 */
{
    rio_future *f = rio_future_new();

    the_log = (struct log){0};
    EXPECT_EQ(rio_future_add_done_callback(f, remove_second, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    EXPECT_EQ(rio_future_set_result(f, 0), 0);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(the_log.seen[0], 0); /* too late: it was scheduled already */
    EXPECT_EQ(the_log.seen[1], 2);
    rio_unref(f);
    return 0;
}

LOOP_TEST(a_future_dropped_with_callbacks_leaks_nothing)
{
    rio_future *f = rio_future_new();

    EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    rio_unref(f);
    return 0;
}

LOOP_TEST(an_unseen_error_is_reported_once) /* FUT-14, LOOP-19 */
{
    struct reports r = {0};
    rio_future *f = rio_future_new();

    rio_set_exception_handler(count_report, &r);
    EXPECT_EQ(rio_future_set_error(f, -EIO), 0);
    EXPECT_EQ(r.n, 0);
    rio_unref(f);
    EXPECT_EQ(r.n, 1);
    EXPECT_EQ(r.err, -EIO);
    return 0;
}

static long fail_eproto(void *arg)
{
    (void)arg;
    return -EPROTO;
}

LOOP_TEST(a_task_that_nobody_joins_reports_its_error)
{
    struct reports r = {0};

    rio_set_exception_handler(count_report, &r);
    rio_unref(rio_create_task(fail_eproto, NULL));
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(r.n, 1);
    EXPECT_EQ(r.err, -EPROTO);
    return 0;
}

LOOP_TEST(what_was_seen_is_not_reported) /* FUT-15 */
{
    struct reports r = {0};
    rio_future *read = rio_future_new(), *dropped = rio_future_new();
    rio_future *late = rio_future_new();

    rio_set_exception_handler(count_report, &r);
    EXPECT_EQ(rio_future_set_error(read, -EIO), 0);
    EXPECT_EQ(rio_future_result(read), -EIO);
    rio_unref(read);
    rio_unref(dropped);
    EXPECT(rio_task_cancel(late));
    rio_unref(late);
    EXPECT_EQ(r.n, 0);
    return 0;
}

LOOP_TEST(null_is_refused_everywhere) /* FUT-17 */
{
    EXPECT_EQ(rio_future_set_result(NULL, 1), -EINVAL);
    EXPECT_EQ(rio_future_set_error(NULL, -EIO), -EINVAL);
    EXPECT(!rio_future_done(NULL));
    EXPECT(!rio_future_cancelled(NULL));
    EXPECT_EQ(rio_future_result(NULL), -EINVAL);
    EXPECT_EQ(rio_future_add_done_callback(NULL, first, NULL), -EINVAL);
    EXPECT_EQ(rio_future_remove_done_callback(NULL, first, NULL), -EINVAL);
    EXPECT(rio_ref(NULL) == NULL);
    rio_unref(NULL);
    EXPECT(!rio_task_cancel(NULL));
    EXPECT_EQ(rio_task_cancelling(NULL), 0);
    EXPECT_EQ(rio_task_uncancel(NULL), 0);
    EXPECT_EQ(await(rio_join(NULL)), -EINVAL);
    EXPECT_EQ(await(rio_shield(NULL)), -EINVAL);
    EXPECT(rio_shield_future(NULL) == NULL);
    EXPECT_EQ(await(rio_wait_for(NULL, 1)), -EINVAL);
    EXPECT_EQ(rio_task_set_name(NULL, "x"), -EINVAL);
    EXPECT(rio_task_name(NULL)[0] == '\0');
    return 0;
}

/* ---- shield ---- */

LOOP_TEST(a_shield_follows_the_inner_future) /* SHLD-01 */
{
    rio_future *good = rio_future_new(), *bad = rio_future_new();
    rio_future *s1 = rio_shield_future(good), *s2 = rio_shield_future(bad);

    EXPECT_EQ(rio_future_set_result(good, 42), 0);
    EXPECT_EQ(rio_future_set_error(bad, -EIO), 0);
    EXPECT_EQ(await(rio_join(s1)), 42);
    EXPECT_EQ(await(rio_join(s2)), -EIO);
    rio_unref(s1);
    rio_unref(s2);
    s1 = rio_shield_future(good); /* of a future that is done */
    EXPECT_EQ(rio_future_result(s1), 42);
    rio_unref(s1);
    rio_unref(good);
    rio_unref(bad);
    return 0;
}

LOOP_TEST(cancelling_the_inner_cancels_the_shield) /* SHLD-02 */
{
    rio_future *inner = rio_future_new(), *s = rio_shield_future(inner);

    EXPECT(rio_task_cancel(inner));
    EXPECT(rio_future_cancelled(s));
    rio_unref(s);
    rio_unref(inner);
    return 0;
}

LOOP_TEST(cancelling_the_shield_spares_the_inner) /* SHLD-03, SHLD-06 */
{
    struct reports r = {0};
    rio_future *inner = rio_future_new(), *s = rio_shield_future(inner);

    rio_set_exception_handler(count_report, &r);
    EXPECT(rio_task_cancel(s));
    EXPECT(rio_future_cancelled(s));
    EXPECT(!rio_future_done(inner));
    rio_unref(s);
    EXPECT_EQ(rio_future_set_error(inner, -EIO), 0);
    rio_unref(inner);
    EXPECT_EQ(r.n, 1);
    return 0;
}

static long join_shielded(void *arg)
{
    return await(rio_shield(arg));
}

LOOP_TEST(a_shielded_join_can_be_cancelled_alone) /* SHLD-05 */
{
    rio_future *inner = rio_future_new();
    rio_task *t = rio_create_task(join_shielded, inner);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!rio_future_done(inner));
    EXPECT_EQ(rio_future_set_result(inner, 5), 0);
    EXPECT_EQ(await(rio_shield(inner)), 5);
    rio_unref(inner);
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_new_future_is_not_done),
          cmocka_unit_test(a_cancelled_future_stays_cancelled),
          cmocka_unit_test(a_result_is_set_once),
          cmocka_unit_test(joining_twice_gives_the_same),
          cmocka_unit_test(callbacks_run_in_the_next_turn_in_order),
          cmocka_unit_test(callbacks_can_be_removed),
          cmocka_unit_test(a_callback_may_remove_a_later_one),
          cmocka_unit_test(a_future_dropped_with_callbacks_leaks_nothing),
          cmocka_unit_test(an_unseen_error_is_reported_once),
          cmocka_unit_test(a_task_that_nobody_joins_reports_its_error),
          cmocka_unit_test(what_was_seen_is_not_reported),
          cmocka_unit_test(null_is_refused_everywhere),
          cmocka_unit_test(a_shield_follows_the_inner_future),
          cmocka_unit_test(cancelling_the_inner_cancels_the_shield),
          cmocka_unit_test(cancelling_the_shield_spares_the_inner),
          cmocka_unit_test(a_shielded_join_can_be_cancelled_alone))
