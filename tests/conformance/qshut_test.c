/* qshut_test - QSHUT: shutdown of every kind of queue.
 * SPDX-License-Identifier: MIT */
#include "queue_case.h"

RIO_AWAITS static long getter(void *q)
{
    int item;

    RIO_TRY(await(rio_queue_get(q, &item)));
    return item;
}

static long putter(void *q)
{
    int item = 99;

    return await(rio_queue_put(q, &item));
}

static long joiner(void *q)
{
    return await(rio_queue_join(q));
}

static int add(rio_queue *q, int item)
{
    return rio_queue_put_nowait(q, &item);
}

/* All four ways in and out refuse. */
RIO_AWAITS static bool is_shut(rio_queue *q)
{
    int item = 0;
    long put = await(rio_queue_put(q, &item));
    long get = await(rio_queue_get(q, &item));

    return put == -ESHUTDOWN && get == -ESHUTDOWN &&
           rio_queue_put_nowait(q, &item) == -ESHUTDOWN &&
           rio_queue_get_nowait(q, &item) == -ESHUTDOWN;
}

QUEUE_CASE(test_QSHUT_01)
{
    rio_queue *q = ints(0);
    rio_task *t = rio_create_task(getter, q);

    EXPECT_EQ(await(settle()), 0);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(await(rio_join_unref(t)), -ESHUTDOWN);
    EXPECT_EQ(await(rio_queue_join(q)), 0);
    EXPECT(await(is_shut(q)));
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QSHUT_02)
{
    rio_queue *q = ints(1);
    rio_task *p, *j;
    int item = 0;

    EXPECT_EQ(add(q, 5), 0);
    p = rio_create_task(putter, q);
    j = rio_create_task(joiner, q);
    EXPECT_EQ(await(settle()), 0);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(await(rio_join_unref(p)), -ESHUTDOWN);
    EXPECT_EQ(rio_queue_size(q), 1);
    EXPECT_EQ(await(rio_queue_get(q, &item)), 0);
    EXPECT_EQ(item, 5);
    EXPECT(await(is_shut(q)));
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(j));
    EXPECT_EQ(rio_queue_task_done(q), 0);
    EXPECT_EQ(await(rio_join_unref(j)), 0);
    EXPECT_EQ(rio_queue_task_done(q), -EINVAL);
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QSHUT_03)
{
    rio_queue *q = ints(0);
    rio_task *j;

    EXPECT_EQ(add(q, 5), 0);
    j = rio_create_task(joiner, q);
    EXPECT_EQ(await(settle()), 0);
    rio_queue_shutdown(q, true);
    EXPECT_EQ(rio_queue_size(q), 0);
    EXPECT_EQ(await(rio_join_unref(j)), 0);
    EXPECT(await(is_shut(q)));
    EXPECT_EQ(rio_queue_task_done(q), -EINVAL);
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QSHUT_05)
{
    rio_queue *q = ints(0);
    int item;

    EXPECT_EQ(add(q, 1), 0);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(add(q, 2), -ESHUTDOWN);
    rio_queue_shutdown(q, true);
    EXPECT_EQ(rio_queue_get_nowait(q, &item), -ESHUTDOWN);
    rio_queue_shutdown(q, false);
    EXPECT(await(is_shut(q)));
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QSHUT_06)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        rio_queue *q = ints(2);
        rio_task *t[3];
        int items = 0, shut = 0;

        EXPECT_EQ(add(q, 1), 0);
        EXPECT_EQ(add(q, 2), 0);
        for (int i = 0; i < 3; i++)
            t[i] = rio_create_task(getter, q);
        rio_queue_shutdown(q, immediate == 1);
        for (int i = 0; i < 3; i++) {
            long rc = await(rio_join_unref(t[i]));

            items += rc > 0;
            shut += rc == -ESHUTDOWN;
        }
        EXPECT_EQ(items, immediate ? 0 : 2);
        EXPECT_EQ(shut, immediate ? 3 : 1);
        rio_queue_free(q);
    }
    return 0;
}

QUEUE_CASE(test_QSHUT_07)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        rio_queue *q = ints(2);
        rio_task *t[2];

        EXPECT_EQ(add(q, 1), 0);
        EXPECT_EQ(add(q, 2), 0);
        for (int i = 0; i < 2; i++)
            t[i] = rio_create_task(putter, q);
        EXPECT_EQ(await(settle()), 0);
        rio_queue_shutdown(q, immediate == 1);
        for (int i = 0; i < 2; i++)
            EXPECT_EQ(await(rio_join_unref(t[i])), -ESHUTDOWN);
        EXPECT_EQ(rio_queue_size(q), immediate ? 0 : 2);
        rio_queue_free(q);
    }
    return 0;
}

static long get_and_finish(void *q)
{
    RIO_TRY(await(getter(q)));
    RIO_TRY(await(rio_yield()));
    return rio_queue_task_done(q);
}

QUEUE_CASE(test_QSHUT_09)
{
    rio_queue *q = ints(0);
    rio_task *t[4];

    EXPECT_EQ(add(q, 1), 0);
    EXPECT_EQ(add(q, 2), 0);
    for (int i = 0; i < 4; i++)
        t[i] = rio_create_task(i < 2 ? get_and_finish : joiner, q);
    rio_queue_shutdown(q, false);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    rio_queue_free(q);
    return 0;
}

struct market {
    rio_queue *q;
    int accepted, taken;
    bool immediate;
};

static long producer(void *arg)
{
    struct market *m = arg;

    for (int i = 0;; i++) {
        RIO_TRY(await(rio_queue_put(m->q, &i)));
        if (++m->accepted == 500)
            rio_queue_shutdown(m->q, m->immediate);
    }
}

static long consumer(void *arg)
{
    struct market *m = arg;
    int item;

    for (;;) {
        RIO_TRY(await(rio_queue_get(m->q, &item)));
        m->taken++;
        if (item % 3 == 0)
            RIO_TRY(await(rio_yield()));
    }
}

QUEUE_CASE(test_QSHUT_10)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        struct market m = {.q = ints(3), .immediate = immediate == 1};
        rio_task *t[10];

        for (int i = 0; i < 10; i++)
            t[i] = rio_create_task(i < 4 ? producer : consumer, &m);
        for (int i = 0; i < 10; i++)
            EXPECT_EQ(await(rio_join_unref(t[i])), -ESHUTDOWN);
        EXPECT_EQ(m.accepted, 500);
        EXPECT(immediate ? m.taken <= 500 : m.taken == 500);
        rio_queue_free(m.q);
    }
    return 0;
}

QUEUE_CASE(test_QSHUT_11)
{
    for (int k = 0; k < 2; k++) { /* whichever comes first */
        rio_queue *q = ints(0);
        rio_task *a = rio_create_task(getter, q), *b = rio_create_task(getter, q);

        EXPECT_EQ(await(settle()), 0);
        if (k == 0)
            rio_task_cancel(a);
        rio_queue_shutdown(q, false);
        if (k == 1)
            rio_task_cancel(a);
        EXPECT_EQ(await(rio_join_unref(a)), -ECANCELED);
        EXPECT_EQ(await(rio_join_unref(b)), -ESHUTDOWN);
        rio_queue_free(q);
    }
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_QSHUT_01), cmocka_unit_test(test_QSHUT_02),
          cmocka_unit_test(test_QSHUT_03), cmocka_unit_test(test_QSHUT_05),
          cmocka_unit_test(test_QSHUT_06), cmocka_unit_test(test_QSHUT_07),
          cmocka_unit_test(test_QSHUT_09), cmocka_unit_test(test_QSHUT_10),
          cmocka_unit_test(test_QSHUT_11))
