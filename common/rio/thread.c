/* thread.c - one function in a thread: awaited on the spot, or as a future.
 *
 * rio_to_thread's job lies on the stack of the task that waits for it; the task returns
 * only when the loop has heard from the thread, so the thread may use it until then.
 * rio_run_in_executor's has a block of its own, with the copied argument, and outlives
 * the future that nobody wants any more.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rio/executor.h"

enum { MSG_BYTES = 256 };

struct job {
    struct rio__work work;
    struct rio__remote remote;
    rio_executor *executor;
    rio_fn *fn;
    void *arg;
    long result;
    char msg[MSG_BYTES];
};

/* In the thread.  When it has told the loop the job may be gone. */
static void run_job(struct rio__work *w)
{
    struct job *j = RQ_CONTAINER_OF(w, struct job, work);
    const char *msg;

    rio__task_thread_msg(NULL);
    j->result = j->fn(j->arg);
    msg = rio_task_error(NULL);
    (void)snprintf(j->msg, sizeof j->msg, "%s", msg == NULL ? "" : msg);
    rq_ignore(rio__loop_remote(j->executor->loop, &j->remote)); /* it waits for us */
}

static int start(struct job *j)
{
    j->work.run = run_job;
    rq_list_init(&j->work.link);
    return rio__executor_submit(j->executor, &j->work);
}

static const char *msg_of(const struct job *j)
{
    return j->result < 0 && j->msg[0] != '\0' ? j->msg : NULL;
}

/* ---- awaited ---- */

struct call {
    struct job job;
    struct rio__wait wait;
    bool ended;
};

static void call_ended(struct rio__remote *r)
{
    struct call *c = RQ_CONTAINER_OF(r, struct call, job.remote);

    c->ended = true;
    rio__executor_done(c->job.executor);
    rio__task_wake(c->wait.task);
}

/* What no thread has taken is withdrawn; else the request stays pending. */
static void call_cancel(struct rio__wait *wait)
{
    struct call *c = RQ_CONTAINER_OF(wait, struct call, wait);

    if (!rio__executor_withdraw(c->job.executor, &c->job.work))
        return;
    wait->cancelled = true;
    rio__task_wake(wait->task);
}

long rio_to_thread(rio_fn *fn, void *arg)
{
    struct rio__task *t = rio__task_self();
    struct call c = {
        .job = {.remote = {.run = call_ended}, .fn = fn, .arg = arg},
        .wait = {.task = t, .cancel = call_cancel, .what = "thread"},
    };
    int rc;

    if (t == NULL)
        return -EPERM;
    if (fn == NULL)
        return -EINVAL;
    if (rio__cancel_take(t))
        return -ECANCELED;
    c.job.executor = rio__executor_default(t->f.loop);
    if (c.job.executor == NULL)
        return -ENOMEM;
    rc = start(&c.job);
    if (rc < 0)
        return rc;
    RIO_IGNORE(await(rio__task_park_raw(&c.wait)));
    if (!c.ended) {
        rio__cancel_delivered(t);
        return -ECANCELED;
    }
    rio__task_adopt_msg(t, c.job.result, msg_of(&c.job));
    return c.job.result;
}

/* ---- as a future ---- */

struct offer {
    struct job job;
    struct rio__observer observer; /* of f, until it is done */
    rio_future *f;                 /* referenced */
    max_align_t copy[];
};

static void free_offer(struct offer *o)
{
    rio_unref(o->f);
    free(o);
}

static void offer_ended(struct rio__remote *r)
{
    struct offer *o = RQ_CONTAINER_OF(r, struct offer, job.remote);
    long result = o->job.result;

    rio__future_unobserve(&o->observer);
    rio__executor_done(o->job.executor);
    if (o->f->state == RIO__PENDING) {
        if (msg_of(&o->job) != NULL)
            rio__future_set_msg(o->f, msg_of(&o->job));
        rio__future_finish(o->f, result == -ECANCELED ? RIO__CANCELLED : RIO__DONE,
                           result);
    }
    free_offer(o);
}

/* Somebody cancelled the future, or set it by hand. */
static void offer_refused(struct rio__observer *observer, rio_future *f)
{
    struct offer *o = RQ_CONTAINER_OF(observer, struct offer, observer);

    (void)f;
    if (rio__executor_withdraw(o->job.executor, &o->job.work))
        free_offer(o);
}

static struct offer *new_offer(rio_executor *e, rio_fn *fn, const void *arg,
                               size_t copy)
{
    struct offer *o = NULL;

    if (copy <= SIZE_MAX - sizeof *o)
        o = malloc(sizeof *o + copy);
    if (o == NULL)
        return NULL;
    *o = (struct offer){.job = {.remote = {.run = offer_ended},
                                .executor = e,
                                .fn = fn,
                                .arg = (void *)(uintptr_t)arg}};
    if (copy > 0) {
        memcpy(o->copy, arg, copy);
        o->job.arg = o->copy;
    }
    o->observer.notify = offer_refused;
    o->f = rio_future_new();
    if (o->f != NULL)
        return o;
    free(o);
    return NULL;
}

rio_future *rio_run_in_executor(rio_executor *e, rio_fn *fn, const void *arg,
                                size_t copy)
{
    struct offer *o;
    int rc;

    if (rio__loop == NULL || fn == NULL || (copy > 0 && arg == NULL) ||
        (e != NULL && e->loop != rio__loop)) {
        errno = rio__loop == NULL ? EPERM : EINVAL;
        return NULL;
    }
    if (e == NULL)
        e = rio__executor_default(rio__loop);
    o = e == NULL ? NULL : new_offer(e, fn, arg, copy);
    if (o == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    rc = start(&o->job);
    if (rc < 0) {
        free_offer(o);
        errno = -rc;
        return NULL;
    }
    rio__future_observe(o->f, &o->observer);
    return rio_ref(o->f); /* beside the job's own */
}
