/* json_test - writes JSON, and tells whether a text is JSON.
 * SPDX-License-Identifier: MIT */
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

/* The check in a block of exactly the text's size: one byte too far is a report. */
static const char *check(const char *text, size_t len, size_t *at)
{
    char *exact = malloc(len > 0 ? len : 1);

    assert_non_null(exact);
    memcpy(exact, text, len);
    const char *wrong = json_check(exact, len, at);
    free(exact);
    return wrong;
}

static bool is_json(const char *text)
{
    size_t at = 0;

    return check(text, strlen(text), &at) == NULL;
}

static void values_of_every_kind_pass(void **state)
{
    static const char *const good[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "1.5",
        "-1.5e+10",
        "1E5",
        "1e-5",
        "\"\"",
        "\"a\\n\\u00e9\\\\\"",
        "\"\xc3\xa9\"",
        "[]",
        "{}",
        "[1,2]",
        " [ 1 , 2 ] ",
        "{\"a\":1}",
        "{ \"a\" : { \"b\" : [ { } , [ ] ] } , \"c\" : null }",
        "[[[[]]]]",
        "[[],[]]",
        "\t1\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(is_json(good[i]));
}

static void what_only_looks_like_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",       " ",     "nul",       "nulll",     "True",      "01",
        "1.",     ".5",    "1e",        "1e+",       "+1",        "-",
        "'a'",    "\"",    "\"a",       "\"\\x\"",   "\"\\u12\"", "\"\\u12g4\"",
        "\"\t\"", "[",     "]",         "[1",        "[1,",       "[1,]",
        "[,1]",   "[1 2]", "{",         "{\"a\"}",   "{\"a\":}",  "{\"a\":1,}",
        "{a:1}",  "{1:1}", "[1}",       "{\"a\":1]", "1 2",       "[]]",
        "{}}",    "[][]",  "NaN",       "Infinity",  "\"\xff\"",  "\"\xc3\"",
        "// x",   "[1]x",  "{\"a\" 1}", "{,}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is_json(bad[i]))
            fail_msg("'%s' passed", bad[i]);
    }
}

static void every_cut_of_a_document_is_refused(void **state)
{
    static const char whole[] =
        "{\"a\":[1.5e3,true,\"x\\u00e9\xc3\xa9\",null],\"b\":{}}";
    size_t at;

    (void)state;
    assert_null(check(whole, sizeof whole - 1, &at));
    for (size_t cut = 0; cut < sizeof whole - 1; cut++)
        assert_non_null(check(whole, cut, &at));
}

static void a_nul_byte_is_refused(void **state)
{
    size_t at;

    (void)state;
    assert_non_null(check("\"\0\"", 3, &at));
    assert_non_null(check("\"\\\0\"", 4, &at));
    assert_non_null(check("\"\\u\0"
                          "000\"",
                          8, &at));
    assert_non_null(check("1\0", 2, &at));
}

static void the_place_of_a_mistake_is_told(void **state)
{
    size_t at = 0;

    (void)state;
    assert_string_equal(check("[1,2 3]", 7, &at),
                        "a comma or a closing bracket was expected");
    assert_int_equal(at, 5);
    assert_string_equal(check("{} x", 4, &at), "something stands behind the value");
    assert_int_equal(at, 3);
}

static void nesting_ends_at_its_limit(void **state)
{
    /* The innermost pair is empty and opens nothing: one more than the limit passes. */
    enum { PASSES = JSON_DEPTH_MAX + 1 };
    static char text[2 * (PASSES + 1)];
    size_t at;

    (void)state;
    memset(text, '[', PASSES);
    memset(text + PASSES, ']', PASSES);
    assert_null(check(text, (size_t)2 * PASSES, &at));
    memset(text, '[', PASSES + 1);
    memset(text + PASSES + 1, ']', PASSES + 1);
    assert_string_equal(check(text, sizeof text, &at), "nested too deeply");
}

static void mixed_brackets_are_told_apart_at_every_depth(void **state)
{
    (void)state;
    assert_true(is_json("[{\"a\":[{\"b\":[1]}]},{\"c\":[]}]"));
    assert_false(is_json("[{\"a\":[{\"b\":[1]}}]]"));
    assert_false(is_json("[{\"a\":[{\"b\":[1}]}]]"));
}

/* ---- writing ---- */

static char *written;
static size_t written_len;

static struct json begin(void)
{
    FILE *out = open_memstream(&written, &written_len);

    assert_non_null(out);
    return (struct json){.out = out};
}

static void assert_written(struct json *j, const char *want)
{
    char copy[512];

    assert_int_equal(fclose(j->out), 0);
    assert_true(written_len < sizeof copy);
    memcpy(copy, written, written_len + 1);
    free(written);
    assert_string_equal(copy, want);
}

static void objects_and_lists_get_their_commas(void **state)
{
    struct json j = begin();

    (void)state;
    json_begin(&j, '{');
    json_key(&j, "a");
    json_integer(&j, -5);
    json_key(&j, "b");
    json_begin(&j, '[');
    json_boolean(&j, true);
    json_null(&j);
    json_begin(&j, '{');
    json_end(&j, '}');
    json_number(&j, 0.5);
    json_end(&j, ']');
    json_key(&j, "c");
    json_string(&j, "x");
    json_end(&j, '}');
    json_line(&j);
    json_integer(&j, 2);
    assert_written(&j, "{\"a\":-5,\"b\":[true,null,{},0.5],\"c\":\"x\"}\n2");
}

static void texts_are_escaped(void **state)
{
    struct json j = begin();

    (void)state;
    json_text(&j, "a\"\\\n\t\x01\x7f\0/\xc3\xa9", 11);
    assert_written(&j, "\"a\\\"\\\\\\n\\t\\u0001\\u007f\\u0000/\xc3\xa9\"");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
    struct json j = begin();

    (void)state;
    json_text(&j, "a\xff\xc3", 3);
    assert_written(&j, "\"a\\ufffd\\ufffd\"");
}

static void a_number_that_json_does_not_know_is_null(void **state)
{
    struct json j = begin();

    (void)state;
    json_begin(&j, '[');
    json_number(&j, strtod("nan", NULL));
    json_number(&j, strtod("inf", NULL));
    json_end(&j, ']');
    assert_written(&j, "[null,null]");
}

static void a_body_is_text_or_base64(void **state)
{
    struct json j = begin();

    (void)state;
    json_begin(&j, '{');
    json_body(&j, "body", "hi", 2);
    json_body(&j, "body", "\xff", 1);
    json_body(&j, "body", "\xff\xfe", 2);
    json_body(&j, "body", "\xff\xfe\xfd", 3);
    json_body(&j, "body", "", 0);
    json_end(&j, '}');
    assert_written(&j,
                   "{\"body\":\"hi\",\"body_base64\":\"/w==\",\"body_base64\":\"//4=\","
                   "\"body_base64\":\"//79\",\"body\":\"\"}");
}

static void utf8_knows_its_forbidden_forms(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "\xf0\x9f\x98",
                                      "\xc3(",
                                      "\xe2\x82(",
                                      "\xf0\x9f\x98(",
                                      "\xff"};
    static const char *const good[] = {
        "\x7f",         "\xc2\x80",         "\xe0\xa0\x80",    "\xed\x9f\xbf",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(json_is_utf8(bad[i], strlen(bad[i])));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(json_utf8_length(good[i], strlen(good[i])), strlen(good[i]));
}

TEST_MAIN(cmocka_unit_test(values_of_every_kind_pass),
          cmocka_unit_test(what_only_looks_like_json_is_refused),
          cmocka_unit_test(every_cut_of_a_document_is_refused),
          cmocka_unit_test(a_nul_byte_is_refused),
          cmocka_unit_test(the_place_of_a_mistake_is_told),
          cmocka_unit_test(nesting_ends_at_its_limit),
          cmocka_unit_test(mixed_brackets_are_told_apart_at_every_depth),
          cmocka_unit_test(objects_and_lists_get_their_commas),
          cmocka_unit_test(texts_are_escaped),
          cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
          cmocka_unit_test(a_number_that_json_does_not_know_is_null),
          cmocka_unit_test(a_body_is_text_or_base64),
          cmocka_unit_test(utf8_knows_its_forbidden_forms))
