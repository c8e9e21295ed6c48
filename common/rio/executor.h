/* executor.h - pools of threads, from inside.
 *
 * A loop owns its executors: the default one, made at first need, and those of the
 * program.  Work is part of the caller's struct:
 *
 *     submit -> (queued) -> run() in a thread -> a remote callback -> done
 *                  |
 *                  +-> withdrawn, as long as no thread has taken it
 *
 * busy = work submitted, not withdrawn, and not done; counted by the loop's thread.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_EXECUTOR_H
#define RIO_EXECUTOR_H

#include "rio/waitq.h"

struct rio__work {
    struct rq_list link; /* in the queue, until a thread takes it */
    void (*run)(
        struct rio__work *); /* in a thread; its last act gives the struct back */
};

struct rio_executor {
    struct rio_loop *loop;
    struct rq_list link; /* in loop->executors */
    size_t busy;
    bool closing;      /* shut down: takes no new work */
    rio_waitq closers; /* wait for busy == 0 */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t wanted;
    struct rq_list queue;
    size_t idle; /* threads that wait for work */
    bool stop;   /* threads end when the queue is empty */
    unsigned thread_count, thread_max;
    pthread_t threads[];
};

/* The loop's default executor.  Returns  NULL: no memory */
rio_executor *rio__executor_default(struct rio_loop *l);
/* Errors  -ESHUTDOWN; -EAGAIN no thread can be made.  Owns  keeps w until it is done or
 * withdrawn */
RQ_MUST_CHECK int rio__executor_submit(rio_executor *e, struct rio__work *w);
/* Takes work back.  Returns  false: a thread has it */
bool rio__executor_withdraw(rio_executor *e, struct rio__work *w);
/* The loop has heard that one work has ended. */
void rio__executor_done(rio_executor *e);

#endif
