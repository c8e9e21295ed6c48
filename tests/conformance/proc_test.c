/* proc_test - PROC: child processes.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "case.h"

enum { MEGABYTE = 1 << 20 };

RIO_AWAITS static int shell(const char *script, unsigned flags, rio_process **out)
{
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t)script, NULL};

    return await(rio_create_subprocess_exec(argv, flags, out));
}

/* No child is left, not even a dead one. */
static bool no_children(void)
{
    return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static long wait_end(void *arg)
{
    return await(rio_process_wait(arg));
}

/* Runs the script, gives it the input, and compares its output. */
RIO_AWAITS static long run(const char *script, unsigned flags, const char *in,
                           const char *want)
{
    rio_process *p;
    void *out = NULL;
    size_t n = 0;
    bool same;

    RIO_TRY(await(shell(script, flags, &p)));
    EXPECT_EQ(await(rio_process_communicate(p, in, strlen(in), &out, &n)), 0);
    same = n == strlen(want) && strcmp(out, want) == 0;
    free(out);
    EXPECT(same);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(test_PROC_01)
{
    EXPECT_EQ(
        await(run("cat", RIO_PIPE_IN | RIO_PIPE_OUT, "some input\n", "some input\n")),
        0);
    return await(run("cat", RIO_PIPE_IN | RIO_PIPE_OUT, "", ""));
}

LOOP_TEST(test_PROC_02)
{
    rio_process *p;

    EXPECT_EQ(await(shell("exit 7", 0, &p)), 0);
    EXPECT_EQ(await(rio_process_wait(p)), 7);
    EXPECT_EQ(await(rio_process_wait(p)), 7); /* again */
    rio_process_close(p);
    EXPECT_EQ(await(shell("exit 8", 0, &p)), 0);
    EXPECT_EQ(await(rio_process_wait(p)), 8);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(test_PROC_03)
{
    const int signals[] = {SIGKILL, SIGTERM, SIGHUP};

    for (int i = 0; i < 3; i++) {
        rio_process *p;

        EXPECT_EQ(await(shell("exec sleep 3600", 0, &p)), 0);
        EXPECT_EQ(rio_process_send_signal(p, signals[i]), 0);
        EXPECT_EQ(await(rio_process_wait(p)), -signals[i]);
        rio_process_close(p);
    }
    return 0;
}

LOOP_TEST(test_PROC_05)
{
    char *big = calloc(1, MEGABYTE);
    void *out = NULL;
    rio_process *p;
    rio_stream *in;
    int rc;

    EXPECT(big != NULL);
    EXPECT_EQ(await(shell("exit 0", RIO_PIPE_IN, &p)), 0);
    in = rio_process_stream(p, 0);
    EXPECT_EQ(rio_stream_write(in, big, MEGABYTE), 0);
    rc = await(rio_stream_drain(in));
    EXPECT(rc == -EPIPE || rc == -ECONNRESET);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);

    EXPECT_EQ(await(shell("echo done", RIO_PIPE_IN | RIO_PIPE_OUT, &p)), 0);
    EXPECT_EQ(await(rio_process_communicate(p, big, MEGABYTE, &out, NULL)), 0);
    EXPECT(strcmp(out, "done\n") == 0);
    free(out);
    free(big);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(test_PROC_06)
{
    enum { LIMIT = 4096, UNDER_WAY = 4 * MEGABYTE, TOTAL = 16 * MEGABYTE };
    const void *bytes;
    void *out = NULL;
    rio_process *p;
    rio_stream *s;
    size_t n = 0;

    EXPECT_EQ(await(shell("head -c 16777215 /dev/zero; printf x", RIO_PIPE_OUT, &p)),
              0);
    s = rio_process_stream(p, 1);
    rio_stream_set_limits(s, LIMIT, LIMIT);
    while (rio_stream_peek(s, &bytes) < LIMIT)
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    /* Nobody reads: it has to wait, and what we hold is bounded. */
    EXPECT_EQ(await(rio_wait_for_call(wait_end, p, 20 * RIO_MS)), -ETIMEDOUT);
    EXPECT(rio_stream_peek(s, &bytes) <= LIMIT + UNDER_WAY);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT_EQ(n, TOTAL);
    EXPECT_EQ(((char *)out)[TOTAL - 1], 'x');
    free(out);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(test_PROC_07)
{
    void *out;
    rio_process *p;
    size_t n = 99;

    EXPECT_EQ(await(run("cat; echo lost >&2", RIO_NULL_IN | RIO_PIPE_OUT | RIO_NULL_ERR,
                        "", "")),
              0);
    EXPECT_EQ(await(shell("echo lost; echo too >&2",
                          RIO_NULL_IN | RIO_NULL_OUT | RIO_NULL_ERR, &p)),
              0);
    for (int i = 0; i < 3; i++)
        EXPECT(rio_process_stream(p, i) == NULL);
    EXPECT_EQ(await(rio_process_communicate(p, "x", 1, &out, &n)), -EINVAL);
    out = p;
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT(out == NULL);
    EXPECT_EQ(n, 0);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);
    return 0;
}

static long make_sleeper(void *arg)
{
    return await(shell("exec sleep 3600", RIO_PIPE_IN | RIO_PIPE_OUT, arg));
}

LOOP_TEST(test_PROC_09)
{
    for (int turns = 0; turns < 8; turns++) {
        rio_process *p = NULL;
        rio_task *t = rio_create_task(make_sleeper, &p);
        long rc;

        for (int i = 0; i < turns; i++)
            EXPECT_EQ(await(rio_yield()), 0);
        rio_task_cancel(t);
        rc = await(rio_join_unref(t));
        EXPECT(rc == 0 || rc == -ECANCELED);
        EXPECT((rc == 0) == (p != NULL));
        rio_process_close(p);
        while (!no_children())
            EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    }
    return 0;
}

LOOP_TEST(test_PROC_10)
{
    rio_process *p;
    rio_task *t;

    EXPECT_EQ(await(shell("exec sleep 3600", RIO_PIPE_OUT, &p)), 0);
    t = rio_create_task(wait_end, p);
    EXPECT_EQ(await(settle()), 0);
    rio_process_close(p);
    EXPECT_EQ(await(rio_join_unref(t)), -SIGKILL);
    EXPECT(no_children());
    /* The number of one that has ended may be another's. */
    EXPECT_EQ(await(shell("exit 0", 0, &p)), 0);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    EXPECT(no_children());
    EXPECT_EQ(rio_process_send_signal(p, SIGTERM), -ESRCH);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(test_PROC_11)
{
    char *argv[] = {(char *)(uintptr_t) "/no/such/program", NULL};
    rio_process *p = NULL;
    long before = loop_test_fd_count();

    EXPECT_EQ(await(rio_create_subprocess_exec(
                  argv, RIO_PIPE_IN | RIO_PIPE_OUT | RIO_PIPE_ERR, &p)),
              -ENOENT);
    EXPECT_EQ(loop_test_fd_count(), before);
    EXPECT(p == NULL && no_children());
    return 0;
}

LOOP_TEST(test_PROC_13)
{
    enum { N = 10 };
    rio_process *p;
    rio_task *t[N];

    EXPECT_EQ(await(shell("read x; exit 5", RIO_PIPE_IN, &p)), 0);
    for (int i = 0; i < N; i++)
        t[i] = rio_create_task(wait_end, p);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(rio_stream_write(rio_process_stream(p, 0), "go\n", 3), 0);
    for (int i = 0; i < N; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 5);
    rio_process_close(p);
    return 0;
}

struct child {
    int number;
    char out[8];
};

static long echo_number(void *arg)
{
    struct child *c = arg;
    char script[48];
    rio_process *p;
    void *out = NULL;

    /* The first ones take longest. */
    (void)snprintf(script, sizeof script, "sleep 0.0%d; echo %d", 9 - c->number,
                   c->number);
    RIO_TRY(await(shell(script, RIO_PIPE_OUT, &p)));
    RIO_TRY(await(rio_process_communicate(p, NULL, 0, &out, NULL)));
    (void)snprintf(c->out, sizeof c->out, "%s", (const char *)out);
    free(out);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(test_PROC_14)
{
    struct child c[10];

    for (int i = 0; i < 10; i++)
        c[i] = (struct child){.number = i};
    EXPECT_EQ(RIO_GATHER_ARRAY(echo_number, c), 0);
    for (int i = 0; i < 10; i++)
        EXPECT(c[i].out[0] == '0' + i && strcmp(c[i].out + 1, "\n") == 0);
    return 0;
}

LOOP_TEST(test_PROC_15)
{
    for (int i = 0; i < 10; i++) {
        rio_process *p;
        int rc, status;

        EXPECT_EQ(await(shell("exit 3", 0, &p)), 0);
        for (int turns = 0; turns < i; turns++)
            EXPECT_EQ(await(rio_yield()), 0);
        rc = rio_process_send_signal(p, SIGTERM);
        EXPECT(rc == 0 || rc == -ESRCH);
        status = await(rio_process_wait(p));
        EXPECT(status == 3 || (rc == 0 && status == -SIGTERM));
        rio_process_close(p);
    }
    return 0;
}

LOOP_TEST(test_PROC_17)
{
    return await(run("echo a; echo b >&2; echo c", RIO_PIPE_OUT | RIO_ERR_TO_OUT, "",
                     "a\nb\nc\n"));
}

TEST_MAIN(cmocka_unit_test(test_PROC_01), cmocka_unit_test(test_PROC_02),
          cmocka_unit_test(test_PROC_03), cmocka_unit_test(test_PROC_05),
          cmocka_unit_test(test_PROC_06), cmocka_unit_test(test_PROC_07),
          cmocka_unit_test(test_PROC_09), cmocka_unit_test(test_PROC_10),
          cmocka_unit_test(test_PROC_11), cmocka_unit_test(test_PROC_13),
          cmocka_unit_test(test_PROC_14), cmocka_unit_test(test_PROC_15),
          cmocka_unit_test(test_PROC_17))
