/* cron_spec_test - specs against a table of the times that they mean.
 *
 * 2026: in Berlin clocks go from 2 to 3 on the 29th of March and from 3 to 2 on the
 * 25th of October, in New York on the 8th of March and, from 2 to 1, on the 1st of
 * November.
 * SPDX-License-Identifier: MIT */
#include "core/cron_spec.h"

#include <stdio.h>

#include "base/err.h"
#include "core/civil.h"
#include "core/zone.h"
#include "support/test.h"
#include "tzif.h"

/* "2026-03-29T01:00" in UTC -> Unix ms. */
static int64_t ms_of(const char *text)
{
    int year, month, day, hour, minute;

    assert_int_equal(
        sscanf(text, "%d-%d-%dT%d:%d", &year, &month, &day, &hour, &minute), 5);
    return (civil_to_day(year, month, day) * CIVIL_DAY + hour * CIVIL_HOUR +
            minute * CIVIL_MINUTE) *
           1000;
}

static struct cron_spec spec_of(const char *text)
{
    struct cron_spec s;
    const char *why = "";

    if (cron_spec_parse(rq_slice_str(text), &s, &why) < 0)
        fail_msg("'%s': %s", text, why);
    return s;
}

struct row {
    const char *spec, *rule, *after;
    const char *times[4]; /* that follow, in UTC */
};

static void check(const struct row *r)
{
    struct zone *z = r->rule == NULL ? NULL : tzif_zone(r->rule);
    struct cron_spec s = spec_of(r->spec);
    int64_t at = ms_of(r->after);

    for (size_t i = 0; i < 4 && r->times[i] != NULL; i++) {
        at = cron_spec_next(&s, z, 0, at);
        if (at != ms_of(r->times[i]))
            fail_msg("'%s' after %s: not %s but %lld", r->spec, r->after, r->times[i],
                     (long long)at);
    }
    zone_free(z);
}

#define CHECK_ALL(rows)                                        \
    for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++) \
    check(&(rows)[i])

/* clang-format off */
static void fields_mean_what_they_say(void **state)
{
    static const struct row rows[] = {
        {"* * * * *", NULL, "2026-01-31T23:59", {"2026-02-01T00:00", "2026-02-01T00:01"}},
        {"*/20 * * * *", NULL, "2026-01-01T00:00", {"2026-01-01T00:20", "2026-01-01T00:40", "2026-01-01T01:00"}},
        {"5-50/15 3 * * *", NULL, "2026-01-01T00:00", {"2026-01-01T03:05", "2026-01-01T03:20", "2026-01-01T03:35", "2026-01-01T03:50"}},
        {"00 05,17 * * *", NULL, "2026-01-01T05:00", {"2026-01-01T17:00", "2026-01-02T05:00"}},
        {"0 0 31 * *", NULL, "2026-01-31T00:00", {"2026-03-31T00:00", "2026-05-31T00:00", "2026-07-31T00:00"}},
        {"0 0 29 2 *", NULL, "2026-01-01T00:00", {"2028-02-29T00:00", "2032-02-29T00:00"}},
        {"0 0 29 feb *", NULL, "2096-03-01T00:00", {"2104-02-29T00:00"}},
        {"59 23 31 12 *", NULL, "2026-01-01T00:00", {"2026-12-31T23:59", "2027-12-31T23:59"}},
        {"0 9 * * mon-fri", NULL, "2026-11-20T09:00", {"2026-11-23T09:00", "2026-11-24T09:00"}},
        {"0 9 * * 7", NULL, "2026-11-21T00:00", {"2026-11-22T09:00", "2026-11-29T09:00"}},
        {"0 9 * * FRI-SUN", NULL, "2026-11-19T00:00", {"2026-11-20T09:00", "2026-11-21T09:00", "2026-11-22T09:00", "2026-11-27T09:00"}},
        {"0 0 1 jan,Jul *", NULL, "2026-01-01T00:00", {"2026-07-01T00:00", "2027-01-01T00:00"}},
        {" 0\t0 1 1 * ", NULL, "2026-01-01T00:00", {"2027-01-01T00:00"}},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void one_of_two_day_fields_is_enough(void **state)
{
    static const struct row rows[] = {
        {"0 0 13 * 5", NULL, "2026-11-07T00:00", {"2026-11-13T00:00", "2026-11-20T00:00", "2026-11-27T00:00", "2026-12-04T00:00"}},
        {"0 0 */2 * 5", NULL, "2026-11-07T00:00", {"2026-11-13T00:00", "2026-11-27T00:00"}},
        {"0 0 13 * *", NULL, "2026-11-07T00:00", {"2026-11-13T00:00", "2026-12-13T00:00"}},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void words_stand_for_fields(void **state)
{
    static const struct row rows[] = {
        {"@hourly", NULL, "2026-11-21T10:30", {"2026-11-21T11:00", "2026-11-21T12:00"}},
        {"@daily", NULL, "2026-11-21T10:30", {"2026-11-22T00:00"}},
        {"@midnight", NULL, "2026-11-21T10:30", {"2026-11-22T00:00"}},
        {"@weekly", NULL, "2026-11-21T10:30", {"2026-11-22T00:00", "2026-11-29T00:00"}},
        {"@Monthly", NULL, "2026-11-21T10:30", {"2026-12-01T00:00", "2027-01-01T00:00"}},
        {"@yearly", NULL, "2026-11-21T10:30", {"2027-01-01T00:00"}},
        {"@annually", NULL, "2026-11-21T10:30", {"2027-01-01T00:00"}},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void a_time_that_is_left_out_comes_when_the_clocks_jump(void **state)
{
    static const struct row rows[] = {
        {"30 2 * * *", RULE_BERLIN, "2026-03-27T12:00", {"2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"}},
        {"0,30 2 * * *", RULE_BERLIN, "2026-03-28T12:00", {"2026-03-29T01:00", "2026-03-30T00:00", "2026-03-30T00:30"}},
        {"0 2,3 * * *", RULE_BERLIN, "2026-03-28T12:00", {"2026-03-29T01:00", "2026-03-30T00:00", "2026-03-30T01:00"}},
        {"30 2 * * *", RULE_NEW_YORK, "2026-03-07T12:00", {"2026-03-08T07:00", "2026-03-09T06:30"}},
        {"0 12 * * *", RULE_BERLIN, "2026-03-28T12:00", {"2026-03-29T10:00", "2026-03-30T10:00"}},
        {"30 2 29 3 *", RULE_BERLIN, "2026-01-01T00:00", {"2026-03-29T01:00", "2027-03-29T00:30"}},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void a_time_that_comes_twice_counts_once(void **state)
{
    static const struct row rows[] = {
        {"30 2 * * *", RULE_BERLIN, "2026-10-24T12:00", {"2026-10-25T00:30", "2026-10-26T01:30"}},
        {"0 2 * * *", RULE_BERLIN, "2026-10-24T12:00", {"2026-10-25T00:00", "2026-10-26T01:00"}},
        {"0 3 * * *", RULE_BERLIN, "2026-10-24T12:00", {"2026-10-25T02:00", "2026-10-26T02:00"}},
        {"30 1 * * *", RULE_NEW_YORK, "2026-10-31T12:00", {"2026-11-01T05:30", "2026-11-02T06:30"}},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void with_every_hour_each_minute_that_reads_so_counts(void **state)
{
    static const struct row rows[] = {
        {"30 * * * *", RULE_BERLIN, "2026-03-28T23:45", {"2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"}},
        {"30 * * * *", RULE_BERLIN, "2026-10-24T23:45", {"2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"}},
        {"*/30 * * * *", RULE_NEW_YORK, "2026-11-01T05:00", {"2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30", "2026-11-01T07:00"}},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void odd_offsets_and_lost_days_are_survived(void **state)
{
    static const struct row rows[] = {
        {"0 0 * * *", "IST-5:30", "2026-01-01T00:00", {"2026-01-01T18:30", "2026-01-02T18:30"}},
        {"15 2 * * *", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-10-03T00:00", {"2026-10-03T15:30", "2026-10-04T15:15"}}, /* Lord Howe */
    };

    (void)state;
    CHECK_ALL(rows);
}
/* clang-format on */

/* Samoa had no 30th of December 2011. */
static void a_day_that_was_left_out_comes_with_the_next(void **state)
{
    static const struct tzif_change changes[] = {{1325239200, 14 * 3600}};
    uint8_t bytes[TZIF_MAX];
    struct cron_spec s = spec_of("0 9 30 12 *");
    struct zone *z;

    (void)state;
    size_t len = tzif_make(-10 * 3600, changes, 1, "<+14>-14", bytes);
    assert_int_equal(zone_parse(rq_slice(bytes, len), &z), 0);
    assert_int_equal(cron_spec_next(&s, z, 0, ms_of("2011-12-01T00:00")),
                     ms_of("2011-12-30T10:00"));
    zone_free(z);
}

static void every_counts_from_its_anchor(void **state)
{
    struct cron_spec s = spec_of("@every 90s");

    (void)state;
    assert_int_equal(cron_spec_next(&s, NULL, 1000, 1000), 91000);
    assert_int_equal(cron_spec_next(&s, NULL, 1000, 90999), 91000);
    assert_int_equal(cron_spec_next(&s, NULL, 1000, 91000), 181000);
    assert_int_equal(cron_spec_next(&s, NULL, 200000, 1000), 20000);
    s = spec_of("@EVERY 1000");
    assert_int_equal(cron_spec_next(&s, NULL, 0, 0), 1000);
    s = spec_of("@every 3650d");
    assert_int_equal(cron_spec_next(&s, NULL, 0, 0), INT64_C(315360000000));
}

static void what_never_comes_is_known(void **state)
{
    struct cron_spec s = spec_of("0 0 30 2 *");

    (void)state;
    assert_true(cron_spec_next(&s, NULL, 0, 0) == CRON_NEVER);
    s = spec_of("* * * * *");
    assert_true(cron_spec_next(&s, NULL, 0, -1) == CRON_NEVER);
    assert_true(cron_spec_next(&s, NULL, 0, INT64_MAX) == CRON_NEVER);
    assert_true(cron_spec_next(&s, NULL, 0, ms_of("9999-12-30T00:00")) != CRON_NEVER);
}

static void what_is_no_spec_is_refused_in_words(void **state)
{
    static const char *const bad[][2] = {
        {"", "five fields"},
        {"* * * *", "five fields"},
        {"* * * * * *", "five"},
        {"60 * * * *", "minute"},
        {"-1 * * * *", "minute"},
        {"1- * * * *", "minute"},
        {"5-1 * * * *", "minute"},
        {"*/0 * * * *", "minute"},
        {"*/100 * * * *", "minute"},
        {"5/10 * * * *", "minute"},
        {"1,,2 * * * *", "minute"},
        {"1, * * * *", "minute"},
        {"001 * * * *", "minute"},
        {"* 24 * * *", "hour"},
        {"* * 0 * *", "day of the month"},
        {"* * 32 * *", "day of the month"},
        {"* * * 0 *", "month"},
        {"* * * 13 *", "month"},
        {"* * * ja *", "month"},
        {"* * * janu *", "month"},
        {"* * * * 8", "day of the week"},
        {"* * * * mo", "day of the week"},
        {"* * mon * *", "day of the month"},
        {"@", "@hourly"},
        {"@daily x", "@hourly"},
        {"@reboot", "@hourly"},
        {"@every", "@every"},
        {"@every 999", "@every"},
        {"@every 3651d", "@every"},
        {"@every 1s 2s", "@every"},
        {"@every -1s", "@every"},
        {"* * * * \xff", "week"},
    };
    struct cron_spec s;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = "";

        assert_int_equal(cron_spec_parse(rq_slice_str(bad[i][0]), &s, &why),
                         RQ_E_BADARG);
        assert_non_null(strstr(why, bad[i][1]));
    }
}

static void a_spec_has_at_most_256_bytes(void **state)
{
    char text[CRON_SPEC_MAX + 1];
    struct cron_spec s;
    const char *why;

    (void)state;
    memset(text, ' ', sizeof text);
    memcpy(text, "* * * * *", 9);
    assert_int_equal(cron_spec_parse(rq_slice(text, CRON_SPEC_MAX), &s, &why), 0);
    assert_int_equal(cron_spec_parse(rq_slice(text, CRON_SPEC_MAX + 1), &s, &why),
                     RQ_E_BADARG);
    assert_non_null(strstr(why, "256"));
}

TEST_MAIN(cmocka_unit_test(fields_mean_what_they_say),
          cmocka_unit_test(one_of_two_day_fields_is_enough),
          cmocka_unit_test(words_stand_for_fields),
          cmocka_unit_test(a_time_that_is_left_out_comes_when_the_clocks_jump),
          cmocka_unit_test(a_time_that_comes_twice_counts_once),
          cmocka_unit_test(with_every_hour_each_minute_that_reads_so_counts),
          cmocka_unit_test(odd_offsets_and_lost_days_are_survived),
          cmocka_unit_test(a_day_that_was_left_out_comes_with_the_next),
          cmocka_unit_test(every_counts_from_its_anchor),
          cmocka_unit_test(what_never_comes_is_known),
          cmocka_unit_test(what_is_no_spec_is_refused_in_words),
          cmocka_unit_test(a_spec_has_at_most_256_bytes))
