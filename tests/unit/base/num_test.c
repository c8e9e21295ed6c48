/* num_test - strict numbers.
 * SPDX-License-Identifier: MIT */
#include "base/num.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"

/* All four share their manners: what is no number, and both ends of the range. */
static int u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
    return rq_num_u64(rq_slice_str(s), min, max, out);
}

static int i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
    return rq_num_i64(rq_slice_str(s), min, max, out);
}

static void what_is_no_number_is_refused_and_writes_nothing(void **state)
{
    static const char *const bad[] = {
        "",   " ",   "a",   "-",   "--1", "+1", " 1",
        "1 ", "1a",  "0x1", "1.0", "1e3", "01", "00",
        "-0", "-01", "1-",  "1\n", "/",   ":",  "99999999999999999999999x"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t u = 77;
        int64_t v = 77;

        assert_int_equal(u64(bad[i], 0, UINT64_MAX, &u), -EINVAL);
        assert_int_equal(i64(bad[i], INT64_MIN, INT64_MAX, &v), -EINVAL);
        assert_int_equal(rq_num_size(rq_slice_str(bad[i]), 0, UINT64_MAX, &u), -EINVAL);
        assert_int_equal(rq_num_duration(rq_slice_str(bad[i]), 0, UINT64_MAX, &u),
                         -EINVAL);
        assert_int_equal(u, 77);
        assert_int_equal(v, 77);
    }
    uint64_t u;
    assert_int_equal(u64("-1", 0, UINT64_MAX, &u), -EINVAL);
    assert_int_equal(rq_num_u64(rq_slice("1\0", 2), 0, 9, &u), -EINVAL);
}

static void unsigned_numbers_reach_both_ends(void **state)
{
    uint64_t v;

    (void)state;
    assert_int_equal(u64("0", 0, UINT64_MAX, &v), 0);
    assert_int_equal(v, 0);
    assert_int_equal(u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
    assert_int_equal(v, UINT64_MAX);
    assert_int_equal(u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
    assert_int_equal(u64("100000000000000000000", 0, UINT64_MAX, &v), -ERANGE);
}

static void signed_numbers_reach_both_ends(void **state)
{
    int64_t v;

    (void)state;
    assert_int_equal(i64("9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
    assert_int_equal(v, INT64_MAX);
    assert_int_equal(i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
    assert_int_equal(v, INT64_MIN);
    assert_int_equal(i64("-1", INT64_MIN, INT64_MAX, &v), 0);
    assert_int_equal(v, -1);
    assert_int_equal(i64("9223372036854775808", INT64_MIN, INT64_MAX, &v), -ERANGE);
    assert_int_equal(i64("-9223372036854775809", INT64_MIN, INT64_MAX, &v), -ERANGE);
}

static void the_range_includes_its_ends(void **state)
{
    uint64_t u;
    int64_t v;

    (void)state;
    assert_int_equal(u64("10", 10, 20, &u), 0);
    assert_int_equal(u64("20", 10, 20, &u), 0);
    assert_int_equal(u64("9", 10, 20, &u), -ERANGE);
    assert_int_equal(u64("21", 10, 20, &u), -ERANGE);
    assert_int_equal(i64("-3", -3, 3, &v), 0);
    assert_int_equal(i64("3", -3, 3, &v), 0);
    assert_int_equal(i64("-4", -3, 3, &v), -ERANGE);
    assert_int_equal(i64("4", -3, 3, &v), -ERANGE);
}

static void sizes_have_binary_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},         {"4096", 4096},    {"0KiB", 0},
        {"64KiB", 65536}, {"1MiB", 1048576}, {"2GiB", UINT64_C(2147483648)},
    };
    static const char *const bad[] = {"KiB", "1 KiB", "1kib", "1KB",
                                      "1K",  "1TiB",  "1KiBx"};
    uint64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(rq_num_size(rq_slice_str(good[i].text), 0, UINT64_MAX, &v), 0);
        assert_int_equal(v, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rq_num_size(rq_slice_str(bad[i]), 0, UINT64_MAX, &v), -EINVAL);
    assert_int_equal(rq_num_size(RQ_LIT("17179869183GiB"), 0, UINT64_MAX, &v), 0);
    assert_int_equal(rq_num_size(RQ_LIT("17179869184GiB"), 0, UINT64_MAX, &v), -ERANGE);
    assert_int_equal(rq_num_size(RQ_LIT("1KiB"), 1024, 1024, &v), 0);
    assert_int_equal(rq_num_size(RQ_LIT("1KiB"), 1025, 2000, &v), -ERANGE);
    assert_int_equal(rq_num_size(RQ_LIT("1KiB"), 0, 1023, &v), -ERANGE);
}

static void durations_have_units_of_time(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {
        {"0", 0},       {"1500", 1500},  {"250ms", 250},    {"30s", 30000},
        {"5m", 300000}, {"2h", 7200000}, {"7d", 604800000},
    };
    static const char *const bad[] = {"s", "1 s", "1S", "1us", "1min", "1w", "1sm"};
    uint64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(rq_num_duration(rq_slice_str(good[i].text), 0, UINT64_MAX, &v),
                         0);
        assert_int_equal(v, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rq_num_duration(rq_slice_str(bad[i]), 0, UINT64_MAX, &v),
                         -EINVAL);
    assert_int_equal(rq_num_duration(RQ_LIT("213503982334d"), 0, UINT64_MAX, &v), 0);
    assert_int_equal(rq_num_duration(RQ_LIT("213503982335d"), 0, UINT64_MAX, &v),
                     -ERANGE);
    assert_int_equal(rq_num_duration(RQ_LIT("1s"), 1000, 1000, &v), 0);
    assert_int_equal(rq_num_duration(RQ_LIT("1s"), 1001, 2000, &v), -ERANGE);
    assert_int_equal(rq_num_duration(RQ_LIT("1s"), 0, 999, &v), -ERANGE);
}

static void a_formatted_number_reads_back(void **state)
{
    static const uint64_t values[] = {
        0, 1, 9, 10, 99, 100, 12345678, UINT64_C(10000000000000000000), UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char digits[RQ_NUM_DIGITS], expected[32];
        size_t len = rq_num_format(values[i], digits);
        uint64_t v;

        rq_ignore(snprintf(expected, sizeof expected, "%" PRIu64, values[i]) < 0);
        assert_int_equal(len, strlen(expected));
        assert_memory_equal(digits, expected, len);
        assert_int_equal(rq_num_u64(rq_slice(digits, len), 0, UINT64_MAX, &v), 0);
        assert_int_equal(v, values[i]);
    }
}

static void every_length_of_number_is_counted_and_written(void **state)
{
    uint64_t power = 1;

    (void)state;
    for (size_t digits = 1; digits < RQ_NUM_DIGITS; digits++) {
        char text[RQ_NUM_DIGITS], expected[32];

        power *= 10;
        assert_int_equal(rq_num_digits(power - 1), digits);
        assert_int_equal(rq_num_digits(power), digits + 1);
        rq_ignore(snprintf(expected, sizeof expected, "%" PRIu64, power - 1) < 0);
        assert_int_equal(rq_num_format(power - 1, text), digits);
        assert_memory_equal(text, expected, digits);
    }
    assert_int_equal(rq_num_digits(0), 1);
    assert_int_equal(rq_num_digits(UINT64_MAX), RQ_NUM_DIGITS);
}

static void a_number_is_taken_off_the_front(void **state)
{
    struct rq_slice rest = RQ_LIT("18446744073709551615-7");
    uint64_t v;

    (void)state;
    assert_int_equal(rq_num_take(&rest, &v), 0);
    assert_true(v == UINT64_MAX);
    assert_true(rq_slice_eq(rest, RQ_LIT("-7")));
    rest = RQ_LIT("0");
    assert_int_equal(rq_num_take(&rest, &v), 0);
    assert_int_equal(v, 0);
    assert_int_equal(rest.len, 0);
}

static void what_is_no_number_is_not_taken(void **state)
{
    static const char *const bad[] = {"", "-1", "x", "01", "00-1"};
    struct rq_slice rest;
    uint64_t v = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rest = rq_slice_str(bad[i]);
        assert_int_equal(rq_num_take(&rest, &v), -EINVAL);
        assert_int_equal(rest.len, strlen(bad[i]));
    }
    rest = RQ_LIT("18446744073709551616-7");
    assert_int_equal(rq_num_take(&rest, &v), -ERANGE);
    assert_int_equal(rest.len, 22);
    assert_int_equal(v, 77);
}

TEST_MAIN(cmocka_unit_test(what_is_no_number_is_refused_and_writes_nothing),
          cmocka_unit_test(unsigned_numbers_reach_both_ends),
          cmocka_unit_test(signed_numbers_reach_both_ends),
          cmocka_unit_test(the_range_includes_its_ends),
          cmocka_unit_test(sizes_have_binary_units),
          cmocka_unit_test(durations_have_units_of_time),
          cmocka_unit_test(a_formatted_number_reads_back),
          cmocka_unit_test(every_length_of_number_is_counted_and_written),
          cmocka_unit_test(a_number_is_taken_off_the_front),
          cmocka_unit_test(what_is_no_number_is_not_taken))
