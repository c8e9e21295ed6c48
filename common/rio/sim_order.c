/* sim_order.c - see sim_order.h.
 * SPDX-License-Identifier: MIT */
#include "rio/sim_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_MIN = 64 };

/* The latest that was scheduled for one descriptor, for each direction. */
struct rio__sim_last {
    int64_t when[2];
    uint64_t turn[2];
};

static struct rio__sim_due *due_at(const struct rq_heap_node *n)
{
    return (struct rio__sim_due *)(uintptr_t)n; /* its first member */
}

static bool is_earlier(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    const struct rio__sim_due *x = due_at(a), *y = due_at(b);

    return x->when != y->when ? x->when < y->when : x->seq < y->seq;
}

/* ---- tables ---- */

/* Returns  a table for `need` entries at least, zeroes behind the old ones, or NULL */
static void *grow(void *table, size_t *count, size_t size, size_t need)
{
    size_t more = *count > 0 ? *count : TABLE_MIN;
    void *grown;

    if (need <= *count)
        return table;
    while (more < need)
        more *= 2;
    grown = realloc(table, more * size);
    if (grown == NULL)
        return NULL;
    memset((char *)grown + *count * size, 0, (more - *count) * size);
    *count = more;
    return grown;
}

struct rio__sim_event *rio__sim_event_make(struct rio__sim_order *o,
                                           const struct rio_op *op)
{
    struct rio__sim_event **all =
        grow(o->events, &o->event_count, sizeof *all, (size_t)op->index + 1);
    struct rio__sim_event *ev;

    if (all == NULL)
        return NULL;
    o->events = all;
    if (all[op->index] != NULL)
        return all[op->index];
    if (rq_heap_reserve(&o->due, 2 * (o->event_made + 1) - o->due.count) < 0)
        return NULL;
    ev = calloc(1, sizeof *ev);
    if (ev == NULL)
        return NULL;
    o->event_made++;
    ev->attempt.event = ev->cancel.event = ev;
    rq_list_init(&ev->attempt.link);
    rq_list_init(&ev->cancel.link);
    all[op->index] = ev;
    return ev;
}

struct rio__sim_event *rio__sim_event_of(const struct rio__sim_order *o,
                                         const struct rio_op *op)
{
    return op->index < o->event_count ? o->events[op->index] : NULL;
}

/* Without memory there is no order to be kept. */
static struct rio__sim_last *last_of(struct rio__sim_order *o, int fd)
{
    struct rio__sim_last *all;

    if (fd < 0)
        return NULL;
    all = grow(o->lasts, &o->last_count, sizeof *all, (size_t)fd + 1);
    if (all == NULL)
        return NULL;
    o->lasts = all;
    return &all[fd];
}

/* ---- order ---- */

/* Which directions of its descriptor an operation is for, as bits. */
static unsigned ways_of(const struct rio_op *op)
{
    switch (op->kind) {
    case RIO_OP_CLOSE:
        return 3;
    case RIO_OP_SEND:
    case RIO_OP_SENDMSG:
    case RIO_OP_WRITE:
    case RIO_OP_CONNECT:
        return 2;
    default:
        return 1;
    }
}

/* Not before what came before. */
static void queue_up(struct rio__sim_last *last, unsigned ways, int64_t *when,
                     uint64_t *turn)
{
    for (unsigned i = 0; i < 2; i++) {
        if (!(ways & 1U << i))
            continue;
        if (*when < last->when[i])
            *when = last->when[i];
        if (*turn < last->turn[i])
            *turn = last->turn[i];
    }
    for (unsigned i = 0; i < 2; i++) {
        if (!(ways & 1U << i))
            continue;
        last->when[i] = *when;
        last->turn[i] = *turn;
    }
}

static int64_t draw_time(struct rio__sim_order *o, int64_t from)
{
    uint64_t span = (uint64_t)(o->latency_max - o->latency_min) + 1;

    return from + o->latency_min + (int64_t)rq_rand_below(o->chance, span);
}

static uint64_t draw_turn(struct rio__sim_order *o)
{
    return o->turn + 1 + rq_rand_below(o->chance, RIO__SIM_TURNS_MAX);
}

static void unschedule(struct rio__sim_order *o, struct rio__sim_due *d)
{
    rq_heap_remove(&o->due, &d->node);
    rq_list_remove(&d->link);
}

static void schedule(struct rio__sim_order *o, struct rio__sim_due *d, int64_t now,
                     int64_t when, uint64_t turn)
{
    unschedule(o, d);
    d->when = when;
    d->seq = o->seq++;
    rq_ignore(rq_heap_push(&o->due, &d->node)); /* reserved */
    if (when - now <= o->latency_max)           /* else it is meant to be late */
        rq_list_push_back(&o->soon[turn % RIO__SIM_SLOTS], &d->link);
}

void rio__sim_schedule(struct rio__sim_order *o, const struct rio_op *op, int64_t now,
                       int64_t delay)
{
    struct rio__sim_last *last = last_of(o, op->fd);
    int64_t when = draw_time(o, now + delay);
    uint64_t turn = draw_turn(o);

    if (last != NULL)
        queue_up(last, ways_of(op), &when, &turn);
    schedule(o, &o->events[op->index]->attempt, now, when, turn);
}

void rio__sim_schedule_cancel(struct rio__sim_order *o, const struct rio_op *op,
                              int64_t now, int64_t delay)
{
    int64_t when = draw_time(o, now + delay);

    schedule(o, &o->events[op->index]->cancel, now, when, draw_turn(o));
}

void rio__sim_unschedule(struct rio__sim_order *o, struct rio__sim_event *ev)
{
    unschedule(o, &ev->attempt);
    unschedule(o, &ev->cancel);
}

void rio__sim_busy_turn(struct rio__sim_order *o, int64_t now)
{
    struct rq_list *slot = &o->soon[++o->turn % RIO__SIM_SLOTS], *link;

    while ((link = rq_list_pop_front(slot)) != NULL) {
        struct rio__sim_due *d = RQ_LIST_ENTRY(link, struct rio__sim_due, link);

        if (d->when > now) {
            d->when = now;
            rq_heap_update(&o->due, &d->node);
        }
    }
}

int64_t rio__sim_next(const struct rio__sim_order *o)
{
    const struct rq_heap_node *first = rq_heap_min(&o->due);

    return first == NULL ? INT64_MAX : due_at(first)->when;
}

struct rio__sim_due *rio__sim_take(struct rio__sim_order *o, int64_t now)
{
    struct rio__sim_due *d;

    if (rio__sim_next(o) > now)
        return NULL;
    d = due_at(rq_heap_pop(&o->due));
    rq_list_remove(&d->link);
    return d;
}

/* ---- life ---- */

void rio__sim_order_init(struct rio__sim_order *o, struct rq_rand *chance)
{
    *o = (struct rio__sim_order){.chance = chance};
    rq_heap_init(&o->due, is_earlier);
    for (size_t i = 0; i < RIO__SIM_SLOTS; i++)
        rq_list_init(&o->soon[i]);
}

void rio__sim_order_fini(struct rio__sim_order *o)
{
    for (size_t i = 0; i < o->event_count; i++)
        free(o->events[i]);
    free(o->events);
    free(o->lasts);
    rq_heap_fini(&o->due);
}
