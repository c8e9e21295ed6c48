/* sockets.h - the sockets of the cases: a pair, a listener and a connection to it, all
 * within one loop.  Whoever waits for the other end is a task, so that it does not
 * matter in which order a backend completes the two.
 * SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_SOCKETS_H
#define CONFORMANCE_SOCKETS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "case.h"

static inline struct sockaddr_in loopback(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket bound to a free port of the loopback; type: SOCK_STREAM, SOCK_DGRAM.
 * Returns  -1: failed */
static inline int bound_socket(int type, struct sockaddr_in *out)
{
    socklen_t len = sizeof *out;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    *out = loopback();
    if (fd < 0 || bind(fd, (struct sockaddr *)out, sizeof *out) < 0 ||
        getsockname(fd, (struct sockaddr *)out, &len) < 0)
        return -1;
    return fd;
}

static inline int listening_socket(struct sockaddr_in *out)
{
    int fd = bound_socket(SOCK_STREAM, out);

    return fd < 0 || listen(fd, 8) < 0 ? -1 : fd;
}

static inline int tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static inline bool same_address(const struct sockaddr_in *a,
                                const struct sockaddr_in *b)
{
    return a->sin_family == b->sin_family && a->sin_port == b->sin_port &&
           a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static inline int unix_pair(int fd[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd);
}

/* One end of a transfer: a task sends, or receives, its n bytes. */
struct transfer {
    int fd;
    unsigned char *bytes;
    size_t n;
    long rc; /* of the one receive: a task that ends with a cancel due loses its own */
};

static inline long send_bytes(void *arg)
{
    struct transfer *t = arg;

    return await(rio_sendall(t->fd, t->bytes, t->n));
}

/* Up to n bytes, or the end. */
static inline long receive_bytes(void *arg)
{
    struct transfer *t = arg;
    size_t got = 0;

    while (got < t->n) {
        ssize_t rc = await(rio_recv(t->fd, t->bytes + got, t->n - got, 0));

        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
        got += (size_t)rc;
    }
    return (long)got;
}

/* One receive. */
static inline long receive_some(void *arg)
{
    struct transfer *t = arg;

    t->rc = await(rio_recv(t->fd, t->bytes, t->n, 0));
    return t->rc;
}

#endif
