/* zone_test - TZif files, and what they say about a time.
 * SPDX-License-Identifier: MIT */
#include "core/zone.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "core/civil.h"
#include "support/test.h"
#include "tzif.h"

static void expect(const struct zone *z, int64_t at, int offset_h, int64_t from,
                   int64_t until, int before_h)
{
    struct zone_period p;

    zone_at(z, at, &p);
    assert_int_equal(p.offset_s, offset_h * CIVIL_HOUR);
    assert_int_equal(p.from_s, from);
    assert_int_equal(p.until_s, until);
    assert_int_equal(p.before_s, before_h * CIVIL_HOUR);
}

static void utc_never_changes(void **state)
{
    (void)state;
    expect(NULL, 0, 0, INT64_MIN, INT64_MAX, 0);
}

static void a_rule_of_the_north_has_its_summer_in_the_middle_of_a_year(void **state)
{
    struct zone *z = tzif_zone(RULE_BERLIN);

    (void)state;
    expect(z, 1774745999, 1, 1761440400, 1774746000, 2);
    expect(z, 1774746000, 2, 1774746000, 1792890000, 1);
    expect(z, 1792889999, 2, 1774746000, 1792890000, 1);
    expect(z, 1792890000, 1, 1792890000, 1806195600, 2);
    zone_free(z);
    z = tzif_zone(RULE_NEW_YORK);
    expect(z, 1772953199, -5, 1762063200, 1772953200, -4);
    expect(z, 1772953200, -4, 1772953200, 1793512800, -5);
    zone_free(z);
}

static void a_rule_of_the_south_has_its_summer_at_new_year(void **state)
{
    struct zone *z = tzif_zone("AEST-10AEDT,M10.1.0,M4.1.0/3"); /* Sydney */

    (void)state;
    expect(z, 1767225600, 11, 1759593600, 1775318400, 10);
    expect(z, 1775318400, 10, 1775318400, 1791043200, 11);
    zone_free(z);
}

static void a_rule_may_count_days_and_have_odd_times(void **state)
{
    struct zone *z = tzif_zone("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"); /* Nuuk */
    struct zone_period p;

    (void)state;
    expect(z, 1774746000, -1, 1774746000, 1792890000, -2);
    zone_free(z);
    z = tzif_zone("AAA3BBB,J60/0,300/24:30:15");
    zone_at(z, 1772334000, &p); /* 2026-03-01T03:00Z: day 60 without a leap day */
    assert_int_equal(p.from_s, 1772334000);
    assert_int_equal(p.until_s, 1767225600 + 301 * CIVIL_DAY + 1815 + 2 * CIVIL_HOUR);
    zone_free(z);
    z = tzif_zone("IST-5:30");
    zone_at(z, 0, &p);
    assert_int_equal(p.offset_s, 19800);
    zone_free(z);
}

static void the_table_holds_before_the_rule(void **state)
{
    static const struct tzif_change changes[] = {
        {1000, 3600}, {2000, 7200}, {1774746000, 7200}};
    uint8_t bytes[TZIF_MAX];
    struct zone *z;

    (void)state;
    size_t len = tzif_make(-3600, changes, 3, RULE_BERLIN, bytes);
    assert_int_equal(zone_parse(rq_slice(bytes, len), &z), 0);
    expect(z, 999, -1, INT64_MIN, 1000, -1);
    expect(z, 1000, 1, 1000, 2000, -1);
    expect(z, 2000, 2, 2000, 1774746000, 1);
    expect(z, 1774746000, 2, 1774746000, 1792890000, 2);
    expect(z, 1792890000, 1, 1792890000, 1806195600, 2);
    zone_free(z);
}

static void without_a_rule_the_last_change_holds_for_ever(void **state)
{
    static const struct tzif_change changes[] = {{1000, 3600}};
    uint8_t bytes[TZIF_MAX];
    struct zone *z;

    (void)state;
    size_t len = tzif_make(0, changes, 1, "", bytes);
    assert_int_equal(zone_parse(rq_slice(bytes, len), &z), 0);
    expect(z, INT64_C(4000000000), 1, 1000, INT64_MAX, 0);
    zone_free(z);
}

static void every_cut_and_every_flipped_byte_is_survived(void **state)
{
    static const struct tzif_change changes[] = {{1000, 3600}, {2000, 7200}};
    uint8_t bytes[TZIF_MAX];
    struct zone_period p;
    struct zone *z;

    (void)state;
    size_t len = tzif_make(0, changes, 2, RULE_BERLIN, bytes);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *part = malloc(cut > 0 ? cut : 1);

        assert_non_null(part);
        memcpy(part, bytes, cut);
        assert_int_equal(zone_parse(rq_slice(part, cut), &z), RQ_E_MALFORMED);
        free(part);
    }
    for (size_t i = 0; i < 8 * len; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        if (zone_parse(rq_slice(bytes, len), &z) == 0) {
            zone_at(z, 1774746000, &p);
            assert_true(p.from_s <= 1774746000 && p.until_s > 1774746000);
            zone_free(z);
        }
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

static void rules_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = {"C",
                                      "CET",
                                      "CET-25",
                                      "CET-1CEST",
                                      "CET-1CEST,",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M0.5.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.0.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J366",
                                      "CET-1CEST,M3.5.0/168,M10.5.0",
                                      "<CET-1",
                                      "CET-1CEST,M3.5.0,M10.5.0x"};
    uint8_t bytes[TZIF_MAX];
    struct zone *z;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t len = tzif_make(0, NULL, 0, bad[i], bytes);
        assert_int_equal(zone_parse(rq_slice(bytes, len), &z), RQ_E_MALFORMED);
    }
}

TEST_MAIN(cmocka_unit_test(utc_never_changes),
          cmocka_unit_test(a_rule_of_the_north_has_its_summer_in_the_middle_of_a_year),
          cmocka_unit_test(a_rule_of_the_south_has_its_summer_at_new_year),
          cmocka_unit_test(a_rule_may_count_days_and_have_odd_times),
          cmocka_unit_test(the_table_holds_before_the_rule),
          cmocka_unit_test(without_a_rule_the_last_change_holds_for_ever),
          cmocka_unit_test(every_cut_and_every_flipped_byte_is_survived),
          cmocka_unit_test(rules_that_make_no_sense_are_refused))
