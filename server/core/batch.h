/* batch.h - jobs that end together: BATCH.
 *
 * A batch is made, jobs are put into it, in whatever queues, and it is closed.  It is
 * over when it is closed and all its jobs have ended; a dead job has ended.  Then JOIN
 * BATCH is answered with what became of them, and for the batch's KEEP it can be asked
 * again.  An open batch without unfinished jobs goes after a day, unless somebody waits
 * for it.
 *
 *     NEW -> open -> CLOSE -> closed, jobs left -> over -- KEEP --> gone
 *                                        ^-- KICK --'
 * SPDX-License-Identifier: MIT */
#ifndef CORE_BATCH_H
#define CORE_BATCH_H

#include "core/core.h"

/* An open batch, which is gone once it was over for `keep_ms` (at most LIMIT_KEEP_MS,
 * ASSERTed).  BATCH record (homes): nobody should hear of it before that is in the log.
 * Errors  RQ_E_LIMIT  there are LIMIT_BATCHES */
RQ_MUST_CHECK int core_batch_new(struct core *core, uint64_t keep_ms,
                                 struct core_now now, struct effects *fx,
                                 struct job_id *out);
/* It takes no more jobs from now on, and can be over once that is in the log: BATCH
 * record (confirm, homes).
 * Returns  1; 0: it was closed before.  Errors  RQ_E_NOJOB  there is no such batch */
RQ_MUST_CHECK int core_batch_close(struct core *core, struct job_id id,
                                   struct effects *fx);
/* The record of its CLOSE is in the log: joiners may be answered. */
RQ_MUST_CHECK int core_batch_closed(struct core *core, struct job_id id,
                                    struct core_now now, struct effects *fx);
/* May a job with these attributes be put now?
 * Returns  0.  Errors  RQ_E_NOJOB  there is no such batch;  -EPIPE  it is closed */
int core_batch_takes(const struct core *core, struct rq_slice attrs);

/* EFFECT_JOINED with what became of its jobs at the first instant at which the batch is
 * over: now or later.  Counts each job once; a dead one that is purged stays dead.
 * Errors  RQ_E_NOJOB  there is no such batch;  RQ_E_LIMIT  too many waiters
 * Owns    as core_get */
RQ_MUST_CHECK int core_batch_join(struct core *core, struct job_id id, int64_t block_ms,
                                  struct holder *holder, void *cookie,
                                  struct core_now now, struct effects *fx,
                                  struct waiter **out_waiter);

struct batch_view {
    bool is_closed;
    uint64_t unfinished;       /* jobs that have not ended */
    struct join_counts counts; /* of those that have */
    uint64_t home;             /* the commit that its record lives in; 0: none yet */
};
/* Errors  RQ_E_NOJOB */
RQ_MUST_CHECK int core_batch_view(const struct core *core, struct job_id id,
                                  struct batch_view *out);
size_t core_batch_count(const struct core *core);

#endif
