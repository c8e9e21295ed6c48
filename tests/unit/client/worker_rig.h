/* worker_rig.h - a worker on a thread of its own, whose handlers and callbacks write
 * down what a test looks at. SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_WORKER_RIG_H
#define TEST_CLIENT_WORKER_RIG_H

#include <ringq/ringq.h>

#include <pthread.h>
#include <semaphore.h>

#include "peer.h"

struct seen {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned handled, settled, running, running_max;
    unsigned done, failed, dead, released, stale, lost_connection, made_connection;
    int last_error;
    char last_text[256];
    /* What the handlers do. */
    int outcome;    /* they return it */
    sem_t *gate;    /* they wait here, when not NULL ... */
    bool wait_lost; /* ... or until their lease is lost */
};

void seen_init(struct seen *s);
/* Waits until *count, of `s`, is at least n. */
void await_count(struct seen *s, const unsigned *count, unsigned n);
/* Options whose callbacks write to `s`. */
ringq_worker_options options_of(struct seen *s);
/* A handler; arg: a struct seen */
int handle(ringq_work *work, const ringq_job *job, void *arg);

struct running {
    pthread_t thread;
    ringq_worker *worker;
    long result;
};

void start(struct running *r, struct peer *p, struct seen *s,
           const ringq_worker_options *options, int reconnect_ms);
void start_with(struct running *r, struct peer *p, ringq_handler *handler,
                struct seen *s, const ringq_worker_options *options, int reconnect_ms);
/* With a name, and keep_leases. */
void start_keeping(struct running *r, struct peer *p, struct seen *s,
                   const ringq_worker_options *options, int reconnect_ms);
/* Waits for its end.  Returns what ringq_worker_run() returned. */
long finish(struct running *r);

/* A millisecond. */
void rig_nap(void);

#endif
