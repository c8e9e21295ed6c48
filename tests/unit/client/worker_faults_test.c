/* worker_faults_test - the worker when connections break and the server refuses.
 * SPDX-License-Identifier: MIT */
#include "worker_rig.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

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

static void kept_leases_outlive_the_taker(void **state)
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
    peer_put(p, "x", 60000);
    start_keeping(&r, p, &s, &o, 5000);
    await_count(&s, &s.handled, 1);
    peer_drop(p, PEER_ALL);
    await_count(&s, &s.made_connection, 1);
    peer_await(p, "TOUCH", 1); /* at once: is it still ours? */
    sem_post(&gate);
    await_count(&s, &s.done, 1);
    assert_int_equal(s.stale, 0);
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 1);
    assert_int_equal(peer_done(p), 1);
    sem_destroy(&gate);
    peer_end(p);
}

static void a_kept_lease_is_lost_when_nobody_hears_of_it_for_long(void **state)
{
    struct peer *p = peer_begin();
    struct running r;
    struct seen s;
    ringq_worker_options o;

    (void)state;
    seen_init(&s);
    s.wait_lost = true;
    o = options_of(&s);
    peer_put(p, "x", 300);
    start_keeping(&r, p, &s, &o, 1000);
    await_count(&s, &s.handled, 1);
    peer_refuse(p, true);
    peer_drop(p, PEER_ALL);
    ringq_worker_stop(r.worker);
    assert_true(finish(&r) < 0 || s.settled == 1); /* the handler has left */
    assert_int_equal(s.running, 0);
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
        for (int i = 0; i < 50 && !lost; i++, rig_nap())
            lost = ringq_work_is_lost(work);
    return lost ? RINGQ_WORK_DEAD : RINGQ_WORK_DONE;
}

static void a_late_heartbeat_does_not_hit_the_next_job(void **state)
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
    o.max_jobs = 2;
    peer_put(p, "one", 300);
    start_with(&r, p, handle_one_and_two, &s, &o, 5000);
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
        rig_nap();
    ringq_worker_stop(r.worker);
    assert_true(finish(&r) >= N);
    assert_int_equal(peer_done(p), N);
    peer_end(p);
}

TEST_MAIN(cmocka_unit_test(without_a_second_connection_the_first_carries_all),
          cmocka_unit_test(a_stale_heartbeat_asks_the_handler_to_leave),
          cmocka_unit_test(a_lost_taker_makes_jobs_lost_and_is_made_again),
          cmocka_unit_test(kept_leases_outlive_the_taker),
          cmocka_unit_test(a_kept_lease_is_lost_when_nobody_hears_of_it_for_long),
          cmocka_unit_test(a_lost_settler_costs_nothing),
          cmocka_unit_test(a_done_the_server_could_not_store_is_told_again),
          cmocka_unit_test(a_server_that_is_never_there_is_an_error),
          cmocka_unit_test(a_job_that_cannot_be_told_of_ends_with_an_error),
          cmocka_unit_test(a_get_that_is_refused_for_good_is_an_error),
          cmocka_unit_test(a_get_that_is_refused_for_now_is_repeated),
          cmocka_unit_test(nonsense_instead_of_jobs_is_an_error),
          cmocka_unit_test(a_late_heartbeat_does_not_hit_the_next_job),
          cmocka_unit_test(many_jobs_go_through_many_handlers_while_connections_break))
