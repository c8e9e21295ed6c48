/* queue.c - a FIFO of items, with put / get / task_done / join / shutdown.
 *
 * Items lie in a ring that grows up to maxsize.  An item stays there until the getter
 * that was woken for it has run: so a cancelled getter has nothing to give back but the
 * wake-up, and size() counts what is there.
 *
 *     unfinished = items put - task_done() - items dropped by shutdown
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rio/waitq.h"

enum { FIRST_CAP = 8 };

struct rio_queue {
    unsigned char *ring;
    size_t item_size, maxsize;
    size_t head, count, cap; /* cap: a power of two, or 0 */
    size_t unfinished;
    rio_waitq getters, putters, joiners;
    bool shut;
};

rio_queue *rio_queue_new(size_t item_size, size_t maxsize)
{
    rio_queue *q;

    if (item_size == 0) {
        errno = EINVAL;
        return NULL;
    }
    q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->item_size = item_size;
    q->maxsize = maxsize;
    return q;
}

void rio_queue_free(rio_queue *q)
{
    if (q == NULL)
        return;
    ASSERT(rio__waitq_empty(&q->getters));
    ASSERT(rio__waitq_empty(&q->putters));
    ASSERT(rio__waitq_empty(&q->joiners));
    free(q->ring);
    free(q);
}

size_t rio_queue_size(const rio_queue *q)
{
    return q->count;
}

bool rio_queue_empty(const rio_queue *q)
{
    return q->count == 0;
}

bool rio_queue_full(const rio_queue *q)
{
    return q->maxsize > 0 && q->count >= q->maxsize;
}

static unsigned char *slot(const rio_queue *q, size_t i)
{
    return q->ring + ((q->head + i) & (q->cap - 1)) * q->item_size;
}

static int grow(rio_queue *q)
{
    size_t cap = q->cap == 0 ? FIRST_CAP : q->cap * 2;
    size_t wrapped;
    unsigned char *ring;

    if (cap > SIZE_MAX / 2 / q->item_size)
        return -ENOMEM;
    ring = realloc(q->ring, cap * q->item_size);
    if (ring == NULL)
        return -ENOMEM;
    /* What had wrapped around goes behind what had not. */
    wrapped = q->head + q->count > q->cap ? q->head + q->count - q->cap : 0;
    if (wrapped > 0)
        memcpy(ring + q->cap * q->item_size, ring, wrapped * q->item_size);
    q->ring = ring;
    q->cap = cap;
    return 0;
}

int rio_queue_put_nowait(rio_queue *q, const void *item)
{
    if (q->shut)
        return -ESHUTDOWN;
    if (rio_queue_full(q))
        return -EAGAIN;
    if (q->count == q->cap) {
        int rc = grow(q);

        if (rc < 0)
            return rc;
    }
    memcpy(slot(q, q->count), item, q->item_size);
    q->count++;
    q->unfinished++;
    (void)rio__waitq_wake(&q->getters);
    return 0;
}

int rio_queue_get_nowait(rio_queue *q, void *item)
{
    if (q->count == 0)
        return q->shut ? -ESHUTDOWN : -EAGAIN;
    memcpy(item, slot(q, 0), q->item_size);
    q->head = (q->head + 1) & (q->cap - 1);
    q->count--;
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

int rio_queue_put(rio_queue *q, const void *item)
{
    bool again = false, woken;
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    while (rio_queue_full(q) && !q->shut) {
        rc = await(wait_turn(&q->putters, "queue put", &again, &woken));

        if (rc < 0) {
            if (woken && !rio_queue_full(q))
                (void)rio__waitq_wake(&q->putters);
            return rc;
        }
    }
    rc = rio_queue_put_nowait(q, item);
    if (rc == -ENOMEM && again)
        (void)rio__waitq_wake(&q->putters); /* the room is still there */
    return rc;
}

int rio_queue_get(rio_queue *q, void *item)
{
    bool again = false, woken;

    if (rio__task_self() == NULL)
        return -EPERM;
    while (q->count == 0 && !q->shut) {
        int rc = await(wait_turn(&q->getters, "queue get", &again, &woken));

        if (rc < 0) {
            if (woken && q->count > 0)
                (void)rio__waitq_wake(&q->getters);
            return rc;
        }
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
        q->unfinished -= q->count < q->unfinished ? q->count : q->unfinished;
        q->count = 0;
        q->head = 0;
        if (q->unfinished == 0)
            wake_all(&q->joiners);
    }
    wake_all(&q->getters);
    wake_all(&q->putters);
}
