/* conn - one connection: commands out, replies in, in order.
 *
 *     submit --> out ==send==> server ==recv==> reader --> done() of the oldest pending
 *
 * It never waits with only one direction in mind: while a send is stuck, replies are
 * read, so that two full buffers cannot hold each other up.
 *
 * What a lost connection means for a command follows from one comparison: `end`, the
 * position of its last byte in the stream, against `sent`, what the kernel has taken. A
 * command that the kernel has not taken whole cannot have been obeyed.
 * SPDX-License-Identifier: MIT */
#include "lib/conn.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"

#include "lib/error.h"

enum {
    RECV_ROUNDS = 16,            /* before the next look at the other direction */
    OUT_KEEP_BYTES = 256 * 1024, /* memory kept when everything is sent */
    RING_FIRST = 16,
    CHECK_AFTER_NS = 1000000, /* idle for less, it is as good as just checked */
    NS_PER_MS = 1000000,
};

struct rq_conn_pending {
    rq_conn_done *done; /* NULL: nobody waits for it any more */
    void *arg;
    uint64_t start, end; /* in the stream, as `queued` */
    int64_t block_ms;
};

static int64_t now_ns(const struct rq_conn *c)
{
    return c->set->transport->now_ns(c->set->ctx);
}

void rq_conn_init(struct rq_conn *c, const struct rq_settings *set)
{
    *c = (struct rq_conn){.set = set, .lost = RINGQ_DISCONNECTED};
    rq_buf_init(&c->out, SIZE_MAX / 4);
}

void rq_conn_fini(struct rq_conn *c)
{
    rq_conn_close(c, RINGQ_DISCONNECTED, "closed");
    rq_reply_free(c->hello);
    rq_buf_fini(&c->out);
    free(c->ring);
    free(c->in);
}

static struct rq_conn_pending *pending_at(struct rq_conn *c, size_t i)
{
    return &c->ring[(c->head + i) & (c->cap - 1)];
}

static struct rq_conn_pending pop_pending(struct rq_conn *c)
{
    struct rq_conn_pending p = c->ring[c->head];

    c->head = (c->head + 1) & (c->cap - 1);
    c->count--;
    return p;
}

static int reserve_pending(struct rq_conn *c)
{
    size_t cap = c->cap == 0 ? RING_FIRST : c->cap * 2;
    struct rq_conn_pending *ring;

    if (c->count < c->cap)
        return 0;
    ring = calloc(cap, sizeof *ring);
    if (ring == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->count; i++)
        ring[i] = *pending_at(c, i);
    free(c->ring);
    c->ring = ring;
    c->head = 0;
    c->cap = cap;
    return 0;
}

void rq_conn_close(struct rq_conn *c, int error, const char *why)
{
    if (!rq_conn_is_open(c))
        return;
    c->set->transport->close(c->socket);
    c->socket = NULL;
    c->lost = error;
    if (why != NULL)
        (void)snprintf(c->why, sizeof c->why, "%s", why);
    rq_reply_reader_free(c->reader);
    c->reader = NULL;
    rq_buf_shrink(&c->out, OUT_KEEP_BYTES);

    while (c->count > 0) {
        struct rq_conn_pending p = pop_pending(c);

        if (p.done != NULL)
            p.done(p.arg, p.end <= c->sent ? RINGQ_UNKNOWN : RINGQ_DISCONNECTED, c->why,
                   NULL);
    }
}

int rq_conn_submit(struct rq_conn *c, size_t argc, const struct rq_slice *argv,
                   int64_t block_ms, rq_conn_done *done, void *arg)
{
    size_t before = c->out.len;
    int rc;

    if (!rq_conn_is_open(c))
        return RINGQ_DISCONNECTED;
    rc = reserve_pending(c);
    if (rc == 0)
        rc = rq_reply_command(&c->out, argc, argv);
    if (rc < 0)
        return rq_error_from_code(rc);

    if (c->count == 0)
        c->progress_ns = now_ns(c);
    *pending_at(c, c->count++) = (struct rq_conn_pending){
        .done = done,
        .arg = arg,
        .start = c->queued,
        .end = c->queued + (c->out.len - before),
        .block_ms = block_ms,
    };
    c->queued += c->out.len - before;
    return 0;
}

int rq_conn_expect(struct rq_conn *c, rq_conn_done *done, void *arg)
{
    if (!rq_conn_is_open(c))
        return RINGQ_DISCONNECTED;
    if (reserve_pending(c) < 0)
        return RINGQ_NOMEM;
    if (c->count == 0)
        c->progress_ns = now_ns(c);
    *pending_at(c, c->count++) = (struct rq_conn_pending){
        .done = done, .arg = arg, .start = c->queued, .end = c->queued, .block_ms = -1};
    return 0;
}

bool rq_conn_abandon(struct rq_conn *c, const void *arg)
{
    struct rq_conn_pending *p = NULL;
    size_t i = c->count;

    while (i > 0 && (p == NULL || p->arg != arg))
        p = pending_at(c, --i);
    ASSERT(p != NULL && p->arg == arg);
    p->done = NULL;
    /* What others have added behind it would have to move. */
    if (p->start < c->sent || i + 1 < c->count)
        return false;
    rq_buf_truncate(&c->out, (size_t)(p->start - c->sent));
    c->queued = p->start;
    c->count--;
    return true;
}

static int lose(struct rq_conn *c, int error, const char *why)
{
    rq_conn_close(c, error, why);
    return error;
}

/* Returns  1 when bytes were sent.  Errors  -errno: the connection is still open */
static int pump_out(struct rq_conn *c)
{
    int moved = 0;

    while (c->out.len > 0) {
        struct rq_slice s = rq_buf_slice(&c->out);
        long n = c->set->transport->send(c->socket, s.ptr, s.len);

        if (n == -EAGAIN || n == 0)
            return moved;
        if (n < 0)
            return (int)n;
        ASSERT((size_t)n <= s.len);
        rq_buf_consume(&c->out, (size_t)n);
        c->sent += (uint64_t)n;
        moved = 1;
    }
    rq_buf_shrink(&c->out, OUT_KEEP_BYTES);
    return moved;
}

/* Hands a reply to the command it belongs to.
 * Owns  consumes `reply` */
static int deliver(struct rq_conn *c, struct rq_reply *reply)
{
    const char *text = NULL;
    int error = 0;
    bool expected = c->count > 0;

    if (reply->type == RQ_REPLY_ERROR)
        error = rq_error_from_reply(reply->str, &text);
    if (expected) {
        struct rq_conn_pending p = pop_pending(c);

        if (p.done != NULL && error == 0)
            p.done(p.arg, 0, NULL, reply);
        else if (p.done != NULL)
            p.done(p.arg, error, text, NULL);
        if (p.done != NULL && error == 0)
            return 0;
    } else {
        /* A server that closes may say why without being asked. */
        (void)lose(c, error != 0 ? RINGQ_DISCONNECTED : RINGQ_PROTOCOL,
                   error != 0 ? text : "it sent a reply that nobody asked for");
    }
    rq_reply_free(reply);
    return rq_conn_is_open(c) ? 0 : c->lost;
}

static int malformed(struct rq_conn *c, long rc)
{
    if (rc == RQ_E_TOOBIG)
        return lose(c, RINGQ_TOOBIG,
                    "a reply is larger than this client takes; raise reply_max");
    if (rc == RQ_E_MALFORMED)
        return lose(c, RINGQ_PROTOCOL,
                    "it does not speak the protocol of ringq; is the port right?");
    return lose(c, rq_error_from_code(rc), rq_err_text(rc));
}

static int take_bytes(struct rq_conn *c, struct rq_slice s)
{
    while (s.len > 0) {
        struct rq_reply *reply;
        long n = rq_reply_read(c->reader, s, &reply);
        int rc;

        if (n < 0)
            return malformed(c, n);
        s = rq_slice(s.ptr + n, s.len - (size_t)n);
        if (reply == NULL)
            continue;
        rc = deliver(c, reply);
        if (rc < 0)
            return rc;
        if (!rq_conn_is_open(c)) /* a callback closed it */
            return c->lost;
    }
    return 0;
}

/* Returns  1 when bytes were received */
static int pump_in(struct rq_conn *c)
{
    int moved = 0;

    for (int round = 0; round < RECV_ROUNDS; round++) {
        long n = c->set->transport->recv(c->socket, c->in, RQ_CONN_IN_BYTES);
        int rc;

        if (n == -EAGAIN)
            return moved;
        if (n <= 0)
            return lose(c, RINGQ_DISCONNECTED,
                        n == 0 ? "the server closed the connection" : rq_err_text(n));
        ASSERT(n <= RQ_CONN_IN_BYTES);
        moved = 1;
        rc = take_bytes(c, rq_slice(c->in, (size_t)n));
        if (rc < 0)
            return rc;
        if (n < RQ_CONN_IN_BYTES) /* the socket is most likely empty now */
            return moved;
    }
    return moved;
}

/* Also after a failed send: what has arrived counts. */
static int pump_in_after(struct rq_conn *c, int out)
{
    int in = pump_in(c);

    if (in < 0)
        return in;
    if (out < 0)
        return lose(c, RINGQ_DISCONNECTED, rq_err_text(out));
    if (in + out > 0)
        c->progress_ns = now_ns(c);
    return in + out > 0;
}

int rq_conn_pump(struct rq_conn *c)
{
    if (!rq_conn_is_open(c))
        return c->lost;
    return pump_in_after(c, pump_out(c));
}

void rq_conn_send(struct rq_conn *c)
{
    if (rq_conn_is_open(c) && pump_out(c) > 0)
        c->progress_ns = now_ns(c);
}

int rq_conn_check(struct rq_conn *c)
{
    if (rq_conn_is_open(c) && now_ns(c) - c->progress_ns < CHECK_AFTER_NS)
        return 0;
    return rq_conn_pump(c);
}

int rq_conn_want(const struct rq_conn *c)
{
    return RINGQ_READABLE | (c->out.len > 0 ? RINGQ_WRITABLE : 0);
}

int64_t rq_conn_limit_ns(const struct rq_conn *c)
{
    int64_t limit_ms = c->set->reply_timeout_ms;
    const struct rq_conn_pending *p;

    if (c->count == 0 || limit_ms < 0)
        return INT64_MAX;
    p = &c->ring[c->head];
    if (p->block_ms < 0)
        return INT64_MAX;
    return rq_clock_after(c->progress_ns, (limit_ms + p->block_ms) * NS_PER_MS);
}

/* Milliseconds until limit_ns, rounded up, as transports want it; -1: no limit. */
static int timeout_until(int64_t limit_ns, int64_t now)
{
    int64_t ms;

    if (limit_ns == INT64_MAX)
        return -1;
    ms = rq_clock_until(limit_ns, now) / NS_PER_MS + 1;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

int rq_conn_step(struct rq_conn *c)
{
    int64_t limit, now;
    int out, rc;

    if (!rq_conn_is_open(c))
        return c->lost;
    out = pump_out(c);
    if (out < 0)
        return pump_in_after(c, out);
    now = now_ns(c);
    if (out > 0)
        c->progress_ns = now;
    limit = rq_conn_limit_ns(c);
    rc = c->set->transport->wait(c->socket, rq_conn_want(c), timeout_until(limit, now));
    if (rc == -ECANCELED)
        return RINGQ_CANCELED;
    if (rc < 0)
        return lose(c, rq_error_from_code(rc), rq_err_text(rc));
    if (rc == 0)
        return limit <= now_ns(c)
                   ? lose(c, RINGQ_TIMEOUT, "the server did not answer in time")
                   : 0;
    return rc & RINGQ_READABLE ? pump_in_after(c, 0) : 1;
}
