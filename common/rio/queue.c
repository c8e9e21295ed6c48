/* queue.c - queues of items, with put / get / task_done / join / shutdown.
 *
 * The order is that of items.h: first in first out, last in first out, by priority.  An
 * item stays there until the getter that was woken for it has run: so a cancelled
 * getter has nothing to give back but the wake-up, and size() counts what is there.
 *
 *     unfinished = items put - task_done() - items dropped by shutdown
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/items.h"
#include "rio/waitq.h"

struct rio_queue {
    struct rio__items items;
    size_t maxsize;
    size_t unfinished;
    rio_waitq getters, putters, joiners;
    bool shut;
};

static rio_queue *new_queue(size_t item_size, size_t maxsize,
                            int (*cmp)(const void *, const void *))
{
    rio_queue *q = calloc(1, sizeof *q);
    int rc;

    if (q == NULL)
        return NULL;
    rc = rio__items_init(&q->items, item_size, cmp);
    if (rc < 0) {
        free(q);
        errno = -rc;
        return NULL;
    }
    q->maxsize = maxsize;
    return q;
}

rio_queue *rio_queue_new(size_t item_size, size_t maxsize)
{
    return new_queue(item_size, maxsize, NULL);
}

rio_queue *rio_lifo_queue_new(size_t item_size, size_t maxsize)
{
    rio_queue *q = new_queue(item_size, maxsize, NULL);

    if (q != NULL)
        q->items.newest_first = true;
    return q;
}

rio_queue *rio_priority_queue_new(size_t item_size, size_t maxsize,
                                  int (*cmp)(const void *, const void *))
{
    if (cmp == NULL) {
        errno = EINVAL;
        return NULL;
    }
    return new_queue(item_size, maxsize, cmp);
}

void rio_queue_free(rio_queue *q)
{
    if (q == NULL)
        return;
    ASSERT(rio__waitq_empty(&q->getters));
    ASSERT(rio__waitq_empty(&q->putters));
    ASSERT(rio__waitq_empty(&q->joiners));
    rio__items_fini(&q->items);
    free(q);
}

size_t rio_queue_size(const rio_queue *q)
{
    return q->items.count;
}

bool rio_queue_empty(const rio_queue *q)
{
    return q->items.count == 0;
}

bool rio_queue_full(const rio_queue *q)
{
    return q->maxsize > 0 && q->items.count >= q->maxsize;
}

int rio_queue_put_nowait(rio_queue *q, const void *item)
{
    int rc;

    if (q->shut)
        return -ESHUTDOWN;
    if (rio_queue_full(q))
        return -EAGAIN;
    rc = rio__items_push(&q->items, item);
    if (rc < 0)
        return rc;
    q->unfinished++;
    if (!rio__waitq_empty(&q->getters))
        (void)rio__waitq_wake(&q->getters);
    return 0;
}

int rio_queue_get_nowait(rio_queue *q, void *item)
{
    if (q->items.count == 0)
        return q->shut ? -ESHUTDOWN : -EAGAIN;
    rio__items_pop(&q->items, item);
    if (!rio__waitq_empty(&q->putters))
        (void)rio__waitq_wake(&q->putters);
    return 0;
}

/* Parks once.  Whoever was woken in vain, because somebody else was faster, keeps its
 * place at the head. */
RIO_AWAITS static int wait_turn(rio_waitq *waiters, const char *what, bool *again,
                                bool *woken)
{
    struct rio__waiter w;
    int rc;

    if (*again)
        rc = await(rio__waitq_wait_first(waiters, &w, what));
    else
        rc = await(rio__waitq_wait(waiters, &w, what));
    *again = true;
    *woken = w.woken;
    return rc;
}

/* Apart from rio_queue_put(), which as a rule need not wait. */
RIO_AWAITS __attribute__((noinline)) static int put_when_room(rio_queue *q,
                                                              const void *item)
{
    bool waited = false, woken;
    int rc;

    while (rio_queue_full(q) && !q->shut) {
        rc = await(wait_turn(&q->putters, "queue put", &waited, &woken));

        if (rc < 0) {
            if (woken && !rio_queue_full(q))
                (void)rio__waitq_wake(&q->putters);
            return rc;
        }
    }
    rc = rio_queue_put_nowait(q, item);
    if (rc == -ENOMEM && waited)
        (void)rio__waitq_wake(&q->putters); /* the room is still there */
    return rc;
}

int rio_queue_put(rio_queue *q, const void *item)
{
    if (rio__task_self() == NULL)
        return -EPERM;
    if (RQ_UNLIKELY(rio_queue_full(q)))
        return await(put_when_room(q, item));
    return rio_queue_put_nowait(q, item);
}

RIO_AWAITS static int wait_for_item(rio_queue *q)
{
    bool waited = false, woken;

    while (q->items.count == 0 && !q->shut) {
        int rc = await(wait_turn(&q->getters, "queue get", &waited, &woken));

        if (rc < 0) {
            if (woken && q->items.count > 0)
                (void)rio__waitq_wake(&q->getters);
            return rc;
        }
    }
    return 0;
}

int rio_queue_get(rio_queue *q, void *item)
{
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (q->items.count == 0) {
        rc = await(wait_for_item(q));
        if (rc < 0)
            return rc;
    }
    return rio_queue_get_nowait(q, item);
}

static void wake_all(rio_waitq *w)
{
    while (rio__waitq_wake(w))
        continue;
}

int rio_queue_task_done(rio_queue *q)
{
    if (q->unfinished == 0)
        return -EINVAL;
    if (--q->unfinished == 0)
        wake_all(&q->joiners);
    return 0;
}

int rio_queue_join(rio_queue *q)
{
    struct rio__waiter w;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (q->unfinished == 0)
        return 0;
    return await(rio__waitq_wait(&q->joiners, &w, "queue join"));
}

void rio_queue_shutdown(rio_queue *q, bool immediate)
{
    q->shut = true;
    if (immediate) {
        size_t dropped = q->items.count;

        q->unfinished -= dropped < q->unfinished ? dropped : q->unfinished;
        rio__items_clear(&q->items);
        if (q->unfinished == 0)
            wake_all(&q->joiners);
    }
    wake_all(&q->getters);
    wake_all(&q->putters);
}
