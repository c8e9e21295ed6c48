/* sleep_test - SLEEP: sleep.
 * SPDX-License-Identifier: MIT */
#include "case.h"

LOOP_TEST(test_SLEEP_01)
{
    int64_t start = rio_now();

    EXPECT_EQ(await(rio_sleep(50 * RIO_MS)), 0);
    EXPECT(rio_now() - start >= 50 * RIO_MS);
    EXPECT_EQ(await(rio_sleep(50 * RIO_MS)), 0);
    EXPECT(rio_now() - start >= 100 * RIO_MS);
    return 0;
}

static long increment(void *arg)
{
    (*(int *)arg)++;
    return 0;
}

LOOP_TEST(test_SLEEP_02)
{
    int n = 0;
    uint64_t turns = stats_now().turns;

    EXPECT(rio_call_soon(increment, &n) != 0);
    EXPECT_EQ(await(rio_sleep(0)), 0);
    EXPECT_EQ(n, 1);
    EXPECT_EQ(stats_now().turns, turns + 1);
    EXPECT_EQ(stats_now().timers, 0);
    return 0;
}

LOOP_TEST(test_SLEEP_03)
{
    struct job j = {.delay = INT64_MAX};
    rio_task *t = rio_create_task(work, &j);
    uint64_t turns = stats_now().turns;

    EXPECT_EQ(await(rio_sleep(INT64_MIN)), 0);
    EXPECT_EQ(stats_now().turns, turns + 1);
    EXPECT_EQ(await(rio_sleep_until(INT64_MIN)), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(j.started && !rio_future_done(t)); /* it has not come round to the past */
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

struct sleeper {
    int64_t until;
    char name;
    struct trail *trail;
};

static long sleeps(void *arg)
{
    struct sleeper *s = arg;

    RIO_TRY(await(rio_sleep_until(s->until)));
    leave(s->trail, s->name);
    return 0;
}

LOOP_TEST(test_SLEEP_05)
{
    int64_t now = rio_now();
    struct trail trail = {0};
    struct sleeper all[] = {
        {now + 30 * RIO_MS, '3', &trail},
        {now + 10 * RIO_MS, '1', &trail},
        {now + 20 * RIO_MS, '2', &trail},
    };

    EXPECT_EQ(RIO_GATHER_ARRAY(sleeps, all), 0);
    EXPECT(trail_is(&trail, "123"));
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_SLEEP_01), cmocka_unit_test(test_SLEEP_02),
          cmocka_unit_test(test_SLEEP_03), cmocka_unit_test(test_SLEEP_05))
