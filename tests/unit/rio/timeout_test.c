/* timeout_test - time limits as scopes, and wait_for on top of them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <time.h>

#include "support/rio_test.h"
#include "support/test.h"

static void block_the_thread(int64_t ns)
{
    struct timespec ts = {ns / RIO_SEC, ns % RIO_SEC};

    (void)nanosleep(&ts, NULL);
}

LOOP_TEST(an_expired_limit_reads_as_etimedout) /* TMO-01 */
{
    rio_timeout t;
    int64_t when = rio_now() + 5 * RIO_MS;
    long rc;

    EXPECT_EQ(rio_timeout_enter_at(&t, when), 0);
    rc = await(rio_sleep(10 * RIO_SEC));
    rc = rio_timeout_exit(&t, rc);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT(rio_timeout_expired(&t));
    EXPECT_EQ(t.when, when);
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 0);

    EXPECT_EQ(rio_timeout_enter(&t, 5 * RIO_MS), 0);
    rc = await(rio_sleep(10 * RIO_SEC));
    EXPECT_EQ(rio_timeout_exit(&t, rc), -ETIMEDOUT);
    return 0;
}

LOOP_TEST(a_limit_that_is_kept_does_nothing) /* TMO-02 */
{
    rio_timeout t;
    rio_stats stats;
    long rc;

    EXPECT_EQ(rio_timeout_enter(&t, 10 * RIO_SEC), 0);
    rc = await(rio_sleep(RIO_MS));
    EXPECT_EQ(rio_timeout_exit(&t, rc), 0);
    EXPECT(!rio_timeout_expired(&t));
    EXPECT(t.when > rio_now());
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT_EQ(stats.timers, 0);
    return 0;
}

LOOP_TEST(for_ever_is_no_limit) /* TMO-03 */
{
    rio_timeout t;
    rio_stats stats;

    EXPECT_EQ(rio_timeout_enter(&t, RIO_FOREVER), 0);
    EXPECT_EQ(t.when, RIO_FOREVER);
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT_EQ(rio_timeout_exit(&t, 3), 3);
    EXPECT_EQ(stats.timers, 0);
    return 0;
}

LOOP_TEST(only_the_outermost_of_equal_limits_reports) /* TMO-05 */
{
    rio_timeout outer, inner;
    int64_t when = rio_now() + 3 * RIO_MS;
    long rc, inner_rc;

    rio_timeout_enter_at(&outer, when);
    rio_timeout_enter_at(&inner, when);
    rc = await(rio_sleep(RIO_SEC));
    inner_rc = rio_timeout_exit(&inner, rc);
    rc = rio_timeout_exit(&outer, inner_rc);
    EXPECT_EQ(inner_rc, -ECANCELED);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT(rio_timeout_expired(&inner) && rio_timeout_expired(&outer));
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 0);
    return 0;
}

LOOP_TEST(an_outer_limit_passes_through_the_inner) /* TMO-06 */
{
    rio_timeout outer, inner;
    long rc, inner_rc;

    rio_timeout_enter(&outer, 2 * RIO_MS);
    rio_timeout_enter(&inner, 100 * RIO_MS);
    block_the_thread(10 * RIO_MS);
    rc = await(rio_sleep(RIO_SEC));
    inner_rc = rio_timeout_exit(&inner, rc);
    rc = rio_timeout_exit(&outer, inner_rc);
    EXPECT_EQ(inner_rc, -ECANCELED);
    EXPECT(!rio_timeout_expired(&inner));
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 0);
    return 0;
}

LOOP_TEST(the_outer_limit_interrupts_a_later_wait) /* TMO-07 */
{
    rio_timeout outer, inner;
    int64_t start = rio_now();
    long rc, inner_rc;

    rio_timeout_enter(&outer, 30 * RIO_MS);
    rio_timeout_enter(&inner, 3 * RIO_MS);
    block_the_thread(10 * RIO_MS);
    rc = await(rio_sleep(RIO_SEC));
    inner_rc = rio_timeout_exit(&inner, rc);
    rc = await(rio_sleep(10 * RIO_SEC));
    rc = rio_timeout_exit(&outer, rc);
    EXPECT_EQ(inner_rc, -ETIMEDOUT);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT(rio_now() - start < RIO_SEC);
    return 0;
}

LOOP_TEST(an_error_of_the_body_passes) /* TMO-09, TMO-10 */
{
    rio_timeout t;
    long rc;

    rio_timeout_enter(&t, RIO_SEC);
    EXPECT_EQ(rio_timeout_exit(&t, -EIO), -EIO);
    EXPECT(!rio_timeout_expired(&t));

    rio_timeout_enter(&t, RIO_MS);
    rc = await(rio_sleep(RIO_SEC));
    rc = rio_timeout_exit(&t, rc == -ECANCELED ? -EIO : rc);
    EXPECT_EQ(rc, -EIO);
    EXPECT(rio_timeout_expired(&t));
    return 0;
}

static long cancel_self_in_scope(void *arg)
{
    rio_timeout t;
    long rc;

    (void)arg;
    rio_timeout_enter(&t, 10 * RIO_SEC);
    rio_task_cancel(rio_current_task());
    rc = await(rio_sleep(RIO_SEC));
    rc = rio_timeout_exit(&t, rc);
    return rio_timeout_expired(&t) ? -EPROTO : rc;
}

LOOP_TEST(a_cancel_from_elsewhere_is_no_timeout) /* TMO-11 */
{
    EXPECT_EQ(await(rio_join_unref(rio_create_task(cancel_self_in_scope, NULL))),
              -ECANCELED);
    return 0;
}

LOOP_TEST(a_deadline_can_be_moved) /* TMO-13 */
{
    rio_timeout t;
    long rc;
    int64_t later = rio_now() + 30 * RIO_SEC;

    EXPECT_EQ(rio_timeout_enter(&t, 10 * RIO_SEC), 0);
    EXPECT_EQ(rio_timeout_reschedule(&t, later), 0);
    EXPECT_EQ(t.when, later);
    EXPECT_EQ(rio_timeout_reschedule(&t, RIO_FOREVER), 0);
    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT_EQ(rio_timeout_reschedule(&t, rio_now() + RIO_MS), 0);
    rc = await(rio_sleep(RIO_SEC));
    EXPECT_EQ(rio_timeout_exit(&t, rc), -ETIMEDOUT);
    return 0;
}

LOOP_TEST(clean_up_after_a_limit_may_have_its_own) /* TMO-14 */
{
    rio_timeout outer, inner;
    long rc, inner_rc;

    rio_timeout_enter(&outer, 2 * RIO_MS);
    rc = await(rio_sleep(RIO_SEC));
    rio_timeout_enter(&inner, 2 * RIO_MS);
    inner_rc = await(rio_sleep(RIO_SEC));
    inner_rc = rio_timeout_exit(&inner, inner_rc);
    rc = rio_timeout_exit(&outer, rc);
    EXPECT_EQ(inner_rc, -ETIMEDOUT);
    EXPECT_EQ(rc, -ETIMEDOUT);
    return 0;
}

static long limit_after_cancel(void *arg)
{
    rio_timeout t;
    long rc;

    (void)arg;
    EXPECT_EQ(await(rio_sleep(RIO_SEC)), -ECANCELED);
    rio_timeout_enter(&t, 0);
    rc = await(rio_sleep(RIO_SEC));
    rc = rio_timeout_exit(&t, rc);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 1);
    return 4;
}

LOOP_TEST(an_older_request_does_not_hide_a_timeout) /* TMO-15 */
{
    rio_task *t = rio_create_task(limit_after_cancel, NULL);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), 4);
    return 0;
}

LOOP_TEST(a_limit_of_zero_strikes_in_the_next_turn)
{
    rio_timeout t;
    long rc;

    rio_timeout_enter(&t, 0);
    rc = await(rio_yield());
    rc = rio_timeout_exit(&t, rc);
    EXPECT_EQ(rc, -ETIMEDOUT);
    rio_timeout_enter(&t, -RIO_SEC);
    rc = await(rio_sleep(RIO_SEC));
    EXPECT_EQ(rio_timeout_exit(&t, rc), -ETIMEDOUT);
    return 0;
}

LOOP_TEST(a_limit_left_in_time_strikes_nobody)
{
    rio_timeout t;

    rio_timeout_enter(&t, RIO_MS);
    block_the_thread(2 * RIO_MS);
    EXPECT_EQ(rio_timeout_exit(&t, 8), 8); /* the loop has not looked at it */
    EXPECT_EQ(await(rio_sleep(2 * RIO_MS)), 0);
    return 0;
}

static long strike_unseen(void *arg)
{
    rio_event *e = arg;
    rio_timeout t;
    long rc;

    EXPECT_EQ(await(rio_sleep(RIO_SEC)), -ECANCELED); /* count is 1 from now on */
    rio_timeout_enter(&t, 2 * RIO_MS);
    rc = await(rio_event_wait(e));
    /* The event came first, then the limit, and nothing waits any more. */
    rc = rio_timeout_exit(&t, rc);
    EXPECT(rc == 0 || rc == -ETIMEDOUT);
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 1);
    EXPECT_EQ(await(rio_yield()), 0); /* no stray delivery */
    return 6;
}

LOOP_TEST(a_withdrawn_request_leaves_no_delivery_behind)
{
    rio_event e = {0};
    rio_task *t = rio_create_task(strike_unseen, &e);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(await(rio_yield()), 0);
    block_the_thread(3 * RIO_MS);
    rio_event_set(&e);
    EXPECT_EQ(await(rio_join_unref(t)), 6);
    return 0;
}

LOOP_TEST(a_scope_cannot_be_entered_twice) /* TMO-17 */
{
    rio_timeout t;

    EXPECT_EQ(rio_timeout_enter(&t, RIO_SEC), 0);
    EXPECT_EQ(rio_timeout_enter(&t, RIO_SEC), -EINVAL);
    EXPECT_EQ(rio_timeout_exit(&t, 0), 0);
    EXPECT_EQ(rio_timeout_enter(&t, RIO_SEC), 0);
    EXPECT_EQ(rio_timeout_exit(&t, 1), 1);
    EXPECT_EQ(rio_timeout_exit(&t, 1), 1);
    return 0;
}

LOOP_TEST(only_a_running_limit_can_be_moved) /* TMO-18 */
{
    rio_timeout t = {0};
    long rc;

    EXPECT_EQ(rio_timeout_reschedule(&t, 1), -EINVAL);
    rio_timeout_enter(&t, RIO_MS);
    rc = await(rio_sleep(RIO_SEC));
    EXPECT_EQ(rio_timeout_reschedule(&t, 1), -EINVAL);
    EXPECT_EQ(rio_timeout_exit(&t, rc), -ETIMEDOUT);
    EXPECT_EQ(rio_timeout_reschedule(&t, 1), -EINVAL);
    return 0;
}

static long enter_in_callback(void *arg)
{
    rio_timeout t;

    *(int *)arg = rio_timeout_enter(&t, RIO_SEC);
    return 0;
}

LOOP_TEST(a_scope_needs_a_task) /* TMO-19 */
{
    int rc = 0;

    rio_call_soon(enter_in_callback, &rc);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rc, -EINVAL);
    return 0;
}

/* ---- wait_for ---- */

struct cleaner {
    int64_t clean_up;
    long result;
    bool cleaned;
};

static long sleep_and_clean(void *arg)
{
    struct cleaner *c = arg;
    long rc = await(rio_sleep(10 * RIO_SEC));

    if (c->clean_up > 0)
        RIO_IGNORE(await(rio_sleep(c->clean_up)));
    c->cleaned = true;
    return c->result != 0 ? c->result : rc;
}

LOOP_TEST(wait_for_waits_for_the_cancelled_task) /* WFOR-02, WFOR-05, WFOR-09 */
{
    int64_t limits[] = {3 * RIO_MS, 0, -1};

    for (int i = 0; i < 3; i++) {
        struct cleaner c = {.clean_up = 2 * RIO_MS};
        rio_task *t = rio_create_task(sleep_and_clean, &c);

        EXPECT_EQ(await(rio_yield()), 0);
        EXPECT_EQ(await(rio_wait_for(t, limits[i])), -ETIMEDOUT);
        EXPECT(rio_future_done(t) && rio_future_cancelled(t));
        EXPECT(c.cleaned);
        rio_unref(t);
    }
    return 0;
}

static long give_5(void *arg)
{
    (void)arg;
    return 5;
}

LOOP_TEST(wait_for_returns_a_result_that_is_there) /* WFOR-01, WFOR-03, WFOR-06 */
{
    rio_task *t = rio_create_task(give_5, NULL);

    EXPECT_EQ(await(rio_wait_for(t, RIO_FOREVER)), 5);
    EXPECT_EQ(await(rio_wait_for(t, 0)), 5);
    EXPECT_EQ(await(rio_wait_for(t, -1)), 5);
    rio_unref(t);
    return 0;
}

LOOP_TEST(an_answer_of_the_inner_task_beats_the_timeout) /* WFOR-07, WFOR-10 */
{
    struct cleaner good = {.result = 42}, bad = {.result = -EIO};
    rio_task *t = rio_create_task(sleep_and_clean, &good);

    EXPECT_EQ(await(rio_wait_for(t, RIO_MS)), 42);
    rio_unref(t);
    t = rio_create_task(sleep_and_clean, &bad);
    EXPECT_EQ(await(rio_wait_for(t, RIO_MS)), -EIO);
    rio_unref(t);
    return 0;
}

static long wait_long_for(void *arg)
{
    return await(rio_wait_for(arg, 60 * RIO_SEC));
}

LOOP_TEST(cancelling_the_waiter_cancels_the_inner_task) /* WFOR-11 */
{
    struct cleaner c = {0};
    rio_task *inner = rio_create_task(sleep_and_clean, &c);
    rio_task *outer = rio_create_task(wait_long_for, inner);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(outer);
    EXPECT_EQ(await(rio_join_unref(outer)), -ECANCELED);
    EXPECT(rio_future_cancelled(inner));
    rio_unref(inner);
    return 0;
}

static long wait_then_sleep(void *arg)
{
    long rc = await(rio_wait_for(arg, 60 * RIO_SEC));

    if (rc < 0)
        return rc;
    RIO_TRY(await(rio_sleep(RIO_MS)));
    return 99;
}

LOOP_TEST(a_cancel_in_the_moment_of_the_result_is_not_swallowed) /* WFOR-13 */
{
    rio_future *inner = rio_future_new();
    rio_task *outer = rio_create_task(wait_then_sleep, inner);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rio_future_set_result(inner, 1), 0);
    EXPECT(rio_task_cancel(outer));
    EXPECT_EQ(await(rio_join_unref(outer)), -ECANCELED);
    EXPECT_EQ(rio_future_result(inner), 1);
    rio_unref(inner);
    return 0;
}

static long sleep_5ms(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(5 * RIO_MS)));
    return 3;
}

LOOP_TEST(a_shield_under_wait_for_spares_the_task) /* WFOR-14, WFOR-15 */
{
    rio_task *t = rio_create_task(sleep_5ms, NULL);
    rio_future *shield = rio_shield_future(t);

    EXPECT_EQ(await(rio_wait_for(shield, 0)), -ETIMEDOUT);
    EXPECT(rio_future_cancelled(shield));
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(await(rio_join(t)), 3);
    rio_unref(shield);
    rio_unref(t);
    return 0;
}

LOOP_TEST(wait_for_call_limits_a_call_in_this_task)
{
    struct cleaner c = {.clean_up = RIO_MS};

    EXPECT_EQ(await(rio_wait_for_call(sleep_and_clean, &c, 2 * RIO_MS)), -ETIMEDOUT);
    EXPECT(c.cleaned);
    EXPECT_EQ(await(rio_wait_for_call(give_5, NULL, RIO_SEC)), 5);
    EXPECT_EQ(await(rio_wait_for_call(NULL, NULL, RIO_SEC)), -EINVAL);
    return 0;
}

TEST_MAIN(cmocka_unit_test(an_expired_limit_reads_as_etimedout),
          cmocka_unit_test(a_limit_that_is_kept_does_nothing),
          cmocka_unit_test(for_ever_is_no_limit),
          cmocka_unit_test(only_the_outermost_of_equal_limits_reports),
          cmocka_unit_test(an_outer_limit_passes_through_the_inner),
          cmocka_unit_test(the_outer_limit_interrupts_a_later_wait),
          cmocka_unit_test(an_error_of_the_body_passes),
          cmocka_unit_test(a_cancel_from_elsewhere_is_no_timeout),
          cmocka_unit_test(a_deadline_can_be_moved),
          cmocka_unit_test(clean_up_after_a_limit_may_have_its_own),
          cmocka_unit_test(an_older_request_does_not_hide_a_timeout),
          cmocka_unit_test(a_limit_of_zero_strikes_in_the_next_turn),
          cmocka_unit_test(a_limit_left_in_time_strikes_nobody),
          cmocka_unit_test(a_withdrawn_request_leaves_no_delivery_behind),
          cmocka_unit_test(a_scope_cannot_be_entered_twice),
          cmocka_unit_test(only_a_running_limit_can_be_moved),
          cmocka_unit_test(a_scope_needs_a_task),
          cmocka_unit_test(wait_for_waits_for_the_cancelled_task),
          cmocka_unit_test(wait_for_returns_a_result_that_is_there),
          cmocka_unit_test(an_answer_of_the_inner_task_beats_the_timeout),
          cmocka_unit_test(cancelling_the_waiter_cancels_the_inner_task),
          cmocka_unit_test(a_cancel_in_the_moment_of_the_result_is_not_swallowed),
          cmocka_unit_test(a_shield_under_wait_for_spares_the_task),
          cmocka_unit_test(wait_for_call_limits_a_call_in_this_task))
