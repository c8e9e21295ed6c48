/* counters.h - totals, rates and histograms of queues.
 *
 * Totals must be right and come back after a restart.  Rates and histograms may miss
 * samples when there is no memory for them, and begin anew with the process.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include "core/core.h"

/* Adds each field, modulo 2^64: UINT64_MAX takes one off.  For use as
 * counters_add(core, q, (struct record_totals){.put = 1}). */
void counters_add(struct core *core, struct queue *q, struct record_totals delta);
/* Replaces the queue's totals. */
void counters_set(struct core *core, struct queue *q, struct record_totals totals);

/* Events for rates and histograms, and their totals. */
void counters_put(struct core *core, struct queue *q, int64_t now_ns);
void counters_delivered(struct core *core, const struct job *job, int64_t now_ns);
void counters_ended(struct core *core, struct queue *q, enum record_end end,
                    int64_t now_ns);
/* Takes the last delivery of the job back. */
void counters_undelivered(struct core *core, const struct job *job);
/* The run of a job is over with DONE. */
void counters_run(const struct job *job, int64_t now_ns);

/* The home of a TOTALS record. */
void counters_set_home(struct core *core, struct queue *q, uint64_t home);
/* Its last TOTALS stands in commit `home`, the newest so far. */
void counters_recorded(struct core *core, struct queue *q, uint64_t home);

#endif
