/* ctx_test - CTX: task-local variables.
 * SPDX-License-Identifier: MIT */
#include "case.h"

static char nope[] = "nope", yes[] = "yes", no[] = "no";
static const rio_ctxvar word = {nope};

static long reads_and_sets(void *want)
{
    EXPECT(rio_ctxvar_get(&word) == want);
    EXPECT_EQ(rio_ctxvar_set(&word, no), 0);
    RIO_TRY(await(rio_yield()));
    EXPECT(rio_ctxvar_get(&word) == no);
    return 0;
}

LOOP_TEST(test_CTX_01)
{
    rio_task *t = rio_create_task(reads_and_sets, nope);

    EXPECT_EQ(rio_ctxvar_set(&word, yes), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(rio_ctxvar_get(&word) == yes);
    return 0;
}

/* A callback belongs to no task: it sees the defaults, and sets nothing. */
static void sets_when_done(rio_future *f, void *arg)
{
    (void)f;
    *(bool *)arg = rio_ctxvar_get(&word) == nope && rio_ctxvar_set(&word, no) == -EPERM;
}

LOOP_TEST(test_CTX_02)
{
    rio_future *f = rio_future_new();
    bool called = false;

    EXPECT_EQ(rio_ctxvar_set(&word, yes), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, sets_when_done, &called), 0);
    EXPECT_EQ(rio_future_set_result(f, 7), 0);
    EXPECT_EQ(await(rio_join(f)), 7);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(called);
    EXPECT(rio_ctxvar_get(&word) == yes);
    rio_unref(f);
    return 0;
}

static long keeps_its_own(void *arg)
{
    unsigned naps = (unsigned)((uintptr_t)arg * 2654435761u);

    EXPECT_EQ(rio_ctxvar_set(&word, arg), 0);
    for (int i = 0; i < 3; i++, naps >>= 4) {
        RIO_TRY(await(rio_sleep((naps & 15) * 100 * RIO_US)));
        EXPECT(rio_ctxvar_get(&word) == arg);
    }
    return 0;
}

LOOP_TEST(test_CTX_03)
{
    static char places[100];

    return await(rio_gather_map(keeps_its_own, places, sizeof places, 1, NULL, 0));
}

/* An ambient setting: how many digits a division gives. */
static const rio_ctxvar precision = {NULL};

static long divided(long a, long b)
{
    long digits = (long)(intptr_t)rio_ctxvar_get(&precision), result = 0;

    for (long i = 0; i < digits; i++, a = a % b * 10)
        result = result * 10 + a / b;
    return result;
}

static long divides(void *arg)
{
    RIO_TRY(rio_ctxvar_set(&precision, *(void **)arg));
    RIO_TRY(await(rio_sleep(2 * RIO_MS)));
    return divided(10, 3);
}

LOOP_TEST(test_CTX_05)
{
    void *digits[] = {(void *)3, (void *)6};
    long results[2];

    EXPECT_EQ(await(rio_gather_map(divides, digits, 2, sizeof digits[0], results, 0)),
              0);
    EXPECT_EQ(results[0], 333);
    EXPECT_EQ(results[1], 333333);
    EXPECT(rio_ctxvar_get(&precision) == NULL);
    return 0;
}

struct seen {
    void *in_handler;
    int set_there;
};

static long looks(rio_loop *l, const char *what, long err, void *arg)
{
    struct seen *s = arg;

    (void)l, (void)what, (void)err;
    s->in_handler = rio_ctxvar_get(&word);
    s->set_there = rio_ctxvar_set(&word, no);
    return 0;
}

static long sets_and_fails(void *unused)
{
    (void)unused;
    RIO_TRY(rio_ctxvar_set(&word, no));
    return ERR;
}

LOOP_TEST(test_CTX_06)
{
    struct seen s = {.in_handler = nope};
    rio_task *t;

    rio_set_exception_handler(looks, &s);
    EXPECT_EQ(rio_ctxvar_set(&word, yes), 0);
    t = rio_create_task(sets_and_fails, NULL);
    EXPECT_EQ(await(settle()), 0);
    rio_unref(t); /* its error was never retrieved: reported, here and now */
    EXPECT(s.in_handler == no);
    EXPECT_EQ(s.set_there, -EPERM);
    EXPECT(rio_ctxvar_get(&word) == yes);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_CTX_01), cmocka_unit_test(test_CTX_02),
          cmocka_unit_test(test_CTX_03), cmocka_unit_test(test_CTX_05),
          cmocka_unit_test(test_CTX_06))
