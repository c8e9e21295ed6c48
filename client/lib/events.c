/* events - EVENTS: what becomes of jobs, as it happens.
 *
 * The server answers the command once and then goes on.  Each of its maps is expected
 * by a command that was never sent.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "lib/args.h"
#include "lib/client.h"

struct listening {
    ringq *q;
    ringq_event *event;
    void *arg;
    bool has_begun; /* over this connection */
    int stopped;    /* what the callback has returned */
    int error;      /* why there are no more: the server's, or the connection's end */
    char text[RQ_CONN_WHY_SIZE];
};

static void on_reply(void *arg, int error, const char *text, struct rq_reply *reply);

static void expect_more(struct listening *l)
{
    if (rq_conn_expect(&l->q->conn, on_reply, l) == 0)
        return;
    l->error = RINGQ_NOMEM;
    (void)snprintf(l->text, sizeof l->text, "out of memory");
}

static int tell(struct listening *l, const ringq_reply *event)
{
    l->q->in_callback = true;
    int rc = l->event(l->arg, event);
    l->q->in_callback = false;
    return rc;
}

static void on_reply(void *arg, int error, const char *text, struct rq_reply *reply)
{
    struct listening *l = arg;

    if (error != 0) {
        l->error = error;
        (void)snprintf(l->text, sizeof l->text, "%s", text);
        return;
    }
    if (l->has_begun && l->stopped == 0)
        l->stopped = tell(l, (const ringq_reply *)reply);
    l->has_begun = true;
    rq_reply_free(reply);
    if (l->stopped == 0)
        expect_more(l);
}

/* Asks over an open connection, and hears until something ends it.
 * Errors  set in q: RINGQ_CANCELED, RINGQ_NOMEM.  All else is in `l` */
static int listen_once(struct listening *l, const char *queue)
{
    struct rq_slice argv[2] = {RQ_LIT("EVENTS"),
                               rq_slice_str(queue == NULL ? "" : queue)};
    ringq *q = l->q;

    l->has_begun = false;
    l->error = 0;
    int rc = rq_conn_submit(&q->conn, queue == NULL ? 1 : 2, argv, 0, on_reply, l);
    if (rc < 0)
        return rq_client_fail(q, rc, "out of memory");
    while (l->error == 0 && l->stopped == 0) {
        rc = rq_conn_step(&q->conn);
        if (rc == RINGQ_CANCELED) {
            rq_conn_close(&q->conn, RINGQ_CANCELED, "cancelled");
            return rq_client_fail(q, RINGQ_CANCELED, "cancelled while listening");
        }
    }
    return 0;
}

/* Returns  1: listen again.  Errors  set in q */
static int conclude(struct listening *l, struct rq_retry *retry)
{
    ringq *q = l->q;
    bool is_passing = rq_conn_is_open(&q->conn) ? l->error == RINGQ_LOADING
                                                : q->conn.lost == RINGQ_DISCONNECTED;
    int error = rq_conn_is_open(&q->conn) ? l->error : q->conn.lost;
    int rc = RINGQ_TIMEOUT;

    if (l->has_begun)
        *retry = (struct rq_retry){.failures = 0};
    if (is_passing)
        rc = rq_client_pause(q, retry);
    if (rc == 0)
        return 1;
    if (rc == RINGQ_CANCELED)
        return rq_client_fail(q, rc, "cancelled while connecting again");
    return rq_client_fail(q, error, "%s", l->text);
}

int ringq_events(ringq *q, const char *queue, ringq_event *event, void *arg)
{
    struct listening l = {.q = q, .event = event, .arg = arg};
    struct rq_retry retry = {.failures = 0};
    bool was_lost = false;
    int rc = rq_client_begin(q);

    if (rc == 0 && event == NULL)
        rc = rq_client_fail(q, RINGQ_USAGE, "events need a callback");
    if (rc < 0)
        return rc;
    do {
        rc = rq_client_connect(q, &retry);
        if (rc < 0)
            return rc;
        if (was_lost)
            l.stopped = tell(&l, NULL);
        if (l.stopped == 0)
            rc = listen_once(&l, queue);
        if (rc < 0)
            return rc;
        was_lost = !rq_conn_is_open(&q->conn);
    } while (l.stopped == 0 && (rc = conclude(&l, &retry)) == 1);
    /* It would go on for ever: what comes next needs another connection. */
    rq_conn_close(&q->conn, RINGQ_DISCONNECTED, "listened enough");
    return l.stopped != 0 ? l.stopped : rc;
}
