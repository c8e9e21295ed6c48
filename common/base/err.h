/* err.h - the one table of our error codes: name, number, code on the wire, text.
 *
 * Functions return >= 0 for success and < 0 for failure: a -errno (down to -4095),
 * or one of these, from -4096 down.  Client and server share the table, so the
 * two cannot drift.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#include "base/slice.h"

/* Numbers are ABI: append, never renumber.  Each text says what to do. */
#define RQ_ERR_MAP(X)                                                               \
    X(RQ_E_MALFORMED, 1, "ERR", "not a command; send a RESP array or one line")     \
    X(RQ_E_BADARG, 2, "BADARG",                                                     \
      "a bad argument; see the text, correct it, send again")                       \
    X(RQ_E_TOOBIG, 3, "TOOBIG",                                                     \
      "longer than this server allows; see HELLO for limits")                       \
    X(RQ_E_NOAUTH, 4, "NOAUTH", "this server wants a key; connect with one")        \
    X(RQ_E_DENIED, 5, "DENIED", "your key does not allow this; ask the operator")   \
    X(RQ_E_FULL, 6, "FULL", "the queue is full; try again later or let PUT wait")   \
    X(RQ_E_PAUSED, 7, "PAUSED", "the queue takes no jobs now; RESUME it or wait")   \
    X(RQ_E_SHUTDOWN, 8, "SHUTDOWN", "the queue or the server is shut down")         \
    X(RQ_E_STALE, 9, "STALE", "the lease is no longer yours; drop the work")        \
    X(RQ_E_NOJOB, 10, "NOJOB", "no such job; it has ended or never was")            \
    X(RQ_E_STORE, 11, "STORE", "not stored; try again")                             \
    X(RQ_E_UNKNOWN, 12, "UNKNOWN",                                                  \
      "outcome not known; look with SHOW before you retry")                         \
    X(RQ_E_LOADING, 13, "LOADING", "still reading the log; try again in a moment")  \
    X(RQ_E_MOVED, 14, "MOVED", "another server owns this log; connect to it")       \
    X(RQ_E_LIMIT, 15, "LIMIT", "over a limit of this server; see HELLO for limits") \
    X(RQ_E_BUSY, 16, "BUSY", "too many connections; try again later")

enum rq_err {
#define RQ_ERR_ENUM(name, number, wire, text) name = -(4095 + (number)),
    RQ_ERR_MAP(RQ_ERR_ENUM)
#undef RQ_ERR_ENUM
};

/* Text for any code we return: ours or a -errno.  A constant; never NULL. */
const char *rq_err_text(long code);

/* The code's word on the wire, "ERR" for anything not in the table. */
const char *rq_err_wire(long code);

/* The code whose word stands in `word`; RQ_E_MALFORMED for "ERR", 0 when unknown. */
int rq_err_from_wire(struct rq_slice word);

#endif
