/* produce_test - PUT and MPUT: words that are sent, replies that are read.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <string.h>

#include "support/test.h"

#define RECEIPT "*3\r\n$4\r\n7-42\r\n$7\r\ndelayed\r\n$8\r\neverysec\r\n"

static struct fake fake;

static ringq *begin(const struct fake_step *script)
{
    fake_begin(&fake, script);
    return fake_connect(&fake, -1);
}

static void end(ringq *q)
{
    ringq_close(q);
    fake_end(&fake);
}

static void a_put_without_options_is_three_words(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q hello"), REPLIES(RECEIPT),
                                       ENDS};
    ringq *q = begin(script);
    ringq_receipt r;

    (void)state;
    assert_int_equal(ringq_put(q, "q", "hello", 5, NULL, &r), 0);
    assert_string_equal(r.id, "7-42");
    assert_string_equal(r.state, "delayed");
    assert_string_equal(r.durability, "everysec");
    end(q);
}

static void zeroed_options_add_nothing(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q "), REPLIES(RECEIPT),
                                       ENDS};
    const ringq_put_options options = {.size = sizeof options};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_put(q, "q", NULL, 0, &options, NULL), 0);
    end(q);
}

static void every_option_has_its_words(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("PUT q x DELAY 5000 PRI 0 TTR 30000 TRIES 7 BACKOFF LINEAR 100 900 "
                "JITTER 0"),
        REPLIES(RECEIPT),
        EXPECTS("PUT q x AT 1700000000000 BACKOFF EXP 100"),
        REPLIES(RECEIPT),
        EXPECTS("PUT q x PRI 255 BACKOFF FIXED 1 JITTER 100"),
        REPLIES(RECEIPT),
        ENDS};
    const ringq_put_options all = {.size = sizeof all,
                                   .delay_ms = 5000,
                                   .has_pri = true,
                                   .ttr_ms = 30000,
                                   .tries = 7,
                                   .backoff = RINGQ_BACKOFF_LINEAR,
                                   .backoff_base_ms = 100,
                                   .backoff_max_ms = 900,
                                   .has_jitter = true};
    const ringq_put_options at = {.size = sizeof at,
                                  .at_unix_ms = INT64_C(1700000000000),
                                  .backoff_base_ms = 100};
    const ringq_put_options fixed = {.size = sizeof fixed,
                                     .has_pri = true,
                                     .pri = 255,
                                     .backoff = RINGQ_BACKOFF_FIXED,
                                     .backoff_base_ms = 1,
                                     .has_jitter = true,
                                     .jitter_pct = 100};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_put(q, "q", "x", 1, &all, NULL), 0);
    assert_int_equal(ringq_put(q, "q", "x", 1, &at, NULL), 0);
    assert_int_equal(ringq_put(q, "q", "x", 1, &fixed, NULL), 0);
    end(q);
}

static void life_room_and_headers_have_their_words(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("PUT q x TTL 60000 KEEP 5000 BLOCK 250 HEADER trace 4b HEADER empty "),
        REPLIES(RECEIPT),
        EXPECTS("PUT q x UNIQUE k WINDOW 5 REPLACE"),
        REPLIES(RECEIPT),
        EXPECTS("PUT q x GROUP customer:7"),
        REPLIES(RECEIPT),
        EXPECTS("PUT q x UNIQUE k BATCH 7-3"),
        REPLIES(RECEIPT),
        EXPECTS("PUT q x DURABLE memory NOWAIT"),
        REPLIES("-FULL q has 5 jobs\r\n"),
        EXPECTS("PUT q x BLOCK 315360000000"),
        REPLIES(RECEIPT),
        ENDS};
    const ringq_header headers[] = {{"trace", "4b", 2}, {"empty", NULL, 0}};
    const ringq_put_options all = {.size = sizeof all,
                                   .ttl_ms = 60000,
                                   .keep_ms = 5000,
                                   .headers = headers,
                                   .header_count = 2,
                                   .block_ms = 250};
    const ringq_put_options once = {
        .size = sizeof once, .unique = "k", .window_ms = 5, .replace = true};
    const ringq_put_options in_turn = {.size = sizeof in_turn, .group = "customer:7"};
    const ringq_put_options together = {
        .size = sizeof together, .unique = "k", .batch = "7-3"};
    const ringq_put_options at_once = {
        .size = sizeof at_once, .nowait = true, .durable = "memory"};
    const ringq_put_options for_ever = {.size = sizeof for_ever,
                                        .block_ms = RINGQ_FOREVER};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_put(q, "q", "x", 1, &all, NULL), 0);
    assert_int_equal(ringq_put(q, "q", "x", 1, &once, NULL), 0);
    assert_int_equal(ringq_put(q, "q", "x", 1, &in_turn, NULL), 0);
    assert_int_equal(ringq_put(q, "q", "x", 1, &together, NULL), 0);
    assert_int_equal(ringq_put(q, "q", "x", 1, &at_once, NULL), RINGQ_FULL);
    assert_int_equal(ringq_put(q, "q", "x", 1, &for_ever, NULL), 0);
    end(q);
}

static void options_that_contradict_each_other_are_not_sent(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    static const ringq_header nameless = {NULL, "x", 1}, valueless = {"x", NULL, 1};
    static const ringq_put_options bad[] = {
        {.size = 3},
        {.size = sizeof *bad, .delay_ms = -1},
        {.size = sizeof *bad, .at_unix_ms = -1},
        {.size = sizeof *bad, .delay_ms = 1, .at_unix_ms = 1},
        {.size = sizeof *bad, .backoff_max_ms = 1},
        {.size = sizeof *bad, .ttl_ms = -1},
        {.size = sizeof *bad, .window_ms = 1},
        {.size = sizeof *bad, .replace = true},
        {.size = sizeof *bad, .unique = "k", .window_ms = -1},
        {.size = sizeof *bad, .unique = "k", .replace = true, .batch = "7-3"},
        {.size = sizeof *bad, .keep_ms = -1},
        {.size = sizeof *bad, .block_ms = -2},
        {.size = sizeof *bad, .block_ms = 1, .nowait = true},
        {.size = sizeof *bad, .header_count = 1},
        {.size = sizeof *bad, .headers = &nameless, .header_count = 1},
        {.size = sizeof *bad, .headers = &valueless, .header_count = 1},
        {.size = sizeof *bad, .backoff = (enum ringq_backoff)3},
    };
    ringq *q = begin(script);
    const ringq_bytes body = {"x", 1};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(ringq_put(q, "q", "x", 1, &bad[i], NULL), RINGQ_USAGE);
        assert_string_not_equal(ringq_error_text(q), "");
        assert_int_equal(ringq_mput(q, "q", &body, 1, &bad[i], NULL), RINGQ_USAGE);
        assert_int_equal(ringq_submit_put(q, "q", "x", 1, &bad[i], NULL, NULL),
                         RINGQ_USAGE);
    }
    assert_int_equal(ringq_put(q, NULL, "x", 1, NULL, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_put(q, "q", NULL, 1, NULL, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_mput(q, "q", NULL, 1, NULL, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_mput(q, "q", &body, 0, NULL, NULL), RINGQ_USAGE);
    end(q);
}

static void many_bodies_go_in_one_command(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("MPUT q DELAY 5 BODIES 2 one two"),
        REPLIES("*2\r\n$3\r\n7-1\r\n$3\r\n7-2\r\n"), ENDS};
    const ringq_put_options options = {.size = sizeof options, .delay_ms = 5};
    const ringq_bytes bodies[] = {{"one", 3}, {"two", 3}};
    char ids[2][RINGQ_ID_SIZE];
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_mput(q, "q", bodies, 2, &options, ids), 2);
    assert_string_equal(ids[0], "7-1");
    assert_string_equal(ids[1], "7-2");
    end(q);
}

static void more_bodies_than_fit_the_inline_words(void **state)
{
    enum { N = 100 };
    const struct fake_step script[] = {OPENS, EXPECTS("MPUT q BODIES 100 b b b*"),
                                       REPLIES("-FULL q\r\n"), ENDS};
    ringq_bytes bodies[N];
    ringq *q = begin(script);

    (void)state;
    for (size_t i = 0; i < N; i++)
        bodies[i] = (ringq_bytes){"b", 1};
    assert_int_equal(ringq_mput(q, "q", bodies, N, NULL, NULL), RINGQ_FULL);
    end(q);
}

/* A receipt of another shape ends the connection. */
static void assert_distrusted(const char *reply)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("PUT q x"), {FAKE_REPLY, reply, 0}, ENDS};
    ringq *q = begin(script);
    ringq_receipt r;

    assert_int_equal(ringq_put(q, "q", "x", 1, NULL, &r), RINGQ_PROTOCOL);
    assert_int_equal(fake.open_sockets, 0);
    end(q);
}

static void a_malformed_receipt_is_refused(void **state)
{
    (void)state;
    assert_distrusted("+OK\r\n");
    assert_distrusted("_\r\n");
    assert_distrusted("*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    assert_distrusted("*3\r\n:1\r\n$1\r\na\r\n$1\r\nb\r\n");
    assert_distrusted("*3\r\n$1\r\na\r\n$-1\r\n$1\r\nb\r\n");
    assert_distrusted(
        "*3\r\n$48\r\n000000000000000000000000000000000000000000000000\r\n"
        "$1\r\na\r\n$1\r\nb\r\n");
}

static void an_id_of_the_longest_size_fits(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("PUT q x"),
        REPLIES("*3\r\n$47\r\n00000000000000000000000000000000000000000000000\r\n"
                "$15\r\nreplica:0000001\r\n$1\r\nb\r\n"),
        ENDS};
    ringq *q = begin(script);
    ringq_receipt r;

    (void)state;
    assert_int_equal(ringq_put(q, "q", "x", 1, NULL, &r), 0);
    assert_int_equal(strlen(r.id), RINGQ_ID_SIZE - 1);
    end(q);
}

static void a_list_of_ids_of_another_length_is_refused(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("MPUT q BODIES 1 x"),
                                       REPLIES("*2\r\n$3\r\n7-1\r\n$3\r\n7-2\r\n"),
                                       ENDS};
    const ringq_bytes body = {"x", 1};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_mput(q, "q", &body, 1, NULL, NULL), RINGQ_PROTOCOL);
    end(q);
}

TEST_MAIN(cmocka_unit_test(a_put_without_options_is_three_words),
          cmocka_unit_test(zeroed_options_add_nothing),
          cmocka_unit_test(every_option_has_its_words),
          cmocka_unit_test(life_room_and_headers_have_their_words),
          cmocka_unit_test(options_that_contradict_each_other_are_not_sent),
          cmocka_unit_test(many_bodies_go_in_one_command),
          cmocka_unit_test(more_bodies_than_fit_the_inline_words),
          cmocka_unit_test(a_malformed_receipt_is_refused),
          cmocka_unit_test(an_id_of_the_longest_size_fits),
          cmocka_unit_test(a_list_of_ids_of_another_length_is_refused))
