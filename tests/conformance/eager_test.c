/* eager_test - EAGER: tasks that run at once, and races.
 * SPDX-License-Identifier: MIT */
#include "case.h"

static const rio_task_opts eager = {.flags = RIO_EAGER};

static long seven(void *arg)
{
    *(bool *)arg = true;
    return 7;
}

LOOP_TEST(test_EAGER_01)
{
    bool ran = false;
    rio_task *t = rio_create_task_ex(seven, &ran, 0, &eager);

    EXPECT(ran && rio_future_done(t));
    EXPECT_EQ(rio_future_result(t), 7);
    EXPECT_EQ(await(rio_join_unref(t)), 7);
    return 0;
}

LOOP_TEST(test_EAGER_02)
{
    struct job j = {.delay = RIO_MS, .result = 7};
    rio_task *t = rio_create_task_ex(work, &j, 0, &eager);

    EXPECT(j.started && !j.ended && !rio_future_done(t));
    EXPECT_EQ(await(rio_join_unref(t)), 7);
    return 0;
}

LOOP_TEST(test_EAGER_03)
{
    struct job j = {.delay = LONG_SLEEP};
    bool ran = false;
    rio_task *ended = rio_create_task_ex(seven, &ran, 0, &eager);
    rio_task *waiting = rio_create_task_ex(work, &j, 0, &eager);

    EXPECT(!rio_task_cancel(ended));
    EXPECT_EQ(await(rio_join_unref(ended)), 7);
    EXPECT(rio_task_cancel_msg(waiting, "enough"));
    EXPECT_EQ(await(rio_join(waiting)), -ECANCELED);
    EXPECT(j.cancelled && strcmp(rio_task_error(waiting), "enough") == 0);
    rio_unref(waiting);
    return 0;
}

/* A race with a delayed start, as a program writes it: each entrant starts when the one
 * before has failed, or has run for a while; the first result cancels the others. */
struct race {
    struct job *jobs;
    int n, winner; /* -1: none */
    int64_t delay;
    long errors[4]; /* 0: it won, or never ran */
};

struct entrant {
    struct race *race;
    int which;
    rio_event *failed; /* of the one before */
    rio_event own;
};

static long enters(void *arg)
{
    struct entrant *e = arg;
    struct race *r = e->race;
    long rc = 0;

    if (e->failed != NULL) {
        rio_timeout limit;

        RIO_TRY(rio_timeout_enter(&limit, r->delay));
        rc = await(rio_event_wait(e->failed));
        rc = rio_timeout_exit(&limit, rc);
        if (rc == -ECANCELED)
            return rc;
    }
    rc = await(work(&r->jobs[e->which]));
    if (rc < 0)
        r->errors[e->which] = rc;
    rio_event_set(&e->own);
    return rc < 0 ? rc : e->which;
}

RIO_AWAITS static long staggered_race(struct race *r)
{
    struct entrant e[4] = {{0}};
    rio_task *tasks[4];
    rio_iter *it;
    rio_future *f;
    int rc;

    r->winner = -1;
    for (int i = 0; i < r->n; i++) {
        e[i] = (struct entrant){.race = r, .which = i};
        if (i > 0)
            e[i].failed = &e[i - 1].own;
        tasks[i] = rio_create_task(enters, &e[i]);
    }
    it = rio_as_completed(tasks, (size_t)r->n, RIO_FOREVER);
    RIO_FOR_EACH(it, &f, rc)
    {
        if (rio_future_result(f) >= 0) {
            r->winner = (int)rio_future_result(f);
            break;
        }
    }
    for (int i = 0; i < r->n; i++) {
        rio_task_cancel(tasks[i]);
        RIO_IGNORE(await(rio_join_unref(tasks[i])));
    }
    return rc < 0 ? rc : 0;
}

LOOP_TEST(test_EAGER_05)
{
    struct job none, one = {.result = 1}, bad[2] = {{.result = ERR}, {.result = 2}},
                     slow[2] = {{.delay = LONG_SLEEP}, {.result = 2}},
                     all_bad[2] = {{.result = ERR}, {.result = ERR2}};
    struct race r[] = {
        {.jobs = &none, .delay = RIO_MS},
        {.jobs = &one, .n = 1},
        {.jobs = bad, .n = 2, .delay = LONG_SLEEP},
        {.jobs = slow, .n = 2, .delay = RIO_MS},
        {.jobs = all_bad, .n = 2, .delay = RIO_MS},
    };
    const int winners[] = {-1, 0, 1, 1, -1};

    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(await(staggered_race(&r[i])), 0);
        EXPECT_EQ(r[i].winner, winners[i]);
    }
    EXPECT(r[1].errors[0] == 0);
    EXPECT(r[2].errors[0] == ERR && r[2].errors[1] == 0);
    EXPECT(r[3].errors[0] == -ECANCELED && slow[0].cancelled);
    EXPECT(r[4].errors[0] == ERR && r[4].errors[1] == ERR2);
    return 0;
}

struct leaver {
    struct trail *trail;
    char name;
};

static long leaves(void *arg)
{
    const struct leaver *l = arg;

    leave(l->trail, l->name);
    RIO_TRY(await(rio_yield()));
    leave(l->trail, l->name);
    return 0;
}

/* The maker goes on before all others, and what waited its turn keeps it. */
LOOP_TEST(test_EAGER_A)
{
    struct trail trail = {0};
    struct leaver lazy = {&trail, 'l'}, first = {&trail, 'e'};
    rio_task *a = rio_create_task(leaves, &lazy);
    rio_task *b = rio_create_task_ex(leaves, &first, 0, &eager);

    leave(&trail, 'm');
    EXPECT_EQ(await(rio_join_unref(a)), 0);
    EXPECT_EQ(await(rio_join_unref(b)), 0);
    EXPECT(trail_is(&trail, "emlel") || trail_is(&trail, "emlle"));
    return 0;
}

static long makes_one(void *arg)
{
    struct leaver *l = arg;
    struct leaver inner = {l->trail, 'i'};
    rio_task *t = rio_create_task_ex(leaves, &inner, 0, &eager);

    leave(l->trail, l->name);
    return await(rio_join_unref(t));
}

/* One inside the other: each maker goes on when its own task waits. */
LOOP_TEST(test_EAGER_B)
{
    struct trail trail = {0};
    struct leaver outer = {&trail, 'o'};
    rio_task *t = rio_create_task_ex(makes_one, &outer, 0, &eager);

    leave(&trail, 'm');
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(trail_is(&trail, "iomi"));
    return 0;
}

static long cancels_its_maker(void *arg)
{
    rio_task_cancel(arg);
    return 0;
}

/* The call itself is no wait: a cancel that comes during it is due at the next one. */
LOOP_TEST(test_EAGER_C)
{
    rio_task *t = rio_create_task_ex(cancels_its_maker, rio_current_task(), 0, &eager);

    EXPECT(rio_future_done(t) && rio_cancel_pending());
    EXPECT_EQ(await(rio_yield()), -ECANCELED);
    rio_task_uncancel(rio_current_task());
    rio_unref(t);
    return 0;
}

static long from_callback(void *arg)
{
    struct trail *trail = arg;
    static struct leaver inner;

    inner = (struct leaver){trail, 'i'};
    rio_unref(rio_create_task_ex(leaves, &inner, 0, &eager));
    leave(trail, 'c');
    return 0;
}

/* A callback does not suspend: it is the loop that is gone back to. */
LOOP_TEST(test_EAGER_D)
{
    struct trail trail = {0};

    EXPECT(rio_call_soon(from_callback, &trail) != 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&trail, "ici"));
    return 0;
}

static long eager_in_generator(void *arg)
{
    struct trail *trail = arg;
    struct leaver inner = {trail, 'i'};
    rio_task *t = rio_create_task_ex(leaves, &inner, 0, &eager);
    int one = 1;

    leave(trail, 'g');
    RIO_TRY(await(rio_gen_yield(&one)));
    return await(rio_join_unref(t));
}

LOOP_TEST(test_EAGER_E)
{
    struct trail trail = {0};
    rio_gen *g = rio_gen_new(eager_in_generator, &trail, sizeof(int));
    int value = 0;
    long rc;

    RIO_FOR_EACH(rio_gen_iter(g), &value, rc)
    leave(&trail, 'v');
    EXPECT_EQ(rc, 0);
    EXPECT(trail_is(&trail, "igvi"));
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    return 0;
}

/* In debug mode each step goes through the loop. */
LOOP_TEST(test_EAGER_F)
{
    struct trail trail = {0};
    struct leaver first = {&trail, 'e'};
    rio_task *t;

    rio_set_debug(rio_get_running_loop(), true);
    t = rio_create_task_ex(leaves, &first, 0, &eager);
    leave(&trail, 'm');
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    rio_set_debug(rio_get_running_loop(), false);
    EXPECT(trail_is(&trail, "eme"));
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_EAGER_01), cmocka_unit_test(test_EAGER_02),
          cmocka_unit_test(test_EAGER_03), cmocka_unit_test(test_EAGER_05),
          cmocka_unit_test(test_EAGER_A), cmocka_unit_test(test_EAGER_B),
          cmocka_unit_test(test_EAGER_C), cmocka_unit_test(test_EAGER_D),
          cmocka_unit_test(test_EAGER_E), cmocka_unit_test(test_EAGER_F))
