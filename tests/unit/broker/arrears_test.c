/* arrears_test - what is forgotten, and not before the totals say so.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"

#include "broker/arrears.h"

enum { HOMES = 1000 };

struct told {
    size_t count;
    uint64_t sum;
};

static void note(void *arg, uint64_t home)
{
    struct told *told = arg;

    told->count++;
    told->sum += home;
}

static void nothing_is_forgotten_before_a_totals_is_issued(void **state)
{
    struct arrears a;
    struct told told = {0, 0};

    (void)state;
    arrears_init(&a);
    assert_int_equal(arrears_add(&a, 7), 0);
    arrears_settle(&a, UINT64_MAX, note, &told);
    assert_int_equal(told.count, 0);
    arrears_fini(&a);
}

static void nothing_is_forgotten_before_the_totals_is_in_the_log(void **state)
{
    struct arrears a;
    struct told told = {0, 0};

    (void)state;
    arrears_init(&a);
    assert_int_equal(arrears_add(&a, 7), 0);
    arrears_close(&a, 20);
    arrears_settle(&a, 19, note, &told);
    assert_int_equal(told.count, 0);
    arrears_settle(&a, 20, note, &told);
    assert_int_equal(told.count, 1);
    arrears_settle(&a, 21, note, &told);
    assert_int_equal(told.count, 1);
    arrears_fini(&a);
}

static void what_comes_after_the_totals_waits_for_the_next(void **state)
{
    struct arrears a;
    struct told told = {0, 0};

    (void)state;
    arrears_init(&a);
    assert_int_equal(arrears_add(&a, 7), 0);
    arrears_close(&a, 20);
    assert_int_equal(arrears_add(&a, 7), 0);
    arrears_settle(&a, 20, note, &told);
    assert_int_equal(told.count, 1);
    arrears_close(&a, 30);
    arrears_settle(&a, 30, note, &told);
    assert_int_equal(told.count, 2);
    arrears_fini(&a);
}

static void each_home_is_forgotten_as_often_as_it_was_said(void **state)
{
    struct arrears a;
    struct told told = {0, 0};
    uint64_t sum = 0;

    (void)state;
    arrears_init(&a);
    for (uint64_t home = 1; home <= HOMES; home++)
        for (uint64_t n = 0; n < home % 3; n++) {
            assert_int_equal(arrears_add(&a, home), 0);
            sum += home;
        }
    arrears_close(&a, 1);
    arrears_settle(&a, 1, note, &told);
    assert_int_equal(told.count, HOMES);
    assert_int_equal(told.sum, sum);
    arrears_fini(&a);
}

TEST_MAIN(cmocka_unit_test(nothing_is_forgotten_before_a_totals_is_issued),
          cmocka_unit_test(nothing_is_forgotten_before_the_totals_is_in_the_log),
          cmocka_unit_test(what_comes_after_the_totals_waits_for_the_next),
          cmocka_unit_test(each_home_is_forgotten_as_often_as_it_was_said))
