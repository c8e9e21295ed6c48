/* executor.c - pools of threads for what blocks; see executor.h.
 *
 * A thread is made when work comes and none is idle.  All of them end with their
 * executor: when it is shut down, at the latest with the loop, which waits for what
 * they run.
 * SPDX-License-Identifier: MIT */
#include "rio/executor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum { THREADS_DEFAULT = 16, THREADS_MAX = 1024 };

/* ---- threads ---- */

static void *thread_main(void *arg)
{
    rio_executor *e = arg;

    (void)pthread_mutex_lock(&e->lock);
    for (;;) {
        struct rq_list *link = rq_list_pop_front(&e->queue);

        if (link != NULL) {
            struct rio__work *w = RQ_LIST_ENTRY(link, struct rio__work, link);

            (void)pthread_mutex_unlock(&e->lock);
            w->run(w);
            (void)pthread_mutex_lock(&e->lock);
            continue;
        }
        if (e->stop)
            break;
        e->idle++;
        (void)pthread_cond_wait(&e->wanted, &e->lock);
        e->idle--;
    }
    (void)pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* Signals are for the loop's thread. */
static int add_thread(rio_executor *e)
{
    sigset_t all, old;
    int rc;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&e->threads[e->thread_count], NULL, thread_main, e);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return -rc;
    e->thread_count++;
    return 0;
}

/* ---- work ---- */

int rio__executor_submit(rio_executor *e, struct rio__work *w)
{
    int rc = 0;

    if (e->closing)
        return -ESHUTDOWN;
    (void)pthread_mutex_lock(&e->lock);
    /* Threads that were signalled but have not woken yet still count as idle. */
    if (!rq_list_empty(&e->queue) || e->idle == 0) {
        if (e->thread_count < e->thread_max)
            rc = add_thread(e);
        if (e->thread_count > 0)
            rc = 0; /* it has to wait for one of those there are */
    }
    if (rc == 0) {
        rq_list_push_back(&e->queue, &w->link);
        (void)pthread_cond_signal(&e->wanted);
    }
    (void)pthread_mutex_unlock(&e->lock);
    if (rc == 0)
        e->busy++;
    return rc;
}

bool rio__executor_withdraw(rio_executor *e, struct rio__work *w)
{
    bool queued;

    (void)pthread_mutex_lock(&e->lock);
    queued = !rq_list_empty(&w->link);
    rq_list_remove(&w->link);
    (void)pthread_mutex_unlock(&e->lock);
    if (queued)
        rio__executor_done(e);
    return queued;
}

void rio__executor_done(rio_executor *e)
{
    ASSERT(e->busy > 0);
    if (--e->busy > 0)
        return;
    while (rio__waitq_wake(&e->closers))
        continue;
}

/* ---- life ---- */

static rio_executor *new_executor(struct rio_loop *l, unsigned threads)
{
    rio_executor *e = calloc(1, sizeof *e + threads * sizeof *e->threads);

    if (e == NULL)
        return NULL;
    e->loop = l;
    e->thread_max = threads;
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_cond_init(&e->wanted, NULL);
    rq_list_init(&e->queue);
    rq_list_push_back(&l->executors, &e->link);
    return e;
}

static void stop_threads(rio_executor *e)
{
    (void)pthread_mutex_lock(&e->lock);
    e->stop = true;
    (void)pthread_cond_broadcast(&e->wanted);
    (void)pthread_mutex_unlock(&e->lock);
}

static void free_executor(rio_executor *e)
{
    ASSERT(e->busy == 0);
    stop_threads(e);
    for (unsigned i = 0; i < e->thread_count; i++)
        (void)pthread_join(e->threads[i], NULL);
    rq_list_remove(&e->link);
    (void)pthread_cond_destroy(&e->wanted);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

rio_executor *rio__executor_default(struct rio_loop *l)
{
    if (l->executor == NULL)
        l->executor = new_executor(l, THREADS_DEFAULT);
    return l->executor;
}

rio_executor *rio_executor_new(unsigned threads)
{
    if (rio__loop == NULL || threads > THREADS_MAX) {
        errno = rio__loop == NULL ? EPERM : EINVAL;
        return NULL;
    }
    return new_executor(rio__loop, threads == 0 ? THREADS_DEFAULT : threads);
}

void rio_set_default_executor(rio_executor *e)
{
    ASSERT(rio__loop != NULL);
    ASSERT(e == NULL || (e->loop == rio__loop && !e->closing));
    rio__loop->executor = e;
}

RIO_AWAITS static int wait_idle(rio_executor *e)
{
    struct rio__waiter w;
    int rc = 0;

    while (e->busy > 0 && rc == 0)
        rc = await(rio__waitq_wait(&e->closers, &w, "executor"));
    return rc;
}

int rio_executor_shutdown(rio_executor *e, int64_t timeout)
{
    rio_timeout limit = {0};
    long rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (e == NULL)
        e = rio__loop->executor;
    if (e == NULL)
        return 0; /* there is none yet */
    if (e->loop != rio__loop || e->closing)
        return -EINVAL;
    rc = rio_timeout_enter(&limit, timeout);
    if (rc < 0)
        return (int)rc;
    e->closing = true;
    if (rio__loop->executor == e)
        rio__loop->executor = NULL;
    rc = await(wait_idle(e));
    rc = rio_timeout_exit(&limit, rc);
    if (e->busy == 0) {
        free_executor(e);
        return rc == -ETIMEDOUT ? 0 : (int)rc; /* they just made it */
    }
    stop_threads(e); /* the loop frees it when it ends */
    if (rc == -ETIMEDOUT)
        rio__report(rio__loop, "an executor's functions go on after its end", rc, NULL);
    return (int)rc;
}

/* ---- the end of the loop ---- */

size_t rio__pool_busy(const struct rio_loop *l)
{
    size_t busy = 0;

    RQ_LIST_EACH(link, &l->executors)
    {
        busy += RQ_LIST_ENTRY(link, rio_executor, link)->busy;
    }
    return busy;
}

void rio__pool_close(struct rio_loop *l)
{
    RQ_LIST_EACH_SAFE(link, &l->executors)
    {
        free_executor(RQ_LIST_ENTRY(link, rio_executor, link));
    }
    l->executor = NULL;
}
