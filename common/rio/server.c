/* server.c - listening sockets, and a task for each client.
 *
 * The server belongs to the loop and lives until the run ends.  A client belongs to its
 * task: when that has ended, in whatever way, its stream is closed and freed.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rio/resolve.h"
#include "rio/stream.h"

enum { LISTENERS_MAX = 16, BACKLOG = 1024 };
/* With no descriptor left, accepting goes on when some clients may have gone. */
#define ACCEPT_PAUSE (100 * RIO_MS)

struct listener {
    rio_server *server;
    int fd; /* -1: closed */
    struct rio_op *accepts;
    struct rio__timer pause;
    char *path; /* of a unix socket that we made */
    dev_t dev;
    ino_t ino;
};

struct rio_server {
    struct rio_loop *loop;
    struct rq_list link; /* in loop->servers */
    rio_client_fn *fn;
    void *arg;
    bool closing;
    struct rq_list clients; /* struct client */
    size_t open_listeners;
    size_t listener_count;
    struct listener listeners[LISTENERS_MAX];
    rio_waitq waiters;
};

struct client {
    struct rq_list link;
    rio_server *server;
    rio_stream *stream;
};

static void listen_on(struct listener *ln);

/* ---- clients ---- */

static void look_if_over(rio_server *s)
{
    if (!s->closing || s->open_listeners > 0 || !rq_list_empty(&s->clients))
        return;
    while (rio__waitq_wake(&s->waiters))
        continue;
}

/* The last of a client, also of one that was cancelled before its first step. */
static void client_gone(void *arg, long result)
{
    struct client *c = arg;
    rio_server *s = c->server;

    (void)result;
    rq_list_remove(&c->link);
    rio_stream_free(c->stream); /* aborts it, if it is not closed yet */
    free(c);
    look_if_over(s);
}

static long client_main(void *arg)
{
    struct client *c = arg;
    long rc = c->server->fn(c->stream, c->server->arg);

    if (rc < 0 && rc != -ECANCELED)
        rio__report(c->server->loop, "a client's task failed", rc, rio_current_task());
    if (c->server->loop->closing)
        rio_stream_abort(c->stream);
    RIO_IGNORE(rio_stream_close(c->stream));
    if (await(rio_stream_wait_closed(c->stream)) == -ECANCELED) {
        int masked = rio_cancel_mask(1); /* no patience any more, but an orderly end */

        rio_stream_abort(c->stream);
        RIO_IGNORE(await(rio_stream_wait_closed(c->stream)));
        rio_cancel_mask(masked);
        rc = -ECANCELED;
    }
    return rc == -ECANCELED ? rc : 0;
}

/* Consumes fd. */
static void add_client(rio_server *s, int fd)
{
    static const rio_task_opts opts = {.name = "client"};
    struct client *c;
    struct rio__task *t = NULL;
    rio_stream *stream;

    if (rio_stream_from_fd(fd, &stream) < 0)
        return; /* no memory: the client sees a closed connection */
    c = calloc(1, sizeof *c);
    if (c != NULL)
        t = rio__task_new(s->loop, client_main, c, 0, &opts);
    if (t == NULL) {
        free(c);
        rio_stream_free(stream);
        return;
    }
    c->server = s;
    c->stream = stream;
    rq_list_push_back(&s->clients, &c->link);
    t->on_done = client_gone;
    t->on_done_arg = c;
}

/* ---- listeners ---- */

/* Another socket may have taken the path since. */
static void remove_path(struct listener *ln)
{
    struct stat st;

    if (ln->path == NULL)
        return;
    if (stat(ln->path, &st) == 0 && st.st_dev == ln->dev && st.st_ino == ln->ino)
        (void)unlink(ln->path);
    free(ln->path);
    ln->path = NULL;
}

static void close_listener(struct listener *ln)
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
    look_if_over(ln->server);
}

static void pause_over(struct rio__timer *t)
{
    listen_on(RQ_CONTAINER_OF(t, struct listener, pause));
}

static void pause_listener(struct listener *ln)
{
    struct rio_loop *l = ln->server->loop;

    if (rio__timer_start(l, &ln->pause, rio__timer_after(l, ACCEPT_PAUSE), pause_over) <
        0)
        rio__report(l, "a server does not accept any more", -ENOMEM, NULL);
}

static void on_accept(struct rio_op *op, int res, unsigned flags)
{
    struct listener *ln = op->owner;
    rio_server *s = ln->server;

    if (!(flags & RIO_OP_MORE))
        ln->accepts = NULL;
    if (res >= 0 && s->closing)
        (void)close(res);
    else if (res >= 0)
        add_client(s, res);
    if (ln->accepts != NULL)
        return;
    if (s->closing)
        close_listener(ln);
    else if (res >= 0 || res == -ECONNABORTED || res == -EINTR)
        listen_on(ln);
    else
        pause_listener(
            ln); /* EMFILE, ENFILE, ENOBUFS, ENOMEM, and what we do not know */
}

static void listen_on(struct listener *ln)
{
    ln->accepts = rio__op_new(ln->server->loop, RIO_OP_ACCEPTS, ln->fd, on_accept, ln);
    if (ln->accepts == NULL)
        pause_listener(ln);
    else
        rio__op_submit(ln->server->loop, ln->accepts);
}

/* Consumes fd and path (which may be NULL). */
static void add_listener(rio_server *s, int fd, char *path, const struct stat *st)
{
    struct listener *ln = &s->listeners[s->listener_count++];
    int one = 1;

    *ln = (struct listener){.server = s, .fd = fd, .path = path};
    if (path != NULL) {
        ln->dev = st->st_dev;
        ln->ino = st->st_ino;
    }
    /* Inherited by each accepted socket. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->open_listeners++;
    listen_on(ln);
}

static rio_server *new_server(rio_client_fn *fn, void *arg)
{
    rio_server *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->loop = rio__loop;
    s->fn = fn;
    s->arg = arg;
    rq_list_init(&s->clients);
    rq_list_push_back(&rio__loop->servers, &s->link);
    return s;
}

int rio_start_server_fd(rio_client_fn *fn, void *arg, int listen_fd, rio_server **out)
{
    rio_server *s;
    int rc = 0;

    if (rio__loop == NULL)
        rc = -EPERM;
    else if (fn == NULL)
        rc = -EINVAL;
    else
        rc = rio__loop->io->adopt(rio__loop->io, listen_fd);
    s = rc < 0 ? NULL : new_server(fn, arg);
    if (s == NULL) {
        (void)close(listen_fd);
        return rc < 0 ? rc : -ENOMEM;
    }
    add_listener(s, listen_fd, NULL, NULL);
    *out = s;
    return 0;
}

/* ---- bind ---- */

static int bind_inet(rio_server *s, const struct addrinfo *a)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (a->ai_family == AF_INET6) /* 0.0.0.0 has a socket of its own */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        int rc = -errno;

        (void)close(fd);
        return rc;
    }
    add_listener(s, fd, NULL, NULL);
    return 0;
}

static int bind_unix(rio_server *s, const char *path)
{
    struct sockaddr_un sun;
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
    if (fd >= 0 && bind(fd, (struct sockaddr *)&sun, sizeof sun) == 0 &&
        listen(fd, BACKLOG) == 0 && stat(path, &st) == 0) {
        add_listener(s, fd, copy, &st);
        return 0;
    }
    rc = -errno;
    if (fd >= 0)
        (void)close(fd);
    free(copy);
    return rc;
}

static int bind_all(rio_server *s, const struct addrinfo *list)
{
    int rc = -ENOENT;

    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        if (s->listener_count == LISTENERS_MAX)
            break;
        rc = bind_inet(s, a);
        if (rc == -EAFNOSUPPORT && (a->ai_next != NULL || s->listener_count > 0))
            rc = 0; /* a machine without IPv6 */
        if (rc < 0)
            break;
    }
    return rc;
}

int rio_start_server(rio_client_fn *fn, void *arg, const char *host, const char *port,
                     rio_server **out)
{
    const char *path = rio__unix_path(host);
    struct addrinfo *list = NULL;
    rio_server *s;
    int rc = 0;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (fn == NULL)
        return -EINVAL;
    if (path == NULL)
        rc = await(rio__resolve(host, port, true, &list));
    if (rc < 0)
        return rc;
    s = new_server(fn, arg);
    if (s == NULL)
        rc = -ENOMEM;
    else
        rc = path != NULL ? bind_unix(s, path) : bind_all(s, list);
    if (list != NULL)
        freeaddrinfo(list);
    if (rc < 0) {
        if (s != NULL)
            rio_server_close(s); /* what was bound before; the loop frees it */
        return rc;
    }
    *out = s;
    return 0;
}

/* ---- the public face ---- */

int rio_server_fd(const rio_server *s)
{
    return s->closing ? -EBADF : s->listeners[0].fd;
}

bool rio_server_is_serving(const rio_server *s)
{
    return !s->closing;
}

void rio_server_close(rio_server *s)
{
    if (s->closing)
        return;
    s->closing = true;
    for (size_t i = 0; i < s->listener_count; i++)
        close_listener(&s->listeners[i]);
    look_if_over(s);
}

void rio_server_close_clients(rio_server *s)
{
    RQ_LIST_EACH(link, &s->clients)
    {
        RIO_IGNORE(rio_stream_close(RQ_LIST_ENTRY(link, struct client, link)->stream));
    }
}

void rio_server_abort_clients(rio_server *s)
{
    RQ_LIST_EACH(link, &s->clients)
    {
        rio_stream_abort(RQ_LIST_ENTRY(link, struct client, link)->stream);
    }
}

int rio_server_wait_closed(rio_server *s)
{
    struct rio__waiter w;

    if (s->closing && s->open_listeners == 0 && rq_list_empty(&s->clients))
        return 0;
    return await(rio__waitq_wait(&s->waiters, &w, "server"));
}

int rio_server_serve_forever(rio_server *s)
{
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (s->closing)
        return -EBADF;
    rc = await(rio_server_wait_closed(s));
    if (rc == -ECANCELED) {
        rio_server_close(s);
        RIO_IGNORE(await(rio_server_wait_closed(s)));
    }
    return rc < 0 ? rc : -EBADF;
}

/* ---- the end of the loop ---- */

void rio__servers_close(struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->servers)
    {
        rio_server_close(RQ_LIST_ENTRY(link, struct rio_server, link));
    }
}

void rio__servers_free(struct rio_loop *l)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&l->servers)) != NULL)
        free(RQ_LIST_ENTRY(link, struct rio_server, link));
}
