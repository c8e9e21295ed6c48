/* gather_future_test - a gather as an object.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"

enum { N = 3 };

struct crowd {
    rio_future *fs[N];
    long results[N];
    rio_future *all;
};

static void gather(struct crowd *c, unsigned flags)
{
    for (int i = 0; i < N; i++) {
        c->fs[i] = rio_future_new();
        c->results[i] = 99;
    }
    c->all = rio_gather_future(c->fs, N, c->results, flags);
}

static void part(struct crowd *c)
{
    rio_unref(c->all);
    for (int i = 0; i < N; i++)
        rio_unref(c->fs[i]);
}

LOOP_TEST(it_is_done_with_its_last_member)
{
    struct crowd c;

    gather(&c, 0);
    for (int i = N - 1; i >= 0; i--) {
        EXPECT_EQ(rio_future_result(c.all), -EINPROGRESS);
        EXPECT_EQ(rio_future_set_result(c.fs[i], i), 0);
    }
    EXPECT_EQ(rio_future_result(c.all), 0);
    EXPECT(c.results[0] == 0 && c.results[1] == 1 && c.results[2] == 2);
    EXPECT_EQ(await(rio_join(c.all)), 0);
    part(&c);
    return 0;
}

LOOP_TEST(the_first_error_cancels_the_others)
{
    struct crowd c;

    gather(&c, 0);
    EXPECT_EQ(rio_future_set_error(c.fs[1], -EIO), 0);
    EXPECT_EQ(rio_future_result(c.all), -EIO);
    EXPECT(rio_future_cancelled(c.fs[0]) && rio_future_cancelled(c.fs[2]));
    EXPECT(c.results[0] == -ECANCELED && c.results[1] == -EIO);
    part(&c);
    return 0;
}

static long slow_to_leave(void *arg)
{
    long rc = await(rio_sleep(60 * RIO_SEC));

    RIO_IGNORE(await(rio_yield()));
    ++*(int *)arg;
    return rc;
}

static long fails(void *unused)
{
    (void)unused;
    return rio_error(-EPROTO, "no such %s", "word");
}

LOOP_TEST(it_waits_for_those_it_has_cancelled_and_keeps_the_message)
{
    int left = 0;
    rio_task *fs[2] = {rio_create_task(slow_to_leave, &left), NULL};
    rio_future *all;

    EXPECT_EQ(await(loop_test_settle()), 0);
    fs[1] = rio_create_task(fails, NULL);
    all = rio_gather_future(fs, 2, NULL, 0);
    EXPECT_EQ(await(rio_join(all)), -EPROTO);
    EXPECT_EQ(left, 1);
    EXPECT(strcmp(rio_task_error(all), "no such word") == 0);
    rio_unref(all);
    rio_unref(fs[0]);
    rio_unref(fs[1]);
    return 0;
}

LOOP_TEST(with_errors_as_results_it_succeeds)
{
    struct crowd c;

    gather(&c, RIO_RETURN_ERRORS);
    EXPECT_EQ(rio_future_set_error(c.fs[0], -EIO), 0);
    EXPECT(rio_task_cancel(c.fs[1]));
    EXPECT(!rio_future_done(c.all));
    EXPECT_EQ(rio_future_set_result(c.fs[2], 5), 0);
    EXPECT_EQ(rio_future_result(c.all), 0);
    EXPECT(c.results[0] == -EIO && c.results[1] == -ECANCELED && c.results[2] == 5);
    part(&c);
    return 0;
}

LOOP_TEST(detached_it_is_done_at_once_and_the_others_go_on)
{
    struct crowd c;

    gather(&c, RIO_DETACH);
    EXPECT_EQ(rio_future_set_error(c.fs[2], -EIO), 0);
    EXPECT_EQ(rio_future_result(c.all), -EIO);
    EXPECT(!rio_future_done(c.fs[0]) && !rio_future_done(c.fs[1]));
    EXPECT(c.results[0] == -EINPROGRESS && c.results[2] == -EIO);
    EXPECT_EQ(rio_future_set_error(c.fs[0], -EPROTO), 0); /* nobody is told */
    part(&c);
    return 0;
}

LOOP_TEST(a_cancel_goes_to_all_and_is_done_with_the_last)
{
    int left = 0;
    rio_task *fs[2];
    rio_future *all;

    for (int i = 0; i < 2; i++)
        fs[i] = rio_create_task(slow_to_leave, &left);
    all = rio_gather_future(fs, 2, NULL, RIO_RETURN_ERRORS);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel_msg(all, "enough"));
    EXPECT(!rio_future_done(all)); /* they are still cleaning up */
    EXPECT_EQ(await(rio_join(all)), -ECANCELED);
    EXPECT_EQ(left, 2);
    EXPECT(rio_future_cancelled(all) && rio_future_cancelled(fs[1]));
    EXPECT(strcmp(rio_task_error(all), "enough") == 0);
    EXPECT(!rio_task_cancel(all));
    rio_unref(all);
    rio_unref(fs[0]);
    rio_unref(fs[1]);
    return 0;
}

static long joins(void *arg)
{
    return await(rio_join(*(rio_future **)arg));
}

LOOP_TEST(a_cancel_of_its_joiner_reaches_the_members)
{
    struct crowd c;
    rio_task *t;

    gather(&c, 0);
    t = rio_create_task(joins, &c.all);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(c.fs[0]) && rio_future_cancelled(c.all));
    part(&c);
    return 0;
}

static long joins_in_a_circle(void *unused)
{
    static rio_future *all;
    rio_future *fs[2] = {NULL, rio_future_new()};

    (void)unused;
    fs[0] = rio_create_task(joins, &all);
    all = rio_gather_future(fs, 2, NULL, 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(all));
    EXPECT(rio_future_cancelled(fs[1]));
    EXPECT(!rio_future_done(all)); /* the circle holds */
    rio_unref(fs[0]);
    rio_unref(fs[1]);
    rio_unref(all);
    return 0;
}

static void a_member_that_joins_its_own_gather_ends_with_the_loop(void **state)
{
    (void)state;
    assert_int_equal(loop_test_run_leaky(joins_in_a_circle, NULL), 0);
}

LOOP_TEST(gathers_nest)
{
    struct crowd a, b;
    rio_future *both;
    long results[2];

    gather(&a, 0);
    gather(&b, 0);
    both = rio_gather_future((rio_future *const[]){a.all, b.all}, 2, results, 0);
    EXPECT_EQ(rio_future_set_result(a.fs[0], 1), 0);
    EXPECT_EQ(rio_future_set_error(b.fs[0], -EIO), 0);
    EXPECT_EQ(rio_future_result(both), -EIO);
    EXPECT(results[0] == -ECANCELED && results[1] == -EIO);
    EXPECT(rio_future_cancelled(a.fs[1]));
    rio_unref(both);
    part(&a);
    part(&b);
    return 0;
}

LOOP_TEST(dropped_it_lets_the_members_go_on)
{
    struct crowd c;

    gather(&c, 0);
    rio_unref(c.all);
    c.all = NULL;
    EXPECT_EQ(rio_future_set_result(c.fs[0], 1), 0);
    EXPECT(!rio_future_done(c.fs[1]));
    EXPECT_EQ(c.results[0], 99);
    part(&c);
    return 0;
}

LOOP_TEST(nothing_is_gathered_at_once)
{
    rio_future *f = rio_gather_future(NULL, 0, NULL, 0), *done = rio_future_new();
    long result = 0;

    EXPECT_EQ(rio_future_result(f), 0);
    rio_unref(f);
    EXPECT_EQ(rio_future_set_result(done, 7), 0);
    f = rio_gather_future(&done, 1, &result, 0);
    EXPECT_EQ(rio_future_result(f), 0);
    EXPECT_EQ(result, 7);
    EXPECT_EQ(rio_future_set_result(f, 1), -ENOTSUP);
    EXPECT(strcmp(rio_task_name(f), "gather") == 0);
    rio_unref(f);
    rio_unref(done);
    return 0;
}

LOOP_TEST(bad_arguments_are_refused)
{
    rio_future *null = NULL, *f = rio_future_new();

    errno = 0;
    EXPECT(rio_gather_future(NULL, 1, NULL, 0) == NULL && errno == EINVAL);
    errno = 0;
    EXPECT(rio_gather_future(&null, 1, NULL, 0) == NULL && errno == EINVAL);
    errno = 0;
    EXPECT(rio_gather_future(&f, 1, NULL, 4) == NULL && errno == EINVAL);
    rio_unref(f);
    return 0;
}

static void outside_a_loop_there_is_none(void **state)
{
    (void)state;
    errno = 0;
    assert_null(rio_gather_future(NULL, 0, NULL, 0));
    assert_int_equal(errno, EPERM);
}

TEST_MAIN(cmocka_unit_test(it_is_done_with_its_last_member),
          cmocka_unit_test(the_first_error_cancels_the_others),
          cmocka_unit_test(it_waits_for_those_it_has_cancelled_and_keeps_the_message),
          cmocka_unit_test(with_errors_as_results_it_succeeds),
          cmocka_unit_test(detached_it_is_done_at_once_and_the_others_go_on),
          cmocka_unit_test(a_cancel_goes_to_all_and_is_done_with_the_last),
          cmocka_unit_test(a_cancel_of_its_joiner_reaches_the_members),
          cmocka_unit_test(a_member_that_joins_its_own_gather_ends_with_the_loop),
          cmocka_unit_test(gathers_nest),
          cmocka_unit_test(dropped_it_lets_the_members_go_on),
          cmocka_unit_test(nothing_is_gathered_at_once),
          cmocka_unit_test(bad_arguments_are_refused),
          cmocka_unit_test(outside_a_loop_there_is_none))
