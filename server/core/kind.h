/* kind.h - what many jobs have in common - queue, group, epoch, policy - kept once.
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
/* The kind of a job with these; of its attributes (attrs.h) the group counts.
 * Owns  gives a reference: kind_unref().  NULL: no memory. */
struct job_kind *kind_need(struct core *core, struct queue *q, struct rq_slice attrs,
                           uint64_t epoch, const struct job_policy *policy);
void kind_unref(struct core *core, struct job_kind *kind); /* NULL: nothing */
/* The next job of the queue is likely of this kind. */
void kind_remember(struct core *core, struct queue *q, struct job_kind *kind);
/* Asserts that groups have as many references as they have kinds. */
void kinds_check(const struct core *core);

#endif
