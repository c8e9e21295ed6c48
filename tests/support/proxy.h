/* proxy.h - a proxy on a unix socket, inside the test's own loop, that can lose
 * commands or replies and cut connections.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_PROXY_H
#define TEST_SUPPORT_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "rio/rio.h"

enum { PROXY_CLIENTS_MAX = 8 };

struct proxy {
    char url[96];        /* unix:/path: connect here */
    const char *target;  /* unix:/path of the real server; kept */
    bool keeps_commands; /* commands are read and not passed on */
    bool keeps_replies;  /* replies are read and not passed on */
    size_t commands;     /* bytes of commands read since the start */
    size_t clients;      /* ever accepted */
    rio_server *server;
    rio_stream *open[PROXY_CLIENTS_MAX]; /* of clients; NULL: free */
};

/* Listens at `dir`/proxy.  Errors  -errno */
RIO_AWAITS int proxy_start(struct proxy *p, const char *dir, const char *target);
/* Cuts every connection. */
void proxy_cut(struct proxy *p);
/* Cuts and stops listening. */
RIO_AWAITS int proxy_stop(struct proxy *p);

#endif
