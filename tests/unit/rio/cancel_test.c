/* cancel_test - requests are counted, delivered once, and beaten by nobody's luck.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rio/sanitize.h"
#include "support/rio_test.h"
#include "support/test.h"

static long sleep_long(void *arg)
{
    (void)arg;
    return await(rio_sleep(10 * RIO_SEC));
}

LOOP_TEST(a_sleeping_task_ends_at_once) /* CANC-01, CANC-21 */
{
    int64_t start = rio_now();
    rio_task *t = rio_create_task(sleep_long, NULL);
    rio_stats stats;

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(t));
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT_EQ(stats.timers, 0);
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_done(t) && rio_future_cancelled(t));
    EXPECT(!rio_task_cancel(t));
    EXPECT(rio_now() - start < RIO_SEC);
    rio_unref(t);
    return 0;
}

static long yield_twice(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_yield()));
    RIO_TRY(await(rio_yield()));
    return 1;
}

LOOP_TEST(a_yielding_task_is_cancelled_between_its_yields) /* CANC-02 */
{
    rio_task *t = rio_create_task(yield_twice, NULL);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

static long join_it(void *arg)
{
    return await(rio_join(arg));
}

LOOP_TEST(a_cancelled_future_cancels_its_joiner) /* CANC-03 */
{
    rio_future *f = rio_future_new();
    rio_task *t = rio_create_task(join_it, f);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(f));
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(t));
    EXPECT_EQ(rio_task_cancelling(t), 0);
    rio_unref(t);
    rio_unref(f);
    return 0;
}

LOOP_TEST(a_cancel_is_forwarded_to_the_joined_future) /* CANC-05 */
{
    rio_future *f = rio_future_new();
    rio_task *t = rio_create_task(join_it, f);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT(rio_future_cancelled(f));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    rio_unref(f);
    return 0;
}

static long catch_second(void *arg)
{
    rio_future **fs = arg;
    long rc = await(rio_join(fs[0]));

    if (rc < 0)
        return rc;
    rc = await(rio_join(fs[1]));
    return rc == -ECANCELED ? 42 : -EPROTO;
}

LOOP_TEST(a_caught_cancel_leaves_the_result) /* CANC-06 */
{
    rio_future *fs[2] = {rio_future_new(), rio_future_new()};
    rio_task *t = rio_create_task(catch_second, fs);

    EXPECT_EQ(rio_future_set_result(fs[0], 1), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join(t)), 42);
    EXPECT(!rio_future_cancelled(t));
    rio_unref(t);
    rio_unref(fs[0]);
    rio_unref(fs[1]);
    return 0;
}

static long ignore_and_wait_again(void *arg)
{
    rio_future **fs = arg;

    RIO_IGNORE(await(rio_join(fs[0])));
    return await(rio_join(fs[1]));
}

LOOP_TEST(one_request_is_delivered_once) /* CANC-07 */
{
    rio_future *fs[2] = {rio_future_new(), rio_future_new()};
    rio_task *t = rio_create_task(ignore_and_wait_again, fs);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT(!rio_future_done(fs[1]));
    EXPECT_EQ(rio_future_set_result(fs[1], 42), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 42);
    rio_unref(fs[0]);
    rio_unref(fs[1]);
    return 0;
}

static long cancel_self_and_return(void *arg)
{
    (void)arg;
    rio_task_cancel(rio_current_task());
    return 12;
}

LOOP_TEST(a_result_is_lost_to_a_request_nobody_looked_at) /* CANC-09 */
{
    rio_task *t = rio_create_task(cancel_self_and_return, NULL);

    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(t));
    rio_unref(t);
    return 0;
}

static long cancel_self_and_join(void *arg)
{
    rio_task_cancel(rio_current_task());
    return await(rio_join(arg));
}

LOOP_TEST(a_pending_request_is_forwarded_by_the_next_join) /* CANC-10 */
{
    rio_future *f = rio_future_new();
    rio_task *inner = rio_create_task(join_it, f);
    rio_task *outer;

    EXPECT_EQ(await(rio_yield()), 0);
    outer = rio_create_task(cancel_self_and_join, inner);
    EXPECT_EQ(await(rio_join_unref(outer)), -ECANCELED);
    EXPECT(rio_future_cancelled(inner));
    EXPECT(rio_future_cancelled(f));
    rio_unref(inner);
    rio_unref(f);
    return 0;
}

static long set_flag(void *arg)
{
    *(bool *)arg = true;
    return 0;
}

LOOP_TEST(a_task_cancelled_before_its_start_never_runs) /* CANC-11 */
{
    bool ran = false;
    rio_task *t = rio_create_task(set_flag, &ran);

    EXPECT(rio_task_cancel_msg(t, "not needed"));
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(!ran);
    EXPECT(strcmp(rio_task_error(t), "not needed") == 0);
    rio_unref(t);
    return 0;
}

static long turn_into_error(void *arg)
{
    return await(rio_join(arg)) == -ECANCELED ? -EIO : 0;
}

LOOP_TEST(a_cancel_can_become_another_error) /* CANC-13 */
{
    rio_task *inner = rio_create_task(sleep_long, NULL);
    rio_task *outer = rio_create_task(turn_into_error, inner);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(inner);
    EXPECT_EQ(await(rio_join_unref(outer)), -EIO);
    rio_unref(inner);
    return 0;
}

struct trace {
    rio_task *inner;
    int n;
    char seen[8];
};

static long inner_counts(void *arg)
{
    struct trace *t = arg;
    long rc = await(rio_sleep(10 * RIO_SEC));

    t->seen[t->n++] = 'i';
    return rc;
}

static long outer_counts(void *arg)
{
    struct trace *t = arg;
    long rc = await(rio_join(t->inner));

    t->seen[t->n++] = 'o';
    return rc == -ECANCELED ? 5 : rc;
}

LOOP_TEST(the_inner_task_is_told_first) /* CANC-14 */
{
    struct trace trace = {0};
    rio_task *outer;

    trace.inner = rio_create_task(inner_counts, &trace);
    outer = rio_create_task(outer_counts, &trace);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(outer);
    EXPECT_EQ(await(rio_join_unref(outer)), 5);
    EXPECT(strcmp(trace.seen, "io") == 0);
    rio_unref(trace.inner);
    return 0;
}

static long count_deliveries(void *arg)
{
    long *n = arg;

    for (int i = 0; i < 3; i++)
        if (await(rio_sleep(RIO_MS)) == -ECANCELED)
            ++*n;
    return *n;
}

LOOP_TEST(two_requests_make_one_delivery) /* CANC-17 */
{
    long n = 0;
    rio_task *t = rio_create_task(count_deliveries, &n);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(rio_task_cancelling(t), 2);
    EXPECT_EQ(await(rio_join_unref(t)), 1);
    return 0;
}

static long uncancel_once(void *arg)
{
    (void)arg;
    if (await(rio_sleep(RIO_SEC)) == -ECANCELED)
        EXPECT_EQ(rio_task_uncancel(rio_current_task()), 0);
    return await(rio_sleep(RIO_SEC));
}

LOOP_TEST(uncancel_answers_a_request) /* CANC-18 */
{
    rio_task *t = rio_create_task(uncancel_once, NULL);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(rio_task_cancelling(t), 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_task_cancelling(t), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT_EQ(rio_task_uncancel(t), 0);
    EXPECT(rio_future_cancelled(t));
    rio_unref(t);
    return 0;
}

LOOP_TEST(uncancel_withdraws_what_was_not_delivered) /* CANC-19 */
{
    rio_future *f = rio_future_new();
    rio_task *t = rio_create_task(join_it, f);

    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rio_future_set_result(f, 42), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(rio_task_uncancel(t), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 42);
    rio_unref(f);
    return 0;
}

static long cancel_it(void *arg)
{
    rio_task_cancel(arg);
    return 0;
}

LOOP_TEST(a_joiner_outlives_the_cancel_of_what_it_joins) /* CANC-22, CANC-23 */
{
    rio_task *sleeper = rio_create_task(sleep_long, NULL);

    rio_call_later(2 * RIO_MS, cancel_it, sleeper);
    EXPECT_EQ(await(rio_join(sleeper)), -ECANCELED);
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 0);
    EXPECT_EQ(await(rio_join(sleeper)), -ECANCELED);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_unref(sleeper);
    return 0;
}

/* ---- masks ---- */

static long work_under_mask(void *arg)
{
    (void)arg;
    EXPECT_EQ(rio_cancel_mask(1), 0);
    EXPECT_EQ(await(rio_sleep(3 * RIO_MS)), 0);
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 1);
    EXPECT(!rio_cancel_pending());
    EXPECT_EQ(rio_cancel_mask(0), 1);
    EXPECT(rio_cancel_pending());
    return await(rio_yield());
}

LOOP_TEST(a_mask_holds_requests_back) /* runtime.md 4.5 */
{
    rio_task *t = rio_create_task(work_under_mask, NULL);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

static long limit_under_mask(void *arg)
{
    rio_timeout limit;
    long rc;

    (void)arg;
    rio_cancel_mask(1);
    rio_timeout_enter(&limit, 2 * RIO_MS);
    rc = await(rio_sleep(RIO_SEC));
    rc = rio_timeout_exit(&limit, rc);
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT_EQ(rio_task_cancelling(rio_current_task()), 1);
    rio_cancel_mask(0);
    EXPECT_EQ(await(rio_yield()), -ECANCELED); /* the request from outside */
    EXPECT_EQ(rio_task_uncancel(rio_current_task()), 0);
    return 7;
}

LOOP_TEST(a_limit_strikes_under_a_mask)
{
    rio_task *t = rio_create_task(limit_under_mask, NULL);

    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), 7);
    return 0;
}

/* ---- operations: a result beats its cancel ---- */

struct receiver {
    int fd;
    char buf[8];
    long got, after;
};

static long receive(void *arg)
{
    struct receiver *r = arg;

    r->got = await(rio_recv(r->fd, r->buf, sizeof r->buf, 0));
    r->after = await(rio_yield());
    return 0;
}

LOOP_TEST(bytes_that_came_first_beat_the_cancel_which_stays)
{
    int fd[2], wins = 0;

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < 200; i++) {
        struct receiver r = {.fd = fd[0]};
        rio_task *t = rio_create_task(receive, &r);

        EXPECT_EQ(await(loop_test_settle()), 0);
        EXPECT_EQ(write(fd[1], "x", 1), 1);
        if (i % 2 == 0)
            EXPECT_EQ(await(rio_yield()), 0);
        rio_task_cancel(t);
        EXPECT_EQ(await(rio_join_unref(t)), 0);
        if (r.got == 1) {
            wins++;
            EXPECT_EQ(r.after, -ECANCELED);
        } else { /* then the byte is still there */
            EXPECT_EQ(r.got, -ECANCELED);
            EXPECT_EQ(recv(fd[0], r.buf, 1, MSG_DONTWAIT), 1);
        }
    }
    EXPECT(wins > 0);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

static long poll_input(void *arg)
{
    return await(rio_poll_fd(*(int *)arg, 1));
}

LOOP_TEST(no_cancel_is_lost_when_the_queue_is_full) /* CX-10 */
{
    enum { N = 3000 }; /* several times the entries of the ring */
    static rio_task *tasks[N];
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < N; i++) {
        tasks[i] = rio_create_task(poll_input, &fd[0]);
        EXPECT(tasks[i] != NULL);
    }
    EXPECT_EQ(await(loop_test_settle()), 0);
    for (int i = 0; i < N; i++)
        EXPECT(rio_task_cancel(tasks[i]));
    for (int i = 0; i < N; i++)
        EXPECT_EQ(await(rio_join_unref(tasks[i])), -ECANCELED);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

LOOP_TEST(operations_cancelled_before_they_are_submitted_end_too)
{
    enum { N = 3000 };
    static rio_task *tasks[N];
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < N; i++)
        tasks[i] = rio_create_task(poll_input, &fd[0]);
    EXPECT_EQ(await(rio_yield()), 0); /* they are queued in this turn */
    for (int i = 0; i < N; i++)
        EXPECT(rio_task_cancel(tasks[i]));
    for (int i = 0; i < N; i++)
        EXPECT_EQ(await(rio_join_unref(tasks[i])), -ECANCELED);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

/* ---- long chains ---- */

static long join_next(void *arg)
{
    rio_task **next = arg;

    return await(rio_join(*next));
}

LOOP_TEST(a_request_runs_down_a_chain_of_ten_thousand)
{
#ifdef RIO_TSAN
    enum { N = 2000 }; /* it does not know more fibers than 8,000 */
#else
    enum { N = 10000 };
#endif
    static rio_task *chain[N];

    chain[0] = rio_create_task(sleep_long, NULL);
    for (int i = 1; i < N; i++) {
        chain[i] = rio_create_task(join_next, &chain[i - 1]);
        EXPECT(chain[i] != NULL);
    }
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(chain[N - 1]);
    EXPECT_EQ(await(rio_join(chain[N - 1])), -ECANCELED);
    for (int i = 0; i < N; i++) {
        EXPECT(rio_future_cancelled(chain[i]));
        rio_unref(chain[i]);
    }
    return 0;
}

static long join_in_a_circle(void *arg)
{
    rio_task **other = arg;
    long rc = await(rio_join(*other));

    return rc == -ECANCELED ? 1 : rc;
}

/* A request must not run round for ever; and the end of the run breaks the circle. */
static long make_a_circle(void *arg)
{
    static rio_task *pair[2];

    (void)arg;
    pair[0] = rio_create_task(join_in_a_circle, &pair[1]);
    pair[1] = rio_create_task(join_in_a_circle, &pair[0]);
    RIO_TRY(await(rio_yield()));
    EXPECT(rio_task_cancel(pair[0]));
    EXPECT_EQ(rio_task_cancelling(pair[0]), 1);
    EXPECT_EQ(rio_task_cancelling(pair[1]), 1);
    rio_unref(pair[0]);
    rio_unref(pair[1]);
    return 0;
}

static void a_circle_of_joins_does_not_trap_a_request(void **state)
{
    (void)state;
    assert_int_equal(loop_test_run_leaky(make_a_circle, NULL), 0);
}

TEST_MAIN(cmocka_unit_test(a_sleeping_task_ends_at_once),
          cmocka_unit_test(a_yielding_task_is_cancelled_between_its_yields),
          cmocka_unit_test(a_cancelled_future_cancels_its_joiner),
          cmocka_unit_test(a_cancel_is_forwarded_to_the_joined_future),
          cmocka_unit_test(a_caught_cancel_leaves_the_result),
          cmocka_unit_test(one_request_is_delivered_once),
          cmocka_unit_test(a_result_is_lost_to_a_request_nobody_looked_at),
          cmocka_unit_test(a_pending_request_is_forwarded_by_the_next_join),
          cmocka_unit_test(a_task_cancelled_before_its_start_never_runs),
          cmocka_unit_test(a_cancel_can_become_another_error),
          cmocka_unit_test(the_inner_task_is_told_first),
          cmocka_unit_test(two_requests_make_one_delivery),
          cmocka_unit_test(uncancel_answers_a_request),
          cmocka_unit_test(uncancel_withdraws_what_was_not_delivered),
          cmocka_unit_test(a_joiner_outlives_the_cancel_of_what_it_joins),
          cmocka_unit_test(a_mask_holds_requests_back),
          cmocka_unit_test(a_limit_strikes_under_a_mask),
          cmocka_unit_test(bytes_that_came_first_beat_the_cancel_which_stays),
          cmocka_unit_test(no_cancel_is_lost_when_the_queue_is_full),
          cmocka_unit_test(operations_cancelled_before_they_are_submitted_end_too),
          cmocka_unit_test(a_request_runs_down_a_chain_of_ten_thousand),
          cmocka_unit_test(a_circle_of_joins_does_not_trap_a_request))
