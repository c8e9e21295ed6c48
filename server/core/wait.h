/* wait.h - who waits for the ends of which jobs.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_WAIT_H
#define CORE_WAIT_H

#include "core/core.h"

struct waiter;

struct rq_slice awaited_key_of(const void *awaited); /* for the map */
bool wait_is_awaited(const struct core *core, struct job_id id);
/* Effects that wait_settle() may add. */
size_t wait_effects_max(const struct core *core, struct job_id id);
/* The job is over: answers those for whom it was the last, or one is enough. */
void wait_settle(struct core *core, struct job_id id, struct effects *fx);
/* The waiter waits for nothing any more; part of waiter_free(). */
void wait_forget(struct core *core, struct waiter *w);

#endif
