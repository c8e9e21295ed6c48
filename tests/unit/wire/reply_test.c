/* reply_test - the client's side: commands out, replies in.
 * SPDX-License-Identifier: MIT */
#include "wire/reply.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "support/test.h"

enum { BULK_MAX = 1000 };

static int begin(void **state)
{
    *state = rq_reply_reader_new(BULK_MAX);
    return *state == NULL ? -1 : 0;
}

static int end(void **state)
{
    rq_reply_reader_free(*state);
    return 0;
}

/* The one reply that `text` is; from a block of exactly its size. */
static struct rq_reply *read_one(struct rq_reply_reader *r, struct rq_slice text)
{
    uint8_t *block = malloc(text.len);
    struct rq_reply *reply;

    assert_non_null(block);
    memcpy(block, text.ptr, text.len);
    assert_int_equal(rq_reply_read(r, rq_slice(block, text.len), &reply), text.len);
    free(block); /* the reply has copies */
    assert_non_null(reply);
    return reply;
}

/* What a new reader says about `text`: an error, or 0 */
static long failure_of(struct rq_slice text)
{
    struct rq_reply_reader *r = rq_reply_reader_new(BULK_MAX);
    struct rq_reply *reply;
    long rc = 0;

    assert_non_null(r);
    while (rc >= 0 && text.len > 0) {
        rc = rq_reply_read(r, text, &reply);
        rq_reply_free(reply);
        if (rc > 0)
            text = rq_slice(text.ptr + rc, text.len - (size_t)rc);
    }
    rq_reply_reader_free(r);
    return rc < 0 ? rc : 0;
}

static void assert_text(const struct rq_reply *reply, enum rq_reply_type type,
                        struct rq_slice text)
{
    assert_int_equal(reply->type, type);
    assert_int_equal(reply->str.len, text.len);
    assert_memory_equal(reply->str.ptr, text.ptr, text.len + 1); /* with the NUL */
}

static void a_command_is_an_array_of_bulk_strings(void **state)
{
    const struct rq_slice argv[] = {RQ_LIT("PUT"), RQ_LIT("q"), RQ_LIT("a\0b"),
                                    rq_slice(NULL, 0)};
    static const char expected[] = "*4\r\n$3\r\nPUT\r\n$1\r\nq\r\n$3\r\na\0b\r\n"
                                   "$0\r\n\r\n";
    struct rq_buf out;

    (void)state;
    rq_buf_init(&out, 1000);
    assert_int_equal(rq_reply_command(&out, 4, argv), 0);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(rq_buf_slice(&out).ptr, expected, out.len);
    rq_buf_fini(&out);
}

static void a_command_that_does_not_fit_is_not_written_at_all(void **state)
{
    const struct rq_slice argv[] = {RQ_LIT("PUT"), RQ_LIT("q"), RQ_LIT("body")};
    struct rq_buf out;

    (void)state;
    /* "old", then 4 + 9 + 7 + 10 bytes */
    for (size_t max = 3; max < 33; max++) {
        rq_buf_init(&out, max);
        assert_int_equal(rq_buf_append(&out, "old", 3), 0);
        assert_int_equal(rq_reply_command(&out, 3, argv), -ENOBUFS);
        assert_int_equal(out.len, 3);
        rq_buf_fini(&out);
    }
    rq_buf_init(&out, 33);
    assert_int_equal(rq_buf_append(&out, "old", 3), 0);
    assert_int_equal(rq_reply_command(&out, 3, argv), 0);
    assert_int_equal(out.len, 33);
    rq_buf_fini(&out);
}

static void lines_and_bulk_strings_are_texts(void **state)
{
    struct rq_reply *reply = read_one(*state, RQ_LIT("+OK\r\n"));

    assert_text(reply, RQ_REPLY_SIMPLE, RQ_LIT("OK"));
    rq_reply_free(reply);
    reply = read_one(*state, RQ_LIT("-STALE not yours\r\n"));
    assert_text(reply, RQ_REPLY_ERROR, RQ_LIT("STALE not yours"));
    rq_reply_free(reply);
    reply = read_one(*state, RQ_LIT("$4\r\na\r\n\0\r\n"));
    assert_text(reply, RQ_REPLY_BULK, RQ_LIT("a\r\n\0"));
    rq_reply_free(reply);
    reply = read_one(*state, RQ_LIT("$0\r\n\r\n"));
    assert_text(reply, RQ_REPLY_BULK, RQ_LIT(""));
    rq_reply_free(reply);
    reply = read_one(*state, RQ_LIT("+\r\n"));
    assert_text(reply, RQ_REPLY_SIMPLE, RQ_LIT(""));
    rq_reply_free(reply);
}

static void numbers_and_booleans_have_values(void **state)
{
    struct rq_reply *reply = read_one(
        *state, RQ_LIT("*6\r\n:9223372036854775807\r\n:-9223372036854775808\r\n#t\r\n"
                       "#f\r\n,-1.5e3\r\n,inf\r\n"));

    assert_int_equal(reply->type, RQ_REPLY_ARRAY);
    assert_int_equal(reply->count, 6);
    assert_int_equal(reply->elements[0].type, RQ_REPLY_INT);
    assert_int_equal(reply->elements[0].integer, INT64_MAX);
    assert_int_equal(reply->elements[1].integer, INT64_MIN);
    assert_int_equal(reply->elements[2].type, RQ_REPLY_BOOL);
    assert_int_equal(reply->elements[2].integer, 1);
    assert_int_equal(reply->elements[3].integer, 0);
    assert_int_equal(reply->elements[4].type, RQ_REPLY_DOUBLE);
    assert_true(reply->elements[4].real > -1500.1 && reply->elements[4].real < -1499.9);
    assert_true(isinf(reply->elements[5].real));
    rq_reply_free(reply);
}

static void every_null_is_null(void **state)
{
    static const char *const nulls[] = {"$-1\r\n", "*-1\r\n", "_\r\n"};

    for (size_t i = 0; i < 3; i++) {
        struct rq_reply *reply = read_one(*state, rq_slice_str(nulls[i]));

        assert_int_equal(reply->type, RQ_REPLY_NULL);
        assert_int_equal(reply->count, 0);
        rq_reply_free(reply);
    }
}

static const char NESTED[] = "*4\r\n*2\r\n$5\r\n7-1:1\r\n:5\r\n%1\r\n+live\r\n*1\r\n"
                             "#t\r\n*0\r\n%0\r\n";

static void assert_nested(const struct rq_reply *reply)
{
    assert_int_equal(reply->count, 4);
    assert_int_equal(reply->elements[0].count, 2);
    assert_text(&reply->elements[0].elements[0], RQ_REPLY_BULK, RQ_LIT("7-1:1"));
    assert_int_equal(reply->elements[1].type, RQ_REPLY_MAP);
    assert_int_equal(reply->elements[1].count, 2);
    assert_int_equal(reply->elements[1].elements[1].elements[0].integer, 1);
    assert_int_equal(reply->elements[2].type, RQ_REPLY_ARRAY);
    assert_int_equal(reply->elements[2].count, 0);
    assert_int_equal(reply->elements[3].type, RQ_REPLY_MAP);
}

static void arrays_nest(void **state)
{
    struct rq_reply *reply = read_one(*state, rq_slice_str(NESTED));

    assert_nested(reply);
    rq_reply_free(reply);
}

static void a_reply_may_be_cut_anywhere(void **state)
{
    size_t len = sizeof NESTED - 1;

    for (size_t cut = 1; cut < len; cut++) {
        struct rq_reply *reply;

        assert_int_equal(rq_reply_read(*state, rq_slice(NESTED, cut), &reply), cut);
        assert_null(reply);
        reply = read_one(*state, rq_slice(NESTED + cut, len - cut));
        assert_nested(reply);
        rq_reply_free(reply);
    }
}

static void a_reply_may_come_byte_by_byte(void **state)
{
    size_t len = sizeof NESTED - 1;
    struct rq_reply *reply;

    for (size_t i = 0; i < len - 1; i++) {
        assert_int_equal(rq_reply_read(*state, rq_slice(NESTED + i, 1), &reply), 1);
        assert_null(reply);
    }
    reply = read_one(*state, rq_slice(NESTED + len - 1, 1));
    assert_nested(reply);
    rq_reply_free(reply);
}

static void what_follows_a_reply_is_left(void **state)
{
    struct rq_slice stream = RQ_LIT("*1\r\n:1\r\n$1\r\nx\r\n+OK");
    static const long eaten[] = {8, 7, 3};
    struct rq_reply *reply;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rq_reply_read(*state, stream, &reply), eaten[i]);
        assert_int_equal(reply != NULL, i < 2);
        stream = rq_slice(stream.ptr + eaten[i], stream.len - (size_t)eaten[i]);
        rq_reply_free(reply);
    }
    assert_int_equal(rq_reply_read(*state, stream, &reply), 0);
}

static void what_is_no_reply_is_refused(void **state)
{
    static const char *const bad[] = {
        "\r\n",
        "OK\r\n",
        "+OK\n",
        "\n",
        ":\r\n",
        ":1a\r\n",
        ":+1\r\n",
        ":01\r\n",
        ":1.5\r\n",
        ":-0\r\n",
        "$\r\n",
        "$-2\r\n",
        "$01\r\n",
        "$a\r\n",
        "*\r\n",
        "*-2\r\n",
        "%-2\r\n",
        "%x\r\n",
        "#\r\n",
        "#x\r\n",
        "#tt\r\n",
        "_x\r\n",
        ",\r\n",
        ",x\r\n",
        ",0x1\r\n",
        ",1e\r\n",
        ", 1\r\n",
        ",1 \r\n",
        ",infinity\r\n",
        "!1\r\n",
        "$1\r\nabc",
        "$1\r\na\rb",
        "*1\r\nx\r\n",
        ":9223372036854775808\r\n",
        ",1111111111222222222233333333334444444444555555555566666666667777\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(failure_of(rq_slice_str(bad[i])), RQ_E_MALFORMED);
}

static void a_bulk_string_has_a_limit(void **state)
{
    (void)state;
    assert_int_equal(failure_of(RQ_LIT("$1000\r\n")), 0);
    assert_int_equal(failure_of(RQ_LIT("$1001\r\n")), RQ_E_TOOBIG);
    assert_int_equal(failure_of(RQ_LIT("$18446744073709551616\r\n")), RQ_E_TOOBIG);
}

static void a_reply_has_at_most_2_20_elements(void **state)
{
    (void)state;
    assert_int_equal(failure_of(RQ_LIT("*1048576\r\n")), 0);
    assert_int_equal(failure_of(RQ_LIT("*1048577\r\n")), RQ_E_TOOBIG);
    assert_int_equal(failure_of(RQ_LIT("%524288\r\n")), 0);
    assert_int_equal(failure_of(RQ_LIT("%524289\r\n")), RQ_E_TOOBIG);
    /* All arrays count together, but each reply anew. */
    assert_int_equal(failure_of(RQ_LIT("*2\r\n*1048574\r\n")), 0);
    assert_int_equal(failure_of(RQ_LIT("*2\r\n*1048575\r\n")), RQ_E_TOOBIG);
    assert_int_equal(failure_of(RQ_LIT("*1\r\n:1\r\n*1048576\r\n")), 0);
}

static void arrays_nest_at_most_8_deep(void **state)
{
    struct rq_reply *reply = read_one(
        *state, RQ_LIT("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n"));
    const struct rq_reply *node = reply;

    for (int depth = 0; depth < 8; depth++) {
        assert_int_equal(node->type, RQ_REPLY_ARRAY);
        node = node->elements;
    }
    assert_int_equal(node->integer, 7);
    rq_reply_free(reply);
    assert_int_equal(
        failure_of(RQ_LIT("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n")),
        RQ_E_TOOBIG);
    /* An empty array needs no level. */
    assert_int_equal(
        failure_of(RQ_LIT("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*0\r\n")),
        0);
}

static void a_line_has_at_most_64_kib(void **state)
{
    enum { MAX = 64 * 1024 };
    char *line = malloc(MAX + 4);
    struct rq_reply *reply;

    (void)state;
    assert_non_null(line);
    memset(line, 'x', MAX + 4);
    line[0] = '+';
    memcpy(line + MAX, "\r\n", 2);
    reply = read_one(*state, rq_slice(line, MAX + 2));
    assert_int_equal(reply->str.len, MAX - 1);
    rq_reply_free(reply);

    memcpy(line + MAX, "x\r\n", 3);
    assert_int_equal(failure_of(rq_slice(line, MAX + 3)), RQ_E_TOOBIG);
    assert_int_equal(failure_of(rq_slice(line, MAX + 1)), 0);
    free(line);
}

static void an_error_is_final(void **state)
{
    struct rq_reply *reply;

    assert_int_equal(rq_reply_read(*state, RQ_LIT("?\r\n"), &reply), RQ_E_MALFORMED);
    assert_null(reply);
    assert_int_equal(rq_reply_read(*state, RQ_LIT("+OK\r\n"), &reply), RQ_E_MALFORMED);
    assert_null(reply);
}

static void a_field_is_found_by_its_name(void **state)
{
    struct rq_reply *reply = read_one(
        *state, RQ_LIT("*6\r\n$2\r\nid\r\n$5\r\n7-102\r\n+ttr\r\n:5\r\n:1\r\n:2\r\n"));
    const struct rq_reply *field = rq_reply_field(reply, "ttr");

    assert_non_null(field);
    assert_int_equal(field->integer, 5);
    assert_text(rq_reply_field(reply, "id"), RQ_REPLY_BULK, RQ_LIT("7-102"));
    assert_null(rq_reply_field(reply, "7-102")); /* a value is no name */
    assert_null(rq_reply_field(reply, "i"));
    assert_null(rq_reply_field(reply, ""));
    assert_null(rq_reply_field(field, "ttr"));
    rq_reply_free(reply);

    reply = read_one(*state, RQ_LIT("%1\r\n+a\r\n#t\r\n"));
    assert_int_equal(rq_reply_field(reply, "a")->integer, 1);
    rq_reply_free(reply);
    reply = read_one(*state, RQ_LIT("*3\r\n+a\r\n:1\r\n+b\r\n")); /* b has no value */
    assert_null(rq_reply_field(reply, "b"));
    rq_reply_free(reply);
}

static void freeing_nothing_is_harmless(void **state)
{
    (void)state;
    rq_reply_free(NULL);
    rq_reply_reader_free(NULL);
}

#define READER(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(cmocka_unit_test(a_command_is_an_array_of_bulk_strings),
          cmocka_unit_test(a_command_that_does_not_fit_is_not_written_at_all),
          READER(lines_and_bulk_strings_are_texts),
          READER(numbers_and_booleans_have_values), READER(every_null_is_null),
          READER(arrays_nest), READER(a_reply_may_be_cut_anywhere),
          READER(a_reply_may_come_byte_by_byte), READER(what_follows_a_reply_is_left),
          READER(what_is_no_reply_is_refused), READER(a_bulk_string_has_a_limit),
          READER(a_reply_has_at_most_2_20_elements), READER(arrays_nest_at_most_8_deep),
          READER(a_line_has_at_most_64_kib), READER(an_error_is_final),
          READER(a_field_is_found_by_its_name), READER(freeing_nothing_is_harmless))
