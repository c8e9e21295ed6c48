/* stream.h - a stream from inside: stream.c (life and output), stream_read.c (input).
 *
 * Input: a multishot receive copies into `in` as it comes.  At in_max it is cancelled;
 * what is under way still arrives, so `in` may be longer than in_max.
 * Output: writes gather in `out`; at the end of the turn `out` becomes `sending`, which
 * belongs to the kernel until its send has ended.  One send at a time: a later one
 * would overtake a blocked one.
 *
 *     open -> closing (flush, shutdown, wait for the operations, close) -> closed
 *
 * An idle stream holds no buffers: empty ones are freed beyond IDLE_BYTES.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_STREAM_H
#define RIO_STREAM_H

#include "base/buf.h"
#include "rio/waitq.h"

enum { RIO__IDLE_BYTES = 512 };

struct rio__client; /* client.c */

struct rio_stream {
    struct rio_loop *loop;
    struct rq_list link; /* in loop->streams until closed */
    int fd;              /* -1 once closed */
    int err;             /* what broke the connection, or 0 */
    bool eof;            /* the peer has ended its output */
    bool reading;        /* a task waits for input */
    bool ending, ended;  /* write_eof: asked for, done */
    bool closing, aborted, shut, closed;
    bool lost;     /* it broke before all was sent */
    bool orphaned; /* freed by its owner: goes when it is closed */
    struct rio_op *recv, *send, *close;
    struct rq_buf in, out, sending;
    size_t in_max, out_high;
    struct rio__flush flush;
    rio_waitq reader, drainers, closers;
    struct rio__timer linger;
    struct rio__client *client; /* of a server; NULL: it is none's */
};

/* Receives unless there is a reason not to. */
void rio__stream_receive(struct rio_stream *s);
/* The connection is broken: whoever waits is told. */
void rio__stream_break(struct rio_stream *s, int err);
/* Takes the next step of closing, if it is time. */
void rio__stream_close_step(struct rio_stream *s);
/* Wakes the task that waits for input; or a parked client, if there is any, or never
 * will be. */
void rio__stream_wake_reader(struct rio_stream *s);

/* ---- client.c ---- */

/* Gives it a task if it is parked. */
void rio__client_wake(struct rio__client *c);

#endif
