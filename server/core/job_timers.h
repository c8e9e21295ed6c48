/* job_timers.h - when jobs are due: the ends of delays, of TTLs and of leases.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_JOB_TIMERS_H
#define CORE_JOB_TIMERS_H

#include "core/state.h"

void job_timers_init(struct core *core);
void job_timers_fini(struct core *core);
/* Room for the timer of one more extra; arming cannot fail.  Errors  -ENOMEM */
RQ_MUST_CHECK int job_timers_reserve(struct core *core);
/* The first that is due; NULL: none.  Equal times are due in the order of arming. */
struct timer *job_timers_first(const struct core *core);
/* Arms the timer of an extra, or moves it when it is armed. */
void job_timer_arm(struct core *core, struct job_extra *x, int64_t at_ns);
/* The same for a lease of `ttr_ms`, which runs out at x->timer.at_ns. */
void job_timer_arm_lease(struct core *core, struct job_extra *x, uint32_t ttr_ms);
/* Does nothing when it is not armed. */
void job_timer_stop(struct core *core, struct job_extra *x);
bool job_timer_is_armed(const struct job_extra *x);
/* Each line in order.  Returns  how many are armed */
size_t job_timers_check(const struct core *core);

#endif
