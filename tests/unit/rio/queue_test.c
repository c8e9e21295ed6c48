/* queue_test - order, bounds, task_done and join, shutdown; no item lost, none twice.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"

RIO_QUEUE_DEFINE(longs, long)

struct user {
    rio_queue *q;
    long value;
    long n;
    long sum;
};

static long get_one(void *arg)
{
    struct user *u = arg;

    RIO_TRY(await(rio_queue_get(u->q, &u->value)));
    return u->value;
}

static long put_one(void *arg)
{
    struct user *u = arg;

    return await(rio_queue_put(u->q, &u->value));
}

static long join_queue(void *arg)
{
    return await(rio_queue_join(arg));
}

static long put_now(rio_queue *q, long value)
{
    return rio_queue_put_nowait(q, &value);
}

static long get_now(rio_queue *q)
{
    long value;

    RIO_TRY(rio_queue_get_nowait(q, &value));
    return value;
}

LOOP_TEST(a_queue_knows_how_full_it_is) /* QUE-01, QUE-06, QUE-07, QUE-22 */
{
    rio_queue *bounded = rio_queue_new(sizeof(long), 2);
    rio_queue *unbounded = rio_queue_new(sizeof(long), 0);

    EXPECT(rio_queue_empty(bounded) && !rio_queue_full(bounded));
    EXPECT_EQ(get_now(bounded), -EAGAIN);
    EXPECT_EQ(put_now(bounded, 1), 0);
    EXPECT(!rio_queue_empty(bounded) && !rio_queue_full(bounded));
    EXPECT_EQ(put_now(bounded, 2), 0);
    EXPECT(rio_queue_full(bounded));
    EXPECT_EQ(rio_queue_size(bounded), 2);
    EXPECT_EQ(put_now(bounded, 3), -EAGAIN);
    EXPECT_EQ(get_now(bounded), 1);
    EXPECT_EQ(get_now(bounded), 2);
    for (long i = 0; i < 1000; i++)
        EXPECT_EQ(put_now(unbounded, i), 0);
    EXPECT(!rio_queue_full(unbounded));
    rio_queue_free(bounded);
    rio_queue_free(unbounded);
    rio_queue_free(NULL);
    errno = 0;
    EXPECT(rio_queue_new(0, 0) == NULL);
    EXPECT_EQ(errno, EINVAL);
    return 0;
}

LOOP_TEST(items_come_out_in_the_order_they_went_in) /* QUE-02 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    long next_in = 0, next_out = 0;

    /* Rings of every fill wrap around while they grow. */
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < round; i++)
            EXPECT_EQ(put_now(q, next_in++), 0);
        for (int i = 0; i < round / 2; i++)
            EXPECT_EQ(get_now(q), next_out++);
    }
    while (!rio_queue_empty(q))
        EXPECT_EQ(get_now(q), next_out++);
    EXPECT_EQ(next_in, next_out);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(items_of_any_size_are_copied)
{
    struct {
        char text[37];
    } item = {"one"};
    rio_queue *q = rio_queue_new(sizeof item, 0);

    for (int i = 0; i < 20; i++)
        EXPECT_EQ(rio_queue_put_nowait(q, &item), 0);
    memset(&item, 0, sizeof item);
    for (int i = 0; i < 20; i++) {
        EXPECT_EQ(rio_queue_get_nowait(q, &item), 0);
        EXPECT(strcmp(item.text, "one") == 0);
    }
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(a_full_queue_holds_its_putters) /* QUE-03, QUE-09 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 1);
    struct user u[2] = {{.q = q, .value = 10}, {.q = q, .value = 20}};
    rio_task *a = rio_create_task(put_one, &u[0]), *b = rio_create_task(put_one, &u[1]);
    long value;

    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_future_done(a) && !rio_future_done(b));
    EXPECT_EQ(await(rio_queue_get(q, &value)), 0);
    EXPECT_EQ(value, 10);
    EXPECT_EQ(await(rio_queue_get(q, &value)), 0);
    EXPECT_EQ(value, 20);
    EXPECT_EQ(await(rio_join_unref(a)), 0);
    EXPECT_EQ(await(rio_join_unref(b)), 0);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(getters_are_served_in_order) /* QUE-05, QUE-18, QUE-21, QUE-23 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    struct user u[3];
    rio_task *t[3];

    for (int i = 0; i < 3; i++) {
        u[i] = (struct user){.q = q};
        t[i] = rio_create_task(get_one, &u[i]);
    }
    EXPECT_EQ(await(loop_test_settle()), 0);
    for (long i = 0; i < 2; i++)
        EXPECT_EQ(put_now(q, i), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t[2]));
    EXPECT_EQ(put_now(q, 2), 0);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), i);
    rio_queue_free(q);
    return 0;
}

static long produce(void *arg)
{
    struct user *u = arg;

    for (long i = 0; i < u->n; i++)
        RIO_TRY(await(rio_queue_put(u->q, &i)));
    return 0;
}

static long consume(void *arg)
{
    struct user *u = arg;

    for (long i = 0; i < u->n; i++) {
        long value;

        RIO_TRY(await(rio_queue_get(u->q, &value)));
        u->sum += value;
    }
    return 0;
}

LOOP_TEST(producers_and_consumers_meet) /* QUE-10 */
{
    static const size_t sizes[] = {1, 2, 3, 64, 0};

    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        rio_queue *q = rio_queue_new(sizeof(long), sizes[k]);
        struct user p[4], c[2];
        rio_group g;

        rio_group_enter(&g);
        for (int i = 0; i < 4; i++) {
            p[i] = (struct user){.q = q, .n = 100};
            rio_group_spawn(&g, produce, &p[i]);
        }
        for (int i = 0; i < 2; i++) {
            c[i] = (struct user){.q = q, .n = 200};
            rio_group_spawn(&g, consume, &c[i]);
        }
        EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
        rio_group_destroy(&g);
        EXPECT_EQ(c[0].sum + c[1].sum, 4 * 4950);
        rio_queue_free(q);
    }
    return 0;
}

LOOP_TEST(a_timed_out_getter_leaves_nothing_behind) /* QUE-11 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    struct user u = {.q = q};

    EXPECT_EQ(await(rio_wait_for_call(get_one, &u, 2 * RIO_MS)), -ETIMEDOUT);
    EXPECT_EQ(put_now(q, 5), 0);
    EXPECT_EQ(get_now(q), 5);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(an_item_is_not_lost_on_a_cancelled_getter) /* QUE-13, QUE-14 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    struct user u[3];
    rio_task *t[3];

    for (int i = 0; i < 3; i++) {
        u[i] = (struct user){.q = q};
        t[i] = rio_create_task(get_one, &u[i]);
    }
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(put_now(q, 1), 0);
    EXPECT_EQ(put_now(q, 2), 0);
    rio_task_cancel(t[0]);
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(t[1])) + await(rio_join_unref(t[2])), 3);
    EXPECT(rio_queue_empty(q));
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(a_cancelled_putter_has_put_nothing) /* QUE-15, QUE-17, QUE-19 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 1);
    struct user u[3] = {
        {.q = q, .value = 1}, {.q = q, .value = 2}, {.q = q, .value = 3}};
    rio_task *t[3];

    for (int i = 0; i < 3; i++)
        t[i] = rio_create_task(put_one, &u[i]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(get_now(q), 1); /* wakes the second */
    rio_task_cancel(t[1]);    /* which has not run yet */
    EXPECT_EQ(await(rio_join_unref(t[1])), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(t[2])), 0); /* the room went to the third */
    EXPECT_EQ(rio_queue_size(q), 1);
    EXPECT_EQ(get_now(q), 3);
    EXPECT_EQ(await(rio_join_unref(t[0])), 0);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(a_getter_robbed_of_its_item_keeps_its_place)
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    struct user u[2] = {{.q = q}, {.q = q}};
    rio_task *t[2];

    for (int i = 0; i < 2; i++)
        t[i] = rio_create_task(get_one, &u[i]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(put_now(q, 1), 0);
    EXPECT_EQ(get_now(q), 1); /* before the woken getter runs */
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(put_now(q, 2), 0);
    EXPECT_EQ(await(rio_join_unref(t[0])), 2);
    EXPECT_EQ(put_now(q, 3), 0);
    EXPECT_EQ(await(rio_join_unref(t[1])), 3);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(a_typed_front_is_a_queue_of_its_type)
{
    longs q = {rio_queue_new(sizeof(long), 0)};
    long value = 0;

    EXPECT_EQ(await(longs_put(q, 17)), 0);
    EXPECT_EQ(await(longs_get(q, &value)), 0);
    EXPECT_EQ(value, 17);
    rio_queue_free(q.q);
    return 0;
}

/* ---- task_done, join ---- */

static long work(void *arg)
{
    struct user *u = arg;

    for (;;) {
        long value;

        RIO_TRY(await(rio_queue_get(u->q, &value)));
        u->sum += value;
        RIO_TRY(await(rio_yield()));
        RIO_TRY(rio_queue_task_done(u->q));
    }
}

LOOP_TEST(join_waits_for_the_last_task_done) /* QJOIN-01..06 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    struct user u[2] = {{.q = q}, {.q = q}};
    rio_task *w[2], *j[2];

    EXPECT_EQ(rio_queue_task_done(q), -EINVAL);
    EXPECT_EQ(await(rio_queue_join(q)), 0);
    EXPECT_EQ(await(rio_queue_join(q)), 0);
    for (int round = 0; round < 2; round++) {
        for (long i = 0; i < 100; i++)
            EXPECT_EQ(put_now(q, i), 0);
        for (int i = 0; i < 2; i++)
            j[i] = rio_create_task(join_queue, q);
        EXPECT_EQ(await(loop_test_settle()), 0);
        EXPECT(!rio_future_done(j[0]));
        for (int i = 0; i < 2; i++)
            w[i] = rio_create_task(work, &u[i]);
        EXPECT_EQ(await(rio_queue_join(q)), 0);
        for (int i = 0; i < 2; i++)
            EXPECT_EQ(await(rio_join_unref(j[i])), 0);
        for (int i = 0; i < 2; i++) {
            rio_task_cancel(w[i]);
            EXPECT_EQ(await(rio_join_unref(w[i])), -ECANCELED);
        }
    }
    EXPECT_EQ(u[0].sum + u[1].sum, 2 * 4950);
    EXPECT_EQ(rio_queue_task_done(q), -EINVAL);
    rio_queue_free(q);
    return 0;
}

/* ---- shutdown ---- */

LOOP_TEST(a_shut_queue_refuses_and_wakes_all) /* QSHUT-01, QSHUT-05 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    struct user u = {.q = q};
    rio_task *t = rio_create_task(get_one, &u);
    long value = 0;

    EXPECT_EQ(await(rio_yield()), 0);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(await(rio_join_unref(t)), -ESHUTDOWN);
    EXPECT_EQ(await(rio_queue_join(q)), 0);
    rio_queue_shutdown(q, true);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(await(rio_queue_put(q, &value)), -ESHUTDOWN);
    EXPECT_EQ(await(rio_queue_get(q, &value)), -ESHUTDOWN);
    EXPECT_EQ(put_now(q, 1), -ESHUTDOWN);
    EXPECT_EQ(get_now(q), -ESHUTDOWN);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(what_was_accepted_can_still_be_taken) /* QSHUT-02 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 1);
    struct user u = {.q = q, .value = 2};
    rio_task *putter, *joiner;

    EXPECT_EQ(put_now(q, 1), 0);
    putter = rio_create_task(put_one, &u);
    joiner = rio_create_task(join_queue, q);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(await(rio_join_unref(putter)), -ESHUTDOWN);
    EXPECT(!rio_future_done(joiner));
    EXPECT_EQ(get_now(q), 1);
    EXPECT_EQ(get_now(q), -ESHUTDOWN);
    EXPECT(!rio_future_done(joiner));
    EXPECT_EQ(rio_queue_task_done(q), 0);
    EXPECT_EQ(await(rio_join_unref(joiner)), 0);
    EXPECT_EQ(rio_queue_task_done(q), -EINVAL);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(an_immediate_shutdown_drops_the_items) /* QSHUT-03, QSHUT-07 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 2);
    struct user u[2] = {{.q = q}, {.q = q}};
    rio_task *putters[2], *joiner;

    EXPECT_EQ(put_now(q, 1), 0);
    EXPECT_EQ(put_now(q, 2), 0);
    for (int i = 0; i < 2; i++)
        putters[i] = rio_create_task(put_one, &u[i]);
    joiner = rio_create_task(join_queue, q);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_queue_shutdown(q, true);
    EXPECT_EQ(rio_queue_size(q), 0);
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(await(rio_join_unref(putters[i])), -ESHUTDOWN);
    EXPECT_EQ(await(rio_join_unref(joiner)), 0);
    EXPECT_EQ(get_now(q), -ESHUTDOWN);
    EXPECT_EQ(rio_queue_task_done(q), -EINVAL);
    rio_queue_free(q);
    return 0;
}

LOOP_TEST(getters_share_what_is_left) /* QSHUT-06, QSHUT-11 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 0);
    struct user u[3] = {{.q = q}, {.q = q}, {.q = q}};
    rio_task *t[3];

    for (int i = 0; i < 3; i++)
        t[i] = rio_create_task(get_one, &u[i]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(put_now(q, 1), 0);
    rio_task_cancel(t[1]);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(await(rio_join_unref(t[0])), 1);
    EXPECT_EQ(await(rio_join_unref(t[1])), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(t[2])), -ESHUTDOWN);
    rio_queue_free(q);
    return 0;
}

static long put_until_shut(void *arg)
{
    struct user *u = arg;
    int rc;

    for (long one = 1;; u->n++) {
        rc = await(rio_queue_put(u->q, &one));
        if (rc < 0)
            return rc == -ESHUTDOWN ? 0 : rc;
    }
}

static long get_until_shut(void *arg)
{
    struct user *u = arg;
    long value;
    int rc;

    for (;;) {
        rc = await(rio_queue_get(u->q, &value));
        if (rc < 0)
            return rc == -ESHUTDOWN ? 0 : rc;
        u->sum += value;
        RIO_TRY(rio_queue_task_done(u->q));
    }
}

LOOP_TEST(nothing_that_was_accepted_is_lost_in_a_shutdown) /* QSHUT-09, QSHUT-10 */
{
    rio_queue *q = rio_queue_new(sizeof(long), 3);
    struct user p[4], c[6];
    long put = 0, got = 0;
    rio_group g;

    rio_group_enter(&g);
    for (int i = 0; i < 4; i++) {
        p[i] = (struct user){.q = q};
        rio_group_spawn(&g, put_until_shut, &p[i]);
    }
    for (int i = 0; i < 6; i++) {
        c[i] = (struct user){.q = q};
        rio_group_spawn(&g, get_until_shut, &c[i]);
    }
    EXPECT_EQ(await(rio_sleep(5 * RIO_MS)), 0);
    rio_queue_shutdown(q, false);
    EXPECT_EQ(await(rio_queue_join(q)), 0);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    for (int i = 0; i < 4; i++)
        put += p[i].n;
    for (int i = 0; i < 6; i++)
        got += c[i].sum;
    EXPECT(put > 0);
    EXPECT_EQ(put, got);
    rio_queue_free(q);
    return 0;
}

/* ---- a storm of cancels ---- */

static long put_stubbornly(void *arg)
{
    struct user *u = arg;

    for (long one = 1; u->n < 300;)
        if (await(rio_queue_put(u->q, &one)) == 0)
            u->n++;
    while (rio_task_uncancel(rio_current_task()) > 0)
        continue;
    return 0;
}

static long get_stubbornly(void *arg)
{
    struct user *u = arg;
    long value;
    int rc;

    while ((rc = await(rio_queue_get(u->q, &value))) != -ESHUTDOWN)
        if (rc == 0)
            u->sum += value;
    while (rio_task_uncancel(rio_current_task()) > 0)
        continue;
    return 0;
}

LOOP_TEST(a_queue_survives_a_storm_of_cancels)
{
    rio_queue *q = rio_queue_new(sizeof(long), 2);
    struct user u[8];
    rio_task *t[8];
    unsigned seed = 7;
    long got = 0;

    for (int i = 0; i < 8; i++) {
        u[i] = (struct user){.q = q};
        t[i] = rio_create_task(i < 4 ? put_stubbornly : get_stubbornly, &u[i]);
    }
    EXPECT_EQ(await(rio_yield()), 0); /* all have started */
    for (int i = 0; i < 4; i++) {
        while (!rio_future_done(t[i])) {
            seed = seed * 1103515245u + 12345u;
            rio_task_cancel(t[(seed >> 16) % 8]);
            EXPECT_EQ(await(rio_yield()), 0);
        }
    }
    rio_queue_shutdown(q, false);
    for (int i = 0; i < 8; i++) {
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
        got += u[i].sum;
    }
    EXPECT_EQ(got, 1200);
    rio_queue_free(q);
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_queue_knows_how_full_it_is),
          cmocka_unit_test(items_come_out_in_the_order_they_went_in),
          cmocka_unit_test(items_of_any_size_are_copied),
          cmocka_unit_test(a_full_queue_holds_its_putters),
          cmocka_unit_test(getters_are_served_in_order),
          cmocka_unit_test(producers_and_consumers_meet),
          cmocka_unit_test(a_timed_out_getter_leaves_nothing_behind),
          cmocka_unit_test(an_item_is_not_lost_on_a_cancelled_getter),
          cmocka_unit_test(a_cancelled_putter_has_put_nothing),
          cmocka_unit_test(a_getter_robbed_of_its_item_keeps_its_place),
          cmocka_unit_test(a_typed_front_is_a_queue_of_its_type),
          cmocka_unit_test(join_waits_for_the_last_task_done),
          cmocka_unit_test(a_shut_queue_refuses_and_wakes_all),
          cmocka_unit_test(what_was_accepted_can_still_be_taken),
          cmocka_unit_test(an_immediate_shutdown_drops_the_items),
          cmocka_unit_test(getters_share_what_is_left),
          cmocka_unit_test(nothing_that_was_accepted_is_lost_in_a_shutdown),
          cmocka_unit_test(a_queue_survives_a_storm_of_cancels))
