/* group_test - tasks that end together; all errors kept; counts left as they were.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"

static unsigned cancelling(void)
{
    return rio_task_cancelling(rio_current_task());
}

struct job {
    int64_t delay;
    long result;
    long clean_up_error;
    bool cancelled;
};

static long work(void *arg)
{
    struct job *j = arg;
    long rc = await(rio_sleep(j->delay));

    if (rc == -ECANCELED) {
        j->cancelled = true;
        return j->clean_up_error < 0 ? j->clean_up_error : rc;
    }
    return j->result;
}

static struct job *sleeper(struct job *j)
{
    *j = (struct job){.delay = 10 * RIO_SEC};
    return j;
}

LOOP_TEST(exit_waits_for_all_members) /* TG-01, TG-02 */
{
    struct job a = {.delay = 3 * RIO_MS, .result = 42};
    struct job b = {.delay = 6 * RIO_MS, .result = 11};
    rio_group g;
    rio_task *ta, *tb;

    EXPECT_EQ(rio_group_enter(&g), 0);
    ta = rio_ref(rio_group_spawn(&g, work, &a));
    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    tb = rio_ref(rio_group_spawn(&g, work, &b));
    EXPECT_EQ(g.ntasks, 2);
    EXPECT_EQ(await(rio_group_exit(&g, 7)), 7);
    EXPECT_EQ(rio_future_result(ta), 42);
    EXPECT_EQ(rio_future_result(tb), 11);
    EXPECT_EQ(g.ntasks, 0);
    rio_group_destroy(&g);
    rio_unref(ta);
    rio_unref(tb);
    return 0;
}

LOOP_TEST(a_cancelled_member_is_no_failure) /* TG-03 */
{
    struct job a, b = {.delay = 2 * RIO_MS};
    rio_group g;
    rio_task *t;

    rio_group_enter(&g);
    t = rio_group_spawn(&g, work, sleeper(&a));
    rio_group_spawn(&g, work, &b);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT_EQ(g.nerrors, 0);
    EXPECT(!b.cancelled);
    rio_group_destroy(&g);
    return 0;
}

LOOP_TEST(a_failing_member_cancels_the_others_and_the_body) /* TG-05 */
{
    struct job bad[3], good;
    rio_group g;
    long rc;

    rio_group_enter(&g);
    for (int i = 0; i < 3; i++) {
        bad[i] = (struct job){.delay = RIO_MS, .result = -EIO};
        rio_group_spawn(&g, work, &bad[i]);
    }
    rio_group_spawn(&g, work, sleeper(&good));
    rc = await(rio_sleep(10 * RIO_SEC));
    EXPECT_EQ(rc, -ECANCELED);
    rc = await(rio_group_exit(&g, rc));
    EXPECT_EQ(rc, -EIO);
    EXPECT(good.cancelled);
    EXPECT(g.nerrors >= 1);
    for (size_t i = 0; i < g.nerrors; i++)
        EXPECT_EQ(g.errors[i].err, -EIO);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&g);
    EXPECT_EQ(await(rio_yield()), 0); /* TG-33: nothing leaks out */
    return 0;
}

struct nest {
    struct job jobs[5];
    bool in_body;
};

static long parent_of_five(void *arg)
{
    struct nest *n = arg;
    rio_group g;
    long rc = 0;

    rio_group_enter(&g);
    for (int i = 0; i < 5; i++)
        rio_group_spawn(&g, work, sleeper(&n->jobs[i]));
    if (n->in_body)
        rc = await(rio_sleep(10 * RIO_SEC));
    rc = await(rio_group_exit(&g, rc));
    if (g.nerrors != 0)
        rc = -EPROTO;
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(cancelling_the_parent_cancels_the_members) /* TG-06, TG-07, TG-19 */
{
    for (int k = 0; k < 2; k++) {
        struct nest n = {.in_body = k == 1};
        rio_task *t = rio_create_task(parent_of_five, &n);

        EXPECT_EQ(await(loop_test_settle()), 0);
        rio_task_cancel(t);
        EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
        for (int i = 0; i < 5; i++)
            EXPECT(n.jobs[i].cancelled);
    }
    return 0;
}

LOOP_TEST(a_failing_body_cancels_members_that_never_started) /* TG-09 */
{
    struct job a;
    rio_group g;

    rio_group_enter(&g);
    rio_group_spawn(&g, work, sleeper(&a));
    EXPECT_EQ(await(rio_group_exit(&g, -EIO)), -EIO);
    EXPECT(!a.cancelled); /* it never ran */
    EXPECT_EQ(g.nerrors, 1);
    EXPECT_EQ(g.errors[0].err, -EIO);
    EXPECT(g.errors[0].task == NULL);
    rio_group_destroy(&g);
    return 0;
}

static long inner_group(void *arg)
{
    struct job *jobs = arg;
    rio_group g;
    long rc;

    rio_group_enter(&g);
    rio_group_spawn(&g, work, &jobs[0]);
    rio_group_spawn(&g, work, &jobs[1]);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(errors_of_clean_up_come_out_of_nested_groups) /* TG-10 */
{
    struct job jobs[2];
    rio_group g;

    sleeper(&jobs[0])->clean_up_error = -EIO;
    sleeper(&jobs[1])->clean_up_error = -EPROTO;
    rio_group_enter(&g);
    rio_group_spawn(&g, inner_group, jobs);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_group_cancel(&g);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), -EIO);
    EXPECT_EQ(g.nerrors, 1);
    rio_group_destroy(&g);
    return 0;
}

static long outer_fails_while_in_inner(void *arg)
{
    struct job *jobs = arg;
    rio_group outer, inner;
    long rc, inner_errors;

    rio_group_enter(&outer);
    rio_group_spawn(&outer, work, &jobs[0]);
    rio_group_enter(&inner);
    rio_group_spawn(&inner, work, &jobs[1]);
    rc = await(rio_group_exit(&inner, 0));
    inner_errors = (long)inner.nerrors;
    rio_group_destroy(&inner);
    rc = await(rio_group_exit(&outer, rc));
    rio_group_destroy(&outer);
    EXPECT_EQ(inner_errors, 0);
    EXPECT_EQ(cancelling(), 0);
    return rc;
}

LOOP_TEST(the_inner_group_is_cancelled_silently) /* TG-11 */
{
    struct job jobs[2] = {{.delay = RIO_MS, .result = -EIO}};

    sleeper(&jobs[1]);
    EXPECT_EQ(await(rio_join_unref(rio_create_task(outer_fails_while_in_inner, jobs))),
              -EIO);
    EXPECT(jobs[1].cancelled);
    return 0;
}

static long slow_body(void *arg)
{
    struct job *child = arg;
    rio_group g;
    long rc;

    rio_group_enter(&g);
    rio_group_spawn(&g, work, child);
    rc = await(rio_sleep(10 * RIO_SEC)); /* cancelled from outside */
    RIO_IGNORE(await(rio_sleep(6 * RIO_MS)));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(an_error_wins_over_a_cancel_from_outside) /* TG-13, TG-14 */
{
    struct job child = {.delay = 3 * RIO_MS, .result = -EIO};
    rio_task *t = rio_create_task(slow_body, &child);

    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -EIO);
    return 0;
}

static long empty_group(void *arg)
{
    rio_group g;
    long rc;

    (void)arg;
    rio_group_enter(&g);
    rc = await(rio_sleep(RIO_SEC));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(a_cancel_passes_an_empty_group) /* TG-15 */
{
    rio_task *t = rio_create_task(empty_group, NULL);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

LOOP_TEST(the_errors_of_child_and_body_are_both_kept) /* TG-17, TG-31 */
{
    struct job child = {.delay = RIO_MS, .result = -EIO};
    rio_group g;
    long rc;

    rio_group_enter(&g);
    rio_group_spawn(&g, work, &child);
    rc = await(rio_sleep(RIO_SEC));
    EXPECT_EQ(rc, -ECANCELED);
    rc = await(rio_group_exit(&g, -EPROTO));
    EXPECT_EQ(rc, -EIO);
    EXPECT_EQ(g.nerrors, 2);
    EXPECT_EQ(g.errors[0].err, -EIO);
    EXPECT_EQ(g.errors[1].err, -EPROTO);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&g);
    return 0;
}

struct breeder {
    rio_group *g;
    long *count;
    int left;
};

static long breed(void *arg)
{
    struct breeder *b = arg;
    struct breeder child = {b->g, b->count, b->left - 1};

    ++*b->count;
    RIO_TRY(await(rio_yield()));
    if (b->left == 0)
        return 0;
    if (rio_group_spawn_copy(b->g, breed, &child, sizeof child) == NULL)
        return -errno;
    return 0;
}

LOOP_TEST(members_may_spawn_members) /* TG-21 */
{
    long count = 0;
    rio_group g;
    struct breeder b = {&g, &count, 10};

    rio_group_enter(&g);
    rio_group_spawn(&g, breed, &b);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT_EQ(count, 11);
    rio_group_destroy(&g);
    return 0;
}

static long breed_until_failure(void *arg)
{
    struct breeder *b = arg;
    struct breeder child = *b;

    RIO_TRY(await(rio_yield()));
    if (++*b->count > 100)
        return -EIO;
    for (int i = 0; i < 2; i++)
        if (rio_group_spawn_copy(b->g, breed_until_failure, &child, sizeof child) ==
            NULL)
            return errno == ESHUTDOWN ? 0 : -errno;
    return 0;
}

LOOP_TEST(a_failure_ends_endless_growth) /* TG-22 */
{
    long count = 0;
    rio_group g;
    struct breeder b = {&g, &count, 0};

    rio_group_enter(&g);
    rio_group_spawn(&g, breed_until_failure, &b);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), -EIO);
    rio_group_destroy(&g);
    return 0;
}

static long nothing(void *arg)
{
    (void)arg;
    return 0;
}

LOOP_TEST(misuse_is_refused) /* TG-25, TG-26 */
{
    rio_group g = {0};

    errno = 0;
    EXPECT(rio_group_spawn(&g, nothing, NULL) == NULL);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), -EINVAL);
    EXPECT_EQ(rio_group_enter(&g), 0);
    EXPECT_EQ(rio_group_enter(&g), -EINVAL);
    EXPECT(rio_group_spawn(&g, NULL, NULL) == NULL);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT(rio_group_spawn(&g, nothing, NULL) == NULL);
    EXPECT_EQ(errno, EINVAL);
    rio_group_destroy(&g);
    rio_group_destroy(&g);
    EXPECT_EQ(rio_group_enter(&g), 0); /* again, after exit */
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    return 0;
}

static long enter_in_callback(void *arg)
{
    rio_group g = {0};

    *(int *)arg = rio_group_enter(&g);
    return 0;
}

LOOP_TEST(a_group_needs_a_task) /* TG-27 */
{
    int rc = 0;

    rio_call_soon(enter_in_callback, &rc);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rc, -EINVAL);
    return 0;
}

static long fail_on_event(void *arg)
{
    RIO_TRY(await(rio_event_wait(arg)));
    return -EIO;
}

LOOP_TEST(two_groups_that_fail_at_once_each_take_their_own_request) /* TG-29 */
{
    rio_event now = {0};
    rio_group outer, inner;
    long rc;
    unsigned between;

    rio_group_enter(&outer);
    rio_group_spawn(&outer, fail_on_event, &now);
    rio_group_enter(&inner);
    rio_group_spawn(&inner, fail_on_event, &now);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_event_set(&now);
    rc = await(rio_sleep(RIO_SEC));
    EXPECT_EQ(rc, -ECANCELED);
    rc = await(rio_group_exit(&inner, rc));
    between = cancelling();
    EXPECT_EQ(rc, -EIO);
    rio_group_destroy(&inner);
    rc = await(rio_group_exit(&outer, 0));
    EXPECT_EQ(rc, -EIO);
    EXPECT_EQ(between, 1);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&outer);
    return 0;
}

static long error_and_cancel(void *arg)
{
    rio_group g;
    long rc;

    rio_group_enter(&g);
    rio_group_spawn(&g, fail_on_event, arg);
    rc = await(rio_sleep(RIO_SEC));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    EXPECT_EQ(rc, -EIO);
    EXPECT_EQ(cancelling(), 1);
    return await(rio_sleep(RIO_SEC));
}

LOOP_TEST(a_cancel_beside_an_error_is_delivered_later) /* TG-30 */
{
    rio_event now = {0};
    rio_task *t = rio_create_task(error_and_cancel, &now);
    int64_t start = rio_now();

    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_event_set(&now);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(rio_now() - start < RIO_SEC);
    return 0;
}

LOOP_TEST(a_failing_group_leaks_nothing) /* TG-34 */
{
    for (int i = 0; i < 2000; i++) {
        struct job good, bad = {.delay = 0, .result = -EIO};
        rio_group g;

        rio_group_enter(&g);
        rio_group_spawn(&g, work, sleeper(&good));
        rio_group_spawn(&g, work, &bad);
        EXPECT_EQ(await(rio_group_exit(&g, 0)), -EIO);
        rio_group_destroy(&g);
    }
    return 0;
}

LOOP_TEST(a_limit_round_a_group) /* TG-35 */
{
    struct job a, b;
    rio_timeout t;
    rio_group g;
    long rc;

    rio_timeout_enter(&t, 2 * RIO_MS);
    rio_group_enter(&g);
    rio_group_spawn(&g, work, sleeper(&a));
    rio_group_spawn(&g, work, sleeper(&b));
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    rc = rio_timeout_exit(&t, rc);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT(a.cancelled && b.cancelled);
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

static long cancelled_in_exit(void *arg)
{
    struct job *slow = arg;
    rio_group g;
    long rc;

    rio_group_enter(&g);
    rio_group_spawn(&g, work, slow);
    RIO_TRY(await(rio_yield()));
    rio_group_cancel(&g);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

static long clean_up_slowly(void *arg)
{
    (void)arg;
    RIO_IGNORE(await(rio_sleep(RIO_SEC)));
    return await(rio_sleep(4 * RIO_MS)) < 0 ? -EPROTO : 0;
}

static long cancel_then_be_cancelled(void *arg)
{
    rio_group g;
    long rc;

    (void)arg;
    rio_group_enter(&g);
    rio_group_spawn(&g, clean_up_slowly, NULL);
    RIO_IGNORE(await(rio_yield()));
    rio_group_cancel(&g);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(rio_group_cancel_ends_the_members_only)
{
    struct job slow;
    rio_task *t = rio_create_task(cancelled_in_exit, sleeper(&slow));

    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(slow.cancelled);
    /* A cancel from outside while an aborted group still waits is not lost. */
    t = rio_create_task(cancel_then_be_cancelled, NULL);
    EXPECT_EQ(await(rio_sleep(2 * RIO_MS)), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

RIO_AWAITS static long leave_early(void *arg)
{
    RIO_AUTO_GROUP(g);

    rio_group_spawn(&g, work, sleeper(arg));
    RIO_TRY(await(rio_yield()));
    return 3; /* the members are cancelled and waited for */
}

LOOP_TEST(an_auto_group_ends_with_its_block) /* CX-07 */
{
    struct job a;

    EXPECT_EQ(await(leave_early(&a)), 3);
    EXPECT(a.cancelled);
    return 0;
}

static long fail_with_message(void *arg)
{
    (void)arg;
    return rio_error(-EIO, "disk %d is gone", 3);
}

LOOP_TEST(messages_are_kept_with_the_errors)
{
    rio_group g;

    rio_group_enter(&g);
    rio_group_spawn(&g, fail_with_message, NULL);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), -EIO);
    EXPECT(strcmp(g.errors[0].msg, "disk 3 is gone") == 0);
    EXPECT_EQ(rio_future_result(g.errors[0].task), -EIO);
    rio_group_destroy(&g);
    return 0;
}

TEST_MAIN(cmocka_unit_test(exit_waits_for_all_members),
          cmocka_unit_test(a_cancelled_member_is_no_failure),
          cmocka_unit_test(a_failing_member_cancels_the_others_and_the_body),
          cmocka_unit_test(cancelling_the_parent_cancels_the_members),
          cmocka_unit_test(a_failing_body_cancels_members_that_never_started),
          cmocka_unit_test(errors_of_clean_up_come_out_of_nested_groups),
          cmocka_unit_test(the_inner_group_is_cancelled_silently),
          cmocka_unit_test(an_error_wins_over_a_cancel_from_outside),
          cmocka_unit_test(a_cancel_passes_an_empty_group),
          cmocka_unit_test(the_errors_of_child_and_body_are_both_kept),
          cmocka_unit_test(members_may_spawn_members),
          cmocka_unit_test(a_failure_ends_endless_growth),
          cmocka_unit_test(misuse_is_refused), cmocka_unit_test(a_group_needs_a_task),
          cmocka_unit_test(two_groups_that_fail_at_once_each_take_their_own_request),
          cmocka_unit_test(a_cancel_beside_an_error_is_delivered_later),
          cmocka_unit_test(a_failing_group_leaks_nothing),
          cmocka_unit_test(a_limit_round_a_group),
          cmocka_unit_test(rio_group_cancel_ends_the_members_only),
          cmocka_unit_test(an_auto_group_ends_with_its_block),
          cmocka_unit_test(messages_are_kept_with_the_errors))
