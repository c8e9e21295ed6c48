/* promise.h - an answer that is owed: to a commit, to a job that will come, to a join,
 * to who looks at bodies.
 *
 * Whoever issues a command embeds a promise; the broker keeps its address until it
 * calls exactly one of `done`, `failed`, `timed_out`, `looked` or `joined` (or
 * `delivered`, up to the last job of the batch), and forgets it before that call.  None
 * of them may call the broker: it is in the middle of something.
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_PROMISE_H
#define BROKER_PROMISE_H

#include "base/list.h"
#include "core/core.h"

struct promise;
struct broker_put;

struct broker_body {
    struct job_id job;
    uint8_t *ptr; /* lends until the call returns; NULL: in memory, or lost */
    size_t len;
};

struct promise_ops {
    /* What was issued is in the log. */
    void (*done)(struct promise *p);
    /* It is not, or not known to be: RQ_E_STORE, RQ_E_UNKNOWN, RQ_E_MOVED,
     * RQ_E_SHUTDOWN. */
    void (*failed)(struct promise *p, int code);
    /* GET: job `i` of `n`.  The view lends until the call returns.
     * Errors  -ENOMEM, -ENOBUFS: nothing was taken; the job goes back, and `failed`
     * follows */
    int (*delivered)(struct promise *p, const struct job_view *job, size_t i, size_t n);
    /* GET, JOIN, PUT: BLOCK has run out. */
    void (*timed_out)(struct promise *p);
    /* WAIT: the jobs are over; core_outcome() says how. */
    void (*waited)(struct promise *p);
    /* Bodies of jobs that are away, read from the log.  A job may have gone since, or
     * be in memory. */
    void (*looked)(struct promise *p, const struct broker_body *bodies, size_t count);
    /* JOIN: nothing is unfinished. */
    void (*joined)(struct promise *p, const struct join_counts *counts);
};

struct promise {
    const struct promise_ops *ops;
    /* private to the broker */
    struct waiter *waiter; /* while a GET, JOIN, PUT or WAIT waits */
    struct rq_list link;   /* in its member's list of waits, or the broker's admitted */
    const struct broker_put *put; /* while a PUT waits for room */
};

static inline void promise_init(struct promise *p, const struct promise_ops *ops)
{
    p->ops = ops;
    p->waiter = NULL;
    p->put = NULL;
    rq_list_init(&p->link);
}

#endif
