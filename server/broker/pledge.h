/* pledge.h - what must happen when a commit is in the log: a FIFO in the order of the
 * records, so that one number (the commit confirmed) says how far to go.
 *
 *     head              unexpired                     tail
 *     | told UNKNOWN    | still waited for            |
 *
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_PLEDGE_H
#define BROKER_PLEDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/record.h"

struct departure;
struct job;
struct promise;

struct pledge {
    uint64_t seq;                /* the commit */
    int64_t since_ns;            /* when it was made */
    struct job *job;             /* to be confirmed; NULL: none */
    struct job_id batch;         /* whose CLOSE is to be confirmed; epoch 0: none */
    struct departure *departure; /* to be confirmed; NULL: none */
    struct promise *promise;     /* to be answered; NULL: none */
    bool is_put;                 /* a PUT that was never sent may be withdrawn */
};

struct pledges {
    struct pledge *ring; /* cap: a power of two */
    size_t cap, head, tail,
        unexpired; /* positions count up for ever; head <= unexpired <= tail */
};

void pledges_init(struct pledges *p);
void pledges_fini(struct pledges *p);
RQ_MUST_CHECK int pledges_grow(struct pledges *p, size_t n); /* the rare half of: */
/* Makes room for `n` more.  Errors  -ENOMEM */
RQ_MUST_CHECK static inline int pledges_reserve(struct pledges *p, size_t n)
{
    return RQ_LIKELY(n <= p->cap - (p->tail - p->head)) ? 0 : pledges_grow(p, n);
}
/* Appends into reserved room. */
void pledges_add(struct pledges *p, const struct pledge *pledge);
/* The oldest; NULL when empty. */
static inline struct pledge *pledges_first(struct pledges *p)
{
    return p->head == p->tail ? NULL : &p->ring[p->head & (p->cap - 1)];
}
/* Drops the oldest; the youngest. */
void pledges_drop_first(struct pledges *p);
void pledges_drop_last(struct pledges *p);
/* The youngest; NULL when empty. */
struct pledge *pledges_last(struct pledges *p);
/* The oldest whose time has not run out yet; NULL when there is none. */
struct pledge *pledges_unexpired(struct pledges *p);
/* Its time has run out: go on to the next. */
void pledges_expire_one(struct pledges *p);
/* The one at a position, p->head <= position; NULL past the end. */
struct pledge *pledges_at(struct pledges *p, size_t position);

#endif
