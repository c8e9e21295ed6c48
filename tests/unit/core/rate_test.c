/* rate_test - events per second without a ticking clock.
 * SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include "support/test.h"

static const int64_t s = 1000000000;

static void add_many(struct rate *r, int64_t now_ns, int n)
{
    while (n-- > 0)
        rate_add(r, now_ns);
}

static void an_idle_rate_is_zero(void **state)
{
    struct rate r = {0};

    (void)state;
    assert_int_equal(rate_milli(&r, 0, 1), 0);
    assert_int_equal(rate_milli(&r, 1000 * s, 60), 0);
}

static void the_second_that_runs_does_not_count_yet(void **state)
{
    struct rate r = {0};

    (void)state;
    add_many(&r, 100 * s, 7);
    assert_int_equal(rate_milli(&r, 100 * s + s - 1, 1), 0);
    assert_int_equal(rate_milli(&r, 101 * s, 1), 7000);
    assert_int_equal(rate_milli(&r, 102 * s - 1, 1), 7000);
    assert_int_equal(rate_milli(&r, 102 * s, 1), 0);
}

static void each_window_is_the_mean_of_its_seconds(void **state)
{
    struct rate r = {0};

    (void)state;
    for (int64_t i = 0; i < 60; i++)
        add_many(&r, (100 + i) * s, (int)i);
    assert_int_equal(rate_milli(&r, 160 * s, 1), 59000);
    assert_int_equal(rate_milli(&r, 160 * s, 10), 54500);
    assert_int_equal(rate_milli(&r, 160 * s, 60), 29500);
}

static void seconds_without_events_count_as_zero(void **state)
{
    struct rate r = {0};

    (void)state;
    add_many(&r, 100 * s, 10);
    add_many(&r, 105 * s, 10);
    assert_int_equal(rate_milli(&r, 110 * s, 10), 2000);
    add_many(&r, 110 * s, 1);
    assert_int_equal(rate_milli(&r, 111 * s, 10), 1100);
}

static void a_turn_of_the_ring_leaves_nothing_behind(void **state)
{
    struct rate r = {0};

    (void)state;
    for (int64_t i = 0; i < 200; i++)
        add_many(&r, i * s, 3);
    assert_int_equal(rate_milli(&r, 200 * s, 60), 3000);
    add_many(&r, (199 + RATE_SECONDS) * s, 1); /* all of it is old now */
    assert_int_equal(rate_milli(&r, (200 + RATE_SECONDS) * s, 60), 16);
    add_many(&r, 100000 * s, 6);
    assert_int_equal(rate_milli(&r, 100001 * s, 60), 100);
    assert_int_equal(rate_milli(&r, 100061 * s, 60), 0);
}

static void seconds_that_the_ring_has_lost_are_not_read(void **state)
{
    struct rate r = {0};

    (void)state;
    add_many(&r, 10 * s, 5);
    add_many(&r, (10 + RATE_SECONDS) * s, 9); /* the same counter */
    assert_int_equal(rate_milli(&r, 11 * s, 1), 0);
}

static void the_first_seconds_have_no_past(void **state)
{
    struct rate r = {0};

    (void)state;
    add_many(&r, 0, 60);
    assert_int_equal(rate_milli(&r, s, 60), 1000);
}

static void a_time_before_the_last_counts_as_the_last(void **state)
{
    struct rate r = {0};

    (void)state;
    rate_add(&r, 100 * s);
    rate_add(&r, 90 * s);
    assert_int_equal(rate_milli(&r, 101 * s, 1), 2000);
}

static void a_full_counter_stays_full(void **state)
{
    struct rate r = {0};

    (void)state;
    rate_add(&r, 5 * s);
    r.count[5] = UINT32_MAX;
    rate_add(&r, 5 * s);
    assert_int_equal(rate_milli(&r, 6 * s, 1), (uint64_t)UINT32_MAX * 1000);
}

TEST_MAIN(cmocka_unit_test(an_idle_rate_is_zero),
          cmocka_unit_test(the_second_that_runs_does_not_count_yet),
          cmocka_unit_test(each_window_is_the_mean_of_its_seconds),
          cmocka_unit_test(seconds_without_events_count_as_zero),
          cmocka_unit_test(a_turn_of_the_ring_leaves_nothing_behind),
          cmocka_unit_test(seconds_that_the_ring_has_lost_are_not_read),
          cmocka_unit_test(the_first_seconds_have_no_past),
          cmocka_unit_test(a_time_before_the_last_counts_as_the_last),
          cmocka_unit_test(a_full_counter_stays_full))
