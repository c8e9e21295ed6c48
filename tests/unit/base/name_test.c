/* name_test - the grammar of names, and globs.
 * SPDX-License-Identifier: MIT */
#include "base/name.h"

#include <string.h>

#include "support/test.h"

static bool is_valid(const char *name)
{
    return rq_name_is_valid(rq_slice_str(name));
}

static bool matches(const char *name, const char *pattern)
{
    return rq_name_matches(rq_slice_str(name), rq_slice_str(pattern));
}

static void names_are_of_1_to_128_bytes(void **state)
{
    char name[130];

    (void)state;
    memset(name, 'a', sizeof name);
    assert_false(rq_name_is_valid(rq_slice(NULL, 0)));
    assert_true(rq_name_is_valid(rq_slice(name, 1)));
    assert_true(rq_name_is_valid(rq_slice(name, 128)));
    assert_false(rq_name_is_valid(rq_slice(name, 129)));
}

static void only_these_bytes_make_a_name(void **state)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";

    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t name[3] = {'a', (uint8_t)c, 'z'};
        bool expected = c != 0 && strchr(allowed, c) != NULL;

        assert_int_equal(rq_name_is_valid(rq_slice(name, 3)), expected);
        assert_int_equal(rq_name_is_valid(rq_slice(name + 1, 1)), expected);
    }
    assert_true(is_valid("emails.eu-west_1"));
    assert_false(is_valid("emails "));
}

static void a_pattern_without_wildcards_is_equality(void **state)
{
    (void)state;
    assert_true(matches("emails", "emails"));
    assert_false(matches("emails", "email"));
    assert_false(matches("email", "emails"));
    assert_false(matches("emails", "Emails"));
    assert_true(matches("", ""));
    assert_false(matches("a", ""));
    assert_false(matches("", "a"));
}

static void a_match_takes_no_more_steps_than_it_may(void **state)
{
    size_t steps = 3;

    (void)state;
    assert_true(rq_name_matches_within(RQ_LIT("abc"), RQ_LIT("abc"), &steps));
    assert_int_equal(steps, 0);
    steps = 2;
    assert_false(rq_name_matches_within(RQ_LIT("abc"), RQ_LIT("abc"), &steps));
    assert_int_equal(steps, 0);
}

static void a_question_mark_is_one_byte(void **state)
{
    (void)state;
    assert_true(matches("abc", "a?c"));
    assert_true(matches("abc", "???"));
    assert_false(matches("abc", "??"));
    assert_false(matches("abc", "????"));
}

static void a_star_is_any_run(void **state)
{
    (void)state;
    assert_true(matches("", "*"));
    assert_true(matches("abc", "*"));
    assert_true(matches("abc", "***"));
    assert_true(matches("abc", "a*"));
    assert_true(matches("abc", "*c"));
    assert_true(matches("abc", "*b*"));
    assert_true(matches("abc", "a*bc"));
    assert_true(matches("aXbXc", "a*X?"));
    assert_true(matches("mississippi", "m*iss*ip*i"));
    assert_false(matches("abc", "a*d"));
    assert_false(matches("abc", "*a"));
    assert_false(matches("abc", "a*cc"));
}

/* A matcher that tries every way to cut would need ages here. */
static void a_hostile_pattern_costs_no_more(void **state)
{
    char name[129], pattern[129];

    (void)state;
    memset(name, 'a', 128);
    name[128] = '\0';
    for (size_t i = 0; i < 126; i += 2)
        memcpy(pattern + i, "*a", 2);
    memcpy(pattern + 126, "*b", 3);
    assert_false(matches(name, pattern));
    pattern[127] = 'a';
    assert_true(matches(name, pattern));
}

TEST_MAIN(cmocka_unit_test(names_are_of_1_to_128_bytes),
          cmocka_unit_test(only_these_bytes_make_a_name),
          cmocka_unit_test(a_pattern_without_wildcards_is_equality),
          cmocka_unit_test(a_match_takes_no_more_steps_than_it_may),
          cmocka_unit_test(a_question_mark_is_one_byte),
          cmocka_unit_test(a_star_is_any_run),
          cmocka_unit_test(a_hostile_pattern_costs_no_more))
