/* child_test - runs a program: bytes in, bytes out, a time limit, and no trace left
 * behind. SPDX-License-Identifier: MIT */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/clock.h"
#include "support/test.h"

static struct child_end end;

static int run_spec(const char *script, struct child_spec spec)
{
    char *const argv[] = {"/bin/sh", "-c", (char *)(uintptr_t)script, NULL};
    char *const envp[] = {"PATH=/usr/bin:/bin", "WORD=here", NULL};

    spec.argv = argv;
    spec.envp = envp;
    if (spec.output_max == 0)
        spec.output_max = 1 << 20;
    if (spec.grace_ms == 0)
        spec.grace_ms = 5000;
    free(end.output);
    return child_run(&spec, &end);
}

static int run(const char *script)
{
    return run_spec(script, (struct child_spec){0});
}

static int forget(void **state)
{
    (void)state;
    free(end.output);
    end = (struct child_end){0};
    return 0;
}

static int ignore_pipes(void **state)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)state;
    return sigaction(SIGPIPE, &ignore, NULL);
}

static void assert_output(const char *want)
{
    assert_int_equal(end.output_len, strlen(want));
    assert_memory_equal(end.output, want, end.output_len);
}

static void output_and_status_come_back(void **state)
{
    (void)state;
    assert_int_equal(run("printf 'a\\nb'; exit 7"), 0);
    assert_output("a\nb");
    assert_true(WIFEXITED(end.status));
    assert_int_equal(WEXITSTATUS(end.status), 7);
    assert_false(end.timed_out || end.left || end.truncated);
}

static void the_input_arrives_byte_for_byte(void **state)
{
    (void)state;
    assert_int_equal(
        run_spec("od -An -tx1", (struct child_spec){.input = "a\0\n", .input_len = 3}),
        0);
    assert_output(" 61 00 0a\n");
}

/* More than two pipes hold, both ways at the same time. */
static void large_bodies_do_not_block(void **state)
{
    enum { SIZE = 1 << 20 };
    char *body = malloc(SIZE);

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < SIZE; i++)
        body[i] = (char)(i * 7 + i / 251);
    assert_int_equal(
        run_spec("cat", (struct child_spec){.input = body, .input_len = SIZE}), 0);
    assert_int_equal(end.output_len, SIZE);
    assert_memory_equal(end.output, body, SIZE);
    assert_false(end.truncated);
    free(body);
}

static void a_program_need_not_read_its_input(void **state)
{
    enum { SIZE = 1 << 20 };
    char *body = calloc(1, SIZE);

    (void)state;
    assert_non_null(body);
    assert_int_equal(run_spec("exec <&-; sleep 0.05; echo ok",
                              (struct child_spec){.input = body, .input_len = SIZE}),
                     0);
    assert_output("ok\n");
    assert_int_equal(end.status, 0);
    free(body);
}

static void output_is_kept_up_to_its_limit(void **state)
{
    (void)state;
    assert_int_equal(run_spec("printf 12345", (struct child_spec){.output_max = 5}), 0);
    assert_output("12345");
    assert_false(end.truncated);
    assert_int_equal(
        run_spec("printf 123456; exit 3", (struct child_spec){.output_max = 5}), 0);
    assert_output("12345");
    assert_true(end.truncated);
    assert_int_equal(WEXITSTATUS(end.status), 3);
}

static void the_last_line_of_stderr_is_kept(void **state)
{
    (void)state;
    assert_int_equal(run("echo first >&2; echo second >&2; echo '  ' >&2; echo >&2"),
                     0);
    assert_string_equal(end.last_error, "second");
    assert_int_equal(run("echo first >&2; printf unfinished >&2"), 0);
    assert_string_equal(end.last_error, "unfinished");
    assert_int_equal(run("true"), 0);
    assert_string_equal(end.last_error, "");
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    assert_int_equal(run("printf '%1000s' x >&2"), 0);
    assert_int_equal(strlen(end.last_error), CHILD_LINE_MAX);
    assert_int_equal(run("printf '%1000sabc' x >&2"), 0);
    assert_string_equal(end.last_error, "abc");
}

static void the_environment_is_the_one_given(void **state)
{
    (void)state;
    assert_int_equal(run("echo $WORD$HOME"), 0);
    assert_output("here\n");
}

static void the_time_limit_ends_it(void **state)
{
    int64_t start = clock_us();

    (void)state;
    assert_int_equal(run_spec("sleep 30", (struct child_spec){.timeout_ms = 100}), 0);
    assert_true(end.timed_out);
    assert_true(WIFSIGNALED(end.status));
    assert_int_equal(WTERMSIG(end.status), SIGTERM);
    assert_true(clock_us() - start < 5 * 1000000);
}

static void who_ignores_sigterm_is_killed_after_the_grace(void **state)
{
    (void)state;
    assert_int_equal(run_spec("trap '' TERM; echo up; while :; do sleep 0.02; done",
                              (struct child_spec){.timeout_ms = 200, .grace_ms = 100}),
                     0);
    assert_output("up\n");
    assert_true(end.timed_out);
    assert_int_equal(WTERMSIG(end.status), SIGKILL);
}

static void who_cleans_up_at_sigterm_may_do_so(void **state)
{
    (void)state;
    assert_int_equal(
        run_spec("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.02; done",
                 (struct child_spec){.timeout_ms = 200}),
        0);
    assert_output("up\nbye\n");
    assert_true(end.timed_out);
    assert_int_equal(WEXITSTATUS(end.status), 3);
}

static bool count_to_three(void *arg)
{
    int *asked = arg;

    return ++*asked >= 3;
}

static void who_is_told_to_leave_leaves(void **state)
{
    int asked = 0;

    (void)state;
    assert_int_equal(
        run_spec("sleep 30",
                 (struct child_spec){.should_leave = count_to_three, .arg = &asked}),
        0);
    assert_true(end.left);
    assert_false(end.timed_out);
    assert_int_equal(WTERMSIG(end.status), SIGTERM);
    assert_int_equal(asked, 3);
}

/* A zombie is nobody's any more, but may stay in the list for a moment. */
static bool is_running(int pid)
{
    char path[64], state = 'X';

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return false;
    int found = fscanf(f, "%*d (%*[^)]) %c", &state);
    (void)fclose(f);
    return found == 1 && state != 'Z' && state != 'X';
}

static void what_it_leaves_running_is_killed(void **state)
{
    int64_t start = clock_us();
    int left = 0;

    (void)state;
    assert_int_equal(run("sleep 30 & printf '%d.' $!"), 0);
    assert_true(clock_us() - start < 5 * 1000000);
    assert_int_equal(sscanf(end.output, "%d.", &left), 1);
    assert_true(left > 1);
    for (int i = 0; i < 500 && is_running(left); i++)
        clock_pause_ms(10);
    assert_false(is_running(left));
}

static void it_has_a_process_group_of_its_own(void **state)
{
    int group = 0, pid = 0;

    (void)state;
    assert_int_equal(run("ps -o pgid= -p $$; printf '%d.' $$"), 0);
    assert_int_equal(sscanf(end.output, "%d %d.", &group, &pid), 2);
    assert_int_equal(group, pid);
    assert_int_not_equal(group, getpgrp());
}

static void signals_and_descriptors_are_as_usual(void **state)
{
    (void)state;
    (void)close_range(3, ~0U, 0); /* what this test was started with */
    assert_int_equal(run("yes | head -1; ls /proc/self/fd | tr '\\n' ' '"), 0);
    /* 3 is the directory that ls reads. */
    assert_output("y\n0 1 2 3 ");
}

static void death_by_a_signal_is_told(void **state)
{
    (void)state;
    assert_int_equal(run("kill -KILL $$"), 0);
    assert_true(WIFSIGNALED(end.status));
    assert_int_equal(WTERMSIG(end.status), SIGKILL);
}

static void what_cannot_be_run_is_an_error(void **state)
{
    char *const argv[] = {"/nonexistent/program", NULL};
    char *const envp[] = {NULL};
    const struct child_spec spec = {.argv = argv, .envp = envp};

    (void)state;
    assert_int_equal(child_run(&spec, &end), -ENOENT);
    assert_null(end.output);
    char *const directory[] = {"/tmp", NULL};
    const struct child_spec no_program = {.argv = directory, .envp = envp};
    assert_int_equal(child_run(&no_program, &end), -EACCES);
}

static void no_descriptor_is_left_open(void **state)
{
    int before = open("/dev/null", O_RDONLY);

    (void)state;
    assert_int_equal(close(before), 0);
    assert_int_equal(run("echo x; exit 1"), 0);
    assert_int_equal(run_spec("sleep 30", (struct child_spec){.timeout_ms = 50}), 0);
    int after = open("/dev/null", O_RDONLY);
    assert_int_equal(close(after), 0);
    assert_int_equal(after, before);
}

struct heard {
    int out, err;
    char last[64];
};

static void hear(void *arg, bool is_error, const char *line, size_t len)
{
    struct heard *h = arg;

    (*(is_error ? &h->err : &h->out))++;
    (void)snprintf(h->last, sizeof h->last, "%.*s", (int)len, line);
}

static void lines_are_told_as_they_come(void **state)
{
    struct heard heard = {0};

    (void)state;
    assert_int_equal(run_spec("echo a; echo b >&2; printf c",
                              (struct child_spec){.on_line = hear, .arg = &heard}),
                     0);
    assert_int_equal(heard.out, 2);
    assert_int_equal(heard.err, 1);
    assert_string_equal(heard.last, "c");
    assert_output("a\nc");
}

static void programs_are_found_as_the_shell_does(void **state)
{
    (void)state;
    assert_int_equal(child_find("sh"), 0);
    assert_int_equal(child_find("/bin/sh"), 0);
    assert_int_equal(child_find("no-such-program"), -ENOENT);
    assert_int_equal(child_find("/nonexistent"), -ENOENT);
    assert_int_equal(child_find("/etc/passwd"), -EACCES);
    assert_int_equal(child_find("/tmp"), -EACCES);
}

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, ignore_pipes, forget)

TEST_MAIN(RUN_TEST(output_and_status_come_back),
          RUN_TEST(the_input_arrives_byte_for_byte),
          RUN_TEST(large_bodies_do_not_block),
          RUN_TEST(a_program_need_not_read_its_input),
          RUN_TEST(output_is_kept_up_to_its_limit),
          RUN_TEST(the_last_line_of_stderr_is_kept), RUN_TEST(a_long_line_is_cut),
          RUN_TEST(the_environment_is_the_one_given), RUN_TEST(the_time_limit_ends_it),
          RUN_TEST(who_ignores_sigterm_is_killed_after_the_grace),
          RUN_TEST(who_cleans_up_at_sigterm_may_do_so),
          RUN_TEST(who_is_told_to_leave_leaves),
          RUN_TEST(what_it_leaves_running_is_killed),
          RUN_TEST(it_has_a_process_group_of_its_own),
          RUN_TEST(signals_and_descriptors_are_as_usual),
          RUN_TEST(death_by_a_signal_is_told), RUN_TEST(what_cannot_be_run_is_an_error),
          RUN_TEST(no_descriptor_is_left_open), RUN_TEST(lines_are_told_as_they_come),
          RUN_TEST(programs_are_found_as_the_shell_does))
