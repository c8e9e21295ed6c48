/* loop_test - callbacks, timers, turns, the exception handler, driving from outside.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

struct calls {
    int n;
    int seen[16];
};

static struct calls calls;

static long note(void *arg)
{
    calls.seen[calls.n++] = (int)(long)arg;
    return 0;
}

static uint64_t turns(void)
{
    rio_stats stats;

    rio_loop_stats(rio_get_running_loop(), &stats);
    return stats.turns;
}

LOOP_TEST(call_soon_runs_once_in_the_next_turn) /* LOOP-01 */
{
    calls = (struct calls){0};
    EXPECT(rio_call_soon(note, (void *)1) != 0);
    EXPECT(rio_call_soon(note, (void *)2) != 0);
    EXPECT_EQ(calls.n, 0);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(calls.n == 2 && calls.seen[0] == 1 && calls.seen[1] == 2);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(calls.n, 2);
    errno = 0;
    EXPECT_EQ(rio_call_soon(NULL, NULL), 0);
    EXPECT_EQ(errno, EINVAL);
    return 0;
}

static uint64_t called_in[2];

static long note_turn(void *arg)
{
    called_in[(long)arg] = turns();
    if ((long)arg == 0)
        rio_call_soon(note_turn, (void *)1);
    return 0;
}

LOOP_TEST(what_a_callback_schedules_waits_for_the_next_turn) /* LOOP-02 */
{
    EXPECT(rio_call_later(RIO_MS, note_turn, (void *)0) != 0);
    EXPECT_EQ(await(rio_sleep(5 * RIO_MS)), 0);
    EXPECT_EQ(await(loop_test_settle()), 0); /* late, both may be due at once */
    EXPECT_EQ(called_in[1], called_in[0] + 1);
    return 0;
}

LOOP_TEST(timers_fire_in_order_and_not_early) /* LOOP-03, LOOP-05, LOOP-10 */
{
    int64_t when = rio_now() + 5 * RIO_MS;

    calls = (struct calls){0};
    for (long i = 0; i < 10; i++)
        EXPECT(rio_call_at(when, note, (void *)i) != 0);
    EXPECT(rio_call_at(when - RIO_MS, note, (void *)99) != 0);
    while (calls.n < 11) {
        EXPECT(calls.n == 0 || rio_now() >= when - RIO_MS);
        EXPECT_EQ(await(rio_sleep(100 * RIO_US)), 0);
    }
    EXPECT(rio_now() >= when);
    EXPECT_EQ(calls.seen[0], 99);
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(calls.seen[i + 1], i);
    return 0;
}

LOOP_TEST(cancelled_timers_are_gone) /* LOOP-06, LOOP-07, LOOP-09 */
{
    static rio_handle h[300];
    rio_stats stats;

    calls = (struct calls){0};
    for (long i = 0; i < 300; i++) {
        h[i] = rio_call_later(RIO_SEC, note, NULL);
        EXPECT(h[i] != 0);
    }
    for (long i = 0; i < 300; i++)
        rio_handle_cancel(h[i]);
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT_EQ(stats.timers, 0);
    rio_handle_cancel(h[0]);
    rio_handle_cancel(0);
    rio_handle_cancel(UINT64_MAX);

    h[0] = rio_call_soon(note, (void *)1);
    h[1] = rio_call_soon(note, (void *)2);
    rio_handle_cancel(h[0]);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(calls.n == 1 && calls.seen[0] == 2);
    h[2] = rio_call_soon(note, (void *)3); /* takes the slot of one that has run */
    rio_handle_cancel(h[1]);
    rio_handle_cancel(h[0]);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(calls.n == 2 && calls.seen[1] == 3);
    return 0;
}

static long cancel_other(void *arg)
{
    rio_handle_cancel(*(rio_handle *)arg);
    return 0;
}

LOOP_TEST(a_callback_may_cancel_one_of_the_same_turn)
{
    rio_handle second = 0;

    calls = (struct calls){0};
    EXPECT(rio_call_soon(cancel_other, &second) != 0);
    second = rio_call_soon(note, (void *)1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(calls.n, 0);
    return 0;
}

static long turn_end_twice(void *arg)
{
    calls.seen[calls.n++] = 5;
    if (arg != NULL)
        rio_call_turn_end(turn_end_twice, NULL);
    return 0;
}

static long note_task(void *arg)
{
    return note(arg);
}

LOOP_TEST(turn_end_comes_after_the_tasks_of_the_turn)
{
    uint64_t start = turns();

    calls = (struct calls){0};
    EXPECT(rio_call_turn_end(turn_end_twice, &calls) != 0);
    EXPECT(rio_call_soon(note, (void *)2) != 0);
    rio_unref(rio_create_task(note_task, (void *)3));
    calls.seen[calls.n++] = 1;
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(turns(), start + 1);
    EXPECT_EQ(calls.n, 4); /* this turn's end, then the next turn up to here */
    EXPECT(calls.seen[0] == 1 && calls.seen[1] == 5);
    EXPECT(calls.seen[2] == 2 && calls.seen[3] == 3);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(calls.n, 5); /* the second one, at the end of that turn */
    return 0;
}

/* ---- the exception handler ---- */

struct reports {
    int n;
    long err;
    long answer;
    char what[64];
};

static long take_report(rio_loop *l, const char *what, long err, void *arg)
{
    struct reports *r = arg;

    (void)l;
    r->n++;
    r->err = err;
    (void)strncpy(r->what, what, sizeof r->what - 1);
    return r->answer;
}

static long fail_with(void *arg)
{
    return (long)arg;
}

LOOP_TEST(a_failing_callback_is_reported) /* LOOP-17, LOOP-18 */
{
    struct reports r = {0};

    rio_set_exception_handler(take_report, &r);
    rio_call_soon(fail_with, (void *)-EIO);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(r.n, 1);
    EXPECT_EQ(r.err, -EIO);
    EXPECT(strstr(r.what, "callback") != NULL);
    r.answer = -1; /* "by default, please": on stderr, and the loop lives */
    rio_call_soon(fail_with, (void *)-EIO);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(r.n, 2);
    rio_set_exception_handler(NULL, NULL);
    rio_call_soon(fail_with, (void *)-EIO);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(r.n, 2);
    return 0;
}

/* ---- fairness ---- */

static long read_byte(void *arg)
{
    char byte;

    return await(rio_recv(*(int *)arg, &byte, 1, 0));
}

static long spin(void *arg)
{
    bool *stop = arg;

    while (!*stop)
        RIO_TRY(await(rio_yield()));
    return 0;
}

LOOP_TEST(busy_tasks_do_not_starve_the_kernel) /* runtime.md 8 */
{
    int fd[2];
    bool stop = false;
    rio_task *reader, *spinners[3];
    uint64_t start;

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    reader = rio_create_task(read_byte, &fd[0]);
    for (int i = 0; i < 3; i++)
        spinners[i] = rio_create_task(spin, &stop);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(write(fd[1], "x", 1), 1);
    start = turns();
    while (!rio_future_done(reader) && turns() - start < 10)
        EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_future_done(reader));
    EXPECT_EQ(await(rio_join_unref(reader)), 1);
    stop = true;
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(spinners[i])), 0);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

static long burn(void *arg)
{
    int64_t until = rio_now() + *(int64_t *)arg;

    while (rio_now() < until)
        continue;
    return 0;
}

LOOP_TEST(a_long_ready_queue_is_cut_in_pieces)
{
    int64_t step = 10 * RIO_US;
    uint64_t start = turns();
    rio_group g;

    /* 2,000 steps of 10 us: for 20 ms nobody would ask the kernel. */
    rio_group_enter(&g);
    for (int i = 0; i < 2000; i++)
        rio_group_spawn(&g, burn, &step);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    EXPECT(turns() - start >= 10);
    return 0;
}

/* ---- one enter a turn ---- */

struct ping {
    int fd[2];
};

static long ping(void *arg)
{
    struct ping *p = arg;
    char byte = 0;

    for (int i = 0; i < 100; i++) {
        RIO_TRY(await(rio_sendall(p->fd[0], &byte, 1)));
        RIO_TRY(await(rio_recv(p->fd[1], &byte, 1, 0)));
    }
    return 0;
}

LOOP_TEST(many_operations_share_one_system_call)
{
    enum { N = 50 };
    struct ping p[N];
    rio_stats before, after;

    for (int i = 0; i < N; i++)
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p[i].fd), 0);
    rio_loop_stats(rio_get_running_loop(), &before);
    EXPECT_EQ(RIO_GATHER_ARRAY(ping, p), 0);
    rio_loop_stats(rio_get_running_loop(), &after);
    /* 10,000 operations; at least 50 in each turn. */
    EXPECT(after.enters - before.enters <= 2 * 100 + 20);
    for (int i = 0; i < N; i++) {
        close(p[i].fd[0]);
        close(p[i].fd[1]);
    }
    return 0;
}

LOOP_TEST(an_idle_loop_makes_no_system_calls)
{
    rio_stats before, after;

    rio_loop_stats(rio_get_running_loop(), &before);
    for (int i = 0; i < 1000; i++)
        EXPECT_EQ(await(rio_yield()), 0);
    rio_loop_stats(rio_get_running_loop(), &after);
    EXPECT(after.enters - before.enters <= 2);
    rio_loop_stats(rio_get_running_loop(), &before);
    EXPECT_EQ(await(rio_sleep(50 * RIO_MS)), 0);
    rio_loop_stats(rio_get_running_loop(), &after);
    EXPECT(after.turns - before.turns <= 3);
    return 0;
}

/* ---- debug ---- */

LOOP_TEST(debug_can_be_switched)
{
    EXPECT(!rio_get_debug());
    rio_set_debug(rio_get_running_loop(), true);
    EXPECT(rio_get_debug());
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_set_debug(rio_get_running_loop(), false);
    return 0;
}

static long sleep_long(void *arg)
{
    (void)arg;
    return await(rio_sleep(RIO_SEC));
}

LOOP_TEST(a_dump_names_every_task_and_its_wait) /* TASK-22 */
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    rio_task *t =
        rio_create_task_ex(sleep_long, NULL, 0, &(rio_task_opts){.name = "sleeper"});

    EXPECT(f != NULL);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_dump_tasks(f);
    (void)fclose(f);
    EXPECT(strstr(text, "main") != NULL && strstr(text, "running") != NULL);
    EXPECT(strstr(text, "sleeper") != NULL && strstr(text, "sleep, ") != NULL);
    free(text);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

/* ---- from outside ---- */

static void a_loop_can_be_driven_turn_by_turn(void **state) /* LOOP-22 */
{
    rio_runner *r = rio_runner_new(loop_test_io());

    (void)state;
    calls = (struct calls){0};
    assert_non_null(r);
    assert_null(rio_get_running_loop());
    for (int i = 0; i < 10; i++)
        assert_int_equal(rio_runner_run_once(r, 0), 0);
    assert_int_equal(rio_call_soon_threadsafe(rio_runner_get_loop(r), note, (void *)4),
                     0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(rio_runner_run_once(r, 0), 0);
    assert_int_equal(calls.n, 1);
    assert_null(rio_get_running_loop());
    rio_runner_free(r);
}

static long stop_loop(void *arg)
{
    rio_loop_stop(arg);
    return 0;
}

static void spend(int64_t ns)
{
    int64_t end = rio_now() + ns;

    while (rio_now() < end)
        ;
}

LOOP_TEST(the_time_of_a_turn_stands_until_the_next_one)
{
    EXPECT_EQ(await(rio_yield()), 0);
    int64_t before = rio_now(), first = rio_turn_time();

    EXPECT(first <= rio_now());
    spend(2 * RIO_MS);
    EXPECT_EQ(rio_turn_time(), first);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_turn_time() >= before + 2 * RIO_MS);
    return 0;
}

LOOP_TEST(the_time_of_a_turn_can_be_read_anew)
{
    int64_t first = rio_turn_time();

    spend(2 * RIO_MS);
    rio_turn_time_update();
    EXPECT(rio_turn_time() >= first + 2 * RIO_MS);
    EXPECT(rio_turn_time() <= rio_now());
    return 0;
}

static long note_turn_time(void *arg)
{
    *(int64_t *)arg = rio_turn_time();
    return 0;
}

LOOP_TEST(a_timer_rings_when_the_turn_has_its_time)
{
    int64_t when = rio_now() + 2 * RIO_MS, rang = 0;

    EXPECT(rio_call_at(when, note_turn_time, &rang) != 0);
    EXPECT_EQ(await(rio_sleep(4 * RIO_MS)), 0);
    EXPECT(rang >= when);
    return 0;
}

static void outside_a_loop_the_time_of_the_turn_is_now(void **state)
{
    int64_t first = rio_turn_time();

    (void)state;
    spend(RIO_MS);
    rio_turn_time_update();
    assert_true(rio_turn_time() >= first + RIO_MS);
}

static void run_forever_runs_until_stop(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    rio_loop *l = rio_runner_get_loop(r);

    (void)state;
    calls = (struct calls){0};
    assert_int_equal(rio_call_soon_threadsafe(l, note, NULL), 0);
    assert_int_equal(rio_call_soon_threadsafe(l, stop_loop, l), 0);
    assert_int_equal(rio_runner_run_forever(r), 0);
    assert_int_equal(calls.n, 1);
    rio_runner_free(r);
}

TEST_MAIN(cmocka_unit_test(call_soon_runs_once_in_the_next_turn),
          cmocka_unit_test(what_a_callback_schedules_waits_for_the_next_turn),
          cmocka_unit_test(timers_fire_in_order_and_not_early),
          cmocka_unit_test(cancelled_timers_are_gone),
          cmocka_unit_test(a_callback_may_cancel_one_of_the_same_turn),
          cmocka_unit_test(turn_end_comes_after_the_tasks_of_the_turn),
          cmocka_unit_test(a_failing_callback_is_reported),
          cmocka_unit_test(busy_tasks_do_not_starve_the_kernel),
          cmocka_unit_test(a_long_ready_queue_is_cut_in_pieces),
          cmocka_unit_test(many_operations_share_one_system_call),
          cmocka_unit_test(an_idle_loop_makes_no_system_calls),
          cmocka_unit_test(debug_can_be_switched),
          cmocka_unit_test(a_dump_names_every_task_and_its_wait),
          cmocka_unit_test(a_loop_can_be_driven_turn_by_turn),
          cmocka_unit_test(the_time_of_a_turn_stands_until_the_next_one),
          cmocka_unit_test(the_time_of_a_turn_can_be_read_anew),
          cmocka_unit_test(a_timer_rings_when_the_turn_has_its_time),
          cmocka_unit_test(outside_a_loop_the_time_of_the_turn_is_now),
          cmocka_unit_test(run_forever_runs_until_stop))
