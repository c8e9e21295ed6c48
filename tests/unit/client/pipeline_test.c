/* pipeline_test - commands without a wait in between.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static struct fake fake;

/* What the callbacks were told, in order: "3 " for an integer, "-12 " for an error. */
static char told[256];

static void tell(void *arg, int error, const char *text, const ringq_reply *reply)
{
    size_t len = strlen(told);

    (void)arg;
    assert_true((error != 0) == (reply == NULL));
    assert_true((error != 0) == (text != NULL));
    (void)snprintf(told + len, sizeof told - len, "%d ",
                   error != 0 ? error : (int)ringq_reply_integer(reply));
}

static ringq *begin(const struct fake_step *script)
{
    ringq *q;

    told[0] = '\0';
    fake_begin(&fake, script);
    q = fake_connect(&fake, 1000);
    assert_int_equal(ringq_error(q), 0);
    return q;
}

static void end(ringq *q)
{
    ringq_close(q);
    fake_end(&fake);
}

static void submit(ringq *q, const char *verb, const char *word)
{
    const char *words[] = {verb, word};

    assert_int_equal(ringq_submit(q, 2, words, NULL, tell, NULL), 0);
}

static void nothing_is_sent_before_the_flush(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    submit(q, "QSIZE", "b");
    assert_int_equal(ringq_pending(q), 2);
    assert_string_equal(told, "");
    end(q);
}

static void answers_come_in_the_order_of_the_commands(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("QSIZE a"),
                                       EXPECTS("QSIZE b"),
                                       EXPECTS("PUT q x DELAY 5"),
                                       REPLIES(":1\r\n:2\r\n-FULL q\r\n"),
                                       ENDS};
    const ringq_put_options options = {.size = sizeof options, .delay_ms = 5};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    submit(q, "QSIZE", "b");
    assert_int_equal(ringq_submit_put(q, "q", "x", 1, &options, tell, NULL), 0);
    assert_int_equal(ringq_flush(q, 0), 0);
    assert_string_equal(told, "1 2 -6 ");
    assert_int_equal(ringq_pending(q), 0);
    end(q);
}

static void a_flush_may_leave_some_unanswered(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("QSIZE a"),
                                       EXPECTS("QSIZE b"),
                                       REPLIES(":1\r\n"),
                                       REPLIES(":2\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    submit(q, "QSIZE", "b");
    assert_int_equal(ringq_flush(q, 1), 0);
    assert_string_equal(told, "1 ");
    assert_int_equal(ringq_flush(q, 0), 0);
    assert_string_equal(told, "1 2 ");
    end(q);
}

static void every_way_to_cut_the_streams_gives_the_same(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE a"), EXPECTS("QSIZE b"),
                                       REPLIES(":1\r\n:2\r\n"), ENDS};

    (void)state;
    for (size_t chunk = 1; chunk < 60; chunk++) {
        ringq *q = begin(script);

        fake.send_chunk = chunk;
        fake.recv_chunk = 61 - chunk;
        submit(q, "QSIZE", "a");
        submit(q, "QSIZE", "b");
        assert_int_equal(ringq_flush(q, 0), 0);
        assert_string_equal(told, "1 2 ");
        end(q);
    }
}

static void a_call_comes_behind_the_pipeline(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE a"), EXPECTS("QSIZE b"),
                                       REPLIES(":1\r\n:2\r\n"), ENDS};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    assert_int_equal(ringq_qsize(q, "b"), 2);
    assert_string_equal(told, "1 ");
    end(q);
}

static void a_lost_connection_tells_what_was_sent_from_what_was_not(void **state)
{
    /* Each PUT is 27 bytes; the kernel takes two and a half. */
    const struct fake_step script[] = {OPENS, TAKES(67), RESETS, ENDS};
    ringq *q = begin(script);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ringq_submit_put(q, "q", "x", 1, NULL, tell, NULL), 0);
    assert_int_equal(ringq_flush(q, 0), RINGQ_DISCONNECTED);
    assert_string_equal(told, "-12 -12 -101 "); /* unknown, unknown, not sent */
    assert_int_equal(ringq_pending(q), 0);
    end(q);
}

static void the_pipeline_after_a_loss_connects_again(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE a"), CLOSES,
                                       OPENS, EXPECTS("QSIZE b"), REPLIES(":2\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    assert_int_equal(ringq_flush(q, 0), RINGQ_DISCONNECTED);
    submit(q, "QSIZE", "b");
    assert_int_equal(ringq_flush(q, 0), 0);
    assert_string_equal(told, "-12 2 ");
    end(q);
}

static void closing_tells_what_was_never_sent(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    end(q);
    assert_string_equal(told, "-101 ");
}

static void a_full_buffer_is_sent_before_more_is_added(void **state)
{
    enum { LEN = 70000 };
    char *body = malloc(LEN);
    const struct fake_step script[] = {OPENS, EXPECTS("PUT q b*"), EXPECTS("PUT q x"),
                                       REPLIES(":1\r\n:2\r\n"), ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_non_null(body);
    memset(body, 'b', LEN);
    assert_int_equal(ringq_submit_put(q, "q", body, LEN, NULL, tell, NULL), 0);
    assert_ptr_equal(fake.at->text, script[3].text); /* not yet */
    assert_int_equal(ringq_submit_put(q, "q", "x", 1, NULL, tell, NULL), 0);
    assert_ptr_equal(fake.at->text, script[4].text);
    assert_int_equal(ringq_flush(q, 0), 0);
    assert_string_equal(told, "1 2 ");
    free(body);
    end(q);
}

static void count(void *arg, int error, const char *text, const ringq_reply *reply)
{
    (void)error;
    (void)text;
    (void)reply;
    ++*(int *)arg;
}

static void at_the_limit_of_unanswered_commands_one_is_awaited(void **state)
{
    enum { LIMIT = 8192, HEAD = 3 };
    const struct fake_step open[HEAD] = {OPENS}, ping = EXPECTS("PING"),
                           pong = REPLIES("+PONG\r\n"), last = ENDS;
    struct fake_step *script = calloc(HEAD + LIMIT + 3, sizeof *script);
    const char *word = "PING";
    int answered = 0;
    ringq *q;

    (void)state;
    assert_non_null(script);
    memcpy(script, open, sizeof open);
    for (size_t i = 0; i < LIMIT; i++)
        script[HEAD + i] = ping;
    script[HEAD + LIMIT] = pong;
    script[HEAD + LIMIT + 1] = ping;
    script[HEAD + LIMIT + 2] = last;
    q = begin(script);
    for (size_t i = 0; i < LIMIT; i++)
        assert_int_equal(ringq_submit(q, 1, &word, NULL, count, &answered), 0);
    assert_int_equal(answered, 0);
    assert_int_equal(ringq_submit(q, 1, &word, NULL, count, &answered), 0);
    assert_int_equal(answered, 1);
    assert_int_equal(ringq_flush(q, LIMIT), 0);
    end(q);
    assert_int_equal(answered, LIMIT + 1); /* closing tells the rest */
    free(script);
}

static void answers_are_read_while_a_send_is_stuck(void **state)
{
    enum { LEN = 200000 };
    char *body = malloc(LEN);
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("QSIZE a"),
                                       REPLIES(":1\r\n"),
                                       EXPECTS("PUT q b*"),
                                       REPLIES(":2\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_non_null(body);
    memset(body, 'b', LEN);
    fake.send_chunk = 40;
    submit(q, "QSIZE", "a");
    assert_int_equal(ringq_submit_put(q, "q", body, LEN, NULL, tell, NULL), 0);
    assert_string_equal(told, "");
    assert_int_equal(ringq_flush(q, 1), 0);
    assert_string_equal(told, "1 "); /* all sent, one answered on the way */
    assert_int_equal(ringq_flush(q, 0), 0);
    free(body);
    end(q);
}

/* Submits one more command for each answer below 3. */
static void chain(void *arg, int error, const char *text, const ringq_reply *reply)
{
    ringq *q = arg;

    assert_int_equal(error, 0);
    tell(NULL, error, text, reply);
    assert_int_equal(ringq_ping(q), RINGQ_USAGE);
    if (ringq_reply_integer(reply) < 3) {
        const char *words[] = {"QSIZE", "next"};

        assert_int_equal(ringq_submit(q, 2, words, NULL, chain, q), 0);
    }
}

static void a_callback_may_submit_and_nothing_else(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("QSIZE first"),
                                       REPLIES(":1\r\n"),
                                       EXPECTS("QSIZE next"),
                                       REPLIES(":2\r\n"),
                                       EXPECTS("QSIZE next"),
                                       REPLIES(":3\r\n"),
                                       ENDS};
    const char *words[] = {"QSIZE", "first"};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_submit(q, 2, words, NULL, chain, q), 0);
    assert_int_equal(ringq_flush(q, 0), 0);
    assert_string_equal(told, "1 2 3 ");
    end(q);
}

static void a_cancelled_flush_leaves_the_pipeline_as_it_is(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE a"), CANCELS,
                                       REPLIES(":1\r\n"), ENDS};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    assert_int_equal(ringq_flush(q, 0), RINGQ_CANCELED);
    assert_int_equal(ringq_pending(q), 1);
    assert_int_equal(ringq_flush(q, 0), 0);
    assert_string_equal(told, "1 ");
    end(q);
}

static void a_silent_server_ends_the_pipeline_after_the_reply_timeout(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE a"), EXPECTS("QSIZE b"),
                                       REPLIES(":1\r\n"), ENDS};
    ringq *q = begin(script);

    (void)state;
    submit(q, "QSIZE", "a");
    submit(q, "QSIZE", "b");
    assert_int_equal(ringq_flush(q, 0), RINGQ_TIMEOUT);
    assert_string_equal(told, "1 -12 ");
    end(q);
}

static void a_command_without_a_callback_is_fine(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("QSIZE a"), REPLIES(":1\r\n"),
                                       ENDS};
    const char *words[] = {"QSIZE", "a"};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_submit(q, 2, words, NULL, NULL, NULL), 0);
    assert_int_equal(ringq_flush(q, 0), 0);
    end(q);
}

static void lengths_allow_any_byte(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("ECHO a"), REPLIES(":1\r\n"),
                                       ENDS};
    const char *words[] = {"ECHOxx", "abc"};
    const size_t lens[] = {4, 1};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_submit(q, 2, words, lens, tell, NULL), 0);
    assert_int_equal(ringq_flush(q, 0), 0);
    end(q);
}

TEST_MAIN(cmocka_unit_test(nothing_is_sent_before_the_flush),
          cmocka_unit_test(answers_come_in_the_order_of_the_commands),
          cmocka_unit_test(a_flush_may_leave_some_unanswered),
          cmocka_unit_test(every_way_to_cut_the_streams_gives_the_same),
          cmocka_unit_test(a_call_comes_behind_the_pipeline),
          cmocka_unit_test(a_lost_connection_tells_what_was_sent_from_what_was_not),
          cmocka_unit_test(the_pipeline_after_a_loss_connects_again),
          cmocka_unit_test(closing_tells_what_was_never_sent),
          cmocka_unit_test(a_full_buffer_is_sent_before_more_is_added),
          cmocka_unit_test(at_the_limit_of_unanswered_commands_one_is_awaited),
          cmocka_unit_test(answers_are_read_while_a_send_is_stuck),
          cmocka_unit_test(a_callback_may_submit_and_nothing_else),
          cmocka_unit_test(a_cancelled_flush_leaves_the_pipeline_as_it_is),
          cmocka_unit_test(a_silent_server_ends_the_pipeline_after_the_reply_timeout),
          cmocka_unit_test(a_command_without_a_callback_is_fine),
          cmocka_unit_test(lengths_allow_any_byte))
