/* timer.c - deadlines: a 4-ary heap by (when, seq).  A stopped timer leaves the heap at
 * once, so cancelled ones neither pile up nor wake the loop.
 * SPDX-License-Identifier: MIT */
#include "rio/loop.h"

static const struct rio__timer *timer_of(const struct rq_heap_node *n)
{
    return (const struct rio__timer *)n; /* its first member */
}

bool rio__timer_less(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    const struct rio__timer *x = timer_of(a), *y = timer_of(b);

    return x->when != y->when ? x->when < y->when : x->seq < y->seq;
}

int rio__timer_start(struct rio_loop *l, struct rio__timer *t, int64_t when,
                     void (*fire)(struct rio__timer *))
{
    *t = (struct rio__timer){.when = when, .seq = l->timer_seq++, .fire = fire};
    return rq_heap_push(&l->timers, &t->node);
}

void rio__timer_stop(struct rio_loop *l, struct rio__timer *t)
{
    rq_heap_remove(&l->timers, &t->node);
}

int64_t rio__timer_next(const struct rio_loop *l)
{
    struct rq_heap_node *first = rq_heap_min(&l->timers);

    return first == NULL ? INT64_MAX : timer_of(first)->when;
}

void rio__timer_fire_due(struct rio_loop *l)
{
    int64_t now = rio__loop_turn_time(l);

    while (rio__timer_next(l) <= now) {
        struct rio__timer *t = (struct rio__timer *)rq_heap_pop(&l->timers);

        t->fire(t);
    }
}

int64_t rio__timer_after(struct rio_loop *l, int64_t delay)
{
    int64_t now = rio__loop_now(l);

    if (delay <= 0)
        return now;
    return delay > INT64_MAX - now ? INT64_MAX : now + delay;
}
