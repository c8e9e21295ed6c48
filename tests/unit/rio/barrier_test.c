/* barrier_test - what a barrier does beside the cases BARR-01 to BARR-17.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

struct party {
    rio_barrier *b, *other;
    int rounds, met;
    int seen[4]; /* what each wait returned */
    size_t waiting_after;
};

static long meet(void *arg)
{
    struct party *p = arg;
    int rc = 0;

    for (int i = 0; i < p->rounds && rc >= 0; i++) {
        rc = await(rio_barrier_wait(p->b));
        p->seen[i] = rc;
        p->met += rc >= 0;
    }
    p->waiting_after = rio_barrier_n_waiting(p->b);
    return rc;
}

static void start(rio_barrier *b, struct party *p, rio_task **t, int n, int rounds)
{
    for (int i = 0; i < n; i++) {
        p[i] = (struct party){.b = b, .rounds = rounds};
        t[i] = rio_create_task(meet, &p[i]);
    }
}

RIO_AWAITS static long join_all(rio_task **t, int n)
{
    long lowest = 0;

    for (int i = 0; i < n; i++) {
        long rc = await(rio_join_unref(t[i]));

        if (rc < lowest)
            lowest = rc;
    }
    return lowest;
}

/* Whether round i gave each of 0 .. n-1 once. */
static bool each_once(const struct party *p, int n, int i)
{
    unsigned seen = 0;

    for (int k = 0; k < n; k++)
        seen |= 1u << p[k].seen[i];
    return seen == (1u << n) - 1;
}

LOOP_TEST(late_comers_wait_until_the_round_has_left)
{
    struct party p[3];
    rio_task *t[3];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 2), 0);
    start(&b, p, t, 1, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), 1); /* the other one is still leaving */
    start(&b, p + 1, t + 1, 1, 1);
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_future_done(t[0]) && !rio_future_done(t[1]));
    EXPECT_EQ(rio_barrier_n_waiting(&b), 1);
    EXPECT_EQ(await(rio_barrier_wait(&b)), 1);
    EXPECT_EQ(await(join_all(t, 2)), 0);
    return 0;
}

LOOP_TEST(a_cancelled_party_makes_room)
{
    struct party p[3];
    rio_task *t[3];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 2), 0);
    start(&b, p, t, 1, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(t[0]));
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    start(&b, p, t, 2, 1);
    EXPECT_EQ(await(join_all(t, 2)), 0);
    EXPECT(each_once(p, 2, 0));
    return 0;
}

LOOP_TEST(a_cancel_on_the_way_out_does_not_hold_the_next_round)
{
    struct party p[2];
    rio_task *t[2];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 2), 0);
    start(&b, p, t, 1, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), 1);
    EXPECT(rio_task_cancel(t[0]));
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    start(&b, p, t, 2, 1);
    EXPECT_EQ(await(join_all(t, 2)), 0);
    return 0;
}

static void outside_a_task_it_is_refused(void **state)
{
    rio_barrier b;

    (void)state;
    assert_int_equal(rio_barrier_init(&b, 1), 0);
    assert_int_equal(await(rio_barrier_wait(&b)), -EPERM);
    assert_int_equal(await(rio_barrier_reset(&b)), -EPERM);
    assert_int_equal(await(rio_barrier_abort(&b)), -EPERM);
}

TEST_MAIN(cmocka_unit_test(late_comers_wait_until_the_round_has_left),
          cmocka_unit_test(a_cancelled_party_makes_room),
          cmocka_unit_test(a_cancel_on_the_way_out_does_not_hold_the_next_round),
          cmocka_unit_test(outside_a_task_it_is_refused))
