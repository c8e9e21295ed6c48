/* client.h - the handle, and how every call of ringq.h is made.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_CLIENT_H
#define LIB_CLIENT_H

#include "base/rand.h"

#include "lib/conn.h"
#include "lib/retry.h"

struct rq_args;

struct ringq {
    struct rq_conn conn;
    struct rq_settings set;
    int unusable;     /* the url or the options are bad: a ringq_error, else 0 */
    bool in_callback; /* of the pipeline */
    struct rq_rand rand;
    int error;
    char text[512];
};

/* Ends a call.  Returns  `error` */
int rq_client_fail(ringq *q, int error, const char *fmt, ...) RQ_PRINTF(3, 4);

/* Begins a call: clears the error of the one before.
 * Errors  RINGQ_USAGE, RINGQ_NOMEM  the handle is of no use, or busy in a callback */
RQ_MUST_CHECK int rq_client_begin(ringq *q);

/* Has the connection open, trying again inside the window of `retry`.
 * Errors  set in q: RINGQ_DISCONNECTED, RINGQ_CANCELED, RINGQ_PROTOCOL, ... */
RQ_MUST_CHECK int rq_client_connect(ringq *q, struct rq_retry *retry);

/* Tells of a failure and pauses before the next attempt.
 * Errors  RINGQ_TIMEOUT  the window of `retry` is over;  RINGQ_CANCELED */
RQ_MUST_CHECK int rq_client_pause(ringq *q, struct rq_retry *retry);

/* Sends a command, behind what is in the pipeline, and waits for its reply; sends it
 * again where that is safe (lib/nature.h).  After rq_client_begin().
 * Shape   argv: the word behind BLOCK is replaced by what is left of it
 * Errors  set in q
 * Owns    gives *out: rq_reply_free().  out NULL: it is dropped */
RQ_MUST_CHECK int rq_client_call(ringq *q, size_t argc, struct rq_slice *argv,
                                 struct rq_reply **out);

/* rq_client_call() with words, which are freed. */
RQ_MUST_CHECK int rq_client_send(ringq *q, struct rq_args *words,
                                 struct rq_reply **out);

/* The reply has not the shape that the protocol promises: closes the connection, so
 * that the server takes back what it gave with it.  Returns  the error, set in q */
int rq_client_distrust(ringq *q, int error, const char *what);

#endif
