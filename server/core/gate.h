/* gate.h - what bounds a queue: MAXSIZE, RATE, CONCURRENCY, PAUSE, SHUTDOWN, DEADMAX.
 *
 * Bounds are looked at before a hand-over, never after.  When something may have opened
 * a gate, gate_look() makes core_tick() serve those who wait: nobody is served in the
 * middle of another command.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_GATE_H
#define CORE_GATE_H

#include "core/core.h"

/* Makes sure that the queue has one.  Errors  -ENOMEM */
RQ_MUST_CHECK int gate_need(struct core *core, struct queue *q);
void gate_free(struct core *core, struct queue *q);
bool gate_settings_are_valid(const struct record_settings *settings);

/* May a job of the queue be delivered now? */
bool gate_is_open(const struct core *core, const struct queue *q, struct core_now now);
/* A job was delivered. */
void gate_passed(struct core *core, struct queue *q, struct core_now now);
/* Is the queue shut, and nothing left to wait for? */
/* Is there a ready job that may pass? */
bool gate_has_next(const struct core *core, const struct queue *q, struct core_now now);
bool gate_is_dry(const struct queue *q);
/* May one more job come in, beside those who wait?  0, RQ_E_SHUTDOWN, RQ_E_PAUSED,
 * RQ_E_FULL;  RQ_E_BADARG  `count` never fit */
int gate_admits(const struct core *core, const struct queue *q, uint64_t count);
/* Something has changed that may let somebody pass. */
void gate_look(struct core *core, struct queue *q);

/* Serves those who can be; at most about `max` of them.
 * Returns  how many.  Errors  -ENOMEM  and the queue is looked at again */
RQ_MUST_CHECK long gate_serve(struct core *core, struct queue *q, size_t max,
                              struct core_now now, struct effects *fx);

#endif
