/* wait.c - asyncio.wait: until some of many futures are done, and never longer than
 * asked.  Nobody is cancelled by it, and no error counts as seen.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rio/task.h"

struct waiting;

struct member {
    struct rio__observer observer;
    struct waiting *w;
};

struct waiting {
    struct rio__wait wait;
    struct rio__timer timer;
    enum rio_when when;
    size_t left;    /* distinct futures that are not done */
    bool satisfied; /* what `when` asks for has come */
    bool parked;
};

static void wake(struct waiting *w)
{
    if (!w->parked)
        return;
    w->parked = false;
    rio__task_wake(w->wait.task);
}

/* One future is done: is that what we wait for? */
static void count(struct waiting *w, const rio_future *f)
{
    bool failed = f->state == RIO__DONE && f->result < 0;

    w->left--;
    if (w->left == 0 || w->when == RIO_FIRST_COMPLETED ||
        (w->when == RIO_FIRST_EXCEPTION && failed))
        w->satisfied = true;
}

static void member_done(struct rio__observer *o, rio_future *f)
{
    struct waiting *w = RQ_CONTAINER_OF(o, struct member, observer)->w;

    count(w, f);
    if (w->satisfied)
        wake(w);
}

static void too_late(struct rio__timer *timer)
{
    wake(RQ_CONTAINER_OF(timer, struct waiting, timer));
}

static void wait_cancel(struct rio__wait *wait)
{
    wait->cancelled = true;
    wake(RQ_CONTAINER_OF(wait, struct waiting, wait));
}

/* Moves what stands there again to the end.  Returns  how many are distinct */
static size_t set_of(rio_future **fs, size_t n)
{
    size_t distinct = 0;

    for (size_t i = 0; i < n; i++) {
        rio_future *f = fs[i];

        if (f->marked)
            continue;
        f->marked = true;
        fs[i] = fs[distinct]; /* a repetition, or f itself */
        fs[distinct++] = f;
    }
    for (size_t i = 0; i < distinct; i++)
        fs[i]->marked = false;
    return distinct;
}

/* Moves the done ones to the front; either part stays in its order.
 * Shape    spare: room for n */
static long done_first(rio_future **fs, size_t n, rio_future **spare)
{
    size_t done = 0, pending = 0;

    for (size_t i = 0; i < n; i++) {
        if (fs[i]->state != RIO__PENDING)
            fs[done++] = fs[i];
        else
            spare[pending++] = fs[i];
    }
    if (pending > 0)
        memcpy(fs + done, spare, pending * sizeof(rio_future *));
    return (long)done;
}

static void start(struct waiting *w, struct member *members, rio_future **fs, size_t n)
{
    w->left = n;
    for (size_t i = 0; i < n; i++) {
        members[i] = (struct member){.observer = {.notify = member_done}, .w = w};
        rq_list_init(&members[i].observer.link);
        rio_ref(fs[i]);
        if (fs[i]->state == RIO__PENDING)
            rio__future_observe(fs[i], &members[i].observer);
        else
            count(w, fs[i]);
    }
}

RIO_AWAITS static int park(struct waiting *w, int64_t timeout)
{
    struct rio_loop *l = w->wait.task->f.loop;
    int rc = 0;

    if (w->satisfied)
        return 0;
    if (timeout != RIO_FOREVER)
        rc = rio__timer_start(l, &w->timer, rio__timer_after(l, timeout), too_late);
    if (rc < 0)
        return rc;
    w->parked = true;
    rc = await(rio__task_park(&w->wait));
    w->parked = false;
    rio__timer_stop(l, &w->timer);
    return rc;
}

static int check(const struct rio__task *t, rio_future **fs, size_t n,
                 enum rio_when when)
{
    if (fs == NULL || n == 0 || (unsigned)when > RIO_FIRST_EXCEPTION)
        return -EINVAL;
    return rio__future_check(t, fs, n);
}

long rio_wait(rio_future **fs, size_t n, enum rio_when when, int64_t timeout)
{
    struct rio__task *t = rio__task_self();
    struct waiting w = {
        .wait = {.task = t, .cancel = wait_cancel, .what = "wait"},
        .when = when,
    };
    struct member *members;
    rio_future **spare;
    long rc;

    if (t == NULL)
        return -EPERM;
    rc = check(t, fs, n, when);
    if (rc < 0)
        return rc;
    members = calloc(n, sizeof *members);
    spare = calloc(n, sizeof(rio_future *));
    if (members == NULL || spare == NULL) {
        rc = -ENOMEM;
        goto out;
    }
    n = set_of(fs, n);
    start(&w, members, fs, n);
    rc = await(park(&w, timeout));
    for (size_t i = 0; i < n; i++)
        rio__future_unobserve(&members[i].observer);
    if (rc == 0)
        rc = done_first(fs, n, spare);
    for (size_t i = 0; i < n; i++)
        rio_unref(fs[i]);
out:
    free(members);
    free(spare);
    return rc;
}
