/* gen_test - bodies with a stack of their own that run as their consumer.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

/* What a body has seen. */
struct trace {
    int cleaned;    /* how often its clean-up came to the end */
    int after;      /* whether code behind the loop ran */
    long last;      /* the error that ended it */
    rio_task *task; /* who ran it */
    rio_gen *gen;
};

RIO_AWAITS static long clean_up(struct trace *t, long rc)
{
    t->last = rc;
    for (int i = 0; i < 2; i++)
        RIO_TRY(await(rio_yield()));
    t->cleaned++;
    return rc;
}

static long yield_three(void *arg)
{
    (void)arg;
    for (int i = 123; i <= 789; i += 333) {
        RIO_TRY(await(rio_yield()));
        RIO_TRY(await(rio_gen_yield(&i)));
    }
    return 0;
}

LOOP_TEST(for_each_sees_what_the_body_yields) /* GEN-01 */
{
    rio_gen *g = rio_gen_new(yield_three, NULL, sizeof(int));
    int v, rc, n = 0, seen[3] = {0};

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    {
        EXPECT(n < 3);
        seen[n++] = v;
    }
    EXPECT_EQ(rc, 0);
    EXPECT(n == 3 && seen[0] == 123 && seen[1] == 456 && seen[2] == 789);
    return await(rio_gen_free(g));
}

static long yield_once(void *arg)
{
    return await(rio_gen_yield(arg));
}

LOOP_TEST(the_end_stays_the_end) /* GEN-02 */
{
    int one = 1, v = 0;
    rio_gen *g = rio_gen_new(yield_once, &one, sizeof(int));
    rio_iter *it = rio_gen_iter(g);

    EXPECT_EQ(await(rio_next(it, &v)), 1);
    EXPECT_EQ(v, 1);
    EXPECT_EQ(await(rio_next(it, &v)), 0);
    EXPECT_EQ(await(rio_next(it, &v)), 0);
    EXPECT_EQ(await(rio_gen_throw(g, -EIO, &v)), 0);
    EXPECT_EQ(await(rio_gen_send(g, &v, &v)), 0);
    return await(rio_gen_free(g));
}

static long return_early(void *arg)
{
    int v = 1;

    RIO_TRY(await(rio_gen_yield(&v)));
    if (arg == NULL)
        return 5;
    return await(rio_gen_yield(&v));
}

LOOP_TEST(a_body_may_return_early) /* GEN-03 */
{
    rio_gen *g = rio_gen_new(return_early, NULL, sizeof(int));
    int v, rc, n = 0;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    n++;
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(n, 1);
    return await(rio_gen_free(g));
}

/* Yields 1, then twice what it is sent, as long as something is sent. */
static long doubles(void *arg)
{
    int v = 1, in;
    long rc;

    do {
        rc = await(rio_gen_yield(&v));
        if (rc < 0)
            break;
        rc = rio_gen_received(&in, sizeof in);
        v = in * 2;
    } while (rc > 0);
    return await(clean_up(arg, rc));
}

LOOP_TEST(what_is_sent_reaches_the_body) /* GEN-05, GEN-06 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(doubles, &t, sizeof(int));
    int v = 0, hundred = 100;

    EXPECT_EQ(await(rio_gen_send(g, &hundred, &v)), -EINVAL); /* not started */
    EXPECT_EQ(await(rio_gen_send(g, NULL, &v)), 1);
    EXPECT_EQ(v, 1);
    EXPECT_EQ(await(rio_gen_send(g, &hundred, &v)), 1);
    EXPECT_EQ(v, 200);
    EXPECT_EQ(await(rio_gen_send(g, NULL, &v)), 0);
    EXPECT_EQ(t.cleaned, 1);
    return await(rio_gen_free(g));
}

static long fail_after_the_first(void *arg)
{
    int v = 1;
    long rc = await(rio_gen_yield(&v));

    if (rc == 0)
        rc = await(rio_yield());
    return await(clean_up(arg, rc < 0 ? rc : -EIO));
}

LOOP_TEST(an_error_of_the_body_comes_out_after_its_clean_up) /* GEN-07 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(fail_after_the_first, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_gen_send(g, &v, &v)), -EIO);
    EXPECT_EQ(t.cleaned, 1);
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    return await(rio_gen_free(g));
}

/* Yields 1000; catches what is thrown, waits, yields 2000. */
static long catches(void *arg)
{
    struct trace *t = arg;
    int v = 1000;

    t->last = await(rio_gen_yield(&v));
    v = 2000;
    RIO_TRY(await(rio_yield()));
    return await(rio_gen_yield(&v));
}

LOOP_TEST(a_body_may_catch_what_is_thrown_and_go_on) /* GEN-09 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(catches, &t, sizeof(int));
    int v = 0;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_gen_throw(g, -EIO, &v)), 1);
    EXPECT_EQ(v, 2000);
    EXPECT_EQ(t.last, -EIO);
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    return await(rio_gen_free(g));
}

static long catch_and_sleep(void *arg)
{
    int v = 1;
    long rc = await(rio_gen_yield(&v));

    if (rc == -EIO)
        rc = await(rio_sleep(60 * RIO_SEC));
    return await(clean_up(arg, rc));
}

static long throw_into(void *arg)
{
    struct trace *t = arg;
    int v;

    return await(rio_gen_throw(t->gen, -EIO, &v));
}

LOOP_TEST(a_cancel_of_the_consumer_reaches_a_wait_in_the_body) /* GEN-10 */
{
    struct trace t = {0};
    rio_task *consumer;
    int v;

    t.gen = rio_gen_new(catch_and_sleep, &t, sizeof(int));
    EXPECT_EQ(await(rio_next(rio_gen_iter(t.gen), &v)), 1);
    consumer = rio_create_task(throw_into, &t);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(consumer));
    EXPECT_EQ(await(rio_join_unref(consumer)), -ECANCELED);
    EXPECT_EQ(t.last, -ECANCELED);
    EXPECT_EQ(t.cleaned, 1);
    return await(rio_gen_free(t.gen));
}

static long catch_and_return(void *arg)
{
    int v = 1;
    long rc = await(rio_gen_yield(&v));

    ((struct trace *)arg)->last = rc;
    return 0;
}

LOOP_TEST(a_body_may_catch_what_is_thrown_and_end) /* GEN-11, GEN-14 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(catch_and_return, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_gen_throw(g, -EIO, &v)), 0);
    EXPECT_EQ(t.last, -EIO);
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    g = rio_gen_new(catch_and_return, &t, sizeof(int));
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), 0);
    EXPECT_EQ(t.last, -EPIPE);
    return await(rio_gen_free(g));
}

static long guarded(void *arg)
{
    struct trace *t = arg;
    int v = 1;
    long rc = await(rio_gen_yield(&v));

    if (rc == 0)
        t->after++;
    return await(clean_up(t, rc));
}

LOOP_TEST(close_waits_for_the_clean_up) /* GEN-13, GEN-17 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(guarded, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), 0);
    EXPECT(t.cleaned == 1 && t.after == 0 && t.last == -EPIPE);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), 0);
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    EXPECT_EQ(t.cleaned, 1);
    return await(rio_gen_free(g));
}

LOOP_TEST(a_body_that_never_started_does_not_run_at_all) /* GEN-17 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(guarded, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), 0);
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    g = rio_gen_new(guarded, &t, sizeof(int));
    EXPECT_EQ(await(rio_gen_throw(g, -EIO, &v)), -EIO);
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    EXPECT_EQ(t.cleaned, 0);
    return await(rio_gen_free(rio_gen_new(guarded, &t, sizeof(int))));
}

static long ignores(void *arg)
{
    struct trace *t = arg;
    int v = 1;

    for (int closes = 0; closes < 3;)
        closes += await(rio_gen_yield(&v)) == -EPIPE;
    t->cleaned++;
    return 0;
}

LOOP_TEST(a_close_may_be_ignored_but_not_the_free) /* GEN-15, GEN-25 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(ignores, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), -EBUSY);
    EXPECT_EQ(t.cleaned, 0);
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    EXPECT_EQ(t.cleaned, 1);
    return 0;
}

static long asks_itself(void *arg)
{
    struct trace *t = arg;
    int v;

    t->last = await(rio_next(rio_gen_iter(t->gen), &v));
    RIO_TRY(await(rio_sleep(RIO_MS)));
    v = 7;
    return await(rio_gen_yield(&v));
}

static long next_of(void *arg)
{
    struct trace *t = arg;
    int v;

    RIO_TRY(await(rio_next(rio_gen_iter(t->gen), &v)));
    return v;
}

LOOP_TEST(one_call_at_a_time) /* GEN-18 */
{
    struct trace t = {0};
    rio_task *first;
    int v;

    t.gen = rio_gen_new(asks_itself, &t, sizeof(int));
    first = rio_create_task(next_of, &t);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(t.last, -EBUSY);
    EXPECT_EQ(await(rio_next(rio_gen_iter(t.gen), &v)), -EBUSY);
    EXPECT_EQ(await(rio_gen_throw(t.gen, -EIO, &v)), -EBUSY);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(t.gen))), -EBUSY);
    EXPECT_EQ(await(rio_join_unref(first)), 7); /* not disturbed */
    return await(rio_gen_free(t.gen));
}

static long endless(void *arg)
{
    struct trace *t = arg;
    long rc = 0;

    for (int i = 0; rc >= 0; i++) {
        t->task = rio_current_task();
        rc = await(rio_gen_yield(&i));
    }
    return await(clean_up(t, rc));
}

static long loop_over(void *arg)
{
    struct trace *t = arg;
    rio_gen *g = rio_gen_new(endless, t, sizeof(int));
    int v, rc;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    {
        rc = await(rio_sleep(60 * RIO_SEC));
        if (rc < 0)
            break;
    }
    RIO_IGNORE(await(rio_gen_free(g)));
    return rc;
}

LOOP_TEST(cancelled_consumers_clean_up_their_generators) /* GEN-21 */
{
    struct trace a = {0}, b = {0};
    rio_task *ta = rio_create_task(loop_over, &a), *tb = rio_create_task(loop_over, &b);

    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(ta) && rio_task_cancel(tb));
    EXPECT_EQ(await(rio_join_unref(ta)), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(tb)), -ECANCELED);
    EXPECT(a.cleaned == 1 && b.cleaned == 1);
    return 0;
}

static long reported;

static long keep_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)what, (void)arg;
    reported = err;
    return 0;
}

static long leave_open(void *arg)
{
    int v;
    rio_gen *g = rio_gen_new(endless, arg, sizeof(int));

    rio_set_exception_handler(keep_report, NULL);
    return await(rio_next(rio_gen_iter(g), &v));
}

static void what_is_left_open_is_closed_with_the_loop(void **state) /* GEN-22 */
{
    struct trace t = {0};

    (void)state;
    reported = 0;
    assert_int_equal(loop_test_run_leaky(leave_open, &t), 1);
    assert_int_equal(t.cleaned, 1);
    assert_int_equal(reported, 0);
}

static long fails_to_close(void *arg)
{
    int v = 1;

    (void)arg;
    RIO_IGNORE(await(rio_gen_yield(&v)));
    RIO_TRY(await(rio_yield()));
    return -EPROTO;
}

static long leave_one_that_fails(void *arg)
{
    int v;
    rio_gen *g = rio_gen_new(fails_to_close, arg, sizeof(int));

    rio_set_exception_handler(keep_report, NULL);
    return await(rio_next(rio_gen_iter(g), &v));
}

static void a_failing_close_at_the_end_is_reported(void **state) /* GEN-23 */
{
    (void)state;
    reported = 0;
    assert_int_equal(loop_test_run_leaky(leave_one_that_fails, NULL), 1);
    assert_int_equal(reported, -EPROTO);
}

static long waits_in_its_clean_up(void *arg)
{
    struct trace *t = arg;
    rio_event never = {0};
    int v = 1;

    RIO_IGNORE(await(rio_gen_yield(&v)));
    t->last = await(rio_event_wait(&never));
    t->cleaned++;
    return t->last;
}

static long leave_one_that_waits(void *arg)
{
    int v;
    rio_gen *g = rio_gen_new(waits_in_its_clean_up, arg, sizeof(int));

    return await(rio_next(rio_gen_iter(g), &v));
}

static void a_clean_up_that_nothing_can_wake_is_cancelled_at_the_end(void **state)
{
    struct trace t = {0};

    (void)state;
    assert_int_equal(loop_test_run_leaky(leave_one_that_waits, &t), 1);
    assert_int_equal(t.cleaned, 1);
    assert_int_equal(t.last, -ECANCELED);
}

static long sleeps_long(void *arg)
{
    struct trace *t = arg;

    long rc;

    t->task = rio_current_task();
    rc = await(rio_sleep(60 * RIO_SEC));
    return await(clean_up(t, rc));
}

LOOP_TEST(the_consumers_task_and_limit_hold_in_the_body) /* GEN-26 */
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(sleeps_long, &t, sizeof(int));
    rio_timeout limit;
    long rc;
    int v;

    EXPECT_EQ(rio_timeout_enter(&limit, RIO_MS), 0);
    rc = await(rio_next(rio_gen_iter(g), &v));
    EXPECT_EQ(rio_timeout_exit(&limit, rc), -ETIMEDOUT);
    EXPECT(t.task == rio_current_task());
    EXPECT_EQ(t.cleaned, 1);
    return await(rio_gen_free(g));
}

static long five(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        RIO_TRY(await(rio_sleep(RIO_MS)));
        RIO_TRY(await(rio_gen_yield(&i)));
    }
    return 0;
}

LOOP_TEST(a_body_may_sleep_between_its_values) /* GEN-27 */
{
    rio_gen *g = rio_gen_new(five, NULL, sizeof(int));
    int v, rc, sum = 0;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    sum = sum * 10 + v;
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(sum, 1234);
    return await(rio_gen_free(g));
}

/* A body that consumes another generator, with its own limit around each step. */
static long squares(void *arg)
{
    rio_gen *g = rio_gen_new(five, NULL, sizeof(int));
    int rc, v = 0;

    (void)arg;
    for (;;) {
        rio_timeout limit;

        RIO_TRY(rio_timeout_enter(&limit, 60 * RIO_SEC));
        rc = await(rio_next(rio_gen_iter(g), &v));
        rc = (int)rio_timeout_exit(&limit, rc);
        if (rc <= 0)
            break;
        v *= v;
        rc = await(rio_gen_yield(&v));
        if (rc < 0)
            break;
    }
    RIO_IGNORE(await(rio_gen_free(g)));
    return rc;
}

LOOP_TEST(generators_nest)
{
    rio_gen *g = rio_gen_new(squares, NULL, sizeof(int));
    int v, rc, sum = 0;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    sum += v;
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(sum, 30);
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    g = rio_gen_new(squares, NULL, sizeof(int));
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    return await(rio_gen_free(g)); /* the inner one, too */
}

LOOP_TEST(tasks_may_take_turns_at_one_generator)
{
    struct trace t = {0};
    rio_task *a, *b;

    t.gen = rio_gen_new(endless, &t, sizeof(int));
    a = rio_create_task(next_of, &t);
    EXPECT_EQ(await(rio_join(a)), 0);
    EXPECT(t.task == a);
    b = rio_create_task(next_of, &t);
    EXPECT_EQ(await(rio_join(b)), 1);
    EXPECT(t.task == b);
    rio_unref(a);
    rio_unref(b);
    EXPECT_EQ(await(rio_gen_free(t.gen)), 0);
    EXPECT_EQ(t.cleaned, 1);
    return 0;
}

static long fan(void *arg)
{
    struct trace *t = arg;
    int v, rc, n = 0;
    rio_gen *g = rio_gen_new(five, NULL, sizeof(int));

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    n++;
    RIO_IGNORE(await(rio_gen_free(g)));
    t->cleaned += n;
    return rc;
}

LOOP_TEST(many_tasks_run_many_bodies_at_once)
{
    enum { TASKS = 50 };
    struct trace t[TASKS] = {{0}};

    EXPECT_EQ(await(rio_gather_map(fan, t, TASKS, sizeof t[0], NULL, 0)), 0);
    for (int i = 0; i < TASKS; i++)
        EXPECT_EQ(t[i].cleaned, 5);
    return 0;
}

LOOP_TEST(bad_arguments_are_refused)
{
    int v = 0;

    errno = 0;
    EXPECT(rio_gen_new(NULL, NULL, 1) == NULL);
    EXPECT_EQ(errno, EINVAL);
    errno = 0;
    EXPECT(rio_gen_new(five, NULL, 0) == NULL);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(await(rio_gen_yield(&v)), -EINVAL); /* not inside a body */
    EXPECT_EQ(rio_gen_received(&v, sizeof v), -EINVAL);
    EXPECT_EQ(await(rio_gen_send(NULL, NULL, &v)), -EINVAL);
    EXPECT(rio_gen_iter(NULL) == NULL);
    return await(rio_gen_free(NULL));
}

static void outside_a_loop_there_is_none(void **state)
{
    int v = 0;

    (void)state;
    errno = 0;
    assert_null(rio_gen_new(five, NULL, sizeof v));
    assert_int_equal(errno, EPERM);
    assert_int_equal(await(rio_gen_yield(&v)), -EPERM);
}

TEST_MAIN(cmocka_unit_test(for_each_sees_what_the_body_yields),
          cmocka_unit_test(the_end_stays_the_end),
          cmocka_unit_test(a_body_may_return_early),
          cmocka_unit_test(what_is_sent_reaches_the_body),
          cmocka_unit_test(an_error_of_the_body_comes_out_after_its_clean_up),
          cmocka_unit_test(a_body_may_catch_what_is_thrown_and_go_on),
          cmocka_unit_test(a_cancel_of_the_consumer_reaches_a_wait_in_the_body),
          cmocka_unit_test(a_body_may_catch_what_is_thrown_and_end),
          cmocka_unit_test(close_waits_for_the_clean_up),
          cmocka_unit_test(a_body_that_never_started_does_not_run_at_all),
          cmocka_unit_test(a_close_may_be_ignored_but_not_the_free),
          cmocka_unit_test(one_call_at_a_time),
          cmocka_unit_test(cancelled_consumers_clean_up_their_generators),
          cmocka_unit_test(what_is_left_open_is_closed_with_the_loop),
          cmocka_unit_test(a_failing_close_at_the_end_is_reported),
          cmocka_unit_test(a_clean_up_that_nothing_can_wake_is_cancelled_at_the_end),
          cmocka_unit_test(the_consumers_task_and_limit_hold_in_the_body),
          cmocka_unit_test(a_body_may_sleep_between_its_values),
          cmocka_unit_test(generators_nest),
          cmocka_unit_test(tasks_may_take_turns_at_one_generator),
          cmocka_unit_test(many_tasks_run_many_bodies_at_once),
          cmocka_unit_test(bad_arguments_are_refused),
          cmocka_unit_test(outside_a_loop_there_is_none))
