/* client.c - the clients of a server: a task each, or none while they are parked.
 *
 *     running -> parked (its function has asked for that, and returned) -> running
 *            \-> gone (the stream is closed and freed)
 *
 * A parked client is its stream and this struct alone: the stack has gone back to the
 * pool.  The armed receive of the stream wakes it, and so does whatever closes it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/server.h"
#include "rio/stream.h"

struct rio__client {
    struct rq_list link; /* in server->clients */
    rio_server *server;
    rio_stream *stream;
    rio_client_fn *fn; /* what its task calls next; NULL: nothing, it ends */
    void *arg;
    bool parked;
};

/* ---- running ---- */

static void drop(struct rio__client *c)
{
    rio_server *s = c->server;

    rq_list_remove(&c->link);
    c->stream->client = NULL;
    rio_stream_free(c->stream); /* aborts it, if it is not closed yet */
    free(c);
    rio__server_look_if_over(s);
}

static bool wants_to_park(const struct rio__client *c)
{
    return c->fn != NULL && !c->server->loop->closing;
}

/* Closes the stream in good order.  Returns  -ECANCELED: it had to be aborted */
RIO_AWAITS static long close_stream(rio_stream *s)
{
    int masked;

    RIO_IGNORE(rio_stream_close(s));
    if (await(rio_stream_wait_closed(s)) != -ECANCELED)
        return 0;
    masked = rio_cancel_mask(1); /* no patience any more, but an orderly end */
    rio_stream_abort(s);
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_cancel_mask(masked);
    return -ECANCELED;
}

static long client_main(void *arg)
{
    struct rio__client *c = arg;
    rio_client_fn *fn = c->fn;
    long rc, closed;

    c->fn = NULL;
    rc = fn(c->stream, c->arg);
    if (rc >= 0 && wants_to_park(c))
        return 0;
    c->fn = NULL;
    rio__task_self()->excused = true; /* what it waits for from here on */
    if (rc < 0 && rc != -ECANCELED)
        rio__report(c->server->loop, "a client's task failed", rc, rio_current_task());
    if (c->server->loop->closing)
        rio_stream_abort(c->stream);
    closed = await(close_stream(c->stream));
    return rc == -ECANCELED ? rc : closed;
}

/* The last of a client's task, also of one that was cancelled before its first step. */
static void task_ended(void *arg, long result)
{
    struct rio__client *c = arg;

    if (result < 0 || !wants_to_park(c)) {
        drop(c);
        return;
    }
    c->parked = true;
    rio__stream_wake_reader(c->stream); /* what it has not read is a reason to go on */
}

static int start(struct rio__client *c)
{
    static const rio_task_opts opts = {.name = "client"};
    struct rio__task *t = rio__task_new(c->server->loop, client_main, c, 0, &opts);

    if (t == NULL)
        return -ENOMEM;
    t->on_done = task_ended;
    t->on_done_arg = c;
    return 0;
}

void rio__server_add_client(rio_server *s, int fd)
{
    struct rio__client *c;
    rio_stream *stream;

    if (rio_stream_from_fd(fd, &stream) < 0)
        return; /* no memory: the client sees a closed connection */
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        rio_stream_free(stream);
        return;
    }
    *c =
        (struct rio__client){.server = s, .stream = stream, .fn = s->fn, .arg = s->arg};
    stream->client = c;
    rq_list_push_back(&s->clients, &c->link);
    if (start(c) < 0)
        drop(c);
}

/* ---- parked ---- */

int rio_stream_park(rio_stream *s, rio_client_fn *fn, void *arg)
{
    if (s == NULL || fn == NULL || s->client == NULL || s->client->parked)
        return -EINVAL;
    if (s->closing)
        return -EBADF;
    s->client->fn = fn;
    s->client->arg = arg;
    return 0;
}

void rio__client_wake(struct rio__client *c)
{
    if (!c->parked)
        return;
    c->parked = false;
    if (start(c) < 0)
        drop(c); /* as when it came: it sees a closed connection */
}

void rio__server_drop_parked(rio_server *s)
{
    RQ_LIST_EACH_SAFE(link, &s->clients)
    {
        struct rio__client *c = RQ_LIST_ENTRY(link, struct rio__client, link);

        if (c->parked)
            drop(c);
    }
}

/* ---- from outside ---- */

void rio_server_close_clients(rio_server *s)
{
    RQ_LIST_EACH_SAFE(link, &s->clients)
    {
        RIO_IGNORE(
            rio_stream_close(RQ_LIST_ENTRY(link, struct rio__client, link)->stream));
    }
}

void rio_server_abort_clients(rio_server *s)
{
    RQ_LIST_EACH_SAFE(link, &s->clients)
    {
        rio_stream_abort(RQ_LIST_ENTRY(link, struct rio__client, link)->stream);
    }
}
