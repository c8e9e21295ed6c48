/* conn.h - one connection: commands out, replies in, in order.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_CONN_H
#define LIB_CONN_H

#include "wire/reply.h"

#include "lib/settings.h"

enum {
    RQ_CONN_OUT_BYTES =
        64 * 1024,              /* more than this is to be sent before more is added */
    RQ_CONN_PENDING_MAX = 8192, /* the same for commands without a reply */
    RQ_CONN_WHY_SIZE = 352,
    RQ_CONN_IN_BYTES = 32 * 1024, /* received at a time */
};

/* Gets the outcome of a command, once: its reply; or an error, of the server or of the
 * connection, with a text.  Of the connection: RINGQ_UNKNOWN, the command was given
 * whole to the kernel; RINGQ_DISCONNECTED, it was not, so the server has not obeyed it.
 * Owns  consumes `reply` (NULL with an error); `text` lends: for the call */
typedef void rq_conn_done(void *arg, int error, const char *text,
                          struct rq_reply *reply);

struct rq_conn {
    const struct rq_settings *set;
    void *socket;               /* NULL: not open */
    struct rq_reply *hello;     /* the server's answer to HELLO; of the last one */
    int lost;                   /* why it is not open: a ringq_error ... */
    char why[RQ_CONN_WHY_SIZE]; /* ... and a sentence */
    /* private */
    struct rq_buf out;
    uint64_t queued, sent; /* bytes, since it was opened; queued - sent == out.len */
    uint8_t *in;
    struct rq_reply_reader *reader;
    struct rq_conn_pending *ring; /* commands without a reply, oldest at `head` */
    size_t head, count, cap;      /* cap: a power of two */
    int64_t progress_ns; /* when a byte moved, or the first command was added */
};

/* Keeps  `set`, until rq_conn_fini() */
void rq_conn_init(struct rq_conn *c, const struct rq_settings *set);
/* Closes, as rq_conn_close(). */
void rq_conn_fini(struct rq_conn *c);

/* Connects and says HELLO; waits for both.
 * Errors  a ringq_error; c->lost and c->why say the same */
RQ_MUST_CHECK int rq_conn_open(struct rq_conn *c);
static inline bool rq_conn_is_open(const struct rq_conn *c)
{
    return c->socket != NULL;
}
/* Each command without a reply gets its outcome before this returns.
 * Shape  why: NULL keeps c->why as it is */
void rq_conn_close(struct rq_conn *c, int error, const char *why);

/* Adds a command; does not send.
 * Units   block_ms: how long the server may hold back the reply; -1: without limit
 * Errors  RINGQ_NOMEM (`done` is not called);  RINGQ_DISCONNECTED it is not open */
RQ_MUST_CHECK int rq_conn_submit(struct rq_conn *c, size_t argc,
                                 const struct rq_slice *argv, int64_t block_ms,
                                 rq_conn_done *done, void *arg);

/* Expects one more reply behind all others, though nothing is sent for it: the server
 * goes on by itself.  Errors  as rq_conn_submit() */
RQ_MUST_CHECK int rq_conn_expect(struct rq_conn *c, rq_conn_done *done, void *arg);

/* Sends and receives what is possible now; calls `done` of what was answered.
 * Returns  1: something moved, 0: nothing did
 * Errors   a ringq_error: the connection was lost, and is closed */
RQ_MUST_CHECK int rq_conn_pump(struct rq_conn *c);
/* Sends what is possible now; a loss is left to the next rq_conn_pump(). */
void rq_conn_send(struct rq_conn *c);
/* Notices that the server has closed a connection that was idle.  As rq_conn_pump(). */
RQ_MUST_CHECK int rq_conn_check(struct rq_conn *c);
/* Sends, waits until more is possible, receives.
 * Returns  as rq_conn_pump()
 * Errors   RINGQ_CANCELED  by the transport: the connection stays open
 *          RINGQ_TIMEOUT   nothing moved for the reply timeout: it is closed
 *          all others as rq_conn_pump() */
RQ_MUST_CHECK int rq_conn_step(struct rq_conn *c);

/* For those who wait themselves: what to wait for (RINGQ_READABLE, RINGQ_WRITABLE), and
 * until when something has to move (INT64_MAX: no limit). */
int rq_conn_want(const struct rq_conn *c);
int64_t rq_conn_limit_ns(const struct rq_conn *c);

/* Commands without a reply. */
static inline size_t rq_conn_pending(const struct rq_conn *c)
{
    return c->count;
}
/* Bytes that the kernel has not taken yet. */
static inline size_t rq_conn_unsent(const struct rq_conn *c)
{
    return c->out.len;
}
/* Is it wise to send and read before more commands are added? */
static inline bool rq_conn_is_full(const struct rq_conn *c)
{
    return c->out.len > RQ_CONN_OUT_BYTES || c->count >= RQ_CONN_PENDING_MAX;
}

/* Nobody waits any more for what was submitted with `arg`: its `done` is not called.
 * Returns  true when it was not sent at all, and never will be */
bool rq_conn_abandon(struct rq_conn *c, const void *arg);

#endif
