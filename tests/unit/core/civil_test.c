/* civil_test - days and dates.
 * SPDX-License-Identifier: MIT */
#include "core/civil.h"
#include "support/test.h"

static void every_day_of_800_years_follows_the_one_before(void **state)
{
    struct civil last = civil_of_day(civil_to_day(1599, 12, 31));

    (void)state;
    for (int64_t day = civil_to_day(1600, 1, 1); day < civil_to_day(2400, 1, 1);
         day++) {
        struct civil d = civil_of_day(day);

        assert_true(civil_to_day(d.year, d.month, d.day) == day);
        if (d.day > 1)
            assert_true(d.day == last.day + 1 && d.month == last.month);
        else
            assert_int_equal(last.day, civil_month_days(last.year, last.month));
        last = d;
    }
}

static void known_days_are_where_they_belong(void **state)
{
    (void)state;
    assert_int_equal(civil_to_day(1970, 1, 1), 0);
    assert_int_equal(civil_to_day(2000, 3, 1), 11017);
    assert_int_equal(civil_to_day(2026, 11, 21), 20778);
    assert_int_equal(civil_weekday(0), 4);
    assert_int_equal(civil_weekday(civil_to_day(2026, 11, 21)), 6);
    assert_int_equal(civil_weekday(-1), 3);
}

static void leap_years_follow_the_rule_of_400(void **state)
{
    (void)state;
    assert_int_equal(civil_month_days(2024, 2), 29);
    assert_int_equal(civil_month_days(2026, 2), 28);
    assert_int_equal(civil_month_days(1900, 2), 28);
    assert_int_equal(civil_month_days(2000, 2), 29);
    assert_int_equal(civil_month_days(2026, 12), 31);
}

TEST_MAIN(cmocka_unit_test(every_day_of_800_years_follows_the_one_before),
          cmocka_unit_test(known_days_are_where_they_belong),
          cmocka_unit_test(leap_years_follow_the_rule_of_400))
