/* move.h - everything that lives, written into the log again.
 *
 * A mover walks over all that has its home in a commit before `before` and writes it
 * into new ones: jobs as MOVE, ends that are kept as DONE; queues are marked, and the
 * next core_totals() writes their settings and totals.  Then nothing needs the old
 * commits any more.  Compaction does so with the oldest part of the log, the repair of
 * a log that Redis has lost with all of it.
 *
 *     pass 1: queues | ends | jobs     pass 2: the same ...     until one finds nothing
 *
 * The walk is divided into steps, between which anything may happen: jobs come, which
 * live in new commits; jobs end; the table of jobs shrinks and moves jobs to where the
 * walk has been.  Hence the further passes.
 *
 * Jobs that are ending are left alone: their end is on its way into the log, and a dead
 * job is found by a later pass.  A leased job is written as MOVE and LEASE.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_MOVE_H
#define CORE_MOVE_H

#include "core/core.h"

enum core_mover_phase { MOVER_QUEUES, MOVER_ENDS, MOVER_JOBS, MOVER_OVER };

struct core_mover {
    uint64_t before; /* a commit: what lives in an older one is written again */
    uint64_t moved;  /* so far: jobs and ends */
    /* private */
    enum core_mover_phase phase;
    size_t at, used; /* where the phase is; the size of the table of jobs then */
    bool again;      /* this pass may have missed something */
};

void core_move_begin(struct core_mover *m, uint64_t before);
/* One step: looks at about `visits` places, and stops when about `bytes` are written.
 * Effects: RECORD (homes), FORGET of the old home.
 * Returns  1: more is to be done, call again when these effects are carried out;  0
 * Errors   -ENOMEM  nothing was written: call again */
RQ_MUST_CHECK int core_move_some(struct core *core, struct core_mover *m, size_t visits,
                                 size_t bytes, struct effects *fx);

#endif
