/* server.h - the server's inside: libmicrohttpd, and one exchange per request.
 *
 *     headers    -> exchange; a route, or a refusal that is sent at once
 *     body       -> exchange.body
 *     end        -> the connection is suspended, the handler's task starts
 *     its end    -> the connection is resumed, the pump is kicked
 *     reply sent -> the exchange is freed
 *
 * busy == exchanges whose handler has started and whose reply is not sent yet
 * SPDX-License-Identifier: MIT */
#ifndef RIO_HTTP_SERVER_H
#define RIO_HTTP_SERVER_H

#include <microhttpd.h>
#include <rio/http.h>

#include "base/buf.h"
#include "base/list.h"
#include "rio-http/pump.h"

struct rio_http_server {
    struct rio__pump pump;
    struct MHD_Daemon *daemon;
    const rio_http_route *routes;
    size_t route_count, max_body;
    unsigned port;
    bool closing;
    struct rq_list running; /* exchanges whose handler runs */
    size_t busy;
    rio_event idle;    /* set: busy is 0 */
    rio_event stopped; /* set: no handler runs */
};

struct rio_http_exchange {
    struct rq_list link;
    rio_http_server *server;
    struct MHD_Connection *conn;
    const rio_http_route *route;
    const char *method, *path; /* lent by conn until the reply is sent */
    struct rq_buf body;
    uint64_t dropped;           /* bytes of a body over the limit */
    rio_task *task;             /* NULL: not started, or ended */
    bool started;               /* counted in busy */
    struct MHD_Response *reply; /* NULL: none yet */
    unsigned status;            /* valid with reply */
};

/* The route for a request.  Returns  NULL: none; *out_known: the path has others */
const rio_http_route *rio__route_find(const rio_http_route *routes, size_t n,
                                      const char *method, const char *path,
                                      bool *out_known);
/* Adds the methods of a path to text, as "GET, HEAD, POST".  Errors  -ENOMEM */
int rio__route_methods(const rio_http_route *routes, size_t n, const char *path,
                       struct rq_buf *text);

/* A socket that listens.  host: an address; NULL: 127.0.0.1
 * Returns  the descriptor.  Errors  -EINVAL; of bind(2) and listen(2) */
int rio__http_listen(const char *host, unsigned port);

/* libmicrohttpd's callbacks; cls is the server. */
enum MHD_Result rio__exchange_step(void *cls, struct MHD_Connection *conn,
                                   const char *url, const char *method,
                                   const char *version, const char *bytes, size_t *n,
                                   void **exchange);
void rio__exchange_sent(void *cls, struct MHD_Connection *conn, void **exchange,
                        enum MHD_RequestTerminationCode how);

#endif
