/* sim_order.h - when the operations of a simulation are done: each is due at a time
 * that is drawn, or, as time stands still while tasks are ready, after a few turns with
 * ready tasks.
 *
 * A scheduled operation is in the heap by (time, sequence), and by its `link` in one of
 * SLOTS lists: of those that a coming turn makes due.  It is never due before an older
 * one of its descriptor and direction.
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

/* What the simulation knows of an operation; one for each slot of the slab. */
struct rio__sim_event {
    struct rq_heap_node node; /* the first member */
    int64_t when;
    uint64_t seq;
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
    struct rq_list soon[RIO__SIM_SLOTS];
    struct rio__sim_event **events; /* by the operation's index */
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

/* Makes an operation with an event due at least `delay` ns from now on.  Its link is
 * free.  One that is due already is due anew. */
void rio__sim_schedule(struct rio__sim_order *o, struct rio_op *op, int64_t now,
                       int64_t delay);
/* A turn with ready tasks begins. */
void rio__sim_busy_turn(struct rio__sim_order *o, int64_t now);
/* When the first one is due; INT64_MAX: none. */
int64_t rio__sim_next(const struct rio__sim_order *o);
/* Takes out the first one that is due, with its link.  NULL: none is */
struct rio__sim_event *rio__sim_take(struct rio__sim_order *o, int64_t now);

#endif
