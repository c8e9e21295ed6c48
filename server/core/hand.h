/* hand.h - a job comes back into reach: to the first getter, into its queue, or to its
 * grave.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_HAND_H
#define CORE_HAND_H

#include "core/core.h"

/* Makes sure that hand_over(), and the caller's `more` effects, cannot fail.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int hand_reserve(struct job *job, struct core *core, size_t more,
                               struct effects *fx);
/* The job, in PENDING, DELAYED, DEAD or (its lease stopped) LEASED, can be served: to
 * the queue's first getter if there is one and the gate is open, else it is READY; or
 * its TTL is over. */
void hand_over(struct core *core, struct job *job, struct core_now now,
               struct effects *fx);
/* A READY job, not away, of a queue with getters: to the first of them, unless
 * it cannot be leased any more.  Returns  1.  Errors  -ENOMEM, and nothing has changed
 */
RQ_MUST_CHECK int hand_ready(struct core *core, struct job *job, struct core_now now,
                             struct effects *fx);
/* The job is over once that is in the log.  Needs room for one effect. */
void hand_end(struct core *core, struct job *job, enum record_end end,
              struct rq_slice result, struct core_now now, struct effects *fx);
/* The job will be DEAD once that is in the log.  Needs an extra, in which the reason
 * stands already, and room for one effect. */
void hand_bury(struct core *core, struct job *job, struct effects *fx);
/* No number is left for a lease of this job: buries it.  Needs as hand_bury(). */
void hand_bury_unleasable(struct core *core, struct job *job, struct effects *fx);
/* Row 14: the job, which is LEASED, has lost its lease for `reason` (a constant).
 * Errors  -ENOMEM, and nothing has changed */
RQ_MUST_CHECK int hand_back(struct core *core, struct job *job, struct rq_slice reason,
                            struct core_now now, struct effects *fx);

#endif
