/* conn.h - one client, from accept to goodbye.
 * SPDX-License-Identifier: MIT */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "api/api.h"
#include "rio/rio.h"

struct conn;

/* The connections that are alive, so that all can be told to stop. */
struct conns {
    struct api_server *server;
    struct rq_list live;
    bool stopping;
};

/* A client's whole life; the body of its task (rio_client_fn).  arg: struct conns. */
long conn_main(rio_stream *stream, void *arg);

/* No more commands from anybody: what was issued is still answered, then each
 * connection closes.  `conns->live` is empty when all have gone. */
void conns_stop(struct conns *conns);

#endif
