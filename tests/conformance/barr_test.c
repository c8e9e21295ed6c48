/* barr_test - BARR: the barrier.
 * SPDX-License-Identifier: MIT */
#include "case.h"

enum { N = 5, ROUNDS = 3 };

struct party {
    rio_barrier *b;
    int rounds;
    int seen[ROUNDS]; /* what each wait returned */
    size_t inside;    /* after it: how many had not left */
    size_t waiting;
};

RIO_AWAITS static long meets(void *arg)
{
    struct party *p = arg;
    int rc = 0;

    for (int i = 0; i < p->rounds && rc >= 0; i++) {
        rc = await(rio_barrier_wait(p->b));
        p->inside = p->b->count;
        p->waiting = rio_barrier_n_waiting(p->b);
        p->seen[i] = rc;
    }
    return rc;
}

static void start(rio_barrier *b, struct party *p, rio_task **t, int n, int rounds)
{
    for (int i = 0; i < n; i++) {
        p[i] = (struct party){.b = b, .rounds = rounds};
        t[i] = rio_create_task(meets, &p[i]);
    }
}

/* Returns  how many of them failed with err; -1: some with another one */
RIO_AWAITS static int join_all(rio_task **t, int n, long err)
{
    int failed = 0;

    for (int i = 0; i < n; i++) {
        long rc = await(rio_join_unref(t[i]));

        if (rc < 0 && failed >= 0)
            failed = rc == err ? failed + 1 : -1;
    }
    return failed;
}

/* One whole round of newcomers. */
RIO_AWAITS static int one_round(rio_barrier *b)
{
    struct party p[N];
    rio_task *t[N];

    start(b, p, t, (int)b->parties, 1);
    return await(join_all(t, (int)b->parties, 0));
}

/* Whether round i gave each of 0 .. n-1 once. */
static bool each_once(const struct party *p, int n, int i)
{
    unsigned seen = 0;

    for (int k = 0; k < n; k++)
        seen |= p[k].seen[i] < 0 ? 0 : 1u << p[k].seen[i];
    return seen == (1u << n) - 1;
}

LOOP_TEST(test_BARR_01)
{
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 0), -EINVAL);
    EXPECT_EQ(rio_barrier_init(&b, (size_t)-4), -EINVAL);
    return 0;
}

LOOP_TEST(test_BARR_02)
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_barrier_n_waiting(&b), N - 1);
    EXPECT(!rio_future_done(t[0]));
    start(&b, p + N - 1, t + N - 1, 1, 1);
    EXPECT_EQ(await(join_all(t, N, 0)), 0);
    EXPECT(each_once(p, N, 0));
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    EXPECT(!rio_barrier_broken(&b));
    return 0;
}

LOOP_TEST(test_BARR_03)
{
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 1), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), 0);
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    return 0;
}

LOOP_TEST(test_BARR_05)
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N, 2);
    EXPECT_EQ(await(join_all(t, N, 0)), 0);
    EXPECT(each_once(p, N, 0) && each_once(p, N, 1));
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    return 0;
}

/* Draining: tasks are inside, and none of them waits. */
LOOP_TEST(test_BARR_06)
{
    struct party p[N];
    unsigned inside = 0;
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N, 1);
    EXPECT_EQ(await(join_all(t, N, 0)), 0);
    for (int i = 0; i < N; i++) {
        inside |= 1u << p[i].inside;
        EXPECT_EQ(p[i].waiting, 0);
    }
    EXPECT_EQ(inside, (1u << N) - 1); /* each left one less behind, the last nobody */
    EXPECT_EQ(await(one_round(&b)), 0);
    return 0;
}

struct both {
    rio_barrier first, second;
    int seconds;
};

static long comes_back_at_once(void *arg)
{
    struct both *b = arg;

    RIO_TRY(await(rio_barrier_wait(&b->first)));
    return await(rio_barrier_wait(&b->first));
}

static long makes_a_detour(void *arg)
{
    struct both *b = arg;

    RIO_TRY(await(rio_barrier_wait(&b->first)));
    RIO_TRY(await(rio_barrier_wait(&b->second)));
    b->seconds++;
    return await(rio_barrier_wait(&b->first));
}

LOOP_TEST(test_BARR_07)
{
    struct both b = {.seconds = 0};
    rio_task *t[N];

    EXPECT_EQ(rio_barrier_init(&b.first, N), 0);
    EXPECT_EQ(rio_barrier_init(&b.second, 3), 0);
    for (int i = 0; i < N; i++)
        t[i] = rio_create_task(i < 2 ? comes_back_at_once : makes_a_detour, &b);
    EXPECT_EQ(await(join_all(t, N, 0)), 0);
    EXPECT_EQ(b.seconds, 3);
    EXPECT_EQ(rio_barrier_n_waiting(&b.first) + rio_barrier_n_waiting(&b.second), 0);
    return 0;
}

LOOP_TEST(test_BARR_09)
{
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, 2), 0);
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT(!rio_barrier_broken(&b));
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    EXPECT_EQ(await(one_round(&b)), 0);
    return 0;
}

LOOP_TEST(test_BARR_10)
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT_EQ(await(join_all(t, N - 1, -EPIPE)), N - 1);
    EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    EXPECT(!rio_barrier_broken(&b));
    return 0;
}

LOOP_TEST(test_BARR_11)
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    start(&b, p, t, N - 1, 1);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_barrier_wait(&b)), N - 1); /* woken, but none has left */
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT_EQ(await(join_all(t, N - 1, -EPIPE)), N - 1);
    EXPECT(!rio_barrier_broken(&b));
    EXPECT_EQ(await(one_round(&b)), 0);
    return 0;
}

static long meets_again_when_broken(void *b)
{
    int rc = await(rio_barrier_wait(b));

    return rc == -EPIPE ? await(rio_barrier_wait(b)) : -EBADMSG;
}

LOOP_TEST(test_BARR_13)
{
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    for (int i = 0; i < N - 1; i++)
        t[i] = rio_create_task(meets_again_when_broken, &b);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_barrier_reset(&b)), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_barrier_n_waiting(&b), N - 1);
    EXPECT_EQ(await(rio_barrier_wait(&b)), N - 1);
    EXPECT_EQ(await(join_all(t, N - 1, 0)), 0);
    return 0;
}

/* The last one out of the first round resets; all come to a second and a third one. */
static long resets_as_the_last(void *arg)
{
    struct party *p = arg;

    RIO_TRY(await(rio_barrier_wait(p->b)));
    if (p->b->count == 0)
        RIO_TRY(await(rio_barrier_reset(p->b)));
    p->rounds = 2;
    return await(meets(p));
}

LOOP_TEST(test_BARR_14)
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    EXPECT_EQ(rio_barrier_init(&b, N), 0);
    for (int i = 0; i < N; i++) {
        p[i] = (struct party){.b = &b};
        t[i] = rio_create_task(resets_as_the_last, &p[i]);
    }
    EXPECT_EQ(await(join_all(t, N, 0)), 0);
    EXPECT(each_once(p, N, 0) && each_once(p, N, 1));
    return 0;
}

static long fails_and_aborts(void *b)
{
    RIO_TRY(await(rio_yield()));
    RIO_TRY(await(rio_barrier_abort(b)));
    return ERR;
}

LOOP_TEST(test_BARR_15)
{
    struct party p[N];
    rio_task *t[N];
    rio_barrier b;

    for (int by_a_task = 0; by_a_task < 2; by_a_task++) {
        EXPECT_EQ(rio_barrier_init(&b, N), 0);
        start(&b, p, t, N - 1, 1);
        EXPECT_EQ(await(settle()), 0);
        if (by_a_task)
            EXPECT_EQ(await(rio_join_unref(rio_create_task(fails_and_aborts, &b))),
                      ERR);
        else
            EXPECT_EQ(await(rio_barrier_abort(&b)), 0);
        EXPECT(rio_barrier_broken(&b));
        EXPECT_EQ(await(join_all(t, N - 1, -EPIPE)), N - 1);
        for (int i = 0; i < 2; i++)
            EXPECT_EQ(await(rio_barrier_wait(&b)), -EPIPE);
        EXPECT(rio_barrier_broken(&b));
        EXPECT_EQ(rio_barrier_n_waiting(&b), 0);
    }
    return 0;
}

static long mends_the_first(void *arg)
{
    struct both *b = arg;
    int which;

    if (await(rio_barrier_wait(&b->first)) != -EPIPE)
        return -EBADMSG;
    which = await(rio_barrier_wait(&b->second));
    if (which == 0)
        RIO_TRY(await(rio_barrier_reset(&b->first)));
    RIO_TRY(await(rio_barrier_wait(&b->second)));
    return await(rio_barrier_wait(&b->first));
}

LOOP_TEST(test_BARR_17)
{
    struct both b = {.seconds = 0};
    rio_task *t[N];

    EXPECT_EQ(rio_barrier_init(&b.first, N), 0);
    EXPECT_EQ(rio_barrier_init(&b.second, N), 0);
    for (int i = 0; i < N - 1; i++)
        t[i] = rio_create_task(mends_the_first, &b);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(rio_barrier_abort(&b.first)), 0);
    t[N - 1] = rio_create_task(mends_the_first, &b);
    EXPECT_EQ(await(join_all(t, N, 0)), 0);
    EXPECT(!rio_barrier_broken(&b.first));
    EXPECT_EQ(rio_barrier_n_waiting(&b.first), 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_BARR_01), cmocka_unit_test(test_BARR_02),
          cmocka_unit_test(test_BARR_03), cmocka_unit_test(test_BARR_05),
          cmocka_unit_test(test_BARR_06), cmocka_unit_test(test_BARR_07),
          cmocka_unit_test(test_BARR_09), cmocka_unit_test(test_BARR_10),
          cmocka_unit_test(test_BARR_11), cmocka_unit_test(test_BARR_13),
          cmocka_unit_test(test_BARR_14), cmocka_unit_test(test_BARR_15),
          cmocka_unit_test(test_BARR_17))
