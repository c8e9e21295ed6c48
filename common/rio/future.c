/* future.c - results, observers, references, done callbacks, shields.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rio/task.h"

void rio__future_init(rio_future *f, struct rio_loop *l, enum rio__future_kind kind)
{
    *f = (rio_future){.refs = 1, .kind = (uint8_t)kind, .loop = l};
    rq_list_init(&f->observers);
    l->handles++;
}

rio_future *rio_future_new(void)
{
    rio_future *f;

    if (rio__loop == NULL) {
        errno = EPERM;
        return NULL;
    }
    f = malloc(sizeof *f);
    if (f != NULL)
        rio__future_init(f, rio__loop, RIO__FUTURE);
    return f;
}

void rio__future_set_msg(rio_future *f, const char *msg)
{
    char *copy = msg == NULL ? NULL : strdup(msg);

    free(f->msg);
    f->msg = copy;
}

void rio__future_observe(rio_future *f, struct rio__observer *o)
{
    rq_list_push_back(&f->observers, &o->link);
}

void rio__future_finish(rio_future *f, enum rio__future_state state, long result)
{
    struct rq_list *link;

    ASSERT(f->state == RIO__PENDING);
    f->state = (uint8_t)state;
    f->result = result;
    while ((link = rq_list_pop_front(&f->observers)) != NULL) {
        struct rio__observer *o = RQ_LIST_ENTRY(link, struct rio__observer, link);

        o->notify(o, f);
    }
}

static int set(rio_future *f, enum rio__future_state state, long result)
{
    if (f == NULL)
        return -EINVAL;
    if (f->kind != RIO__FUTURE)
        return -ENOTSUP;
    if (f->state != RIO__PENDING)
        return -EINVAL;
    if (f->loop->closed)
        return -EBADF;
    rio_ref(f);
    rio__future_finish(f, state, result);
    rio_unref(f);
    return 0;
}

int rio_future_set_result(rio_future *f, long v)
{
    if (v < 0)
        return -EINVAL;
    return set(f, RIO__DONE, v);
}

int rio_future_set_error(rio_future *f, long err)
{
    if (err >= 0)
        return -EINVAL;
    return set(f, err == -ECANCELED ? RIO__CANCELLED : RIO__DONE, err);
}

bool rio_future_done(const rio_future *f)
{
    return f != NULL && f->state != RIO__PENDING;
}

bool rio_future_cancelled(const rio_future *f)
{
    return f != NULL && f->state == RIO__CANCELLED;
}

int rio__future_check(const struct rio__task *t, rio_future *const *fs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fs[i] == NULL || fs[i]->loop != t->f.loop)
            return -EINVAL;
        if (fs[i] == &t->f)
            return -EDEADLK;
    }
    return 0;
}

long rio__future_take(rio_future *f)
{
    f->seen = true;
    return f->result;
}

long rio_future_result(rio_future *f)
{
    if (f == NULL)
        return -EINVAL;
    return f->state == RIO__PENDING ? -EINPROGRESS : rio__future_take(f);
}

/* ---- done callbacks ---- */

struct done_callback {
    struct rio__observer observer;
    struct rio__ready ready;
    rio_future *f; /* referenced while it waits in the ready queue */
    rio_done_cb *cb;
    void *arg;
};

static void run_done_callback(struct rio__ready *r)
{
    struct done_callback *d = RQ_CONTAINER_OF(r, struct done_callback, ready);

    if (d->cb != NULL)
        d->cb(d->f, d->arg);
    rio_unref(d->f);
    free(d);
}

static void schedule_done_callback(struct rio__observer *o, rio_future *f)
{
    struct done_callback *d = RQ_CONTAINER_OF(o, struct done_callback, observer);

    rio_ref(f);
    d->ready.run = run_done_callback;
    rio__loop_ready(f->loop, &d->ready);
}

int rio_future_add_done_callback(rio_future *f, rio_done_cb *cb, void *arg)
{
    struct done_callback *d;

    if (f == NULL || cb == NULL)
        return -EINVAL;
    if (f->loop->closed)
        return -EBADF;
    d = malloc(sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    *d = (struct done_callback){.f = f, .cb = cb, .arg = arg};
    d->observer.notify = schedule_done_callback;
    if (f->state == RIO__PENDING)
        rio__future_observe(f, &d->observer);
    else
        schedule_done_callback(&d->observer, f);
    return 0;
}

/* The callback behind an observer, or NULL when it is another kind. */
static struct done_callback *as_done_callback(struct rq_list *link)
{
    struct rio__observer *o = RQ_LIST_ENTRY(link, struct rio__observer, link);

    if (o->notify != schedule_done_callback)
        return NULL;
    return RQ_CONTAINER_OF(o, struct done_callback, observer);
}

int rio_future_remove_done_callback(rio_future *f, rio_done_cb *cb, void *arg)
{
    int removed = 0;

    if (f == NULL || cb == NULL)
        return -EINVAL;
    RQ_LIST_EACH_SAFE(link, &f->observers)
    {
        struct done_callback *d = as_done_callback(link);

        if (d == NULL || d->cb != cb || d->arg != arg)
            continue;
        rq_list_remove(link);
        free(d);
        removed++;
    }
    return removed;
}

/* ---- shields ---- */

struct shield {
    rio_future f;
    struct rio__observer observer; /* of inner, while f is pending */
    rio_future *inner;
};

/* The shield ends as its inner future did.  If it was cancelled before, it does not
 * look any more, and an error of the inner one is reported when that goes unseen. */
static void inner_done(struct rio__observer *o, rio_future *inner)
{
    struct shield *s = RQ_CONTAINER_OF(o, struct shield, observer);

    if (inner->msg != NULL)
        rio__future_set_msg(&s->f, inner->msg);
    rio__future_finish(&s->f, inner->state, rio__future_take(inner));
}

rio_future *rio_shield_future(rio_future *f)
{
    struct shield *s;

    if (f == NULL || f->loop->closed) {
        errno = f == NULL ? EINVAL : EBADF;
        return NULL;
    }
    s = malloc(sizeof *s);
    if (s == NULL)
        return NULL;
    rio__future_init(&s->f, f->loop, RIO__SHIELD);
    s->inner = rio_ref(f);
    s->observer.notify = inner_done;
    rq_list_init(&s->observer.link);
    if (f->state == RIO__PENDING)
        rio__future_observe(f, &s->observer);
    else
        inner_done(&s->observer, f);
    return &s->f;
}

void rio__future_cancel(rio_future *f, const char *msg)
{
    if (f->kind == RIO__GATHER) {
        rio__gather_cancel(f, msg);
        return;
    }
    if (f->kind == RIO__SHIELD)
        rio__future_unobserve(&((struct shield *)f)->observer); /* its first member */
    if (msg != NULL)
        rio__future_set_msg(f, msg);
    rio_ref(f);
    rio__future_finish(f, RIO__CANCELLED, -ECANCELED);
    rio_unref(f);
}

/* ---- references ---- */

rio_future *rio_ref(rio_future *f)
{
    if (f != NULL)
        f->refs++;
    return f;
}

__attribute__((noinline)) static void destroy(rio_future *f)
{
    struct rio_loop *l = f->loop;
    rio_future *inner = NULL;
    struct rq_list *link;

    if (f->state == RIO__DONE && f->result < 0 && !f->seen)
        rio__report(l, "an error was never retrieved", f->result, f);
    while ((link = rq_list_pop_front(&f->observers)) != NULL) {
        struct done_callback *d = as_done_callback(link);

        ASSERT(d != NULL); /* whoever else observes a future holds a reference */
        free(d);
    }
    if (f->msg != NULL)
        free(f->msg);
    if (f->kind == RIO__TASK) {
        rio__task_free(rio__task_of(f));
    } else {
        if (f->kind == RIO__SHIELD) {
            struct shield *s = (struct shield *)f; /* its first member */

            rio__future_unobserve(&s->observer);
            inner = s->inner;
        }
        if (f->kind == RIO__GATHER)
            rio__gather_drop(f);
        free(f);
    }
    rio__loop_release_handle(l);
    if (inner != NULL)
        rio_unref(inner);
}

void rio_unref(rio_future *f)
{
    if (f == NULL)
        return;
    ASSERT(f->refs > 0);
    if (--f->refs == 0)
        destroy(f);
}
