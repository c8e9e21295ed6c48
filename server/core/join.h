/* join.h - who waits for the number of unfinished jobs to be 0.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_JOIN_H
#define CORE_JOIN_H

#include "core/core.h"

/* Effects that join_settle() may add. */
size_t join_effects_max(const struct queue *q);
/* To be called after each change that lowers the number of unfinished jobs of `q`:
 * answers those for whom it is 0 now.  `q` may be gone afterwards. */
void join_settle(struct core *core, struct queue *q, struct effects *fx);

#endif
