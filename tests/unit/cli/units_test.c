/* units_test - numbers, durations, times and sizes, as people type and read them.
 * SPDX-License-Identifier: MIT */
#include "cli/units.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "support/test.h"

static const int64_t UNTOUCHED = 77;

static int64_t duration(const char *text)
{
    int64_t ms = UNTOUCHED;
    int rc = units_parse_duration(text, &ms);

    if (rc < 0)
        assert_int_equal(ms, UNTOUCHED);
    return rc < 0 ? rc : ms;
}

static int64_t at(const char *text)
{
    int64_t ms = UNTOUCHED;
    int rc = units_parse_time(text, &ms);

    if (rc < 0)
        assert_int_equal(ms, UNTOUCHED);
    return rc < 0 ? rc : ms;
}

static void numbers_hold_at_both_ends_of_their_range(void **state)
{
    int64_t n = UNTOUCHED;

    (void)state;
    assert_int_equal(units_parse_number("1", 1, 9, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(units_parse_number("9", 1, 9, &n), 0);
    assert_int_equal(n, 9);
    assert_int_equal(units_parse_number("0", 1, 9, &n), -ERANGE);
    assert_int_equal(units_parse_number("10", 1, 9, &n), -ERANGE);
    assert_int_equal(units_parse_number("9223372036854775807", 0, INT64_MAX, &n), 0);
    assert_true(n == INT64_MAX);
    n = UNTOUCHED;
    assert_int_equal(units_parse_number("9223372036854775808", 0, INT64_MAX, &n),
                     -ERANGE);
    assert_int_equal(n, UNTOUCHED);
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const bad[] = {"",   " 1",  "1 ",  "-1", "+1",
                                      "1a", "0x1", "1.5", "a"};
    int64_t n = UNTOUCHED;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(units_parse_number(bad[i], 0, 100, &n), -EINVAL);
    assert_int_equal(n, UNTOUCHED);
}

static void a_duration_is_read_with_its_units(void **state)
{
    (void)state;
    assert_int_equal(duration("500ms"), 500);
    assert_int_equal(duration("1s"), 1000);
    assert_int_equal(duration("5m"), 300000);
    assert_int_equal(duration("1h30m"), 5400000);
    assert_int_equal(duration("2d"), 172800000);
    assert_int_equal(duration("1d1h1m1s1ms"), 90061001);
    assert_int_equal(duration("0"), 0);
    assert_int_equal(duration("0s"), 0);
}

static void a_duration_may_have_a_fraction(void **state)
{
    (void)state;
    assert_int_equal(duration("1.5s"), 1500);
    assert_int_equal(duration("0.25h"), 900000);
    assert_int_equal(duration("1.0000000000000000001s"), 1000);
    assert_int_equal(duration("0.5ms"), 0);
}

static void a_duration_without_its_unit_is_refused(void **state)
{
    static const char *const bad[] = {"5",   "",    "s",   "5 s", "5s ",  "-5s", "5x",
                                      "1s5", "1.s", ".5s", "5ss", "1e3s", "5mss"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(duration(bad[i]), -EINVAL);
}

static void a_duration_ends_at_a_hundred_years(void **state)
{
    (void)state;
    assert_true(duration("36525d") == INT64_C(3155760000000));
    assert_int_equal(duration("36525d1ms"), -ERANGE);
    assert_int_equal(duration("36526d"), -ERANGE);
    assert_int_equal(duration("99999999999999999999999999s"), -ERANGE);
}

static void a_time_is_unix_milliseconds_or_iso(void **state)
{
    (void)state;
    assert_true(at("1900000000123") == INT64_C(1900000000123));
    assert_true(at("2030-01-31T08:00:00Z") == INT64_C(1896076800000));
    assert_true(at("2030-01-31T08:00Z") == INT64_C(1896076800000));
    assert_true(at("2030-01-31 08:00:00.250Z") == INT64_C(1896076800250));
    assert_true(at("2030-01-31T10:00:00+02:00") == INT64_C(1896076800000));
    assert_true(at("2030-01-31T02:30:00-0530") == INT64_C(1896076800000));
}

static void a_time_without_an_offset_is_local(void **state)
{
    struct tm tm = {
        .tm_year = 130, .tm_mon = 0, .tm_mday = 31, .tm_hour = 8, .tm_isdst = -1};
    int64_t want = (int64_t)mktime(&tm) * 1000;

    (void)state;
    assert_true(at("2030-01-31T08:00:00") == want);
    assert_true(at("2030-01-31 08:00") == want);
}

static void a_date_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    assert_int_equal(at("2030-02-30T08:00:00Z"), -ERANGE);
    assert_int_equal(at("2030-13-01T08:00:00Z"), -ERANGE);
    assert_int_equal(at("2030-00-01T08:00:00Z"), -ERANGE);
    assert_int_equal(at("2030-01-31T24:00:00Z"), -ERANGE);
    assert_int_equal(at("2030-01-31T08:60:00Z"), -ERANGE);
    assert_int_equal(at("2030-01-31T08:00:60Z"), -ERANGE);
}

static void seconds_in_place_of_milliseconds_are_refused(void **state)
{
    (void)state;
    assert_int_equal(at("1900000000"), -ERANGE);
    assert_int_equal(at("2030"), -ERANGE);
    assert_int_equal(at("1970-01-01T00:00:00Z"), -ERANGE);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "tomorrow",

                                      "2030-1-31",
                                      "2030-01-31T",
                                      "2030-01-31T8:00",
                                      "2030-01-31T08",
                                      "2030-01-31T08:00:0Z",
                                      "2030-01-31T08:00:00.Z",
                                      "2030-01-31T08:00:00ZZ",
                                      "2030-01-31T08:00:00+1",
                                      "2030-01-31T08:00:00+24:00"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(at(bad[i]), -EINVAL);
}

static void durations_read_short(void **state)
{
    char buf[UNITS_TEXT_SIZE];

    (void)state;
    assert_string_equal(units_duration(buf, 0), "0 s");
    assert_string_equal(units_duration(buf, 99), "99 us");
    assert_string_equal(units_duration(buf, 850), "0.85 ms");
    assert_string_equal(units_duration(buf, 12345), "12.3 ms");
    assert_string_equal(units_duration(buf, 999999), "1000 ms");
    assert_string_equal(units_duration(buf, 4210000), "4.21 s");
    assert_string_equal(units_duration(buf, 59900000), "59.9 s");
    assert_string_equal(units_duration(buf, 192000000), "3m12s");
    assert_string_equal(units_duration(buf, 18180000000), "5h03m");
    assert_string_equal(units_duration(buf, 187200000000), "2d04h");
}

static void counts_and_bytes_read_short(void **state)
{
    char buf[UNITS_TEXT_SIZE];

    (void)state;
    assert_string_equal(units_count(buf, 0), "0");
    assert_string_equal(units_count(buf, 999), "999");
    assert_string_equal(units_count(buf, 1204), "1,204");
    assert_string_equal(units_count(buf, -1204), "-1,204");
    assert_string_equal(units_count(buf, INT64_MIN), "-9,223,372,036,854,775,808");
    assert_string_equal(units_bytes(buf, 1023), "1023 B");
    assert_string_equal(units_bytes(buf, 1024), "1.0 KiB");
    assert_string_equal(units_bytes(buf, 67108864), "64.0 MiB");
    assert_string_equal(units_bytes(buf, INT64_MAX), "8388608 TiB");
}

TEST_MAIN(cmocka_unit_test(numbers_hold_at_both_ends_of_their_range),
          cmocka_unit_test(what_is_no_number_is_refused),
          cmocka_unit_test(a_duration_is_read_with_its_units),
          cmocka_unit_test(a_duration_may_have_a_fraction),
          cmocka_unit_test(a_duration_without_its_unit_is_refused),
          cmocka_unit_test(a_duration_ends_at_a_hundred_years),
          cmocka_unit_test(a_time_is_unix_milliseconds_or_iso),
          cmocka_unit_test(a_time_without_an_offset_is_local),
          cmocka_unit_test(a_date_that_does_not_exist_is_refused),
          cmocka_unit_test(seconds_in_place_of_milliseconds_are_refused),
          cmocka_unit_test(what_is_no_time_is_refused),
          cmocka_unit_test(durations_read_short),
          cmocka_unit_test(counts_and_bytes_read_short))
