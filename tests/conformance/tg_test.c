/* tg_test - TG: the task group.
 * SPDX-License-Identifier: MIT */
#include "case.h"

LOOP_TEST(test_TG_01)
{
    struct job a = {.delay = 5 * RIO_MS, .result = 42};
    struct job b = {.delay = 10 * RIO_MS, .result = 11};
    rio_group g;
    rio_task *ta, *tb;

    EXPECT_EQ(rio_group_enter(&g), 0);
    ta = rio_ref(rio_group_spawn(&g, work, &a));
    tb = rio_ref(rio_group_spawn(&g, work, &b));
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT_EQ(rio_future_result(ta), 42);
    EXPECT_EQ(rio_future_result(tb), 11);
    rio_group_destroy(&g);
    rio_unref(ta);
    rio_unref(tb);
    return 0;
}

LOOP_TEST(test_TG_02)
{
    struct job a = {.delay = 5 * RIO_MS, .result = 42};
    struct job b = {.delay = 10 * RIO_MS, .result = 11};
    rio_group g;
    rio_task *ta, *tb;
    int rc;

    EXPECT_EQ(rio_group_enter(&g), 0);
    ta = rio_ref(rio_group_spawn(&g, work, &a));
    rc = await(rio_sleep(7 * RIO_MS));
    tb = rio_ref(rio_group_spawn(&g, work, &b));
    EXPECT_EQ(await(rio_group_exit(&g, rc)), 0);
    EXPECT_EQ(rio_future_result(ta), 42);
    EXPECT_EQ(rio_future_result(tb), 11);
    rio_group_destroy(&g);
    rio_unref(ta);
    rio_unref(tb);
    return 0;
}

LOOP_TEST(test_TG_03)
{
    struct job a, b = {.delay = 5 * RIO_MS, .result = 11};
    rio_group g;
    rio_task *ta, *tb;

    EXPECT_EQ(rio_group_enter(&g), 0);
    ta = rio_ref(rio_group_spawn(&g, work, sleeper(&a)));
    tb = rio_ref(rio_group_spawn(&g, work, &b));
    RIO_IGNORE(await(rio_yield()));
    rio_task_cancel(ta);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT_EQ(g.nerrors, 0);
    EXPECT(rio_future_cancelled(ta));
    EXPECT_EQ(rio_future_result(tb), 11);
    rio_group_destroy(&g);
    rio_unref(ta);
    rio_unref(tb);
    return 0;
}

LOOP_TEST(test_TG_05)
{
    struct job bad = {.delay = RIO_MS, .result = ERR}, good;
    rio_group g;
    long body, rc;
    size_t others = 0;

    EXPECT_EQ(rio_group_enter(&g), 0);
    for (int i = 0; i < 3; i++)
        rio_group_spawn(&g, work, &bad);
    rio_group_spawn(&g, work, sleeper(&good));
    body = await(rio_sleep(LONG_SLEEP));
    rc = await(rio_group_exit(&g, body));
    EXPECT_EQ(body, -ECANCELED);
    EXPECT_EQ(rc, ERR);
    EXPECT(good.cancelled);
    EXPECT(g.nerrors >= 1);
    for (size_t i = 0; i < g.nerrors; i++)
        others += g.errors[i].err != ERR;
    EXPECT_EQ(others, 0);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&g);
    return 0;
}

struct family {
    struct job children[5];
    bool in_body;
    long body;
    size_t errors;
};

static long parent_of_five(void *arg)
{
    struct family *f = arg;
    rio_group g;
    long rc = 0;

    RIO_TRY(rio_group_enter(&g));
    for (int i = 0; i < 5; i++)
        rio_group_spawn(&g, work, sleeper(&f->children[i]));
    if (f->in_body)
        f->body = rc = await(rio_sleep(LONG_SLEEP));
    rc = await(rio_group_exit(&g, rc));
    f->errors = g.nerrors;
    rio_group_destroy(&g);
    return rc;
}

RIO_AWAITS static long cancel_family(struct family *f)
{
    rio_task *t = rio_create_task(parent_of_five, f);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(t));
    EXPECT_EQ(f->errors, 0);
    for (int i = 0; i < 5; i++)
        EXPECT(f->children[i].cancelled);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_TG_06)
{
    struct family f = {.errors = 9};

    return await(cancel_family(&f));
}

LOOP_TEST(test_TG_07)
{
    struct family f = {.in_body = true, .errors = 9};

    RIO_TRY(await(cancel_family(&f)));
    EXPECT_EQ(f.body, -ECANCELED);
    return 0;
}

LOOP_TEST(test_TG_09)
{
    for (int k = 0; k < 2; k++) {
        struct job child;
        rio_group g;

        EXPECT_EQ(rio_group_enter(&g), 0);
        rio_group_spawn(&g, work, sleeper(&child));
        if (k == 0)
            RIO_IGNORE(await(rio_yield()));
        EXPECT_EQ(await(rio_group_exit(&g, ERR)), ERR);
        EXPECT_EQ(child.started, k == 0);
        EXPECT_EQ(child.cancelled, k == 0);
        EXPECT_EQ(g.nerrors, 1);
        EXPECT_EQ(g.errors[0].err, ERR);
        EXPECT(g.errors[0].task == NULL);
        rio_group_destroy(&g);
    }
    return 0;
}

struct nest {
    size_t inner_errors, outer_errors;
    long inner_first, outer_first;
};

static long nested_groups(void *arg)
{
    struct nest *n = arg;
    struct job children[3];
    rio_group outer, inner;
    long rc;

    RIO_TRY(rio_group_enter(&outer));
    (void)rio_group_enter(&inner);
    for (int i = 0; i < 3; i++) {
        children[i] = (struct job){.delay = LONG_SLEEP, .answer = ERR};
        rio_group_spawn(&inner, work, &children[i]);
    }
    rc = await(rio_sleep(LONG_SLEEP));
    rc = await(rio_group_exit(&inner, rc));
    n->inner_errors = inner.nerrors;
    n->inner_first = inner.nerrors > 0 ? inner.errors[0].err : 0;
    rio_group_destroy(&inner);
    rc = await(rio_group_exit(&outer, rc));
    n->outer_errors = outer.nerrors;
    n->outer_first = outer.nerrors > 0 ? outer.errors[0].err : 0;
    rio_group_destroy(&outer);
    return rc;
}

LOOP_TEST(test_TG_10)
{
    struct nest n = {0};
    rio_task *t = rio_create_task(nested_groups, &n);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), ERR);
    EXPECT_EQ(n.inner_errors, 3);
    EXPECT_EQ(n.inner_first, ERR);
    EXPECT_EQ(n.outer_errors, 1);
    EXPECT_EQ(n.outer_first, ERR);
    return 0;
}

LOOP_TEST(test_TG_11)
{
    struct job bad = {.delay = 5 * RIO_MS, .result = ERR}, child;
    rio_group outer, inner;
    long from_inner, rc;
    size_t inner_errors;

    EXPECT_EQ(rio_group_enter(&outer), 0);
    rio_group_spawn(&outer, work, &bad);
    (void)rio_group_enter(&inner);
    rio_group_spawn(&inner, work, sleeper(&child));
    from_inner = await(rio_group_exit(&inner, 0));
    inner_errors = inner.nerrors;
    rio_group_destroy(&inner);
    rc = await(rio_group_exit(&outer, from_inner));
    EXPECT_EQ(from_inner, -ECANCELED);
    EXPECT_EQ(inner_errors, 0);
    EXPECT(child.cancelled);
    EXPECT_EQ(rc, ERR);
    EXPECT_EQ(outer.nerrors, 1);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&outer);
    return 0;
}

/* A parent that delays its own end, and a child that fails during that. */
struct delayed {
    struct job child;
    rio_task *nested;
};

static long delays_its_end(void *arg)
{
    struct delayed *d = arg;
    rio_group g;
    long rc;

    RIO_TRY(rio_group_enter(&g));
    rio_group_spawn(&g, join_it, &d->child);
    rc = await(rio_sleep(LONG_SLEEP));
    if (rc == -ECANCELED)
        RIO_IGNORE(await(rio_sleep(LONG_SLEEP)));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc;
}

static long joins_nested(void *arg)
{
    struct delayed *d = arg;

    d->nested = rio_create_task(delays_its_end, d);
    return await(rio_join_unref(d->nested));
}

RIO_AWAITS static long error_after_cancel(rio_fn *parent)
{
    struct delayed d = {.child.f = rio_future_new()};
    rio_task *t = rio_create_task(parent, &d);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_error(d.child.f, ERR), 0);
    EXPECT_EQ(await(rio_join_unref(t)), ERR);
    rio_unref(d.child.f);
    return 0;
}

LOOP_TEST(test_TG_13)
{
    return await(error_after_cancel(delays_its_end));
}

LOOP_TEST(test_TG_14)
{
    return await(error_after_cancel(joins_nested));
}

static long empty_group(void *unused)
{
    rio_group g;
    long rc;

    (void)unused;
    RIO_TRY(rio_group_enter(&g));
    rc = await(rio_sleep(LONG_SLEEP));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(test_TG_15)
{
    rio_task *t = rio_create_task(empty_group, NULL);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

LOOP_TEST(test_TG_17)
{
    struct job bad = {.delay = 5 * RIO_MS, .result = ERR};
    rio_group g;
    long rc;

    EXPECT_EQ(rio_group_enter(&g), 0);
    rio_group_spawn(&g, work, &bad);
    rc = await(rio_sleep(LONG_SLEEP));
    if (rc == -ECANCELED)
        rc = ERR2; /* of the clean-up */
    EXPECT_EQ(await(rio_group_exit(&g, rc)), ERR);
    EXPECT_EQ(g.nerrors, 2);
    EXPECT_EQ(g.errors[0].err, ERR);
    EXPECT_EQ(g.errors[1].err, ERR2);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&g);
    return 0;
}

struct leaver {
    bool left;
};

static long leaves_slowly(void *arg)
{
    struct leaver *l = arg;
    long rc = await(rio_sleep(LONG_SLEEP));

    for (int i = 0; i < 3; i++)
        RIO_TRY(await(rio_yield()));
    l->left = true;
    return rc;
}

/* No error in C is more fatal than others: an ordinary one. */
LOOP_TEST(test_TG_18)
{
    struct leaver l[2] = {{false}};
    rio_group g;

    EXPECT_EQ(rio_group_enter(&g), 0);
    for (int i = 0; i < 2; i++)
        rio_group_spawn(&g, leaves_slowly, &l[i]);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_group_exit(&g, ERR)), ERR);
    EXPECT(l[0].left && l[1].left);
    EXPECT_EQ(g.nerrors, 1);
    EXPECT(g.errors[0].err == ERR && g.errors[0].task == NULL);
    rio_group_destroy(&g);
    return 0;
}

static long waits_in_exit(void *arg)
{
    rio_group g;
    long rc;

    RIO_TRY(rio_group_enter(&g));
    rio_group_spawn(&g, work, arg);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(test_TG_19)
{
    struct job child;
    rio_task *t = rio_create_task(waits_in_exit, sleeper(&child));

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(t));
    EXPECT(child.cancelled);
    rio_unref(t);
    return 0;
}

struct tree {
    rio_group *g;
    struct job leaf;
    int spawned, limit, refused;
};

static long plants(void *arg)
{
    struct tree *t = arg;

    RIO_TRY(await(rio_yield()));
    rio_group_spawn(t->g, work, &t->leaf);
    return 0;
}

LOOP_TEST(test_TG_21)
{
    rio_group g;
    struct tree t = {.g = &g, .leaf = {.delay = 5 * RIO_MS}};

    EXPECT_EQ(rio_group_enter(&g), 0);
    rio_group_spawn(&g, plants, &t);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT(t.leaf.ended && !t.leaf.cancelled);
    rio_group_destroy(&g);
    return 0;
}

static long doubles(void *arg)
{
    struct tree *t = arg;

    if (++t->spawned == t->limit)
        return ERR;
    for (int i = 0; i < 2; i++)
        if (rio_group_spawn(t->g, doubles, t) == NULL && errno == ESHUTDOWN)
            t->refused++;
    return await(rio_yield());
}

LOOP_TEST(test_TG_22)
{
    rio_group g;
    struct tree t = {.g = &g, .limit = 100};

    EXPECT_EQ(rio_group_enter(&g), 0);
    rio_group_spawn(&g, doubles, &t);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), ERR);
    EXPECT(t.spawned < 300);
    EXPECT_EQ(g.ntasks, 0);
    rio_group_destroy(&g);
    return 0;
}

LOOP_TEST(test_TG_23)
{
    struct job child = {0};
    rio_group g;
    rio_task *t;

    EXPECT_EQ(rio_group_enter(&g), 0);
    t = rio_ref(rio_group_spawn(&g, work, &child));
    EXPECT_EQ(rio_task_set_name(t, "fetcher"), 0);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT_EQ(strcmp(rio_task_name(t), "fetcher"), 0);
    rio_group_destroy(&g);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_TG_25)
{
    rio_group g;
    int again;

    EXPECT_EQ(rio_group_enter(&g), 0);
    again = rio_group_enter(&g);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT_EQ(again, -EINVAL);
    rio_group_destroy(&g);
    EXPECT_EQ(rio_group_enter(&g), 0); /* one after the other is fine in C */
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    return 0;
}

LOOP_TEST(test_TG_26)
{
    struct job child = {0};
    rio_group g = {0};

    EXPECT(rio_group_spawn(&g, work, &child) == NULL);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(rio_group_enter(&g), 0);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    EXPECT(rio_group_spawn(&g, work, &child) == NULL);
    EXPECT_EQ(errno, EINVAL);
    rio_group_destroy(&g);
    EXPECT(rio_group_spawn(&g, work, &child) == NULL);
    EXPECT(!child.started);
    return 0;
}

static void test_TG_27(void **state)
{
    rio_group g = {0};

    (void)state;
    assert_int_equal(rio_group_enter(&g), -EINVAL);
}

struct pair {
    rio_future *f[2];
};

static long fail_both(void *arg)
{
    struct pair *p = arg;

    (void)rio_future_set_error(p->f[0], ERR);
    (void)rio_future_set_error(p->f[1], ERR2);
    return 0;
}

LOOP_TEST(test_TG_29)
{
    struct pair p = {{rio_future_new(), rio_future_new()}};
    struct job a = {.f = p.f[0]}, b = {.f = p.f[1]};
    rio_group outer, inner;
    long rc, from_inner;
    unsigned between;

    EXPECT_EQ(rio_group_enter(&outer), 0);
    rio_group_spawn(&outer, join_it, &b);
    (void)rio_group_enter(&inner);
    rio_group_spawn(&inner, join_it, &a);
    RIO_IGNORE(await(settle()));
    (void)rio_call_soon(fail_both, &p);
    rc = await(rio_sleep(LONG_SLEEP));
    from_inner = await(rio_group_exit(&inner, rc));
    between = cancelling();
    rio_group_destroy(&inner);
    rc = await(rio_group_exit(&outer, 0)); /* the inner error is dealt with */
    EXPECT_EQ(from_inner, ERR);
    EXPECT_EQ(between, 1);
    EXPECT_EQ(rc, ERR2);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&outer);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_unref(p.f[0]);
    rio_unref(p.f[1]);
    return 0;
}

struct both {
    struct job child;
    long from_exit, later;
    unsigned cancelling;
};

static long error_and_cancel(void *arg)
{
    struct both *b = arg;
    rio_group g;
    long rc;

    RIO_TRY(rio_group_enter(&g));
    rio_group_spawn(&g, join_it, &b->child);
    rc = await(rio_sleep(LONG_SLEEP));
    b->from_exit = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    b->cancelling = cancelling();
    b->later = await(rio_sleep(LONG_SLEEP));
    return b->later;
}

LOOP_TEST(test_TG_30)
{
    struct both b = {.child.f = rio_future_new()};
    rio_task *t = rio_create_task(error_and_cancel, &b);

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_error(b.child.f, ERR), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(b.from_exit, ERR);
    EXPECT_EQ(b.cancelling, 1);
    EXPECT_EQ(b.later, -ECANCELED);
    rio_unref(b.child.f);
    return 0;
}

/* A scope in the body whose exit fails whatever the body did. */
RIO_AWAITS static long failing_resource(void)
{
    long rc = await(rio_sleep(LONG_SLEEP));

    return rc == -ECANCELED ? ERR2 : rc;
}

LOOP_TEST(test_TG_31)
{
    struct job bad = {.delay = RIO_MS, .result = ERR};
    rio_group g;
    long rc;
    bool has[2] = {false, false};

    EXPECT_EQ(rio_group_enter(&g), 0);
    rio_group_spawn(&g, work, &bad);
    rc = await(failing_resource());
    rc = await(rio_group_exit(&g, rc));
    EXPECT(rc == ERR || rc == ERR2);
    EXPECT_EQ(g.nerrors, 2);
    for (size_t i = 0; i < g.nerrors; i++)
        has[g.errors[i].err == ERR2] = true;
    EXPECT(has[0] && has[1]);
    EXPECT_EQ(cancelling(), 0);
    rio_group_destroy(&g);
    return 0;
}

LOOP_TEST(test_TG_33)
{
    struct job bad = {.delay = RIO_MS, .result = ERR};
    rio_group g;

    EXPECT_EQ(rio_group_enter(&g), 0);
    rio_group_spawn(&g, work, &bad);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), ERR);
    rio_group_destroy(&g);
    EXPECT_EQ(await(rio_sleep(0)), 0);
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

LOOP_TEST(test_TG_34)
{
    rio_stats before = {0}, after;

    for (int i = 0; i < 10000; i++) {
        struct job bad = {.result = ERR}, good;
        rio_group g;

        EXPECT_EQ(rio_group_enter(&g), 0);
        rio_group_spawn(&g, work, &bad);
        rio_group_spawn(&g, work, sleeper(&good));
        EXPECT_EQ(await(rio_group_exit(&g, 0)), ERR);
        EXPECT_EQ(g.nerrors, 1);
        rio_group_destroy(&g);
        if (i == 0)
            before = stats_now();
    }
    after = stats_now(); /* what a destroy forgets, the leak checker finds */
    EXPECT_EQ(after.stacks, before.stacks);
    EXPECT_EQ(after.handles, before.handles);
    EXPECT_EQ(after.timers, before.timers);
    return 0;
}

LOOP_TEST(test_TG_35)
{
    struct job children[3];
    rio_timeout limit;
    rio_group g;
    long from_group, rc;

    EXPECT_EQ(rio_timeout_enter(&limit, 10 * RIO_MS), 0);
    (void)rio_group_enter(&g);
    for (int i = 0; i < 3; i++)
        rio_group_spawn(&g, work, sleeper(&children[i]));
    from_group = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    rc = rio_timeout_exit(&limit, from_group);
    EXPECT_EQ(from_group, -ECANCELED);
    EXPECT_EQ(rc, -ETIMEDOUT);
    for (int i = 0; i < 3; i++)
        EXPECT(children[i].ended); /* a member that never started has not */
    EXPECT_EQ(cancelling(), 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_TG_01), cmocka_unit_test(test_TG_02),
          cmocka_unit_test(test_TG_03), cmocka_unit_test(test_TG_05),
          cmocka_unit_test(test_TG_06), cmocka_unit_test(test_TG_07),
          cmocka_unit_test(test_TG_09), cmocka_unit_test(test_TG_10),
          cmocka_unit_test(test_TG_11), cmocka_unit_test(test_TG_13),
          cmocka_unit_test(test_TG_14), cmocka_unit_test(test_TG_15),
          cmocka_unit_test(test_TG_17), cmocka_unit_test(test_TG_18),
          cmocka_unit_test(test_TG_19), cmocka_unit_test(test_TG_21),
          cmocka_unit_test(test_TG_22), cmocka_unit_test(test_TG_23),
          cmocka_unit_test(test_TG_25), cmocka_unit_test(test_TG_26),
          cmocka_unit_test(test_TG_27), cmocka_unit_test(test_TG_29),
          cmocka_unit_test(test_TG_30), cmocka_unit_test(test_TG_31),
          cmocka_unit_test(test_TG_33), cmocka_unit_test(test_TG_34),
          cmocka_unit_test(test_TG_35))
