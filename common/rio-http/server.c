/* server.c - libmicrohttpd without a thread, driven by the loop.
 *
 * libmicrohttpd keeps its sockets in an epoll descriptor; a turn lets it do what is
 * due.  It also has pending work that no socket tells of (a resumed connection, input
 * that it has read ahead): then its timeout is 0, and the alarm brings the next turn.
 * SPDX-License-Identifier: MIT */
#include "rio-http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 1000,
    MAX_BODY = 1 << 20, /* bytes */
    IDLE_S = 30,
    ALARM_MAX_MS = 3600 * 1000,
    DAEMON_FLAGS = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME,
};

static void server_turn(struct rio__pump *p)
{
    rio_http_server *s = RQ_CONTAINER_OF(p, rio_http_server, pump);
    MHD_UNSIGNED_LONG_LONG ms;
    int64_t delay = -1;

    (void)MHD_run(s->daemon);
    if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
        delay = (ms < ALARM_MAX_MS ? (int64_t)ms : ALARM_MAX_MS) * RIO_MS;
    rio__pump_alarm(p, delay);
}

/* ---- start ---- */

static unsigned port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, &address.any, &size) < 0)
        return 0;
    if (address.any.sa_family == AF_INET)
        return ntohs(address.v4.sin_port);
    return address.any.sa_family == AF_INET6 ? ntohs(address.v6.sin6_port) : 0;
}

static bool are_complete(const rio_http_route *routes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (routes[i].method == NULL || routes[i].path == NULL || routes[i].fn == NULL)
            return false;
    return true;
}

/* Owns  consumes fd */
static int start_daemon(rio_http_server *s, const rio_http_server_opts *o, int fd)
{
    unsigned most = o->max_connections > 0 ? o->max_connections : MAX_CONNECTIONS;
    int64_t idle = o->idle > 0 ? (o->idle - 1) / RIO_SEC + 1 : IDLE_S;

    s->port = port_of(fd);
    s->daemon = MHD_start_daemon(
        DAEMON_FLAGS, 0, NULL, NULL, rio__exchange_step, s, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_NOTIFY_COMPLETED, rio__exchange_sent, s,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, most,
        MHD_OPTION_CONNECTION_TIMEOUT, idle < INT32_MAX ? (unsigned)idle : 0u,
        MHD_OPTION_END);
    if (s->daemon == NULL) {
        (void)close(fd);
        return -ENOMEM;
    }
    return 0;
}

static int start_pump(rio_http_server *s)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (info == NULL)
        return -ENOTSUP;
    return rio__pump_start(&s->pump, info->epoll_fd, server_turn);
}

static int start(rio_http_server *s, const rio_http_server_opts *o, int fd)
{
    int rc = start_daemon(s, o, fd);

    if (rc < 0)
        return rc;
    rc = start_pump(s);
    if (rc < 0)
        MHD_stop_daemon(s->daemon);
    return rc;
}

int rio_http_server_start(const rio_http_route *routes, size_t n,
                          const rio_http_server_opts *o, rio_http_server **out)
{
    static const rio_http_server_opts defaults;
    rio_http_server *s;
    int fd, rc;

    if (o == NULL)
        o = &defaults;
    fd = o->listen_fd > 0 ? o->listen_fd : rio__http_listen(o->host, o->port);
    if (fd < 0)
        return fd;
    s = are_complete(routes, n) ? calloc(1, sizeof *s) : NULL;
    if (s == NULL) {
        (void)close(fd);
        return are_complete(routes, n) ? -ENOMEM : -EINVAL;
    }
    s->routes = routes;
    s->route_count = n;
    s->max_body = o->max_body > 0 ? o->max_body : MAX_BODY;
    rq_list_init(&s->running);
    rio_event_set(&s->idle);
    rio_event_set(&s->stopped);
    rc = start(s, o, fd);
    if (rc < 0) {
        free(s);
        return rc;
    }
    *out = s;
    return 0;
}

unsigned rio_http_server_port(const rio_http_server *s)
{
    return s->port;
}

/* ---- close ---- */

static void stop_listening(rio_http_server *s)
{
    int fd = MHD_quiesce_daemon(s->daemon);

    if (fd >= 0)
        (void)close(fd);
    s->closing = true;
}

int rio_http_server_close(rio_http_server *s)
{
    int rc, mask;

    if (s == NULL)
        return 0;
    if (rio_current_task() == NULL)
        return -EPERM;
    stop_listening(s);
    rc = await(rio_event_wait(&s->idle));

    /* In time or not, the handlers end before what they work on. */
    mask = rio_cancel_mask(1);
    RQ_LIST_EACH(it, &s->running)
    {
        (void)rio_task_cancel(RQ_LIST_ENTRY(it, rio_http_exchange, link)->task);
    }
    RIO_IGNORE(await(rio_event_wait(&s->stopped))); /* masked: it does not fail */
    RIO_IGNORE(await(rio__pump_stop(&s->pump)));
    (void)rio_cancel_mask(mask);

    (void)MHD_run(s->daemon); /* the last replies leave, as far as sockets take them */
    MHD_stop_daemon(s->daemon);
    free(s);
    return rc;
}
