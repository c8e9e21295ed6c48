/* timer - what is due when.
 * SPDX-License-Identifier: MIT */
#include "core/timer.h"

#include "base/assert.h"
#include "base/clock.h"
#include "core/state.h"

static const int64_t ms_ns = 1000000;

bool timer_less(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    const struct timer *x = RQ_CONTAINER_OF(a, const struct timer, node);
    const struct timer *y = RQ_CONTAINER_OF(b, const struct timer, node);

    return x->at_ns != y->at_ns ? x->at_ns < y->at_ns : x->order < y->order;
}

void timer_arm(struct core *core, struct rq_heap *h, struct timer *t, int64_t at_ns)
{
    t->at_ns = at_ns;
    t->order = ++core->timer_order;
    if (t->node.place != 0) {
        rq_heap_update(h, &t->node);
        return;
    }
    int rc = rq_heap_push(h, &t->node);
    ASSERT(rc == 0); /* reserved */
}

void timer_stop(struct rq_heap *h, struct timer *t)
{
    rq_heap_remove(h, &t->node);
}

int64_t timer_after_ms(int64_t now_ns, int64_t ms)
{
    ASSERT(ms >= 0);
    return ms > INT64_MAX / ms_ns ? INT64_MAX : rq_clock_after(now_ns, ms * ms_ns);
}

int64_t timer_from_wall(int64_t wall_ms, struct core_now now)
{
    return timer_after_ms(now.mono_ns, rq_clock_until(wall_ms, now.wall_ms));
}

int64_t timer_wall_after(struct core_now now, int64_t ms)
{
    ASSERT(ms >= 0);
    return rq_clock_after(now.wall_ms, ms);
}
