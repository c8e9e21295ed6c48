/* redis.h - a simulated Redis: the commands that server/store sends, on a unix socket,
 * with every way in which it can let its client down.
 *
 * It answers as a Redis with appendfsync always: a write is answered once it is on the
 * disk, so a restart takes only writes that nobody has been told about.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_REDIS_H
#define SIM_REDIS_H

#include "rio/rio.h"
#include "sim/keys.h"
#include "wire/resp.h"

struct world;

enum { REDIS_LINKS = 16 };

struct redis {
    struct world *world;
    rio_server *server;
    struct keys keys;
    rio_stream *open[REDIS_LINKS];
    uint64_t generation; /* counts restarts and cuts: older connections do nothing */
    int64_t loading_until_ns, full_until_ns, readonly_until_ns;
    uint64_t commits;
    bool is_aimed; /* the next write meets a fault */
    bool is_held;  /* the next write takes long */
};

RIO_AWAITS int sim_redis_start(struct redis *r, struct world *w, const char *url);
RIO_AWAITS int sim_redis_stop(struct redis *r);
/* Every connection ends now, and nothing that was sent over it is executed any more. */
void redis_cut(struct redis *r);
/* It dies and comes back with what was on the disk. */
void redis_restart(struct redis *r);
/* The next write is executed, or not, and its reply is lost. */
void redis_aim(struct redis *r);
/* The next write takes long, so that a crash comes before it. */
void redis_hold(struct redis *r);
/* It is out of memory, for some milliseconds. */
void redis_fill(struct redis *r);

#endif
