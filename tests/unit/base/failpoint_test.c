/* failpoint_test - SPDX-License-Identifier: MIT */
#include "base/failpoint.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/test.h"

static int step(void)
{
    int rc = 0;

    FAILPOINT("test.plain");
    FAILPOINT_ERROR("test.failing", rc);
    return rc;
}

static void every_failpoint_is_in_the_register(void **state)
{
    const struct rq_failpoint *point;
    size_t found = 0;

    (void)state;
    for (size_t i = 0; (point = rq_failpoint_at(i)) != NULL; i++)
        found += strncmp(point->name, "test.", 5) == 0;
    assert_int_equal(found, 2);
}

static void without_a_plan_nothing_happens(void **state)
{
    (void)state;
    assert_int_equal(rq_failpoint_plan(NULL), 0);
    assert_int_equal(step(), 0);
}

static void an_error_comes_once_on_the_visit_that_was_named(void **state)
{
    (void)state;
    assert_int_equal(rq_failpoint_plan("test.failing:error:ENOSPC@2"), 0);
    assert_int_equal(step(), 0);
    assert_int_equal(step(), -ENOSPC);
    assert_int_equal(step(), 0);
}

static void kill_is_a_sigkill(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        rq_ignore(rq_failpoint_plan("test.plain:kill"));
        rq_ignore(step());
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_delay_stands_still_once(void **state)
{
    (void)state;
    assert_int_equal(rq_failpoint_plan("test.plain:delay:30@2"), 0);
    for (int visit = 1; visit <= 3; visit++) {
        int64_t begin = rq_clock_boottime_ns();

        assert_int_equal(step(), 0);
        if (visit == 2)
            assert_true(rq_clock_boottime_ns() - begin >= 30 * 1000000);
    }
}

static void what_is_no_plan_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "test.plain",
        "test.plain:",
        "nobody:kill",
        "test.plain:kill:9",
        "test.plain:kill@0",
        "test.plain:kill@",
        "test.plain:kill@1000001",
        "test.plain:delay",
        "test.plain:delay:60001",
        "test.plain:error:EIO", /* it cannot fail */
        "test.failing:error:EWHAT",
        "test.failing:error",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(rq_failpoint_plan(wrong[i]), -EINVAL);
    assert_int_equal(step(), 0);
}

static void a_plan_at_its_limits_is_taken(void **state)
{
    (void)state;
    assert_int_equal(rq_failpoint_plan("test.plain:delay:60000@1000000"), 0);
    assert_int_equal(rq_failpoint_plan(NULL), 0);
}

TEST_MAIN(cmocka_unit_test(every_failpoint_is_in_the_register),
          cmocka_unit_test(without_a_plan_nothing_happens),
          cmocka_unit_test(an_error_comes_once_on_the_visit_that_was_named),
          cmocka_unit_test(kill_is_a_sigkill),
          cmocka_unit_test(a_delay_stands_still_once),
          cmocka_unit_test(what_is_no_plan_is_refused),
          cmocka_unit_test(a_plan_at_its_limits_is_taken))
