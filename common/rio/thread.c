/* thread.c - rio_to_thread: a small pool of threads for what blocks.
 *
 * A job lies on the stack of the task that waits for it; the task returns only when the
 * loop has heard from the thread, so the thread may use it until then.
 *
 *     queued -> running -> (remote callback) -> awake        queued -> withdrawn
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "rio/task.h"

enum { THREADS_MAX = 16, MSG_BYTES = 256 };

struct job {
    struct rio__wait wait;
    struct rio__remote remote;
    struct rq_list link; /* in pool->queue, until a thread takes it */
    struct rio_loop *loop;
    rio_fn *fn;
    void *arg;
    long result;
    bool ended;
    char msg[MSG_BYTES];
};

struct rio__pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct rq_list queue;
    size_t idle; /* threads that wait for work */
    bool stop;
    size_t busy; /* jobs queued or running; the loop's thread alone */
    size_t thread_count;
    pthread_t threads[THREADS_MAX];
};

static void job_ended(struct rio__remote *r)
{
    struct job *j = RQ_CONTAINER_OF(r, struct job, remote);

    j->ended = true;
    j->loop->pool->busy--;
    rio__task_wake(j->wait.task);
}

static void run_job(struct job *j)
{
    const char *msg;

    rio__task_thread_msg(NULL);
    j->result = j->fn(j->arg);
    msg = rio_task_error(NULL);
    (void)snprintf(j->msg, sizeof j->msg, "%s", msg == NULL ? "" : msg);
    /* From here on the loop may let the job's memory go. */
    rq_ignore(rio__loop_remote(j->loop, &j->remote)); /* open as long as a job lives */
}

static void *thread_main(void *arg)
{
    struct rio__pool *p = arg;

    (void)pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        struct rq_list *link = rq_list_pop_front(&p->queue);

        if (link == NULL) {
            p->idle++;
            (void)pthread_cond_wait(&p->work, &p->lock);
            p->idle--;
            continue;
        }
        (void)pthread_mutex_unlock(&p->lock);
        run_job(RQ_LIST_ENTRY(link, struct job, link));
        (void)pthread_mutex_lock(&p->lock);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are for the loop's thread. */
static int add_thread(struct rio__pool *p)
{
    sigset_t all, old;
    int rc;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&p->threads[p->thread_count], NULL, thread_main, p);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return -rc;
    p->thread_count++;
    return 0;
}

static struct rio__pool *pool_of(struct rio_loop *l)
{
    struct rio__pool *p = l->pool;

    if (p != NULL)
        return p;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->work, NULL);
    rq_list_init(&p->queue);
    l->pool = p;
    return p;
}

static int enqueue(struct rio__pool *p, struct job *j)
{
    int rc = 0;

    (void)pthread_mutex_lock(&p->lock);
    /* Threads that were signalled but have not woken yet still count as idle. */
    if (!rq_list_empty(&p->queue) || p->idle == 0) {
        if (p->thread_count < THREADS_MAX)
            rc = add_thread(p);
        if (p->thread_count > 0)
            rc = 0; /* it has to wait for one of those there are */
    }
    if (rc == 0) {
        rq_list_push_back(&p->queue, &j->link);
        (void)pthread_cond_signal(&p->work);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return rc;
}

/* A job that no thread has taken is withdrawn; else the request stays pending. */
static void job_cancel(struct rio__wait *wait)
{
    struct job *j = RQ_CONTAINER_OF(wait, struct job, wait);
    struct rio__pool *p = j->loop->pool;
    bool queued;

    (void)pthread_mutex_lock(&p->lock);
    queued = !rq_list_empty(&j->link);
    rq_list_remove(&j->link);
    (void)pthread_mutex_unlock(&p->lock);
    if (!queued)
        return;
    p->busy--;
    wait->cancelled = true;
    rio__task_wake(wait->task);
}

long rio_to_thread(rio_fn *fn, void *arg)
{
    struct rio__task *t = rio__task_self();
    struct job j = {
        .wait = {.task = t, .cancel = job_cancel, .what = "thread"},
        .remote = {.run = job_ended},
        .fn = fn,
        .arg = arg,
    };
    struct rio__pool *p;
    int rc;

    if (t == NULL)
        return -EPERM;
    if (fn == NULL)
        return -EINVAL;
    if (rio__cancel_take(t))
        return -ECANCELED;
    p = pool_of(t->f.loop);
    if (p == NULL)
        return -ENOMEM;
    j.loop = t->f.loop;
    rq_list_init(&j.link);
    rc = enqueue(p, &j);
    if (rc < 0)
        return rc;
    p->busy++;
    RIO_IGNORE(await(rio__task_park_raw(&j.wait)));
    if (!j.ended) {
        rio__cancel_delivered(t);
        return -ECANCELED;
    }
    if (j.result < 0 && j.msg[0] != '\0')
        rio__task_adopt_msg(t, j.result, j.msg);
    return j.result;
}

size_t rio__pool_busy(const struct rio_loop *l)
{
    return l->pool == NULL ? 0 : l->pool->busy;
}

void rio__pool_close(struct rio_loop *l)
{
    struct rio__pool *p = l->pool;

    if (p == NULL)
        return;
    ASSERT(p->busy == 0); /* every job has a task that waits for it */
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_cond_broadcast(&p->work);
    (void)pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->thread_count; i++)
        (void)pthread_join(p->threads[i], NULL);
    (void)pthread_cond_destroy(&p->work);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
    l->pool = NULL;
}
