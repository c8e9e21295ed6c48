/* listen.c - the listening sockets of a server; see server.h.
 *
 * A listener that serves accepts by one operation until it is closed.  When that ends
 * by itself, with io_uring after each connection, it is submitted again, at once or
 * after a pause; neither needs memory, so that a server does not fall silent for want
 * of it. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rio/resolve.h"
#include "rio/server.h"

enum { BACKLOG = 1024 };
/* With no descriptor left, accepting goes on when some clients may have gone. */
#define ACCEPT_PAUSE (100 * RIO_MS)

/* ---- accepting ---- */

/* Another socket may have taken the path since. */
static void remove_path(struct rio__listener *ln)
{
    struct stat st;

    if (ln->path == NULL)
        return;
    if (stat(ln->path, &st) == 0 && st.st_dev == ln->dev && st.st_ino == ln->ino)
        (void)unlink(ln->path);
    free(ln->path);
    ln->path = NULL;
}

void rio__listener_close(struct rio__listener *ln)
{
    rio__timer_stop(ln->server->loop, &ln->pause);
    if (ln->fd < 0)
        return;
    if (ln->accepts != NULL) {
        rio__op_cancel(ln->server->loop, ln->accepts);
        return; /* its last completion comes back here */
    }
    (void)close(ln->fd);
    ln->fd = -1;
    remove_path(ln);
    ln->server->open_listeners--;
    rio__server_look_if_over(ln->server);
}

static int accept_from(struct rio__listener *ln);

static void pause_over(struct rio__timer *t)
{
    struct rio__listener *ln = RQ_CONTAINER_OF(t, struct rio__listener, pause);
    struct rio_loop *l = ln->server->loop;

    /* The timer has just left its place free. */
    if (accept_from(ln) < 0)
        rq_ignore(
            rio__timer_start(l, t, rio__timer_after(l, ACCEPT_PAUSE), pause_over));
}

static bool pause_listener(struct rio__listener *ln)
{
    struct rio_loop *l = ln->server->loop;

    return rio__timer_start(l, &ln->pause, rio__timer_after(l, ACCEPT_PAUSE),
                            pause_over) == 0;
}

static bool is_passing(int res)
{
    return res >= 0 || res == -ECONNABORTED || res == -EINTR;
}

static void on_accept(struct rio_op *op, int res, unsigned flags)
{
    struct rio__listener *ln = op->owner;
    rio_server *s = ln->server;

    if (res >= 0 && s->closing)
        (void)close(res);
    else if (res >= 0)
        rio__server_add_client(s, res);
    if (flags & RIO_OP_MORE)
        return;
    if (s->closing) {
        ln->accepts = NULL;
        rio__listener_close(ln);
    } else if (is_passing(res) || !pause_listener(ln)) {
        rio__op_again(op);
    } else { /* EMFILE, ENFILE, ENOBUFS, ENOMEM, and what we do not know */
        ln->accepts = NULL;
    }
}

static int accept_from(struct rio__listener *ln)
{
    struct rio_loop *l = ln->server->loop;

    ln->accepts = rio__op_new(l, RIO_OP_ACCEPTS, ln->fd, on_accept, ln);
    if (ln->accepts == NULL)
        return -ENOMEM;
    rio__op_submit(l, ln->accepts);
    return 0;
}

int rio__listener_start(struct rio__listener *ln)
{
    int backlog = ln->server->opts.backlog;

    if (!ln->listens && listen(ln->fd, backlog > 0 ? backlog : BACKLOG) < 0)
        return -errno;
    ln->listens = true;
    return accept_from(ln);
}

/* ---- binding ---- */

/* Consumes fd. */
static struct rio__listener *add(rio_server *s, int fd)
{
    struct rio__listener *ln = &s->listeners[s->listener_count++];
    int one = 1;

    *ln = (struct rio__listener){.server = s, .fd = fd};
    /* Inherited by each accepted socket. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->open_listeners++;
    return ln;
}

void rio__server_add_listener(rio_server *s, int fd)
{
    add(s, fd)->listens = true;
}

static int bind_inet(rio_server *s, const struct addrinfo *a)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1, rc = 0;

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (a->ai_family == AF_INET6) /* 0.0.0.0 has a socket of its own */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (s->opts.flags & RIO_SERVER_REUSE_PORT)
        rc = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (rc == 0)
        rc = bind(fd, a->ai_addr, a->ai_addrlen);
    if (rc < 0) {
        rc = -errno;
        (void)close(fd);
        return rc;
    }
    (void)add(s, fd);
    return 0;
}

int rio__server_bind(rio_server *s, const struct addrinfo *list)
{
    int rc = -ENOENT;

    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        if (s->listener_count == RIO__LISTENERS_MAX)
            break;
        rc = bind_inet(s, a);
        if (rc == -EAFNOSUPPORT && (a->ai_next != NULL || s->listener_count > 0))
            rc = 0; /* a machine without IPv6 */
        if (rc < 0)
            break;
    }
    return rc;
}

int rio__server_bind_unix(rio_server *s, const char *path)
{
    struct sockaddr_un sun;
    struct rio__listener *ln;
    struct stat st;
    char *copy = NULL;
    int fd = -1, rc = rio__unix_address(path, &sun);

    if (rc < 0)
        return rc;
    copy = strdup(path);
    if (copy == NULL)
        return -ENOMEM;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(path); /* left behind by a server that is gone */
    if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof sun) < 0 ||
        stat(path, &st) < 0) {
        rc = -errno;
        if (fd >= 0)
            (void)close(fd);
        free(copy);
        return rc;
    }
    ln = add(s, fd);
    if (s->opts.flags & RIO_SERVER_KEEP_PATH) {
        free(copy);
        return 0;
    }
    ln->path = copy;
    ln->dev = st.st_dev;
    ln->ino = st.st_ino;
    return 0;
}
