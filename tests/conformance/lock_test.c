/* lock_test - LOCK: the lock.
 * SPDX-License-Identifier: MIT */
#include "case.h"

struct user {
    rio_lock *lock;
    struct trail *trail;
    char name;
};

static long take(void *arg)
{
    struct user *u = arg;

    RIO_TRY(await(rio_lock_acquire(u->lock)));
    leave(u->trail, u->name);
    return 1;
}

LOOP_TEST(test_LOCK_01)
{
    rio_lock lock = RIO_LOCK_INIT;
    struct trail trail = {0};
    struct user u[3];
    rio_task *t[3];

    EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
    for (int i = 0; i < 3; i++)
        u[i] = (struct user){&lock, &trail, (char)('1' + i)};
    t[0] = rio_create_task(take, &u[0]);
    t[1] = rio_create_task(take, &u[1]);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, ""));
    EXPECT_EQ(rio_lock_release(&lock), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "1"));
    t[2] = rio_create_task(take, &u[2]);
    EXPECT_EQ(rio_lock_release(&lock), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "12"));
    EXPECT_EQ(rio_lock_release(&lock), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "123"));
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 1);
    return 0;
}

LOOP_TEST(test_LOCK_02)
{
    rio_lock lock = RIO_LOCK_INIT;
    struct trail trail = {0};
    struct user u = {&lock, &trail, '1'};
    rio_task *t;

    EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
    t = rio_create_task(take, &u);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(lock.w.head == NULL && lock.w.tail == NULL);
    EXPECT_EQ(rio_lock_release(&lock), 0);
    EXPECT(!rio_lock_locked(&lock));
    return 0;
}

struct holder {
    struct user u;
    rio_future *until;
};

static long hold(void *arg)
{
    struct holder *h = arg;
    long rc;

    RIO_TRY(await(rio_lock_acquire(h->u.lock)));
    leave(h->u.trail, h->u.name);
    rc = await(rio_join(h->until));
    RIO_TRY(rio_lock_release(h->u.lock));
    return rc;
}

LOOP_TEST(test_LOCK_03)
{
    rio_lock lock = RIO_LOCK_INIT;
    struct trail trail = {0};
    struct holder a = {{&lock, &trail, 'a'}, rio_future_new()};
    struct user b = {&lock, &trail, 'b'}, c = {&lock, &trail, 'c'};
    rio_task *ta = rio_create_task(hold, &a), *tb = rio_create_task(take, &b), *tc;

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(a.until, 1), 0);
    rio_task_cancel(tb);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_join_unref(ta)), 1);
    EXPECT_EQ(await(rio_join_unref(tb)), -ECANCELED);
    EXPECT(!rio_lock_locked(&lock));
    tc = rio_create_task(take, &c);
    EXPECT_EQ(await(rio_join_unref(tc)), 1);
    EXPECT(trail_is(&trail, "ac"));
    rio_unref(a.until);
    return 0;
}

LOOP_TEST(test_LOCK_05)
{
    rio_lock lock = RIO_LOCK_INIT;
    struct trail trail = {0};
    struct user b = {&lock, &trail, 'b'}, c = {&lock, &trail, 'c'};

    for (int k = 0; k < 2; k++) { /* whichever comes first */
        rio_task *tb, *tc;

        EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
        tb = rio_create_task(take, &b);
        EXPECT_EQ(await(settle()), 0);
        tc = rio_create_task(take, &c);
        if (k == 0)
            rio_task_cancel(tb);
        EXPECT_EQ(rio_lock_release(&lock), 0);
        if (k == 1)
            rio_task_cancel(tb);
        EXPECT_EQ(await(rio_join_unref(tb)), -ECANCELED);
        EXPECT_EQ(await(rio_join_unref(tc)), 1);
        EXPECT(rio_lock_locked(&lock));
        EXPECT_EQ(rio_lock_release(&lock), 0);
    }
    EXPECT(trail_is(&trail, "cc"));
    return 0;
}

LOOP_TEST(test_LOCK_06)
{
    rio_lock lock = RIO_LOCK_INIT;

    EXPECT_EQ(rio_lock_release(&lock), -EPERM);
    return 0;
}

LOOP_TEST(test_LOCK_07)
{
    rio_lock lock = RIO_LOCK_INIT;

    EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
    EXPECT(rio_lock_locked(&lock));
    EXPECT_EQ(rio_lock_release(&lock), 0);
    EXPECT(!rio_lock_locked(&lock));
    return 0;
}

static long fails_inside(void *lock)
{
    long rc;

    RIO_WITH_LOCK(lock, &rc)
    {
        return ERR;
    }
    return rc;
}

static long sleeps_inside(void *lock)
{
    long rc;

    RIO_WITH_LOCK(lock, &rc)
    {
        RIO_TRY(await(rio_sleep(LONG_SLEEP)));
    }
    return rc;
}

LOOP_TEST(test_LOCK_09)
{
    rio_lock lock = RIO_LOCK_INIT;
    rio_task *t = rio_create_task(fails_inside, &lock);

    EXPECT_EQ(await(rio_join_unref(t)), ERR);
    EXPECT(!rio_lock_locked(&lock));
    t = rio_create_task(sleeps_inside, &lock);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_lock_locked(&lock));
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!rio_lock_locked(&lock));
    return 0;
}

LOOP_TEST(test_LOCK_10)
{
    rio_lock lock = RIO_LOCK_INIT;
    struct trail trail = {0};
    struct user first = {&lock, &trail, '1'};
    rio_task *t;

    EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
    t = rio_create_task(take, &first);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_lock_release(&lock), 0);
    EXPECT(!rio_lock_locked(&lock)); /* and yet it is not ours */
    EXPECT_EQ(rio_future_done(t), false);
    EXPECT_EQ(
        await(rio_wait_for_call(take, &(struct user){&lock, &trail, '2'}, RIO_MS)),
        -ETIMEDOUT);
    EXPECT(trail_is(&trail, "1"));
    EXPECT_EQ(await(rio_join_unref(t)), 1);
    return 0;
}

LOOP_TEST(test_LOCK_11)
{
    rio_lock lock = RIO_LOCK_INIT;
    struct trail trail = {0};
    struct user u = {&lock, &trail, '1'};
    rio_task *t[2];
    uint64_t turns;

    EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
    for (int i = 0; i < 2; i++)
        t[i] = rio_create_task(take, &u);
    EXPECT_EQ(await(settle()), 0);
    for (int i = 0; i < 2; i++)
        rio_task_cancel(t[i]);
    EXPECT_EQ(rio_lock_release(&lock), 0);
    turns = stats_now().turns;
    EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
    EXPECT_EQ(stats_now().turns, turns);
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), -ECANCELED);
    EXPECT_EQ(rio_lock_release(&lock), 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_LOCK_01), cmocka_unit_test(test_LOCK_02),
          cmocka_unit_test(test_LOCK_03), cmocka_unit_test(test_LOCK_05),
          cmocka_unit_test(test_LOCK_06), cmocka_unit_test(test_LOCK_07),
          cmocka_unit_test(test_LOCK_09), cmocka_unit_test(test_LOCK_10),
          cmocka_unit_test(test_LOCK_11))
