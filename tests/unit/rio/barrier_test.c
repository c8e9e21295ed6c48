/* barrier_test - rounds of a meeting point, its reset and its end.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

enum { N = 5 };

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

LOOP_TEST(a_barrier_needs_parties) /* BARR-01 */
{
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 0), -EINVAL);
    EXPECT_EQ(rio_barrier_init(&b, 1), 0);
    return 0;
}

LOOP_TEST(all_pass_when_the_last_one_comes) /* BARR-02 */
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_barrier_n_waiting(&b), N - 1);
    EXPECT(!rio_future_done(t[0]));
    start(&b, p + N - 1, t + N - 1, 1, 1);
    EXPECT_EQ(await(join_all(t, N)), 0);
    EXPECT(each_once(p, N, 0));
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    EXPECT(!rio_barrier_broken(&b));
    return 0;
}

LOOP_TEST(a_party_of_one_never_waits) /* BARR-03 */
{
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 1), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), 0);
    return 0;
}

LOOP_TEST(rounds_do_not_mix) /* BARR-05, BARR-07 */
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N, 3);
    EXPECT_EQ(await(join_all(t, N)), 0);
    for (int i = 0; i < 3; i++)
        EXPECT(each_once(p, N, i));
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    return 0;
}

LOOP_TEST(late_comers_wait_until_the_round_has_left) /* BARR-06 */
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

LOOP_TEST(an_empty_barrier_may_be_reset) /* BARR-09 */
{
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 1), 0);
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT(!rio_barrier_broken(&b));
    EXPECT_EQ(await(rio_barrier_wait(&b)), 0);
    return 0;
}

LOOP_TEST(a_reset_turns_out_those_inside) /* BARR-10, BARR-13 */
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    EXPECT_EQ(await(join_all(t, N - 1)), -EPIPE);
    for (int i = 0; i < N - 1; i++)
        EXPECT_EQ(p[i].seen[0], -EPIPE);
    EXPECT(!rio_barrier_broken(&b));
    start(&b, p, t, N, 1); /* and again */
    EXPECT_EQ(await(join_all(t, N)), 0);
    return 0;
}

LOOP_TEST(a_reset_while_some_leave_turns_out_the_rest) /* BARR-11 */
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), N - 1); /* woken, but none has left */
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT_EQ(await(join_all(t, N - 1)), -EPIPE);
    start(&b, p, t, N, 1);
    EXPECT_EQ(await(join_all(t, N)), 0);
    return 0;
}

LOOP_TEST(a_reset_by_the_last_one_out_spares_the_next_round) /* BARR-14 */
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N, 1);
    EXPECT_EQ(await(join_all(t, N)), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0); /* none of them has come yet */
    EXPECT_EQ(await(rio_barrier_wait(&b)) >= 0, true);
    EXPECT_EQ(await(join_all(t, N - 1)), 0);
    return 0;
}

LOOP_TEST(an_abort_breaks_it_until_the_reset) /* BARR-15, BARR-17 */
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_barrier_abort(&b)), 0);
    EXPECT(rio_barrier_broken(&b));
    EXPECT_EQ(await(rio_barrier_wait(&b)), -EPIPE);
    EXPECT_EQ(await(join_all(t, N - 1)), -EPIPE);
    for (int i = 0; i < N - 1; i++)
        EXPECT_EQ(p[i].seen[0], -EPIPE);
    EXPECT(rio_barrier_broken(&b));
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT(!rio_barrier_broken(&b));
    start(&b, p, t, N, 1);
    EXPECT_EQ(await(join_all(t, N)), 0);
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

TEST_MAIN(cmocka_unit_test(a_barrier_needs_parties),
          cmocka_unit_test(all_pass_when_the_last_one_comes),
          cmocka_unit_test(a_party_of_one_never_waits),
          cmocka_unit_test(rounds_do_not_mix),
          cmocka_unit_test(late_comers_wait_until_the_round_has_left),
          cmocka_unit_test(an_empty_barrier_may_be_reset),
          cmocka_unit_test(a_reset_turns_out_those_inside),
          cmocka_unit_test(a_reset_while_some_leave_turns_out_the_rest),
          cmocka_unit_test(a_reset_by_the_last_one_out_spares_the_next_round),
          cmocka_unit_test(an_abort_breaks_it_until_the_reset),
          cmocka_unit_test(a_cancelled_party_makes_room),
          cmocka_unit_test(a_cancel_on_the_way_out_does_not_hold_the_next_round),
          cmocka_unit_test(outside_a_task_it_is_refused))
