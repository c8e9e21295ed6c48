/* wfor_test - WFOR: wait_for.
 * SPDX-License-Identifier: MIT */
#include "case.h"

LOOP_TEST(test_WFOR_01)
{
    struct job j = {.delay = RIO_MS, .result = 42};
    rio_task *t = rio_create_task(work, &j);

    EXPECT_EQ(await(rio_wait_for(t, RIO_FOREVER)), 42);
    rio_unref(t);
    EXPECT_EQ(await(rio_wait_for_call(work, &j, RIO_FOREVER)), 42);
    return 0;
}

LOOP_TEST(test_WFOR_02)
{
    struct job j;
    rio_task *t = rio_create_task(work, sleeper(&j));

    EXPECT_EQ(await(rio_wait_for(t, 10 * RIO_MS)), -ETIMEDOUT);
    EXPECT(rio_future_done(t) && rio_future_cancelled(t));
    EXPECT(j.cancelled && j.ended);
    EXPECT_EQ(cancelling(), 0);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_WFOR_03)
{
    rio_future *f = rio_future_new();

    EXPECT_EQ(rio_future_set_result(f, 7), 0);
    EXPECT_EQ(await(rio_wait_for(f, 0)), 7);
    EXPECT_EQ(await(rio_wait_for(f, -1)), 7);
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_WFOR_05)
{
    for (int64_t limit = 0; limit >= -1; limit--) {
        struct job j;
        rio_task *t = rio_create_task(work, sleeper(&j));

        EXPECT_EQ(await(settle()), 0);
        EXPECT_EQ(await(rio_wait_for(t, limit)), -ETIMEDOUT);
        EXPECT(rio_future_cancelled(t));
        EXPECT(j.cancelled && j.ended);
        rio_unref(t);
    }
    return 0;
}

static long set_it(void *f)
{
    return rio_future_set_result(f, 1);
}

LOOP_TEST(test_WFOR_06)
{
    rio_future *f = rio_future_new();

    EXPECT(rio_call_soon(set_it, f) != 0);
    EXPECT_EQ(await(rio_wait_for(f, LONG_SLEEP)), 1);
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_WFOR_07)
{
    struct job j = {.delay = LONG_SLEEP, .answer = 42};
    rio_task *t = rio_create_task(work, &j);

    EXPECT_EQ(await(rio_wait_for(t, 10 * RIO_MS)), 42);
    EXPECT(j.cancelled);
    EXPECT_EQ(cancelling(), 0);
    rio_unref(t);
    return 0;
}

static long slow_clean_up(void *arg)
{
    bool *clean = arg;
    long rc = await(rio_sleep(LONG_SLEEP));

    (void)rio_task_uncancel(rio_current_task());
    RIO_TRY(await(rio_sleep(5 * RIO_MS)));
    *clean = true;
    return rc;
}

LOOP_TEST(test_WFOR_09)
{
    bool clean = false;
    rio_task *t = rio_create_task(slow_clean_up, &clean);

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_wait_for(t, 0)), -ETIMEDOUT);
    EXPECT(clean);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_WFOR_10)
{
    struct job j = {.delay = LONG_SLEEP, .answer = ERR};
    rio_task *t = rio_create_task(work, &j);

    EXPECT_EQ(await(rio_wait_for(t, 10 * RIO_MS)), ERR);
    rio_unref(t);
    return 0;
}

struct limited {
    rio_future *f;
    int64_t limit;
};

static long waits_limited(void *arg)
{
    struct limited *l = arg;

    return await(rio_wait_for(l->f, l->limit));
}

LOOP_TEST(test_WFOR_11)
{
    for (int k = 0; k < 2; k++) {
        struct job j;
        struct limited l = {rio_create_task(work, sleeper(&j)),
                            k == 0 ? RIO_FOREVER : 60 * RIO_SEC};
        rio_task *t = rio_create_task(waits_limited, &l);

        EXPECT_EQ(await(settle()), 0);
        rio_task_cancel(t);
        EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
        EXPECT(rio_future_cancelled(l.f));
        EXPECT(j.cancelled);
        rio_unref(l.f);
    }
    return 0;
}

struct moment {
    rio_task *inner;
    bool reached_end;
};

static long done_at_once(void *unused)
{
    (void)unused;
    return 5;
}

static long waits_and_goes_on(void *arg)
{
    struct moment *m = arg;

    RIO_TRY(await(rio_wait_for(m->inner, LONG_SLEEP)));
    RIO_TRY(await(rio_sleep(LONG_SLEEP)));
    m->reached_end = true;
    return 0;
}

LOOP_TEST(test_WFOR_13)
{
    /* Whoever starts first, the waiter finds inner done or is woken by it. */
    for (int k = 0; k < 2; k++) {
        struct moment m = {0};
        rio_task *t;

        m.inner = rio_create_task(done_at_once, NULL);
        if (k == 1)
            EXPECT_EQ(await(rio_yield()), 0);
        t = rio_create_task(waits_and_goes_on, &m);
        EXPECT_EQ(await(rio_yield()), 0);
        EXPECT(rio_task_cancel(t));
        EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
        EXPECT_EQ(rio_future_result(m.inner), 5);
        EXPECT(!m.reached_end);
        rio_unref(m.inner);
    }
    return 0;
}

LOOP_TEST(test_WFOR_14)
{
    struct job j = {.delay = 10 * RIO_MS, .result = 8};
    rio_task *t = rio_create_task(work, &j);
    rio_future *s = rio_shield_future(t);

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_wait_for(s, 0)), -ETIMEDOUT);
    EXPECT(rio_future_cancelled(s));
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(await(rio_join(t)), 8);
    rio_unref(s);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_WFOR_15)
{
    struct job j = {.delay = RIO_MS, .result = 8};
    struct job k = {.f = rio_future_new()};
    rio_task *t = rio_create_task(work, &j), *u = rio_create_task(join_it, &k);
    rio_future *s = rio_shield_future(t);

    EXPECT_EQ(await(rio_wait_for(s, RIO_FOREVER)), 8);
    rio_unref(s);
    s = rio_shield_future(u);
    EXPECT_EQ(await(rio_wait_for(s, 10 * RIO_MS)), -ETIMEDOUT);
    EXPECT(!rio_future_done(u));
    EXPECT_EQ(rio_future_set_result(k.f, 9), 0);
    EXPECT_EQ(await(rio_join(u)), 9);
    rio_unref(s);
    rio_unref(t);
    rio_unref(u);
    rio_unref(k.f);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_WFOR_01), cmocka_unit_test(test_WFOR_02),
          cmocka_unit_test(test_WFOR_03), cmocka_unit_test(test_WFOR_05),
          cmocka_unit_test(test_WFOR_06), cmocka_unit_test(test_WFOR_07),
          cmocka_unit_test(test_WFOR_09), cmocka_unit_test(test_WFOR_10),
          cmocka_unit_test(test_WFOR_11), cmocka_unit_test(test_WFOR_13),
          cmocka_unit_test(test_WFOR_14), cmocka_unit_test(test_WFOR_15))
