/* asc_test - ASC: many, in the order they are done.
 * SPDX-License-Identifier: MIT */
#include "case.h"

static void make(rio_future **fs, int n)
{
    for (int i = 0; i < n; i++)
        fs[i] = rio_future_new();
}

static void drop(rio_future *const *fs, int n)
{
    for (int i = 0; i < n; i++)
        rio_unref(fs[i]);
}

LOOP_TEST(test_ASC_01)
{
    struct job jobs[] = {{.delay = 150 * RIO_MS, .result = 3},
                         {.delay = 10 * RIO_MS, .result = 1},
                         {.delay = 10 * RIO_MS, .result = 2}};
    int64_t start = rio_now();
    rio_future *fs[3], *f;
    long got[3];
    int rc, n = 0;

    for (int i = 0; i < 3; i++)
        fs[i] = rio_create_task(work, &jobs[i]);
    RIO_FOR_EACH(rio_as_completed(fs, 3, RIO_FOREVER), &f, rc)
    {
        EXPECT(n < 3);
        got[n++] = await(rio_join(f));
    }
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(n, 3);
    EXPECT((got[0] == 1 && got[1] == 2) || (got[0] == 2 && got[1] == 1));
    EXPECT_EQ(got[2], 3);
    EXPECT(rio_now() - start >= 150 * RIO_MS);
    drop(fs, 3);
    return 0;
}

LOOP_TEST(test_ASC_02)
{
    struct job jobs[] = {{.delay = 4 * RIO_MS}, {.delay = RIO_MS}, {.delay = 0}};
    unsigned met = 0;
    rio_future *fs[3], *f;
    int rc;

    for (int i = 0; i < 3; i++)
        fs[i] = rio_create_task(work, &jobs[i]);
    RIO_FOR_EACH(rio_as_completed(fs, 3, RIO_FOREVER), &f, rc)
    {
        unsigned which = f == fs[0] ? 1 : f == fs[1] ? 2 : f == fs[2] ? 4 : 8;

        EXPECT((met & which) == 0);
        EXPECT(rio_future_done(f));
        met |= which;
    }
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(met, 7);
    drop(fs, 3);
    return 0;
}

LOOP_TEST(test_ASC_03)
{
    struct job fast = {.result = 'a'}, slow;
    rio_future *fs[2], *f;
    rio_iter *it;

    fs[0] = rio_create_task(work, &fast);
    fs[1] = rio_create_task(work, sleeper(&slow));
    EXPECT_EQ(await(settle()), 0); /* a is not late, however slow the machine */
    it = rio_as_completed(fs, 2, 20 * RIO_MS);
    EXPECT_EQ(await(rio_next(it, &f)), 1);
    EXPECT_EQ(rio_future_result(f), 'a');
    EXPECT_EQ(await(rio_next(it, &f)), -ETIMEDOUT);
    EXPECT(slow.started && !slow.ended && rio_task_cancelling(fs[1]) == 0);
    EXPECT_EQ(await(rio_iter_close(it)), 0);
    rio_task_cancel(fs[1]);
    EXPECT_EQ(await(rio_join(fs[1])), -ECANCELED);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(test_ASC_05)
{
    rio_future *fs[4], *f;
    rio_iter *it;
    long sum = 0;
    int n = 0;

    make(fs, 4);
    it = rio_as_completed(fs, 4, RIO_FOREVER);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(rio_future_set_result(fs[i], 1 << i), 0);
    for (; n < 2; n++) {
        EXPECT_EQ(await(rio_next(it, &f)), 1);
        sum += rio_future_result(f);
    }
    for (; await(rio_next(it, &f)) > 0; n++)
        sum += rio_future_result(f);
    EXPECT_EQ(n, 4);
    EXPECT_EQ(sum, 15);
    EXPECT_EQ(await(rio_iter_close(it)), 0);
    drop(fs, 4);
    return 0;
}

struct taker {
    rio_iter *it;
    rio_future *f;
};

static long takes(void *arg)
{
    struct taker *t = arg;

    return await(rio_next(t->it, &t->f));
}

/* "Taking a handle" is making the task that will call next. */
LOOP_TEST(test_ASC_06)
{
    struct taker first = {0}, second = {0};
    rio_task *a, *b;
    rio_future *fs[2];

    make(fs, 2);
    first.it = second.it = rio_as_completed(fs, 2, RIO_FOREVER);
    b = rio_create_task(takes, &second);
    EXPECT_EQ(await(settle()), 0);
    a = rio_create_task(takes, &first);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_future_set_result(fs[1], 1), 0);
    EXPECT_EQ(await(rio_join_unref(b)), 1);
    EXPECT(second.f == fs[1]);
    EXPECT(!rio_future_done(a));
    EXPECT_EQ(rio_future_set_result(fs[0], 1), 0);
    EXPECT_EQ(await(rio_join_unref(a)), 1);
    EXPECT(first.f == fs[0]);
    EXPECT_EQ(await(rio_iter_close(first.it)), 0);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(test_ASC_07)
{
    struct taker t[2] = {{0}};
    rio_future *fs[2], *f;
    long results[2];

    make(fs, 2);
    t[0].it = t[1].it = rio_as_completed(fs, 2, RIO_FOREVER);
    EXPECT_EQ(rio_future_set_result(fs[0], 1), 0);
    EXPECT_EQ(rio_future_set_result(fs[1], 1), 0);
    EXPECT_EQ(await(rio_gather_map(takes, t, 2, sizeof t[0], results, 0)), 0);
    EXPECT(results[0] == 1 && results[1] == 1);
    EXPECT(t[0].f != t[1].f);
    EXPECT_EQ(await(rio_next(t[0].it, &f)), 0);
    EXPECT_EQ(await(rio_iter_close(t[0].it)), 0);
    drop(fs, 2);
    return 0;
}

LOOP_TEST(test_ASC_09)
{
    rio_future *null = NULL;

    errno = 0;
    EXPECT(rio_as_completed(NULL, 1, RIO_FOREVER) == NULL);
    EXPECT_EQ(errno, EINVAL);
    errno = 0;
    EXPECT(rio_as_completed(&null, 1, RIO_FOREVER) == NULL);
    EXPECT_EQ(errno, EINVAL);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_ASC_01), cmocka_unit_test(test_ASC_02),
          cmocka_unit_test(test_ASC_03), cmocka_unit_test(test_ASC_05),
          cmocka_unit_test(test_ASC_06), cmocka_unit_test(test_ASC_07),
          cmocka_unit_test(test_ASC_09))
