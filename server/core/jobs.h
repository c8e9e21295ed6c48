/* jobs.h - jobs are made, move from state to state, and end.
 *
 * place_*() are the only functions that change a job's state; they keep the lists, the
 * timers and the counts in step with it.
 * Private to core/; the code stands in job.c, place.c and requeue.c.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_JOBS_H
#define CORE_JOBS_H

#include "core/core.h"

struct job_kind;

/* A struct with copies of these texts, and nothing else.  body.ptr NULL: only its
 * length is known, and it is away.  NULL: no memory. */
struct job *job_make(struct core *core, struct rq_slice body, struct rq_slice attrs);
/* The mirror of job_make(): what it points to lives on. */
void job_unmake(struct core *core, struct job *job);
/* In no place yet.  Owns  consumes the reference to `kind` unless it fails.  NULL: no
 * memory. */
struct job *job_new(struct core *core, struct job_kind *kind, uint64_t number,
                    struct rq_slice body, struct rq_slice attrs, int64_t put_wall_ms);
/* The job must be in no place. */
void job_free(struct core *core, struct job *job);

/* Makes sure that the job has its extra, and that its timer can be armed.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int job_need_extra(struct core *core, struct job *job);
/* Frees the extra if nothing in it matters for a job that just waits. */
void job_drop_extra(struct core *core, struct job *job);

/* What of the body is in memory. */
struct rq_slice job_body(const struct job *job);
struct rq_slice job_attrs(const struct job *job);
/* What the job takes beside its struct. */
size_t job_bytes(const struct job *job);
/* Has it a TTL, and has it not been started? */
bool job_can_expire(const struct job *job);
/* It can, and its time is over.  Such a job has an extra. */
bool job_is_expired(const struct job *job, struct core_now now);

/* A copy of an error text, cut at its limit; NULL when it is empty.  Errors  -ENOMEM */
RQ_MUST_CHECK int job_copy_error(struct rq_slice text, uint8_t **out);
/* Replaces the last error; the job has an extra.  Owns  consumes `copy` (may be NULL).
 */
void job_set_error(struct job *job, uint8_t *copy, size_t len);
/* As above, with a constant. */
void job_set_reason(struct job *job, struct rq_slice constant);

void departures_free(struct core *core);

/* The job enters the index, in `state`. */
void place_enter(struct core *core, struct job *job, enum job_state state);
/* Takes the job out of the structures of its old state and into those of `state`.
 * DELAYED and LEASED arm extra->timer at extra->timer.at_ns; READY needs
 * ready_reserve(). */
void place_move(struct core *core, struct job *job, enum job_state state);
/* Out of its state and of the index; place_enter() would bring it back. */
void place_leave(struct core *core, struct job *job);

/* What the job adds to the sums, beside its state: taken out while its texts change. */
void place_count_in(struct core *core, const struct job *job);
void place_count_out(struct core *core, const struct job *job);

#endif
