/* progress_test - the text of the bar.
 * SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <string.h>

#include "support/test.h"

static char text[PROGRESS_TEXT_SIZE];

static void a_known_size_gives_a_bar_and_the_time_left(void **state)
{
    (void)state;
    progress_text(text, 5000, 250, 1000, 2000000, false);
    assert_string_equal(
        text, "######..................  25%  5,000 jobs  2,500/s  6.00 s left");
}

static void an_unknown_size_gives_count_and_rate(void **state)
{
    (void)state;
    progress_text(text, 5000, 250, -1, 2000000, false);
    assert_string_equal(text, "5,000 jobs  2,500/s");
}

static void both_ends_hold(void **state)
{
    (void)state;
    progress_text(text, 0, 0, 1000, 0, true);
    assert_non_null(strstr(text, "  0%  0 jobs  0/s  ? left"));
    progress_text(text, 9, 1000, 1000, 1000000, true);
    assert_non_null(strstr(text, "100%"));
    progress_text(text, 9, 2000, 1000, 1000000, true); /* the file has grown */
    assert_non_null(strstr(text, "100%"));
    progress_text(text, UINT64_MAX / 2, INT64_MAX / 2, INT64_MAX, 1, true);
    assert_true(strlen(text) < sizeof text);
}

TEST_MAIN(cmocka_unit_test(a_known_size_gives_a_bar_and_the_time_left),
          cmocka_unit_test(an_unknown_size_gives_count_and_rate),
          cmocka_unit_test(both_ends_hold))
