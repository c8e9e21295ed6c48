/* edges_test - the ends of words and ranges that no other test comes to: one past a
 * limit, an empty word, a length that leaves no room. SPDX-License-Identifier: MIT */
#include "base/name.h"
#include "lines.h"

static struct rq_put put;
static struct rq_peek peek;

static const char *repeat(char *out, char c, size_t n)
{
    memset(out, c, n);
    out[n] = '\0';
    return out;
}

static void what_follows_a_backoff_is_its_maximum_only_if_it_is_a_number(void **state)
{
    (void)state;
    assert_complaint(rq_put_parse(cmd("PUT q b BACKOFF FIXED 5 ''"), &put, &why),
                     RQ_E_BADARG, "");
    assert_int_equal(rq_put_parse(cmd("PUT q b BACKOFF FIXED 5 9"), &put, &why), 0);
    assert_int_equal(rq_put_parse(cmd("PUT q b BACKOFF FIXED 5 PRI 9"), &put, &why), 0);
}

static void the_name_of_a_header_is_a_word(void **state)
{
    static const char *const bad[] = {"'a b'", "a:b", "'a\x7f'", "\"\\x80\"", "''"};
    char line[64];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(line, sizeof line, "PUT q b HEADER %s v", bad[i]);
        assert_true(rq_put_parse(cmd(line), &put, &why) < 0);
    }
    assert_int_equal(rq_put_parse(cmd("PUT q b HEADER a!b~ v"), &put, &why), 0);
}

static void a_key_has_at_most_255_bytes(void **state)
{
    char line[400], key[300];

    (void)state;
    snprintf(line, sizeof line, "PUT q b UNIQUE %s", repeat(key, 'k', 255));
    assert_int_equal(rq_put_parse(cmd(line), &put, &why), 0);
    snprintf(line, sizeof line, "PUT q b UNIQUE %s", repeat(key, 'k', 256));
    assert_complaint(rq_put_parse(cmd(line), &put, &why), RQ_E_BADARG, "UNIQUE needs");
    assert_complaint(rq_put_parse(cmd("PUT q b UNIQUE ''"), &put, &why), RQ_E_BADARG,
                     "UNIQUE needs");
}

static void a_term_has_a_value_of_at_most_128_bytes(void **state)
{
    char line[400], word[300];

    (void)state;
    snprintf(line, sizeof line, "PEEK q MATCH error:%s",
             repeat(word, 'e', RQ_NAME_MAX));
    assert_int_equal(rq_peek_parse(cmd(line), &peek, &why), 0);
    snprintf(line, sizeof line, "PEEK q MATCH error:%s",
             repeat(word, 'e', RQ_NAME_MAX + 1));
    assert_true(rq_peek_parse(cmd(line), &peek, &why) < 0);
    snprintf(line, sizeof line, "PEEK q MATCH header.%s:x",
             repeat(word, 'h', RQ_NAME_MAX));
    assert_int_equal(rq_peek_parse(cmd(line), &peek, &why), 0);
    snprintf(line, sizeof line, "PEEK q MATCH header.%s:x",
             repeat(word, 'h', RQ_NAME_MAX + 1));
    assert_true(rq_peek_parse(cmd(line), &peek, &why) < 0);
    assert_true(rq_peek_parse(cmd("PEEK q MATCH header.:x"), &peek, &why) < 0);
    assert_true(rq_peek_parse(cmd("PEEK q MATCH attempt:"), &peek, &why) < 0);
}

static void a_rate_is_per_second(void **state)
{
    struct rq_queue_set set;

    (void)state;
    assert_int_equal(rq_queue_set_parse(cmd("QUEUE SET q RATE 7/S"), &set, &why), 0);
    assert_int_equal(set.rate, 7);
    assert_true(rq_queue_set_parse(cmd("QUEUE SET q RATE 7/m"), &set, &why) < 0);
    assert_true(rq_queue_set_parse(cmd("QUEUE SET q RATE 7xs"), &set, &why) < 0);
}

static void a_pause_that_is_refused_is_of_no_way(void **state)
{
    struct rq_pause pause;

    (void)state;
    assert_int_equal(rq_pause_parse(cmd("PAUSE q OUT"), &pause, &why), 0);
    assert_true(!pause.in && pause.out);
    assert_true(rq_pause_parse(cmd("PAUSE q BOTH"), &pause, &why) < 0);
}

static void a_watch_of_too_many_words_is_refused(void **state)
{
    struct rq_watch watch;
    struct rq_cmd none = {.argc = 0};

    (void)state;
    assert_true(rq_watch_parse(cmd("WATCH q EVERY 500 more"), &watch, &why) < 0);
    assert_true(rq_watch_parse(&none, &watch, &why) < 0);
}

/* ---- frames ---- */

static long read_with(size_t frame_max, const char *text)
{
    struct rq_resp_reader r;
    struct rq_cmd out;

    rq_resp_reader_init(&r, 1 << 20, frame_max);
    long rc = rq_resp_read(&r, rq_slice_str(text), &out);
    rq_resp_reader_fini(&r);
    return rc;
}

static void a_header_may_fill_the_frame_alone(void **state)
{
    (void)state;
    assert_int_equal(read_with(3, "*1\r\n"), RQ_E_TOOBIG);
    assert_int_equal(read_with(4, "*1\r\n"), RQ_E_TOOBIG); /* no room for an element */
    assert_int_equal(read_with(10, "*1\r\n"), 0);
    assert_int_equal(read_with(17, "*2\r\n$1\r\nX\r\n$1000000\r\n"), RQ_E_TOOBIG);
    assert_int_equal(read_with(16, "*2\r\n$60\r\n"), RQ_E_TOOBIG);
}

static void a_line_that_did_not_grow_is_not_looked_at_again(void **state)
{
    struct rq_resp_reader r;
    struct rq_cmd out;

    (void)state;
    rq_resp_reader_init(&r, 1 << 20, 1 << 20);
    assert_int_equal(rq_resp_read(&r, RQ_LIT("PING"), &out), 0);
    assert_int_equal(rq_resp_read(&r, RQ_LIT("PING"), &out), 0);
    assert_int_equal(rq_resp_read(&r, RQ_LIT("PING\n"), &out), 5);
    rq_resp_reader_fini(&r);
}

static void a_double_is_written_whole_or_not_at_all(void **state)
{
    struct rq_buf small;
    struct rq_resp_writer w = {.out = &small, .protocol = 3};

    (void)state;
    rq_buf_init(&small, 4);
    rq_resp_double(&w, 0.1 + 0.2); /* needs 17 digits */
    assert_true(w.rc < 0);
    assert_int_equal(small.len, 0);
    rq_buf_fini(&small);
}

static void a_double_of_17_digits_keeps_them(void **state)
{
    struct rq_buf out;
    struct rq_resp_writer w = {.out = &out, .protocol = 3};

    (void)state;
    rq_buf_init(&out, 100);
    rq_resp_double(&w, 0.1 + 0.2);
    assert_true(rq_slice_eq(rq_buf_slice(&out), RQ_LIT(",0.30000000000000004\r\n")));
    rq_buf_fini(&out);
}

TEST_MAIN(PARSE(what_follows_a_backoff_is_its_maximum_only_if_it_is_a_number),
          PARSE(the_name_of_a_header_is_a_word), PARSE(a_key_has_at_most_255_bytes),
          PARSE(a_term_has_a_value_of_at_most_128_bytes), PARSE(a_rate_is_per_second),
          PARSE(a_pause_that_is_refused_is_of_no_way),
          PARSE(a_watch_of_too_many_words_is_refused),
          PARSE(a_header_may_fill_the_frame_alone),
          PARSE(a_line_that_did_not_grow_is_not_looked_at_again),
          PARSE(a_double_is_written_whole_or_not_at_all),
          PARSE(a_double_of_17_digits_keeps_them))
