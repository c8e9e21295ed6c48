/* index.h - jobs by id: a chained hash table that grows and shrinks by one bucket at a
 * time, so that no single command pays for ten million jobs.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_INDEX_H
#define CORE_INDEX_H

#include "base/attr.h"
#include "core/record.h"

struct job;

struct job_index {
    struct job **buckets; /* `used` chains, linked by job->index_next */
    size_t count, used, cap;
    size_t low; /* the greatest power of two <= used */
    uint64_t salt;
};

/* `salt` makes the order unknown to those who choose which jobs stay.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int index_init(struct job_index *x, uint64_t salt);
void index_fini(struct job_index *x); /* frees the table, not the jobs */
struct job *index_get(const struct job_index *x, struct job_id id); /* NULL: absent */
/* Cannot fail: without memory the chains get longer.  The id must be new, as the next
 * number is; looking would cost a walk over jobs that are cold (core_check() does). */
void index_add(struct job_index *x, struct job *job);
void index_remove(struct job_index *x, struct job *job);
/* `heir` has the id of `job`, and takes its place. */
void index_swap(struct job_index *x, struct job *job, struct job *heir);
/* Walks all jobs in no order; start with NULL, NULL at the end. */
struct job *index_next(const struct job_index *x, const struct job *job);

#endif
