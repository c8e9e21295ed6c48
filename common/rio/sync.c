/* sync.c - lock, event, condition, semaphore, and the guards of RIO_WITH_*.
 *
 * What a release gives, it gives to the first waiter at once (`offered`, `granted`): no
 * newcomer can slip in before that one has run.  If it was cancelled meanwhile, it
 * gives it on.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>

#include "rio/waitq.h"

/* ---- lock ---- */

/* The lock is open: the first waiter may have it, and nobody else before it has run. */
static void offer(rio_lock *l)
{
    l->locked = false;
    l->offered = rio__waitq_wake(&l->w);
}

int rio_lock_acquire(rio_lock *l)
{
    struct rio__waiter w;
    int rc;

    if (!l->locked && !l->offered) {
        l->locked = true;
        return 0;
    }
    rc = await(rio__waitq_wait(&l->w, &w, "lock"));
    if (!w.woken)
        return rc;
    if (rc < 0) {
        offer(l); /* to the next one */
        return rc;
    }
    l->offered = false;
    l->locked = true;
    return 0;
}

int rio_lock_release(rio_lock *l)
{
    if (!l->locked)
        return -EPERM;
    offer(l);
    return 0;
}

bool rio_lock_locked(const rio_lock *l)
{
    return l->locked;
}

/* ---- event ---- */

int rio_event_wait(rio_event *e)
{
    struct rio__waiter w;

    if (e->set)
        return 0;
    return await(rio__waitq_wait(&e->w, &w, "event"));
}

void rio_event_set(rio_event *e)
{
    e->set = true;
    while (rio__waitq_wake(&e->w))
        continue;
}

void rio_event_clear(rio_event *e)
{
    e->set = false;
}

bool rio_event_is_set(const rio_event *e)
{
    return e->set;
}

/* ---- condition ---- */

void rio_cond_init(rio_cond *c, rio_lock *shared_or_null)
{
    *c = (rio_cond){0};
    c->lock = shared_or_null != NULL ? shared_or_null : &c->own;
}

/* Gets the lock back, however often it is cancelled meanwhile.  Returns  0, or
 * -ECANCELED if it was: with the lock all the same */
RIO_AWAITS static int reacquire(rio_lock *l)
{
    struct rio__task *t = rio__task_self();
    int cancelled = 0, rc;

    t->excused = true; /* it may have been cancelled already */
    while ((rc = await(rio_lock_acquire(l))) == -ECANCELED)
        cancelled = rc;
    t->excused = false;
    return rc < 0 ? rc : cancelled;
}

int rio_cond_wait(rio_cond *c)
{
    struct rio__waiter w;
    int rc, back;

    if (rio__task_self() == NULL || !c->lock->locked)
        return -EPERM;
    offer(c->lock);
    rc = await(rio__waitq_wait(&c->w, &w, "condition"));
    back = await(reacquire(c->lock));
    if (rc == 0)
        rc = back;
    if (rc < 0 && w.woken)
        (void)rio__waitq_wake(&c->w); /* the notification was not used */
    return rc;
}

int rio_cond_wait_for(rio_cond *c, bool (*pred)(void *), void *arg)
{
    while (!pred(arg)) {
        int rc = await(rio_cond_wait(c));

        if (rc < 0)
            return rc;
    }
    return 0;
}

int rio_cond_notify(rio_cond *c, size_t n)
{
    if (!c->lock->locked)
        return -EPERM;
    while (n > 0 && rio__waitq_wake(&c->w))
        n--;
    return 0;
}

int rio_cond_notify_all(rio_cond *c)
{
    return rio_cond_notify(c, SIZE_MAX);
}

/* ---- semaphore ---- */

int rio_sem_init(rio_sem *s, long value)
{
    if (value < 0)
        return -EINVAL;
    *s = (rio_sem){.value = value, .bound = LONG_MAX};
    return 0;
}

int rio_sem_init_bounded(rio_sem *s, long value)
{
    int rc = rio_sem_init(s, value);

    s->bound = value;
    return rc;
}

bool rio_sem_locked(const rio_sem *s)
{
    return s->value == 0 || s->granted > 0 || !rio__waitq_empty(&s->w);
}

/* Takes a permit back and gives it to the first waiter. */
static void give_permit(rio_sem *s)
{
    if (rio__waitq_wake(&s->w))
        s->granted++;
    else
        s->value++;
}

int rio_sem_acquire(rio_sem *s)
{
    struct rio__waiter w;
    int rc;

    if (!rio_sem_locked(s)) {
        s->value--;
        return 0;
    }
    rc = await(rio__waitq_wait(&s->w, &w, "semaphore"));
    if (w.woken)
        s->granted--;
    if (rc < 0 && w.woken)
        give_permit(s);
    /* Permits may lie free that newcomers left to those who were woken before them. */
    while (s->value > 0 && !rio__waitq_empty(&s->w)) {
        s->value--;
        give_permit(s);
    }
    return rc;
}

int rio_sem_release(rio_sem *s)
{
    if (s->value >= s->bound)
        return -EOVERFLOW;
    give_permit(s);
    return 0;
}

/* ---- guards ---- */

rio_guard rio_guard_lock(rio_lock *l, long *rc)
{
    *rc = await(rio_lock_acquire(l));
    if (*rc < 0)
        return (rio_guard){0};
    return (rio_guard){.l = l, .once = 1};
}

rio_guard rio_guard_sem(rio_sem *s, long *rc)
{
    *rc = await(rio_sem_acquire(s));
    if (*rc < 0)
        return (rio_guard){0};
    return (rio_guard){.s = s, .once = 1};
}

void rio_guard_exit(rio_guard *g)
{
    if (g->l != NULL)
        RIO_IGNORE(rio_lock_release(g->l)); /* -EPERM: the body released it itself */
    if (g->s != NULL)
        RIO_IGNORE(rio_sem_release(g->s));
}
