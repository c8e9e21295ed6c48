/* join.h - who waits for the number of unfinished jobs to be 0.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_JOIN_H
#define CORE_JOIN_H

#include "core/core.h"

/* Effects that join_settle() may add. */
size_t join_effects_max(const struct queue *q);
/* A job does not count any more: among the unfinished, among those and the dead. */
struct join_change {
    struct job_id job;
    bool plain, strict;
};
/* To be called after each change that lowers the number of unfinished jobs of `q`:
 * answers those for whom it is 0 now.  `q` may be gone afterwards. */
void join_settle(struct core *core, struct queue *q, const struct join_change *change,
                 struct effects *fx);
/* A job of `q` counts now: a dead one that was kicked, one of another queue. */
void join_raise(const struct queue *q, const struct join_change *change);

#endif
