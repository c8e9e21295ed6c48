/* task_test - creating, joining, sleeping, names.  The ids are those of asyncio's
 * cases.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"

static long return_arg(void *arg)
{
    return (long)arg;
}

static long fail_eio(void *arg)
{
    (void)arg;
    return -EIO;
}

/* ---- direct calls, create, join ---- */

RIO_AWAITS static long inner(void *arg)
{
    RIO_TRY(await(rio_yield()));
    return (long)arg;
}

LOOP_TEST(a_direct_call_needs_no_task) /* TASK-01 */
{
    rio_stats stats;
    long sum = await(inner((void *)42));

    sum += await(inner((void *)1000));
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT_EQ(stats.tasks, 1);
    EXPECT_EQ(sum, 1042);
    return 0;
}

LOOP_TEST(a_task_runs_and_its_result_stays) /* TASK-02 */
{
    rio_task *t = rio_create_task(return_arg, (void *)7);

    EXPECT(t != NULL);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_result(t), -EINPROGRESS);
    EXPECT_EQ(await(rio_join(t)), 7);
    EXPECT(rio_future_done(t));
    EXPECT_EQ(await(rio_join(t)), 7);
    EXPECT_EQ(rio_future_result(t), 7);
    rio_unref(t);
    return 0;
}

LOOP_TEST(an_error_reaches_the_joiner)
{
    rio_task *t = rio_create_task(fail_eio, NULL);

    EXPECT_EQ(await(rio_join(t)), -EIO);
    EXPECT(!rio_future_cancelled(t));
    EXPECT_EQ(await(rio_join_unref(t)), -EIO);
    return 0;
}

LOOP_TEST(tasks_have_names) /* TASK-03 */
{
    rio_task *named =
        rio_create_task_ex(return_arg, NULL, 0, &(rio_task_opts){.name = "reader"});
    rio_task *a = rio_create_task(return_arg, NULL);
    rio_task *b = rio_create_task(return_arg, NULL);
    rio_task_opts endless = {
        .name = "0123456789012345678901234567890123456789012345678901234567890"};
    rio_task *cut = rio_create_task_ex(return_arg, NULL, 0, &endless);

    EXPECT(strcmp(rio_task_name(named), "reader") == 0);
    EXPECT(strncmp(rio_task_name(a), "task-", 5) == 0);
    EXPECT(strcmp(rio_task_name(a), rio_task_name(b)) != 0);
    EXPECT_EQ(rio_task_set_name(a, "writer"), 0);
    EXPECT(strcmp(rio_task_name(a), "writer") == 0);
    EXPECT_EQ(strlen(rio_task_name(cut)), 31);
    EXPECT_EQ(await(rio_join_unref(named)), 0);
    EXPECT_EQ(await(rio_join_unref(a)), 0);
    EXPECT_EQ(await(rio_join_unref(b)), 0);
    EXPECT_EQ(await(rio_join_unref(cut)), 0);
    return 0;
}

static long set_flag(void *arg)
{
    *(bool *)arg = true;
    return 0;
}

LOOP_TEST(a_task_starts_in_the_next_turn) /* TASK-05 */
{
    bool ran = false;
    rio_task *t = rio_create_task(set_flag, &ran);

    EXPECT(!ran);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(ran);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    return 0;
}

struct order {
    int n;
    int seen[16];
};

struct entry {
    struct order *order;
    int id;
    int64_t delay;
};

static long note(void *arg)
{
    struct entry *e = arg;

    if (e->delay > 0)
        RIO_TRY(await(rio_sleep(e->delay)));
    e->order->seen[e->order->n++] = e->id;
    return 0;
}

LOOP_TEST(first_steps_run_in_the_order_of_creation) /* TASK-06 */
{
    struct order order = {0};
    struct entry e[5];

    for (int i = 0; i < 5; i++) {
        e[i] = (struct entry){&order, i, 0};
        rio_unref(rio_create_task(note, &e[i]));
    }
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(order.n, 5);
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(order.seen[i], i);
    return 0;
}

static long join_self(void *arg)
{
    (void)arg;
    return await(rio_join(rio_current_task()));
}

LOOP_TEST(a_task_cannot_join_itself) /* TASK-07 */
{
    EXPECT_EQ(await(rio_join_unref(rio_create_task(join_self, NULL))), -EDEADLK);
    return 0;
}

LOOP_TEST(a_task_cannot_be_set_from_outside) /* TASK-10 */
{
    rio_task *t = rio_create_task(return_arg, (void *)3);

    EXPECT_EQ(rio_future_set_result(t, 4), -ENOTSUP);
    EXPECT_EQ(rio_future_set_error(t, -EIO), -ENOTSUP);
    EXPECT_EQ(await(rio_join_unref(t)), 3);
    return 0;
}

LOOP_TEST(bad_arguments_make_no_task) /* TASK-11 */
{
    char byte = 0;

    errno = 0;
    EXPECT(rio_create_task(NULL, NULL) == NULL);
    EXPECT_EQ(errno, EINVAL);
    EXPECT(rio_create_task_copy(return_arg, &byte, (16 << 10) + 1) == NULL);
    EXPECT_EQ(errno, EINVAL);
    EXPECT(rio_create_task_ex(return_arg, NULL, 0, &(rio_task_opts){.flags = 2}) ==
           NULL);
    EXPECT_EQ(errno, EINVAL);
    return 0;
}

static void nothing_works_outside_a_loop(void **state)
{
    rio_event e = {0};

    (void)state;
    errno = 0;
    assert_null(rio_create_task(return_arg, NULL));
    assert_int_equal(errno, EPERM);
    assert_null(rio_future_new());
    assert_null(rio_current_task());
    assert_int_equal(rio_call_soon(return_arg, NULL), 0);
    assert_int_equal(await(rio_yield()), -EPERM);
    assert_int_equal(await(rio_sleep(1)), -EPERM);
    assert_int_equal(await(rio_event_wait(&e)), -EPERM);
    assert_int_equal(rio_cancel_mask(1), -EPERM);
    assert_true(rio_now() > 0);
}

/* ---- arguments ---- */

struct sixteen {
    alignas(max_align_t) char text[48];
};

static long check_copy(void *arg)
{
    struct sixteen *s = arg;

    EXPECT_EQ((uintptr_t)s % alignof(max_align_t), 0);
    EXPECT(strcmp(s->text, "the original") == 0);
    return 0;
}

LOOP_TEST(a_copied_argument_keeps_its_value) /* CX-03 */
{
    struct sixteen s = {"the original"};
    rio_task *t = rio_create_task_copy(check_copy, &s, sizeof s);

    memset(&s, 'x', sizeof s);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    return 0;
}

static long sum_bytes(void *arg)
{
    const unsigned char *p = arg;
    long sum = 0;

    for (int i = 0; i < 16 << 10; i++)
        sum += p[i];
    return sum;
}

LOOP_TEST(sixteen_kibibytes_can_be_copied)
{
    static unsigned char big[16 << 10];

    memset(big, 1, sizeof big);
    EXPECT_EQ(await(rio_join_unref(rio_create_task_copy(sum_bytes, big, sizeof big))),
              16 << 10);
    return 0;
}

/* ---- current task, all tasks ---- */

static long current_in_callback(void *arg)
{
    *(bool *)arg = rio_current_task() == NULL && await(rio_yield()) == -EPERM;
    return 0;
}

static long current_is_named(void *arg)
{
    (void)arg;
    return strcmp(rio_task_name(rio_current_task()), "me") == 0;
}

LOOP_TEST(current_task_is_the_one_that_runs) /* TASK-15 */
{
    bool none = false;
    rio_task *t =
        rio_create_task_ex(current_is_named, NULL, 0, &(rio_task_opts){.name = "me"});

    rio_call_soon(current_in_callback, &none);
    EXPECT_EQ(await(rio_join_unref(t)), 1);
    EXPECT(none);
    EXPECT(strcmp(rio_task_name(rio_current_task()), "main") == 0);
    return 0;
}

static long sleep_for_ever(void *arg)
{
    (void)arg;
    return await(rio_sleep(INT64_MAX));
}

LOOP_TEST(all_tasks_are_those_that_have_not_ended) /* TASK-17 */
{
    rio_task *all[4];
    rio_task *a = rio_create_task(sleep_for_ever, NULL);
    rio_task *b = rio_create_task(return_arg, NULL);

    EXPECT_EQ(rio_all_tasks(NULL, 0), 3);
    EXPECT_EQ(await(rio_join_unref(b)), 0);
    EXPECT_EQ(rio_all_tasks(all, 4), 2);
    EXPECT(all[0] == rio_current_task());
    EXPECT(all[1] == a);
    rio_task_cancel(a);
    EXPECT_EQ(await(rio_join_unref(a)), -ECANCELED);
    return 0;
}

/* ---- messages ---- */

static long fail_with_message(void *arg)
{
    (void)arg;
    return rio_error(-EPROTO, "line %d", 17);
}

static long pass_on(void *arg)
{
    RIO_TRY(await(rio_join(arg)));
    return 0;
}

LOOP_TEST(a_message_travels_with_its_error)
{
    rio_task *t = rio_create_task(fail_with_message, NULL);
    rio_task *outer = rio_create_task(pass_on, t);

    EXPECT_EQ(await(rio_join(outer)), -EPROTO);
    EXPECT(strcmp(rio_task_error(outer), "line 17") == 0);
    EXPECT(strcmp(rio_task_error(NULL), "line 17") == 0);
    rio_unref(outer);
    rio_unref(t);
    return 0;
}

static long message_then_success(void *arg)
{
    (void)arg;
    (void)rio_error(-EPROTO, "handled");
    return 0;
}

LOOP_TEST(a_message_is_forgotten_with_its_error)
{
    rio_task *t = rio_create_task(message_then_success, NULL);

    EXPECT_EQ(await(rio_join(t)), 0);
    EXPECT(rio_task_error(t) == NULL);
    rio_unref(t);
    return 0;
}

/* ---- sleep ---- */

LOOP_TEST(sleep_takes_its_time) /* SLEEP-01, RUN-19 */
{
    int64_t start = rio_now();

    EXPECT_EQ(await(rio_sleep(20 * RIO_MS)), 0);
    EXPECT(rio_now() - start >= 20 * RIO_MS);
    return 0;
}

LOOP_TEST(a_sleep_of_zero_is_one_trip_round_the_loop) /* SLEEP-02 */
{
    bool ran = false;
    rio_stats before, after;

    rio_call_soon(set_flag, &ran);
    rio_loop_stats(rio_get_running_loop(), &before);
    EXPECT_EQ(await(rio_sleep(0)), 0);
    rio_loop_stats(rio_get_running_loop(), &after);
    EXPECT(ran);
    EXPECT_EQ(after.turns - before.turns, 1);
    EXPECT_EQ(await(rio_sleep(-5)), 0);
    EXPECT_EQ(await(rio_sleep(INT64_MIN)), 0);
    return 0;
}

LOOP_TEST(the_longest_sleep_does_not_overflow) /* SLEEP-03 */
{
    rio_task *t = rio_create_task(sleep_for_ever, NULL);

    EXPECT_EQ(await(rio_sleep(2 * RIO_MS)), 0);
    EXPECT(!rio_future_done(t));
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

LOOP_TEST(sleepers_wake_in_the_order_of_their_deadlines) /* SLEEP-05, LOOP-10 */
{
    struct order order = {0};
    struct entry e[4] = {{&order, 30, 30 * RIO_MS},
                         {&order, 10, 10 * RIO_MS},
                         {&order, 20, 20 * RIO_MS},
                         {&order, 21, 20 * RIO_MS}};

    EXPECT_EQ(RIO_GATHER_ARRAY(note, e), 0);
    EXPECT_EQ(order.seen[0], 10);
    EXPECT_EQ(order.seen[1], 20);
    EXPECT_EQ(order.seen[2], 21);
    EXPECT_EQ(order.seen[3], 30);
    return 0;
}

LOOP_TEST(sleep_until_a_time_that_has_passed_is_one_turn)
{
    EXPECT_EQ(await(rio_sleep_until(rio_now() - RIO_SEC)), 0);
    EXPECT_EQ(await(rio_sleep_until(INT64_MIN)), 0);
    return 0;
}

LOOP_TEST(short_sleeps_do_not_spin) /* LOOP-11 */
{
    rio_stats before, after;

    rio_loop_stats(rio_get_running_loop(), &before);
    EXPECT_EQ(await(rio_sleep(10 * RIO_MS)), 0);
    EXPECT_EQ(await(rio_sleep(100 * RIO_US)), 0);
    EXPECT_EQ(await(rio_sleep(RIO_US)), 0);
    EXPECT_EQ(await(rio_sleep(10)), 0);
    EXPECT_EQ(await(rio_sleep(1)), 0);
    rio_loop_stats(rio_get_running_loop(), &after);
    EXPECT(after.turns - before.turns <= 20);
    return 0;
}

/* ---- many ---- */

struct tree {
    int depth;
    long *count;
};

static long grow_tree(void *arg)
{
    struct tree *t = arg;
    struct tree children[5];

    ++*t->count;
    if (t->depth == 0)
        return 0;
    for (int i = 0; i < 5; i++)
        children[i] = (struct tree){t->depth - 1, t->count};
    return RIO_GATHER_ARRAY(grow_tree, children);
}

LOOP_TEST(a_tree_of_tasks_ends_and_leaks_nothing) /* TASK-25 */
{
    long count = 0;
    struct tree root = {4, &count};

    EXPECT_EQ(await(grow_tree(&root)), 0);
    EXPECT_EQ(count, 781);
    return 0;
}

LOOP_TEST(an_auto_task_ends_with_its_block)
{
    bool ran = false;

    {
        RIO_AUTO_TASK t = rio_create_task(sleep_for_ever, NULL);

        EXPECT(t != NULL);
        ran = true;
    }
    EXPECT(ran);
    EXPECT_EQ(rio_all_tasks(NULL, 0), 1);
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_direct_call_needs_no_task),
          cmocka_unit_test(a_task_runs_and_its_result_stays),
          cmocka_unit_test(an_error_reaches_the_joiner),
          cmocka_unit_test(tasks_have_names),
          cmocka_unit_test(a_task_starts_in_the_next_turn),
          cmocka_unit_test(first_steps_run_in_the_order_of_creation),
          cmocka_unit_test(a_task_cannot_join_itself),
          cmocka_unit_test(a_task_cannot_be_set_from_outside),
          cmocka_unit_test(bad_arguments_make_no_task),
          cmocka_unit_test(nothing_works_outside_a_loop),
          cmocka_unit_test(a_copied_argument_keeps_its_value),
          cmocka_unit_test(sixteen_kibibytes_can_be_copied),
          cmocka_unit_test(current_task_is_the_one_that_runs),
          cmocka_unit_test(all_tasks_are_those_that_have_not_ended),
          cmocka_unit_test(a_message_travels_with_its_error),
          cmocka_unit_test(a_message_is_forgotten_with_its_error),
          cmocka_unit_test(sleep_takes_its_time),
          cmocka_unit_test(a_sleep_of_zero_is_one_trip_round_the_loop),
          cmocka_unit_test(the_longest_sleep_does_not_overflow),
          cmocka_unit_test(sleepers_wake_in_the_order_of_their_deadlines),
          cmocka_unit_test(sleep_until_a_time_that_has_passed_is_one_turn),
          cmocka_unit_test(short_sleeps_do_not_spin),
          cmocka_unit_test(a_tree_of_tasks_ends_and_leaks_nothing),
          cmocka_unit_test(an_auto_task_ends_with_its_block))
