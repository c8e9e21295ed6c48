/* sim_order.h - when the operations of a simulation are done: each is due at a time
 * that is drawn, or, as time stands still while tasks are ready, after a few turns with
 * ready tasks.
 *
 * Two things can be due of one operation: that it is tried, and that its cancellation
 * arrives.  Each is in the heap by (time, sequence), and by its link in one of SLOTS
 * lists: of those that a coming turn makes due.  A try is never due before that of an
 * older operation of its descriptor and direction.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_SIM_ORDER_H
#define RIO_SIM_ORDER_H

#include "base/heap.h"
#include "base/rand.h"
#include "rio/io.h"

enum {
    RIO__SIM_TURNS_MAX = 3, /* with ready tasks, until an operation is due */
    RIO__SIM_SLOTS = RIO__SIM_TURNS_MAX + 1,
};

struct rio__sim_due {
    struct rq_heap_node node; /* the first member; in no heap: not scheduled */
    int64_t when;
    uint64_t seq;
    struct rq_list link; /* in a list of `soon` */
    struct rio__sim_event *event;
};

/* What the simulation knows of an operation; one for each slot of the slab. */
struct rio__sim_event {
    struct rio__sim_due attempt, cancel;
    struct rio_op *op;
    uint64_t sum; /* of the bytes that it reads, at its submission */
    char *kept;   /* what stood in the buffer that it fills, or NULL */
    bool fresh;   /* not tried since it was submitted, or delivered something */
    bool ends;    /* its next completion is to be its last */
    bool cut;     /* the next try moves one byte */
};

struct rio__sim_order {
    struct rq_rand *chance;
    int64_t latency_min, latency_max;
    struct rq_heap due;
    uint64_t seq, turn;
    struct rq_list soon[RIO__SIM_SLOTS]; /* struct rio__sim_due */
    struct rio__sim_event **events;      /* by the operation's index */
    size_t event_count, event_made;
    struct rio__sim_last *lasts; /* by descriptor */
    size_t last_count;
};

void rio__sim_order_init(struct rio__sim_order *o, struct rq_rand *chance);
void rio__sim_order_fini(struct rio__sim_order *o);

/* The event of an operation, made when there is none yet.  NULL: no memory */
struct rio__sim_event *rio__sim_event_make(struct rio__sim_order *o,
                                           const struct rio_op *op);
/* The one there is, or NULL. */
struct rio__sim_event *rio__sim_event_of(const struct rio__sim_order *o,
                                         const struct rio_op *op);

/* Of an operation with an event: it is tried, or cancelled, at least `delay` ns from
 * now on.  What is scheduled already is scheduled anew. */
void rio__sim_schedule(struct rio__sim_order *o, const struct rio_op *op, int64_t now,
                       int64_t delay);
void rio__sim_schedule_cancel(struct rio__sim_order *o, const struct rio_op *op,
                              int64_t now, int64_t delay);
void rio__sim_unschedule(struct rio__sim_order *o, struct rio__sim_event *ev);
/* A turn with ready tasks begins. */
void rio__sim_busy_turn(struct rio__sim_order *o, int64_t now);
/* When the first one is due; INT64_MAX: none. */
int64_t rio__sim_next(const struct rio__sim_order *o);
/* Takes out the first one that is due.  NULL: none is */
struct rio__sim_due *rio__sim_take(struct rio__sim_order *o, int64_t now);

#endif
