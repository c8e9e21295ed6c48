/* gather_future.c - a gather as a future: it can be joined, shielded, cancelled, and
 * have callbacks.
 *
 * It watches its members and is done in the moment in which it can be, inside the
 * completion of a member.  What it does to its members may complete some of them at
 * once, and so come back here: meanwhile it is `busy`, and only counts.
 *
 *     left = members that are not done
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/task.h"

struct gather;

struct member {
    struct rio__observer observer;
    rio_future *f; /* referenced */
    struct gather *g;
};

struct gather {
    rio_future f;
    long *results; /* the caller's; NULL: not asked for */
    unsigned flags;
    bool busy;      /* going through the members */
    bool stopped;   /* the others were cancelled because one failed */
    bool cancelled; /* on request */
    long first_error;
    size_t left, n; /* n: 0 once the members are let go */
    struct member members[];
};

static struct gather *gather_of(rio_future *f)
{
    return RQ_CONTAINER_OF(f, struct gather, f);
}

static void count(struct gather *g, const rio_future *f)
{
    g->left--;
    if (f->result >= 0 || g->first_error < 0)
        return;
    g->first_error = f->result;
    if (f->msg != NULL && !(g->flags & RIO_RETURN_ERRORS))
        rio__future_set_msg(&g->f, f->msg);
}

static void let_go(struct gather *g, bool finished)
{
    for (size_t i = 0; i < g->n; i++) {
        rio_future *f = g->members[i].f;

        rio__future_unobserve(&g->members[i].observer);
        if (finished) {
            f->seen = true; /* also of those that a detached gather leaves behind */
            if (g->results != NULL)
                g->results[i] = f->state == RIO__PENDING ? -EINPROGRESS : f->result;
        }
        rio_unref(f);
    }
    g->n = 0;
}

static void finish(struct gather *g)
{
    long result = g->first_error;

    if (g->cancelled)
        result = -ECANCELED;
    else if (g->flags & RIO_RETURN_ERRORS)
        result = 0;
    let_go(g, true);
    rio__future_finish(&g->f, result == -ECANCELED ? RIO__CANCELLED : RIO__DONE,
                       result);
}

static void cancel_members(struct gather *g, const char *msg)
{
    g->busy = true;
    for (size_t i = 0; i < g->n; i++)
        (void)rio__cancel_request(g->members[i].f, msg, false);
    g->busy = false;
}

/* Does what follows from the count. */
static void settle(struct gather *g)
{
    bool failed = g->first_error < 0 && !(g->flags & RIO_RETURN_ERRORS);

    if (g->left > 0 && failed && !(g->flags & RIO_DETACH) && !g->stopped) {
        g->stopped = true;
        cancel_members(g, NULL);
    }
    if (g->left == 0 || (failed && (g->flags & RIO_DETACH)))
        finish(g);
}

static void member_done(struct rio__observer *o, rio_future *f)
{
    struct gather *g = RQ_CONTAINER_OF(o, struct member, observer)->g;

    count(g, f);
    if (!g->busy)
        settle(g);
}

void rio__gather_cancel(rio_future *f, const char *msg)
{
    struct gather *g = gather_of(f);

    if (g->busy)
        return; /* a member joins its own gather */
    g->cancelled = true;
    if (msg != NULL)
        rio__future_set_msg(f, msg);
    cancel_members(g, msg);
    settle(g);
}

void rio__gather_drop(rio_future *f)
{
    let_go(gather_of(f), false);
}

static int check(rio_future *const *fs, size_t n, unsigned flags)
{
    if (rio__loop == NULL)
        return EPERM;
    if ((n > 0 && fs == NULL) || (flags & ~(RIO_RETURN_ERRORS | RIO_DETACH)) != 0)
        return EINVAL;
    for (size_t i = 0; i < n; i++)
        if (fs[i] == NULL || fs[i]->loop != rio__loop)
            return EINVAL;
    if (n > (SIZE_MAX - sizeof(struct gather)) / sizeof(struct member))
        return ENOMEM;
    return 0;
}

static void watch(struct gather *g, rio_future *const *fs, size_t n)
{
    g->left = g->n = n;
    for (size_t i = 0; i < n; i++) {
        struct member *m = &g->members[i];

        *m = (struct member){
            .observer = {.notify = member_done}, .f = rio_ref(fs[i]), .g = g};
        rq_list_init(&m->observer.link);
        if (fs[i]->state == RIO__PENDING)
            rio__future_observe(fs[i], &m->observer);
        else
            count(g, fs[i]);
    }
}

rio_future *rio_gather_future(rio_future *const *fs, size_t n, long *results,
                              unsigned flags)
{
    struct gather *g;
    int err = check(fs, n, flags);

    if (err != 0) {
        errno = err;
        return NULL;
    }
    g = calloc(1, sizeof *g + n * sizeof g->members[0]);
    if (g == NULL)
        return NULL;
    rio__future_init(&g->f, rio__loop, RIO__GATHER);
    g->results = results;
    g->flags = flags;
    watch(g, fs, n);
    settle(g);
    return &g->f;
}
