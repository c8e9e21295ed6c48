/* listener.h - somebody hears what becomes of jobs: EVENTS.
 *
 * A job is told of by its new state: what has to be in the log first (put, done, dead,
 * ...) when it is, all else when it happens.
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_LISTENER_H
#define BROKER_LISTENER_H

#include "base/list.h"
#include "core/core.h"

struct broker;

struct broker_event {
    const char *what;           /* put, leased, ready, delayed, dead, done, ... */
    const struct job_view *job; /* lends: until the call returns */
    int64_t wall_ms;
};

struct listener {
    /* May not call the broker: it is in the middle of something. */
    void (*heard)(struct listener *l, const struct broker_event *event);
    struct rq_slice queue; /* borrows; empty: all */
    struct rq_list link;   /* private to the broker */
};

/* Owns  keeps `l` until listener_remove() */
void listener_add(struct broker *b, struct listener *l);
void listener_remove(struct listener *l);

#endif
