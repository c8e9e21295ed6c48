/* gen_test - what generators do beside the cases GEN-01 to GEN-27.
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

static long guarded(void *arg)
{
    struct trace *t = arg;
    int v = 1;
    long rc = await(rio_gen_yield(&v));

    if (rc == 0)
        t->after++;
    return await(clean_up(t, rc));
}

LOOP_TEST(a_body_that_never_started_does_not_run_at_all)
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

static long next_of(void *arg)
{
    struct trace *t = arg;
    int v;

    RIO_TRY(await(rio_next(rio_gen_iter(t->gen), &v)));
    return v;
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

static long five(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        RIO_TRY(await(rio_sleep(RIO_MS)));
        RIO_TRY(await(rio_gen_yield(&i)));
    }
    return 0;
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

static long yields_in_a_limit(void *arg)
{
    rio_timeout limit;
    int v = 1;
    long rc;

    RIO_TRY(rio_timeout_enter(&limit, 60 * RIO_SEC));
    rc = await(rio_gen_yield(&v));
    *(long *)arg = rc;
    return rio_timeout_exit(&limit, rc);
}

static long yields_in_a_group(void *arg)
{
    rio_group group;
    int v = 1;
    long rc;

    RIO_TRY(rio_group_enter(&group));
    rc = await(rio_gen_yield(&v));
    *(long *)arg = rc;
    rc = await(rio_group_exit(&group, rc));
    rio_group_destroy(&group);
    return rc;
}

LOOP_TEST(a_yield_inside_a_scope_of_the_body_is_refused)
{
    rio_fn *const bodies[] = {yields_in_a_limit, yields_in_a_group};

    for (int i = 0; i < 2; i++) {
        long got = 0;
        rio_gen *g = rio_gen_new(bodies[i], &got, sizeof(int));
        int v = 99;

        EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), -EINVAL);
        EXPECT_EQ(got, -EINVAL);
        EXPECT_EQ(v, 99);
        EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
        EXPECT_EQ(await(rio_gen_free(g)), 0);
    }
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

TEST_MAIN(cmocka_unit_test(a_body_that_never_started_does_not_run_at_all),
          cmocka_unit_test(a_clean_up_that_nothing_can_wake_is_cancelled_at_the_end),
          cmocka_unit_test(generators_nest),
          cmocka_unit_test(tasks_may_take_turns_at_one_generator),
          cmocka_unit_test(a_yield_inside_a_scope_of_the_body_is_refused),
          cmocka_unit_test(many_tasks_run_many_bodies_at_once),
          cmocka_unit_test(bad_arguments_are_refused),
          cmocka_unit_test(outside_a_loop_there_is_none))
