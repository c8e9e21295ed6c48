/* waitq.c - see waitq.h.
 * SPDX-License-Identifier: MIT */
#include "rio/waitq.h"

#include <errno.h>

static void unlink_waiter(struct rio__waiter *w)
{
    if (w->q == NULL)
        return;
    if (w->prev != NULL)
        w->prev->next = w->next;
    else
        w->q->head = w->next;
    if (w->next != NULL)
        w->next->prev = w->prev;
    else
        w->q->tail = w->prev;
    w->q = NULL;
}

static inline void push_back(rio_waitq *q, struct rio__waiter *w)
{
    struct rio__waiter *last = q->tail;

    w->q = q;
    w->prev = last;
    w->next = NULL;
    if (last != NULL)
        last->next = w;
    else
        q->head = w;
    q->tail = w;
}

static void push_front(rio_waitq *q, struct rio__waiter *w)
{
    struct rio__waiter *first = q->head;

    w->q = q;
    w->prev = NULL;
    w->next = first;
    if (first != NULL)
        first->prev = w;
    else
        q->tail = w;
    q->head = w;
}

static void cancel_waiter(struct rio__wait *wait)
{
    struct rio__waiter *w = RQ_CONTAINER_OF(wait, struct rio__waiter, wait);

    unlink_waiter(w);
    wait->cancelled = true;
    rio__task_wake(wait->task);
}

RIO_AWAITS static inline int wait_at(rio_waitq *q, struct rio__waiter *w,
                                     const char *what, bool first)
{
    struct rio__task *t = rio__task_self();
    const struct rio__waiter *last = q->tail;
    int rc;

    w->woken = false;
    w->q = NULL;
    if (t == NULL)
        return -EPERM;
    if (last != NULL && last->wait.task->f.loop != t->f.loop)
        return -EINVAL;
    w->wait = (struct rio__wait){.task = t, .cancel = cancel_waiter, .what = what};
    if (first)
        push_front(q, w);
    else
        push_back(q, w);
    rc = await(rio__task_park(&w->wait));
    unlink_waiter(w); /* only a cancel that was pending before leaves it linked */
    return rc;
}

int rio__waitq_wait(rio_waitq *q, struct rio__waiter *w, const char *what)
{
    return await(wait_at(q, w, what, false));
}

int rio__waitq_wait_first(rio_waitq *q, struct rio__waiter *w, const char *what)
{
    return await(wait_at(q, w, what, true));
}

bool rio__waitq_wake(rio_waitq *q)
{
    struct rio__waiter *w = q->head;

    if (w == NULL)
        return false;
    unlink_waiter(w);
    w->woken = true;
    rio__task_wake(w->wait.task);
    return true;
}
