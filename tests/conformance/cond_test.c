/* cond_test - COND: the condition.
 * SPDX-License-Identifier: MIT */
#include "case.h"

struct user {
    rio_cond *cond;
    struct trail *trail;
    char name;
    bool held; /* the lock was, when the wait returned */
};

/* Waits once, and leaves with the lock released. */
static long wait_once(void *arg)
{
    struct user *u = arg;
    long rc;

    RIO_TRY(await(rio_lock_acquire(u->cond->lock)));
    rc = await(rio_cond_wait(u->cond));
    u->held = rio_lock_locked(u->cond->lock);
    if (rc == 0)
        leave(u->trail, u->name);
    RIO_TRY(rio_lock_release(u->cond->lock));
    return rc;
}

RIO_AWAITS static int notify(rio_cond *c, size_t n)
{
    RIO_IGNORE(await(rio_lock_acquire(c->lock)));
    RIO_IGNORE(rio_cond_notify(c, n));
    RIO_IGNORE(rio_lock_release(c->lock));
    return await(settle());
}

LOOP_TEST(test_COND_01)
{
    rio_cond c;
    struct trail trail = {0};
    struct user u[3];
    rio_task *t[3];

    rio_cond_init(&c, NULL);
    for (int i = 0; i < 3; i++) {
        u[i] = (struct user){.cond = &c, .trail = &trail, .name = (char)('1' + i)};
        t[i] = rio_create_task(wait_once, &u[i]);
    }
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_lock_acquire(c.lock)), 0);
    EXPECT_EQ(rio_cond_notify(&c, 1), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, ""));
    EXPECT_EQ(rio_lock_release(c.lock), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "1"));
    EXPECT_EQ(await(notify(&c, 2)), 0);
    EXPECT(trail_is(&trail, "123"));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
        EXPECT(u[i].held);
    }
    return 0;
}

LOOP_TEST(test_COND_02)
{
    rio_cond c;
    struct user u = {.cond = &c};
    rio_task *t;

    rio_cond_init(&c, NULL);
    t = rio_create_task(wait_once, &u);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(u.held);
    EXPECT(c.w.head == NULL);
    EXPECT(!rio_lock_locked(c.lock));
    return 0;
}

LOOP_TEST(test_COND_03)
{
    rio_cond c;
    struct trail trail = {0};
    struct user u = {.cond = &c, .trail = &trail};
    rio_task *t;

    rio_cond_init(&c, NULL);
    t = rio_create_task(wait_once, &u);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_lock_acquire(c.lock)), 0);
    EXPECT_EQ(rio_cond_notify(&c, 1), 0);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_lock_release(c.lock), 0);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(u.held);
    return 0;
}

static bool is_true(void *unused)
{
    (void)unused;
    return true;
}

static bool is_false(void *unused)
{
    (void)unused;
    return false;
}

LOOP_TEST(test_COND_05)
{
    rio_cond c;

    rio_cond_init(&c, NULL);
    EXPECT_EQ(await(rio_cond_wait(&c)), -EPERM);
    EXPECT_EQ(rio_cond_notify(&c, 1), -EPERM);
    EXPECT_EQ(rio_cond_notify_all(&c), -EPERM);
    EXPECT_EQ(await(rio_cond_wait_for(&c, is_true, NULL)), 0);
    EXPECT_EQ(await(rio_cond_wait_for(&c, is_false, NULL)), -EPERM);
    return 0;
}

struct gate {
    rio_cond c;
    bool open;
};

static bool is_open(void *arg)
{
    struct gate *g = arg;

    return g->open;
}

static long pass_gate(void *arg)
{
    struct gate *g = arg;
    long rc;

    RIO_TRY(await(rio_lock_acquire(g->c.lock)));
    rc = await(rio_cond_wait_for(&g->c, is_open, g));
    RIO_TRY(rio_lock_release(g->c.lock));
    return rc;
}

LOOP_TEST(test_COND_06)
{
    struct gate g = {.open = false};
    rio_task *t;

    rio_cond_init(&g.c, NULL);
    t = rio_create_task(pass_gate, &g);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(notify(&g.c, 1)), 0);
    EXPECT(!rio_future_done(t));
    g.open = true;
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(await(notify(&g.c, 1)), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    return 0;
}

LOOP_TEST(test_COND_07)
{
    rio_cond c;
    struct trail trail = {0};
    struct user u[3];
    rio_task *t[3];

    rio_cond_init(&c, NULL);
    for (int i = 0; i < 3; i++) {
        u[i] = (struct user){.cond = &c, .trail = &trail, .name = (char)('1' + i)};
        t[i] = rio_create_task(wait_once, &u[i]);
    }
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(notify(&c, 1)), 0);
    EXPECT(trail_is(&trail, "1"));
    EXPECT_EQ(await(rio_lock_acquire(c.lock)), 0);
    EXPECT_EQ(rio_cond_notify(&c, 1), 0);
    EXPECT_EQ(rio_cond_notify(&c, 2048), 0);
    EXPECT_EQ(rio_lock_release(c.lock), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "123"));
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    return 0;
}

static long takes_lock(void *lock)
{
    RIO_TRY(await(rio_lock_acquire(lock)));
    return rio_lock_release(lock);
}

LOOP_TEST(test_COND_09)
{
    rio_lock shared = RIO_LOCK_INIT;
    rio_cond own, a, b;

    rio_cond_init(&own, NULL);
    rio_cond_init(&a, &shared);
    rio_cond_init(&b, &shared);
    EXPECT(own.lock == &own.own && a.lock == &shared && b.lock == &shared);
    EXPECT_EQ(await(rio_lock_acquire(a.lock)), 0);
    EXPECT(rio_lock_locked(&shared) && rio_lock_locked(b.lock));
    EXPECT_EQ(rio_cond_notify(&a, 1), 0);
    EXPECT_EQ(rio_cond_notify(&b, 1), 0);
    EXPECT_EQ(rio_cond_notify(&own, 1), -EPERM);
    EXPECT_EQ(rio_lock_release(b.lock), 0);
    EXPECT(!rio_lock_locked(&shared) && !rio_lock_locked(a.lock));
    return 0;
}

static long takes_and_contends(void *arg)
{
    rio_cond *c = arg;

    RIO_TRY(await(rio_lock_acquire(c->lock)));
    rio_unref(rio_create_task(takes_lock, c->lock)); /* it waits from now on */
    return await(settle());
}

static long contends_elsewhere(void *arg)
{
    rio_cond *c = arg;
    long rc;

    EXPECT_EQ(await(rio_lock_acquire(c->lock)), -EINVAL);
    RIO_WITH_LOCK(c->lock, &rc)
    {
        return ERR;
    }
    return rc;
}

static long gives_back(void *arg)
{
    rio_cond *c = arg;

    RIO_TRY(rio_lock_release(c->lock));
    RIO_TRY(await(settle()));
    return rio_lock_locked(c->lock);
}

static void test_COND_10(void **state)
{
    rio_runner *one = rio_runner_new(loop_test_io()),
               *two = rio_runner_new(loop_test_io());
    rio_lock shared = RIO_LOCK_INIT;
    rio_cond c;

    (void)state;
    rio_cond_init(&c, &shared);
    assert_int_equal(rio_runner_run(one, takes_and_contends, &c), 0);
    assert_int_equal(rio_runner_run(two, contends_elsewhere, &c), -EINVAL);
    assert_int_equal(rio_runner_run(one, gives_back, &c), 0);
    rio_runner_free(two);
    rio_runner_free(one);
}

LOOP_TEST(test_COND_11)
{
    struct gate g = {.open = false};
    rio_task *t;

    rio_cond_init(&g.c, NULL);
    t = rio_create_task(pass_gate, &g);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel_msg(t, "enough");
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_task_error(t) != NULL && strcmp(rio_task_error(t), "enough") == 0);
    EXPECT(!rio_lock_locked(g.c.lock));
    rio_unref(t);
    return 0;
}

struct store {
    rio_cond c;
    int state;
};

static bool has_some(void *arg)
{
    struct store *s = arg;

    return s->state > 0;
}

static long consume(void *arg)
{
    struct store *s = arg;
    long rc;

    RIO_TRY(await(rio_lock_acquire(s->c.lock)));
    rc = await(rio_cond_wait_for(&s->c, has_some, s));
    if (rc == 0)
        s->state--;
    RIO_TRY(rio_lock_release(s->c.lock));
    return rc;
}

RIO_AWAITS static long wake_up_goes_on(bool waits_for_lock)
{
    struct store s = {.state = 0};
    rio_task *t[2];

    rio_cond_init(&s.c, NULL);
    for (int i = 0; i < 2; i++)
        t[i] = rio_create_task(consume, &s);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_lock_acquire(s.c.lock)), 0);
    s.state = 1;
    EXPECT_EQ(rio_cond_notify(&s.c, 1), 0);
    if (waits_for_lock)
        EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t[0]);
    EXPECT_EQ(rio_lock_release(s.c.lock), 0);
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(t[1])), 0);
    EXPECT_EQ(s.state, 0);
    return 0;
}

LOOP_TEST(test_COND_13)
{
    return await(wake_up_goes_on(false));
}

LOOP_TEST(test_COND_14)
{
    return await(wake_up_goes_on(true));
}

LOOP_TEST(test_COND_15)
{
    rio_cond c;
    struct trail trail = {0};
    struct user u = {.cond = &c, .trail = &trail};
    rio_task *t;

    rio_cond_init(&c, NULL);
    t = rio_create_task(wait_once, &u);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_lock_acquire(c.lock)), 0);
    for (int i = 0; i < 2; i++) {
        rio_task_cancel(t);
        EXPECT_EQ(await(settle()), 0);
        EXPECT(!rio_future_done(t));
    }
    EXPECT_EQ(rio_lock_release(c.lock), 0);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(u.held);
    EXPECT(!rio_lock_locked(c.lock));
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_COND_01), cmocka_unit_test(test_COND_02),
          cmocka_unit_test(test_COND_03), cmocka_unit_test(test_COND_05),
          cmocka_unit_test(test_COND_06), cmocka_unit_test(test_COND_07),
          cmocka_unit_test(test_COND_09), cmocka_unit_test(test_COND_10),
          cmocka_unit_test(test_COND_11), cmocka_unit_test(test_COND_13),
          cmocka_unit_test(test_COND_14), cmocka_unit_test(test_COND_15))
