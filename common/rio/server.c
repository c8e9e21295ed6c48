/* server.c - the public face of a server, from its start to its end; see server.h.
 * SPDX-License-Identifier: MIT */
#include "rio/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rio/resolve.h"
#include "rio/waitq.h"

void rio__server_look_if_over(rio_server *s)
{
    if (!s->closing || s->open_listeners > 0 || !rq_list_empty(&s->clients))
        return;
    while (rio__waitq_wake(&s->waiters))
        continue;
}

/* ---- start ---- */

static const rio_server_opts plain;

static rio_server *new_server(rio_client_fn *fn, void *arg, const rio_server_opts *o)
{
    rio_server *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->loop = rio__loop;
    s->fn = fn;
    s->arg = arg;
    s->opts = *o;
    rq_list_init(&s->clients);
    rq_list_push_back(&rio__loop->servers, &s->link);
    return s;
}

int rio_server_start_serving(rio_server *s)
{
    int rc = 0;

    if (s->closing)
        return -EBADF;
    if (s->serving)
        return 0;
    s->serving = true;
    for (size_t i = 0; i < s->listener_count && rc == 0; i++)
        rc = rio__listener_start(&s->listeners[i]);
    if (rc < 0)
        rio_server_close(s);
    return rc;
}

/* What follows when its sockets are bound, or were not (rc).  The loop frees a server
 * that has failed. */
static int begin(rio_server *s, int rc, rio_server **out)
{
    if (rc == 0 && !(s->opts.flags & RIO_SERVER_IDLE))
        rc = rio_server_start_serving(s);
    if (rc < 0)
        rio_server_close(s); /* what was bound before */
    else
        *out = s;
    return rc;
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
    s = rc < 0 ? NULL : new_server(fn, arg, &plain);
    if (s == NULL) {
        (void)close(listen_fd);
        return rc < 0 ? rc : -ENOMEM;
    }
    rio__server_add_listener(s, listen_fd);
    return begin(s, 0, out);
}

static bool are_sound(const rio_server_opts *o)
{
    const unsigned known =
        RIO_SERVER_IDLE | RIO_SERVER_REUSE_PORT | RIO_SERVER_KEEP_PATH;

    return o->backlog >= 0 && (o->flags & ~known) == 0;
}

int rio_start_server_ex(rio_client_fn *fn, void *arg, const char *host,
                        const char *port, const rio_server_opts *o, rio_server **out)
{
    const char *path = rio__unix_path(host);
    struct addrinfo *list = NULL;
    rio_server *s;
    int rc = 0;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (o == NULL)
        o = &plain;
    if (fn == NULL || !are_sound(o))
        return -EINVAL;
    if (path == NULL)
        rc = await(rio__resolve(host, port, true, &list));
    if (rc < 0)
        return rc;
    s = new_server(fn, arg, o);
    if (s == NULL)
        rc = -ENOMEM;
    else
        rc = path != NULL ? rio__server_bind_unix(s, path) : rio__server_bind(s, list);
    if (list != NULL)
        freeaddrinfo(list);
    return s == NULL ? rc : begin(s, rc, out);
}

int rio_start_server(rio_client_fn *fn, void *arg, const char *host, const char *port,
                     rio_server **out)
{
    return await(rio_start_server_ex(fn, arg, host, port, NULL, out));
}

/* ---- the public face ---- */

int rio_server_fd(const rio_server *s)
{
    return s->closing ? -EBADF : s->listeners[0].fd;
}

bool rio_server_is_serving(const rio_server *s)
{
    return s->serving && !s->closing;
}

void rio_server_close(rio_server *s)
{
    if (s->closing)
        return;
    s->closing = true;
    for (size_t i = 0; i < s->listener_count; i++)
        rio__listener_close(&s->listeners[i]);
    rio__server_look_if_over(s);
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
    if (s->forever)
        return -EBUSY;
    rc = rio_server_start_serving(s);
    if (rc < 0)
        return rc;
    s->forever = true;
    rc = await(rio_server_wait_closed(s));
    if (rc == -ECANCELED) {
        rio_server_close(s);
        rio__task_self()->excused = true;
        RIO_IGNORE(await(rio_server_wait_closed(s)));
        rio__task_self()->excused = false;
    }
    s->forever = false;
    return rc < 0 ? rc : -EBADF;
}

/* ---- the end of the loop ---- */

void rio__servers_close(struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->servers)
    {
        rio_server *s = RQ_LIST_ENTRY(link, struct rio_server, link);

        rio_server_close(s);
        rio__server_drop_parked(s);
    }
}

void rio__servers_free(struct rio_loop *l)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&l->servers)) != NULL)
        free(RQ_LIST_ENTRY(link, struct rio_server, link));
}
