/* gather_test - many futures, one wait.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"

static int reports;

static long count_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)what, (void)err, (void)arg;
    reports++;
    return 0;
}

static void make(rio_future **fs, int n)
{
    for (int i = 0; i < n; i++)
        fs[i] = rio_future_new();
}

static void drop(rio_future **fs, int n)
{
    for (int i = 0; i < n; i++)
        rio_unref(fs[i]);
}

struct gathering {
    rio_future *fs[6];
    size_t n;
    long results[6];
    unsigned flags;
};

static long gather_them(void *arg)
{
    struct gathering *g = arg;

    return await(rio_gather(g->fs, g->n, g->results, g->flags));
}

LOOP_TEST(results_stand_in_the_order_of_the_arguments) /* GATHER-01 */
{
    struct gathering g = {.n = 3};
    rio_task *t;

    make(g.fs, 3);
    t = rio_create_task(gather_them, &g);
    EXPECT_EQ(rio_future_set_result(g.fs[1], 1), 0);
    EXPECT_EQ(rio_future_set_result(g.fs[0], 2), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_result(g.fs[2], 3), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(g.results[0], 2);
    EXPECT_EQ(g.results[1], 1);
    EXPECT_EQ(g.results[2], 3);
    drop(g.fs, 3);
    return 0;
}

LOOP_TEST(detached_the_first_error_returns_at_once) /* GATHER-02, GATHER-13 */
{
    struct gathering g = {.n = 4, .flags = RIO_DETACH};
    rio_task *t;

    reports = 0;
    rio_set_exception_handler(count_report, NULL);
    make(g.fs, 4);
    t = rio_create_task(gather_them, &g);
    EXPECT_EQ(rio_future_set_result(g.fs[0], 1), 0);
    EXPECT_EQ(rio_future_set_error(g.fs[1], -EIO), 0);
    EXPECT_EQ(await(rio_join_unref(t)), -EIO);
    EXPECT(!rio_future_done(g.fs[2]));
    EXPECT_EQ(g.results[2], -EINPROGRESS);
    EXPECT_EQ(rio_future_set_error(g.fs[2], -EPROTO), 0);
    EXPECT_EQ(rio_future_set_result(g.fs[3], 3), 0);
    drop(g.fs, 4);
    EXPECT_EQ(reports, 0);
    return 0;
}

LOOP_TEST(an_error_cancels_the_others_and_waits_for_them) /* GATHER-02, twin */
{
    struct gathering g = {.n = 3};
    rio_task *t;

    make(g.fs, 3);
    t = rio_create_task(gather_them, &g);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rio_future_set_error(g.fs[1], -EIO), 0);
    EXPECT_EQ(await(rio_join_unref(t)), -EIO);
    EXPECT(rio_future_cancelled(g.fs[0]) && rio_future_cancelled(g.fs[2]));
    EXPECT_EQ(g.results[0], -ECANCELED);
    EXPECT_EQ(g.results[1], -EIO);
    drop(g.fs, 3);
    return 0;
}

LOOP_TEST(errors_can_be_results) /* GATHER-03, GATHER-05 */
{
    struct gathering g = {.n = 6, .flags = RIO_RETURN_ERRORS};
    rio_task *t;
    static const long want[6] = {1, -EIO, -ECANCELED, 3, -ECANCELED, -EPROTO};

    make(g.fs, 6);
    t = rio_create_task(gather_them, &g);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rio_future_set_result(g.fs[0], 1), 0);
    EXPECT_EQ(rio_future_set_error(g.fs[1], -EIO), 0);
    rio_task_cancel(g.fs[2]);
    EXPECT_EQ(rio_future_set_result(g.fs[3], 3), 0);
    rio_task_cancel(g.fs[4]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_error(g.fs[5], -EPROTO), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    for (int i = 0; i < 6; i++)
        EXPECT_EQ(g.results[i], want[i]);
    drop(g.fs, 6);
    return 0;
}

LOOP_TEST(nothing_is_gathered_at_once) /* GATHER-06 */
{
    EXPECT_EQ(await(rio_gather(NULL, 0, NULL, 0)), 0);
    EXPECT_EQ(await(rio_gather_map(gather_them, NULL, 0, 8, NULL, 0)), 0);
    return 0;
}

static long count_calls(void *arg)
{
    return ++*(int *)arg;
}

LOOP_TEST(the_same_handle_may_stand_there_twice) /* GATHER-07 */
{
    int c_calls = 0, d_calls = 10;
    rio_task *c = rio_create_task(count_calls, &c_calls);
    rio_task *d = rio_create_task(count_calls, &d_calls);
    rio_future *fs[] = {c, c, d, c};
    long results[4];

    EXPECT_EQ(await(rio_gather(fs, 4, results, 0)), 0);
    EXPECT_EQ(c_calls, 1);
    EXPECT_EQ(results[0], 1);
    EXPECT_EQ(results[1], 1);
    EXPECT_EQ(results[2], 11);
    EXPECT_EQ(results[3], 1);
    rio_unref(c);
    rio_unref(d);
    return 0;
}

LOOP_TEST(a_cancel_reaches_every_member) /* GATHER-09, GATHER-11 */
{
    for (unsigned flags = 0; flags <= RIO_RETURN_ERRORS; flags++) {
        struct gathering g = {.n = 2, .flags = flags};
        rio_task *t;

        make(g.fs, 2);
        t = rio_create_task(gather_them, &g);
        EXPECT_EQ(await(rio_yield()), 0);
        rio_task_cancel(t);
        EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
        EXPECT(rio_future_cancelled(g.fs[0]) && rio_future_cancelled(g.fs[1]));
        drop(g.fs, 2);
    }
    return 0;
}

LOOP_TEST(shields_keep_a_gather_from_its_members) /* GATHER-15 */
{
    rio_future *inner[2];
    struct gathering g = {.n = 2};
    rio_task *t;

    make(inner, 2);
    for (int i = 0; i < 2; i++)
        g.fs[i] = rio_shield_future(inner[i]);
    t = rio_create_task(gather_them, &g);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(g.fs[0]) && rio_future_cancelled(g.fs[1]));
    EXPECT(!rio_future_done(inner[0]) && !rio_future_done(inner[1]));
    drop(g.fs, 2);
    drop(inner, 2);
    return 0;
}

LOOP_TEST(misuse_is_refused)
{
    rio_future *none[] = {NULL};
    rio_future *self[] = {rio_current_task()};

    EXPECT_EQ(await(rio_gather(none, 1, NULL, 0)), -EINVAL);
    EXPECT_EQ(await(rio_gather(self, 1, NULL, 0)), -EDEADLK);
    EXPECT_EQ(await(rio_gather(NULL, 1, NULL, 0)), -EINVAL);
    EXPECT_EQ(await(rio_gather(self, 1, NULL, 64)), -EINVAL);
    EXPECT_EQ(await(rio_gather_map(NULL, none, 1, 8, NULL, 0)), -EINVAL);
    EXPECT_EQ(await(rio_gather_map(gather_them, none, 1, 8, NULL, RIO_DETACH)),
              -EINVAL);
    return 0;
}

/* ---- gather_map: it never returns while a task may use the array ---- */

struct item {
    int64_t delay;
    long result;
    int ended;
};

static long use_item(void *arg)
{
    struct item *it = arg;
    long rc = await(rio_sleep(it->delay));

    it->ended = 1; /* a use after return, if gather_map had not waited */
    return rc < 0 ? rc : it->result;
}

LOOP_TEST(one_task_per_element)
{
    struct item items[3] = {{3 * RIO_MS, 30, 0}, {RIO_MS, 10, 0}, {2 * RIO_MS, 20, 0}};
    long results[3];

    EXPECT_EQ(await(rio_gather_map(use_item, items, 3, sizeof items[0], results, 0)),
              0);
    EXPECT_EQ(results[0], 30);
    EXPECT_EQ(results[1], 10);
    EXPECT_EQ(results[2], 20);
    return 0;
}

LOOP_TEST(an_error_waits_for_the_other_elements)
{
    struct item items[3] = {{RIO_SEC, 0, 0}, {RIO_MS, -EIO, 0}, {RIO_SEC, 0, 0}};

    EXPECT_EQ(RIO_GATHER_ARRAY(use_item, items), -EIO);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(items[i].ended, 1);
    return 0;
}

static long fail_with_message(void *arg)
{
    return rio_error(-EIO, "element %d", *(int *)arg);
}

LOOP_TEST(the_message_of_the_first_error_comes_along)
{
    int ids[2] = {5, 6};

    EXPECT_EQ(RIO_GATHER_ARRAY(fail_with_message, ids), -EIO);
    EXPECT(strcmp(rio_task_error(NULL), "element 5") == 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(results_stand_in_the_order_of_the_arguments),
          cmocka_unit_test(detached_the_first_error_returns_at_once),
          cmocka_unit_test(an_error_cancels_the_others_and_waits_for_them),
          cmocka_unit_test(errors_can_be_results),
          cmocka_unit_test(nothing_is_gathered_at_once),
          cmocka_unit_test(the_same_handle_may_stand_there_twice),
          cmocka_unit_test(a_cancel_reaches_every_member),
          cmocka_unit_test(shields_keep_a_gather_from_its_members),
          cmocka_unit_test(misuse_is_refused), cmocka_unit_test(one_task_per_element),
          cmocka_unit_test(an_error_waits_for_the_other_elements),
          cmocka_unit_test(the_message_of_the_first_error_comes_along))
