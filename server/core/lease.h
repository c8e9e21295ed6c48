/* lease.h - who holds which job, until when; the numbers of leases.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_LEASE_H
#define CORE_LEASE_H

#include "core/core.h"

/* Is there a number left for a lease of this job, which has an extra, in this epoch? */
bool lease_is_possible(const struct core *core, const struct job *job);
/* Row 7: the job is LEASED to `holder`; LEASE record.  `ttr_ms` 0: the job's own.
 * Needs an extra, room for one effect, and lease_is_possible(). */
void lease_start(struct core *core, struct job *job, struct holder *holder,
                 uint32_t ttr_ms, struct core_now now, struct effects *fx);
/* The lease is not current any more; the job is still in LEASED, for place_move(). */
void lease_stop(struct job *job);
/* Of a kept lease that has just got this TTR (0: its own): does its record say less?
 * Then the next one will not. */
bool lease_is_logged_too_short(struct job *job, uint32_t ttr_ms);
/* After a replay: a kept lease goes on, with a whole TTR, and is nobody's. */
void lease_revive(struct core *core, struct job *job, struct core_now now);
void lease_extend(struct core *core, struct job *job, uint32_t ttr_ms,
                  struct core_now now);
/* The job whose current lease this is.  Errors  RQ_E_NOJOB, RQ_E_STALE (row 15) */
RQ_MUST_CHECK int lease_find(const struct core *core, struct job_id id, uint64_t lease,
                             struct job **out);

#endif
