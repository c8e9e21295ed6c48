/* exit_stack_test - clean-up in reverse order, whatever fails.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

static int order;

struct step {
    int digit;
    long rc; /* 1: what it was given */
    long given;
    rio_exit_stack *adds;
    struct step *added;
};

static long leave(void *arg, long rc)
{
    struct step *s = arg;

    s->given = rc;
    RIO_TRY(await(rio_yield()));
    order = order * 10 + s->digit;
    if (s->adds != NULL)
        RIO_TRY(rio_defer(s->adds, leave, s->added));
    return s->rc == 1 ? rc : s->rc;
}

static void defer_all(rio_exit_stack *s, struct step *steps, int n)
{
    order = 0;
    rio_exit_stack_enter(s);
    for (int i = 0; i < n; i++)
        (void)rio_defer(s, leave, &steps[i]);
}

LOOP_TEST(exits_run_in_reverse_order_and_may_wait) /* CM-01, CM-07 */
{
    struct step steps[9];
    rio_exit_stack s;

    for (int i = 0; i < 9; i++)
        steps[i] = (struct step){.digit = i + 1, .rc = 1};
    defer_all(&s, steps, 9);
    EXPECT_EQ(order, 0);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, 42)), 42);
    EXPECT_EQ(order, 987654321);
    return 0;
}

LOOP_TEST(an_error_of_the_body_passes_through) /* CM-02 */
{
    struct step steps[] = {{.digit = 1, .rc = 1}, {.digit = 2, .rc = 1}};
    rio_exit_stack s;

    defer_all(&s, steps, 2);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, -EIO)), -EIO);
    EXPECT(steps[0].given == -EIO && steps[1].given == -EIO);
    return 0;
}

LOOP_TEST(an_exit_may_suppress_the_error) /* CM-03 */
{
    struct step steps[] = {{.digit = 1, .rc = 1}, {.digit = 2, .rc = 0}};
    rio_exit_stack s;

    defer_all(&s, steps, 2);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, -EIO)), 0);
    EXPECT_EQ(steps[1].given, -EIO);
    EXPECT_EQ(steps[0].given, 0);
    return 0;
}

LOOP_TEST(all_run_and_the_last_failure_wins) /* CM-09 */
{
    struct step steps[] = {
        {.digit = 1, .rc = 1}, {.digit = 2, .rc = -EPROTO}, {.digit = 3, .rc = -EBADF}};
    rio_exit_stack s;

    defer_all(&s, steps, 3);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, -EIO)), -EPROTO);
    EXPECT_EQ(order, 321);
    EXPECT_EQ(steps[1].given, -EBADF);
    return 0;
}

LOOP_TEST(an_empty_stack_changes_nothing) /* CM-10 */
{
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, 7)), 7);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, -EIO)), -EIO);
    return 0;
}

LOOP_TEST(an_exit_may_register_another)
{
    rio_exit_stack s;
    struct step more = {.digit = 3, .rc = 1};
    struct step steps[] = {{.digit = 1, .rc = 1}, {.digit = 2, .rc = 1}};

    steps[1].adds = &s;
    steps[1].added = &more;
    defer_all(&s, steps, 2);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, 0)), 0);
    EXPECT_EQ(order, 231);
    return 0;
}

LOOP_TEST(nothing_cannot_be_registered)
{
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    EXPECT_EQ(rio_defer(&s, NULL, NULL), -EINVAL);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, 0)), 0);
    return 0;
}

static long unlock(void *arg, long rc)
{
    RIO_TRY(rio_lock_release(arg));
    return rc;
}

static long lock_in_a_stack(void *arg)
{
    rio_exit_stack s;
    long rc;

    rio_exit_stack_enter(&s);
    rc = await(rio_lock_acquire(arg));
    if (rc == 0)
        rc = rio_defer(&s, unlock, arg);
    if (rc == 0)
        rc = await(rio_sleep(60 * RIO_SEC));
    return await(rio_exit_stack_exit(&s, rc));
}

LOOP_TEST(what_was_not_acquired_is_not_released) /* CM-11 */
{
    rio_lock l = RIO_LOCK_INIT;
    rio_task *t;

    EXPECT_EQ(await(rio_lock_acquire(&l)), 0);
    t = rio_create_task(lock_in_a_stack, &l);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(rio_lock_locked(&l));
    EXPECT_EQ(rio_lock_release(&l), 0);
    t = rio_create_task(lock_in_a_stack, &l);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_lock_locked(&l));
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!rio_lock_locked(&l));
    return 0;
}

static void outside_a_task_nothing_is_called(void **state)
{
    rio_exit_stack s;

    (void)state;
    rio_exit_stack_enter(&s);
    assert_int_equal(await(rio_exit_stack_exit(&s, 0)), -EPERM);
}

TEST_MAIN(cmocka_unit_test(exits_run_in_reverse_order_and_may_wait),
          cmocka_unit_test(an_error_of_the_body_passes_through),
          cmocka_unit_test(an_exit_may_suppress_the_error),
          cmocka_unit_test(all_run_and_the_last_failure_wins),
          cmocka_unit_test(an_empty_stack_changes_nothing),
          cmocka_unit_test(an_exit_may_register_another),
          cmocka_unit_test(nothing_cannot_be_registered),
          cmocka_unit_test(what_was_not_acquired_is_not_released),
          cmocka_unit_test(outside_a_task_nothing_is_called))
