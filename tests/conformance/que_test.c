/* que_test - QUE: the queue, first in, first out, where nothing else is said.
 * SPDX-License-Identifier: MIT */
#include "queue_case.h"

struct user {
    rio_queue *q;
    int item;
    struct trail *trail;
};

static long get_one(void *arg)
{
    struct user *u = arg;

    RIO_TRY(await(rio_queue_get(u->q, &u->item)));
    if (u->trail != NULL)
        leave(u->trail, (char)('0' + u->item));
    return u->item;
}

static long put_one(void *arg)
{
    struct user *u = arg;

    return await(rio_queue_put(u->q, &u->item));
}

static int take(rio_queue *q)
{
    int item;
    int rc = rio_queue_get_nowait(q, &item);

    return rc < 0 ? rc : item;
}

static int add(rio_queue *q, int item)
{
    return rio_queue_put_nowait(q, &item);
}

QUEUE_CASE(test_QUE_01)
{
    rio_queue *q = ints(0), *one = ints(1);

    EXPECT(rio_queue_empty(q) && !rio_queue_full(q));
    for (int i = 0; i < 1000; i++) {
        EXPECT_EQ(add(q, i), 0);
        EXPECT(!rio_queue_empty(q) && !rio_queue_full(q));
    }
    EXPECT_EQ(rio_queue_size(q), 1000);
    EXPECT(rio_queue_empty(one) && !rio_queue_full(one));
    EXPECT_EQ(add(one, 1), 0);
    EXPECT(!rio_queue_empty(one) && rio_queue_full(one));
    EXPECT_EQ(take(one), 1);
    EXPECT(rio_queue_empty(one) && !rio_queue_full(one));
    rio_queue_free(q);
    rio_queue_free(one);
    return 0;
}

QUEUE_CASE(test_QUE_02)
{
    const int order[KINDS][3] = {{1, 3, 2}, {2, 3, 1}, {1, 2, 3}};
    rio_queue *q = ints(0);

    EXPECT_EQ(add(q, 1), 0);
    EXPECT_EQ(add(q, 3), 0);
    EXPECT_EQ(add(q, 2), 0);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(take(q), order[kind][i]);
    EXPECT(rio_queue_empty(q));
    rio_queue_free(q);
    return 0;
}

static long put_three(void *arg)
{
    struct user *u = arg;

    for (int i = 0; i < 3; i++) {
        RIO_TRY(await(rio_queue_put(u->q, &i)));
        u->item++;
    }
    return 0;
}

LOOP_TEST(test_QUE_03)
{
    struct user u = {.q = ints(2)};
    rio_task *t = rio_create_task(put_three, &u);

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(u.item, 2);
    EXPECT_EQ(take(u.q), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(u.item, 3);
    EXPECT_EQ(take(u.q), 1);
    EXPECT_EQ(take(u.q), 2);
    EXPECT(rio_queue_empty(u.q));
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    rio_queue_free(u.q);
    return 0;
}

static long add_seven(void *q)
{
    return add(q, 7);
}

QUEUE_CASE(test_QUE_05)
{
    struct user u = {.q = ints(0)};
    rio_task *t = rio_create_task(get_one, &u);

    EXPECT(rio_call_later(10 * RIO_MS, add_seven, u.q) != 0);
    EXPECT_EQ(await(rio_join_unref(t)), 7);
    rio_queue_free(u.q);
    return 0;
}

QUEUE_CASE(test_QUE_06)
{
    rio_queue *q = ints(0);

    EXPECT_EQ(add(q, 5), 0);
    EXPECT_EQ(take(q), 5);
    EXPECT_EQ(take(q), -EAGAIN);
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QUE_07)
{
    rio_queue *q = ints(1);

    EXPECT_EQ(add(q, 1), 0);
    EXPECT_EQ(add(q, 2), -EAGAIN);
    EXPECT_EQ(rio_queue_size(q), 1);
    EXPECT_EQ(take(q), 1);
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QUE_09)
{
    rio_queue *q = ints(1);
    struct user a = {.q = q, .item = 'a'}, b = {.q = q, .item = 'b'};
    rio_task *ta = rio_create_task(put_one, &a), *tb = rio_create_task(put_one, &b);
    int item = 0;

    EXPECT_EQ(await(rio_queue_get(q, &item)), 0);
    EXPECT_EQ(item, 'a');
    EXPECT_EQ(await(rio_queue_get(q, &item)), 0);
    EXPECT_EQ(item, 'b');
    EXPECT_EQ(await(rio_join_unref(ta)), 0);
    EXPECT_EQ(await(rio_join_unref(tb)), 0);
    rio_queue_free(q);
    return 0;
}

static long put_five(void *arg)
{
    struct user *u = arg;

    for (int i = 0; i < 5; i++)
        RIO_TRY(await(rio_queue_put(u->q, &i)));
    return 0;
}

static long get_five(void *arg)
{
    struct user *u = arg;
    int item;

    for (int i = 0; i < 5; i++) {
        RIO_TRY(await(rio_queue_get(u->q, &item)));
        if (item != i)
            return -EBADMSG;
    }
    return 0;
}

static long get_what_is_there(void *arg)
{
    struct user *u = arg;
    int got = 0, item;

    while (got < 4) {
        RIO_TRY(await(rio_queue_get(u->q, &item)));
        got++;
        while (rio_queue_get_nowait(u->q, &item) == 0)
            got++;
    }
    return got;
}

QUEUE_CASE(test_QUE_10)
{
    struct user one = {.q = ints(1)}, two = {.q = ints(2)};
    rio_task *t[7] = {
        rio_create_task(put_five, &one),          rio_create_task(get_five, &one),
        rio_create_task(put_one, &two),           rio_create_task(put_one, &two),
        rio_create_task(put_one, &two),           rio_create_task(put_one, &two),
        rio_create_task(get_what_is_there, &two),
    };
    long results[7];

    EXPECT_EQ(await(rio_gather(t, 7, results, 0)), 0);
    EXPECT_EQ(results[6], 4);
    for (int i = 0; i < 7; i++)
        rio_unref(t[i]);
    rio_queue_free(one.q);
    rio_queue_free(two.q);
    return 0;
}

QUEUE_CASE(test_QUE_11)
{
    struct user u = {.q = ints(0)};

    EXPECT_EQ(await(rio_wait_for_call(get_one, &u, 10 * RIO_MS)), -ETIMEDOUT);
    EXPECT_EQ(stats_now().waiters, 0);
    EXPECT_EQ(add(u.q, 3), 0); /* nobody takes it */
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_queue_size(u.q), 1);
    rio_queue_free(u.q); /* asserts that nobody is registered */
    return 0;
}

LOOP_TEST(test_QUE_13)
{
    struct user u = {.q = ints(0)};
    rio_task *t = rio_create_task(get_one, &u);
    long rc;

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(add(u.q, 1), 0);
    EXPECT_EQ(add(u.q, 2), 0);
    rio_task_cancel(t);
    rc = await(rio_join_unref(t));
    if (rc != 1) {
        EXPECT_EQ(rc, -ECANCELED);
        EXPECT_EQ(take(u.q), 1);
    }
    EXPECT_EQ(take(u.q), 2);
    rio_queue_free(u.q);
    return 0;
}

QUEUE_CASE(test_QUE_14)
{
    rio_queue *q = ints(0);
    struct user u[3] = {{.q = q}, {.q = q}, {.q = q}};
    rio_task *t[3];
    long a, b;

    for (int i = 0; i < 3; i++)
        t[i] = rio_create_task(get_one, &u[i]);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(add(q, 1), 0);
    EXPECT_EQ(add(q, 2), 0);
    rio_task_cancel(t[0]);
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    a = await(rio_join_unref(t[1]));
    b = await(rio_join_unref(t[2]));
    EXPECT((a == 1 && b == 2) || (a == 2 && b == 1));
    EXPECT(rio_queue_empty(q));
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QUE_15)
{
    struct user u = {.q = ints(1), .item = 2};
    rio_task *t;
    long rc;

    EXPECT_EQ(add(u.q, 1), 0);
    t = rio_create_task(put_one, &u);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(take(u.q), 1);
    rio_task_cancel(t);
    rc = await(rio_join_unref(t));
    EXPECT(rc == 0 || rc == -ECANCELED);
    EXPECT_EQ(rio_queue_size(u.q), rc == 0 ? 1 : 0);
    EXPECT_EQ(take(u.q), rc == 0 ? 2 : -EAGAIN);
    EXPECT_EQ(take(u.q), -EAGAIN);
    rio_queue_free(u.q);
    return 0;
}

QUEUE_CASE(test_QUE_17)
{
    rio_queue *q = ints(1);
    struct user u[3] = {
        {.q = q, .item = 'a'}, {.q = q, .item = 'X'}, {.q = q, .item = 'b'}};
    rio_task *t[3];
    int item = 0;

    for (int i = 0; i < 3; i++)
        t[i] = rio_create_task(put_one, &u[i]);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t[1]);
    EXPECT_EQ(await(rio_queue_get(q, &item)), 0);
    EXPECT_EQ(item, 'a');
    EXPECT_EQ(await(rio_queue_get(q, &item)), 0);
    EXPECT_EQ(item, 'b');
    EXPECT_EQ(await(rio_join_unref(t[0])), 0);
    EXPECT_EQ(await(rio_join_unref(t[1])), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(t[2])), 0);
    EXPECT(rio_queue_empty(q));
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QUE_18)
{
    struct user u = {.q = ints(0)};
    rio_task *t = rio_create_task(get_one, &u);
    int item = 'a';

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_queue_put(u.q, &item)), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 'a');
    rio_queue_free(u.q);
    return 0;
}

QUEUE_CASE(test_QUE_19)
{
    struct user u = {.q = ints(1), .item = 2};
    rio_task *t;

    EXPECT_EQ(add(u.q, 1), 0);
    t = rio_create_task(put_one, &u);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(take(u.q), 1);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_queue_empty(u.q));
    rio_queue_free(u.q); /* asserts that nobody is registered */
    return 0;
}

LOOP_TEST(test_QUE_21)
{
    rio_queue *q = ints(0);
    struct trail trail = {0};
    struct user u[3];
    rio_task *t[3];

    for (int i = 0; i < 3; i++) {
        u[i] = (struct user){.q = q, .trail = &trail};
        t[i] = rio_create_task(get_one, &u[i]);
    }
    EXPECT_EQ(await(settle()), 0);
    for (int i = 1; i <= 3; i++)
        EXPECT_EQ(add(q, i), 0);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), i + 1);
    EXPECT(trail_is(&trail, "123"));
    rio_queue_free(q);
    return 0;
}

QUEUE_CASE(test_QUE_22)
{
    rio_queue *q = ints(0);

    for (int i = 0; i < 10000; i++)
        EXPECT_EQ(add(q, i), 0);
    EXPECT(!rio_queue_full(q));
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(test_QUE_23)
{
    rio_queue *q = ints(0);
    struct user u[2] = {{.q = q}, {.q = q}};
    rio_task *a = rio_create_task(get_one, &u[0]), *b;

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(add(q, 1), 0);
    EXPECT_EQ(add(q, 2), 0);
    EXPECT_EQ(await(rio_join_unref(a)), 1);
    EXPECT_EQ(rio_queue_size(q), 1);
    EXPECT_EQ(take(q), 2);

    a = rio_create_task(get_one, &u[0]);
    b = rio_create_task(get_one, &u[1]);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(add(q, 3), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_future_done(a) && !rio_future_done(b));
    EXPECT_EQ(add(q, 4), 0);
    EXPECT_EQ(await(rio_join_unref(a)), 3);
    EXPECT_EQ(await(rio_join_unref(b)), 4);
    rio_queue_free(q);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_QUE_01), cmocka_unit_test(test_QUE_02),
          cmocka_unit_test(test_QUE_03), cmocka_unit_test(test_QUE_05),
          cmocka_unit_test(test_QUE_06), cmocka_unit_test(test_QUE_07),
          cmocka_unit_test(test_QUE_09), cmocka_unit_test(test_QUE_10),
          cmocka_unit_test(test_QUE_11), cmocka_unit_test(test_QUE_13),
          cmocka_unit_test(test_QUE_14), cmocka_unit_test(test_QUE_15),
          cmocka_unit_test(test_QUE_17), cmocka_unit_test(test_QUE_18),
          cmocka_unit_test(test_QUE_19), cmocka_unit_test(test_QUE_21),
          cmocka_unit_test(test_QUE_22), cmocka_unit_test(test_QUE_23))
