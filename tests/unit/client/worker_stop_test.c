/* worker_stop_test - the end of a worker: stop, second stop, signals.
 * SPDX-License-Identifier: MIT */
#include "worker_rig.h"

#include <signal.h>
#include <unistd.h>

#include "support/test.h"

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

TEST_MAIN(cmocka_unit_test(a_stopped_worker_finishes_what_it_has),
          cmocka_unit_test(a_job_that_comes_after_the_stop_is_given_back),
          cmocka_unit_test(an_idle_worker_stops_at_once),
          cmocka_unit_test(a_second_stop_gives_the_jobs_back),
          cmocka_unit_test(a_worker_stopped_before_it_runs_takes_nothing),
          cmocka_unit_test(sigterm_stops_and_the_old_handler_comes_back),
          cmocka_unit_test(only_one_worker_handles_the_signals))
