/* call_test - what a lost connection means for a command.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

#define RECEIPT "*3\r\n$3\r\n7-1\r\n$6\r\nqueued\r\n$5\r\nfsync\r\n"
#define JOB                                                                        \
    "%6\r\n$2\r\nid\r\n$3\r\n7-1\r\n$5\r\nlease\r\n$5\r\n7-1:1\r\n$5\r\nqueue\r\n" \
    "$1\r\nq\r\n$4\r\nbody\r\n$1\r\nx\r\n$7\r\nattempt\r\n:1\r\n$3\r\nttr\r\n:"    \
    "60000\r\n"
enum { WINDOW_MS = 1000 };

/* One script at a time, as each test has one. */
static struct fake fake;

static ringq *begin(const struct fake_step *script, int reconnect_ms)
{
    ringq *q;

    fake_begin(&fake, script);
    q = fake_connect(&fake, reconnect_ms);
    assert_int_equal(ringq_error(q), 0);
    return q;
}

static void end(ringq *q)
{
    ringq_close(q);
    fake_end(&fake);
}

static void assert_text_has(const ringq *q, const char *part)
{
    if (strstr(ringq_error_text(q), part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, ringq_error_text(q));
}

static int put(ringq *q)
{
    return ringq_put(q, "q", "x", 1, NULL, NULL);
}

static int take(ringq *q, int64_t block_ms)
{
    ringq_job *job = NULL;
    int rc = ringq_get(q, "q", block_ms, 0, &job);

    ringq_job_free(job);
    return rc;
}

/* ---- the connection ends before the answer ---- */

static void a_put_that_was_sent_is_not_repeated(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q x"), RESETS, ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), RINGQ_UNKNOWN);
    assert_int_equal(ringq_error(q), RINGQ_UNKNOWN);
    assert_text_has(q, "PUT");
    assert_text_has(q, "look whether it was obeyed");
    end(q);
}

static void the_call_after_an_unknown_outcome_connects_again(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q x"), CLOSES,
                                       OPENS, EXPECTS("PUT q x"), REPLIES(RECEIPT),
                                       ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), RINGQ_UNKNOWN);
    assert_int_equal(put(q), 0);
    assert_int_equal(ringq_error(q), 0);
    assert_string_equal(ringq_error_text(q), "");
    end(q);
}

static void a_put_that_was_sent_in_part_only_is_repeated(void **state)
{
    const struct fake_step script[] = {
        OPENS, TAKES(9), RESETS, OPENS, EXPECTS("PUT q x"), REPLIES(RECEIPT), ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), 0);
    end(q);
}

static void a_put_whose_last_byte_was_sent_is_not_repeated(void **state)
{
    /* *3 $3 PUT $1 q $1 x with their ends of line: 4 + 9 + 7 + 7 */
    const struct fake_step all[] = {OPENS, TAKES(27), RESETS, ENDS};
    const struct fake_step but_one[] = {
        OPENS, TAKES(26), RESETS, OPENS, EXPECTS("PUT q x"), REPLIES(RECEIPT), ENDS};
    ringq *q = begin(all, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), RINGQ_UNKNOWN);
    end(q);
    q = begin(but_one, WINDOW_MS);
    assert_int_equal(put(q), 0);
    end(q);
}

static void an_idle_connection_that_was_closed_is_noticed_before_a_put(void **state)
{
    const struct fake_step script[] = {
        OPENS, CLOSES, OPENS, EXPECTS("PUT q x"), REPLIES(RECEIPT), ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    fake.now_ns += INT64_C(5000000000);
    assert_int_equal(put(q), 0);
    end(q);
}

static void what_only_looks_is_repeated(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE q"), RESETS,
                                       OPENS, EXPECTS("QSIZE q"), CLOSES,
                                       OPENS, EXPECTS("QSIZE q"), REPLIES(":5\r\n"),
                                       ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_qsize(q, "q"), 5);
    end(q);
}

static void a_get_is_repeated_even_when_its_answer_had_begun(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("GET q"),
                                       REPLIES("%6\r\n$2\r\nid"),
                                       RESETS,
                                       OPENS,
                                       EXPECTS("GET q"),
                                       REPLIES(JOB),
                                       ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(take(q, RINGQ_FOREVER), 0);
    end(q);
}

static void a_repeated_get_waits_for_what_is_left_of_its_block(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("GET q BLOCK 1000"), RESETS,           REFUSES, REFUSES,
        OPENS, EXPECTS("GET q BLOCK 9*"),   REPLIES("_\r\n"), ENDS};
    ringq *q = begin(script, 10000);

    (void)state;
    assert_int_equal(take(q, 1000), RINGQ_TIMEOUT);
    assert_in_range(fake.paused_ms, 10, 99); /* so 901 to 990 are left */
    end(q);
}

static void a_done_is_asked_again_and_the_server_is_believed(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("DONE 7-1:1"), RESETS,
        OPENS, EXPECTS("DONE 7-1:1"), REPLIES("-STALE 7-1:1 is no longer yours\r\n"),
        ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_done(q, "7-1:1", NULL, 0), RINGQ_STALE);
    assert_text_has(q, "7-1:1 is no longer yours");
    assert_text_has(q, "an attempt before it");
    end(q);
}

static void a_done_that_nobody_answers_is_not_known(void **state)
{
    const struct fake_step script[] = {OPENS,   EXPECTS("DONE 7-1:1"),
                                       RESETS,  REFUSES,
                                       REFUSES, REFUSES,
                                       REFUSES, REFUSES,
                                       REFUSES, REFUSES,
                                       REFUSES, ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_done(q, "7-1:1", NULL, 0), RINGQ_UNKNOWN);
    assert_in_range(fake.paused_ms, WINDOW_MS, WINDOW_MS);
    fake_skip_refusals(&fake);
    end(q);
}

static void without_reconnection_a_lost_call_fails_at_once(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PING"), RESETS, ENDS};
    ringq *q = begin(script, -1);

    (void)state;
    assert_int_equal(ringq_ping(q), RINGQ_DISCONNECTED);
    assert_int_equal(fake.pauses, 0);
    end(q);
}

static void a_server_that_stays_away_is_disconnected_after_the_window(void **state)
{
    const struct fake_step script[] = {OPENS,   EXPECTS("PING"), RESETS,  REFUSES,
                                       REFUSES, REFUSES,         REFUSES, REFUSES,
                                       REFUSES, REFUSES,         REFUSES, ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_ping(q), RINGQ_DISCONNECTED);
    assert_text_has(q, "is ringqd running there?");
    assert_in_range(fake.paused_ms, WINDOW_MS, WINDOW_MS);
    fake_skip_refusals(&fake);
    end(q);
}

static void a_handle_that_never_connected_connects_at_the_first_call(void **state)
{
    const struct fake_step script[] = {REFUSES, OPENS, EXPECTS("PING"),
                                       REPLIES("+PONG\r\n"), ENDS};
    ringq *q;

    (void)state;
    fake_begin(&fake, script);
    q = fake_connect(&fake, -1);
    assert_int_equal(ringq_error(q), RINGQ_DISCONNECTED);
    assert_int_equal(ringq_ping(q), 0);
    end(q);
}

/* ---- time ---- */

static void a_reply_that_does_not_come_is_a_timeout(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PING"), ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_ping(q), RINGQ_TIMEOUT);
    assert_in_range(fake.now_ns / 1000000, 30000, 30010);
    end(q);
}

static void a_put_without_an_answer_in_time_is_not_known(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q x"), ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), RINGQ_UNKNOWN);
    end(q);
}

static void a_blocking_get_waits_for_its_block_and_the_reply_timeout(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET q BLOCK 60000"), ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(take(q, 60000), RINGQ_TIMEOUT);
    assert_in_range(fake.now_ns / 1000000, 90000, 90010);
    end(q);
}

static void a_get_for_ever_waits_without_a_limit(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET q"), WAITS_FOR_EVER,
                                       REPLIES(JOB), ENDS};
    ringq *q = begin(script, -1);

    (void)state;
    assert_int_equal(take(q, RINGQ_FOREVER), 0);
    end(q);
}

static void a_reply_that_trickles_is_no_timeout(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PING"), REPLIES("+PONG\r\n"),
                                       ENDS};
    ringq *q = begin(script, -1);

    (void)state;
    fake.recv_chunk = 1;
    assert_int_equal(ringq_ping(q), 0);
    end(q);
}

static void loading_is_waited_for(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("PUT q x"),
                                       REPLIES("-LOADING the log\r\n"),
                                       EXPECTS("PUT q x"),
                                       REPLIES("-LOADING the log\r\n"),
                                       EXPECTS("PUT q x"),
                                       REPLIES(RECEIPT),
                                       ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), 0);
    assert_in_range(fake.paused_ms, 1, 100);
    end(q);
}

static void loading_is_reported_when_waiting_is_not_wanted(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q x"),
                                       REPLIES("-LOADING the log\r\n"), ENDS};
    ringq *q = begin(script, -1);

    (void)state;
    assert_int_equal(put(q), RINGQ_LOADING);
    assert_text_has(q, "the log");
    end(q);
}

/* ---- what the server says ---- */

static void an_error_of_the_server_keeps_the_connection(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("PUT q x"),
                                       REPLIES("-PAUSED q takes no jobs now\r\n"),
                                       EXPECTS("PING"),
                                       REPLIES("+PONG\r\n"),
                                       ENDS};
    ringq *q = begin(script, -1);

    (void)state;
    assert_int_equal(put(q), RINGQ_PAUSED);
    assert_string_equal(ringq_error_text(q), "q takes no jobs now");
    assert_int_equal(ringq_ping(q), 0);
    end(q);
}

static void bytes_that_are_no_reply_end_the_connection(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PING"), REPLIES("?what\r\n"),
                                       ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_ping(q), RINGQ_PROTOCOL);
    end(q);
}

static void a_put_answered_by_nonsense_is_not_known(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q x"), REPLIES("$x\r\n"),
                                       ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), RINGQ_UNKNOWN);
    end(q);
}

static void a_reply_over_the_limit_is_refused_from_its_length(void **state)
{
    const struct fake_step at[] = {OPENS, EXPECTS("ECHO x"),
                                   REPLIES("$9\r\n123456789\r\n"), ENDS};
    const struct fake_step past[] = {OPENS, EXPECTS("ECHO x"), REPLIES("$11\r\n"),
                                     ENDS};
    const ringq_options options = {.size = sizeof options, .reply_max = 10};
    const char *const words[] = {"ECHO", "x"};
    ringq *q;

    (void)state;
    fake_begin(&fake, at);
    q = ringq_connect_over(&fake_transport, &fake, "unix:/x", &options);
    assert_int_equal(ringq_command(q, 2, words, NULL, NULL), 0);
    end(q);
    fake_begin(&fake, past);
    q = ringq_connect_over(&fake_transport, &fake, "unix:/x", &options);
    assert_int_equal(ringq_command(q, 2, words, NULL, NULL), RINGQ_TOOBIG);
    assert_text_has(q, "reply_max");
    end(q);
}

static void a_reply_that_nobody_asked_for_ends_the_connection(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("PING"), REPLIES("+PONG\r\n+PONG\r\n"),
        OPENS, EXPECTS("PING"), REPLIES("+PONG\r\n"),
        ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_ping(q), 0);
    fake.now_ns += 1;
    assert_int_equal(ringq_ping(q), 0);
    end(q);
}

/* ---- cancellation ---- */

static void a_cancelled_wait_is_cancelled_and_its_late_reply_is_dropped(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("QSIZE a"), CANCELS, EXPECTS("QSIZE b"), REPLIES(":1\r\n:2\r\n"),
        ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_qsize(q, "a"), RINGQ_CANCELED);
    assert_int_equal(ringq_qsize(q, "b"), 2);
    end(q);
}

static void a_cancelled_get_gives_back_what_it_may_have_taken(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET q"), CANCELS,
                                       OPENS, EXPECTS("PING"),  REPLIES("+PONG\r\n"),
                                       ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(take(q, RINGQ_FOREVER), RINGQ_CANCELED);
    assert_int_equal(fake.open_sockets, 0);
    assert_int_equal(ringq_ping(q), 0);
    end(q);
}

static void a_command_cancelled_before_it_was_sent_is_never_sent(void **state)
{
    const struct fake_step script[] = {
        OPENS, TAKES(0), CANCELS, EXPECTS("PING"), REPLIES("+PONG\r\n"), ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(put(q), RINGQ_CANCELED);
    assert_text_has(q, "before it was sent");
    assert_int_equal(ringq_ping(q), 0);
    end(q);
}

static void a_pause_between_attempts_can_be_cancelled(void **state)
{
    const struct fake_step script[] = {OPENS,   EXPECTS("PING"), RESETS,
                                       REFUSES, CANCELS,         ENDS};
    ringq *q = begin(script, WINDOW_MS);

    (void)state;
    assert_int_equal(ringq_ping(q), RINGQ_CANCELED);
    end(q);
}

/* ---- partial reads and writes ---- */

static void a_large_body_goes_out_in_pieces(void **state)
{
    enum { LEN = 300000 };
    char *body = malloc(LEN), *words = malloc(LEN + 8);
    struct fake_step script[] = {OPENS, EXPECTS(words), REPLIES(RECEIPT), ENDS};
    ringq *q;

    (void)state;
    assert_non_null(body);
    assert_non_null(words);
    memset(body, 'b', LEN);
    memcpy(words, "PUT q ", 6);
    memcpy(words + 6, body, LEN);
    words[LEN + 6] = '\0';
    q = begin(script, -1);
    fake.send_chunk = 1000;
    fake.recv_chunk = 1;
    assert_int_equal(ringq_put(q, "q", body, LEN, NULL, NULL), 0);
    assert_true(fake.waits >= LEN / 1000);
    end(q);
    free(words);
    free(body);
}

TEST_MAIN(cmocka_unit_test(a_put_that_was_sent_is_not_repeated),
          cmocka_unit_test(the_call_after_an_unknown_outcome_connects_again),
          cmocka_unit_test(a_put_that_was_sent_in_part_only_is_repeated),
          cmocka_unit_test(a_put_whose_last_byte_was_sent_is_not_repeated),
          cmocka_unit_test(an_idle_connection_that_was_closed_is_noticed_before_a_put),
          cmocka_unit_test(what_only_looks_is_repeated),
          cmocka_unit_test(a_get_is_repeated_even_when_its_answer_had_begun),
          cmocka_unit_test(a_repeated_get_waits_for_what_is_left_of_its_block),
          cmocka_unit_test(a_done_is_asked_again_and_the_server_is_believed),
          cmocka_unit_test(a_done_that_nobody_answers_is_not_known),
          cmocka_unit_test(without_reconnection_a_lost_call_fails_at_once),
          cmocka_unit_test(a_server_that_stays_away_is_disconnected_after_the_window),
          cmocka_unit_test(a_handle_that_never_connected_connects_at_the_first_call),
          cmocka_unit_test(a_reply_that_does_not_come_is_a_timeout),
          cmocka_unit_test(a_put_without_an_answer_in_time_is_not_known),
          cmocka_unit_test(a_blocking_get_waits_for_its_block_and_the_reply_timeout),
          cmocka_unit_test(a_get_for_ever_waits_without_a_limit),
          cmocka_unit_test(a_reply_that_trickles_is_no_timeout),
          cmocka_unit_test(loading_is_waited_for),
          cmocka_unit_test(loading_is_reported_when_waiting_is_not_wanted),
          cmocka_unit_test(an_error_of_the_server_keeps_the_connection),
          cmocka_unit_test(bytes_that_are_no_reply_end_the_connection),
          cmocka_unit_test(a_put_answered_by_nonsense_is_not_known),
          cmocka_unit_test(a_reply_over_the_limit_is_refused_from_its_length),
          cmocka_unit_test(a_reply_that_nobody_asked_for_ends_the_connection),
          cmocka_unit_test(a_cancelled_wait_is_cancelled_and_its_late_reply_is_dropped),
          cmocka_unit_test(a_cancelled_get_gives_back_what_it_may_have_taken),
          cmocka_unit_test(a_command_cancelled_before_it_was_sent_is_never_sent),
          cmocka_unit_test(a_pause_between_attempts_can_be_cancelled),
          cmocka_unit_test(a_large_body_goes_out_in_pieces))
