/* timer.h - what is due when: heaps of timers by (time, order of arming).
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include "core/core.h"

struct timer;

rq_heap_less timer_less;
/* Arms `t`, or moves it when it is armed.  The heap must have room for it. */
void timer_arm(struct core *core, struct rq_heap *h, struct timer *t, int64_t at_ns);
/* Does nothing when it is not armed. */
void timer_stop(struct rq_heap *h, struct timer *t);
/* `ms` after `now_ns`, saturating; ms >= 0. */
int64_t timer_after_ms(int64_t now_ns, int64_t ms);
/* The monotonic time of a wall time; now, if it has passed. */
int64_t timer_from_wall(int64_t wall_ms, struct core_now now);
/* A wall time `ms` from now, saturating; ms >= 0. */
int64_t timer_wall_after(struct core_now now, int64_t ms);

#endif
