/* waiter.h - somebody waits: a GET for a job, a JOIN for the end of all jobs.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_WAITER_H
#define CORE_WAITER_H

#include "core/state.h"

struct waiter_call {
    enum waiter_kind kind;
    const struct rq_slice *queues;
    size_t queue_count;
    int64_t block_ms; /* -1: for ever */
    struct holder *holder;
    void *cookie;
};

/* A waiter with its queues pinned (each once), its timer armed, linked to none of them.
 * Errors  -ENOMEM;  RQ_E_LIMIT  too many queues or waiters.  Owns  gives: waiter_free()
 */
RQ_MUST_CHECK int waiter_new(struct core *core, const struct waiter_call *call,
                             struct core_now now, struct waiter **out);
/* Unlinks it everywhere; queues that were only waited for are gone. */
void waiter_free(struct core *core, struct waiter *w);

/* To the end of the FIFO of each of its queues. */
void waiter_listen(struct waiter *w);
/* The queue has one (ASSERTed). */
struct waiter *waiter_first_getter(const struct queue *q);

#endif
