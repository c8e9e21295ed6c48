/* cm_test - CM: what is entered is left, in an exit stack or by a block.
 * SPDX-License-Identifier: MIT */
#include "case.h"

/* Something to be entered, which takes a while; it gives a number. */
struct room {
    struct trail *trail;
    char enter, leave;
    long number;
    long given;  /* to its exit */
    long answer; /* of its exit; 1: what it was given */
    bool inside;
};

static long leaves(void *arg, long rc)
{
    struct room *r = arg;

    RIO_TRY(await(rio_yield()));
    r->given = rc;
    r->inside = false;
    leave(r->trail, r->leave);
    return r->answer == 1 ? rc : r->answer;
}

RIO_AWAITS static long enters(rio_exit_stack *s, struct room *r)
{
    RIO_TRY(await(rio_yield()));
    leave(r->trail, r->enter);
    RIO_TRY(rio_defer(s, leaves, r));
    r->inside = true;
    return r->number;
}

LOOP_TEST(test_CM_01)
{
    struct trail trail = {0};
    struct room r = {&trail, '1', '9', .number = 42, .answer = 1};
    rio_exit_stack s;
    long got;

    rio_exit_stack_enter(&s);
    got = await(enters(&s, &r));
    EXPECT_EQ(got, 42);
    EXPECT(r.inside);
    leave(&trail, 'b');
    EXPECT_EQ(await(rio_exit_stack_exit(&s, got)), 42);
    EXPECT(!r.inside);
    EXPECT(trail_is(&trail, "1b9"));
    return 0;
}

LOOP_TEST(test_CM_02)
{
    struct trail trail = {0};
    struct room r = {&trail, '1', '9', .answer = 1};
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    EXPECT_EQ(await(enters(&s, &r)), 0);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, ERR)), ERR);
    EXPECT_EQ(r.given, ERR);
    EXPECT(!r.inside);
    return 0;
}

LOOP_TEST(test_CM_03)
{
    struct trail trail = {0};
    struct room outer = {&trail, '1', '9', .answer = 1},
                inner = {&trail, '2', '8', .answer = 0};
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    EXPECT_EQ(await(enters(&s, &outer)), 0);
    EXPECT_EQ(await(enters(&s, &inner)), 0);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, ERR)), 0); /* and here we go on */
    EXPECT_EQ(inner.given, ERR);
    EXPECT_EQ(outer.given, 0);
    return 0;
}

SKIP_CASE(test_CM_05, "no context manager is made of a generator in C")

struct source {
    int end; /* what its yield returned */
};

static long endless(void *arg)
{
    struct source *s = arg;

    for (int i = 1; s->end == 0; i++)
        s->end = await(rio_gen_yield(&i));
    RIO_TRY(await(rio_yield()));
    return s->end;
}

RIO_AWAITS static long fails_at(rio_gen *g, int last)
{
    int v, rc;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    {
        if (v == last)
            return ERR;
        if (v > last)
            break;
    }
    return rc < 0 ? rc : v;
}

LOOP_TEST(test_CM_06)
{
    for (int how = 0; how < 2; how++) {
        struct source s = {0};
        rio_gen *g = rio_gen_new(endless, &s, sizeof(int));

        EXPECT_EQ(await(fails_at(g, how == 0 ? 3 : 0)), how == 0 ? ERR : 1);
        EXPECT_EQ(s.end, -EPIPE);
        EXPECT_EQ(await(rio_gen_free(g)), 0);
    }
    return 0;
}

static long adds_letter(void *arg, long rc)
{
    struct room *r = arg;

    RIO_TRY(await(rio_sleep(RIO_MS)));
    leave(r->trail, r->leave);
    return rc;
}

LOOP_TEST(test_CM_07)
{
    struct trail trail = {0};
    struct room a = {&trail, 'a', 'A', .answer = 1}, b = {&trail, 0, 'B', .answer = 1},
                c = {&trail, 'c', 'C', .answer = 1}, d = {&trail, 0, 'D', .answer = 1};
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    EXPECT_EQ(await(enters(&s, &a)), 0);
    EXPECT_EQ(rio_defer(&s, adds_letter, &b), 0);
    EXPECT_EQ(await(enters(&s, &c)), 0);
    EXPECT_EQ(rio_defer(&s, adds_letter, &d), 0);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, 5)), 5);
    EXPECT(trail_is(&trail, "acDCBA"));
    return 0;
}

LOOP_TEST(test_CM_09)
{
    struct trail trail = {0};
    struct room r[] = {{&trail, '1', '9', .answer = 1},
                       {&trail, '2', '8', .answer = ERR2},
                       {&trail, '3', '7', .answer = -EBADF}};
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(enters(&s, &r[i])), 0);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, ERR)), ERR2);
    EXPECT(trail_is(&trail, "123789"));
    EXPECT(r[2].given == ERR && r[1].given == -EBADF && r[0].given == ERR2);
    return 0;
}

LOOP_TEST(test_CM_10)
{
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, 7)), 7);
    EXPECT_EQ(await(rio_exit_stack_exit(&s, ERR)), ERR);
    return 0;
}

struct visitor {
    rio_lock *lock;
    bool body, left;
};

static long notes_exit(void *arg, long rc)
{
    ((struct visitor *)arg)->left = true;
    return rc < 0 ? rc : rio_lock_release(((struct visitor *)arg)->lock);
}

static long visits_by_block(void *arg)
{
    struct visitor *v = arg;
    long rc;

    RIO_WITH_LOCK(v->lock, &rc)
    {
        v->body = true;
    }
    return rc;
}

static long visits_by_stack(void *arg)
{
    struct visitor *v = arg;
    rio_exit_stack s;
    long rc;

    rio_exit_stack_enter(&s);
    rc = await(rio_lock_acquire(v->lock));
    if (rc == 0)
        rc = rio_defer(&s, notes_exit, v);
    if (rc == 0)
        v->body = true;
    return await(rio_exit_stack_exit(&s, rc));
}

LOOP_TEST(test_CM_11)
{
    rio_fn *const ways[] = {visits_by_block, visits_by_stack};

    for (int i = 0; i < 2; i++) {
        rio_lock lock = RIO_LOCK_INIT;
        struct visitor v = {.lock = &lock};
        rio_task *t;

        EXPECT_EQ(await(rio_lock_acquire(&lock)), 0);
        t = rio_create_task(ways[i], &v);
        EXPECT_EQ(await(settle()), 0);
        EXPECT(rio_task_cancel(t));
        EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
        EXPECT(!v.body && !v.left);
        EXPECT(rio_lock_locked(&lock)); /* still ours */
        EXPECT_EQ(rio_lock_release(&lock), 0);
        EXPECT(!rio_lock_locked(&lock));
        t = rio_create_task(ways[i], &v);
        EXPECT_EQ(await(rio_join_unref(t)), 0);
        EXPECT(v.body && !rio_lock_locked(&lock));
    }
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_CM_01), cmocka_unit_test(test_CM_02),
          cmocka_unit_test(test_CM_03), cmocka_unit_test(test_CM_05),
          cmocka_unit_test(test_CM_06), cmocka_unit_test(test_CM_07),
          cmocka_unit_test(test_CM_09), cmocka_unit_test(test_CM_10),
          cmocka_unit_test(test_CM_11))
