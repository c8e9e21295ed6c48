/* journal.h - the records that the rules write, as effects.  Room must be reserved.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include "core/effects.h"

struct departure;
struct queue;

void journal_put(struct job *job, struct effects *fx);
/* All of a job that is not ending, as it is now (homes); a leased one as ready. */
void journal_move(struct job *job, struct effects *fx);
/* The same of a job that has gone to another queue. */
void journal_requeue(struct job *job, struct departure *departure, struct effects *fx);
void journal_lease(struct job *job, struct effects *fx);
/* What a LEASE record says of the lease of this job. */
void journal_hold(const struct job *job, struct record *out);
/* The job as it is now, in `state`.  DEAD, and a return, is awaited. */
void journal_state(struct job *job, enum record_state state, struct effects *fx);
/* The job is over, as job->end says. */
void journal_done(struct job *job, struct rq_slice result, struct effects *fx);
/* What was said about the queue, which has a gate; FORGET of where it stood. Room
 * for 2.
 */
void journal_settings(struct queue *q, struct effects *fx);
void journal_totals(struct queue *q, struct effects *fx);
/* FORGET of the job's home, if it has one. */
void journal_forget(const struct job *job, struct effects *fx);

#endif
