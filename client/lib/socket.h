/* socket.h - the transport of plain, blocking programs: TCP and unix sockets.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_SOCKET_H
#define LIB_SOCKET_H

#include <ringq/transport.h>

/* May be the `ctx` of rq_socket_transport, which takes NULL too. */
struct rq_socket_ctx {
    /* open() and pause() end with -ECANCELED when it is readable; -1: none */
    int stop_fd;
};

extern const ringq_transport rq_socket_transport;

/* The descriptor of an open socket, for poll(2).  Owns  lends: until close() */
int rq_socket_fd(const void *socket);

#endif
