/* remnant.h - what is left of a job that is over: its end, and its result.
 *
 * A job that is to be kept has a remnant from the start, so that its end cannot fail
 * for want of memory; when the end is in the log the remnant takes the job's place.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_REMNANT_H
#define CORE_REMNANT_H

#include "core/core.h"

struct remnant;

struct rq_slice remnant_key_of(const void *remnant); /* for the map */
/* Makes sure that the job, which has an extra, will be kept for `keep_ms` at least, and
 * that remnant_settle() cannot fail.  Errors  -ENOMEM */
RQ_MUST_CHECK int remnant_need(struct core *core, struct job *job, uint64_t keep_ms);
/* A copy of the result for the job's remnant; for a job without one nothing is kept.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int remnant_set_result(struct core *core, struct job *job, uint64_t lease,
                                     struct rq_slice result, bool has_result);
/* The job begins to end as job->end says: from now on it counts how long. */
void remnant_fix(struct job *job, struct core_now now);
/* The end is in the log, the job about to be freed: its remnant is on its own. */
void remnant_settle(struct core *core, struct job *job, struct core_now now);
/* The remnant of a job that is not kept any more. */
void remnant_drop(struct core *core, struct remnant *r);
/* Its DONE record, the first or one more, goes into commit `home`. */
void remnant_set_home(struct core *core, struct job_id id, uint64_t home);
const struct remnant *remnant_find(const struct core *core, struct job_id id);
/* Its time is over, or there are too many: FORGET (room for one). */
void remnant_fire(struct core *core, struct remnant *r, struct effects *fx);
/* Somebody waits for the job now, or nobody does any more.  What is waited for has no
 * timer: it stays, and one that is old goes as soon as nobody waits. */
void remnant_look(struct core *core, struct job_id id);
/* More than LIMIT_KEPT or LIMIT_KEPT_BYTES: the first goes before its time. */
bool remnants_are_too_many(const struct core *core);
/* A DONE record with an end that is still kept.  Errors  -ENOMEM */
RQ_MUST_CHECK int remnant_replay(struct core *core, const struct record *record,
                                 struct queue *q, uint64_t home, struct core_now now);
void remnants_free(struct core *core);

#endif
