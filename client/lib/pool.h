/* pool.h - the handler threads of a worker: jobs go in, jobs with an outcome come out.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_POOL_H
#define LIB_POOL_H

#include <ringq/ringq.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"

#include "lib/retry.h"

enum rq_work_state {
    RQ_WORK_FREE,
    RQ_WORK_RUNNING, /* with a handler */
    RQ_WORK_WAITING, /* has an outcome; to be told to the server */
    RQ_WORK_TELLING, /* told, without an answer yet */
    RQ_WORK_ENDED    /* answered; a TOUCH still holds its address */
};

/* One job in hand.  A `ringq_work` is the handler's view of it. */
struct ringq_work {
    struct rq_list link;
    atomic_bool lost;      /* ringq_work_is_lost() */
    atomic_bool cancelled; /* ... but the lease still holds: ringq_work_cancelled() */
    /* The handler's while it runs, else the worker's. */
    ringq_job *job;
    int outcome; /* RINGQ_WORK_* */
    void *result;
    size_t result_len;
    char *error;
    /* The worker's. */
    struct ringq_worker *worker;
    enum rq_work_state state;
    bool over_settler;       /* TELLING: the connection; else over the taker */
    bool told_before;        /* an attempt to tell was lost with its connection */
    bool touching;           /* a TOUCH is unanswered */
    int64_t touch_at_ns;     /* next heartbeat */
    int64_t sent_at_ns;      /* of the unanswered TOUCH */
    int64_t held_until_ns;   /* by what the server has last answered */
    int64_t tell_at_ns;      /* WAITING: not before */
    struct rq_retry telling; /* the server could not store it */
};

struct rq_pool {
    ringq_handler *handler;
    void *arg;
    int wake_fd; /* eventfd: readable when something is finished */
    pthread_mutex_t mutex;
    pthread_cond_t ready_grew;
    struct rq_list ready, finished; /* of ringq_work; under the mutex */
    bool ending;
    pthread_t *threads;
    unsigned thread_count; /* that run */
};

/* Starts `count` threads, with all signals blocked.
 * Errors  -errno: nothing is left behind */
RQ_MUST_CHECK int rq_pool_start(struct rq_pool *p, unsigned count,
                                ringq_handler *handler, void *arg);
/* Ends and joins the threads.  Everything given has been taken. */
void rq_pool_end(struct rq_pool *p);

/* Hands a job to the next idle thread. */
void rq_pool_give(struct rq_pool *p, ringq_work *work);
/* A job with an outcome; NULL: none now, and wake_fd is quiet until there is one. */
ringq_work *rq_pool_take(struct rq_pool *p);

/* Empties a work for the next job: frees job, result and error text. */
void rq_work_clear(ringq_work *work);

#endif
