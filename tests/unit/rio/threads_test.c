/* threads_test - several loops in one process, each in a thread of its own, that call
 * into each other while work runs in executors.
 *
 * What belongs to one loop is plain memory here, without a lock: under ThreadSanitizer
 * (cmake --preset tsan) the tests say that nothing of it is touched by another thread.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "rio/sanitize.h"
#include "support/child.h"
#include "support/rio_test.h"
#include "support/test.h"

enum { LOOPS = 4, ROUNDS = 20, CALLBACKS = 500, CALLERS = 6, BACKLOG = 100 };

/* ---- loops that ask each other ---- */

struct member {
    struct party *party;
    int index;
    rio_loop *loop; /* read by all, after the start */
    pthread_t thread;
    long result;
    /* Of the loop's thread alone. */
    rio_event all_came;
    long came;
    long asked;
};

struct party {
    pthread_barrier_t start, end;
    struct member members[LOOPS];
    unsigned flags;
};

/* In the loop that is asked: suspends in between, like any coroutine. */
static long answer(void *arg)
{
    struct member *m = arg;
    long before = m->asked;

    RIO_TRY(await(rio_yield()));
    m->asked = before + 1; /* one asker at a time: the one before it in the round */
    RIO_TRY(await(rio_yield()));
    return m->index;
}

/* In a thread of the asking loop's executor. */
static long ask_next(void *arg)
{
    struct member *m = arg;
    struct member *next = &m->party->members[(m->index + 1) % LOOPS];

    return rio_run_coroutine_threadsafe(next->loop, answer, next, RIO_FOREVER);
}

static long count_one(void *arg)
{
    struct member *m = arg;

    if (++m->came == (long)LOOPS * CALLBACKS)
        rio_event_set(&m->all_came);
    return 0;
}

static long send_callbacks(void *arg)
{
    struct member *m = arg;

    for (int i = 0; i < CALLBACKS; i++) {
        for (int j = 0; j < LOOPS; j++) {
            struct member *to = &m->party->members[j];

            RIO_TRY(rio_call_soon_threadsafe(to->loop, count_one, to));
        }
        if (i % 16 == 0)
            RIO_TRY(await(rio_yield()));
    }
    return 0;
}

static long ask_round_after_round(void *arg)
{
    struct member *m = arg;

    for (int i = 0; i < ROUNDS; i++)
        EXPECT_EQ(await(rio_to_thread(ask_next, m)), (m->index + 1) % LOOPS);
    return 0;
}

static long keep_busy(void *arg)
{
    rio_queue *q = arg;

    for (int i = 0; i < 200; i++) {
        int item = i;

        RIO_TRY(await(rio_queue_put(q, &item)));
        RIO_TRY(await(rio_queue_get(q, &item)));
        RIO_TRY(await(rio_yield()));
    }
    return 0;
}

RIO_AWAITS static long member_body(void *arg)
{
    struct member *m = arg;
    rio_queue *q = rio_queue_new(sizeof(int), 1);
    rio_group g;
    long rc;

    EXPECT(q != NULL);
    (void)rio_group_enter(&g);
    (void)rio_group_spawn(&g, send_callbacks, m);
    (void)rio_group_spawn(&g, ask_round_after_round, m);
    (void)rio_group_spawn(&g, keep_busy, q);
    rc = await(rio_event_wait(&m->all_came));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    rio_queue_free(q);
    return rc;
}

static long wait_at(void *arg)
{
    (void)pthread_barrier_wait(arg);
    return 0;
}

/* Nobody may leave while others still ask: the wait is in a thread, so that the loop
 * goes on answering. */
static long member_main(void *arg)
{
    struct member *m = arg;
    long rc = await(member_body(m));

    RIO_TRY(await(rio_to_thread(wait_at, &m->party->end)));
    if (rc == 0 && m->asked != ROUNDS)
        rc = loop_test_differs("asked", m->asked, ROUNDS, __FILE__, __LINE__);
    return rc;
}

static void *member_thread(void *arg)
{
    struct member *m = arg;
    rio_runner *r = rio_runner_new(m->party->flags);

    m->loop = r == NULL ? NULL : rio_runner_get_loop(r);
    (void)pthread_barrier_wait(&m->party->start);
    m->result = r == NULL ? -ENOMEM : rio_runner_run(r, member_main, m);
    (void)pthread_barrier_wait(&m->party->start); /* no loop goes before all are done */
    rio_runner_free(r);
    return NULL;
}

static void hold_party(unsigned flags)
{
    static struct party p;

    p = (struct party){.flags = flags};
    assert_int_equal(pthread_barrier_init(&p.start, NULL, LOOPS), 0);
    assert_int_equal(pthread_barrier_init(&p.end, NULL, LOOPS), 0);
    for (int i = 0; i < LOOPS; i++) {
        p.members[i].party = &p;
        p.members[i].index = i;
        assert_int_equal(
            pthread_create(&p.members[i].thread, NULL, member_thread, &p.members[i]),
            0);
    }
    for (int i = 0; i < LOOPS; i++) {
        assert_int_equal(pthread_join(p.members[i].thread, NULL), 0);
        assert_int_equal(p.members[i].result, 0);
        assert_int_equal(p.members[i].came, LOOPS * CALLBACKS);
    }
    (void)pthread_barrier_destroy(&p.start);
    (void)pthread_barrier_destroy(&p.end);
}

static void loops_in_threads_call_into_each_other(void **state)
{
    long before = loop_test_fd_count();

    (void)state;
    hold_party(loop_test_io());
    assert_int_equal(loop_test_fd_count(), before);
}

/* The watchdog looks at all of them meanwhile. */
static void they_do_so_in_debug_mode(void **state)
{
    (void)state;
    hold_party(loop_test_io() | RIO_DEBUG);
}

/* ---- many threads on one loop ---- */

struct caller {
    rio_loop *loop;
    pthread_t thread;
    atomic_long *closed; /* how many have met the closed loop */
    long made, refused, wrong;
    atomic_long *ran; /* of all callers together */
};

static long ran_once(void *arg)
{
    atomic_fetch_add((atomic_long *)arg, 1);
    return 0;
}

static void *call_until_closed(void *arg)
{
    struct caller *c = arg;
    struct timespec pause = {.tv_nsec = RIO_MS};
    int rc;

    /* Not much faster than the loop can run them: it has no way to say "wait". */
    while ((rc = rio_call_soon_threadsafe(c->loop, ran_once, c->ran)) == 0)
        if (++c->made - atomic_load(c->ran) > BACKLOG)
            (void)nanosleep(&pause, NULL);
    c->wrong += rc != -EBADF;
    atomic_fetch_add(c->closed, 1);
    return NULL;
}

static long until_some_ran(void *arg)
{
    while (atomic_load((atomic_long *)arg) < 1000)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    return 0;
}

static void start_callers(struct caller *callers, const struct caller *first,
                          void *(*fn)(void *))
{
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = *first;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, fn, &callers[i]), 0);
    }
}

/* Who comes too late is told so; no callback runs twice. */
static void a_loop_may_close_under_a_storm_of_callbacks(void **state)
{
    struct caller callers[CALLERS];
    rio_runner *r = rio_runner_new(loop_test_io());
    atomic_long closed = 0, ran = 0;
    long made = 0;

    (void)state;
    assert_non_null(r);
    start_callers(callers,
                  &(struct caller){
                      .loop = rio_runner_get_loop(r), .closed = &closed, .ran = &ran},
                  call_until_closed);
    assert_int_equal(rio_runner_run(r, until_some_ran, &ran), 0);
    assert_int_equal(rio_runner_close(r), 0);
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].wrong, 0);
        made += callers[i].made;
    }
    rio_runner_free(r);
    assert_int_equal(atomic_load(&closed), CALLERS);
    assert_true(atomic_load(&ran) <= made && atomic_load(&ran) >= 1000);
}

static long twice(void *arg)
{
    long n = *(long *)arg;

    RIO_TRY(await(rio_sleep(n % 3 * 100 * RIO_US)));
    return 2 * n;
}

/* Some of the limits strike, at any moment of the task's life. */
static void *call_coroutines(void *arg)
{
    struct caller *c = arg;

    for (long i = 0; i < 100; i++) {
        int64_t limit = i % 2 == 0 ? RIO_FOREVER : (i % 5 + 1) * 50 * RIO_US;
        long rc = rio_run_coroutine_threadsafe(c->loop, twice, &i, limit);

        if (rc == 2 * i)
            c->made++;
        else if (rc == -ETIMEDOUT && limit != RIO_FOREVER)
            c->refused++;
        else
            c->wrong++;
    }
    atomic_fetch_add(c->closed, 1);
    return NULL;
}

static long until_all_have_ended(void *arg)
{
    while (atomic_load((atomic_long *)arg) < CALLERS)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    return 0;
}

static void threads_await_coroutines_with_and_without_limits(void **state)
{
    struct caller callers[CALLERS];
    rio_runner *r = rio_runner_new(loop_test_io());
    atomic_long ended = 0;
    rio_stats stats;

    (void)state;
    assert_non_null(r);
    start_callers(callers,
                  &(struct caller){.loop = rio_runner_get_loop(r), .closed = &ended},
                  call_coroutines);
    assert_int_equal(rio_runner_run(r, until_all_have_ended, &ended), 0);
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].wrong, 0);
        assert_true(callers[i].made >= 50);
        assert_int_equal(callers[i].made + callers[i].refused, 100);
    }
    rio_loop_stats(rio_runner_get_loop(r), &stats);
    assert_int_equal(stats.tasks + stats.waiters + stats.timers + stats.handles, 0);
    rio_runner_free(r);
}

/* ---- does the sanitizer see through the switches? ---- */

static long shared_by_mistake;
static pthread_barrier_t both;

static long race(void *arg)
{
    (void)arg;
    (void)pthread_barrier_wait(&both); /* loops that follow each other do not race */
    for (int i = 0; i < 1000; i++) {
        shared_by_mistake++;
        RIO_TRY(await(rio_yield()));
    }
    return 0;
}

static void *racing_thread(void *arg)
{
    (void)arg;
    RIO_IGNORE(rio_run(race, NULL) < 0);
    return NULL;
}

static long racing_child(void)
{
    pthread_t t;

    if (pthread_barrier_init(&both, NULL, 2) != 0 ||
        pthread_create(&t, NULL, racing_thread, NULL) != 0)
        return -1;
    RIO_IGNORE(rio_run(race, NULL) < 0);
    return pthread_join(t, NULL) == 0 ? 0 : -1;
}

static void a_race_between_tasks_of_two_loops_is_found(void **state)
{
    static struct child c;

    (void)state;
#ifndef RIO_TSAN
    skip(); /* who should find it? */
#endif
    child_start(&c, racing_child);
    assert_true(child_says(&c, "WARNING: ThreadSanitizer: data race"));
    assert_true(child_says(&c, "shared_by_mistake"));
    (void)child_end(&c, 0);
}

TEST_MAIN(cmocka_unit_test(a_race_between_tasks_of_two_loops_is_found),
          cmocka_unit_test(loops_in_threads_call_into_each_other),
          cmocka_unit_test(they_do_so_in_debug_mode),
          cmocka_unit_test(a_loop_may_close_under_a_storm_of_callbacks),
          cmocka_unit_test(threads_await_coroutines_with_and_without_limits))
