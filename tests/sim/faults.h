/* faults - what goes wrong in the busy time: crashes and restarts at random instants,
 * and such as are aimed at a command in flight. SPDX-License-Identifier: MIT */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>

#include "rio/rio.h"

struct world;

struct faults {
    rio_task *injector, *sniper;
    rio_event shot;           /* the server is to crash soon */
    int64_t shot_ms;          /* so soon */
    unsigned shots, ambushes; /* left */
    int64_t join_until_ns;    /* a shot is under way: now a JOIN is interesting */
    int64_t get_until_ns;     /* and now a GET */
    bool is_restarting;       /* the server is, just now */
};

void faults_start(struct world *w);
/* Waits for those that were planned; from then on the world is calm. */
RIO_AWAITS int faults_end(struct world *w);

/* The next write meets a fault: it is cut off, or it takes long, and perhaps the server
 * crashes before it is executed. */
void faults_shoot(struct world *w);

enum ambush {
    BEFORE_AN_END,   /* of a job: a JOIN may be answered meanwhile */
    BEFORE_A_RETURN, /* of a job with a kept lease: somebody may get it meanwhile */
};
/* The next write takes long, and the server crashes before it is executed.  A world has
 * only some of these. */
void faults_ambush(struct world *w, enum ambush before);

#endif
