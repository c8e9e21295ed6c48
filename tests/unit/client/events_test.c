/* events_test - EVENTS: a command that is answered again and again.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <string.h>

#include "support/test.h"

#define EVENT(what) "%1\r\n$5\r\nevent\r\n$3\r\n" what "\r\n"

static struct fake fake;

/* What the callback has heard. */
struct heard {
    char text[64]; /* "put.end|" : names, with '|' for a gap */
    int stop_at;   /* of calls; then it returns 7 */
    int calls, busy;
    ringq *q;
};

static int hear(void *arg, const ringq_reply *event)
{
    struct heard *h = arg;
    const char *what =
        event == NULL ? "|"
                      : ringq_reply_string(ringq_reply_field(event, "event"), NULL);

    strncat(h->text, what, sizeof h->text - strlen(h->text) - 1);
    h->busy = ringq_ping(h->q);
    return ++h->calls == h->stop_at ? 7 : 0;
}

static struct heard heard_by(ringq *q, int stop_at)
{
    return (struct heard){.stop_at = stop_at, .q = q};
}

static void it_hears_until_it_has_heard_enough(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("EVENTS q"),
                                       REPLIES("+OK\r\n" EVENT("put") EVENT("get")),
                                       REPLIES(EVENT("end")),
                                       OPENS,
                                       EXPECTS("PING"),
                                       REPLIES("+PONG\r\n"),
                                       ENDS};

    (void)state;
    fake_begin(&fake, script);
    ringq *q = fake_connect(&fake, -1);
    struct heard h = heard_by(q, 3);
    assert_int_equal(ringq_events(q, "q", hear, &h), 7);
    assert_string_equal(h.text, "putgetend");
    assert_int_equal(h.busy, RINGQ_USAGE); /* the handle is busy */
    assert_int_equal(ringq_ping(q), 0);    /* over another connection */
    ringq_close(q);
    fake_end(&fake);
}

static void a_lost_connection_is_made_again_and_that_is_told(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("EVENTS"), REPLIES("+OK\r\n" EVENT("put")), CLOSES,
        OPENS, EXPECTS("EVENTS"), REPLIES("+OK\r\n" EVENT("end")), ENDS};

    (void)state;
    fake_begin(&fake, script);
    ringq *q = fake_connect(&fake, 10000);
    struct heard h = heard_by(q, 3);
    assert_int_equal(ringq_events(q, NULL, hear, &h), 7);
    assert_string_equal(h.text, "put|end");
    ringq_close(q);
    fake_end(&fake);
}

static void what_ends_it_is_an_error(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("EVENTS no/name"),
                                       REPLIES("-BADARG say EVENTS\r\n"),
                                       OPENS,
                                       EXPECTS("EVENTS"),
                                       REPLIES("+OK\r\n"),
                                       CLOSES,
                                       ENDS};

    (void)state;
    fake_begin(&fake, script);
    ringq *q = fake_connect(&fake, -1);
    struct heard h = heard_by(q, 0);
    assert_int_equal(ringq_events(q, NULL, NULL, &h), RINGQ_USAGE);
    assert_int_equal(ringq_events(q, "no/name", hear, &h), RINGQ_BADARG);
    assert_int_equal(ringq_events(q, NULL, hear, &h), RINGQ_DISCONNECTED);
    assert_int_equal(h.calls, 0);
    ringq_close(q);
    fake_end(&fake);
}

static void a_cancelled_wait_ends_it(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("EVENTS"), REPLIES("+OK\r\n"), {FAKE_CANCEL, 0, 0}, ENDS};

    (void)state;
    fake_begin(&fake, script);
    ringq *q = fake_connect(&fake, 10000);
    struct heard h = heard_by(q, 0);
    assert_int_equal(ringq_events(q, NULL, hear, &h), RINGQ_CANCELED);
    ringq_close(q);
    fake_end(&fake);
}

TEST_MAIN(cmocka_unit_test(it_hears_until_it_has_heard_enough),
          cmocka_unit_test(a_lost_connection_is_made_again_and_that_is_told),
          cmocka_unit_test(what_ends_it_is_an_error),
          cmocka_unit_test(a_cancelled_wait_ends_it))
