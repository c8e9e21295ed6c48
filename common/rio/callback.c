/* callback.c - rio_call_*: callbacks in a slab, named by index and generation.
 *
 * A handle is generation << 32 | index + 1.  The slot is free, with a new generation,
 * as soon as its callback starts, so a late cancel finds nothing.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/task.h"

enum { CHUNK_CALLBACKS = 128 };

struct callback {
    struct rio__ready ready; /* in loop->ready, loop->turn_end, or a free list */
    struct rio__timer timer;
    rio_cb *cb; /* NULL: the slot is free */
    void *arg;
    uint32_t index, generation;
};

struct rio__callbacks {
    struct callback **chunks;
    size_t chunk_count;
    struct rq_list free;
    bool closed; /* the loop is: no new ones */
};

int rio__callbacks_init(struct rio_loop *l)
{
    l->callbacks = calloc(1, sizeof *l->callbacks);
    if (l->callbacks == NULL)
        return -ENOMEM;
    rq_list_init(&l->callbacks->free);
    return 0;
}

void rio__callbacks_close(struct rio_loop *l)
{
    struct rio__callbacks *all = l->callbacks;

    all->closed = true;
    for (size_t i = 0; i < all->chunk_count * CHUNK_CALLBACKS; i++) {
        struct callback *c = &all->chunks[i / CHUNK_CALLBACKS][i % CHUNK_CALLBACKS];

        rio__timer_stop(l, &c->timer);
        rq_list_remove(&c->ready.link);
        c->cb = NULL;
    }
}

void rio__callbacks_free(struct rio_loop *l)
{
    struct rio__callbacks *all = l->callbacks;

    if (all == NULL)
        return;
    for (size_t i = 0; i < all->chunk_count; i++)
        free(all->chunks[i]);
    free(all->chunks);
    free(all);
    l->callbacks = NULL;
}

static bool add_chunk(struct rio__callbacks *all)
{
    struct callback *chunk = calloc(CHUNK_CALLBACKS, sizeof *chunk);
    struct callback **chunks;

    if (chunk == NULL)
        return false;
    chunks = realloc(all->chunks, (all->chunk_count + 1) * sizeof *chunks);
    if (chunks == NULL) {
        free(chunk);
        return false;
    }
    all->chunks = chunks;
    for (size_t i = 0; i < CHUNK_CALLBACKS; i++) {
        chunk[i].index = (uint32_t)(all->chunk_count * CHUNK_CALLBACKS + i);
        rq_list_push_back(&all->free, &chunk[i].ready.link);
    }
    all->chunks[all->chunk_count++] = chunk;
    return true;
}

static void release(struct rio_loop *l, struct callback *c)
{
    c->cb = NULL;
    c->generation++;
    rq_list_push_front(&l->callbacks->free, &c->ready.link);
}

static void call(rio_cb *cb, void *arg)
{
    long rc = cb(arg);

    if (rc < 0)
        rio__report(rio__loop, "a callback failed", rc, NULL);
}

static void run(struct rio__ready *r)
{
    struct callback *c = RQ_CONTAINER_OF(r, struct callback, ready);
    rio_cb *cb = c->cb;
    void *arg = c->arg;

    release(rio__loop, c);
    call(cb, arg);
}

static struct callback *new_callback(rio_cb *cb, void *arg)
{
    struct rio_loop *l = rio__loop;
    struct callback *c;

    if (l == NULL || cb == NULL) {
        errno = l == NULL ? EPERM : EINVAL;
        return NULL;
    }
    if (l->callbacks->closed) {
        errno = EBADF;
        return NULL;
    }
    if (rq_list_empty(&l->callbacks->free) && !add_chunk(l->callbacks)) {
        errno = ENOMEM;
        return NULL;
    }
    c = RQ_LIST_ENTRY(rq_list_pop_front(&l->callbacks->free), struct callback,
                      ready.link);
    c->ready.run = run;
    c->cb = cb;
    c->arg = arg;
    return c;
}

static rio_handle handle_of(const struct callback *c)
{
    return (uint64_t)c->generation << 32 | ((uint64_t)c->index + 1);
}

rio_handle rio_call_soon(rio_cb *cb, void *arg)
{
    struct callback *c = new_callback(cb, arg);

    if (c == NULL)
        return 0;
    rio__loop_ready(rio__loop, &c->ready);
    return handle_of(c);
}

static void due(struct rio__timer *t)
{
    struct callback *c = RQ_CONTAINER_OF(t, struct callback, timer);

    rio__loop_ready(rio__loop, &c->ready);
}

rio_handle rio_call_at(int64_t when, rio_cb *cb, void *arg)
{
    struct callback *c = new_callback(cb, arg);

    if (c == NULL)
        return 0;
    if (rio__timer_start(rio__loop, &c->timer, when, due) < 0) {
        release(rio__loop, c);
        errno = ENOMEM;
        return 0;
    }
    return handle_of(c);
}

rio_handle rio_call_later(int64_t delay, rio_cb *cb, void *arg)
{
    if (rio__loop == NULL) {
        errno = EPERM;
        return 0;
    }
    return rio_call_at(rio__timer_after(rio__loop, delay), cb, arg);
}

rio_handle rio_call_turn_end(rio_cb *cb, void *arg)
{
    struct callback *c = new_callback(cb, arg);

    if (c == NULL)
        return 0;
    rq_list_push_back(&rio__loop->turn_end, &c->ready.link);
    return handle_of(c);
}

void rio_handle_cancel(rio_handle h)
{
    struct rio_loop *l = rio__loop;
    size_t index = (uint32_t)h;
    struct callback *c;

    if (l == NULL || index == 0 ||
        --index / CHUNK_CALLBACKS >= l->callbacks->chunk_count)
        return;
    c = &l->callbacks->chunks[index / CHUNK_CALLBACKS][index % CHUNK_CALLBACKS];
    if (c->cb == NULL || c->generation != (uint32_t)(h >> 32))
        return;
    rio__timer_stop(l, &c->timer);
    rq_list_remove(&c->ready.link);
    release(l, c);
}

/* ---- from other threads ---- */

struct remote_callback {
    struct rio__remote remote;
    rio_cb *cb;
    void *arg;
};

/* It takes its place behind what is ready, like any call_soon; and is called at once
 * where there is no memory for that. */
static void arrived(struct rio__remote *r)
{
    struct remote_callback *c = RQ_CONTAINER_OF(r, struct remote_callback, remote);
    rio_cb *cb = c->cb;
    void *arg = c->arg;

    free(c);
    if (!rio__loop->closing && rio_call_soon(cb, arg) == 0)
        call(cb, arg);
}

int rio_call_soon_threadsafe(rio_loop *l, rio_cb *cb, void *arg)
{
    struct remote_callback *c;
    int rc;

    if (l == NULL || cb == NULL)
        return -EINVAL;
    if (l == rio__loop) /* its own thread: in order with its other callbacks */
        return rio_call_soon(cb, arg) == 0 ? -errno : 0;
    c = malloc(sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    *c = (struct remote_callback){.remote.run = arrived, .cb = cb, .arg = arg};
    rc = rio__loop_remote(l, &c->remote);
    if (rc < 0)
        free(c);
    return rc;
}
