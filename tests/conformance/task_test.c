/* task_test - TASK: task basics.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "case.h"

static long forty_two(void *unused)
{
    (void)unused;
    return 42;
}

RIO_AWAITS static long inner(long result)
{
    RIO_TRY(await(rio_yield()));
    return result;
}

LOOP_TEST(test_TASK_01)
{
    size_t tasks = stats_now().tasks;
    long a = await(inner(42)), b = await(inner(1000));

    EXPECT_EQ(a + b, 1042);
    EXPECT_EQ(stats_now().tasks, tasks);
    return 0;
}

LOOP_TEST(test_TASK_02)
{
    rio_task *t = rio_create_task(forty_two, NULL);

    EXPECT(!rio_future_done(t));
    EXPECT_EQ(await(rio_join(t)), 42);
    EXPECT(rio_future_done(t));
    EXPECT_EQ(rio_future_result(t), 42);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_TASK_03)
{
    rio_task *t =
        rio_create_task_ex(forty_two, NULL, 0, &(rio_task_opts){.name = "one"});
    rio_task *u = rio_create_task(forty_two, NULL),
             *v = rio_create_task(forty_two, NULL);
    unsigned long nu = 0, nv = 0;

    EXPECT_EQ(strcmp(rio_task_name(t), "one"), 0);
    EXPECT_EQ(rio_task_set_name(t, "two"), 0);
    EXPECT_EQ(strcmp(rio_task_name(t), "two"), 0);
    EXPECT_EQ(sscanf(rio_task_name(u), "task-%lu", &nu), 1);
    EXPECT_EQ(sscanf(rio_task_name(v), "task-%lu", &nv), 1);
    EXPECT(nv > nu);
    EXPECT_EQ(await(rio_join_unref(t)), 42);
    EXPECT_EQ(await(rio_join_unref(u)), 42);
    EXPECT_EQ(await(rio_join_unref(v)), 42);
    return 0;
}

LOOP_TEST(test_TASK_05)
{
    struct job j = {0};
    rio_task *t = rio_create_task(work, &j);

    EXPECT(!j.started);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(j.started);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    return 0;
}

struct letter {
    struct trail *trail;
    char name;
};

static long steps(void *arg)
{
    struct letter *l = arg;

    leave(l->trail, l->name);
    return await(rio_yield());
}

LOOP_TEST(test_TASK_06)
{
    struct trail trail = {0};
    struct letter l[5];
    rio_task *t[5];

    for (int i = 0; i < 5; i++) {
        l[i] = (struct letter){&trail, (char)('1' + i)};
        t[i] = rio_create_task(steps, &l[i]);
    }
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(trail_is(&trail, "12345"));
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    return 0;
}

LOOP_TEST(test_TASK_07)
{
    EXPECT_EQ(await(rio_join(rio_current_task())), -EDEADLK);
    EXPECT_EQ(await(rio_shield(rio_current_task())), -EDEADLK);
    return 0;
}

LOOP_TEST(test_TASK_09)
{
    rio_task *t = rio_create_task(forty_two, NULL);
    rio_future *f = t; /* one handle type: nothing to wrap */

    EXPECT(rio_ref(f) == t);
    EXPECT_EQ(await(rio_join_unref(f)), 42);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_TASK_10)
{
    rio_task *t = rio_create_task(forty_two, NULL);

    EXPECT_EQ(rio_future_set_result(t, 1), -ENOTSUP);
    EXPECT_EQ(rio_future_set_error(t, ERR), -ENOTSUP);
    EXPECT_EQ(await(rio_join(t)), 42);
    EXPECT_EQ(rio_future_set_result(t, 1), -ENOTSUP);
    rio_unref(t);
    return 0;
}

LOOP_TEST(test_TASK_11)
{
    EXPECT(rio_create_task(NULL, NULL) == NULL);
    EXPECT_EQ(errno, EINVAL);
    return 0;
}

static long gives_future(void *arg)
{
    rio_future **out = arg;

    *out = rio_future_new();
    return 0;
}

LOOP_TEST(test_TASK_13)
{
    rio_future *f = NULL;
    rio_task *t = rio_create_task(gives_future, &f);

    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(f != NULL && !rio_future_done(f));
    rio_unref(f);
    return 0;
}

LOOP_TEST(test_TASK_14)
{
    struct job j = {.f = rio_future_new()};
    rio_task *t = rio_create_task(join_it, &j);

    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(j.f, 9), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 9);
    rio_unref(j.f);
    return 0;
}

struct current {
    rio_task *in_task, *in_callback;
};

static long look_in_callback(void *arg)
{
    ((struct current *)arg)->in_callback = rio_current_task();
    return 0;
}

static long look(void *arg)
{
    struct current *c = arg;

    c->in_task = rio_current_task();
    c->in_callback = c->in_task;
    (void)rio_call_soon(look_in_callback, c);
    RIO_TRY(await(settle()));
    return c->in_task == rio_current_task() ? 0 : ERR;
}

static void test_TASK_15(void **state)
{
    struct current c = {0};

    (void)state;
    assert_null(rio_current_task());
    assert_int_equal(loop_test_run(look, &c), 0);
    assert_non_null(c.in_task);
    assert_null(c.in_callback);
    assert_null(rio_current_task());
}

LOOP_TEST(test_TASK_17)
{
    struct job j[3];
    rio_task *t[3], *all[8];
    size_t n, found = 0;

    for (int i = 0; i < 3; i++)
        t[i] = rio_create_task(work, sleeper(&j[i]));
    rio_task_cancel(t[2]);
    EXPECT_EQ(await(settle()), 0);
    n = rio_all_tasks(all, 8);
    EXPECT_EQ(n, 3); /* main, and two that sleep */
    for (size_t i = 0; i < n; i++) {
        EXPECT(all[i] != t[2]);
        found += all[i] == t[0] || all[i] == t[1] || all[i] == rio_current_task();
    }
    EXPECT_EQ(found, 3);
    for (int i = 0; i < 3; i++) {
        rio_task_cancel(t[i]);
        EXPECT_EQ(await(rio_join_unref(t[i])), -ECANCELED);
    }
    return 0;
}

static long steps_the_loop(void *runner)
{
    return rio_runner_run_once(runner, 0);
}

static void test_TASK_18(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());

    (void)state;
    assert_int_equal(rio_runner_run(r, steps_the_loop, r), -EBUSY);
    rio_runner_free(r);
}

static long count_destroyed(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)err;
    *(int *)arg += strstr(what, "destroyed") != NULL;
    return 0;
}

static long joins_what_nobody_knows(void *unused)
{
    rio_future *f = rio_future_new();

    (void)unused;
    return await(rio_join_unref(f));
}

static long forgets_a_task(void *arg)
{
    struct job known = {.f = rio_future_new()};

    rio_set_debug(rio_get_running_loop(), true);
    rio_set_exception_handler(count_destroyed, arg);
    rio_unref(rio_create_task(joins_what_nobody_knows, NULL));
    rio_unref(rio_create_task_copy(join_it, &known, sizeof known)); /* no complaint */
    return await(settle());
}

/* In debug mode, and at the end of the loop: until then it might be asked for. */
static void test_TASK_19(void **state)
{
    int destroyed = 0;

    (void)state;
    assert_int_equal(loop_test_run_leaky(forgets_a_task, &destroyed), 0);
    assert_int_equal(destroyed, 1);
}

/* Somebody tries to complete a task while its function waits. */
static long meddles(void *arg)
{
    rio_task *t = arg;

    RIO_TRY(await(rio_yield()));
    if (rio_future_done(t) || rio_future_set_result(t, 1) != -ENOTSUP ||
        rio_future_set_error(t, ERR) != -ENOTSUP)
        return ERR2;
    return rio_future_done(t) ? ERR2 : 0;
}

/* The first completion stays; here it can only be the function's own. */
LOOP_TEST(test_TASK_21)
{
    struct job j = {.delay = 5 * RIO_MS, .result = 42};
    rio_task *t = rio_create_task(work, &j);
    rio_task *meddler = rio_create_task(meddles, t);

    EXPECT_EQ(await(rio_join_unref(meddler)), 0);
    EXPECT_EQ(await(rio_join(t)), 42);
    EXPECT_EQ(rio_future_set_result(t, 1), -ENOTSUP); /* late, too */
    EXPECT_EQ(await(rio_join_unref(t)), 42);
    return 0;
}

/* Exported, so that the dynamic linker knows its name. */
__attribute__((visibility("default"))) long waits_deep_down(void *arg);

long waits_deep_down(void *arg)
{
    long rc = await(join_it(arg));

    ((struct job *)arg)->result = rc; /* no tail call */
    return rc;
}

LOOP_TEST(test_TASK_22)
{
    struct job j = {.f = rio_future_new()};
    rio_task *t = rio_create_task(waits_deep_down, &j);
    char *text = NULL;
    size_t length;
    FILE *f;

    EXPECT_EQ(await(settle()), 0);
    f = open_memstream(&text, &length);
    EXPECT(f != NULL);
    rio_task_print_stack(t, f);
    (void)fclose(f);
    EXPECT(strstr(text, rio_task_name(t)) == text);
    EXPECT(strstr(text, "join") != NULL); /* what it waits for */
    EXPECT(strstr(text, "waits_deep_down") != NULL);
    free(text);
    EXPECT_EQ(rio_future_set_result(j.f, 7), 0); /* that has not disturbed it */
    EXPECT_EQ(await(rio_join_unref(t)), 7);
    rio_unref(j.f);
    return 0;
}
static long yields_slowly(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        RIO_TRY(await(rio_sleep(5 * RIO_MS)));
        RIO_TRY(await(rio_gen_yield(&i)));
    }
    return 0;
}

static long drives(void *gen)
{
    int v;

    return await(rio_gen_send(gen, NULL, &v));
}

/* The one coroutine that can be driven from outside is a generator's body: by one task
 * at a time. */
LOOP_TEST(test_TASK_23)
{
    rio_gen *g = rio_gen_new(yields_slowly, NULL, sizeof(int));
    rio_task *first = rio_create_task(drives, g);
    int v;

    EXPECT_EQ(await(rio_yield()), 0); /* the first is in it */
    EXPECT_EQ(await(rio_gen_send(g, NULL, &v)), -EBUSY);
    EXPECT_EQ(await(rio_join_unref(first)), 1); /* which that has not disturbed */
    EXPECT_EQ(await(rio_gen_send(g, NULL, &v)), 1);
    EXPECT_EQ(v, 1);
    return await(rio_gen_free(g));
}

enum { WIDTH = 5, DEPTH = 4, ALL = 1 + 5 + 25 + 125 + 625 };

struct branch {
    int depth, *count;
};

static void grow(const struct branch *b, struct branch *children)
{
    (*b->count)++;
    for (int i = 0; i < WIDTH; i++)
        children[i] = (struct branch){b->depth + 1, b->count};
}

static long gathers(void *arg)
{
    struct branch *b = arg, children[WIDTH];

    grow(b, children);
    return b->depth == DEPTH ? 0 : RIO_GATHER_ARRAY(gathers, children);
}

static long groups(void *arg)
{
    struct branch *b = arg, children[WIDTH];
    rio_group g;
    long rc;

    grow(b, children);
    if (b->depth == DEPTH)
        return 0;
    RIO_TRY(rio_group_enter(&g));
    for (int i = 0; i < WIDTH; i++)
        rio_group_spawn(&g, groups, &children[i]);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(test_TASK_25)
{
    for (int k = 0; k < 2; k++) {
        int count = 0;
        struct branch root = {0, &count};
        rio_task *t = rio_create_task(k == 0 ? gathers : groups, &root);

        EXPECT_EQ(await(rio_join_unref(t)), 0);
        EXPECT_EQ(count, ALL);
        EXPECT_EQ(stats_now().tasks, 1);
    }
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_TASK_01), cmocka_unit_test(test_TASK_02),
          cmocka_unit_test(test_TASK_03), cmocka_unit_test(test_TASK_05),
          cmocka_unit_test(test_TASK_06), cmocka_unit_test(test_TASK_07),
          cmocka_unit_test(test_TASK_09), cmocka_unit_test(test_TASK_10),
          cmocka_unit_test(test_TASK_11), cmocka_unit_test(test_TASK_13),
          cmocka_unit_test(test_TASK_14), cmocka_unit_test(test_TASK_15),
          cmocka_unit_test(test_TASK_17), cmocka_unit_test(test_TASK_18),
          cmocka_unit_test(test_TASK_19), cmocka_unit_test(test_TASK_21),
          cmocka_unit_test(test_TASK_22), cmocka_unit_test(test_TASK_23),
          cmocka_unit_test(test_TASK_25))
