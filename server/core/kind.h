/* kind.h - what many jobs have in common - queue, epoch, policy - kept once.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_KIND_H
#define CORE_KIND_H

#include "base/attr.h"
#include "core/record.h"

struct core;
struct job_kind;
struct queue;

struct rq_slice kind_key_of(const void *kind); /* for the map */
bool kind_policy_is_valid(const struct job_policy *policy);
/* The kind with these three.  Owns  gives a reference: kind_unref().  NULL: no memory.
 */
struct job_kind *kind_need(struct core *core, struct queue *q, uint64_t epoch,
                           const struct job_policy *policy);
void kind_unref(struct core *core, struct job_kind *kind); /* NULL: nothing */
/* The next job of the queue is likely of this kind. */
void kind_remember(struct core *core, struct queue *q, struct job_kind *kind);

#endif
