/* worker_rig - a worker on a thread of its own, for tests.
 * SPDX-License-Identifier: MIT */
#include "worker_rig.h"

#include <stdio.h>
#include <time.h>

#include "support/test.h"

void seen_init(struct seen *s)
{
    *s = (struct seen){.outcome = RINGQ_WORK_DONE};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
}

void rig_nap(void)
{
    const struct timespec t = {.tv_nsec = 1000000};

    nanosleep(&t, NULL);
}

int handle(ringq_work *work, const ringq_job *job, void *arg)
{
    struct seen *s = arg;

    pthread_mutex_lock(&s->mutex);
    s->handled++;
    if (++s->running > s->running_max)
        s->running_max = s->running;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);

    while (s->gate != NULL && sem_wait(s->gate) < 0)
        ;
    while (s->wait_lost && !ringq_work_is_lost(work))
        rig_nap();
    if (s->outcome == RINGQ_WORK_DONE)
        assert_int_equal(ringq_work_result(work, job->body, job->body_len), 0);
    else
        ringq_work_error(work, "no luck");

    pthread_mutex_lock(&s->mutex);
    s->running--;
    pthread_mutex_unlock(&s->mutex);
    return s->outcome;
}

static void on_settled(void *arg, const ringq_job *job, int outcome, int error,
                       const char *text)
{
    struct seen *s = arg;

    assert_non_null(job);
    pthread_mutex_lock(&s->mutex);
    s->settled++;
    s->done += outcome == RINGQ_WORK_DONE && error == 0;
    s->failed += outcome == RINGQ_WORK_RETRY && error == 0;
    s->dead += outcome == RINGQ_WORK_DEAD && error == 0;
    s->released += outcome == RINGQ_WORK_RELEASE && error == 0;
    s->stale += error == RINGQ_STALE;
    s->last_error = error;
    (void)snprintf(s->last_text, sizeof s->last_text, "%s", text);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
}

static void on_connection(void *arg, int error, const char *text)
{
    struct seen *s = arg;

    assert_non_null(text);
    pthread_mutex_lock(&s->mutex);
    s->lost_connection += error != 0;
    s->made_connection += error == 0;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
}

void await_count(struct seen *s, const unsigned *count, unsigned n)
{
    pthread_mutex_lock(&s->mutex);
    while (*count < n)
        pthread_cond_wait(&s->changed, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

ringq_worker_options options_of(struct seen *s)
{
    return (ringq_worker_options){.size = sizeof(ringq_worker_options),
                                  .on_settled = on_settled,
                                  .on_connection = on_connection,
                                  .arg = s};
}

static void *run(void *arg)
{
    struct running *r = arg;

    r->result = ringq_worker_run(r->worker);
    return NULL;
}

static void start_as(struct running *r, struct peer *p, ringq_handler *handler,
                     struct seen *s, const ringq_worker_options *options,
                     const ringq_options *connect)
{
    r->worker = ringq_worker_new(peer_url(p), connect, "q", handler, s, options);
    assert_non_null(r->worker);
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

void start_with(struct running *r, struct peer *p, ringq_handler *handler,
                struct seen *s, const ringq_worker_options *options, int reconnect_ms)
{
    const ringq_options connect = {.size = sizeof connect,
                                   .reconnect_ms = reconnect_ms};

    start_as(r, p, handler, s, options, &connect);
}

void start_keeping(struct running *r, struct peer *p, struct seen *s,
                   const ringq_worker_options *options, int reconnect_ms)
{
    const ringq_options connect = {.size = sizeof connect,
                                   .name = "worker",
                                   .keep_leases = true,
                                   .reconnect_ms = reconnect_ms};

    start_as(r, p, handle, s, options, &connect);
}

void start(struct running *r, struct peer *p, struct seen *s,
           const ringq_worker_options *options, int reconnect_ms)
{
    start_with(r, p, handle, s, options, reconnect_ms);
}

long finish(struct running *r)
{
    pthread_join(r->thread, NULL);
    ringq_worker_free(r->worker);
    return r->result;
}
