/* iter.c - the iterator protocol, and asyncio.as_completed in it.
 *
 * as_completed watches every future until it is closed, and hands out each once, in the
 * order they are done.  `left` counts those that nobody has got, `waiting` the calls
 * that stand in line for one: when all are promised, a further call is at the end.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/waitq.h"

/* ---- the protocol ---- */

int rio_next(rio_iter *it, void *out)
{
    if (rio__task_self() == NULL)
        return -EPERM;
    if (it == NULL || out == NULL)
        return -EINVAL;
    return await(it->next(it, out));
}

int rio_iter_close(rio_iter *it)
{
    return it == NULL ? 0 : await(it->close(it));
}

void rio_iter_autoclose(rio_iter **it)
{
    struct rio__task *t = rio__task_self();
    int rc = await(rio_iter_close(*it));

    *it = NULL;
    if (rc >= 0 || t == NULL)
        return;
    if (rc == -ECANCELED)
        rio__cancel_again(t); /* nobody else can tell the caller */
    else
        rio__report(t->f.loop, "closing an iterator failed", rc, &t->f);
}

/* ---- as_completed ---- */

struct completions;

struct source {
    struct rio__observer observer;
    struct rq_list done; /* in completions.done, until it is handed out */
    rio_future *f;
    struct completions *of;
};

struct completions {
    rio_iter iter;
    struct rio_loop *loop;
    struct rio__timer timer;
    bool expired;
    size_t n, left, waiting;
    struct rq_list done;
    rio_waitq waiters;
    struct source sources[];
};

static void source_done(struct rio__observer *o, rio_future *f)
{
    struct source *s = RQ_CONTAINER_OF(o, struct source, observer);

    (void)f;
    rq_list_push_back(&s->of->done, &s->done);
    (void)rio__waitq_wake(&s->of->waiters);
}

static void expire(struct rio__timer *timer)
{
    struct completions *c = RQ_CONTAINER_OF(timer, struct completions, timer);

    c->expired = true;
    for (size_t i = 0; i < c->n; i++)
        rio__future_unobserve(&c->sources[i].observer);
    while (rio__waitq_wake(&c->waiters))
        continue;
}

/* Stands in line until a future is done, or none will be.  Whoever was woken in vain
 * keeps its place at the head. */
RIO_AWAITS static int wait_in_line(struct completions *c)
{
    bool again = false;
    int rc = 0;

    c->waiting++;
    while (rc == 0 && rq_list_empty(&c->done) && !c->expired) {
        struct rio__waiter w;

        if (again)
            rc = await(rio__waitq_wait_first(&c->waiters, &w, "as_completed"));
        else
            rc = await(rio__waitq_wait(&c->waiters, &w, "as_completed"));
        again = true;
        if (rc < 0 && w.woken && !rq_list_empty(&c->done))
            (void)rio__waitq_wake(&c->waiters);
    }
    c->waiting--;
    return rc;
}

static int completions_next(rio_iter *it, void *out)
{
    struct completions *c = RQ_CONTAINER_OF(it, struct completions, iter);
    struct rq_list *link;
    int rc;

    if (c->left == c->waiting)
        return 0;
    rc = await(wait_in_line(c));
    if (rc < 0)
        return rc;
    link = rq_list_pop_front(&c->done);
    if (link == NULL)
        return -ETIMEDOUT;
    c->left--;
    *(rio_future **)out = RQ_LIST_ENTRY(link, struct source, done)->f;
    return 1;
}

static int completions_close(rio_iter *it)
{
    struct completions *c = RQ_CONTAINER_OF(it, struct completions, iter);

    if (c->waiting > 0)
        return -EBUSY;
    if (!c->loop->closed)
        rio__timer_stop(c->loop, &c->timer);
    for (size_t i = 0; i < c->n; i++) {
        rio__future_unobserve(&c->sources[i].observer);
        rio_unref(c->sources[i].f);
    }
    free(c);
    return 0;
}

/* Takes each future once. */
static void watch(struct completions *c, rio_future *const *fs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct source *s = &c->sources[c->n];

        if (fs[i]->marked)
            continue;
        fs[i]->marked = true;
        c->n++;
        *s = (struct source){
            .observer.notify = source_done, .f = rio_ref(fs[i]), .of = c};
        rq_list_init(&s->observer.link);
        rq_list_init(&s->done);
        if (s->f->state == RIO__PENDING)
            rio__future_observe(s->f, &s->observer);
        else
            rq_list_push_back(&c->done, &s->done);
    }
    for (size_t i = 0; i < c->n; i++)
        c->sources[i].f->marked = false;
    c->left = c->n;
}

static int check(rio_future *const *fs, size_t n)
{
    if (rio__loop == NULL)
        return EPERM;
    if (n > 0 && fs == NULL)
        return EINVAL;
    for (size_t i = 0; i < n; i++)
        if (fs[i] == NULL || fs[i]->loop != rio__loop)
            return EINVAL;
    if (n > (SIZE_MAX - sizeof(struct completions)) / sizeof(struct source))
        return ENOMEM;
    return 0;
}

rio_iter *rio_as_completed(rio_future *const *fs, size_t n, int64_t timeout)
{
    struct completions *c;
    int err = check(fs, n);

    if (err != 0) {
        errno = err;
        return NULL;
    }
    c = calloc(1, sizeof *c + n * sizeof c->sources[0]);
    if (c == NULL)
        return NULL;
    c->iter = (rio_iter){.next = completions_next, .close = completions_close};
    c->loop = rio__loop;
    rq_list_init(&c->done);
    if (timeout != RIO_FOREVER &&
        rio__timer_start(c->loop, &c->timer, rio__timer_after(c->loop, timeout),
                         expire) < 0) {
        free(c);
        errno = ENOMEM;
        return NULL;
    }
    watch(c, fs, n);
    return &c->iter;
}
