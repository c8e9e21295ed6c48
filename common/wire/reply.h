/* reply.h - RESP on the client's side: writes commands, reads replies into a tree.
 * SPDX-License-Identifier: MIT */
#ifndef WIRE_REPLY_H
#define WIRE_REPLY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

/* Appends a command: `*argc` and one bulk string per slice. */
RQ_MUST_CHECK int rq_reply_command(struct rq_buf *out, size_t argc,
                                   const struct rq_slice *argv);

enum rq_reply_type {
    RQ_REPLY_SIMPLE,
    RQ_REPLY_ERROR,
    RQ_REPLY_INT,
    RQ_REPLY_BULK,
    RQ_REPLY_NULL, /* null bulk, null array, RESP3 null */
    RQ_REPLY_ARRAY,
    RQ_REPLY_MAP, /* RESP3; `count` pairs are 2 * count elements */
    RQ_REPLY_BOOL,
    RQ_REPLY_DOUBLE
};

/* A node of the tree.  An array's elements are `elements[0..count)`. */
struct rq_reply {
    enum rq_reply_type type;
    int64_t integer;     /* INT, BOOL */
    double real;         /* DOUBLE */
    struct rq_slice str; /* SIMPLE, ERROR, BULK: copied, and a NUL stands behind it */
    size_t count;        /* elements (of a map: pairs x 2) */
    struct rq_reply *elements;
};

struct rq_reply_reader; /* resumable: a reply that arrives in pieces is read once */

struct rq_reply_reader *rq_reply_reader_new(size_t bulk_max); /* NULL: no memory */
void rq_reply_reader_free(struct rq_reply_reader *r);         /* NULL is fine */

/* Eats bytes of `src`, up to the end of a reply; what was eaten need not be kept.
 * Returns  bytes consumed; *out is set when a reply is whole, else NULL
 * Errors   RQ_E_MALFORMED
 *          RQ_E_TOOBIG  a bulk over bulk_max, a line over 64 KiB, arrays nested deeper
 *                       than 8, more than 2^20 elements in all of them together
 *          -ENOMEM
 *          All are final: each later call gives the same.
 * Owns     gives *out: rq_reply_free() */
RQ_MUST_CHECK long rq_reply_read(struct rq_reply_reader *r, struct rq_slice src,
                                 struct rq_reply **out);
void rq_reply_free(struct rq_reply *reply); /* NULL is fine */

/* The value beside the name `field` in a map (or a RESP2 flat array of pairs).
 * Returns  NULL when absent */
const struct rq_reply *rq_reply_field(const struct rq_reply *map, const char *field);

#endif
