/* worker_test - jobs are taken, worked on, held and told of.
 * SPDX-License-Identifier: MIT */
#include "worker_rig.h"

#include "support/test.h"

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

/* Looks on until the job is cancelled, and a while longer, as for tidying up. */
static int handle_until_cancelled(ringq_work *work, const ringq_job *job, void *arg)
{
    struct seen *s = arg;

    (void)job;
    while (!ringq_work_cancelled(work))
        rig_nap();
    assert_true(ringq_work_is_lost(work));
    sem_wait(s->gate);
    return RINGQ_WORK_RETRY;
}

static void a_cancelled_job_is_held_until_its_handler_has_left(void **state)
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
    o.max_jobs = 1;
    peer_answer(p, "TOUCH", "*1\r\n*3\r\n$5\r\n1-1:1\r\n:1\r\n$6\r\ncancel\r\n");
    peer_put(p, "x", 300);
    start_with(&r, p, handle_until_cancelled, &s, &o, -1);
    peer_await(p, "TOUCH", 4); /* those behind the first hold the lease */
    sem_post(&gate);
    assert_int_equal(finish(&r), 1);
    assert_int_equal(peer_seen(p, "FAIL 1-1:1"), 1);
    sem_destroy(&gate);
    peer_end(p);
}

static void a_quiet_notice_stops_the_taking_until_it_is_gone(void **state)
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
    peer_answer(p, "TOUCH", "*1\r\n*3\r\n$5\r\n1-1:1\r\n:1\r\n$5\r\nquiet\r\n");
    peer_put(p, "x", 300);
    start(&r, p, &s, &o, -1);
    peer_await(p, "GET q BLOCK 1000 COUNT 1", 1); /* asked before it knew */
    peer_await(p, "TOUCH", 15);                   /* longer than that GET */
    assert_int_equal(peer_seen(p, "GET"), 2);
    peer_answer(p, "TOUCH", NULL);
    peer_await(p, "GET", 3);
    peer_answer(p, "TOUCH", "*1\r\n*3\r\n$5\r\n1-1:1\r\n:1\r\n$5\r\nquiet\r\n");
    peer_await(p, "TOUCH", peer_seen(p, "TOUCH") + 2);
    sem_post(&gate);
    await_count(&s, &s.settled, 1);
    peer_await(p, "GET q BLOCK 1000 COUNT 2", 2); /* nobody could take it back */
    ringq_worker_stop(r.worker);
    assert_int_equal(finish(&r), 1);
    sem_destroy(&gate);
    peer_end(p);
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

TEST_MAIN(cmocka_unit_test(jobs_are_taken_worked_on_and_done),
          cmocka_unit_test(a_done_that_is_slow_does_not_hold_up_the_next_job),
          cmocka_unit_test(done_but_unconfirmed_jobs_are_bounded),
          cmocka_unit_test(handlers_run_side_by_side),
          cmocka_unit_test(a_job_is_done_while_a_get_waits),
          cmocka_unit_test(outcomes_become_fail_dead_and_release),
          cmocka_unit_test(leases_are_held_while_handlers_work),
          cmocka_unit_test(a_cancel_notice_asks_the_handler_to_leave),
          cmocka_unit_test(a_cancelled_job_is_held_until_its_handler_has_left),
          cmocka_unit_test(a_quiet_notice_stops_the_taking_until_it_is_gone),
          cmocka_unit_test(draining_ends_at_the_first_nil),
          cmocka_unit_test(draining_may_wait_for_late_jobs),
          cmocka_unit_test(a_queue_that_is_shut_down_ends_a_drain),
          cmocka_unit_test(bad_arguments_are_told_by_run))
