/* ready.h - the ready jobs of a queue, by (PRI, id), in turns of their groups.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_READY_H
#define CORE_READY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct core;
struct job;
struct job_kind;
struct queue;
struct ready;

/* Makes sure that ready_push() of this job cannot fail.  Errors  -ENOMEM */
RQ_MUST_CHECK int ready_reserve(struct queue *q, const struct job *job);
/* The same for one job, whichever, that will be of this kind. */
RQ_MUST_CHECK int ready_reserve_any(struct job_kind *kind);
/* The same for all jobs of the queue that are leased. */
RQ_MUST_CHECK int ready_reserve_leased(struct queue *q);
void ready_push(struct queue *q, struct job *job);
/* The job that is served next; NULL: none, or all groups that have one are full. */
struct job *ready_first(const struct queue *q);
/* The same, or one of a full group; NULL: none is ready. */
struct job *ready_any(const struct queue *q);
void ready_remove(struct queue *q, struct job *job);
/* The queue, which has a gate, serves in this order (enum record_order) from now on.
 * Errors  -ENOMEM, and nothing has changed */
RQ_MUST_CHECK int ready_set_order(struct queue *q, uint8_t order);
/* Does `a` stand before `b`?  Turns of groups aside. */
bool ready_goes_before(const struct job *a, const struct job *b);
/* Since when the one that has been ready for longest is; INT64_MAX: none. */
int64_t ready_oldest_ns(const struct queue *q);

/* Recounts them, and those of the groups; asserts. */
void ready_check(const struct core *core, const struct queue *q);

/* ---- the jobs of one group, or those without one ---- */

void ready_init(struct ready *r);
void ready_fini(struct ready *r);
/* Where the job stands while it is ready. */
struct ready *ready_of(struct queue *q, const struct job *job);
struct job *ready_first_of(const struct ready *r);
int64_t ready_oldest_of(const struct ready *r);

#endif
