/* process_test - children, their pipes and their ends.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

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

LOOP_TEST(what_goes_into_cat_comes_out) /* PROC-01 */
{
    rio_process *p;
    void *out = NULL;
    size_t n = 0;

    EXPECT_EQ(await(shell("cat", RIO_PIPE_IN | RIO_PIPE_OUT, &p)), 0);
    EXPECT_EQ(await(rio_process_communicate(p, "hello", 5, &out, &n)), 0);
    EXPECT_EQ(n, 5);
    EXPECT(strcmp(out, "hello") == 0);
    free(out);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);

    EXPECT_EQ(await(shell("cat", RIO_PIPE_IN | RIO_PIPE_OUT, &p)), 0);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT_EQ(n, 0);
    free(out);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(an_exit_status_is_what_the_program_said) /* PROC-02 */
{
    rio_process *p;

    EXPECT_EQ(await(shell("exit 7", 0, &p)), 0);
    EXPECT_EQ(await(rio_process_wait(p)), 7);
    EXPECT_EQ(await(rio_process_wait(p)), 7);
    EXPECT_EQ(rio_process_send_signal(p, SIGTERM), -ESRCH);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(a_signal_reads_as_its_negative_number) /* PROC-03 */
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

enum { MEGABYTE = 1 << 20 };

LOOP_TEST(a_child_that_does_not_read_is_no_error) /* PROC-05 */
{
    char *big = calloc(1, MEGABYTE);
    rio_process *p;
    void *out = NULL;
    size_t n;

    EXPECT_EQ(await(shell("echo done", RIO_PIPE_IN | RIO_PIPE_OUT, &p)), 0);
    EXPECT_EQ(await(rio_process_communicate(p, big, MEGABYTE, &out, &n)), 0);
    EXPECT(strcmp(out, "done\n") == 0);
    free(out);
    free(big);
    EXPECT_EQ(await(rio_process_wait(p)), 0);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(large_output_arrives_whole) /* PROC-06 */
{
    rio_process *p;
    void *out = NULL;
    size_t n;
    const char *script = "i=0; while [ $i -lt 4000 ]; do "
                         "printf '%0100d' $i; i=$((i+1)); done";

    EXPECT_EQ(await(shell(script, RIO_PIPE_OUT, &p)), 0);
    rio_stream_set_limits(rio_process_stream(p, 1), 4096, 4096);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT_EQ(n, 400000);
    for (int i = 0; i < 4000; i++) {
        char want[101];

        (void)snprintf(want, sizeof want, "%0100d", i);
        EXPECT(memcmp((char *)out + i * 100, want, 100) == 0);
    }
    free(out);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(dev_null_is_empty_and_no_stream) /* PROC-07 */
{
    rio_process *p;
    void *out = NULL;
    size_t n;

    EXPECT_EQ(await(shell("cat; echo lost >&2",
                          RIO_NULL_IN | RIO_PIPE_OUT | RIO_NULL_ERR, &p)),
              0);
    EXPECT(rio_process_stream(p, 0) == NULL && rio_process_stream(p, 2) == NULL);
    EXPECT(rio_process_stream(p, 3) == NULL && rio_process_stream(p, -1) == NULL);
    EXPECT_EQ(await(rio_process_communicate(p, "x", 1, &out, &n)), -EINVAL);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT_EQ(n, 0);
    free(out);
    rio_process_close(p);

    EXPECT_EQ(await(shell("echo lost", RIO_NULL_OUT, &p)), 0);
    out = p;
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT(out == NULL);
    EXPECT_EQ(n, 0);
    rio_process_close(p);
    return 0;
}

LOOP_TEST(errors_go_where_they_are_sent) /* PROC-17 */
{
    rio_process *p;
    void *out = NULL;
    size_t n;
    char line[16];

    EXPECT_EQ(
        await(shell("echo a; echo b >&2; echo c", RIO_PIPE_OUT | RIO_ERR_TO_OUT, &p)),
        0);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT(strcmp(out, "a\nb\nc\n") == 0);
    free(out);
    rio_process_close(p);

    EXPECT_EQ(await(shell("echo a; echo b >&2", RIO_PIPE_OUT | RIO_PIPE_ERR, &p)), 0);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT(strcmp(out, "a\n") == 0);
    free(out);
    EXPECT_EQ(await(rio_stream_readline(rio_process_stream(p, 2), line, sizeof line)),
              2);
    EXPECT(strcmp(line, "b\n") == 0);
    rio_process_close(p);
    return 0;
}

static long make_sleeper(void *arg)
{
    return await(shell("exec sleep 3600", RIO_PIPE_IN | RIO_PIPE_OUT, arg));
}

LOOP_TEST(a_cancelled_creation_leaves_no_child) /* PROC-09 */
{
    for (int turns = 0; turns < 8; turns++) {
        rio_process *p = NULL;
        rio_task *t = rio_create_task(make_sleeper, &p);
        bool made;

        for (int i = 0; i < turns; i++)
            EXPECT_EQ(await(rio_yield()), 0);
        rio_task_cancel(t);
        made = await(rio_join_unref(t)) == 0;
        EXPECT(made == (p != NULL));
        rio_process_close(p);
        while (!no_children())
            EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    }
    return 0;
}

static long wait_for(void *arg)
{
    return await(rio_process_wait(arg));
}

LOOP_TEST(closing_kills_what_runs) /* PROC-10 */
{
    rio_process *p;
    rio_task *t;

    EXPECT_EQ(await(shell("exec sleep 3600", RIO_PIPE_OUT, &p)), 0);
    t = rio_create_task(wait_for, p);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_process_close(p);
    EXPECT_EQ(await(rio_join(t)), -SIGKILL);
    rio_unref(t);
    EXPECT(no_children());
    return 0;
}

LOOP_TEST(a_program_that_does_not_exist_leaves_nothing) /* PROC-11 */
{
    char *argv[] = {(char *)(uintptr_t) "/no/such/program", NULL}, *none[] = {NULL};
    rio_process *p = NULL;
    unsigned all = RIO_PIPE_IN | RIO_PIPE_OUT | RIO_PIPE_ERR;

    EXPECT_EQ(await(rio_create_subprocess_exec(argv, all, &p)), -ENOENT);
    EXPECT_EQ(await(rio_create_subprocess_exec(none, all, &p)), -EINVAL);
    EXPECT_EQ(await(rio_create_subprocess_exec(NULL, all, &p)), -EINVAL);
    EXPECT_EQ(await(rio_create_subprocess_exec(argv, 128, &p)), -EINVAL);
    EXPECT_EQ(await(rio_create_subprocess_exec(argv, RIO_PIPE_IN | RIO_NULL_IN, &p)),
              -EINVAL);
    EXPECT_EQ(
        await(rio_create_subprocess_exec(argv, RIO_PIPE_ERR | RIO_ERR_TO_OUT, &p)),
        -EINVAL);
    EXPECT(p == NULL && no_children());
    return 0;
}

LOOP_TEST(ten_tasks_wait_and_all_get_the_status) /* PROC-13 */
{
    enum { N = 10 };
    rio_process *p;
    rio_task *t[N];

    EXPECT_EQ(await(shell("read x; exit 5", RIO_PIPE_IN, &p)), 0);
    for (int i = 0; i < N; i++)
        t[i] = rio_create_task(wait_for, p);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_stream_write(rio_process_stream(p, 0), "go\n", 3), 0);
    for (int i = 0; i < N; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 5);
    rio_process_close(p);
    return 0;
}

struct child {
    int number;
    char *out;
};

static long echo_number(void *arg)
{
    struct child *c = arg;
    char script[32];
    rio_process *p;
    void *out = NULL;

    (void)snprintf(script, sizeof script, "echo %d", c->number);
    RIO_TRY(await(shell(script, RIO_PIPE_OUT, &p)));
    RIO_TRY(await(rio_process_communicate(p, NULL, 0, &out, NULL)));
    c->out = out;
    rio_process_close(p);
    return 0;
}

LOOP_TEST(ten_children_at_once) /* PROC-14 */
{
    struct child c[10];

    for (int i = 0; i < 10; i++)
        c[i] = (struct child){i, NULL};
    EXPECT_EQ(RIO_GATHER_ARRAY(echo_number, c), 0);
    for (int i = 0; i < 10; i++) {
        EXPECT(c[i].out != NULL && c[i].out[0] == '0' + i && c[i].out[1] == '\n');
        free(c[i].out);
    }
    return 0;
}

LOOP_TEST(a_signal_that_races_with_the_end_loses_no_status) /* PROC-15 */
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
        EXPECT(status == 3 || status == -SIGTERM);
        rio_process_close(p);
    }
    return 0;
}

/* The thread that spawns it has blocked all of them. */
LOOP_TEST(a_child_has_no_signal_blocked)
{
    rio_process *p;
    void *out = NULL;

    EXPECT_EQ(await(shell("grep SigBlk /proc/self/status", RIO_PIPE_OUT, &p)), 0);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, NULL)), 0);
    EXPECT(strcmp(out, "SigBlk:\t0000000000000000\n") == 0);
    free(out);
    rio_process_close(p);
    return 0;
}

static long leave_children(void *unused)
{
    rio_process *p;

    (void)unused;
    EXPECT_EQ(await(shell("exec sleep 3600", RIO_PIPE_IN | RIO_PIPE_OUT, &p)), 0);
    EXPECT_EQ(await(shell("exit 0", 0, &p)), 0);
    return 0;
}

static void what_is_left_ends_with_the_loop(void **state)
{
    (void)state;
    assert_int_equal(loop_test_run_leaky(leave_children, NULL), 0);
    assert_true(no_children());
}

TEST_MAIN(cmocka_unit_test(what_goes_into_cat_comes_out),
          cmocka_unit_test(an_exit_status_is_what_the_program_said),
          cmocka_unit_test(a_signal_reads_as_its_negative_number),
          cmocka_unit_test(a_child_that_does_not_read_is_no_error),
          cmocka_unit_test(large_output_arrives_whole),
          cmocka_unit_test(dev_null_is_empty_and_no_stream),
          cmocka_unit_test(errors_go_where_they_are_sent),
          cmocka_unit_test(a_cancelled_creation_leaves_no_child),
          cmocka_unit_test(closing_kills_what_runs),
          cmocka_unit_test(a_program_that_does_not_exist_leaves_nothing),
          cmocka_unit_test(ten_tasks_wait_and_all_get_the_status),
          cmocka_unit_test(ten_children_at_once),
          cmocka_unit_test(a_signal_that_races_with_the_end_loses_no_status),
          cmocka_unit_test(a_child_has_no_signal_blocked),
          cmocka_unit_test(what_is_left_ends_with_the_loop))
