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
#include "sim/faults.h"
#include "sim/history.h"
#include "sim/redis.h"
#include "sim/server.h"

enum { WORLD_QUEUES_MAX = HISTORY_QUEUES, WORLD_CLIENTS_MAX = 6, WORLD_WHY = 200 };

/* What a seed decides. */
struct plan {
    size_t big_over;              /* bodies of more bytes stand apart from the log */
    size_t clients, queues, jobs; /* jobs: PUTs in all, about */
    unsigned crashes, restarts;   /* of the server, of Redis */
    int64_t busy_ns;              /* until the faults stop */
    size_t grouplimit;            /* of all queues, once somebody sets it */
    bool keeps;                   /* some clients say KEEPLEASES */
    bool requeues;                /* jobs are sent to other queues */
    bool is_focused;              /* few jobs, many JOINs, faults right behind a DONE */
    bool is_wild;                 /* and a client that says anything; see wild.h */
};

struct world {
    uint64_t seed;
    struct rq_rand rand;
    struct rq_slice script; /* what is drawn comes from here, as long as there is any */
    bool has_script, trace;
    struct plan plan;
    struct redis redis;
    struct server server;
    struct history history;
    struct faults faults;
    bool is_calm;     /* no more faults */
    bool is_draining; /* no more PUTs either: workers only */
    bool is_over;     /* clients leave */
    size_t puts;      /* so far */
    uint64_t commands;
};

extern const char *const world_queues[WORLD_QUEUES_MAX];
/* Of the simulated kernel. */
extern const char world_dir[], world_redis_url[], world_server_url[];

/* How a run went. */
struct verdict {
    uint64_t hash, steps, commands, anomalies;
    char first[HISTORY_WHY]; /* the first anomaly */
};

/* One seed, from nothing to nothing.  Errors  -errno: the simulation itself failed */
int seed_run(uint64_t seed, bool trace, struct verdict *out);

/* The same, but what a seed would decide is read from `script`, until it has ended. */
int session_run(struct rq_slice script, bool trace, struct verdict *out);

/* Sleeps, but not beyond the end of a script.  Returns  false: there is one */
RIO_AWAITS bool world_stay_busy(const struct world *w, int64_t ns);

/* Unfinished jobs of the queues above; 0 as well when the server is down. */
uint64_t world_unfinished(const struct world *w);

/* True once in `n` times. */
bool world_one_in(struct world *w, unsigned n);
/* From min to max, both included. */
int64_t world_between(struct world *w, int64_t min, int64_t max);
void world_trace(const struct world *w, const char *format, ...) RQ_PRINTF(2, 3);

#endif
