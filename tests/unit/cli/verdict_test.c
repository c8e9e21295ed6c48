/* verdict_test - what the end of a program means for its job.
 * SPDX-License-Identifier: MIT */
#include "cli/verdict.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <ringq/ringq.h>

#include "support/test.h"

static struct child_end end;
static struct verdict verdict;

/* As waitpid() tells it. */
static int exited(int code)
{
    return code << 8;
}

static int judge(int status, const char *last_error)
{
    end = (struct child_end){.status = status};
    (void)snprintf(end.last_error, sizeof end.last_error, "%s", last_error);
    verdict_of(&end, 30000, &verdict);
    return verdict.outcome;
}

static void the_exit_code_decides(void **state)
{
    (void)state;
    assert_int_equal(judge(exited(0), "noise"), RINGQ_WORK_DONE);
    assert_int_equal(judge(exited(65), ""), RINGQ_WORK_DEAD);
    assert_int_equal(judge(exited(100), ""), RINGQ_WORK_DEAD);
    assert_int_equal(judge(exited(99), ""), RINGQ_WORK_RELEASE);
    assert_int_equal(judge(exited(1), ""), RINGQ_WORK_RETRY);
    assert_int_equal(judge(exited(64), ""), RINGQ_WORK_RETRY);
    assert_int_equal(judge(exited(66), ""), RINGQ_WORK_RETRY);
    assert_int_equal(judge(exited(75), ""), RINGQ_WORK_RETRY);
    assert_int_equal(judge(exited(98), ""), RINGQ_WORK_RETRY);
    assert_int_equal(judge(exited(101), ""), RINGQ_WORK_RETRY);
    assert_int_equal(judge(exited(255), ""), RINGQ_WORK_RETRY);
}

static void the_last_line_of_stderr_is_the_error(void **state)
{
    (void)state;
    (void)judge(exited(1), "disk full");
    assert_string_equal(verdict.error, "disk full");
    (void)judge(exited(65), "no such user");
    assert_string_equal(verdict.error, "no such user");
    (void)judge(exited(3), "");
    assert_string_equal(verdict.error, "exit status 3");
}

static void death_by_a_signal_names_it(void **state)
{
    (void)state;
    assert_int_equal(judge(SIGSEGV, "last words"), RINGQ_WORK_RETRY);
    assert_string_equal(verdict.error, "killed by SIGSEGV");
    (void)judge(SIGSEGV | 0x80, "");
    assert_string_equal(verdict.error, "killed by SIGSEGV (core dumped)");
    (void)judge(SIGKILL, "");
    assert_string_equal(verdict.error, "killed by SIGKILL (out of memory?)");
    (void)judge(SIGRTMIN, "");
    assert_non_null(strstr(verdict.error, "killed by signal "));
}

static void a_time_limit_fails_however_the_program_ended(void **state)
{
    (void)state;
    end = (struct child_end){.status = exited(0), .timed_out = true};
    verdict_of(&end, 30000, &verdict);
    assert_int_equal(verdict.outcome, RINGQ_WORK_RETRY);
    assert_string_equal(verdict.error, "ran longer than 30.0 s");
}

static void who_was_told_to_leave_gives_the_job_back(void **state)
{
    (void)state;
    end = (struct child_end){.status = SIGTERM, .left = true};
    verdict_of(&end, 0, &verdict);
    assert_int_equal(verdict.outcome, RINGQ_WORK_RELEASE);
}

TEST_MAIN(cmocka_unit_test(the_exit_code_decides),
          cmocka_unit_test(the_last_line_of_stderr_is_the_error),
          cmocka_unit_test(death_by_a_signal_names_it),
          cmocka_unit_test(a_time_limit_fails_however_the_program_ended),
          cmocka_unit_test(who_was_told_to_leave_gives_the_job_back))
