/* queues.h - queues come with their first use and go when nothing is left of them.
 * Private to core/; the code stands in queue.c.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_QUEUES_H
#define CORE_QUEUES_H

#include "core/core.h"

struct rq_slice queue_key_of(const void *queue); /* for the map */
struct queue *queue_find(const struct core *core, struct rq_slice name); /* or NULL */
/* Finds it or makes it.  Errors  -ENOMEM;  RQ_E_LIMIT  `queues_max` exist */
RQ_MUST_CHECK int queue_need(struct core *core, struct rq_slice name, size_t queues_max,
                             struct queue **out);
/* Frees the queue if it was never really used: no jobs, no waiters, all totals 0. */
void queue_release(struct core *core, struct queue *q);
void queue_free(struct core *core, struct queue *q); /* must be without jobs */
/* Jobs that a JOIN waits for; the dead ones too if `strict`. */
uint64_t queue_unfinished(const struct queue *q, bool strict);

#endif
