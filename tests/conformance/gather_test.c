/* gather_test - GATHER: gather.  asyncio's early return is RIO_DETACH; the letters are
 * its twins for the default, which cancels the others and waits for them.
 * SPDX-License-Identifier: MIT */
#include "case.h"

enum { MOST = 6 };

struct party {
    rio_future *f[MOST];
    size_t n;
    long results[MOST];
    unsigned flags;
};

static void invite(struct party *p, size_t n, unsigned flags)
{
    *p = (struct party){.n = n, .flags = flags};
    for (size_t i = 0; i < n; i++)
        p->f[i] = rio_future_new();
}

static void part(struct party *p)
{
    for (size_t i = 0; i < p->n; i++)
        rio_unref(p->f[i]);
}

static long gathers(void *arg)
{
    struct party *p = arg;

    return await(rio_gather(p->f, p->n, p->results, p->flags));
}

LOOP_TEST(test_GATHER_01)
{
    struct party p;
    rio_task *t;

    invite(&p, 3, 0);
    t = rio_create_task(gathers, &p);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(p.f[1], 1), 0);
    EXPECT_EQ(rio_future_set_result(p.f[0], 2), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_result(p.f[2], 3), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(p.results[0] == 2 && p.results[1] == 1 && p.results[2] == 3);
    part(&p);
    return 0;
}

LOOP_TEST(test_GATHER_02)
{
    struct reports r = {0};
    struct party p;
    rio_task *t;

    rio_set_exception_handler(count_reports, &r);
    invite(&p, 5, RIO_DETACH);
    t = rio_create_task(gathers, &p);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(p.f[0], 1), 0);
    EXPECT_EQ(rio_future_set_error(p.f[1], ERR), 0);
    EXPECT_EQ(await(rio_join(t)), ERR);
    EXPECT_EQ(rio_future_set_result(p.f[2], 3), 0);
    EXPECT(rio_task_cancel(p.f[3]));
    EXPECT_EQ(rio_future_set_error(p.f[4], ERR2), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_result(t), ERR);
    rio_unref(t);
    part(&p);
    EXPECT_EQ(r.count, 0);
    return 0;
}

LOOP_TEST(test_GATHER_A)
{
    struct party p;
    rio_task *t;

    invite(&p, 5, 0);
    t = rio_create_task(gathers, &p);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(p.f[0], 1), 0);
    EXPECT_EQ(rio_future_set_error(p.f[1], ERR), 0);
    EXPECT_EQ(await(rio_join_unref(t)), ERR);
    EXPECT_EQ(p.results[0], 1);
    EXPECT_EQ(p.results[1], ERR);
    for (size_t i = 2; i < 5; i++) {
        EXPECT(rio_future_cancelled(p.f[i]));
        EXPECT_EQ(p.results[i], -ECANCELED);
    }
    part(&p);
    return 0;
}

LOOP_TEST(test_GATHER_03)
{
    struct party p;
    rio_task *t;

    invite(&p, 4, RIO_RETURN_ERRORS);
    t = rio_create_task(gathers, &p);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(p.f[1], 1), 0);
    EXPECT_EQ(rio_future_set_error(p.f[2], ERR), 0);
    EXPECT_EQ(rio_future_set_result(p.f[0], 3), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_future_set_error(p.f[3], ERR2), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(p.results[0] == 3 && p.results[1] == 1);
    EXPECT(p.results[2] == ERR && p.results[3] == ERR2);
    part(&p);
    return 0;
}

LOOP_TEST(test_GATHER_05)
{
    const long want[MOST] = {1, ERR, -ECANCELED, 3, -ECANCELED, ERR2};
    struct party p;
    rio_task *t;

    invite(&p, MOST, RIO_RETURN_ERRORS);
    t = rio_create_task(gathers, &p);
    EXPECT_EQ(await(settle()), 0);
    for (size_t i = 0; i < MOST; i++) {
        if (want[i] == -ECANCELED)
            EXPECT(rio_task_cancel(p.f[i]));
        else if (want[i] < 0)
            EXPECT_EQ(rio_future_set_error(p.f[i], want[i]), 0);
        else
            EXPECT_EQ(rio_future_set_result(p.f[i], want[i]), 0);
    }
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    for (size_t i = 0; i < MOST; i++)
        EXPECT_EQ(p.results[i], want[i]);
    part(&p);
    return 0;
}

LOOP_TEST(test_GATHER_06)
{
    EXPECT_EQ(await(rio_gather(NULL, 0, NULL, 0)), 0);
    EXPECT_EQ(await(rio_gather_map(work, NULL, 0, sizeof(struct job), NULL, 0)), 0);
    return 0;
}

static long counts_runs(void *arg)
{
    return ++*(int *)arg;
}

LOOP_TEST(test_GATHER_07)
{
    int c = 0, d = 10;
    rio_task *tc = rio_create_task(counts_runs, &c),
             *td = rio_create_task(counts_runs, &d);
    rio_future *const all[] = {tc, tc, td, tc};
    long results[4];

    EXPECT_EQ(await(rio_gather(all, 4, results, 0)), 0);
    EXPECT_EQ(c, 1);
    EXPECT(results[0] == 1 && results[1] == 1 && results[2] == 11 && results[3] == 1);
    rio_unref(tc);
    rio_unref(td);
    return 0;
}

struct outer {
    struct job children[2];
    bool went_on;
    unsigned flags;
};

static long gathers_children(void *arg)
{
    struct outer *o = arg;

    for (int i = 0; i < 2; i++)
        sleeper(&o->children[i]);
    do {
        RIO_TRY(await(rio_gather_map(work, o->children, 2, sizeof o->children[0], NULL,
                                     o->flags)));
        o->went_on = true;
    } while (o->flags != 0);
    return 0;
}

RIO_AWAITS static long cancel_outer(unsigned flags)
{
    struct outer o = {.flags = flags};
    rio_task *t = rio_create_task(gathers_children, &o);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(rio_future_cancelled(t));
    EXPECT(o.children[0].cancelled && o.children[1].cancelled);
    EXPECT(!o.went_on);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_GATHER_09)
{
    return await(cancel_outer(0));
}

LOOP_TEST(test_GATHER_10)
{
    struct party p;
    rio_future *all;

    invite(&p, 2, 0);
    all = rio_gather_future(p.f, 2, p.results, 0);
    EXPECT_EQ(rio_future_set_result(p.f[0], 1), 0);
    EXPECT_EQ(rio_future_set_result(p.f[1], 2), 0);
    EXPECT(!rio_task_cancel(all));
    EXPECT_EQ(await(rio_join_unref(all)), 0);
    EXPECT(p.results[0] == 1 && p.results[1] == 2);
    part(&p);
    return 0;
}

LOOP_TEST(test_GATHER_11)
{
    return await(cancel_outer(RIO_RETURN_ERRORS));
}

LOOP_TEST(test_GATHER_13)
{
    struct job a = {.delay = RIO_MS, .result = ERR}, b = {.f = rio_future_new()};
    rio_future *all[2] = {rio_create_task(work, &a), rio_create_task(join_it, &b)};

    EXPECT_EQ(await(rio_gather(all, 2, NULL, RIO_DETACH)), ERR);
    EXPECT(!rio_future_done(all[1]));
    EXPECT_EQ(rio_future_set_result(b.f, 7), 0);
    EXPECT_EQ(await(rio_join(all[1])), 7);
    EXPECT(b.ended && !b.cancelled);
    rio_unref(all[0]);
    rio_unref(all[1]);
    rio_unref(b.f);
    return 0;
}

LOOP_TEST(test_GATHER_B)
{
    struct job a = {.delay = RIO_MS, .result = ERR}, b;
    rio_future *all[2] = {rio_create_task(work, &a),
                          rio_create_task(work, sleeper(&b))};

    EXPECT_EQ(await(rio_gather(all, 2, NULL, 0)), ERR);
    EXPECT(rio_future_cancelled(all[1]));
    EXPECT(b.ended && b.cancelled);
    rio_unref(all[0]);
    rio_unref(all[1]);
    return 0;
}

LOOP_TEST(test_GATHER_14)
{
    rio_future *all, *shield;
    struct party p;

    invite(&p, 2, 0);
    all = rio_gather_future(p.f, 2, p.results, 0);
    shield = rio_shield_future(all);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_task_cancel(shield));
    EXPECT_EQ(rio_future_set_result(p.f[0], 1), 0);
    EXPECT_EQ(rio_future_set_result(p.f[1], 2), 0);
    EXPECT_EQ(await(rio_join_unref(all)), 0);
    EXPECT(rio_future_cancelled(shield));
    EXPECT(p.results[0] == 1 && p.results[1] == 2);
    rio_unref(shield);
    part(&p);
    return 0;
}

LOOP_TEST(test_GATHER_15)
{
    rio_future *c[2] = {rio_future_new(), rio_future_new()};
    struct party p = {.f = {rio_shield_future(c[0]), rio_shield_future(c[1])}, .n = 2};
    rio_task *t = rio_create_task(gathers, &p);

    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    for (int i = 0; i < 2; i++) {
        EXPECT(rio_future_cancelled(p.f[i]));
        EXPECT(!rio_future_done(c[i]));
        rio_unref(c[i]);
    }
    part(&p);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_GATHER_01), cmocka_unit_test(test_GATHER_02),
          cmocka_unit_test(test_GATHER_A), cmocka_unit_test(test_GATHER_03),
          cmocka_unit_test(test_GATHER_05), cmocka_unit_test(test_GATHER_06),
          cmocka_unit_test(test_GATHER_07), cmocka_unit_test(test_GATHER_09),
          cmocka_unit_test(test_GATHER_10), cmocka_unit_test(test_GATHER_11),
          cmocka_unit_test(test_GATHER_13), cmocka_unit_test(test_GATHER_B),
          cmocka_unit_test(test_GATHER_14), cmocka_unit_test(test_GATHER_15))
