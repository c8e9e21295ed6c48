/* pipeline - commands without a wait in between.
 *
 * Every submitted command gets its callback exactly once.  What waits to be sent is
 * bounded: a submit that finds the buffer full sends first, and reads while it does.
 * A lost connection is never repaired behind the caller's back while commands are
 * unanswered: their callbacks are told, and the call that noticed returns an error.
 * SPDX-License-Identifier: MIT */
#include "lib/pipeline.h"

#include <stdlib.h>

#include "lib/client.h"
#include "lib/nature.h"

struct submitted {
    ringq *q;
    ringq_done_fn *done;
    void *arg;
};

static void on_done(void *arg, int error, const char *text, struct rq_reply *reply)
{
    struct submitted *s = arg;
    bool outer = s->q->in_callback;

    s->q->in_callback = true;
    if (s->done != NULL)
        s->done(s->arg, error, text, (const ringq_reply *)reply);
    s->q->in_callback = outer;
    rq_reply_free(reply);
    free(s);
}

/* What the two loops below want; sending comes first, as waiting may not be needed. */
static bool is_drained(struct rq_conn *c, size_t pending_max)
{
    rq_conn_send(c);
    return rq_conn_unsent(c) == 0 && rq_conn_pending(c) <= pending_max;
}

static bool has_room(struct rq_conn *c)
{
    if (rq_conn_is_full(c))
        rq_conn_send(c);
    return !rq_conn_is_full(c);
}

static int fail_lost(ringq *q, int error)
{
    if (error == RINGQ_CANCELED && rq_conn_is_open(&q->conn))
        return rq_client_fail(q, error, "cancelled; the pipeline is as it was");
    return rq_client_fail(q, error,
                          "the connection to %s was lost: %s; each unanswered command "
                          "was told by its callback",
                          q->set.address.text, q->conn.why);
}

/* Has the connection open, with room for one more. */
static int make_room(ringq *q)
{
    struct rq_retry retry = {.failures = 0};
    int rc = 0;

    if (rq_conn_pending(&q->conn) == 0)
        return rq_client_connect(q, &retry);
    while (rc >= 0 && !has_room(&q->conn))
        rc = rq_conn_step(&q->conn);
    return rc < 0 ? fail_lost(q, rc) : 0;
}

int rq_pipeline_submit(ringq *q, size_t argc, const struct rq_slice *argv,
                       ringq_done_fn *done, void *arg)
{
    struct submitted *s;
    int rc;

    if (!q->in_callback) {
        rc = make_room(q);
        if (rc < 0)
            return rc;
    }
    s = malloc(sizeof *s);
    if (s == NULL)
        return rq_client_fail(q, RINGQ_NOMEM, "out of memory");
    *s = (struct submitted){.q = q, .done = done, .arg = arg};
    rc = rq_conn_submit(&q->conn, argc, argv, rq_nature_of(argc, argv).block_ms,
                        on_done, s);
    if (rc < 0) {
        free(s);
        return rq_client_fail(q, rc,
                              rc == RINGQ_NOMEM ? "out of memory"
                                                : "not connected; submit it again");
    }
    return 0;
}

int ringq_flush(ringq *q, size_t pending_max)
{
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    while (rc >= 0 && !is_drained(&q->conn, pending_max))
        rc = rq_conn_step(&q->conn);
    return rc < 0 ? fail_lost(q, rc) : 0;
}

size_t ringq_pending(const ringq *q)
{
    return q == NULL ? 0 : rq_conn_pending(&q->conn);
}
