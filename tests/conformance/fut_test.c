/* fut_test - FUT: the future.
 * SPDX-License-Identifier: MIT */
#include "case.h"

LOOP_TEST(test_FUT_01)
{
    rio_future *f = rio_future_new();

    EXPECT(f != NULL);
    EXPECT(!rio_future_done(f));
    EXPECT(!rio_future_cancelled(f));
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_FUT_02)
{
    rio_future *f = rio_future_new();

    EXPECT(rio_task_cancel(f));
    EXPECT(rio_future_done(f) && rio_future_cancelled(f));
    EXPECT_EQ(rio_future_result(f), -ECANCELED);
    EXPECT_EQ(rio_future_set_result(f, 1), -EINVAL);
    EXPECT_EQ(rio_future_set_error(f, ERR), -EINVAL);
    EXPECT(!rio_task_cancel(f));
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_FUT_03)
{
    rio_future *f = rio_future_new();

    EXPECT_EQ(rio_future_result(f), -EINPROGRESS);
    EXPECT_EQ(rio_future_set_result(f, 42), 0);
    EXPECT_EQ(rio_future_result(f), 42);
    EXPECT_EQ(rio_future_set_result(f, 43), -EINVAL);
    EXPECT(!rio_task_cancel(f));
    EXPECT_EQ(rio_future_result(f), 42);
    rio_unref(f);
    return 0;
}

static long set_42(void *f)
{
    return rio_future_set_result(f, 42);
}

LOOP_TEST(test_FUT_05)
{
    rio_future *f = rio_future_new();
    uint64_t turns;

    EXPECT(rio_call_soon(set_42, f) != 0);
    EXPECT_EQ(await(rio_join(f)), 42);
    turns = stats_now().turns;
    EXPECT_EQ(await(rio_join(f)), 42);
    EXPECT_EQ(stats_now().turns, turns);
    rio_unref(f);
    return 0;
}

static long set_unless_cancelled(void *f)
{
    if (!rio_future_cancelled(f))
        return rio_future_set_result(f, 1);
    return rio_future_set_result(f, 1) == -EINVAL ? 0 : ERR;
}

LOOP_TEST(test_FUT_06)
{
    rio_future *f = rio_future_new();
    struct reports r = {0};

    rio_set_exception_handler(count_reports, &r);
    EXPECT(rio_call_later(RIO_MS, set_unless_cancelled, f) != 0);
    rio_task_cancel(f);
    EXPECT_EQ(await(rio_sleep(5 * RIO_MS)), 0);
    EXPECT(rio_future_cancelled(f));
    EXPECT_EQ(r.count, 0);
    rio_unref(f);
    return 0;
}

static void copy_state(rio_future *from, void *to)
{
    long rc = rio_future_result(from);

    if (rio_future_cancelled(from))
        (void)rio_task_cancel(to);
    else if (rc < 0)
        (void)rio_future_set_error(to, rc);
    else
        (void)rio_future_set_result(to, rc);
}

LOOP_TEST(test_FUT_07)
{
    for (int k = 0; k < 3; k++) {
        rio_future *a = rio_future_new(), *b = rio_future_new();
        const long want[] = {42, ERR, -ECANCELED};

        EXPECT_EQ(rio_future_add_done_callback(a, copy_state, b), 0);
        if (k == 0)
            EXPECT_EQ(rio_future_set_result(a, 42), 0);
        else if (k == 1)
            EXPECT_EQ(rio_future_set_error(a, ERR), 0);
        else
            EXPECT(rio_task_cancel(a));
        EXPECT_EQ(await(rio_join(b)), want[k]);
        EXPECT_EQ(rio_future_cancelled(b), k == 2);
        rio_unref(a);
        rio_unref(b);
    }
    return 0;
}

static struct trail order;

static void first(rio_future *f, void *arg)
{
    (void)f;
    (void)arg;
    leave(&order, '1');
}

static void second(rio_future *f, void *arg)
{
    (void)f;
    (void)arg;
    leave(&order, '2');
}

static void third(rio_future *f, void *arg)
{
    (void)f;
    (void)arg;
    leave(&order, '3');
}

LOOP_TEST(test_FUT_09)
{
    rio_future *f = rio_future_new();

    order = (struct trail){0};
    EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    EXPECT_EQ(rio_future_set_error(f, ERR), 0);
    EXPECT(trail_is(&order, ""));
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(trail_is(&order, "12"));
    EXPECT_EQ(rio_future_result(f), ERR);
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_FUT_10)
{
    rio_future *f = rio_future_new();

    order = (struct trail){0};
    EXPECT_EQ(rio_future_set_result(f, 0), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    EXPECT(trail_is(&order, ""));
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(trail_is(&order, "1"));
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_FUT_11)
{
    rio_future *f = rio_future_new();

    order = (struct trail){0};
    EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    EXPECT_EQ(rio_future_remove_done_callback(f, second, NULL), 1);
    EXPECT_EQ(rio_future_remove_done_callback(f, third, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(rio_future_add_done_callback(f, first, NULL), 0);
    EXPECT_EQ(rio_future_remove_done_callback(f, first, NULL), 6);
    EXPECT_EQ(rio_future_set_result(f, 1), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&order, "2"));
    rio_unref(f);
    return 0;
}

static void removes_second(rio_future *f, void *arg)
{
    (void)rio_future_remove_done_callback(f, second, arg);
    leave(&order, 'r');
}

LOOP_TEST(test_FUT_13)
{
    rio_future *f = rio_future_new();

    order = (struct trail){0};
    EXPECT_EQ(rio_future_add_done_callback(f, removes_second, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, second, NULL), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, third, NULL), 0);
    EXPECT_EQ(rio_future_set_result(f, 1), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(strcmp(order.text, "r23") == 0 || strcmp(order.text, "r3") == 0);
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_FUT_14)
{
    struct reports r = {0};
    rio_future *f = rio_future_new();

    rio_set_exception_handler(count_reports, &r);
    EXPECT_EQ(rio_future_set_error(f, ERR), 0);
    rio_unref(f);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(r.count, 1);
    EXPECT_EQ(r.err, ERR);
    EXPECT(strstr(r.what, "never retrieved") != NULL);
    return 0;
}

LOOP_TEST(test_FUT_15)
{
    struct reports r = {0};
    rio_future *f;

    rio_set_exception_handler(count_reports, &r);
    f = rio_future_new(); /* the error is read */
    EXPECT_EQ(rio_future_set_error(f, ERR), 0);
    EXPECT_EQ(rio_future_result(f), ERR);
    rio_unref(f);
    f = rio_future_new(); /* the error reaches a joiner */
    EXPECT_EQ(rio_future_set_error(f, ERR), 0);
    EXPECT_EQ(await(rio_join_unref(f)), ERR);
    f = rio_future_new(); /* it is dropped while it is pending */
    rio_unref(f);
    f = rio_future_new(); /* cancelled after the error was seen */
    EXPECT_EQ(rio_future_set_error(f, ERR), 0);
    EXPECT_EQ(rio_future_result(f), ERR);
    EXPECT(!rio_task_cancel(f));
    rio_unref(f);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(r.count, 0);
    return 0;
}

LOOP_TEST(test_FUT_17)
{
    rio_future *none[1] = {NULL};

    EXPECT_EQ(rio_future_set_result(NULL, 1), -EINVAL);
    EXPECT_EQ(rio_future_set_error(NULL, ERR), -EINVAL);
    EXPECT(!rio_future_done(NULL));
    EXPECT(!rio_future_cancelled(NULL));
    EXPECT_EQ(rio_future_result(NULL), -EINVAL);
    EXPECT_EQ(rio_future_add_done_callback(NULL, first, NULL), -EINVAL);
    EXPECT_EQ(rio_future_remove_done_callback(NULL, first, NULL), -EINVAL);
    EXPECT(rio_ref(NULL) == NULL);
    rio_unref(NULL);
    EXPECT_EQ(await(rio_join(NULL)), -EINVAL);
    EXPECT_EQ(await(rio_join_unref(NULL)), -EINVAL);
    EXPECT_EQ(await(rio_shield(NULL)), -EINVAL);
    EXPECT(rio_shield_future(NULL) == NULL);
    EXPECT(!rio_task_cancel(NULL));
    EXPECT(!rio_task_cancel_msg(NULL, "x"));
    EXPECT_EQ(rio_task_cancelling(NULL), 0);
    EXPECT_EQ(rio_task_uncancel(NULL), 0);
    EXPECT_EQ(await(rio_wait_for(NULL, RIO_MS)), -EINVAL);
    EXPECT_EQ(await(rio_gather(none, 1, NULL, 0)), -EINVAL);
    EXPECT_EQ(rio_task_set_name(NULL, "x"), -EINVAL);
    EXPECT_EQ(strcmp(rio_task_name(NULL), ""), 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_FUT_01), cmocka_unit_test(test_FUT_02),
          cmocka_unit_test(test_FUT_03), cmocka_unit_test(test_FUT_05),
          cmocka_unit_test(test_FUT_06), cmocka_unit_test(test_FUT_07),
          cmocka_unit_test(test_FUT_09), cmocka_unit_test(test_FUT_10),
          cmocka_unit_test(test_FUT_11), cmocka_unit_test(test_FUT_13),
          cmocka_unit_test(test_FUT_14), cmocka_unit_test(test_FUT_15),
          cmocka_unit_test(test_FUT_17))
