/* socket - plain sockets: non-blocking descriptors, and poll(2) where time may pass.
 *
 * An interrupted poll goes on with what is left of its time: a signal that the program
 * handles does not end a call.  SIGPIPE is never raised (MSG_NOSIGNAL).
 * SPDX-License-Identifier: MIT */
#include "lib/socket.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"

enum {
    NS_PER_MS = 1000000,
    /* A peer that vanished without a word is noticed after idle + count x interval. */
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_COUNT = 3,
    UNACKED_MAX_MS = 60000,
    BACKLOG_PAUSE_MS = 5, /* a unix socket does not say when its backlog has room */
};

struct plain {
    int fd;
};

static int left_ms(int64_t deadline_ns)
{
    int64_t left = rq_clock_until(deadline_ns, rq_clock_boottime_ns());
    int64_t ms = (left + NS_PER_MS - 1) / NS_PER_MS;

    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* timeout_ms < 0: no limit. */
static int64_t deadline_of(int timeout_ms)
{
    if (timeout_ms < 0)
        return INT64_MAX;
    return rq_clock_after(rq_clock_boottime_ns(), (int64_t)timeout_ms * NS_PER_MS);
}

static int stop_fd_of(const void *ctx)
{
    const struct rq_socket_ctx *c = ctx;

    return c == NULL ? -1 : c->stop_fd;
}

/* Waits for `events` of fd, or stop_fd, or the time.  Either may be -1.
 * Returns  revents of fd; 0: time is over.  Errors  -ECANCELED */
static int wait_for(int fd, short events, int stop_fd, int timeout_ms)
{
    struct pollfd p[2] = {{.fd = fd, .events = events},
                          {.fd = stop_fd, .events = POLLIN}};
    int64_t deadline = deadline_of(timeout_ms);

    for (;;) {
        int n = poll(p, 2, timeout_ms < 0 ? -1 : left_ms(deadline));

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0 && p[1].revents != 0)
            return -ECANCELED;
        if (n >= 0)
            return n > 0 ? p[0].revents : 0;
    }
}

static int finish_connect(int fd, int stop_fd, int64_t deadline)
{
    int error = 0;
    socklen_t len = sizeof error;
    int rc = wait_for(fd, POLLOUT, stop_fd, left_ms(deadline));

    if (rc <= 0)
        return rc < 0 ? rc : -ETIMEDOUT;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return -errno;
    return -error;
}

/* Returns  a connected descriptor */
static int connect_to(const struct sockaddr *to, socklen_t len, int stop_fd,
                      int64_t deadline)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc;

    if (fd < 0)
        return -errno;
    do {
        rc = connect(fd, to, len) < 0 ? -errno : 0;
        if (rc == -EAGAIN) { /* unix: its backlog is full */
            rc = wait_for(-1, 0, stop_fd, BACKLOG_PAUSE_MS);
            if (rc == 0)
                rc = left_ms(deadline) > 0 ? -EAGAIN : -ETIMEDOUT;
        }
    } while (rc == -EAGAIN);
    if (rc == -EINPROGRESS || rc == -EINTR)
        rc = finish_connect(fd, stop_fd, deadline);
    if (rc < 0) {
        (void)close(fd);
        return rc;
    }
    return fd;
}

static int open_unix(const char *path, int stop_fd, int64_t deadline)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len >= sizeof to.sun_path)
        return -ENAMETOOLONG;
    memcpy(to.sun_path, path, len + 1);
    return connect_to((const struct sockaddr *)&to, sizeof to, stop_fd, deadline);
}

static void set_option(int fd, int level, int option, int value)
{
    /* Improvements all: a connection works without them. */
    rq_ignore(setsockopt(fd, level, option, &value, sizeof value) < 0);
}

static void tune_tcp(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MAX_MS);
}

/* Tries each address of the name; one that is silent may use its share of the time. */
static int open_tcp(const char *host, const char *port, int stop_fd, int timeout_ms,
                    char *why, size_t why_size)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int64_t deadline = deadline_of(timeout_ms);
    int count = 0, rc, gai;

    gai = getaddrinfo(host, port, &hints, &list);
    if (gai != 0) {
        (void)snprintf(why, why_size, "the name has no address: %s", gai_strerror(gai));
        return -EHOSTUNREACH;
    }
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        count++;
    rc = -EHOSTUNREACH;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        rc = connect_to(a->ai_addr, a->ai_addrlen, stop_fd,
                        deadline_of(left_ms(deadline) / count--));
        if (rc >= 0 || rc == -ECANCELED)
            break;
    }
    freeaddrinfo(list);
    if (rc >= 0)
        tune_tcp(rc);
    return rc;
}

static int plain_open(void *ctx, const ringq_address *to, int timeout_ms,
                      void **out_socket, char *why, size_t why_size)
{
    struct plain *p = malloc(sizeof *p);
    int rc;

    if (p == NULL)
        return -ENOMEM;
    if (to->path != NULL)
        rc = open_unix(to->path, stop_fd_of(ctx), deadline_of(timeout_ms));
    else
        rc = open_tcp(to->host, to->port, stop_fd_of(ctx), timeout_ms, why, why_size);
    if (rc < 0) {
        free(p);
        return rc;
    }
    p->fd = rc;
    *out_socket = p;
    return 0;
}

static void plain_close(void *socket)
{
    struct plain *p = socket;

    (void)close(p->fd);
    free(p);
}

static long result_of(ssize_t n)
{
    if (n >= 0)
        return (long)n;
    return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

static long plain_send(void *socket, const void *bytes, size_t len)
{
    struct plain *p = socket;

    return result_of(send(p->fd, bytes, len, MSG_NOSIGNAL));
}

static long plain_recv(void *socket, void *bytes, size_t len)
{
    struct plain *p = socket;

    return result_of(recv(p->fd, bytes, len, 0));
}

static int plain_wait(void *socket, int want, int timeout_ms)
{
    struct plain *p = socket;
    short events = (short)(((want & RINGQ_READABLE) ? POLLIN : 0) |
                           ((want & RINGQ_WRITABLE) ? POLLOUT : 0));
    int rc = wait_for(p->fd, events, -1, timeout_ms);
    int ready = 0;

    if (rc <= 0)
        return rc;
    if (rc & (POLLIN | POLLERR | POLLHUP))
        ready |= RINGQ_READABLE;
    if (rc & (POLLOUT | POLLERR | POLLHUP))
        ready |= RINGQ_WRITABLE;
    return ready;
}

static int plain_pause(void *ctx, int pause_ms)
{
    return wait_for(-1, 0, stop_fd_of(ctx), pause_ms);
}

static int64_t plain_now(void *ctx)
{
    (void)ctx;
    return rq_clock_boottime_ns();
}

int rq_socket_fd(const void *socket)
{
    const struct plain *p = socket;

    return p->fd;
}

const ringq_transport rq_socket_transport = {
    .size = sizeof(ringq_transport),
    .open = plain_open,
    .close = plain_close,
    .send = plain_send,
    .recv = plain_recv,
    .wait = plain_wait,
    .pause = plain_pause,
    .now_ns = plain_now,
};
