/* server.h - ringqd's own code inside the simulation, started and crashed at will.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "api/api.h"
#include "net/conn.h"

struct world;

struct server {
    struct world *world;
    struct broker *broker; /* NULL: not running */
    struct api_server api;
    struct conns conns;
    rio_server *listener;
    rio_task *host; /* the store's group lives in it */
    rio_event leave;
    uint64_t generation; /* counts starts */
    int start_rc;
    bool is_serving;
    char stopped[200]; /* why it was fenced or halted, which must not be */
};

/* Returns at once; is_serving tells when the log has been read.  Errors  -errno */
RIO_AWAITS int server_start(struct server *s, struct world *w);
/* As kill -9: nothing more is stored, nothing more is said. */
RIO_AWAITS int server_crash(struct server *s);
/* Recounts everything.  For rio_sim_opts.on_step too. */
void server_check(const struct server *s);

#endif
