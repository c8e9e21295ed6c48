/* gather.c - many futures, one wait.
 *
 * asyncio's gather returns at the first error and leaves the others running.  Here they
 * usually work on the caller's frame, so they are cancelled and waited for first;
 * RIO_DETACH asks for asyncio's way.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/task.h"

struct gather;

struct member {
    struct rio__observer observer;
    struct gather *g;
};

struct gather {
    struct rio__wait wait;
    rio_future *const *fs;
    struct member *members;
    size_t n, left;
    long first_error; /* in the order of completion */
    rio_future *failed;
    bool parked, all_errors;
};

static void wake(struct gather *g)
{
    if (!g->parked)
        return;
    g->parked = false;
    rio__task_wake(g->wait.task);
}

static void member_done(struct rio__observer *o, rio_future *f)
{
    struct gather *g = RQ_CONTAINER_OF(o, struct member, observer)->g;
    bool first = f->result < 0 && g->first_error == 0;

    g->left--;
    if (first) {
        g->first_error = f->result;
        g->failed = f;
    }
    if (g->left == 0 || (first && !g->all_errors))
        wake(g);
}

static void gather_cancel(struct rio__wait *wait)
{
    wait->cancelled = true;
    wake(RQ_CONTAINER_OF(wait, struct gather, wait));
}

RIO_AWAITS static int park(struct gather *g)
{
    int rc;

    g->parked = true;
    g->wait.cancelled = false;
    rc = await(rio__task_park(&g->wait));
    g->parked = false;
    return rc;
}

static void cancel_members(const struct gather *g)
{
    for (size_t i = 0; i < g->n; i++)
        (void)rio__cancel_request(g->fs[i], NULL, false);
}

/* Registers with every member; those that are done count at once. */
static void start(struct gather *g)
{
    g->left = g->n;
    for (size_t i = 0; i < g->n; i++) {
        struct member *m = &g->members[i];

        rio_ref(g->fs[i]);
        *m = (struct member){.observer = {.notify = member_done}, .g = g};
        rq_list_init(&m->observer.link);
        if (g->fs[i]->state == RIO__PENDING)
            rio__future_observe(g->fs[i], &m->observer);
        else
            member_done(&m->observer, g->fs[i]);
    }
}

static void finish(struct gather *g, long *results)
{
    for (size_t i = 0; i < g->n; i++) {
        rio__future_unobserve(&g->members[i].observer);
        g->fs[i]->seen = true; /* also of those that a detached gather leaves behind */
        if (results != NULL)
            results[i] =
                g->fs[i]->state == RIO__PENDING ? -EINPROGRESS : g->fs[i]->result;
        rio_unref(g->fs[i]);
    }
    free(g->members);
}

/* Returns  the error that the gather as a whole ends with, or 0 */
RIO_AWAITS static long wait_for_all(struct gather *g, unsigned flags)
{
    long rc = 0;

    while (g->left > 0) {
        int cancelled;

        if (rc == 0 && g->first_error < 0 && !g->all_errors) {
            rc = g->first_error;
            if (flags & RIO_DETACH)
                return rc;
            cancel_members(g); /* plain futures are done by that */
            continue;
        }
        cancelled = await(park(g));
        if (cancelled < 0) {
            rc = cancelled;
            g->wait.task->excused = true;
            cancel_members(g); /* again, at each request: one may have been ignored */
        }
    }
    g->wait.task->excused = false;
    return rc == 0 && !g->all_errors ? g->first_error : rc;
}

long rio_gather(rio_future *const *fs, size_t n, long *results, unsigned flags)
{
    struct rio__task *t = rio__task_self();
    struct gather g = {
        .wait = {.task = t, .cancel = gather_cancel, .what = "gather"},
        .fs = fs,
        .n = n,
        .all_errors = (flags & RIO_RETURN_ERRORS) != 0,
    };
    long rc;

    if (t == NULL)
        return -EPERM;
    if ((n > 0 && fs == NULL) || (flags & ~(RIO_RETURN_ERRORS | RIO_DETACH)) != 0)
        return -EINVAL;
    rc = rio__future_check(t, fs, n);
    if (rc < 0)
        return rc;
    if (n == 0)
        return 0;
    g.members = calloc(n, sizeof *g.members);
    if (g.members == NULL)
        return -ENOMEM;
    start(&g);
    rc = await(wait_for_all(&g, flags));
    if (rc < 0 && g.failed != NULL && rc == g.first_error)
        rio__task_adopt_msg(t, rc, g.failed->msg);
    finish(&g, results);
    return rc;
}

/* Ends what a failed start has begun. */
RIO_AWAITS static long undo(rio_task **tasks, size_t n, long rc)
{
    for (size_t i = 0; i < n; i++)
        (void)rio__cancel_request(tasks[i], NULL, false);
    for (size_t i = 0; i < n; i++) {
        RIO_IGNORE(await(rio__join_uncancelled(tasks[i])));
        tasks[i]->seen = true;
    }
    return rc;
}

long rio_gather_map(rio_fn *fn, void *base, size_t n, size_t size, long *results,
                    unsigned flags)
{
    rio_task **tasks;
    size_t made = 0;
    long rc = 0;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (fn == NULL || (flags & ~RIO_RETURN_ERRORS) != 0)
        return -EINVAL;
    if (n == 0)
        return 0;
    tasks = calloc(n, sizeof(rio_task *));
    if (tasks == NULL)
        return -ENOMEM;
    for (; made < n && rc == 0; made++) {
        tasks[made] = rio_create_task(fn, (char *)base + made * size);
        if (tasks[made] == NULL) {
            rc = -errno;
            break;
        }
    }
    if (rc == 0)
        rc = await(rio_gather(tasks, n, results, flags));
    else
        rc = await(undo(tasks, made, rc));
    for (size_t i = 0; i < made; i++)
        rio_unref(tasks[i]);
    free(tasks);
    return rc;
}
