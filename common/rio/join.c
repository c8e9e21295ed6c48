/* join.c - waiting for one future: join, shield, wait_for.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/task.h"

struct join {
    struct rio__wait wait;
    struct rio__observer observer;
};

static void joined(struct rio__observer *o, rio_future *f)
{
    (void)f;
    rio__task_wake(RQ_CONTAINER_OF(o, struct join, observer)->wait.task);
}

/* Only for a join that does not forward. */
static void join_cancel(struct rio__wait *wait)
{
    struct join *j = RQ_CONTAINER_OF(wait, struct join, wait);

    rio__future_unobserve(&j->observer);
    wait->cancelled = true;
    rio__task_wake(wait->task);
}

/* The result, with its message, for the running task. */
static long result_of(struct rio__task *t, rio_future *f)
{
    long result = rio__future_take(f);

    if (result < 0)
        rio__task_adopt_msg(t, result, f->msg);
    return result;
}

/* The caller has a reference that stays. */
RIO_AWAITS static long join(rio_future *f, bool forward)
{
    struct rio__task *t = rio__task_self();
    struct join j = {
        .wait = {.task = t, .cancel = join_cancel, .what = forward ? "join" : "shield"},
        .observer = {.notify = joined},
    };
    long rc;

    if (t == NULL)
        return -EPERM;
    if (f == NULL || f->loop != t->f.loop)
        return -EINVAL;
    if (f == &t->f)
        return -EDEADLK;
    if (f->state != RIO__PENDING)
        return result_of(t, f);
    if (forward) {
        j.wait.joins = f;
        if (rio__cancel_take(t))
            (void)rio__cancel_request(f, t->cancel_msg, false);
    }
    /* A plain future that was cancelled just now is done. */
    rc = 0;
    if (f->state == RIO__PENDING) {
        rio__future_observe(f, &j.observer);
        rc = await(rio__task_park(&j.wait));
        if (rc < 0)
            rio__future_unobserve(&j.observer);
    }
    return rc == 0 ? result_of(t, f) : rc;
}

/* The caller's own may be given up by another task meanwhile. */
RIO_AWAITS static long join_referenced(rio_future *f, bool forward)
{
    long rc;

    rio_ref(f);
    rc = await(join(f, forward));
    rio_unref(f);
    return rc;
}

long rio_join(rio_future *f)
{
    return await(join_referenced(f, true));
}

long rio_join_unref(rio_future *f)
{
    long rc = await(join(f, true));

    rio_unref(f);
    return rc;
}

long rio_shield(rio_future *f)
{
    return await(join_referenced(f, false));
}

long rio__join_uncancelled(rio_future *f)
{
    struct rio__task *t = rio__task_self();
    struct join j = {
        .wait = {.task = t, .cancel = rio__wait_ignore_cancel, .what = "join"},
        .observer = {.notify = joined},
    };

    rio_ref(f);
    if (f->state == RIO__PENDING) {
        rio__future_observe(f, &j.observer);
        RIO_IGNORE(await(rio__task_park_raw(&j.wait)));
    }
    rio_unref(f);
    return 0;
}

long rio_wait_for(rio_future *f, int64_t timeout)
{
    rio_timeout limit;
    long rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (rio_future_done(f))
        return await(rio_join(f));
    rc = rio_timeout_enter(&limit, timeout);
    if (rc < 0)
        return rc;
    rc = await(rio_join(f));
    return rio_timeout_exit(&limit, rc);
}

long rio_wait_for_call(rio_fn *fn, void *arg, int64_t timeout)
{
    rio_timeout limit;
    long rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (fn == NULL)
        return -EINVAL;
    rc = rio_timeout_enter(&limit, timeout);
    if (rc < 0)
        return rc;
    rc = fn(arg);
    return rio_timeout_exit(&limit, rc);
}

void rio_task_auto(rio_task **t)
{
    if (*t == NULL)
        return;
    rio_task_cancel(*t);
    if (rio__task_self() != NULL)
        RIO_IGNORE(await(rio__join_uncancelled(*t)));
    (*t)->seen = true;
    rio_unref(*t);
    *t = NULL;
}
