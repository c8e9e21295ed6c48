/* unique.h - keys that no second job of a queue may have.
 *
 * The key belongs to its job as long as that exists, dead or alive; afterwards, with a
 * WINDOW, to what is left of it.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_UNIQUE_H
#define CORE_UNIQUE_H

#include "core/core.h"

struct unique;
struct remnant;

struct rq_slice unique_key_of(const void *unique); /* for the map */
/* Who has the key, if anybody still does.  Returns  false: it is free */
bool unique_find(struct core *core, const struct queue *q, struct rq_slice key,
                 struct core_now now, struct job_id *out);
/* The key, which is free, is the job's, which has an extra.  Errors  -ENOMEM */
RQ_MUST_CHECK int unique_hold(struct core *core, struct job *job, struct rq_slice key);
/* The same in the queue `to`, to which the job is about to go; the key of the queue
 * that it leaves is free. */
RQ_MUST_CHECK int unique_carry_over(struct core *core, struct job *job,
                                    const struct queue *to, struct rq_slice key);
/* The job's key, if it has one, is free. */
void unique_release(struct core *core, struct job *job);
/* The job is over: its remnant has the key for `window_ms`. */
void unique_pass_on(struct job *job, struct remnant *r, int64_t window_ms,
                    struct core_now now);
/* The same for a remnant of the log.  Errors  -ENOMEM */
RQ_MUST_CHECK int unique_replay(struct core *core, struct remnant *r,
                                struct rq_slice key, int64_t window_ms,
                                struct core_now now);
/* The key that the remnant has; empty: none.  Lends. */
struct rq_slice unique_of(const struct remnant *r);
/* The remnant goes, and its key with it. */
void unique_drop(struct core *core, struct remnant *r);
void uniques_free(struct core *core);

#endif
