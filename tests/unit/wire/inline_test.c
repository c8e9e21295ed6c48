/* inline_test - the words of a line typed by a person.
 * SPDX-License-Identifier: MIT */
#include "wire/inline.h"

#include <errno.h>

#include "base/err.h"
#include "support/test.h"

/* Are the words of `line`, each followed by a bar, `expected`? */
static void assert_words(struct rq_slice line, struct rq_slice expected)
{
    struct rq_buf out;
    int rc;

    rq_buf_init(&out, 1000);
    while ((rc = rq_inline_word(&line, &out)) > 0)
        assert_int_equal(rq_buf_append_byte(&out, '|'), 0);
    assert_int_equal(rc, 0);
    assert_int_equal(out.len, expected.len);
    if (out.len > 0)
        assert_memory_equal(rq_buf_slice(&out).ptr, expected.ptr, out.len);
    rq_buf_fini(&out);
}

static int first_failure(struct rq_slice line)
{
    struct rq_buf out;
    int rc;

    rq_buf_init(&out, 1000);
    while ((rc = rq_inline_word(&line, &out)) > 0)
        ;
    rq_buf_fini(&out);
    return rc;
}

static void blanks_separate_words(void **state)
{
    (void)state;
    assert_words(RQ_LIT(""), RQ_LIT(""));
    assert_words(RQ_LIT(" \t "), RQ_LIT(""));
    assert_words(RQ_LIT("PUT emails hello"), RQ_LIT("PUT|emails|hello|"));
    assert_words(RQ_LIT("  a\tb\v\fc\r "), RQ_LIT("a|b|c|"));
}

static void double_quotes_keep_blanks_and_know_escapes(void **state)
{
    (void)state;
    assert_words(RQ_LIT("\"a b\" \"\""), RQ_LIT("a b||"));
    assert_words(RQ_LIT("\"\\n\\r\\t\\b\\a\\\\\\\"\\q\""), RQ_LIT("\n\r\t\b\a\\\"q|"));
    assert_words(RQ_LIT("\"it's\""), RQ_LIT("it's|"));
}

static void two_hex_digits_are_a_byte(void **state)
{
    (void)state;
    assert_words(RQ_LIT("\"\\x00\\xfF\\x7e\""), RQ_LIT("\0\xff~|"));
    assert_words(RQ_LIT("\"\\xg0\\x0\""), RQ_LIT("xg0x0|"));
    assert_words(RQ_LIT("\"\\x0g\""), RQ_LIT("x0g|"));
}

static void single_quotes_know_only_themselves(void **state)
{
    (void)state;
    assert_words(RQ_LIT("'a \\n\"' 'it\\'s'"), RQ_LIT("a \\n\"|it's|"));
    assert_words(RQ_LIT("'a\\\\b'"), RQ_LIT("a\\\\b|"));
}

static void a_quote_may_begin_inside_a_word(void **state)
{
    (void)state;
    assert_words(RQ_LIT("a\"b c\" d'e f'"), RQ_LIT("ab c|de f|"));
}

static void outside_quotes_all_bytes_are_plain(void **state)
{
    (void)state;
    assert_words(RQ_LIT("a\\nb \x00\xff"), RQ_LIT("a\\nb|\x00\xff|"));
}

static void an_open_quote_is_refused(void **state)
{
    (void)state;
    assert_int_equal(first_failure(RQ_LIT("\"")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("'")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("a \"b c")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("\"a\\\"")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("\"a\\")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("\"\\x")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("'a\\'")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("'\\\\'")), RQ_E_MALFORMED);
}

static void a_word_ends_with_its_quote(void **state)
{
    (void)state;
    assert_int_equal(first_failure(RQ_LIT("\"a\"b")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("'a'b")), RQ_E_MALFORMED);
    assert_int_equal(first_failure(RQ_LIT("\"a\"\"b\"")), RQ_E_MALFORMED);
}

static void a_full_buffer_is_an_error(void **state)
{
    struct rq_slice line = RQ_LIT("abc \"d\\ne\"");
    struct rq_buf out;

    (void)state;
    rq_buf_init(&out, 4);
    assert_int_equal(rq_inline_word(&line, &out), 1);
    assert_int_equal(rq_inline_word(&line, &out), -ENOBUFS);
    rq_buf_fini(&out);
}

TEST_MAIN(cmocka_unit_test(blanks_separate_words),
          cmocka_unit_test(double_quotes_keep_blanks_and_know_escapes),
          cmocka_unit_test(two_hex_digits_are_a_byte),
          cmocka_unit_test(single_quotes_know_only_themselves),
          cmocka_unit_test(a_quote_may_begin_inside_a_word),
          cmocka_unit_test(outside_quotes_all_bytes_are_plain),
          cmocka_unit_test(an_open_quote_is_refused),
          cmocka_unit_test(a_word_ends_with_its_quote),
          cmocka_unit_test(a_full_buffer_is_an_error))
