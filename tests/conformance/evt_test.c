/* evt_test - EVT: the event.
 * SPDX-License-Identifier: MIT */
#include "case.h"

struct user {
    rio_event *event;
    struct trail *trail;
    char name;
};

static long wait_for_it(void *arg)
{
    struct user *u = arg;

    RIO_TRY(await(rio_event_wait(u->event)));
    leave(u->trail, u->name);
    return 1;
}

LOOP_TEST(test_EVT_01)
{
    rio_event e = {0};
    struct trail trail = {0};
    struct user u[3];
    rio_task *t[3];

    for (int i = 0; i < 3; i++)
        u[i] = (struct user){&e, &trail, (char)('1' + i)};
    t[0] = rio_create_task(wait_for_it, &u[0]);
    t[1] = rio_create_task(wait_for_it, &u[1]);
    EXPECT_EQ(await(settle()), 0);
    t[2] = rio_create_task(wait_for_it, &u[2]);
    rio_event_set(&e);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "312"));
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 1);
    return 0;
}

LOOP_TEST(test_EVT_02)
{
    rio_event e = {0};
    uint64_t turns = stats_now().turns;

    rio_event_set(&e);
    EXPECT_EQ(await(rio_event_wait(&e)), 0);
    EXPECT_EQ(stats_now().turns, turns);
    return 0;
}

LOOP_TEST(test_EVT_03)
{
    rio_event e = {0};
    struct trail trail = {0};
    struct user u = {&e, &trail, '1'};
    rio_task *t = rio_create_task(wait_for_it, &u);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(e.w.head == NULL && e.w.tail == NULL);
    rio_event_set(&e);
    EXPECT(trail_is(&trail, ""));
    return 0;
}

LOOP_TEST(test_EVT_05)
{
    rio_event e = {0};
    struct trail trail = {0};
    struct user u = {&e, &trail, '1'};
    rio_task *t = rio_create_task(wait_for_it, &u);

    EXPECT_EQ(await(settle()), 0);
    rio_event_set(&e);
    rio_event_clear(&e);
    rio_event_set(&e);
    rio_event_set(&e);
    EXPECT_EQ(await(rio_join_unref(t)), 1);

    rio_event_clear(&e);
    t = rio_create_task(wait_for_it, &u);
    EXPECT_EQ(await(settle()), 0);
    rio_event_set(&e);
    rio_event_clear(&e);
    EXPECT_EQ(await(rio_join_unref(t)), 1);
    EXPECT(!rio_event_is_set(&e));
    EXPECT(trail_is(&trail, "11"));
    return 0;
}

LOOP_TEST(test_EVT_06)
{
    rio_event e = {0};

    rio_event_set(&e);
    rio_event_set(&e);
    EXPECT(rio_event_is_set(&e));
    rio_event_clear(&e);
    EXPECT(!rio_event_is_set(&e));
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_EVT_01), cmocka_unit_test(test_EVT_02),
          cmocka_unit_test(test_EVT_03), cmocka_unit_test(test_EVT_05),
          cmocka_unit_test(test_EVT_06))
