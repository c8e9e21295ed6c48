/* cx_test - CX: hazards that only a runtime in C has.
 * SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rio/sanitize.h"

#include "case.h"

/* Runs main_fn in a child process.  Returns  its wait status; *text: its stderr */
static int in_child(rio_fn *main_fn, char *text, size_t n)
{
    struct sigaction sa = {.sa_handler = SIG_DFL};
    int out[2], status = 0;
    size_t got = 0;
    ssize_t part;
    pid_t pid;

    assert_int_equal(pipe(out), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)sigaction(SIGSEGV, &sa, NULL); /* cmocka's would run on the full stack */
        (void)sigaction(SIGBUS, &sa, NULL);
        (void)dup2(out[1], STDERR_FILENO);
        _exit((int)-loop_test_main(main_fn, NULL));
    }
    close(out[1]);
    while (got < n - 1 && (part = read(out[0], text + got, n - 1 - got)) > 0)
        got += (size_t)part;
    text[got] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int touch(volatile int depth)
{
    volatile char frame[512];

    frame[0] = (char)depth;
    return depth == 0 ? 0 : touch(depth - 1) + frame[0];
}

static long overflows(void *unused)
{
    (void)unused;
    return touch(1000000);
}

static long starts_greedy(void *unused)
{
    const rio_task_opts o = {.name = "greedy"};

    (void)unused;
    return await(rio_join_unref(rio_create_task_ex(overflows, NULL, 0, &o)));
}

static void test_CX_01(void **state)
{
    char text[512];
    int status;

    (void)state;
#if defined(RIO_ASAN) || defined(RIO_TSAN)
    print_message("test_CX_01: the sanitizer reports an overflow in its own way\n");
    skip();
#endif
    status = in_child(starts_greedy, text, sizeof text);
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(text, "stack overflow in greedy"));
}

static long spoils_errno(void *arg)
{
    for (int i = 0; i < 10; i++) {
        errno = *(int *)arg;
        RIO_TRY(await(rio_yield()));
    }
    return *(int *)arg;
}

LOOP_TEST(test_CX_02)
{
    int codes[2] = {EINTR, EAGAIN};
    long results[2];

    EXPECT_EQ(
        await(rio_gather_map(spoils_errno, codes, 2, sizeof codes[0], results, 0)), 0);
    EXPECT_EQ(results[0], EINTR);
    EXPECT_EQ(results[1], EAGAIN);
    return 0;
}

struct wide {
    _Alignas(max_align_t) char bytes[24];
    int n;
};

static long reads_copy(void *arg)
{
    const struct wide *w = arg;

    if ((uintptr_t)arg % _Alignof(max_align_t) != 0)
        return ERR;
    return strcmp(w->bytes, "original") == 0 ? w->n : ERR2;
}

LOOP_TEST(test_CX_03)
{
    struct wide w = {.bytes = "original", .n = 42};
    rio_task *t = rio_create_task_copy(reads_copy, &w, sizeof w);

    memset(&w, 0x5a, sizeof w);
    EXPECT_EQ(await(rio_join_unref(t)), 42);
    return 0;
}

/* Documented: they are the thread's, and whoever changes them puts them back before it
 * suspends.  Nor may the runtime change them. */
static long changes_modes(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++) {
        sigset_t set, old;
        int mode = fegetround();

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGUSR2);
        EXPECT_EQ(fesetround(FE_UPWARD), 0);
        EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &set, &old), 0);
        EXPECT_EQ(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
        EXPECT_EQ(fesetround(mode), 0);
        RIO_TRY(await(rio_sleep(i % 2 * RIO_MS)));
    }
    return 0;
}

static long sees_modes(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++) {
        sigset_t now;

        EXPECT_EQ(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
        EXPECT(sigismember(&now, SIGUSR2) == 0 && sigismember(&now, SIGUSR1) == 1);
        EXPECT_EQ(fegetround(), FE_DOWNWARD);
        RIO_TRY(await(rio_sleep(i % 2 * RIO_MS)));
    }
    return 0;
}

static long runs_both(void *unused)
{
    rio_task *t[2] = {rio_create_task(changes_modes, NULL),
                      rio_create_task(sees_modes, NULL)};

    (void)unused;
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    return 0;
}

static void test_CX_05(void **state)
{
    sigset_t set, old;

    (void)state;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, &old), 0);
    assert_int_equal(fesetround(FE_DOWNWARD), 0);
    assert_int_equal(loop_test_run(runs_both, NULL), 0);
    assert_int_equal(fegetround(), FE_DOWNWARD);
    assert_int_equal(fesetround(FE_TONEAREST), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
}

/* Keeps no handle of the loop, which another thread could use to wake it. */
static long waits_for_nothing(void *unused)
{
    rio_future *f = rio_future_new();

    (void)unused;
    (void)rio_task_set_name(rio_current_task(), "forlorn");
    return await(rio_join_unref(f));
}

static void test_CX_06(void **state)
{
    char text[512];
    int status;

    (void)state;
    status = in_child(waits_for_nothing, text, sizeof text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EDEADLK);
    assert_non_null(strstr(text, "forlorn"));
}

struct scopes {
    rio_lock lock;
    rio_sem sem;
    int closed; /* generators */
    struct job in_group, alone;
};

static long endless(void *arg)
{
    long rc = 0;

    for (int i = 0; rc == 0; i++)
        rc = await(rio_gen_yield(&i));
    ((struct scopes *)arg)->closed += rc == -EPIPE;
    return rc;
}

/* Each leaves its scopes by return (0), break (1) or goto (2). */
RIO_AWAITS static long leaves_loop_by(rio_gen *g, int how)
{
    int v, rc;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    {
        if (v == 3 && how == 0)
            return 1;
        if (v == 3 && how == 2)
            goto out;
        if (v == 3)
            break;
    }
out:
    return 1;
}

RIO_AWAITS static long leaves_sem_by(struct scopes *s, int how)
{
    long rc;

    RIO_WITH_SEM(&s->sem, &rc)
    {
        RIO_AUTO_TASK t = rio_create_task(work, sleeper(&s->alone));

        RIO_TRY(await(settle()));
        if (how == 0)
            return 1;
        if (how == 2)
            goto out;
        break;
    }
    return rc < 0 ? rc : 1;
out:
    return 1;
}

RIO_AWAITS static long leaves_lock_by(struct scopes *s, int how)
{
    long rc;

    RIO_WITH_LOCK(&s->lock, &rc)
    {
        RIO_AUTO_GROUP(g);

        rio_group_spawn(&g, work, sleeper(&s->in_group));
        RIO_TRY(await(leaves_sem_by(s, how)));
        if (how == 0)
            return 1;
        if (how == 2)
            goto out;
        break;
    }
    return rc < 0 ? rc : 1;
out:
    return 1;
}

LOOP_TEST(test_CX_07)
{
    for (int how = 0; how < 3; how++) {
        struct scopes s = {.lock = RIO_LOCK_INIT};
        rio_gen *g = rio_gen_new(endless, &s, sizeof(int));

        EXPECT_EQ(await(leaves_loop_by(g, how)), 1);
        EXPECT_EQ(s.closed, 1);
        EXPECT_EQ(await(rio_gen_free(g)), 0);
        EXPECT_EQ(rio_sem_init(&s.sem, 1), 0);
        EXPECT_EQ(await(leaves_lock_by(&s, how)), 1);
        EXPECT(!rio_lock_locked(&s.lock));
        EXPECT_EQ(s.sem.value, 1);
        EXPECT(s.in_group.cancelled && s.in_group.ended);
        EXPECT(s.alone.cancelled && s.alone.ended);
        EXPECT_EQ(stats_now().tasks, 1);
    }
    return 0;
}

#if defined(RIO_ASAN) || defined(RIO_TSAN)
enum { CROWD = 10000 };
#else
enum { CROWD = 100000 };
#endif

struct napper {
    int64_t when, *last;
};

static long naps(void *arg)
{
    struct napper *n = arg;

    bool late = rio_now() >= n->when; /* before it was armed: no order to keep */

    RIO_TRY(await(rio_sleep_until(n->when)));
    if (late)
        return 0;
    if (n->when < *n->last)
        return ERR;
    *n->last = n->when;
    return 0;
}

/* Bytes of memory that this process has in use; 0: not known. */
static size_t resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    size_t total = 0, pages = 0;

    if (f == NULL)
        return 0;
    if (fscanf(f, "%zu %zu", &total, &pages) != 2)
        pages = 0;
    (void)fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

LOOP_TEST(test_CX_09)
{
    size_t before = resident(), each;
    static struct napper crowd[CROWD];
    static rio_task *tasks[CROWD];
    int64_t start = rio_now() + 200 * RIO_MS, last = 0;

    for (size_t i = 0; i < CROWD; i++) { /* far from sorted */
        crowd[i] = (struct napper){start + (int64_t)(i * 7919 % CROWD) * RIO_US, &last};
        tasks[i] = rio_create_task_copy(naps, &crowd[i], sizeof crowd[i]);
        EXPECT(tasks[i] != NULL);
    }
    EXPECT_EQ(await(rio_yield()), 0); /* each has gone to sleep */
    each = (resident() - before) / CROWD;
    print_message("%d tasks asleep: %zu bytes each\n", CROWD, each);
#if !defined(RIO_ASAN) && !defined(RIO_TSAN)
    EXPECT(each < 8192 || rio__stacks_are_watched()); /* valgrind has its own share */
#endif
    for (size_t i = 0; i < CROWD; i++)
        EXPECT_EQ(await(rio_join_unref(tasks[i])), 0);
    return 0;
}

static long polls(void *fd)
{
    return await(rio_poll_fd(*(int *)fd, POLLIN));
}

LOOP_TEST(test_CX_10)
{
    enum { MANY = 2000 };
    static rio_task *tasks[MANY];
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < MANY; i++)
        tasks[i] = rio_create_task(polls, &fd[0]);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(stats_now().ops, MANY);
    for (int i = 0; i < MANY; i++) /* far more than the submission queue holds */
        rio_task_cancel(tasks[i]);
    for (int i = 0; i < MANY; i++)
        EXPECT_EQ(await(rio_join_unref(tasks[i])), -ECANCELED);
    EXPECT_EQ(stats_now().ops, 0);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

/* The operations in flight at the moment when the task had ended. */
static void look_at_ops(rio_future *f, void *arg)
{
    (void)f;
    *(size_t *)arg = stats_now().ops;
}

LOOP_TEST(test_CX_11)
{
    size_t ops = 99;
    rio_task *t;
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    t = rio_create_task(polls, &fd[0]);
    EXPECT_EQ(rio_future_add_done_callback(t, look_at_ops, &ops), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(stats_now().ops, 1);
    rio_task_cancel(t);
    rio_unref(t);
    while (ops == 99)
        EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(ops, 0);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_CX_01), cmocka_unit_test(test_CX_02),
          cmocka_unit_test(test_CX_03), cmocka_unit_test(test_CX_05),
          cmocka_unit_test(test_CX_06), cmocka_unit_test(test_CX_07),
          cmocka_unit_test(test_CX_09), cmocka_unit_test(test_CX_10),
          cmocka_unit_test(test_CX_11))
