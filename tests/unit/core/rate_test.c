/* rate_test - events per second without a ticking clock.
 * SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include "support/test.h"

static const int64_t s = 1000000000;

static void add_many(struct rates *r, int64_t now_ns, int n)
{
    while (n-- > 0)
        rates_add(r, RATE_PUT, now_ns);
}

static void an_idle_rate_is_zero(void **state)
{
    struct rates r = {0};

    (void)state;
    assert_int_equal(rates_milli(&r, RATE_PUT, 0, 1), 0);
    assert_int_equal(rates_milli(&r, RATE_PUT, 1000 * s, 60), 0);
    rates_fini(&r);
}

static void the_second_that_runs_does_not_count_yet(void **state)
{
    struct rates r = {0};

    (void)state;
    add_many(&r, 100 * s, 7);
    assert_int_equal(rates_milli(&r, RATE_PUT, 100 * s + s - 1, 1), 0);
    assert_int_equal(rates_milli(&r, RATE_PUT, 101 * s, 1), 7000);
    assert_int_equal(rates_milli(&r, RATE_PUT, 102 * s - 1, 1), 7000);
    assert_int_equal(rates_milli(&r, RATE_PUT, 102 * s, 1), 0);
    rates_fini(&r);
}

static void each_window_is_the_mean_of_its_seconds(void **state)
{
    struct rates r = {0};

    (void)state;
    for (int64_t i = 0; i < 60; i++)
        add_many(&r, (100 + i) * s, (int)i);
    assert_int_equal(rates_milli(&r, RATE_PUT, 160 * s, 1), 59000);
    assert_int_equal(rates_milli(&r, RATE_PUT, 160 * s, 10), 54500);
    assert_int_equal(rates_milli(&r, RATE_PUT, 160 * s, 60), 29500);
    rates_fini(&r);
}

static void seconds_without_events_count_as_zero(void **state)
{
    struct rates r = {0};

    (void)state;
    add_many(&r, 100 * s, 10);
    add_many(&r, 105 * s, 10);
    assert_int_equal(rates_milli(&r, RATE_PUT, 110 * s, 10), 2000);
    add_many(&r, 110 * s, 1);
    assert_int_equal(rates_milli(&r, RATE_PUT, 111 * s, 10), 1100);
    rates_fini(&r);
}

static void a_turn_of_the_ring_leaves_nothing_behind(void **state)
{
    struct rates r = {0};

    (void)state;
    for (int64_t i = 0; i < 200; i++)
        add_many(&r, i * s, 3);
    assert_int_equal(rates_milli(&r, RATE_PUT, 200 * s, 60), 3000);
    add_many(&r, (199 + RATE_SECONDS) * s, 1); /* all of it is old now */
    assert_int_equal(rates_milli(&r, RATE_PUT, (200 + RATE_SECONDS) * s, 60), 16);
    add_many(&r, 100000 * s, 6);
    assert_int_equal(rates_milli(&r, RATE_PUT, 100001 * s, 60), 100);
    assert_int_equal(rates_milli(&r, RATE_PUT, 100061 * s, 60), 0);
    rates_fini(&r);
}

static void seconds_that_the_ring_has_lost_are_not_read(void **state)
{
    struct rates r = {0};

    (void)state;
    add_many(&r, 10 * s, 5);
    add_many(&r, (10 + RATE_SECONDS) * s, 9); /* the same counter */
    assert_int_equal(rates_milli(&r, RATE_PUT, 11 * s, 1), 0);
    rates_fini(&r);
}

static void the_first_seconds_have_no_past(void **state)
{
    struct rates r = {0};

    (void)state;
    add_many(&r, 0, 60);
    assert_int_equal(rates_milli(&r, RATE_PUT, s, 60), 1000);
    rates_fini(&r);
}

static void a_time_before_the_last_counts_as_the_last(void **state)
{
    struct rates r = {0};

    (void)state;
    rates_add(&r, RATE_PUT, 100 * s);
    rates_add(&r, RATE_PUT, 90 * s);
    assert_int_equal(rates_milli(&r, RATE_PUT, 101 * s, 1), 2000);
    rates_fini(&r);
}

static void a_full_counter_stays_full(void **state)
{
    struct rates r = {0};

    (void)state;
    rates_add(&r, RATE_PUT, 5 * s);
    r.ring[5 % r.cap].count[RATE_PUT] = UINT32_MAX;
    rates_add(&r, RATE_PUT, 5 * s);
    assert_int_equal(rates_milli(&r, RATE_PUT, 6 * s, 1), (uint64_t)UINT32_MAX * 1000);
    rates_fini(&r);
}

static void what_happens_in_one_second_is_counted_apart(void **state)
{
    struct rates r = {0};

    (void)state;
    rates_add(&r, RATE_PUT, 100 * s);
    rates_add(&r, RATE_DONE, 100 * s);
    rates_add(&r, RATE_DONE, 100 * s);
    assert_int_equal(rates_milli(&r, RATE_PUT, 101 * s, 1), 1000);
    assert_int_equal(rates_milli(&r, RATE_DELIVERED, 101 * s, 1), 0);
    assert_int_equal(rates_milli(&r, RATE_DONE, 101 * s, 1), 2000);
    rates_fini(&r);
}

static void a_ring_is_as_large_as_it_must_be(void **state)
{
    struct rates r = {0};

    (void)state;
    for (int64_t i = 0; i < 4; i++)
        add_many(&r, (100 + i) * s, 1);
    assert_int_equal(r.cap, 4);
    for (int64_t i = 0; i < 10; i++) /* hours later none of that matters */
        add_many(&r, (10000 + 64 * i) * s, 1);
    assert_int_equal(r.cap, 4);
    add_many(&r, (10000 + 64 * 9 + 8) * s, 1); /* shares a place with the last */
    assert_int_equal(r.cap, 16);
    assert_int_equal(rates_milli(&r, RATE_PUT, (10000 + 64 * 9 + 9) * s, 10), 200);
    for (int64_t i = 0; i < 1000; i++)
        add_many(&r, (20000 + i) * s, 1);
    assert_int_equal(r.cap, RATE_SECONDS);
    assert_int_equal(rates_milli(&r, RATE_PUT, 21000 * s, 60), 1000);
    rates_fini(&r);
}

TEST_MAIN(cmocka_unit_test(an_idle_rate_is_zero),
          cmocka_unit_test(the_second_that_runs_does_not_count_yet),
          cmocka_unit_test(each_window_is_the_mean_of_its_seconds),
          cmocka_unit_test(seconds_without_events_count_as_zero),
          cmocka_unit_test(a_turn_of_the_ring_leaves_nothing_behind),
          cmocka_unit_test(seconds_that_the_ring_has_lost_are_not_read),
          cmocka_unit_test(the_first_seconds_have_no_past),
          cmocka_unit_test(a_time_before_the_last_counts_as_the_last),
          cmocka_unit_test(a_full_counter_stays_full),
          cmocka_unit_test(what_happens_in_one_second_is_counted_apart),
          cmocka_unit_test(a_ring_is_as_large_as_it_must_be))
