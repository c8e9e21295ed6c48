/* plain_echo.c - the yardstick: clients and an echo server by hand, on one epoll.
 *
 * As simple and as fast as such a loop gets: non-blocking sockets, level-triggered, one
 * read and one write for each event, no buffers, no tasks.  64 bytes always fit.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rio_bench.h"

enum { EVENTS = 256 };

struct end {
    int fd;
    bool is_client;
    unsigned left; /* rounds, of a client */
};

struct plain {
    int ep, listener;
    struct end *ends; /* two for each connection */
    unsigned conns, busy;
};

static int watch(struct plain *p, struct end *end)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = end};
    int one = 1;

    (void)setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return epoll_ctl(p->ep, EPOLL_CTL_ADD, end->fd, &ev) < 0 ? -errno : 0;
}

/* Connects over loopback, where that takes no waiting. */
static int connect_pair(struct plain *p, struct end *client, struct end *server)
{
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;

    client->is_client = true;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || getsockname(p->listener, (struct sockaddr *)&sa, &len) < 0 ||
        connect(client->fd, (struct sockaddr *)&sa, len) < 0)
        return -errno;
    server->fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    if (server->fd < 0)
        return -errno;
    return watch(p, client) < 0 ? -errno : watch(p, server);
}

static int open_all(struct plain *p)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    p->ep = epoll_create1(EPOLL_CLOEXEC);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->ep < 0 || p->listener < 0 ||
        bind(p->listener, (struct sockaddr *)&sa, sizeof sa) < 0 ||
        listen(p->listener, 128) < 0)
        return -errno;
    for (unsigned i = 0; i < p->conns; i++) {
        int rc = connect_pair(p, &p->ends[2 * i], &p->ends[2 * i + 1]);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int on_input(struct plain *p, struct end *end)
{
    char buf[ECHO_BYTES];
    ssize_t n = recv(end->fd, buf, sizeof buf, MSG_DONTWAIT);

    if (n != ECHO_BYTES)
        return n < 0 ? -errno : -EPROTO;
    if (end->is_client && --end->left == 0) {
        p->busy--;
        return 0;
    }
    n = send(end->fd, buf, sizeof buf, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n == ECHO_BYTES ? 0 : -EPROTO;
}

static int run(struct plain *p, unsigned rounds)
{
    static const char first[ECHO_BYTES] = "PING";
    static struct epoll_event events[EVENTS];

    p->busy = p->conns;
    for (unsigned i = 0; i < p->conns; i++) {
        p->ends[2 * i].left = rounds;
        if (send(p->ends[2 * i].fd, first, sizeof first, MSG_NOSIGNAL) != ECHO_BYTES)
            return -EPROTO;
    }
    while (p->busy > 0) {
        int n = epoll_wait(p->ep, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int rc = on_input(p, events[i].data.ptr);

            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

static void close_all(struct plain *p)
{
    for (unsigned i = 0; i < 2 * p->conns; i++)
        if (p->ends[i].fd >= 0)
            (void)close(p->ends[i].fd);
    if (p->listener >= 0)
        (void)close(p->listener);
    if (p->ep >= 0)
        (void)close(p->ep);
    free(p->ends);
}

double plain_echo(unsigned conns, unsigned rounds)
{
    struct plain p = {.ep = -1, .listener = -1, .conns = conns};
    int64_t start;
    int rc;

    p.ends = calloc(2 * (size_t)conns, sizeof *p.ends);
    if (p.ends == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < 2 * conns; i++)
        p.ends[i].fd = -1;
    rc = open_all(&p);
    start = rio_now();
    if (rc == 0)
        rc = run(&p, rounds);
    start = rio_now() - start;
    close_all(&p);
    return rc < 0 ? rc : (double)conns * rounds * 1e9 / (double)start;
}
