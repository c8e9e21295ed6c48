/* client.h - a simulated client: random commands, random disconnects, until it is told
 * to drain and then to leave.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "sim/call.h"

enum { CLIENT_HOLDS = 6 };

/* A lease that the client has, or had. */
struct hold {
    struct deed *deed;
    struct job_id id;
    uint64_t lease, connection, ttr_ms;
    int64_t got_ns;
};

struct client {
    struct world *world;
    size_t index;
    struct call call;
    struct hold holds[CLIENT_HOLDS];
    size_t held;
    struct hold old; /* of a connection that has gone, or given back; deed NULL: none */
};

/* The body of a client's task (rio_fn; arg: struct client). */
long client_main(void *arg);
/* The same of a wild one, until there are no more faults (arg: struct world). */
long client_wild_main(void *arg);

/* ---- its commands; each is one call ---- */

RIO_AWAITS int client_put(struct client *c);
RIO_AWAITS int client_mput(struct client *c);
RIO_AWAITS int client_get(struct client *c);
RIO_AWAITS int client_done(struct client *c);
RIO_AWAITS int
client_done_old(struct client *c); /* with a lease that is not ours now */
RIO_AWAITS int client_fail(struct client *c);
RIO_AWAITS int client_release(struct client *c);
RIO_AWAITS int client_touch(struct client *c);
RIO_AWAITS int client_join(struct client *c);
RIO_AWAITS int client_batch(struct client *c);
RIO_AWAITS int client_cancel(struct client *c);
RIO_AWAITS int client_kick(struct client *c);
RIO_AWAITS int client_purge(struct client *c);
RIO_AWAITS int client_requeue(struct client *c);
RIO_AWAITS int client_pause(struct client *c);
RIO_AWAITS int client_bound(struct client *c);
RIO_AWAITS int client_wait(struct client *c);
RIO_AWAITS int client_look(struct client *c);

#endif
