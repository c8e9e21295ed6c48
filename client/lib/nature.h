/* nature.h - what a command is like, for those who send it: may it be sent again, and
 * how long may its reply take?
 * SPDX-License-Identifier: MIT */
#ifndef LIB_NATURE_H
#define LIB_NATURE_H

#include "base/slice.h"

/* What to do when the connection is lost before the reply has come. */
enum rq_repeat {
    /* Looks only, or says how something shall be, or is undone with the connection:
     * GET's leases are given back. */
    RQ_REPEAT_HARMLESS,
    /* Settles a lease, and a second time the server says what became of it. */
    RQ_REPEAT_ASK,
    /* Would act twice: PUT, and what this library does not know. */
    RQ_REPEAT_NEVER,
};

struct rq_nature {
    enum rq_repeat repeat;
    int64_t block_ms; /* how long the server may hold back the reply; -1: no limit */
    size_t block_at;  /* the word that says so; 0: none does */
};

struct rq_nature rq_nature_of(size_t argc, const struct rq_slice *argv);

#endif
