/* worker_test - the worker against a small server with faults.
 * SPDX-License-Identifier: MIT */
#include "peer.h"

#include <ringq/ringq.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

/* What a test looks at; its handlers and callbacks write it. */
struct seen {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned handled, settled, running, running_max;
    unsigned done, failed, dead, released, stale, lost_connection, made_connection;
    int last_error;
    char last_text[256];
    int outcome;    /* what the handlers return */
    sem_t *gate;    /* handlers wait here, when not NULL */
    bool wait_lost; /* ... or until their lease is lost */
    ringq_worker *worker;
};

static void seen_init(struct seen *s)
{
    *s = (struct seen){.outcome = RINGQ_WORK_DONE};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
}

static void nap(void)
{
    const struct timespec t = {.tv_nsec = 1000000};

    nanosleep(&t, NULL);
}

static int handle(ringq_work *work, const ringq_job *job, void *arg)
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
        nap();
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

/* Waits until *count >= n. */
static void await_count(struct seen *s, const unsigned *count, unsigned n)
{
    pthread_mutex_lock(&s->mutex);
    while (*count < n)
        pthread_cond_wait(&s->changed, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

static ringq_worker_options options_of(struct seen *s)
{
    return (ringq_worker_options){.size = sizeof(ringq_worker_options),
                                  .on_settled = on_settled,
                                  .on_connection = on_connection,
                                  .arg = s};
}

/* ---- a worker on a thread of its own ---- */

struct running {
    pthread_t thread;
    ringq_worker *worker;
    long result;
};

static void *run(void *arg)
{
    struct running *r = arg;

    r->result = ringq_worker_run(r->worker);
    return NULL;
}

static void start(struct running *r, struct peer *p, struct seen *s,
                  const ringq_worker_options *options, int reconnect_ms)
{
    const ringq_options connect = {.size = sizeof connect,
                                   .reconnect_ms = reconnect_ms};

    r->worker = ringq_worker_new(peer_url(p), &connect, "q", handle, s, options);
    assert_non_null(r->worker);
    s->worker = r->worker;
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

/* Returns what ringq_worker_run() returned. */
static long finish(struct running *r)
{
    pthread_join(r->thread, NULL);
    ringq_worker_free(r->worker);
    return r->result;
}

/* ---- tests ---- */

static void jobs_are_taken_worked_on_and_done(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.max_jobs = 50;
    for (int i = 0; i < 60; i++)
        peer_put(p, "body", 60000);
    start(&r, p, &s, &o, -1);
    assert_int_equal(finish(&r), 50);
    assert_int_equal(s.done, 50);
    assert_int_equal(peer_done(p), 50);
    assert_int_equal(peer_ready(p), 10);
    assert_int_equal(peer_seen(p, "DONE 1-1:1 RESULT body"), 1);
    peer_end(p);
}

static void a_done_that_is_slow_does_not_hold_up_the_next_job(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.max_jobs = 5;
    peer_answer(p, "DONE", ""); /* never */
    for (int i = 0; i < 5; i++)
        peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 5000);
    await_count(&s, &s.handled, 5); /* by one handler */
    peer_await(p, "DONE", 5);
    assert_int_equal(s.settled, 0);
    peer_answer(p, "DONE", NULL);
    peer_drop(p, PEER_OTHERS); /* what is unanswered is told again */
    assert_int_equal(finish(&r), 5);
    assert_int_equal(s.done, 5);
    assert_int_equal(peer_connections(p), 3);
    peer_end(p);
}

static void done_but_unconfirmed_jobs_are_bounded(void **state)
{
    enum { IN_HAND = 2, TELLING = 128 };
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.concurrency = IN_HAND;
    peer_answer(p, "DONE", "");
    for (int i = 0; i < 1000; i++)
        peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 5000);
    await_count(&s, &s.handled, IN_HAND + TELLING);
    peer_await(p, "DONE", IN_HAND + TELLING);
    assert_int_equal(peer_ready(p), 1000 - IN_HAND - TELLING);
    ringq_worker_stop(r.worker);
    peer_answer(p, "DONE", NULL);
    peer_drop(p, PEER_OTHERS);
    assert_int_equal(finish(&r), IN_HAND + TELLING);
    assert_int_equal(peer_done(p), IN_HAND + TELLING);
    peer_end(p);
}

static void handlers_run_side_by_side(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 4;
    o.max_jobs = 8;
    for (int i = 0; i < 8; i++)
        peer_put(p, "x", 60000);
    start(&r, p, &s, &o, -1);
    await_count(&s, &s.handled, 4);
    for (int i = 0; i < 8; i++)
        sem_post(&gate);
    assert_int_equal(finish(&r), 8);
    assert_int_equal(s.running_max, 4);
    assert_true(peer_seen(p, "GET q BLOCK 1000 COUNT 4") >= 1);
    sem_destroy(&gate);
    peer_end(p);
}

static void a_job_is_done_while_a_get_waits(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 2;
    peer_put(p, "x", 60000);
    start(&r, p, &s, &o, -1);
    await_count(&s, &s.handled, 1);
    peer_await(p, "GET q BLOCK 1000 COUNT 1", 1); /* waits for a second job */
    sem_post(&gate);
    peer_await(p, "DONE", 1);
    await_count(&s, &s.done, 1);
    assert_int_equal(peer_connections(p), 2);
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 1);
    sem_destroy(&gate);
    peer_end(p);
}

static void without_a_second_connection_the_first_carries_all(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 2;
    peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 1000);
    peer_await(p, "GET q BLOCK 1000 COUNT 1", 1);
    peer_refuse(p, true);
    sem_post(&gate);
    await_count(&s, &s.done, 1);
    assert_int_equal(peer_done(p), 1);
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 1);
    sem_destroy(&gate);
    peer_end(p);
}

static void outcomes_become_fail_dead_and_release(void **state)
{
    static const struct {
        int outcome;
        const char *words;
    } cases[] = {
        {RINGQ_WORK_RETRY, "FAIL 1-1:1 ERROR no luck"},
        {RINGQ_WORK_DEAD, "FAIL 1-1:1 ERROR no luck DEAD"},
        {RINGQ_WORK_RELEASE, "RELEASE 1-1:1"},
        {77, "FAIL 1-1:1 ERROR no luck"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer *p = peer_begin();
        struct running r;
        struct seen s;
        ringq_worker_options o;

        seen_init(&s);
        s.outcome = cases[i].outcome;
        o = options_of(&s);
        o.max_jobs = 1;
        peer_put(p, "x", 60000);
        start(&r, p, &s, &o, -1);
        assert_int_equal(finish(&r), 1);
        assert_int_equal(s.done, 0);
        assert_int_equal(s.failed + s.dead + s.released, 1);
        assert_string_equal(s.last_text, "no luck");
        assert_int_equal(peer_seen(p, cases[i].words), 1);
        peer_end(p);
    }
}

static void leases_are_held_while_handlers_work(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 2;
    o.ttr_ms = 1000;
    o.max_jobs = 2;
    peer_put(p, "x", 1000);
    peer_put(p, "y", 1000);
    start(&r, p, &s, &o, -1);
    peer_await(p, "TOUCH 1-1:1 TTR 1000", 2);
    peer_await(p, "TOUCH 1-2:1 TTR 1000", 2);
    sem_post(&gate);
    sem_post(&gate);
    assert_int_equal(finish(&r), 2);
    assert_int_equal(s.done, 2);
    sem_destroy(&gate);
    peer_end(p);
}

static void a_stale_heartbeat_asks_the_handler_to_leave(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    s.wait_lost = true;
    o = options_of(&s);
    o.max_jobs = 1;
    peer_answer(p, "TOUCH", "-STALE 1-1:1 is no longer yours\r\n");
    peer_answer(p, "DONE", "-STALE 1-1:1 is no longer yours\r\n");
    peer_put(p, "x", 300);
    start(&r, p, &s, &o, -1);
    assert_int_equal(finish(&r), 1);
    assert_int_equal(s.stale, 1);
    assert_string_equal(s.last_text, "1-1:1 is no longer yours");
    peer_end(p);
}

static void a_cancel_notice_asks_the_handler_to_leave(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    s.wait_lost = true;
    o = options_of(&s);
    o.max_jobs = 1;
    peer_answer(p, "TOUCH", "*1\r\n*3\r\n$5\r\n1-1:1\r\n:1\r\n$6\r\ncancel\r\n");
    peer_put(p, "x", 300);
    start(&r, p, &s, &o, -1);
    assert_int_equal(finish(&r), 1);
    assert_int_equal(s.done, 1);
    peer_end(p);
}

static void a_lost_taker_makes_jobs_lost_and_is_made_again(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    s.wait_lost = true;
    o = options_of(&s);
    o.concurrency = 2;
    peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 5000);
    await_count(&s, &s.handled, 1);
    peer_drop(p, PEER_ALL);
    await_count(&s, &s.stale, 1);   /* the first delivery */
    await_count(&s, &s.handled, 2); /* the second */
    assert_int_equal(s.lost_connection, 1);
    assert_int_equal(s.made_connection, 1);
    peer_drop(p, PEER_ALL); /* lets the second handler leave */
    await_count(&s, &s.stale, 2);
    ringq_worker_stop(r.worker);
    ringq_worker_stop(r.worker); /* a third delivery may be in hand */
    assert_true(finish(&r) >= 2);
    assert_int_equal(peer_done(p) + peer_ready(p), 1);
    peer_end(p);
}

static void a_lost_settler_costs_nothing(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 2;
    peer_put(p, "x", 300);
    start(&r, p, &s, &o, 5000);
    peer_await(p, "TOUCH", 1); /* over the settler: a GET waits */
    peer_drop(p, PEER_OTHERS);
    peer_await(p, "TOUCH", 3);
    sem_post(&gate);
    await_count(&s, &s.done, 1);
    assert_int_equal(s.lost_connection, 0);
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 1);
    sem_destroy(&gate);
    peer_end(p);
}

static void a_done_the_server_could_not_store_is_told_again(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.max_jobs = 1;
    peer_answer(p, "DONE", "-STORE not stored; try again\r\n");
    peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 5000);
    peer_await(p, "DONE", 3);
    peer_answer(p, "DONE", NULL);
    assert_int_equal(finish(&r), 1);
    assert_int_equal(s.done, 1);
    peer_end(p);
}

static void a_server_that_is_never_there_is_an_error(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    char text[256];

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    peer_refuse(p, true);
    start(&r, p, &s, &o, 200);
    pthread_join(r.thread, NULL);
    (void)snprintf(text, sizeof text, "%s", ringq_worker_error_text(r.worker));
    ringq_worker_free(r.worker);
    assert_int_equal(r.result, RINGQ_DISCONNECTED);
    assert_non_null(strstr(text, "cannot reach ringqd at unix:"));
    assert_int_equal(s.lost_connection, 1);
    assert_true(peer_connections(p) >= 3);
    peer_end(p);
}

static void a_job_that_cannot_be_told_of_ends_with_an_error(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    s.wait_lost = true;
    o = options_of(&s);
    peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 200);
    await_count(&s, &s.handled, 1);
    peer_refuse(p, true);
    peer_drop(p, PEER_ALL);
    assert_int_equal(finish(&r), RINGQ_DISCONNECTED);
    assert_int_equal(s.settled, 1);
    assert_int_equal(s.last_error, RINGQ_DISCONNECTED);
    peer_end(p);
}

static void a_get_that_is_refused_for_good_is_an_error(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    peer_answer(p, "GET", "-BADARG no such name\r\n");
    start(&r, p, &s, &o, 5000);
    assert_int_equal(finish(&r), RINGQ_BADARG);
    assert_int_equal(peer_seen(p, "GET"), 1);
    peer_end(p);
}

static void a_get_that_is_refused_for_now_is_repeated(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.max_jobs = 1;
    peer_answer(p, "GET", "-LOADING the log\r\n");
    peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 5000);
    peer_await(p, "GET", 3);
    peer_answer(p, "GET", NULL);
    assert_int_equal(finish(&r), 1);
    peer_end(p);
}

static void nonsense_instead_of_jobs_is_an_error(void **state)
{
    static const char *const replies[] = {"+OK\r\n", "*1\r\n:1\r\n",
                                          "*2\r\n%0\r\n%0\r\n", "?\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct peer *p = peer_begin();
        struct running r;
        struct seen s;
        ringq_worker_options o;

        seen_init(&s);
        o = options_of(&s);
        peer_answer(p, "GET", replies[i]);
        start(&r, p, &s, &o, 5000);
        assert_int_equal(finish(&r), RINGQ_PROTOCOL);
        peer_end(p);
    }
}

static void draining_ends_at_the_first_nil(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.drain = true;
    o.concurrency = 3;
    for (int i = 0; i < 20; i++)
        peer_put(p, "x", 60000);
    start(&r, p, &s, &o, -1);
    assert_int_equal(finish(&r), 20);
    assert_int_equal(peer_done(p), 20);
    peer_end(p);
}

static void draining_may_wait_for_late_jobs(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.drain = true;
    o.drain_ms = 400;
    start(&r, p, &s, &o, -1);
    peer_await(p, "GET q BLOCK", 1);
    peer_put(p, "late", 60000);
    assert_int_equal(finish(&r), 1);
    peer_end(p);
}

static void a_queue_that_is_shut_down_ends_a_drain(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.drain = true;
    o.drain_ms = 60000;
    peer_answer(p, "GET", "-SHUTDOWN q\r\n");
    start(&r, p, &s, &o, -1);
    assert_int_equal(finish(&r), 0);
    peer_end(p);
}

static void a_stopped_worker_finishes_what_it_has(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 2;
    for (int i = 0; i < 5; i++)
        peer_put(p, "x", 60000);
    start(&r, p, &s, &o, -1);
    await_count(&s, &s.handled, 2);
    ringq_worker_stop(r.worker);
    for (int i = 0; i < 5; i++)
        sem_post(&gate);
    assert_int_equal(finish(&r), 2);
    assert_int_equal(peer_done(p), 2);
    assert_int_equal(peer_ready(p), 3);
    sem_destroy(&gate);
    peer_end(p);
}

static void a_job_that_comes_after_the_stop_is_given_back(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 2;
    peer_put(p, "x", 60000);
    start(&r, p, &s, &o, -1);
    await_count(&s, &s.handled, 1);
    peer_hold(p, true);
    peer_await(p, "GET q BLOCK 1000 COUNT 1", 1);
    ringq_worker_stop(r.worker);
    peer_put(p, "y", 60000);
    peer_hold(p, false); /* the GET that waits takes it */
    peer_await(p, "RELEASE", 1);
    sem_post(&gate);
    assert_int_equal(finish(&r), 2);
    assert_int_equal(s.handled, 1);
    assert_int_equal(s.done, 1);
    assert_int_equal(s.released, 1);
    assert_int_equal(peer_ready(p), 1);
    sem_destroy(&gate);
    peer_end(p);
}

/* "one" waits at the gate; "two" looks for a while whether its lease is lost. */
static int handle_one_and_two(ringq_work *work, const ringq_job *job, void *arg)
{
    struct seen *s = arg;
    bool lost = false;

    pthread_mutex_lock(&s->mutex);
    s->handled++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
    if (strcmp(job->body, "one") == 0)
        while (sem_wait(s->gate) < 0)
            ;
    else
        for (int i = 0; i < 50 && !lost; i++, nap())
            lost = ringq_work_is_lost(work);
    return lost ? RINGQ_WORK_DEAD : RINGQ_WORK_DONE;
}

static void a_late_heartbeat_does_not_hit_the_next_job(void **state)
{
    const ringq_options connect = {.size = sizeof connect, .reconnect_ms = 5000};
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    sem_t gate;

    (void)state;
    seen_init(&s);
    sem_init(&gate, 0, 0);
    s.gate = &gate;
    o = options_of(&s);
    o.concurrency = 2;
    o.max_jobs = 2;
    peer_put(p, "one", 300);
    r.worker = ringq_worker_new(peer_url(p), &connect, "q", handle_one_and_two, &s, &o);
    assert_int_equal(pthread_create(&r.thread, NULL, run, &r), 0);
    await_count(&s, &s.handled, 1);
    peer_hold(p, true);
    peer_await(p, "GET q BLOCK 1000 COUNT 1", 1);
    peer_answer(p, "TOUCH", "-STALE it is no longer yours\r\n");
    peer_refuse(p, true);
    peer_await(p, "TOUCH", 1); /* over the taker: its answer is behind the GET */
    peer_refuse(p, false);
    sem_post(&gate);
    await_count(&s, &s.settled, 1); /* over the settler */
    peer_put(p, "two", 60000);
    peer_hold(p, false); /* the GET is answered, then STALE for the TOUCH */
    assert_int_equal(finish(&r), 2);
    assert_int_equal(s.done, 2);
    sem_destroy(&gate);
    peer_end(p);
}

static void an_idle_worker_stops_at_once(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    start(&r, p, &s, &o, -1);
    peer_await(p, "GET", 1);
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 0);
    peer_end(p);
}

static void a_second_stop_gives_the_jobs_back(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    s.wait_lost = true;
    s.outcome = RINGQ_WORK_RETRY;
    o = options_of(&s);
    o.concurrency = 2;
    peer_put(p, "x", 60000);
    peer_put(p, "y", 60000);
    start(&r, p, &s, &o, -1);
    await_count(&s, &s.handled, 2);
    ringq_worker_stop(r.worker);
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 2);
    assert_int_equal(s.released, 2);
    assert_int_equal(peer_ready(p), 2);
    peer_end(p);
}

static void a_worker_stopped_before_it_runs_takes_nothing(void **state)
{
    struct peer *p = peer_begin();
    struct seen s;
    ringq_worker_options o;
    ringq_worker *w;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.max_jobs = 1;
    peer_put(p, "x", 60000);
    w = ringq_worker_new(peer_url(p), NULL, "q", handle, &s, &o);
    ringq_worker_stop(w);
    assert_int_equal(ringq_worker_run(w), 0);
    assert_int_equal(peer_seen(p, "GET"), 0);
    assert_int_equal(ringq_worker_run(w), 1); /* and may run again */
    ringq_worker_free(w);
    peer_end(p);
}

static void ignore(int number)
{
    (void)number;
}

static void sigterm_stops_and_the_old_handler_comes_back(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    struct sigaction mine = {.sa_handler = ignore}, now;

    (void)state;
    sigaction(SIGTERM, &mine, NULL);
    seen_init(&s);
    o = options_of(&s);
    o.handle_signals = true;
    start(&r, p, &s, &o, -1);
    peer_await(p, "GET", 1);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(finish(&r), 0);
    sigaction(SIGTERM, NULL, &now);
    assert_ptr_equal(now.sa_handler, ignore);
    mine.sa_handler = SIG_DFL;
    sigaction(SIGTERM, &mine, NULL);
    peer_end(p);
}

static void only_one_worker_handles_the_signals(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;
    ringq_worker *second;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.handle_signals = true;
    start(&r, p, &s, &o, -1);
    peer_await(p, "GET", 1);
    second = ringq_worker_new(peer_url(p), NULL, "q", handle, &s, &o);
    assert_int_equal(ringq_worker_run(second), RINGQ_USAGE);
    ringq_worker_free(second);
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 0);
    peer_end(p);
}

static void bad_arguments_are_told_by_run(void **state)
{
    const ringq_worker_options bad[] = {
        {.size = 1},
        {.size = sizeof *bad, .concurrency = 1025},
        {.size = sizeof *bad, .drain_ms = -1},
    };
    ringq_worker *w;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        w = ringq_worker_new(NULL, NULL, "q", handle, NULL, &bad[i]);
        assert_int_equal(ringq_worker_run(w), RINGQ_USAGE);
        assert_string_not_equal(ringq_worker_error_text(w), "");
        ringq_worker_free(w);
    }
    w = ringq_worker_new("nonsense", NULL, "q", handle, NULL, NULL);
    assert_int_equal(ringq_worker_run(w), RINGQ_USAGE);
    ringq_worker_free(w);
    w = ringq_worker_new(NULL, NULL, NULL, handle, NULL, NULL);
    assert_int_equal(ringq_worker_run(w), RINGQ_USAGE);
    ringq_worker_free(w);
    w = ringq_worker_new(NULL, NULL, "q", NULL, NULL, NULL);
    assert_int_equal(ringq_worker_run(w), RINGQ_USAGE);
    ringq_worker_free(w);
    ringq_worker_free(NULL);
    assert_int_equal(ringq_worker_run(NULL), RINGQ_NOMEM);
}

static void many_jobs_go_through_many_handlers_while_connections_break(void **state)
{
    enum { N = 2000 };
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    o = options_of(&s);
    o.concurrency = 16;
    for (int i = 0; i < N; i++)
        peer_put(p, "x", 60000);
    start(&r, p, &s, &o, 20000);
    for (unsigned round = 1; round <= 10; round++) {
        await_count(&s, &s.settled, round * 100);
        peer_drop(p, round % 2 == 0 ? PEER_ALL : PEER_OTHERS);
    }
    await_count(&s, &s.done, N / 2);
    while (peer_done(p) < N) /* every job is done once, whatever broke */
        nap();
    ringq_worker_stop(r.worker);
    assert_true(finish(&r) >= N);
    assert_int_equal(peer_done(p), N);
    peer_end(p);
}

TEST_MAIN(cmocka_unit_test(jobs_are_taken_worked_on_and_done),
          cmocka_unit_test(a_done_that_is_slow_does_not_hold_up_the_next_job),
          cmocka_unit_test(done_but_unconfirmed_jobs_are_bounded),
          cmocka_unit_test(handlers_run_side_by_side),
          cmocka_unit_test(a_job_is_done_while_a_get_waits),
          cmocka_unit_test(without_a_second_connection_the_first_carries_all),
          cmocka_unit_test(outcomes_become_fail_dead_and_release),
          cmocka_unit_test(leases_are_held_while_handlers_work),
          cmocka_unit_test(a_stale_heartbeat_asks_the_handler_to_leave),
          cmocka_unit_test(a_cancel_notice_asks_the_handler_to_leave),
          cmocka_unit_test(a_lost_taker_makes_jobs_lost_and_is_made_again),
          cmocka_unit_test(a_lost_settler_costs_nothing),
          cmocka_unit_test(a_done_the_server_could_not_store_is_told_again),
          cmocka_unit_test(a_server_that_is_never_there_is_an_error),
          cmocka_unit_test(a_job_that_cannot_be_told_of_ends_with_an_error),
          cmocka_unit_test(a_get_that_is_refused_for_good_is_an_error),
          cmocka_unit_test(a_get_that_is_refused_for_now_is_repeated),
          cmocka_unit_test(nonsense_instead_of_jobs_is_an_error),
          cmocka_unit_test(draining_ends_at_the_first_nil),
          cmocka_unit_test(draining_may_wait_for_late_jobs),
          cmocka_unit_test(a_queue_that_is_shut_down_ends_a_drain),
          cmocka_unit_test(a_stopped_worker_finishes_what_it_has),
          cmocka_unit_test(a_job_that_comes_after_the_stop_is_given_back),
          cmocka_unit_test(a_late_heartbeat_does_not_hit_the_next_job),
          cmocka_unit_test(an_idle_worker_stops_at_once),
          cmocka_unit_test(a_second_stop_gives_the_jobs_back),
          cmocka_unit_test(a_worker_stopped_before_it_runs_takes_nothing),
          cmocka_unit_test(sigterm_stops_and_the_old_handler_comes_back),
          cmocka_unit_test(only_one_worker_handles_the_signals),
          cmocka_unit_test(bad_arguments_are_told_by_run),
          cmocka_unit_test(many_jobs_go_through_many_handlers_while_connections_break))
