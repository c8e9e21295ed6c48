/* gen_test - GEN: asynchronous iterators and generators.
 * SPDX-License-Identifier: MIT */
#include "case.h"

/* What a body has seen. */
struct trace {
    int cleaned;    /* how often its clean-up came to the end */
    int after;      /* whether code behind the loop ran */
    long last;      /* the error that ended it */
    rio_task *task; /* who ran it */
    rio_gen *gen;
    struct reports *reports;
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

LOOP_TEST(test_GEN_01)
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

LOOP_TEST(test_GEN_02)
{
    int one = 1, v = 0;
    rio_gen *g = rio_gen_new(yield_once, &one, sizeof(int));
    rio_iter *it = rio_gen_iter(g);

    EXPECT_EQ(await(rio_next(it, &v)), 1);
    EXPECT_EQ(v, 1);
    EXPECT_EQ(await(rio_next(it, &v)), 0);
    EXPECT_EQ(await(rio_next(it, &v)), 0);
    EXPECT_EQ(await(rio_gen_throw(g, ERR, &v)), 0);
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

LOOP_TEST(test_GEN_03)
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

LOOP_TEST(test_GEN_05)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(doubles, &t, sizeof(int));
    int v = 0, hundred = 100;

    EXPECT_EQ(await(rio_gen_send(g, NULL, &v)), 1);
    EXPECT_EQ(v, 1);
    EXPECT_EQ(await(rio_gen_send(g, &hundred, &v)), 1);
    EXPECT_EQ(v, 200);
    EXPECT_EQ(await(rio_gen_send(g, NULL, &v)), 0);
    EXPECT_EQ(t.cleaned, 1);
    return await(rio_gen_free(g));
}

LOOP_TEST(test_GEN_06)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(doubles, &t, sizeof(int));
    int v = 0, hundred = 100;

    EXPECT_EQ(await(rio_gen_send(g, &hundred, &v)), -EINVAL);
    EXPECT_EQ(await(rio_gen_send(g, NULL, &v)), 1); /* that has not spoiled it */
    EXPECT_EQ(v, 1);
    return await(rio_gen_free(g));
}

static long fail_after_the_first(void *arg)
{
    int v = 1;
    long rc = await(rio_gen_yield(&v));

    if (rc == 0)
        rc = await(rio_yield());
    return await(clean_up(arg, rc < 0 ? rc : ERR));
}

LOOP_TEST(test_GEN_07)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(fail_after_the_first, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_gen_send(g, &v, &v)), ERR);
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

LOOP_TEST(test_GEN_09)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(catches, &t, sizeof(int));
    int v = 0;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_gen_throw(g, ERR, &v)), 1);
    EXPECT_EQ(v, 2000);
    EXPECT_EQ(t.last, ERR);
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    return await(rio_gen_free(g));
}

static long catch_and_sleep(void *arg)
{
    int v = 1;
    long rc = await(rio_gen_yield(&v));

    if (rc == ERR)
        rc = await(rio_sleep(60 * RIO_SEC));
    return await(clean_up(arg, rc));
}

static long throw_into(void *arg)
{
    struct trace *t = arg;
    int v;

    return await(rio_gen_throw(t->gen, ERR, &v));
}

LOOP_TEST(test_GEN_10)
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

LOOP_TEST(test_GEN_11)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(catch_and_return, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_gen_throw(g, ERR, &v)), 0);
    EXPECT_EQ(t.last, ERR);
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

LOOP_TEST(test_GEN_13)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(guarded, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), 0);
    EXPECT(t.cleaned == 1 && t.after == 0 && t.last == -EPIPE);
    return await(rio_gen_free(g));
}

LOOP_TEST(test_GEN_14)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(catch_and_return, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), 0);
    EXPECT_EQ(t.last, -EPIPE);
    return await(rio_gen_free(g));
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

LOOP_TEST(test_GEN_15)
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

LOOP_TEST(test_GEN_17)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(guarded, &t, sizeof(int)),
            *never = rio_gen_new(guarded, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(await(rio_iter_close(rio_gen_iter(g))), 0);
        EXPECT_EQ(t.cleaned, 1);
    }
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(never))), 0);
    EXPECT_EQ(await(rio_next(rio_gen_iter(never), &v)), 0);
    EXPECT_EQ(t.cleaned, 1);
    EXPECT_EQ(await(rio_gen_free(never)), 0);
    return await(rio_gen_free(g));
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

LOOP_TEST(test_GEN_18)
{
    struct trace t = {0};
    rio_task *first;
    int v;

    t.gen = rio_gen_new(asks_itself, &t, sizeof(int));
    first = rio_create_task(next_of, &t);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(t.last, -EBUSY);
    EXPECT_EQ(await(rio_next(rio_gen_iter(t.gen), &v)), -EBUSY);
    EXPECT_EQ(await(rio_gen_throw(t.gen, ERR, &v)), -EBUSY);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(t.gen))), -EBUSY);
    EXPECT_EQ(await(rio_join_unref(first)), 7); /* not disturbed */
    return await(rio_gen_free(t.gen));
}

/* An iterator written by hand: counts to `end`. */
struct counter {
    rio_iter iter;
    int next, end, closed;
};

static int counter_next(rio_iter *it, void *out)
{
    struct counter *c = (struct counter *)it; /* its first member */

    int rc = await(rio_yield());

    if (rc < 0)
        return rc;
    if (c->closed > 0 || c->next == c->end)
        return 0;
    *(int *)out = ++c->next;
    return 1;
}

static int counter_close(rio_iter *it)
{
    ((struct counter *)it)->closed++;
    return await(rio_yield());
}

LOOP_TEST(test_GEN_19)
{
    struct counter c = {.iter = {counter_next, counter_close}, .end = 4};
    int v, rc, sum = 0;

    RIO_FOR_EACH(&c.iter, &v, rc)
    sum = sum * 10 + v;
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(sum, 1234);
    EXPECT_EQ(c.closed, 1);
    v = 99;
    EXPECT_EQ(await(rio_next(&c.iter, &v)), 0);
    EXPECT_EQ(v, 99); /* the default stays */
    return 0;
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

LOOP_TEST(test_GEN_21)
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

static long leaves_open(void *arg)
{
    rio_gen *g = rio_gen_new(endless, arg, sizeof(int));
    int v = 0;

    rio_set_exception_handler(count_reports, ((struct trace *)arg)->reports);
    for (int i = 0; i < 2; i++) /* a for each without its close */
        RIO_TRY(await(rio_next(rio_gen_iter(g), &v)));
    return v;
}

static void test_GEN_22(void **state)
{
    struct reports r = {0};
    struct trace t = {.reports = &r};

    (void)state;
    assert_int_equal(loop_test_run_leaky(leaves_open, &t), 1);
    assert_int_equal(t.cleaned, 1);
    assert_int_equal(r.count, 0);
}

static long fails_to_clean_up(void *unused)
{
    int v = 1;

    (void)unused;
    RIO_IGNORE(await(rio_gen_yield(&v)));
    RIO_TRY(await(rio_yield()));
    return ERR2;
}

static long leaves_one_that_fails(void *arg)
{
    rio_gen *g = rio_gen_new(fails_to_clean_up, NULL, sizeof(int));
    int v;

    rio_set_exception_handler(count_reports, arg);
    return await(rio_next(rio_gen_iter(g), &v));
}

static void test_GEN_23(void **state)
{
    struct reports r = {0};

    (void)state;
    assert_int_equal(loop_test_run_leaky(leaves_one_that_fails, &r), 1);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.err, ERR2);
    assert_non_null(strstr(r.what, "generator"));
}

LOOP_TEST(test_GEN_25)
{
    struct trace t = {0};
    rio_gen *g = rio_gen_new(guarded, &t, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    EXPECT(t.cleaned == 1 && t.after == 0 && t.last == -EPIPE);
    return 0;
}

static long sleeps_long(void *arg)
{
    struct trace *t = arg;

    long rc;

    t->task = rio_current_task();
    rc = await(rio_sleep(60 * RIO_SEC));
    return await(clean_up(t, rc));
}

LOOP_TEST(test_GEN_26)
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

static long five(void *pause)
{
    for (int i = 0; i < 5; i++) {
        RIO_TRY(await(rio_sleep(*(int64_t *)pause)));
        RIO_TRY(await(rio_gen_yield(&i)));
    }
    return 0;
}

LOOP_TEST(test_GEN_27)
{
    int64_t pause = 20 * RIO_MS, start = rio_now();
    rio_gen *g = rio_gen_new(five, &pause, sizeof(int));
    int v, rc, sum = 0;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    sum = sum * 10 + v;
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(sum, 1234);
    EXPECT(rio_now() - start >= 5 * pause);
    return await(rio_gen_free(g));
}

TEST_MAIN(cmocka_unit_test(test_GEN_01), cmocka_unit_test(test_GEN_02),
          cmocka_unit_test(test_GEN_03), cmocka_unit_test(test_GEN_05),
          cmocka_unit_test(test_GEN_06), cmocka_unit_test(test_GEN_07),
          cmocka_unit_test(test_GEN_09), cmocka_unit_test(test_GEN_10),
          cmocka_unit_test(test_GEN_11), cmocka_unit_test(test_GEN_13),
          cmocka_unit_test(test_GEN_14), cmocka_unit_test(test_GEN_15),
          cmocka_unit_test(test_GEN_17), cmocka_unit_test(test_GEN_18),
          cmocka_unit_test(test_GEN_19), cmocka_unit_test(test_GEN_21),
          cmocka_unit_test(test_GEN_22), cmocka_unit_test(test_GEN_23),
          cmocka_unit_test(test_GEN_25), cmocka_unit_test(test_GEN_26),
          cmocka_unit_test(test_GEN_27))
