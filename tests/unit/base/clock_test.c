/* clock_test - clocks and the arithmetic of times.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include "support/test.h"

static void boottime_never_goes_back(void **state)
{
    int64_t last = rq_clock_boottime_ns();

    (void)state;
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = rq_clock_boottime_ns();

        assert_true(now >= last);
        last = now;
    }
}

static void wall_time_is_in_milliseconds(void **state)
{
    (void)state;
    /* Between the years 2020 and 2100. */
    assert_true(rq_clock_wall_ms() > INT64_C(1577836800000));
    assert_true(rq_clock_wall_ms() < INT64_C(4102444800000));
}

static void what_is_left_is_never_negative(void **state)
{
    (void)state;
    assert_int_equal(rq_clock_until(10, 4), 6);
    assert_int_equal(rq_clock_until(10, 10), 0);
    assert_int_equal(rq_clock_until(10, 11), 0);
    assert_int_equal(rq_clock_until(INT64_MIN, INT64_MAX), 0);
}

static void a_far_time_stays_at_the_last_one(void **state)
{
    (void)state;
    assert_int_equal(rq_clock_after(1, 2), 3);
    assert_int_equal(rq_clock_after(INT64_MAX - 1, 1), INT64_MAX);
    assert_int_equal(rq_clock_after(INT64_MAX - 1, 2), INT64_MAX);
    assert_int_equal(rq_clock_after(INT64_MAX, INT64_MAX), INT64_MAX);
    assert_int_equal(rq_clock_after(-5, INT64_MAX), INT64_MAX - 5);
}

TEST_MAIN(cmocka_unit_test(boottime_never_goes_back),
          cmocka_unit_test(wall_time_is_in_milliseconds),
          cmocka_unit_test(what_is_left_is_never_negative),
          cmocka_unit_test(a_far_time_stays_at_the_last_one))
