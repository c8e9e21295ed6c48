/* json_test - what is written is JSON.
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <errno.h>

#include "support/test.h"

struct doc {
    struct rq_buf out;
    struct rq_json json;
};

static int begin(void **state)
{
    static struct doc doc;

    rq_buf_init(&doc.out, 4096);
    rq_json_init(&doc.json, &doc.out);
    *state = &doc;
    return 0;
}

static int end(void **state)
{
    struct doc *doc = *state;

    rq_buf_fini(&doc->out);
    return 0;
}

static void assert_text(struct doc *doc, const char *text)
{
    assert_int_equal(doc->json.rc, 0);
    assert_int_equal(rq_buf_append_byte(&doc->out, '\0'), 0);
    assert_string_equal((const char *)rq_buf_slice(&doc->out).ptr, text);
}

static void members_and_elements_are_separated(void **state)
{
    struct rq_json *j = &((struct doc *)*state)->json;

    rq_json_object_begin(j);
    rq_json_key(j, "a");
    rq_json_int(j, 1);
    rq_json_key(j, "list");
    rq_json_array_begin(j);
    rq_json_bool(j, true);
    rq_json_null(j);
    rq_json_object_begin(j);
    rq_json_object_end(j);
    rq_json_array_begin(j);
    rq_json_array_end(j);
    rq_json_bool(j, false);
    rq_json_array_end(j);
    rq_json_key(j, "z");
    rq_json_string(j, RQ_LIT("end"));
    rq_json_object_end(j);
    assert_text(*state, "{\"a\":1,\"list\":[true,null,{},[],false],\"z\":\"end\"}");
}

static void integers_reach_both_ends(void **state)
{
    struct rq_json *j = &((struct doc *)*state)->json;

    rq_json_array_begin(j);
    rq_json_int(j, INT64_MIN);
    rq_json_int(j, INT64_MAX);
    rq_json_array_end(j);
    assert_text(*state, "[-9223372036854775808,9223372036854775807]");
}

static void quotes_and_controls_are_escaped(void **state)
{
    struct rq_json *j = &((struct doc *)*state)->json;

    rq_json_string(j, RQ_LIT("\"\\/\n\r\t\x01\x1f\x7f\0."));
    assert_text(*state, "\"\\\"\\\\/\\n\\r\\t\\u0001\\u001f\\u007f\\u0000.\"");
}

static void keys_are_escaped_like_strings(void **state)
{
    struct rq_json *j = &((struct doc *)*state)->json;

    rq_json_object_begin(j);
    rq_json_key(j, "a\"b");
    rq_json_null(j);
    rq_json_object_end(j);
    assert_text(*state, "{\"a\\\"b\":null}");
}

static void utf8_passes_through(void **state)
{
    struct rq_json *j = &((struct doc *)*state)->json;

    /* The first and the last character of each length, and those at the surrogates. */
    rq_json_string(j, RQ_LIT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
                             "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    assert_text(*state, "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
                        "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

#define BAD "\xef\xbf\xbd"

static void what_is_not_utf8_is_replaced_byte_by_byte(void **state)
{
    const struct {
        struct rq_slice in;
        const char *out;
    } cases[] = {
        {RQ_LIT("\x80"), "\"" BAD "\""},                 /* no lead */
        {RQ_LIT("\xc1\xbf"), "\"" BAD BAD "\""},         /* overlong */
        {RQ_LIT("\xe0\x9f\xbf"), "\"" BAD BAD BAD "\""}, /* overlong */
        {RQ_LIT("\xed\xa0\x80"), "\"" BAD BAD BAD "\""}, /* a surrogate */
        {RQ_LIT("\xf0\x8f\xbf\xbf"), "\"" BAD BAD BAD BAD "\""},
        {RQ_LIT("\xf4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\""}, /* above U+10FFFF */
        {RQ_LIT("\xf5\x80\x80\x80"), "\"" BAD BAD BAD BAD "\""},
        {RQ_LIT("\xff"), "\"" BAD "\""},
        {RQ_LIT("\xe2\x82"), "\"" BAD BAD "\""}, /* cut */
        {RQ_LIT("\xc3("), "\"" BAD "(\""},
        {RQ_LIT("\xe2\x82("), "\"" BAD BAD "(\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct doc *doc = *state;

        rq_buf_clear(&doc->out);
        rq_json_init(&doc->json, &doc->out);
        rq_json_string(&doc->json, cases[i].in);
        assert_text(doc, cases[i].out);
    }
}

static void the_first_failure_is_kept(void **state)
{
    struct doc *doc = *state;

    doc->out.max = 5;
    rq_json_array_begin(&doc->json);
    rq_json_int(&doc->json, 123456);
    rq_json_int(&doc->json, 1);
    rq_json_array_end(&doc->json);
    assert_int_equal(doc->json.rc, -ENOBUFS);
    assert_int_equal(doc->out.len, 1);
}

#define DOC(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(DOC(members_and_elements_are_separated), DOC(integers_reach_both_ends),
          DOC(quotes_and_controls_are_escaped), DOC(keys_are_escaped_like_strings),
          DOC(utf8_passes_through), DOC(what_is_not_utf8_is_replaced_byte_by_byte),
          DOC(the_first_failure_is_kept))
