/* exit_stack_test - what an exit stack does beside the cases CM-01 to CM-11.
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

LOOP_TEST(exits_run_in_reverse_order_and_may_wait)
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

static void outside_a_task_nothing_is_called(void **state)
{
    rio_exit_stack s;

    (void)state;
    rio_exit_stack_enter(&s);
    assert_int_equal(await(rio_exit_stack_exit(&s, 0)), -EPERM);
}

TEST_MAIN(cmocka_unit_test(exits_run_in_reverse_order_and_may_wait),
          cmocka_unit_test(an_exit_may_register_another),
          cmocka_unit_test(nothing_cannot_be_registered),
          cmocka_unit_test(outside_a_task_nothing_is_called))
