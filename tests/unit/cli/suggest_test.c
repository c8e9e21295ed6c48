/* suggest_test - "did you mean ...?" for a mistyped word.
 * SPDX-License-Identifier: MIT */
#include "cli/suggest.h"

#include "support/test.h"

static void the_four_mistakes_of_typing_count_one_each(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("work", "work"), 0);
    assert_int_equal(suggest_distance("wrk", "work"), 1);
    assert_int_equal(suggest_distance("woork", "work"), 1);
    assert_int_equal(suggest_distance("wark", "work"), 1);
    assert_int_equal(suggest_distance("wrok", "work"), 1);
    assert_int_equal(suggest_distance("WORK", "work"), 0);
    assert_int_equal(suggest_distance("", "work"), 4);
    assert_int_equal(suggest_distance("work", ""), 4);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
}

static void words_beyond_the_limit_are_never_near(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                     0); /* 31 letters */
    assert_int_equal(suggest_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                     31);
}

static const char *best_of(const char *typed)
{
    struct suggest s;

    suggest_init(&s, typed);
    suggest_offer(&s, "put");
    suggest_offer(&s, "get");
    suggest_offer(&s, "stats");
    suggest_offer(&s, "queues");
    return s.best;
}

static void the_nearest_word_wins_and_a_stranger_gets_none(void **state)
{
    (void)state;
    assert_string_equal(best_of("pt"), "put");
    assert_string_equal(best_of("gte"), "get");
    assert_string_equal(best_of("status"), "stats");
    assert_string_equal(best_of("queue"), "queues");
    assert_null(best_of("frobnicate"));
    assert_null(best_of("x"));
}

TEST_MAIN(cmocka_unit_test(the_four_mistakes_of_typing_count_one_each),
          cmocka_unit_test(words_beyond_the_limit_are_never_near),
          cmocka_unit_test(the_nearest_word_wins_and_a_stranger_gets_none))
