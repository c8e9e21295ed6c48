/* client - the handle: connects, closes, remembers the last error.
 * SPDX-License-Identifier: MIT */
#include "lib/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

#include "lib/socket.h"

const char *ringq_version(void)
{
    return RINGQ_VERSION;
}

int rq_client_fail(ringq *q, int error, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(q->text, sizeof q->text, fmt, ap);
    va_end(ap);
    q->error = error;
    return error;
}

int rq_client_begin(ringq *q)
{
    if (q == NULL)
        return RINGQ_NOMEM;
    if (q->unusable != 0)
        return q->error; /* and its text, of ringq_connect() */
    if (q->in_callback)
        return rq_client_fail(q, RINGQ_USAGE,
                              "a callback of the pipeline may call ringq_submit() and "
                              "ringq_submit_put() only");
    q->error = 0;
    q->text[0] = '\0';
    return 0;
}

int rq_client_pause(ringq *q, struct rq_retry *retry)
{
    const ringq_transport *t = q->set.transport;
    int pause =
        rq_retry_after(retry, q->set.reconnect_ms, t->now_ns(q->set.ctx), &q->rand);

    if (pause < 0)
        return RINGQ_TIMEOUT;
    if (pause > 0 && t->pause(q->set.ctx, pause) == -ECANCELED)
        return RINGQ_CANCELED;
    return 0;
}

/* Is a connection that failed like this worth another attempt? */
static bool is_passing(int error)
{
    return error == RINGQ_DISCONNECTED || error == RINGQ_BUSY ||
           error == RINGQ_LOADING || error == RINGQ_SHUTDOWN;
}

int rq_client_connect(ringq *q, struct rq_retry *retry)
{
    if (rq_conn_is_open(&q->conn) && rq_conn_check(&q->conn) >= 0)
        return 0;
    for (;;) {
        int rc = rq_conn_open(&q->conn);

        if (rc == 0)
            return 0;
        if (!is_passing(rc))
            return rq_client_fail(q, rc, "%s", q->conn.why);
        rc = rq_client_pause(q, retry);
        if (rc == RINGQ_CANCELED)
            return rq_client_fail(q, rc, "cancelled while connecting again");
        if (rc < 0)
            return rq_client_fail(q, q->conn.lost, "%s", q->conn.why);
    }
}

int rq_client_distrust(ringq *q, int error, const char *what)
{
    rq_client_fail(q, error, "%s: %s", q->set.address.text, what);
    rq_conn_close(&q->conn, error, what);
    return error;
}

static bool is_whole(const ringq_transport *t)
{
    return t->size >= sizeof *t && t->open != NULL && t->close != NULL &&
           t->send != NULL && t->recv != NULL && t->wait != NULL && t->pause != NULL &&
           t->now_ns != NULL;
}

static int take_settings(ringq *q, const ringq_transport *t, void *ctx, const char *url,
                         const ringq_options *options)
{
    char why[256];
    int rc;

    if (!is_whole(t))
        return rq_client_fail(q, RINGQ_USAGE,
                              "a transport has all functions of ringq_transport");
    rc = rq_settings_read(&q->set, url, options, why, sizeof why);
    if (rc < 0)
        return rq_client_fail(q, rc, "%s", why);
    q->set.transport = t;
    q->set.ctx = ctx;
    return 0;
}

ringq *ringq_connect_over(const ringq_transport *transport, void *ctx, const char *url,
                          const ringq_options *options)
{
    ringq *q = calloc(1, sizeof *q);
    uint64_t seed;

    if (q == NULL)
        return NULL;
    rq_conn_init(&q->conn, &q->set);
    rq_rand_system(&seed, sizeof seed);
    rq_rand_seed(&q->rand, seed);
    q->unusable = take_settings(q, transport, ctx, url, options);
    if (q->unusable == 0 && rq_conn_open(&q->conn) < 0)
        rq_client_fail(q, q->conn.lost, "%s", q->conn.why);
    return q;
}

ringq *ringq_connect(const char *url, const ringq_options *options)
{
    return ringq_connect_over(&rq_socket_transport, NULL, url, options);
}

void ringq_close(ringq *q)
{
    if (q == NULL)
        return;
    ASSERT(!q->in_callback);
    q->in_callback = true; /* of the pipeline, perhaps: they may not begin anew */
    rq_conn_fini(&q->conn);
    rq_settings_fini(&q->set);
    free(q);
}

int ringq_error(const ringq *q)
{
    return q == NULL ? RINGQ_NOMEM : q->error;
}

const char *ringq_error_text(const ringq *q)
{
    return q == NULL ? "out of memory" : q->text;
}

const ringq_reply *ringq_server(const ringq *q)
{
    return q == NULL ? NULL : (const ringq_reply *)q->conn.hello;
}
