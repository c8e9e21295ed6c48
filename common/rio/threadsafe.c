/* threadsafe.c - a coroutine for another thread, which waits for it.
 *
 * The request is shared by the thread, the loop while it works on it, and the second
 * message that asks for the task's end: a block of its own, freed by the last of them.
 *
 *     ASKED -> RUNNING -> OVER          ASKED -> WITHDRAWN (the time was up first)
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rio/task.h"

enum { MSG_BYTES = 256 };
enum state { ASKED, WITHDRAWN, RUNNING, OVER };

struct request {
    struct rio__remote start, stop;
    struct rio__observer observer;
    rio_fn *fn;
    void *arg;
    rio_task *task; /* the loop's thread alone: referenced while it runs */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t over;
    unsigned refs;
    enum state state;
    long result;
    char msg[MSG_BYTES];
};

/* Called with the lock, which it gives back. */
static void drop(struct request *q)
{
    unsigned left = --q->refs;

    (void)pthread_mutex_unlock(&q->lock);
    if (left > 0)
        return;
    (void)pthread_cond_destroy(&q->over);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}

/* ---- in the loop ---- */

static void finish(struct request *q, long result, const char *msg)
{
    (void)pthread_mutex_lock(&q->lock);
    q->state = OVER;
    q->result = result;
    (void)snprintf(q->msg, sizeof q->msg, "%s", msg == NULL ? "" : msg);
    (void)pthread_cond_signal(&q->over);
    drop(q);
}

static void task_done(struct rio__observer *o, rio_future *f)
{
    struct request *q = RQ_CONTAINER_OF(o, struct request, observer);
    long result = rio__future_take(f);

    q->task = NULL;
    finish(q, result, f->msg);
    rio_unref(f); /* not the last: the running task has its own */
}

static void on_start(struct rio__remote *r)
{
    struct request *q = RQ_CONTAINER_OF(r, struct request, start);

    (void)pthread_mutex_lock(&q->lock);
    if (q->state == WITHDRAWN) {
        drop(q);
        return;
    }
    q->state = RUNNING;
    (void)pthread_mutex_unlock(&q->lock);
    if (rio__loop->closing) {
        finish(q, -EBADF, NULL);
        return;
    }
    q->task = rio_create_task(q->fn, q->arg);
    if (q->task == NULL)
        finish(q, -errno, NULL);
    else
        rio__future_observe(q->task, &q->observer);
}

static void on_stop(struct rio__remote *r)
{
    struct request *q = RQ_CONTAINER_OF(r, struct request, stop);

    (void)rio_task_cancel(q->task);
    (void)pthread_mutex_lock(&q->lock);
    drop(q);
}

/* ---- in the thread ---- */

static struct request *new_request(rio_fn *fn, void *arg)
{
    struct request *q = calloc(1, sizeof *q);
    pthread_condattr_t attr;

    if (q == NULL)
        return NULL;
    q->start.run = on_start;
    q->stop.run = on_stop;
    q->observer.notify = task_done;
    q->fn = fn;
    q->arg = arg;
    q->refs = 2; /* the thread's and the loop's */
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->over, &attr);
    (void)pthread_condattr_destroy(&attr);
    return q;
}

/* With the lock.  Returns  false: the time was up before the end */
static bool wait_over(struct request *q, int64_t timeout)
{
    int64_t now = rio_now();
    int64_t when = timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
    struct timespec limit = {when / RIO_SEC, when % RIO_SEC};

    while (q->state != OVER) {
        if (timeout == RIO_FOREVER)
            (void)pthread_cond_wait(&q->over, &q->lock);
        else if (pthread_cond_timedwait(&q->over, &q->lock, &limit) == ETIMEDOUT &&
                 q->state != OVER)
            return false;
    }
    return true;
}

/* With the lock: the time is up.  Returns  0: the task has been asked to end */
static int give_up(rio_loop *l, struct request *q)
{
    int rc;

    if (q->state == ASKED) {
        q->state = WITHDRAWN;
        return -ETIMEDOUT;
    }
    q->refs++;
    (void)pthread_mutex_unlock(&q->lock);
    rc = rio__loop_remote(l, &q->stop);
    (void)pthread_mutex_lock(&q->lock);
    if (rc < 0)
        q->refs--; /* the loop is closing, and ends all its tasks */
    return 0;
}

static long wait_for_request(rio_loop *l, struct request *q, int64_t timeout)
{
    bool in_time = wait_over(q, timeout);

    if (!in_time) {
        if (give_up(l, q) < 0)
            return -ETIMEDOUT;
        (void)wait_over(q, RIO_FOREVER);
        if (q->result == -ECANCELED)
            return -ETIMEDOUT;
    }
    rio__task_thread_msg(q->msg[0] == '\0' ? NULL : q->msg);
    return q->result;
}

long rio_run_coroutine_threadsafe(rio_loop *l, rio_fn *fn, void *arg, int64_t timeout)
{
    struct request *q;
    long rc;

    if (l == NULL || fn == NULL)
        return -EINVAL;
    if (pthread_equal(l->thread, pthread_self()))
        return -EDEADLK;
    q = new_request(fn, arg);
    if (q == NULL)
        return -ENOMEM;
    rc = rio__loop_remote(l, &q->start);
    (void)pthread_mutex_lock(&q->lock);
    if (rc < 0)
        q->refs--;
    else
        rc = wait_for_request(l, q, timeout < 0 ? 0 : timeout);
    drop(q);
    return rc;
}
