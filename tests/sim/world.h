/* world.h - one simulated run: what all its parts share.
 *
 *   clients --- unix socket --- ringqd's code --- unix socket --- Redis
 *      \            (api, net, broker, store, core)               /
 *       +------------------- history ----+---- faults -----------+
 *
 * Everything runs in one loop on librio's simulated kernel, so a seed is a run.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>

#include "base/rand.h"
#include "sim/history.h"
#include "sim/redis.h"
#include "sim/server.h"

enum { WORLD_QUEUES_MAX = 3, WORLD_CLIENTS_MAX = 6, WORLD_WHY = 200 };

/* What a seed decides. */
struct plan {
    size_t clients, queues, jobs; /* jobs: PUTs in all, about */
    unsigned crashes, restarts;   /* of the server, of Redis */
    int64_t busy_ns;              /* until the faults stop */
    bool keeps;                   /* some clients say KEEPLEASES */
    bool requeues;                /* jobs are sent to other queues */
    bool is_focused;              /* few jobs, many JOINs, faults right behind a DONE */
};

struct world {
    uint64_t seed;
    struct rq_rand rand;
    bool trace;
    char dir[64], redis_url[96], server_url[96];
    struct plan plan;
    struct redis redis;
    struct server server;
    struct history history;
    rio_event shot;         /* the server is to crash soon */
    unsigned shots;         /* left */
    int64_t tense_until_ns; /* a shot is under way: now a JOIN is interesting */
    bool is_restarting;     /* the server is, just now */
    bool is_calm;           /* no more faults */
    bool is_draining;       /* no more PUTs either: workers only */
    bool is_over;           /* clients leave */
    size_t puts;            /* so far */
    uint64_t commands;
};

extern const char *const world_queues[WORLD_QUEUES_MAX];

/* How a run went. */
struct verdict {
    uint64_t hash, steps, commands, anomalies;
    char first[HISTORY_WHY]; /* the first anomaly */
};

/* One seed, from nothing to nothing.  Errors  -errno: the simulation itself failed */
int seed_run(uint64_t seed, bool trace, struct verdict *out);

/* The next write meets a fault: it is cut off, or it takes long, and perhaps the server
 * crashes before it is executed. */
void world_shoot(struct world *w);

/* Unfinished jobs of all queues; 0 as well when the server is down. */
uint64_t world_unfinished(const struct world *w);

/* True once in `n` times. */
bool world_one_in(struct world *w, unsigned n);
/* From min to max, both included. */
int64_t world_between(struct world *w, int64_t min, int64_t max);
void world_trace(const struct world *w, const char *format, ...) RQ_PRINTF(2, 3);

#endif
