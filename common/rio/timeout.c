/* timeout.c - a time limit over a stretch of code.
 *
 * When the timer fires, the task gets one cancel request.  On exit the scope answers
 * it, and if no other request is left the -ECANCELED that it caused becomes -ETIMEDOUT.
 * A scope entered under a cancel mask strikes all the same: the mask holds back what
 * others ask, not what the task asked of itself.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/task.h"

/* Not small numbers: a struct that was never entered holds anything. */
enum {
    ENTERED = 0x7172e001,
    EXPIRING = 0x7172e002, /* struck, not left yet */
    EXPIRED = 0x7172e003,
    EXITED = 0x7172e004,
};

struct private
{
    struct rio__timer timer;
    rio_timeout *outer;
    unsigned mark; /* task->delivered when the limit struck */
    bool masked;   /* entered under a mask */
    bool kept;     /* the request went to this task, not to one it joins */
};
_Static_assert(sizeof(struct private) <= sizeof(((rio_timeout *)0)->_priv),
               "rio_timeout._priv is too small");

static struct private *private_of(const rio_timeout *t)
{
    return (struct private *)(uintptr_t)t->_priv;
}

static void strike(struct rio__timer *timer)
{
    struct private *p = RQ_CONTAINER_OF(timer, struct private, timer);
    rio_timeout *t = RQ_CONTAINER_OF((void *)p, rio_timeout, _priv);
    struct rio__task *task = rio__task_of(t->task);

    t->state = EXPIRING;
    p->mark = task->delivered;
    p->kept = rio__cancel_request(t->task, NULL, p->masked) == RIO__CANCEL_KEPT;
}

static int arm(rio_timeout *t, int64_t when)
{
    struct private *p = private_of(t);

    t->when = when;
    if (when == RIO_FOREVER)
        return 0;
    return rio__timer_start(t->task->loop, &p->timer, when, strike);
}

static bool is_open(const struct rio__task *task, const rio_timeout *t)
{
    for (const rio_timeout *it = task->timeouts; it != NULL; it = private_of(it)->outer)
        if (it == t)
            return true;
    return false;
}

int rio_timeout_enter_at(rio_timeout *t, int64_t when)
{
    struct rio__task *task = rio__task_self();
    int rc;

    if (task == NULL || t == NULL || is_open(task, t))
        return -EINVAL;
    *t = (rio_timeout){.state = EXITED, .cancelling = task->cancels, .task = &task->f};
    private_of(t)->masked = task->masked;
    private_of(t)->outer = task->timeouts;
    rc = arm(t, when);
    if (rc < 0)
        return rc;
    t->state = ENTERED;
    task->timeouts = t;
    return 0;
}

int rio_timeout_enter(rio_timeout *t, int64_t delay)
{
    if (rio__task_self() == NULL)
        return -EINVAL;
    if (delay == RIO_FOREVER)
        return rio_timeout_enter_at(t, RIO_FOREVER);
    return rio_timeout_enter_at(t, rio__timer_after(rio__loop, delay));
}

long rio_timeout_exit(rio_timeout *t, long rc)
{
    struct rio__task *task;
    struct private *p = private_of(t);
    unsigned left;

    if (t->state != ENTERED && t->state != EXPIRING)
        return rc; /* enter has failed */
    task = rio__task_of(t->task);
    ASSERT(task == rio__task_self());
    ASSERT(task->timeouts == t); /* scopes are left in reverse order */
    task->timeouts = p->outer;
    rio__timer_stop(task->f.loop, &p->timer);
    if (t->state == ENTERED) {
        t->state = EXITED;
        return rc;
    }
    t->state = EXPIRED;
    if (p->kept)
        left = rio__cancel_answer(task, p->mark, p->masked);
    else
        left = rio_task_uncancel(t->task);
    /* Under a mask the other requests have not been delivered: this one was ours. */
    if (rc == -ECANCELED && (left <= t->cancelling || p->masked))
        return -ETIMEDOUT;
    return rc;
}

int rio_timeout_reschedule(rio_timeout *t, int64_t when)
{
    struct rio__task *task = rio__task_self();

    if (task == NULL || t->state != ENTERED || !is_open(task, t))
        return -EINVAL;
    rio__timer_stop(task->f.loop, &private_of(t)->timer);
    return arm(t, when);
}

bool rio_timeout_expired(const rio_timeout *t)
{
    return t->state == EXPIRING || t->state == EXPIRED;
}
