/* manage_test - what operators do: the words that are sent, the replies that are read.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <stdio.h>

#include "support/test.h"

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

static void dead_jobs_are_kicked_all_or_some(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("KICK q"),
                                       REPLIES(":7\r\n"),
                                       EXPECTS("KICK q COUNT 2"),
                                       REPLIES(":2\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_kick(q, "q", -1), 7);
    assert_int_equal(ringq_kick(q, "q", 2), 2);
    assert_int_equal(ringq_kick(q, "q", 0), 0); /* nothing is sent */
    assert_int_equal(ringq_kick(q, NULL, 1), RINGQ_USAGE);
    end(q);
}

static void an_unknown_id_leaves_the_count_of_the_others(void **state)
{
    static const char *const ids[] = {"7-1", "7-2", "7-3"};
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("KICK q ID 7-1 7-2 7-3"),
        REPLIES("-NOJOB 7-2 has ended or never was; COUNT 2\r\n"),
        EXPECTS("CANCEL 7-1 7-2 7-3"),
        REPLIES(":3\r\n"),
        ENDS};
    ringq *q = begin(script);
    size_t changed = 99;

    (void)state;
    assert_int_equal(ringq_kick_ids(q, "q", ids, 3, &changed), RINGQ_NOJOB);
    assert_int_equal(changed, 2);
    assert_non_null(strstr(ringq_error_text(q), "7-2"));
    assert_int_equal(ringq_cancel(q, ids, 3, NULL), 3);
    assert_int_equal(ringq_cancel(q, NULL, 1, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_cancel(q, (const char *const[]){"7-1", NULL}, 2, NULL),
                     RINGQ_USAGE);
    end(q);
}

static void more_ids_than_a_command_takes_go_in_several(void **state)
{
    enum { MANY = 1025 };
    static const char *ids[MANY];
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("CANCEL 7-1 *"),
                                       REPLIES("-NOJOB 7-1 is not; COUNT 1000\r\n"),
                                       EXPECTS("CANCEL 7-1"),
                                       REPLIES(":1\r\n"),
                                       ENDS};
    ringq *q = begin(script);
    size_t changed;

    (void)state;
    for (int i = 0; i < MANY; i++)
        ids[i] = "7-1";
    assert_int_equal(ringq_cancel(q, ids, MANY, &changed), RINGQ_NOJOB);
    assert_int_equal(changed, 1001);
    end(q);
}

static void what_waits_is_purged_by_state(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("PURGE q"),
                                       REPLIES(":3000000000\r\n"),
                                       EXPECTS("PURGE q STATE dead"),
                                       REPLIES("+lots\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_purge(q, "q", NULL), 3000000000);
    assert_int_equal(ringq_purge(q, "q", "dead"), RINGQ_PROTOCOL);
    end(q);
}

static void a_job_gets_a_new_time(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("RESCHEDULE 7-1 DELAY 0"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("RESCHEDULE 7-1 AT 1900000000000"),
                                       REPLIES("-BADARG it is dead\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_reschedule(q, "7-1", 0, 0), 0);
    assert_int_equal(ringq_reschedule(q, "7-1", -1, 1900000000000), RINGQ_BADARG);
    assert_int_equal(ringq_reschedule(q, NULL, 0, 0), RINGQ_USAGE);
    end(q);
}

static void a_job_goes_to_another_queue(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("REQUEUE 7-1 slow"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("REQUEUE 7-1 full"),
                                       REPLIES("-FULL the queue is full\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_requeue(q, "7-1", "slow"), 0);
    assert_int_equal(ringq_requeue(q, "7-1", "full"), RINGQ_FULL);
    assert_int_equal(ringq_requeue(q, NULL, "slow"), RINGQ_USAGE);
    assert_int_equal(ringq_requeue(q, "7-1", NULL), RINGQ_USAGE);
    end(q);
}

static void a_page_is_peeked_at(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("PEEK q"),
        REPLIES("*0\r\n"),
        EXPECTS("PEEK q STATE dead COUNT 5 AFTER 7-1 MATCH error:*x*"),
        REPLIES("*1\r\n%1\r\n$2\r\nid\r\n$3\r\n7-2\r\n"),
        ENDS};
    const ringq_peek_options o = {.size = sizeof o,
                                  .state = "dead",
                                  .count = 5,
                                  .after = "7-1",
                                  .match = "error:*x*"};
    const ringq_peek_options no_size = {.count = 1};
    ringq *q = begin(script);
    ringq_reply *r;

    (void)state;
    assert_int_equal(ringq_peek(q, "q", NULL, &r), 0);
    assert_int_equal(ringq_reply_count(r), 0);
    ringq_reply_free(r);
    assert_int_equal(ringq_peek(q, "q", &o, &r), 0);
    assert_string_equal(
        ringq_reply_string(ringq_reply_field(ringq_reply_at(r, 0), "id"), NULL), "7-2");
    ringq_reply_free(r);
    assert_int_equal(ringq_peek(q, "q", &no_size, &r), RINGQ_USAGE);
    assert_int_equal(ringq_peek(q, "q", NULL, NULL), RINGQ_USAGE);
    end(q);
}

static void only_what_is_said_of_a_queue_is_sent(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("QUEUE SET q"),
        REPLIES("+OK\r\n"),
        EXPECTS("QUEUE SET q MAXSIZE 0 TTR 5000 TRIES 3 RATE 9 DEADMAX 8 CONCURRENCY 2 "
                "GROUPLIMIT 1 ORDER LIFO OPEN"),
        REPLIES("+OK\r\n"),
        ENDS};
    ringq_queue_options o = RINGQ_QUEUE_OPTIONS;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_queue_set(q, "q", &o), 0);
    o.maxsize = 0;
    o.ttr_ms = 5000;
    o.tries = 3;
    o.rate = 9;
    o.deadmax = 8;
    o.concurrency = 2;
    o.grouplimit = 1;
    o.order = RINGQ_ORDER_LIFO;
    o.open = true;
    assert_int_equal(ringq_queue_set(q, "q", &o), 0);
    o.order = (enum ringq_order)3;
    assert_int_equal(ringq_queue_set(q, "q", &o), RINGQ_USAGE);
    assert_int_equal(ringq_queue_set(q, "q", NULL), RINGQ_USAGE);
    end(q);
}

static void sides_and_states_have_their_words(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("PAUSE q"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("PAUSE q IN"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("PAUSE q OUT"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("RESUME q"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("SHUTDOWN q"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("SHUTDOWN q IMMEDIATE"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("DRAIN"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("UNDRAIN"),
                                       REPLIES("+OK\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_pause(q, "q", RINGQ_BOTH), 0);
    assert_int_equal(ringq_pause(q, "q", RINGQ_IN), 0);
    assert_int_equal(ringq_pause(q, "q", RINGQ_OUT), 0);
    assert_int_equal(ringq_pause(q, "q", (enum ringq_side)3), RINGQ_USAGE);
    assert_int_equal(ringq_resume(q, "q"), 0);
    assert_int_equal(ringq_shutdown(q, "q", false), 0);
    assert_int_equal(ringq_shutdown(q, "q", true), 0);
    assert_int_equal(ringq_drain(q), 0);
    assert_int_equal(ringq_undrain(q), 0);
    assert_int_equal(ringq_resume(NULL, "q"), RINGQ_NOMEM);
    end(q);
}

TEST_MAIN(cmocka_unit_test(dead_jobs_are_kicked_all_or_some),
          cmocka_unit_test(an_unknown_id_leaves_the_count_of_the_others),
          cmocka_unit_test(more_ids_than_a_command_takes_go_in_several),
          cmocka_unit_test(what_waits_is_purged_by_state),
          cmocka_unit_test(a_job_gets_a_new_time),
          cmocka_unit_test(a_job_goes_to_another_queue),
          cmocka_unit_test(a_page_is_peeked_at),
          cmocka_unit_test(only_what_is_said_of_a_queue_is_sent),
          cmocka_unit_test(sides_and_states_have_their_words))
