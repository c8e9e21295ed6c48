/* ready.h - the ready jobs of a queue, by (PRI, id).
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_READY_H
#define CORE_READY_H

#include "base/attr.h"
#include "base/heap.h"

struct job;
struct queue;

rq_heap_less ready_late_less;
/* Makes sure that ready_push() of this job cannot fail.  Errors  -ENOMEM */
RQ_MUST_CHECK int ready_reserve(struct queue *q, const struct job *job);
void ready_push(struct queue *q, struct job *job);
/* The job that is served next; NULL: none. */
struct job *ready_first(const struct queue *q);
void ready_remove(struct queue *q, struct job *job);
/* The queue, which has a gate, serves in this order (enum record_order) from now on.
 * Errors  -ENOMEM, and nothing has changed */
RQ_MUST_CHECK int ready_set_order(struct queue *q, uint8_t order);
/* Is `a` served before `b`? */
bool ready_goes_before(const struct job *a, const struct job *b);
/* Since when the one that has been ready for longest is; INT64_MAX: none. */
int64_t ready_oldest_ns(const struct queue *q);

#endif
