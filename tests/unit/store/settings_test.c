/* settings_test - what the text of INFO says about room.
 * SPDX-License-Identifier: MIT */
#include "store/settings.h"

#include <stdio.h>

#include "support/test.h"

static bool is_crowded(const char *used, const char *max)
{
    char info[200];

    snprintf(info, sizeof info,
             "# Memory\r\nused_memory:%s\r\nused_memory_human:1M\r\nmaxmemory:%s\r\n"
             "maxmemory_human:1M\r\n",
             used, max);
    return settings_is_crowded(rq_slice_str(info));
}

static void ninety_percent_are_crowded(void **state)
{
    (void)state;
    assert_true(is_crowded("900", "1000"));
    assert_false(is_crowded("899", "1000"));
    assert_true(is_crowded("18446744073709551615", "18446744073709551615"));
}

static void without_a_limit_it_never_is(void **state)
{
    (void)state;
    assert_false(is_crowded("18446744073709551615", "0"));
}

static void what_is_no_number_says_nothing(void **state)
{
    (void)state;
    assert_false(is_crowded("x", "1000"));
    assert_false(is_crowded("1000", "-1"));
    assert_false(settings_is_crowded(RQ_LIT("")));
    assert_false(settings_is_crowded(RQ_LIT("used_memory:1000\r\n")));
}

TEST_MAIN(cmocka_unit_test(ninety_percent_are_crowded),
          cmocka_unit_test(without_a_limit_it_never_is),
          cmocka_unit_test(what_is_no_number_says_nothing))
