/* tmo_test - TMO: the timeout scope.
 * SPDX-License-Identifier: MIT */
#include <time.h>

#include "case.h"

/* Keeps the thread, and so the loop, until `when` has passed. */
/* The virtual clock moves when it is looked at, often. */
static void block_until(int64_t when)
{
    while (rio_now() <= when)
        if (loop_test_io() != RIO_IO_SIM)
            (void)nanosleep(&(struct timespec){.tv_nsec = RIO_MS}, NULL);
}

LOOP_TEST(test_TMO_01)
{
    for (int k = 0; k < 2; k++) {
        int64_t before = rio_now(), when = before + 10 * RIO_MS;
        rio_timeout t;
        long rc;

        if (k == 0)
            EXPECT_EQ(rio_timeout_enter(&t, 10 * RIO_MS), 0);
        else
            EXPECT_EQ(rio_timeout_enter_at(&t, when), 0);
        rc = await(rio_sleep(LONG_SLEEP));
        rc = rio_timeout_exit(&t, rc);
        EXPECT_EQ(rc, -ETIMEDOUT);
        EXPECT(rio_timeout_expired(&t));
        EXPECT(rio_now() >= when);
        EXPECT(k == 0 ? t.when >= when : t.when == when);
    }
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

LOOP_TEST(test_TMO_02)
{
    rio_timeout t;
    long rc;

    EXPECT_EQ(rio_timeout_enter(&t, LONG_SLEEP), 0);
    rc = await(rio_sleep(10 * RIO_MS));
    EXPECT_EQ(rio_timeout_exit(&t, rc), 0);
    EXPECT(!rio_timeout_expired(&t));
    EXPECT(t.when > rio_now());
    return 0;
}

LOOP_TEST(test_TMO_03)
{
    for (int k = 0; k < 2; k++) {
        rio_timeout t;
        long rc;

        EXPECT_EQ(k == 0 ? rio_timeout_enter(&t, RIO_FOREVER)
                         : rio_timeout_enter_at(&t, RIO_FOREVER),
                  0);
        rc = await(rio_sleep(10 * RIO_MS));
        EXPECT_EQ(rio_timeout_exit(&t, rc), 0);
        EXPECT(t.when == RIO_FOREVER);
        EXPECT(!rio_timeout_expired(&t));
    }
    return 0;
}

LOOP_TEST(test_TMO_05)
{
    int64_t when = rio_now() + 10 * RIO_MS;
    rio_timeout outer, inner;
    long body, after_inner, after_outer;

    EXPECT_EQ(rio_timeout_enter_at(&outer, when), 0);
    EXPECT_EQ(rio_timeout_enter_at(&inner, when), 0);
    body = await(rio_sleep(LONG_SLEEP));
    after_inner = rio_timeout_exit(&inner, body);
    after_outer = rio_timeout_exit(&outer, after_inner);
    EXPECT_EQ(body, -ECANCELED);
    EXPECT_EQ(after_inner, -ECANCELED);
    EXPECT_EQ(after_outer, -ETIMEDOUT);
    EXPECT(rio_timeout_expired(&inner) && rio_timeout_expired(&outer));
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

LOOP_TEST(test_TMO_06)
{
    rio_timeout outer, inner;
    long after_inner, after_outer;

    EXPECT_EQ(rio_timeout_enter(&outer, 2 * RIO_MS), 0);
    EXPECT_EQ(rio_timeout_enter(&inner, LONG_SLEEP), 0);
    block_until(outer.when);
    after_inner = await(rio_sleep(LONG_SLEEP));
    after_inner = rio_timeout_exit(&inner, after_inner);
    after_outer = rio_timeout_exit(&outer, after_inner);
    EXPECT_EQ(after_inner, -ECANCELED);
    EXPECT(!rio_timeout_expired(&inner));
    EXPECT_EQ(after_outer, -ETIMEDOUT);
    EXPECT(rio_timeout_expired(&outer));
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

LOOP_TEST(test_TMO_07)
{
    rio_timeout outer, inner;
    long after_inner, after_outer;
    bool late;

    EXPECT_EQ(rio_timeout_enter(&outer, 60 * RIO_MS), 0);
    EXPECT_EQ(rio_timeout_enter(&inner, 2 * RIO_MS), 0);
    block_until(inner.when);
    after_inner = await(rio_sleep(LONG_SLEEP));
    after_inner = rio_timeout_exit(&inner, after_inner);
    late = rio_now() >= outer.when; /* the machine stood still: both have struck */
    after_outer = after_inner;
    if (after_inner == -ETIMEDOUT)
        after_outer = await(rio_sleep(LONG_SLEEP));
    after_outer = rio_timeout_exit(&outer, after_outer);
    EXPECT(after_inner == -ETIMEDOUT || late);
    EXPECT_EQ(after_outer, -ETIMEDOUT);
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

LOOP_TEST(test_TMO_09)
{
    rio_timeout t;

    EXPECT_EQ(rio_timeout_enter(&t, LONG_SLEEP), 0);
    EXPECT_EQ(rio_timeout_exit(&t, ERR), ERR);
    EXPECT(!rio_timeout_expired(&t));
    return 0;
}

LOOP_TEST(test_TMO_10)
{
    rio_timeout t;
    long rc;

    EXPECT_EQ(rio_timeout_enter(&t, 10 * RIO_MS), 0);
    rc = await(rio_sleep(LONG_SLEEP));
    if (rc == -ECANCELED)
        rc = ERR; /* of the clean-up */
    EXPECT_EQ(rio_timeout_exit(&t, rc), ERR);
    EXPECT(rio_timeout_expired(&t));
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

static long cancels_itself_in_a_scope(void *arg)
{
    bool *expired = arg;
    rio_timeout t;
    long rc = rio_timeout_enter(&t, LONG_SLEEP);

    if (rc < 0)
        return rc;
    rio_task_cancel(rio_current_task());
    rc = await(rio_yield());
    rc = rio_timeout_exit(&t, rc);
    *expired = rio_timeout_expired(&t);
    return rc;
}

LOOP_TEST(test_TMO_11)
{
    bool expired = true;
    rio_task *t = rio_create_task(cancels_itself_in_a_scope, &expired);

    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!expired);
    return 0;
}

struct moved {
    bool follows, expired;
};

static long moves_its_deadline(void *arg)
{
    struct moved *m = arg;
    rio_timeout t;
    int64_t later;
    long rc = rio_timeout_enter(&t, 10 * RIO_SEC);

    if (rc < 0)
        return rc;
    later = rio_now() + 30 * RIO_SEC;
    m->follows = rio_timeout_reschedule(&t, later) == 0 && t.when == later;
    m->follows = rio_timeout_reschedule(&t, RIO_FOREVER) == 0 && m->follows &&
                 t.when == RIO_FOREVER;
    rc = await(rio_sleep(LONG_SLEEP));
    rc = rio_timeout_exit(&t, rc);
    m->expired = rio_timeout_expired(&t);
    return rc;
}

LOOP_TEST(test_TMO_13)
{
    struct moved m = {.expired = true};
    rio_task *t = rio_create_task(moves_its_deadline, &m);

    EXPECT_EQ(await(settle()), 0);
    EXPECT(m.follows);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!m.expired);
    return 0;
}

LOOP_TEST(test_TMO_14)
{
    rio_timeout outer, inner;
    long rc, clean_up;

    EXPECT_EQ(rio_timeout_enter(&outer, 10 * RIO_MS), 0);
    rc = await(rio_sleep(LONG_SLEEP));
    (void)rio_timeout_enter(&inner, 10 * RIO_MS);
    clean_up = await(rio_sleep(LONG_SLEEP));
    clean_up = rio_timeout_exit(&inner, clean_up);
    rc = rio_timeout_exit(&outer, rc);
    EXPECT_EQ(clean_up, -ETIMEDOUT);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT(rio_timeout_expired(&inner) && rio_timeout_expired(&outer));
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

static long limits_its_clean_up(void *arg)
{
    long *clean_up = arg;
    rio_timeout t;
    long rc = await(rio_sleep(LONG_SLEEP));

    if (rc != -ECANCELED || rio_timeout_enter(&t, 0) < 0)
        return -ENOTRECOVERABLE;
    rc = await(rio_sleep(LONG_SLEEP));
    *clean_up = rio_timeout_exit(&t, rc);
    return 3;
}

LOOP_TEST(test_TMO_15)
{
    long clean_up = 0;
    rio_task *t = rio_create_task(limits_its_clean_up, &clean_up);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join(t)), 3);
    EXPECT_EQ(clean_up, -ETIMEDOUT);
    EXPECT_EQ(rio_task_cancelling(t), 1);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_TMO_17)
{
    rio_timeout t;
    int again;

    EXPECT_EQ(rio_timeout_enter(&t, LONG_SLEEP), 0);
    again = rio_timeout_enter(&t, LONG_SLEEP);
    EXPECT_EQ(rio_timeout_exit(&t, 0), 0);
    EXPECT_EQ(again, -EINVAL);
    EXPECT_EQ(rio_timeout_enter(&t, LONG_SLEEP), 0);
    EXPECT_EQ(rio_timeout_exit(&t, 5), 5);
    return 0;
}

LOOP_TEST(test_TMO_18)
{
    rio_timeout t = {0};
    int expiring;
    long rc;

    EXPECT_EQ(rio_timeout_reschedule(&t, RIO_FOREVER), -EINVAL); /* before enter */
    EXPECT_EQ(rio_timeout_enter(&t, LONG_SLEEP), 0);
    EXPECT_EQ(rio_timeout_exit(&t, 0), 0);
    EXPECT_EQ(rio_timeout_reschedule(&t, RIO_FOREVER), -EINVAL); /* after exit */

    EXPECT_EQ(rio_timeout_enter(&t, 0), 0);
    rc = await(rio_sleep(LONG_SLEEP));
    expiring = rio_timeout_reschedule(&t, RIO_FOREVER);
    EXPECT_EQ(rio_timeout_exit(&t, rc), -ETIMEDOUT);
    EXPECT_EQ(expiring, -EINVAL);
    EXPECT_EQ(rio_timeout_reschedule(&t, RIO_FOREVER), -EINVAL); /* after expiry */
    return 0;
}

static long enter_in_callback(void *arg)
{
    static rio_timeout t;
    int *rc = arg;

    *rc = rio_timeout_enter(&t, RIO_SEC);
    return 0;
}

LOOP_TEST(in_a_callback)
{
    int rc = 1;

    EXPECT(rio_call_soon(enter_in_callback, &rc) != 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rc, -EINVAL);
    return 0;
}

static void test_TMO_19(void **state)
{
    rio_timeout t = {0};

    assert_int_equal(rio_timeout_enter(&t, RIO_SEC), -EINVAL);
    assert_int_equal(rio_timeout_enter_at(&t, RIO_FOREVER), -EINVAL);
    in_a_callback(state);
}

TEST_MAIN(cmocka_unit_test(test_TMO_01), cmocka_unit_test(test_TMO_02),
          cmocka_unit_test(test_TMO_03), cmocka_unit_test(test_TMO_05),
          cmocka_unit_test(test_TMO_06), cmocka_unit_test(test_TMO_07),
          cmocka_unit_test(test_TMO_09), cmocka_unit_test(test_TMO_10),
          cmocka_unit_test(test_TMO_11), cmocka_unit_test(test_TMO_13),
          cmocka_unit_test(test_TMO_14), cmocka_unit_test(test_TMO_15),
          cmocka_unit_test(test_TMO_17), cmocka_unit_test(test_TMO_18),
          cmocka_unit_test(test_TMO_19))
