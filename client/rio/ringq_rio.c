/* ringq_rio - rio's waiting under the calls of libringq.
 *
 * Sockets are non-blocking, and what can be moved is moved by send(2) and recv(2) at
 * once; where time may pass the task is suspended: rio_poll_fd() for a socket,
 * rio_sleep() between attempts, rio_to_thread() for names.  The stack of a task
 * suffices: no frame of the library is larger than 2 KiB, and none recurses.
 *
 * It stands on <ringq/transport.h> alone, as any other event loop could.
 * SPDX-License-Identifier: MIT */
#include <ringq/ringq_rio.h>
#include <ringq/transport.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "rio/rio.h"

struct socket {
    int fd;
};

/* ---- waiting ---- */

/* Returns  revents, 0 when time ran out.  timeout_ms < 0: no limit */
RIO_AWAITS static int poll_for(int fd, short events, int timeout_ms)
{
    rio_timeout limit;
    long rc;

    rc = rio_timeout_enter(&limit, timeout_ms < 0 ? RIO_FOREVER : timeout_ms * RIO_MS);
    if (rc < 0)
        return (int)rc;
    rc = await(rio_poll_fd(fd, events));
    rc = rio_timeout_exit(&limit, rc);
    return rc == -ETIMEDOUT ? 0 : (int)rc;
}

static int rio_wait_socket(void *socket, int want, int timeout_ms)
{
    struct socket *s = socket;
    short events = (short)(((want & RINGQ_READABLE) ? POLLIN : 0) |
                           ((want & RINGQ_WRITABLE) ? POLLOUT : 0));
    int rc = await(poll_for(s->fd, events, timeout_ms));
    int ready = 0;

    if (rc <= 0)
        return rc;
    if (rc & (POLLIN | POLLERR | POLLHUP))
        ready |= RINGQ_READABLE;
    if (rc & (POLLOUT | POLLERR | POLLHUP))
        ready |= RINGQ_WRITABLE;
    return ready;
}

static int rio_pause(void *ctx, int pause_ms)
{
    (void)ctx;
    return (int)await(rio_sleep(pause_ms * RIO_MS));
}

static int64_t rio_now_ns(void *ctx)
{
    (void)ctx;
    return rio_now();
}

/* ---- moving bytes ---- */

static long result_of(ssize_t n)
{
    if (n >= 0)
        return (long)n;
    return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

static long rio_send_some(void *socket, const void *bytes, size_t len)
{
    struct socket *s = socket;

    return result_of(send(s->fd, bytes, len, MSG_NOSIGNAL));
}

static long rio_recv_some(void *socket, void *bytes, size_t len)
{
    struct socket *s = socket;

    return result_of(recv(s->fd, bytes, len, 0));
}

static void close_socket(void *socket)
{
    struct socket *s = socket;

    (void)close(s->fd); /* no operation is in flight: every wait has ended */
    free(s);
}

/* ---- connecting ---- */

/* Returns  a connected descriptor */
RIO_AWAITS static int connect_to(const struct sockaddr *to, socklen_t len)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc;

    if (fd < 0)
        return -errno;
    rc = await(rio_connect(fd, to, len));
    if (rc < 0) {
        (void)close(fd);
        return rc;
    }
    return fd;
}

RIO_AWAITS static int connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len >= sizeof to.sun_path)
        return -ENAMETOOLONG;
    memcpy(to.sun_path, path, len + 1);
    return await(connect_to((const struct sockaddr *)&to, sizeof to));
}

struct names {
    const ringq_address *of;
    struct addrinfo *list;
    int error; /* of getaddrinfo() */
};

static long resolve(void *arg)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct names *n = arg;

    n->error = getaddrinfo(n->of->host, n->of->port, &hints, &n->list);
    return 0;
}

RIO_AWAITS static int connect_tcp(const ringq_address *to, char *why, size_t why_size)
{
    struct names n = {.of = to};
    int rc = (int)await(rio_to_thread(resolve, &n));

    if (rc < 0)
        return rc;
    if (n.error != 0) {
        (void)snprintf(why, why_size, "the name has no address: %s",
                       gai_strerror(n.error));
        return -EHOSTUNREACH;
    }
    rc = -EHOSTUNREACH;
    for (const struct addrinfo *a = n.list; a != NULL; a = a->ai_next) {
        rc = await(connect_to(a->ai_addr, a->ai_addrlen));
        if (rc >= 0 || rc == -ECANCELED)
            break;
    }
    freeaddrinfo(n.list);
    if (rc >= 0) {
        const int on = 1;

        /* Improvements both: a connection works without them. */
        RIO_IGNORE(setsockopt(rc, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0);
        RIO_IGNORE(setsockopt(rc, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0);
    }
    return rc;
}

static int open_socket(void *ctx, const ringq_address *to, int timeout_ms,
                       void **out_socket, char *why, size_t why_size)
{
    struct socket *s = malloc(sizeof *s);
    rio_timeout limit;
    long rc;

    (void)ctx;
    if (s == NULL)
        return -ENOMEM;
    rc = rio_timeout_enter(&limit, timeout_ms * RIO_MS);
    if (rc == -EINVAL)
        (void)snprintf(why, why_size, "not inside a task of librio");
    if (rc == 0) {
        if (to->path != NULL)
            rc = await(connect_unix(to->path));
        else
            rc = await(connect_tcp(to, why, why_size));
        /* A limit that strikes at the last moment leaves a descriptor what it is. */
        rc = rio_timeout_exit(&limit, rc);
    }
    if (rc < 0) {
        free(s);
        return (int)rc;
    }
    s->fd = (int)rc;
    *out_socket = s;
    return 0;
}

static const ringq_transport rio_transport = {
    .size = sizeof(ringq_transport),
    .open = open_socket,
    .close = close_socket,
    .send = rio_send_some,
    .recv = rio_recv_some,
    .wait = rio_wait_socket,
    .pause = rio_pause,
    .now_ns = rio_now_ns,
};

ringq *ringq_rio_connect(const char *url, const ringq_options *options)
{
    return ringq_connect_over(&rio_transport, NULL, url, options);
}

long ringq_rio_result(long rc)
{
    return rc == RINGQ_CANCELED ? -ECANCELED : rc;
}
