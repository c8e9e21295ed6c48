/* assert_test - a broken invariant ends the process with a sentence.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

/* Runs `body` in a child.  Returns  its wait status; out: what it wrote to stderr */
static int run_in_child(void (*body)(void), char *out, size_t cap)
{
    int fds[2], status;
    size_t len = 0;
    ssize_t n;

    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        dup2(fds[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(fds[1]);
    while (len < cap - 1 && (n = read(fds[0], out + len, cap - 1 - len)) > 0)
        len += (size_t)n;
    out[len] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static const char *task_name(void)
{
    return "task reader-7";
}

static void hold(void)
{
    ASSERT(1 + 1 == 2);
}

static void break_one(void)
{
    ASSERT(1 + 1 == 3);
}

static void break_one_in_a_task(void)
{
    rq_assert_set_context(task_name);
    ASSERT(1 + 1 == 4);
}

static void break_a_long_one(void)
{
    char expr[1000];

    memset(expr, 'x', sizeof expr);
    expr[sizeof expr - 1] = '\0';
    rq_assert_fail(expr, "file.c", 7);
}

static void a_true_assertion_goes_on(void **state)
{
    char text[1024];
    int status = run_in_child(hold, text, sizeof text);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_string_equal(text, "");
}

static void a_false_assertion_names_its_place_and_aborts(void **state)
{
    char text[1024];
    int status = run_in_child(break_one, text, sizeof text);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "assert_test.c:"));
    assert_non_null(strstr(text, ": assertion failed: 1 + 1 == 3\n"));
}

static void the_context_stands_behind_the_expression(void **state)
{
    char text[1024];
    int status = run_in_child(break_one_in_a_task, text, sizeof text);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(text, "assertion failed: 1 + 1 == 4 [task reader-7]\n"));
}

static void a_long_expression_is_cut(void **state)
{
    char text[1024];
    int status = run_in_child(break_a_long_one, text, sizeof text);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(text, "file.c:7: assertion failed: xxxx"));
    assert_int_equal(strlen(text), 511);
}

TEST_MAIN(cmocka_unit_test(a_true_assertion_goes_on),
          cmocka_unit_test(a_false_assertion_names_its_place_and_aborts),
          cmocka_unit_test(the_context_stands_behind_the_expression),
          cmocka_unit_test(a_long_expression_is_cut))
