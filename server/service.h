/* service.h - the running server: the parts put together inside the loop.
 * SPDX-License-Identifier: MIT */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "api/api.h"
#include "config.h"
#include "store/child.h"
#include "zoneinfo.h"

struct service_socket {
    int fd;              /* listening */
    uint16_t port;       /* 0: a unix socket */
    const char *address; /* as configured; lends */
};

struct service {
    const struct config *config;
    struct service_socket sockets[CONFIG_LISTEN_MAX];
    size_t socket_count;
    struct zoneinfo *zones;
    struct child *child; /* NULL: an existing Redis */
    const char *version;
    char address[128]; /* where we are, for other owners of the log */
    char why[600];     /* exit status 78: the reason and the remedy */
    /* Called once, when jobs can be served; may be NULL. */
    void (*ready)(struct service *s, const struct store_stats *stats);
};

/* The body of the first task (rio_fn; arg: struct service): serves until SIGTERM or
 * SIGINT, or until nothing can be served any more. Returns  the exit status: 0 asked to
 * stop; 69 Redis is gone; 70 internal; 78 refused at start, and s->why says what to do
 */
long service_main(void *arg);

#endif
