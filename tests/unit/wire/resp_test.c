/* resp_test - the reader of commands: every cut, every limit and one past it.
 * SPDX-License-Identifier: MIT */
#include "wire/resp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "support/test.h"

enum { BODY_MAX = 1000, FRAME_MAX = 2000 };

static const char PUT[] =
    "*5\r\n$3\r\nPUT\r\n$6\r\nemails\r\n$5\r\nhe\r\no\r\n$3\r\nPRI\r\n"
    "$0\r\n\r\n";

static int begin(void **state)
{
    static struct rq_resp_reader reader;

    rq_resp_reader_init(&reader, BODY_MAX, FRAME_MAX);
    *state = &reader;
    return 0;
}

static int end(void **state)
{
    rq_resp_reader_fini(*state);
    return 0;
}

/* Reads `src` from a block of exactly its size.  The command is gone when this returns:
 * only its argc may be looked at. */
static long read_block(struct rq_resp_reader *r, struct rq_slice src, size_t *out_argc)
{
    uint8_t *block = malloc(src.len > 0 ? src.len : 1);
    struct rq_cmd cmd = {.argc = SIZE_MAX};

    assert_non_null(block);
    if (src.len > 0)
        memcpy(block, src.ptr, src.len);
    long rc = rq_resp_read(r, rq_slice(block, src.len), &cmd);
    free(block);
    if (out_argc != NULL)
        *out_argc = cmd.argc;
    return rc;
}

/* What a new reader says about `text`. */
static long answer(const char *text, size_t len)
{
    struct rq_resp_reader r;

    rq_resp_reader_init(&r, BODY_MAX, FRAME_MAX);
    long rc = read_block(&r, rq_slice(text, len), NULL);
    rq_resp_reader_fini(&r);
    return rc;
}

#define ANSWER(literal) answer(literal, sizeof(literal) - 1)

static void assert_word(const struct rq_cmd *cmd, size_t i, const char *text)
{
    assert_true(i < cmd->argc);
    assert_int_equal(cmd->argv[i].len, strlen(text));
    assert_memory_equal(cmd->argv[i].ptr, text, strlen(text));
}

static void a_command_is_read_in_place(void **state)
{
    struct rq_slice src = rq_slice_str(PUT);
    struct rq_cmd cmd;

    assert_int_equal(rq_resp_read(*state, src, &cmd), src.len);
    assert_int_equal(cmd.argc, 5);
    assert_word(&cmd, 0, "PUT");
    assert_word(&cmd, 1, "emails");
    assert_word(&cmd, 2, "he\r\no");
    assert_word(&cmd, 3, "PRI");
    assert_word(&cmd, 4, "");
    for (size_t i = 0; i < cmd.argc; i++)
        assert_true(cmd.argv[i].ptr > src.ptr && cmd.argv[i].ptr < src.ptr + src.len);
}

static void every_cut_command_asks_for_more_and_then_is_whole(void **state)
{
    struct rq_slice src = rq_slice_str(PUT);

    for (size_t cut = 0; cut < src.len; cut++) {
        size_t argc;

        assert_int_equal(read_block(*state, rq_slice(src.ptr, cut), NULL), 0);
        assert_int_equal(read_block(*state, src, &argc), src.len);
        assert_int_equal(argc, 5);
    }
}

static void a_cut_inline_line_asks_for_more_and_then_is_whole(void **state)
{
    struct rq_slice src = RQ_LIT("PUT emails \"a b\"\r\n");

    for (size_t cut = 0; cut < src.len; cut++) {
        size_t argc;

        assert_int_equal(read_block(*state, rq_slice(src.ptr, cut), NULL), 0);
        assert_int_equal(read_block(*state, src, &argc), src.len);
        assert_int_equal(argc, 3);
    }
}

static void the_end_of_a_line_is_sought_in_new_bytes_only(void **state)
{
    struct rq_resp_reader *r = *state;

    assert_int_equal(read_block(r, RQ_LIT("PUT emails"), NULL), 0);
    assert_int_equal(r->pos, 10);
    assert_int_equal(read_block(r, RQ_LIT("PUT emails hello\r"), NULL), 0);
    assert_int_equal(r->pos, 17);
    assert_int_equal(read_block(r, RQ_LIT("PUT emails hello\r\n"), NULL), 18);
    assert_int_equal(r->pos, 0);
}

/* A megabyte, a byte at a time: a reader that begins anew each time never ends. */
static void single_bytes_cost_no_more(void **state)
{
    enum { ELEMENTS = 100000 };
    struct rq_resp_reader r;
    struct rq_buf stream;
    struct rq_cmd cmd;
    long rc = 0;

    (void)state;
    rq_buf_init(&stream, 8 << 20);
    assert_int_equal(rq_buf_printf(&stream, "*%d\r\n", ELEMENTS), 0);
    for (int i = 0; i < ELEMENTS; i++)
        assert_int_equal(rq_buf_printf(&stream, "$4\r\n%04d\r\n", i % 10000), 0);

    struct rq_slice all = rq_buf_slice(&stream);
    rq_resp_reader_init(&r, BODY_MAX, 8 << 20);
    for (size_t len = 1; len < all.len; len++)
        assert_int_equal(rq_resp_read(&r, rq_slice(all.ptr, len), &cmd), 0);
    rc = rq_resp_read(&r, all, &cmd);
    assert_int_equal(rc, all.len);
    assert_int_equal(cmd.argc, ELEMENTS);
    assert_word(&cmd, 99999, "9999");
    rq_resp_reader_fini(&r);
    rq_buf_fini(&stream);
}

static void a_pipeline_is_read_one_command_at_a_time(void **state)
{
    struct rq_slice src =
        RQ_LIT("*1\r\n$4\r\nPING\r\nQSIZE a\n*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n");
    static const char *const verbs[] = {"PING", "QSIZE", "ECHO"};
    static const size_t argcs[] = {1, 2, 2};

    for (size_t i = 0; i < 3; i++) {
        struct rq_cmd cmd;
        long n = rq_resp_read(*state, src, &cmd);

        assert_true(n > 0);
        assert_int_equal(cmd.argc, argcs[i]);
        assert_word(&cmd, 0, verbs[i]);
        src = rq_slice(src.ptr + n, src.len - (size_t)n);
    }
    assert_int_equal(src.len, 0);
}

static void empty_arrays_and_blank_lines_are_eaten(void **state)
{
    static const char *const blank[] = {"*0\r\n", "*-1\r\n", "\r\n", "\n", " \t \r\n"};

    for (size_t i = 0; i < sizeof blank / sizeof *blank; i++) {
        size_t argc;

        assert_int_equal(read_block(*state, rq_slice_str(blank[i]), &argc),
                         strlen(blank[i]));
        assert_int_equal(argc, 0);
    }
}

static void what_is_no_command_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ANSWER("*\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*a\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1a\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*+1\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("* 1\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*01\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*00\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*-\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*-0\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*-01\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*-2\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\rx"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n+PING\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n*1\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n$\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*\r\n$4\r\nPING\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n$\r\nPING\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n$-1\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n$04\r\nPING\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n$4\r\nPINGx"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n$4\r\nPING\rx"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("*1\r\n$4\r\nPING\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("PUT q \"open\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("PUT q 'open\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("PUT q \"a\"b\n"), RQ_E_MALFORMED);
}

/* Lengths around every width of an integer; the bytes never come. */
static void a_length_is_refused_before_its_bytes(void **state)
{
    (void)state;
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$1000\r\n"), 0);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$1001\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$2147483647\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$2147483648\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$4294967295\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$4294967296\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$9223372036854775807\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$18446744073709551615\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$18446744073709551616\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$99999999999999999999\r\n"), RQ_E_TOOBIG);
    assert_int_equal(ANSWER("*2\r\n$1\r\nx\r\n$100000000000000000000"), RQ_E_MALFORMED);
}

static void a_verb_has_at_most_64_bytes(void **state)
{
    (void)state;
    assert_int_equal(ANSWER("*1\r\n$64\r\n"), 0);
    assert_int_equal(ANSWER("*1\r\n$65\r\n"), RQ_E_TOOBIG);
}

/* `head`, and behind it a whole element of `len` bytes, is taken or refused, by a
 * reader that has room for elements already. */
static void assert_taken_up_to(size_t limit, const char *head, size_t len)
{
    struct rq_resp_reader r;
    char command[1100];
    size_t at = (size_t)snprintf(command, sizeof command, "%s$%zu\r\n", head, len);

    memset(command + at, 'x', len);
    memcpy(command + at + len, "\r\n", 2);
    at += len + 2;
    rq_resp_reader_init(&r, BODY_MAX, FRAME_MAX);
    assert_true(read_block(&r, RQ_LIT("*1\r\n$4\r\nPING\r\n"), NULL) > 0);
    assert_int_equal(read_block(&r, rq_slice(command, at), NULL),
                     len > limit ? RQ_E_TOOBIG : (long)at);
    rq_resp_reader_fini(&r);
}

static void lengths_of_any_number_of_digits_have_the_same_limits(void **state)
{
    static const size_t lengths[] = {0, 1, 9, 10, 63, 64, 65, 999, 1000, 1001};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        assert_taken_up_to(64, "*1\r\n", lengths[i]);
        assert_taken_up_to(BODY_MAX, "*2\r\n$4\r\nPING\r\n", lengths[i]);
    }
}

static void a_count_is_refused_before_its_elements(void **state)
{
    struct rq_resp_reader r;

    (void)state;
    rq_resp_reader_init(&r, BODY_MAX, SIZE_MAX);
    assert_int_equal(read_block(&r, RQ_LIT("*1048576\r\n"), NULL), 0);
    assert_int_equal(r.args_cap, 0); /* nothing is reserved for what may come */
    rq_resp_reader_fini(&r);
    assert_int_equal(read_block(&r, RQ_LIT("*1048577\r\n"), NULL), RQ_E_TOOBIG);
    rq_resp_reader_fini(&r);
    assert_int_equal(read_block(&r, RQ_LIT("*18446744073709551617\r\n"), NULL),
                     RQ_E_TOOBIG);
    rq_resp_reader_fini(&r);
    assert_int_equal(read_block(&r, RQ_LIT("*4294967297\r\n"), NULL), RQ_E_TOOBIG);
    rq_resp_reader_fini(&r);

    /* 332 smallest elements and the header are 1998 bytes; 333 are 2004. */
    assert_int_equal(ANSWER("*332\r\n"), 0);
    assert_int_equal(ANSWER("*333\r\n"), RQ_E_TOOBIG);
}

/* Three elements of which the last one fills the frame to the byte. */
static void a_frame_may_reach_its_limit(void **state)
{
    static const char head[] = "*3\r\n$3\r\nPUT\r\n$1\r\nq\r\n$1971\r\n";
    enum { HEAD = sizeof head - 1, BODY = 1971 };
    struct rq_resp_reader r;
    struct rq_cmd cmd;
    char *frame = malloc(HEAD + BODY + 2);

    (void)state;
    assert_non_null(frame);
    memcpy(frame, head, HEAD);
    memset(frame + HEAD, 'b', BODY);
    memcpy(frame + HEAD + BODY, "\r\n", 2);
    assert_int_equal(HEAD + BODY + 2, FRAME_MAX);

    rq_resp_reader_init(&r, BODY, FRAME_MAX);
    assert_int_equal(rq_resp_read(&r, rq_slice(frame, FRAME_MAX), &cmd), FRAME_MAX);
    assert_int_equal(cmd.argc, 3);
    rq_resp_reader_fini(&r);

    rq_resp_reader_init(&r, BODY, FRAME_MAX - 1);
    assert_int_equal(rq_resp_read(&r, rq_slice(frame, HEAD), &cmd), RQ_E_TOOBIG);
    rq_resp_reader_fini(&r);
    free(frame);
}

static void a_frame_leaves_room_for_what_it_has_declared(void **state)
{
    (void)state;
    /* Up to the body 21 bytes; behind it its CR LF and 170 elements of 6 bytes or more:
     * 957 of 2000 bytes are left. */
    assert_int_equal(ANSWER("*172\r\n$3\r\nPUT\r\n$957\r\n"), 0);
    assert_int_equal(ANSWER("*172\r\n$3\r\nPUT\r\n$958\r\n"), RQ_E_TOOBIG);
}

static void a_huge_command_leaves_no_memory_behind(void **state)
{
    struct rq_resp_reader *r = *state;
    struct rq_buf stream;
    struct rq_cmd cmd;

    r->frame_max = 1 << 20;
    rq_buf_init(&stream, 1 << 20);
    assert_int_equal(rq_buf_printf(&stream, "*1000\r\n"), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(rq_buf_append(&stream, "$0\r\n\r\n", 6), 0);
    assert_true(rq_resp_read(r, rq_buf_slice(&stream), &cmd) > 0);
    assert_int_equal(cmd.argc, 1000);
    assert_true(r->args_cap >= 1000);
    assert_true(rq_resp_read(r, RQ_LIT("PING\n"), &cmd) > 0);
    assert_in_range(r->args_cap, 1, 256);
    rq_buf_fini(&stream);
}

/* A line of `len` bytes without its end: PUT q and one word. */
static char *new_line(size_t len, const char *line_end)
{
    char *line = malloc(len + strlen(line_end) + 1);

    assert_non_null(line);
    memset(line, 'b', len);
    memcpy(line, "PUT q ", 6);
    memcpy(line + len, line_end, strlen(line_end) + 1);
    return line;
}

static long answer_to_line(size_t len, const char *line_end)
{
    struct rq_resp_reader r;
    char *line = new_line(len, line_end);

    rq_resp_reader_init(&r, 1 << 20, 1 << 20);
    long rc = read_block(&r, rq_slice_str(line), NULL);
    rq_resp_reader_fini(&r);
    free(line);
    return rc;
}

static void an_inline_line_has_at_most_64_kib(void **state)
{
    (void)state;
    assert_int_equal(answer_to_line(65536, "\r\n"), 65538);
    assert_int_equal(answer_to_line(65536, "\n"), 65537);
    assert_int_equal(answer_to_line(65537, "\n"), RQ_E_TOOBIG);
    assert_int_equal(answer_to_line(65537, "\r\n"), RQ_E_TOOBIG);
    /* Without its end: what has come may still be a whole line, or cannot be one. */
    assert_int_equal(answer_to_line(65536, "\r"), 0);
    assert_int_equal(answer_to_line(65538, ""), RQ_E_TOOBIG);
}

static void an_inline_line_keeps_to_the_frame_limit(void **state)
{
    struct rq_resp_reader r;

    (void)state;
    rq_resp_reader_init(&r, 100, 7);
    assert_int_equal(read_block(&r, RQ_LIT("PUT q b"), NULL), RQ_E_TOOBIG);
    rq_resp_reader_fini(&r);
    assert_int_equal(read_block(&r, RQ_LIT("PUT qb\n"), NULL), 7);
    assert_int_equal(read_block(&r, RQ_LIT("PUT qbc"), NULL), RQ_E_TOOBIG);
    rq_resp_reader_fini(&r);
}

static void words_of_a_line_have_the_limits_of_elements(void **state)
{
    char line[200];

    (void)state;
    memset(line, 'V', sizeof line);
    line[64] = '\n';
    assert_int_equal(answer(line, 65), 65);
    line[64] = 'V';
    line[65] = '\n';
    assert_int_equal(answer(line, 66), RQ_E_TOOBIG);

    struct rq_resp_reader r;
    rq_resp_reader_init(&r, 3, FRAME_MAX);
    assert_int_equal(read_block(&r, RQ_LIT("PUT q bod\n"), NULL), 10);
    assert_int_equal(read_block(&r, RQ_LIT("PUT q body\n"), NULL), RQ_E_TOOBIG);
    rq_resp_reader_fini(&r);
}

static void any_first_byte_but_a_star_begins_a_line(void **state)
{
    struct rq_cmd cmd;

    for (int c = 0; c < 256; c++) {
        char line[] = "?x y\n";

        if (c == '*' || c == '\n' || c == '"' || c == '\'')
            continue;
        line[0] = (char)c;
        assert_int_equal(rq_resp_read(*state, rq_slice(line, 5), &cmd), 5);
        assert_int_equal(cmd.argc, 2);
    }
}

/* What follows in the stream of a browser would be obeyed otherwise. */
static void a_request_of_http_ends_the_stream(void **state)
{
    (void)state;
    assert_int_equal(ANSWER("POST / HTTP/1.1\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("post /\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("Host: localhost:7766\r\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("host: x\n"), RQ_E_MALFORMED);
    assert_int_equal(ANSWER("POSTS\n"), 6);
    assert_int_equal(ANSWER("Host\n"), 5);
}

static void only_empty_words_need_no_line_buffer(void **state)
{
    struct rq_cmd cmd;

    assert_int_equal(rq_resp_read(*state, RQ_LIT("\"\" ''\n"), &cmd), 6);
    assert_int_equal(cmd.argc, 2);
    assert_word(&cmd, 0, "");
    assert_word(&cmd, 1, "");
}

#define READER(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(READER(a_command_is_read_in_place),
          READER(every_cut_command_asks_for_more_and_then_is_whole),
          READER(a_cut_inline_line_asks_for_more_and_then_is_whole),
          READER(the_end_of_a_line_is_sought_in_new_bytes_only),
          READER(single_bytes_cost_no_more),
          READER(a_pipeline_is_read_one_command_at_a_time),
          READER(empty_arrays_and_blank_lines_are_eaten),
          READER(what_is_no_command_is_refused),
          READER(a_length_is_refused_before_its_bytes),
          READER(a_verb_has_at_most_64_bytes),
          READER(lengths_of_any_number_of_digits_have_the_same_limits),
          READER(a_count_is_refused_before_its_elements),
          READER(a_frame_may_reach_its_limit),
          READER(a_frame_leaves_room_for_what_it_has_declared),
          READER(a_huge_command_leaves_no_memory_behind),
          READER(an_inline_line_has_at_most_64_kib),
          READER(an_inline_line_keeps_to_the_frame_limit),
          READER(words_of_a_line_have_the_limits_of_elements),
          READER(any_first_byte_but_a_star_begins_a_line),
          READER(a_request_of_http_ends_the_stream),
          READER(only_empty_words_need_no_line_buffer))
