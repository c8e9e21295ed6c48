/* stack_test - stacks: how many, how cheap, and what happens at their end.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rio/sanitize.h"
#include "rio/stack.h"
#include "rio/switch.h"
#include "support/rio_test.h"
#include "support/test.h"

/* ---- the switch alone ---- */

#if !defined(RIO_ASAN) && !defined(RIO_TSAN)
struct bounce {
    struct rio__context main, other;
    double sum;
    char stack[64 << 10] __attribute__((aligned(64)));
};

static struct bounce bounce;

static void bounce_back(void *arg)
{
    struct bounce *b = arg;
    double weight = 0.5;

    for (;;) {
        b->sum += weight;
        weight *= 2;
        arg = rio__switch(&b->other, &b->main, arg);
    }
}
#endif

static void a_switch_keeps_both_sides_intact(void **state)
{
    (void)state;
#if defined(RIO_ASAN) || defined(RIO_TSAN)
    skip(); /* a bare switch is none of the sanitizer's business */
#else
    rio__switch_make(&bounce.other, bounce.stack + sizeof bounce.stack,
                     sizeof bounce.stack, bounce_back);
    for (int i = 0; i < 8; i++)
        assert_ptr_equal(rio__switch(&bounce.main, &bounce.other, &bounce), &bounce);
    assert_true(bounce.sum == 127.5);
#endif
}

/* ---- the pool ---- */

static void stacks_come_back_last_in_first_out(void **state)
{
    struct rio__stacks p;
    void *a, *b;
    size_t bytes, again;

    (void)state;
    rio__stacks_init(&p);
    a = rio__stacks_get(&p, 0, &bytes);
    b = rio__stacks_get(&p, 0, &bytes);
    assert_non_null(a);
    assert_true(bytes >= 64 << 10);
    assert_ptr_not_equal(a, b);
    assert_int_equal(p.in_use, 2);
    rio__stacks_put(&p, a, bytes);
    rio__stacks_put(&p, b, bytes);
    assert_ptr_equal(rio__stacks_get(&p, 1, &again), b);
    assert_int_equal(again, bytes);
    rio__stacks_put(&p, b, again);
    assert_int_equal(p.in_use, 0);
    rio__stacks_fini(&p);
}

static void a_bigger_stack_is_mapped_for_itself(void **state)
{
    struct rio__stacks p;
    size_t bytes;
    char *top;

    (void)state;
    rio__stacks_init(&p);
    top = rio__stacks_get(&p, 1 << 20, &bytes);
    assert_non_null(top);
    assert_true(bytes >= 1 << 20);
    memset(top - bytes, 1, bytes); /* all of it can be used */
    rio__stacks_put(&p, top, bytes);
    assert_null(rio__stacks_get(&p, (size_t)1 << 40, &bytes));
    rio__stacks_fini(&p);
}

static void every_way_to_guard_works(void **state)
{
    (void)state;
    for (int guard = RIO__GUARD_MPROTECT; guard <= RIO__GUARD_CANARY; guard++) {
        struct rio__stacks p;
        void *tops[100];
        size_t bytes;

        rio__stacks_init(&p);
        p.guard = (enum rio__guard)guard;
        for (int i = 0; i < 100; i++) {
            tops[i] = rio__stacks_get(&p, 0, &bytes);
            memset((char *)tops[i] - 30000, 2, 30000);
        }
        assert_int_equal(p.guard, guard);
        for (int i = 0; i < 100; i++)
            rio__stacks_put(&p, tops[i], bytes);
        for (int i = 0; i < 100; i++)
            assert_non_null(rio__stacks_get(&p, 0, &bytes));
        for (int i = 0; i < 100; i++)
            rio__stacks_put(&p, tops[i], bytes);
        rio__stacks_fini(&p);
    }
}

static void mprotect_gives_way_when_its_budget_is_used_up(void **state)
{
    struct rio__stacks p;
    void *tops[4];
    size_t bytes;

    (void)state;
    rio__stacks_init(&p);
    p.guard = RIO__GUARD_MPROTECT;
    p.mprotect_max = 2;
    for (int i = 0; i < 4; i++)
        tops[i] = rio__stacks_get(&p, 0, &bytes);
    assert_int_equal(p.guard, RIO__GUARD_CANARY);
    assert_string_equal(rio__stacks_guard_name(&p), "canary");
    for (int i = 0; i < 4; i++)
        rio__stacks_put(&p, tops[i], bytes);
    rio__stacks_fini(&p);
}

/* ---- in the loop ---- */

static unsigned char touch(int depth)
{
    unsigned char page[512];

    memset(page, depth, sizeof page);
    if (depth > 0)
        page[0] ^= touch(depth - 1);
    return page[depth % 512];
}

static long go_deep(void *arg)
{
    int depth = (int)(long)arg;

    return touch(depth) == 0 ? -1 : await(rio_yield());
}

LOOP_TEST(a_task_may_go_deep)
{
    rio_task_opts big = {.stack = 4 << 20};
    rio_task *t;

    for (int i = 0; i < 20; i++)
        EXPECT_EQ(await(rio_join_unref(rio_create_task(go_deep, (void *)60L))), 0);
    t = rio_create_task_ex(go_deep, (void *)1000L, 0, &big);
    EXPECT(t != NULL);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    big.stack = (size_t)1 << 50;
    errno = 0;
    EXPECT(rio_create_task_ex(go_deep, NULL, 0, &big) == NULL);
    EXPECT_EQ(errno, ENOMEM);
    return 0;
}

static long overflow(void *arg)
{
    return touch((int)(long)arg);
}

static long overflowing_main(void *arg)
{
    rio_task *t = rio_create_task_ex(overflow, (void *)1000000L, 0,
                                     &(rio_task_opts){.name = "greedy"});

    (void)arg;
    return await(rio_join_unref(t));
}

static void an_overflow_names_its_task(void **state) /* CX-01 */
{
    int out[2], status = 0;
    char text[512] = "";
    ssize_t n;
    pid_t pid;

    (void)state;
#if defined(RIO_ASAN) || defined(RIO_TSAN)
    skip(); /* the sanitizer reports it in its own way */
#endif
    assert_int_equal(pipe(out), 0);
    pid = fork();
    if (pid == 0) {
        struct sigaction sa = {.sa_handler = SIG_DFL};

        (void)sigaction(SIGSEGV, &sa, NULL); /* cmocka's would run on the full stack */
        (void)sigaction(SIGBUS, &sa, NULL);
        (void)dup2(out[1], STDERR_FILENO);
        _exit((int)loop_test_main(overflowing_main, NULL));
    }
    close(out[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    n = read(out[0], text, sizeof text - 1);
    close(out[0]);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_true(n > 0);
    assert_non_null(strstr(text, "stack overflow in greedy"));
}

struct dormitory {
    rio_event lights_out;
    int64_t first, last; /* deadlines: of the first one, of the one that woke last */
    long woken;
};

struct slumber {
    struct dormitory *d;
    int64_t offset;
};

static long sleeper(void *arg)
{
    struct slumber *s = arg;
    struct dormitory *d = s->d;
    int64_t when;

    RIO_TRY(await(rio_event_wait(&d->lights_out)));
    when = d->first + s->offset;
    RIO_TRY(await(rio_sleep_until(when)));
    if (when < d->last)
        return -EPROTO; /* somebody with a later deadline was first */
    d->last = when;
    d->woken++;
    return 0;
}

static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "re");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (f != NULL)
        (void)fclose(f);
    return kib;
}

LOOP_TEST(a_hundred_thousand_tasks_may_sleep) /* CX-09 */
{
#if defined(RIO_ASAN) || defined(RIO_TSAN)
    enum { N = 4000 };
#else
    enum { N = 100000 };
#endif
    struct dormitory d = {0};
    long before = resident_kib(), used;
    rio_group g;

    rio_group_enter(&g);
    for (long i = 0; i < N; i++) {
        struct slumber s = {&d, i * 7919 % N * RIO_US};

        if (rio_group_spawn_copy(&g, sleeper, &s, sizeof s) == NULL)
            break;
    }
    EXPECT_EQ(g.ntasks, N);
    EXPECT_EQ(await(rio_yield()), 0);
    d.first = rio_now() + RIO_SEC;
    rio_event_set(&d.lights_out);
    EXPECT_EQ(await(rio_yield()), 0);
    used = resident_kib() - before;
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    EXPECT_EQ(d.woken, N);
#if !defined(RIO_ASAN) && !defined(RIO_TSAN) && !defined(RIO_UCONTEXT)
    EXPECT(used / (N / 1000) < 4400); /* KiB per thousand */
#endif
    (void)used;
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_switch_keeps_both_sides_intact),
          cmocka_unit_test(stacks_come_back_last_in_first_out),
          cmocka_unit_test(a_bigger_stack_is_mapped_for_itself),
          cmocka_unit_test(every_way_to_guard_works),
          cmocka_unit_test(mprotect_gives_way_when_its_budget_is_used_up),
          cmocka_unit_test(a_task_may_go_deep),
          cmocka_unit_test(an_overflow_names_its_task),
          cmocka_unit_test(a_hundred_thousand_tasks_may_sleep))
