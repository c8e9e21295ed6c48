/* process_test - children, their pipes and their ends.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
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

LOOP_TEST(bad_arguments_are_refused)
{
    char *argv[] = {(char *)(uintptr_t) "true", NULL}, *none[] = {NULL};
    const unsigned bad[] = {128, RIO_PIPE_IN | RIO_NULL_IN, RIO_PIPE_OUT | RIO_NULL_OUT,
                            RIO_PIPE_ERR | RIO_ERR_TO_OUT};
    rio_process *p = NULL;

    EXPECT_EQ(await(rio_create_subprocess_exec(none, 0, &p)), -EINVAL);
    EXPECT_EQ(await(rio_create_subprocess_exec(NULL, 0, &p)), -EINVAL);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(await(rio_create_subprocess_exec(argv, bad[i], &p)), -EINVAL);
    EXPECT(p == NULL && no_children());
    return 0;
}

LOOP_TEST(errors_can_be_read_after_the_output)
{
    rio_process *p;
    void *out = NULL;
    size_t n;
    char line[16];

    EXPECT_EQ(await(shell("echo a; echo b >&2", RIO_PIPE_OUT | RIO_PIPE_ERR, &p)), 0);
    EXPECT_EQ(await(rio_process_communicate(p, NULL, 0, &out, &n)), 0);
    EXPECT(strcmp(out, "a\n") == 0);
    free(out);
    EXPECT_EQ(await(rio_stream_readline(rio_process_stream(p, 2), line, sizeof line)),
              2);
    EXPECT(strcmp(line, "b\n") == 0);
    EXPECT(rio_process_stream(p, 3) == NULL && rio_process_stream(p, -1) == NULL);
    rio_process_close(p);
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

TEST_MAIN(cmocka_unit_test(bad_arguments_are_refused),
          cmocka_unit_test(errors_can_be_read_after_the_output),
          cmocka_unit_test(a_child_has_no_signal_blocked),
          cmocka_unit_test(what_is_left_ends_with_the_loop))
