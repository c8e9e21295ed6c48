/* queue_order_test - the order in which LIFO and priority queues give things back.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "support/rio_test.h"
#include "support/test.h"

struct job {
    int priority, serial;
};

static int by_priority(const void *a, const void *b)
{
    const struct job *x = a, *y = b;

    return (x->priority > y->priority) - (x->priority < y->priority);
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static void put_ints(rio_queue *q, const int *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(rio_queue_put_nowait(q, &v[i]), 0);
}

static void expect_ints(rio_queue *q, const int *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int got = -1;

        assert_int_equal(rio_queue_get_nowait(q, &got), 0);
        assert_int_equal(got, v[i]);
    }
}

static const int shuffled[] = {1, 3, 2};

static void a_lifo_queue_grows_and_keeps_its_order(void **state)
{
    rio_queue *q = rio_lifo_queue_new(sizeof(int), 0);
    int got;

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(rio_queue_put_nowait(q, &i), 0);
    for (int i = 99; i >= 50; i--) {
        assert_int_equal(rio_queue_get_nowait(q, &got), 0);
        assert_int_equal(got, i);
    }
    put_ints(q, shuffled, 3);
    expect_ints(q, (const int[]){2, 3, 1, 49, 48}, 5);
    rio_queue_free(q);
}

static void equal_priorities_leave_in_the_order_they_came(void **state)
{
    enum { COUNT = 300, KINDS = 7 };
    rio_queue *q = rio_priority_queue_new(sizeof(struct job), 0, by_priority);
    struct job last = {-1, -1};

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        struct job j = {i * 5 % KINDS, i};

        assert_int_equal(rio_queue_put_nowait(q, &j), 0);
    }
    for (int i = 0; i < COUNT; i++) {
        struct job j;

        assert_int_equal(rio_queue_get_nowait(q, &j), 0);
        assert_true(j.priority >= last.priority);
        if (j.priority == last.priority)
            assert_true(j.serial > last.serial);
        last = j;
    }
    assert_true(rio_queue_empty(q));
    rio_queue_free(q);
}

static void equals_stay_in_order_while_others_come_and_go(void **state)
{
    rio_queue *q = rio_priority_queue_new(sizeof(struct job), 0, by_priority);
    struct job got;

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct job same = {5, i}, urgent = {1, i};

        assert_int_equal(rio_queue_put_nowait(q, &same), 0);
        assert_int_equal(rio_queue_put_nowait(q, &urgent), 0);
        assert_int_equal(rio_queue_get_nowait(q, &got), 0);
        assert_int_equal(got.priority, 1);
        assert_int_equal(got.serial, i);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rio_queue_get_nowait(q, &got), 0);
        assert_int_equal(got.serial, i);
    }
    rio_queue_free(q);
}

static void the_comparison_gets_aligned_items_of_odd_sizes(void **state)
{
    struct odd {
        long key;
        char rest[17];
    };
    rio_queue *q = rio_priority_queue_new(sizeof(struct odd), 0, by_value);
    struct odd o = {.rest = "sixteen letters."};

    (void)state;
    for (int i = 20; i > 0; i--) {
        o.key = i;
        assert_int_equal(rio_queue_put_nowait(q, &o), 0);
    }
    for (int i = 1; i <= 20; i++) {
        struct odd got = {0};

        assert_int_equal(rio_queue_get_nowait(q, &got), 0);
        assert_int_equal(got.key, i);
        assert_string_equal(got.rest, "sixteen letters.");
    }
    rio_queue_free(q);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    errno = 0;
    assert_null(rio_priority_queue_new(sizeof(int), 0, NULL));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(rio_priority_queue_new(0, 0, by_value));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(rio_lifo_queue_new(0, 0));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(rio_lifo_queue_new(SIZE_MAX, 0));
    assert_int_equal(errno, EINVAL);
}

static void shutdown_drops_what_is_inside(void **state)
{
    rio_queue *q = rio_priority_queue_new(sizeof(int), 0, by_value);
    int got;

    (void)state;
    put_ints(q, shuffled, 3);
    rio_queue_shutdown(q, true);
    assert_int_equal(rio_queue_size(q), 0);
    assert_int_equal(rio_queue_get_nowait(q, &got), -ESHUTDOWN);
    assert_int_equal(rio_queue_put_nowait(q, &got), -ESHUTDOWN);
    rio_queue_free(q);
}

static void shutdown_leaves_the_order_of_what_stays(void **state)
{
    rio_queue *q = rio_priority_queue_new(sizeof(int), 0, by_value);
    int got;

    (void)state;
    put_ints(q, shuffled, 3);
    rio_queue_shutdown(q, false);
    expect_ints(q, (const int[]){1, 2, 3}, 3);
    assert_int_equal(rio_queue_get_nowait(q, &got), -ESHUTDOWN);
    rio_queue_free(q);
}

struct putting {
    rio_queue *q;
    int value;
};

static long put_one(void *arg)
{
    struct putting *p = arg;

    return await(rio_queue_put(p->q, &p->value));
}

LOOP_TEST(a_full_priority_queue_lets_a_putter_wait)
{
    rio_queue *q = rio_priority_queue_new(sizeof(int), 2, by_value);
    struct putting third = {q, 1};
    rio_task *t;
    int got;

    EXPECT_EQ(rio_queue_put_nowait(q, &(int){3}), 0);
    EXPECT_EQ(rio_queue_put_nowait(q, &(int){2}), 0);
    EXPECT_EQ(rio_queue_put_nowait(q, &(int){1}), -EAGAIN);
    t = rio_create_task(put_one, &third);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_queue_get_nowait(q, &got), 0);
    EXPECT_EQ(got, 2);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(rio_queue_get_nowait(q, &got), 0);
    EXPECT_EQ(got, 1);
    EXPECT_EQ(rio_queue_get_nowait(q, &got), 0);
    EXPECT_EQ(got, 3);
    rio_queue_free(q);
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_lifo_queue_grows_and_keeps_its_order),
          cmocka_unit_test(equal_priorities_leave_in_the_order_they_came),
          cmocka_unit_test(equals_stay_in_order_while_others_come_and_go),
          cmocka_unit_test(the_comparison_gets_aligned_items_of_odd_sizes),
          cmocka_unit_test(bad_arguments_are_refused),
          cmocka_unit_test(shutdown_drops_what_is_inside),
          cmocka_unit_test(shutdown_leaves_the_order_of_what_stays),
          cmocka_unit_test(a_full_priority_queue_lets_a_putter_wait))
