/* qjoin_test - QJOIN: task_done and join of every kind of queue.
 * SPDX-License-Identifier: MIT */
#include "queue_case.h"

struct shop {
    rio_queue *q;
    long sum;
    int done;
};

static struct shop open_shop(void)
{
    return (struct shop){.q = ints(0)};
}

static long worker(void *arg)
{
    struct shop *s = arg;
    int item;

    for (;;) {
        RIO_TRY(await(rio_queue_get(s->q, &item)));
        RIO_TRY(await(rio_yield()));
        s->sum += item;
        s->done++;
        RIO_TRY(rio_queue_task_done(s->q));
    }
}

static long joiner(void *arg)
{
    struct shop *s = arg;

    return await(rio_queue_join(s->q));
}

QUEUE_CASE(test_QJOIN_01)
{
    struct shop s = open_shop();

    EXPECT_EQ(rio_queue_task_done(s.q), -EINVAL);
    rio_queue_free(s.q);
    return 0;
}

QUEUE_CASE(test_QJOIN_02)
{
    struct shop s = open_shop();
    rio_task *w[2] = {rio_create_task(worker, &s), rio_create_task(worker, &s)};

    for (int i = 0; i < 100; i++)
        EXPECT_EQ(rio_queue_put_nowait(s.q, &i), 0);
    EXPECT_EQ(await(rio_queue_join(s.q)), 0);
    EXPECT_EQ(s.done, 100);
    EXPECT_EQ(s.sum, 99 * 100 / 2);
    for (int i = 0; i < 2; i++) {
        rio_task_cancel(w[i]);
        EXPECT_EQ(await(rio_join_unref(w[i])), -ECANCELED);
    }
    rio_queue_free(s.q);
    return 0;
}

QUEUE_CASE(test_QJOIN_03)
{
    struct shop s = open_shop();
    uint64_t turns = stats_now().turns;

    EXPECT_EQ(await(rio_queue_join(s.q)), 0);
    EXPECT_EQ(await(rio_queue_join(s.q)), 0);
    EXPECT_EQ(stats_now().turns, turns);
    rio_queue_free(s.q);
    return 0;
}

QUEUE_CASE(test_QJOIN_05)
{
    struct shop s = open_shop();
    rio_task *t[2] = {rio_create_task(joiner, &s), rio_create_task(joiner, &s)};
    int item;

    for (item = 0; item < 2; item++)
        EXPECT_EQ(rio_queue_put_nowait(s.q, &item), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_queue_get_nowait(s.q, &item), 0);
    EXPECT_EQ(rio_queue_get_nowait(s.q, &item), 0);
    EXPECT_EQ(rio_queue_task_done(s.q), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t[0]) && !rio_future_done(t[1]));
    EXPECT_EQ(rio_queue_task_done(s.q), 0);
    EXPECT_EQ(await(rio_join_unref(t[0])), 0);
    EXPECT_EQ(await(rio_join_unref(t[1])), 0);
    rio_queue_free(s.q);
    return 0;
}

QUEUE_CASE(test_QJOIN_06)
{
    struct shop s = open_shop();
    rio_task *t;
    int item = 1;

    EXPECT_EQ(await(rio_queue_join(s.q)), 0);
    EXPECT_EQ(rio_queue_put_nowait(s.q, &item), 0);
    t = rio_create_task(joiner, &s);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_queue_get_nowait(s.q, &item), 0);
    EXPECT_EQ(rio_queue_task_done(s.q), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    rio_queue_free(s.q);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_QJOIN_01), cmocka_unit_test(test_QJOIN_02),
          cmocka_unit_test(test_QJOIN_03), cmocka_unit_test(test_QJOIN_05),
          cmocka_unit_test(test_QJOIN_06))
