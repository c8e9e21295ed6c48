/* sem_test - SEM: the semaphore.
 * SPDX-License-Identifier: MIT */
#include "case.h"

struct user {
    rio_sem *sem;
    struct trail *trail;
    char name;
};

static long take(void *arg)
{
    struct user *u = arg;

    RIO_TRY(await(rio_sem_acquire(u->sem)));
    leave(u->trail, u->name);
    return 1;
}

/* Starts take() for users '1', '2', ... */
static void start(rio_task **t, struct user *u, int n, rio_sem *s, struct trail *trail)
{
    for (int i = 0; i < n; i++) {
        u[i] = (struct user){s, trail, (char)('1' + i)};
        t[i] = rio_create_task(take, &u[i]);
    }
}

LOOP_TEST(test_SEM_01)
{
    rio_sem s;

    EXPECT_EQ(rio_sem_init(&s, 0), 0);
    EXPECT(rio_sem_locked(&s));
    EXPECT_EQ(rio_sem_init(&s, -1), -EINVAL);
    return 0;
}

LOOP_TEST(test_SEM_02)
{
    rio_sem s;
    struct trail trail = {0};
    struct user u[4];
    rio_task *t[4];
    int done = 0;

    EXPECT_EQ(rio_sem_init(&s, 3), 0);
    EXPECT_EQ(await(rio_sem_acquire(&s)), 0);
    EXPECT_EQ(await(rio_sem_acquire(&s)), 0);
    EXPECT(!rio_sem_locked(&s));
    start(t, u, 3, &s, &trail);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "1"));
    EXPECT(rio_sem_locked(&s));
    u[3] = (struct user){&s, &trail, '4'};
    t[3] = rio_create_task(take, &u[3]);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(await(settle()), 0);
    for (int i = 1; i < 4; i++)
        done += rio_future_done(t[i]);
    EXPECT_EQ(done, 2);
    EXPECT_EQ(s.value, 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 1);
    return 0;
}

LOOP_TEST(test_SEM_03)
{
    rio_sem s;
    struct trail trail = {0};
    struct user u;
    rio_task *t;

    EXPECT_EQ(rio_sem_init(&s, 0), 0);
    start(&t, &u, 1, &s, &trail);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(s.w.head == NULL);
    EXPECT_EQ(s.granted, 0);
    return 0;
}

LOOP_TEST(test_SEM_05)
{
    for (int k = 0; k < 2; k++) { /* whichever comes first */
        rio_sem s;
        struct trail trail = {0};
        struct user u[2];
        rio_task *t[2];

        EXPECT_EQ(rio_sem_init(&s, 0), 0);
        start(t, u, 2, &s, &trail);
        EXPECT_EQ(await(settle()), 0);
        if (k == 0)
            rio_task_cancel(t[0]);
        EXPECT_EQ(rio_sem_release(&s), 0);
        if (k == 1)
            rio_task_cancel(t[0]);
        EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
        EXPECT_EQ(await(rio_join_unref(t[1])), 1);
        EXPECT(trail_is(&trail, "2"));
        EXPECT_EQ(s.value, 0);
    }
    return 0;
}

struct scope {
    rio_sem *sem;
    rio_task *victim;
    bool entered;
};

static long leaves_and_cancels(void *arg)
{
    struct scope *c = arg;
    long rc;

    RIO_WITH_SEM(c->sem, &rc)
    {
        RIO_TRY(await(settle()));
    }
    rio_task_cancel(c->victim);
    return rc;
}

static long enters(void *arg)
{
    struct scope *c = arg;
    long rc;

    RIO_WITH_SEM(c->sem, &rc)
    {
        c->entered = true;
    }
    return rc;
}

LOOP_TEST(test_SEM_06)
{
    rio_sem s;
    struct scope a = {.sem = &s}, b = {.sem = &s};
    rio_task *t;

    EXPECT_EQ(rio_sem_init(&s, 1), 0);
    t = rio_create_task(leaves_and_cancels, &a);
    a.victim = rio_create_task(enters, &b);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(await(rio_join_unref(a.victim)), -ECANCELED);
    EXPECT(!b.entered);
    EXPECT_EQ(s.value, 1);
    EXPECT_EQ(await(rio_sem_acquire(&s)), 0);
    return 0;
}

LOOP_TEST(test_SEM_07)
{
    rio_sem s;

    EXPECT_EQ(rio_sem_init_bounded(&s, 2), 0);
    EXPECT_EQ(rio_sem_release(&s), -EOVERFLOW);
    EXPECT_EQ(s.value, 2);
    return 0;
}

static long twice_in_a_row(void *arg)
{
    struct user *u = arg;

    for (int i = 0; i < 2; i++) {
        RIO_TRY(await(rio_sem_acquire(u->sem)));
        leave(u->trail, u->name);
        RIO_TRY(await(rio_sleep(RIO_MS)));
        RIO_TRY(rio_sem_release(u->sem));
    }
    return 0;
}

LOOP_TEST(test_SEM_09)
{
    rio_sem s;
    struct trail trail = {0};
    struct user u[3] = {{&s, &trail, '1'}, {&s, &trail, '2'}, {&s, &trail, '3'}};

    EXPECT_EQ(rio_sem_init(&s, 1), 0);
    EXPECT_EQ(RIO_GATHER_ARRAY(twice_in_a_row, u), 0);
    EXPECT(trail_is(&trail, "123123"));
    EXPECT_EQ(s.value, 1);
    return 0;
}

static long takes_twice(void *arg)
{
    struct user *u = arg;

    RIO_TRY(await(rio_sem_acquire(u->sem)));
    leave(u->trail, '2');
    RIO_TRY(rio_sem_release(u->sem));
    RIO_TRY(await(rio_sem_acquire(u->sem)));
    leave(u->trail, '4');
    return 1;
}

LOOP_TEST(test_SEM_10)
{
    rio_sem s;
    struct trail trail = {0};
    struct user c1 = {&s, &trail, '1'}, c2 = {&s, &trail, '2'}, c3 = {&s, &trail, '3'};
    rio_task *t[3];

    EXPECT_EQ(rio_sem_init(&s, 1), 0);
    t[0] = rio_create_task(take, &c1);
    t[1] = rio_create_task(takes_twice, &c2);
    t[2] = rio_create_task(take, &c3);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "1"));
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 1);
    EXPECT(trail_is(&trail, "1234"));
    return 0;
}

LOOP_TEST(test_SEM_11)
{
    rio_sem s;
    struct trail trail = {0};
    struct user u[3];
    rio_task *t[3];

    EXPECT_EQ(rio_sem_init(&s, 0), 0);
    start(t, u, 3, &s, &trail);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t[0]);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(t[1])), 1);
    EXPECT_EQ(await(rio_join_unref(t[2])), 1);
    EXPECT(trail_is(&trail, "23"));
    return 0;
}

LOOP_TEST(test_SEM_13)
{
    rio_sem s;

    EXPECT_EQ(rio_sem_init(&s, 1), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(s.value, 3);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_SEM_01), cmocka_unit_test(test_SEM_02),
          cmocka_unit_test(test_SEM_03), cmocka_unit_test(test_SEM_05),
          cmocka_unit_test(test_SEM_06), cmocka_unit_test(test_SEM_07),
          cmocka_unit_test(test_SEM_09), cmocka_unit_test(test_SEM_10),
          cmocka_unit_test(test_SEM_11), cmocka_unit_test(test_SEM_13))
