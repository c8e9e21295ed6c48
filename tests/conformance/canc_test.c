/* canc_test - CANC: cancellation.
 * SPDX-License-Identifier: MIT */
#include "case.h"

LOOP_TEST(test_CANC_01)
{
    struct job j;
    rio_task *t = rio_create_task(work, sleeper(&j));

    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_done(t));
    EXPECT(rio_future_cancelled(t));
    EXPECT(!rio_task_cancel(t));
    rio_unref(t);
    return 0;
}

static long two_ticks(void *arg)
{
    int *ticks = arg;

    for (; *ticks < 2; (*ticks)++)
        RIO_TRY(await(rio_yield()));
    return 0;
}

LOOP_TEST(test_CANC_02)
{
    int ticks = 0;
    rio_task *t = rio_create_task(two_ticks, &ticks);

    while (ticks < 1)
        EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(ticks, 1);
    return 0;
}

LOOP_TEST(test_CANC_03)
{
    struct job j = {.f = rio_future_new()};
    rio_task *t = rio_create_task(join_it, &j);

    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(j.f));
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(t));
    EXPECT_EQ(rio_task_cancelling(t), 0);
    rio_unref(j.f);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_CANC_05)
{
    struct job j = {.f = rio_future_new()};
    rio_task *t = rio_create_task(join_it, &j);

    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(j.f));
    rio_unref(j.f);
    return 0;
}

struct three {
    rio_future *f[3];
    bool ignores;
};

/* Waits for the second future only after the first, and answers its cancellation. */
static long stubborn(void *arg)
{
    struct three *w = arg;
    long rc;

    RIO_TRY(await(rio_join(w->f[0])));
    rc = await(rio_join(w->f[1]));
    if (rc != -ECANCELED)
        return -ENOTRECOVERABLE;
    return w->ignores ? await(rio_join(w->f[2])) : 42;
}

static struct three three_futures(bool ignores)
{
    return (struct three){{rio_future_new(), rio_future_new(), rio_future_new()},
                          ignores};
}

static void drop(const struct three *w)
{
    for (int i = 0; i < 3; i++)
        rio_unref(w->f[i]);
}

LOOP_TEST(test_CANC_06)
{
    struct three w = three_futures(false);
    rio_task *t = rio_create_task(stubborn, &w);

    EXPECT_EQ(rio_future_set_result(w.f[0], 1), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join(t)), 42);
    EXPECT(!rio_future_cancelled(t));
    rio_unref(t);
    drop(&w);
    return 0;
}

LOOP_TEST(test_CANC_07)
{
    struct three w = three_futures(true);
    rio_task *t = rio_create_task(stubborn, &w);

    EXPECT_EQ(rio_future_set_result(w.f[0], 1), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT(!rio_future_done(w.f[2]));
    EXPECT_EQ(rio_future_set_result(w.f[2], 42), 0);
    EXPECT_EQ(await(rio_join(t)), 42);
    EXPECT(!rio_future_cancelled(t));
    rio_unref(t);
    drop(&w);
    return 0;
}

static long cancels_itself(void *unused)
{
    (void)unused;
    rio_task_cancel(rio_current_task());
    return 12;
}

LOOP_TEST(test_CANC_09)
{
    rio_task *t = rio_create_task(cancels_itself, NULL);

    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(t));
    rio_unref(t);
    return 0;
}

static long cancels_itself_and_joins(void *arg)
{
    struct job *j = arg;

    rio_task_cancel(rio_current_task());
    return join_it(j);
}

LOOP_TEST(test_CANC_10)
{
    struct job inner = {.f = rio_future_new()}, outer = {0};
    rio_task *to;

    outer.f = rio_create_task(join_it, &inner);
    EXPECT_EQ(await(settle()), 0);
    to = rio_create_task(cancels_itself_and_joins, &outer);
    EXPECT_EQ(await(rio_join_unref(to)), -ECANCELED);
    EXPECT(rio_future_cancelled(inner.f));
    EXPECT(rio_future_cancelled(outer.f));
    EXPECT(inner.cancelled);
    rio_unref(inner.f);
    rio_unref(outer.f);
    return 0;
}

LOOP_TEST(test_CANC_11)
{
    struct job j;
    rio_task *t = rio_create_task(work, sleeper(&j));

    EXPECT(rio_task_cancel_msg(t, "too early"));
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(!j.started);
    EXPECT(rio_future_cancelled(t));
    EXPECT(rio_task_error(t) != NULL && strcmp(rio_task_error(t), "too early") == 0);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_CANC_13)
{
    struct job inner, outer = {.answer = ERR};
    rio_task *to;

    outer.f = rio_create_task(work, sleeper(&inner));
    to = rio_create_task(join_it, &outer);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(outer.f);
    EXPECT_EQ(await(rio_join(to)), ERR);
    EXPECT(!rio_future_cancelled(to));
    rio_unref(to);
    rio_unref(outer.f);
    return 0;
}

struct layers {
    rio_future *f;
    struct trail seen;
};

RIO_AWAITS static long inner_call(struct layers *l)
{
    long rc = await(rio_join(l->f));

    if (rc == -ECANCELED)
        leave(&l->seen, 'i');
    return rc;
}

static long outer_call(void *arg)
{
    struct layers *l = arg;

    if (await(inner_call(l)) == -ECANCELED)
        leave(&l->seen, 'o');
    return 7;
}

LOOP_TEST(test_CANC_14)
{
    struct layers l = {.f = rio_future_new()};
    rio_task *t = rio_create_task(outer_call, &l);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join(t)), 7);
    EXPECT(!rio_future_cancelled(t));
    EXPECT(trail_is(&l.seen, "io"));
    rio_unref(l.f);
    rio_unref(t);
    return 0;
}

static long waits_for_one(void *arg)
{
    struct job *j = arg;

    return await(rio_wait(&j->f, 1, RIO_ALL_COMPLETED, RIO_FOREVER));
}

LOOP_TEST(test_CANC_15)
{
    struct job inner = {.f = rio_future_new()}, outer = {0};
    rio_task *t;

    outer.f = rio_create_task(join_it, &inner);
    t = rio_create_task(waits_for_one, &outer);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!rio_future_done(outer.f));
    EXPECT_EQ(rio_future_set_result(inner.f, 4), 0);
    EXPECT_EQ(await(rio_join_unref(outer.f)), 4);
    rio_unref(inner.f);
    return 0;
}

/* Counts how many of its five waits are cancelled. */
static long counts(void *arg)
{
    int *cancelled = arg;

    for (int i = 0; i < 5; i++)
        if (await(rio_sleep(i == 0 ? LONG_SLEEP : 0)) == -ECANCELED)
            (*cancelled)++;
    return 0;
}

LOOP_TEST(test_CANC_17)
{
    struct job j;
    int cancelled = 0;
    rio_task *t = rio_create_task(work, sleeper(&j)),
             *u = rio_create_task(counts, &cancelled);

    EXPECT(rio_task_cancel(t)); /* before its first step */
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(rio_task_cancelling(t), 2);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!j.started);

    EXPECT_EQ(await(settle()), 0); /* in its first wait */
    EXPECT(rio_task_cancel(u));
    EXPECT(rio_task_cancel(u));
    EXPECT_EQ(rio_task_cancelling(u), 2);
    EXPECT_EQ(await(rio_join_unref(u)), 0);
    EXPECT_EQ(cancelled, 1);
    return 0;
}

struct survivor {
    unsigned left;
    bool survived;
};

static long survives_once(void *arg)
{
    struct survivor *s = arg;

    if (await(rio_sleep(LONG_SLEEP)) != -ECANCELED)
        return -ENOTRECOVERABLE;
    s->left = rio_task_uncancel(rio_current_task());
    s->survived = true;
    return await(rio_sleep(LONG_SLEEP));
}

LOOP_TEST(test_CANC_18)
{
    struct survivor s = {.left = 9};
    rio_task *t = rio_create_task(survives_once, &s);

    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(rio_task_cancelling(t), 1);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(s.survived);
    EXPECT_EQ(s.left, 0);
    EXPECT(!rio_future_done(t));
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    (void)rio_task_uncancel(t);
    EXPECT(rio_future_cancelled(t));
    EXPECT_EQ(rio_future_result(t), -ECANCELED);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_CANC_19)
{
    struct job j = {.f = rio_future_new()};
    rio_task *t = rio_create_task(join_it, &j);

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(j.f, 42), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(rio_task_uncancel(t), 0);
    EXPECT_EQ(await(rio_join(t)), 42);
    EXPECT(!rio_future_cancelled(t));
    rio_unref(t);
    rio_unref(j.f);
    return 0;
}

LOOP_TEST(test_CANC_21)
{
    struct job j;
    rio_task *t = rio_create_task(work, sleeper(&j));

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(stats_now().timers, 1);
    rio_task_cancel(t);
    EXPECT_EQ(stats_now().timers, 0);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

struct doer {
    rio_task *sleeper;
    unsigned cancelling;
};

static long do_it(void *arg)
{
    struct doer *d = arg;
    long rc = await(rio_join(d->sleeper));

    d->cancelling = cancelling();
    return rc == -ECANCELED ? 7 : rc;
}

static long cancel_it(void *t)
{
    rio_task_cancel(t);
    return 0;
}

LOOP_TEST(test_CANC_22)
{
    struct job j;
    struct doer d = {.sleeper = rio_create_task(work, sleeper(&j)), .cancelling = 9};
    rio_task *t = rio_create_task(do_it, &d);

    EXPECT(rio_call_later(10 * RIO_MS, cancel_it, d.sleeper) != 0);
    EXPECT_EQ(await(rio_join(t)), 7);
    EXPECT_EQ(d.cancelling, 0);
    EXPECT(j.cancelled);
    rio_unref(t);
    rio_unref(d.sleeper);
    return 0;
}

LOOP_TEST(test_CANC_23)
{
    struct job j;
    rio_task *t = rio_create_task(work, sleeper(&j));
    uint64_t turns;

    rio_task_cancel(t);
    EXPECT_EQ(await(settle()), 0);
    turns = stats_now().turns;
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT_EQ(stats_now().turns, turns);
    EXPECT_EQ(cancelling(), 0);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_unref(t);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_CANC_01), cmocka_unit_test(test_CANC_02),
          cmocka_unit_test(test_CANC_03), cmocka_unit_test(test_CANC_05),
          cmocka_unit_test(test_CANC_06), cmocka_unit_test(test_CANC_07),
          cmocka_unit_test(test_CANC_09), cmocka_unit_test(test_CANC_10),
          cmocka_unit_test(test_CANC_11), cmocka_unit_test(test_CANC_13),
          cmocka_unit_test(test_CANC_14), cmocka_unit_test(test_CANC_15),
          cmocka_unit_test(test_CANC_17), cmocka_unit_test(test_CANC_18),
          cmocka_unit_test(test_CANC_19), cmocka_unit_test(test_CANC_21),
          cmocka_unit_test(test_CANC_22), cmocka_unit_test(test_CANC_23))
