/* barrier.c - a meeting point of a fixed number of tasks, again and again.
 *
 *     filling -> draining (the last one has come) -> filling (all have left)
 *     reset: -> resetting (until those inside have left, with -EPIPE) -> filling
 *     abort: -> broken, until the next reset
 *
 * count: tasks between arriving and leaving.  Whoever comes while others leave waits
 * outside, in the same line: that one is empty then, since all who were inside have
 * been woken.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>

#include "rio/waitq.h"

enum { FILLING, DRAINING, RESETTING, BROKEN };

int rio_barrier_init(rio_barrier *b, size_t parties)
{
    if (parties == 0 || parties > INT_MAX)
        return -EINVAL;
    *b = (rio_barrier){.parties = parties, .state = FILLING};
    rio_cond_init(&b->c, NULL);
    return 0;
}

static void change(rio_barrier *b, int state)
{
    b->state = state;
    while (rio__waitq_wake(&b->c.w))
        continue;
}

/* Waits outside while others leave. */
RIO_AWAITS static int enter(rio_barrier *b)
{
    struct rio__waiter w;

    while (b->state == DRAINING || b->state == RESETTING) {
        int rc = await(rio__waitq_wait(&b->c.w, &w, "barrier"));

        if (rc < 0)
            return rc;
    }
    return b->state == BROKEN ? -EPIPE : 0;
}

/* Waits inside for the last one. */
RIO_AWAITS static int meet(rio_barrier *b)
{
    struct rio__waiter w;

    while (b->state == FILLING) {
        int rc = await(rio__waitq_wait(&b->c.w, &w, "barrier"));

        if (rc < 0)
            return rc;
    }
    return b->state == DRAINING ? 0 : -EPIPE;
}

static void leave(rio_barrier *b)
{
    b->count--;
    if (b->count == 0 && (b->state == DRAINING || b->state == RESETTING))
        change(b, FILLING);
}

int rio_barrier_wait(rio_barrier *b)
{
    int rc, index;

    if (rio__task_self() == NULL)
        return -EPERM;
    rc = await(enter(b));
    if (rc < 0)
        return rc;
    index = (int)b->count++;
    if (b->count == b->parties)
        change(b, DRAINING);
    else
        rc = await(meet(b));
    leave(b);
    return rc < 0 ? rc : index;
}

int rio_barrier_reset(rio_barrier *b)
{
    if (rio__task_self() == NULL)
        return -EPERM;
    change(b, b->count > 0 ? RESETTING : FILLING);
    return 0;
}

int rio_barrier_abort(rio_barrier *b)
{
    if (rio__task_self() == NULL)
        return -EPERM;
    change(b, BROKEN);
    return 0;
}

size_t rio_barrier_n_waiting(const rio_barrier *b)
{
    return b->state == FILLING ? b->count : 0;
}

bool rio_barrier_broken(const rio_barrier *b)
{
    return b->state == BROKEN;
}
