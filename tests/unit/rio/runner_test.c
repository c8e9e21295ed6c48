/* runner_test - the run from outside: results, leftovers, Ctrl-C, deadlock, restart.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

static long give_42(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_yield()));
    return 42;
}

static long raise_spam(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_yield()));
    return rio_error(-EIO, "spam");
}

static void run_returns_what_main_returns(void **state) /* RUN-01, RUN-02, RUN-03 */
{
    long fds = loop_test_fd_count();

    (void)state;
    assert_int_equal(loop_test_main(give_42, NULL), 42);
    assert_null(rio_task_error(NULL));
    assert_int_equal(loop_test_main(raise_spam, NULL), -EIO);
    assert_string_equal(rio_task_error(NULL), "spam");
    assert_int_equal(loop_test_main(NULL, NULL), -EINVAL);
    assert_int_equal(loop_test_main(give_42, NULL), 42);
    assert_int_equal(loop_test_fd_count(), fds);
}

static long sleep_100ms(void *arg)
{
    (void)arg;
    return await(rio_sleep(100 * RIO_MS));
}

static long leave_one(void *arg)
{
    rio_task **left = arg;

    *left = rio_create_task(sleep_100ms, NULL);
    return 123;
}

static void run_cancels_what_main_left(void **state) /* RUN-05 */
{
    rio_task *left = NULL;
    int64_t start = rio_now();

    (void)state;
    assert_int_equal(loop_test_main(leave_one, &left), 123);
    assert_true(rio_future_done(left));
    assert_true(rio_future_cancelled(left));
    assert_int_equal(rio_future_result(left), -ECANCELED);
    assert_true(rio_now() - start < 90 * RIO_MS);
    rio_unref(left); /* the last reference to that loop */
}

static int reports;

static long count_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)arg;
    if (err == -EIO && strstr(what, "shutdown") != NULL)
        reports++;
    else
        reports += 100;
    return 0;
}

static long fail_when_cancelled(void *arg)
{
    (void)arg;
    RIO_IGNORE(await(rio_sleep(RIO_SEC)));
    return -EIO;
}

static long leave_a_failing_one(void *arg)
{
    (void)arg;
    rio_set_exception_handler(count_report, NULL);
    rio_unref(rio_create_task(fail_when_cancelled, NULL));
    return await(rio_yield()) == 0 ? 123 : -EPROTO;
}

static void errors_at_the_end_are_reported(void **state) /* RUN-06 */
{
    (void)state;
    reports = 0;
    assert_int_equal(loop_test_main(leave_a_failing_one, NULL), 123);
    assert_int_equal(reports, 1);
}

static long clean_up_with_waits(void *arg)
{
    RIO_IGNORE(await(rio_sleep(RIO_SEC)));
    for (int i = 0; i < 3; i++)
        if (await(rio_sleep(RIO_MS)) == 0)
            ++*(int *)arg;
    return 0;
}

static long leave_a_cleaner(void *arg)
{
    rio_unref(rio_create_task(clean_up_with_waits, arg));
    return await(rio_yield());
}

static void the_end_waits_for_clean_up(void **state)
{
    int waits = 0;

    (void)state;
    assert_int_equal(loop_test_main(leave_a_cleaner, &waits), 0);
    assert_int_equal(waits, 3);
}

static long give_loop(void *arg)
{
    *(rio_loop **)arg = rio_get_running_loop();
    return 1;
}

static void a_runner_runs_many_times(void **state) /* RUN-09, RUN-10, RUN-11 */
{
    rio_runner *r = rio_runner_new(loop_test_io()),
               *never = rio_runner_new(loop_test_io());
    rio_loop *first = NULL, *second = NULL;

    (void)state;
    assert_int_equal(rio_runner_run(r, give_loop, &first), 1);
    assert_int_equal(rio_runner_run(r, give_loop, &second), 1);
    assert_ptr_equal(first, second);
    assert_ptr_equal(first, rio_runner_get_loop(r));
    assert_int_equal(rio_runner_close(r), 0);
    assert_int_equal(rio_runner_close(r), 0);
    assert_int_equal(rio_runner_run(r, give_42, NULL), -EBADF);
    assert_int_equal(rio_runner_run_forever(r), -EBADF);
    errno = 0;
    assert_null(rio_runner_get_loop(r));
    assert_int_equal(errno, EBADF);
    rio_runner_free(r);
    assert_int_equal(rio_runner_close(never), 0);
    rio_runner_free(never);
    rio_runner_free(NULL);
    assert_int_equal(rio_runner_close(NULL), 0);
    assert_null(rio_runner_new(1u << 30));
    assert_int_equal(errno, EINVAL);
}

static long run_inside(void *arg)
{
    EXPECT_EQ(rio_run(give_42, NULL), -EBUSY);
    EXPECT_EQ(rio_runner_run(arg, give_42, NULL), -EBUSY);
    EXPECT_EQ(rio_runner_run_once(arg, 0), -EBUSY);
    EXPECT_EQ(rio_runner_close(arg), -EBUSY);
    EXPECT_EQ(rio_runner_run(NULL, give_42, NULL), -EBADF);
    return await(rio_yield());
}

static void no_run_inside_a_run(void **state) /* RUN-21, RUN-25 */
{
    rio_runner *r = rio_runner_new(loop_test_io());

    (void)state;
    assert_int_equal(rio_runner_run(r, run_inside, r), 0);
    rio_runner_free(r);
}

struct stopper {
    rio_task *self;
    int turns;
};

static long stop_in_the_second(void *arg)
{
    struct stopper *s = arg;

    s->self = rio_ref(rio_current_task());
    for (int i = 0; i < 10; i++) {
        if (++s->turns == 2)
            rio_loop_stop(rio_get_running_loop());
        RIO_TRY(await(rio_sleep(RIO_MS)));
    }
    return 0;
}

static long join_it(void *arg)
{
    return await(rio_join(arg));
}

static void a_stopped_loop_runs_again(void **state) /* RUN-22, RUN-23 */
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct stopper s = {0};

    (void)state;
    assert_int_equal(rio_runner_run(r, stop_in_the_second, &s), -EINTR);
    assert_int_equal(s.turns, 2);
    assert_false(rio_future_done(s.self));
    assert_int_equal(rio_runner_run(r, give_42, NULL), 42);
    assert_true(rio_task_cancel(s.self));
    assert_int_equal(rio_runner_run(r, join_it, s.self), -ECANCELED);
    assert_int_equal(rio_runner_run(r, give_42, NULL), 42);
    rio_unref(s.self);
    rio_runner_free(r);
}

/* ---- deadlock ---- */

static long wait_for_nobody(void *arg)
{
    rio_event e = {0};
    long rc = await(rio_event_wait(&e));

    *(long *)arg = rc;
    return rc;
}

static void a_wait_for_nobody_is_a_deadlock(void **state) /* CX-06 */
{
    long seen = 0;

    (void)state;
    assert_int_equal(loop_test_main(wait_for_nobody, &seen), -EDEADLK);
    assert_int_equal(seen, -ECANCELED); /* it could clean up */
}

static long ignore_cancels(void *arg)
{
    rio_event e = {0};

    for (int i = 0; i < *(int *)arg; i++)
        RIO_IGNORE(await(rio_event_wait(&e)));
    return 0;
}

static void a_stubborn_task_is_asked_again(void **state)
{
    int times = 20;

    (void)state;
    assert_int_equal(loop_test_main(ignore_cancels, &times), -EDEADLK);
}

/* ---- Ctrl-C: each case in a process of its own ---- */

static int in_child(int (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct sigaction sa = {.sa_handler = SIG_DFL};

        (void)sigaction(SIGINT, &sa, NULL);
        _exit(fn());
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static long interrupt(void *arg)
{
    (void)arg;
    return raise(SIGINT) == 0 ? 0 : -errno;
}

static long spin_until_cancelled(void *arg)
{
    (void)arg;
    rio_call_later(2 * RIO_MS, interrupt, NULL);
    for (;;)
        RIO_TRY(await(rio_yield()));
}

static long wait_until_cancelled(void *arg)
{
    rio_event e = {0};

    (void)arg;
    rio_call_later(2 * RIO_MS, interrupt, NULL);
    return await(rio_event_wait(&e));
}

static int ctrl_c_spinning(void)
{
    return loop_test_main(spin_until_cancelled, NULL) == -EINTR ? 0 : 1;
}

static int ctrl_c_waiting(void)
{
    struct sigaction after;

    if (loop_test_main(wait_until_cancelled, NULL) != -EINTR)
        return 1;
    return sigaction(SIGINT, NULL, &after) == 0 && after.sa_handler == SIG_DFL ? 0 : 2;
}

static long ignore_the_first(void *arg)
{
    (void)arg;
    rio_call_later(2 * RIO_MS, interrupt, NULL);
    if (await(rio_sleep(RIO_SEC)) != -ECANCELED)
        return 1;
    rio_call_later(2 * RIO_MS, interrupt, NULL);
    return await(rio_sleep(RIO_SEC));
}

static int ctrl_c_twice(void)
{
    return (int)loop_test_main(ignore_the_first, NULL);
}

static volatile sig_atomic_t own_signals;

static void own_handler(int signo)
{
    (void)signo;
    own_signals++;
}

static long raise_and_go_on(void *arg)
{
    (void)arg;
    if (raise(SIGINT) != 0)
        return 1;
    return await(rio_sleep(RIO_MS));
}

static int own_handler_is_left_alone(void)
{
    struct sigaction sa = {.sa_handler = own_handler}, after;

    (void)sigaction(SIGINT, &sa, NULL);
    if (loop_test_main(raise_and_go_on, NULL) != 0 || own_signals != 1)
        return 1;
    return sigaction(SIGINT, NULL, &after) == 0 && after.sa_handler == own_handler ? 0
                                                                                   : 2;
}

static void ctrl_c_cancels_main(void **state) /* RUN-14, RUN-15 */
{
    (void)state;
    assert_int_equal(in_child(ctrl_c_spinning), 0);
    assert_int_equal(in_child(ctrl_c_waiting), 0);
}

static void a_second_ctrl_c_ends_the_process(void **state) /* RUN-17 */
{
    (void)state;
    assert_int_equal(in_child(ctrl_c_twice), 128 + SIGINT);
}

static void a_handler_of_the_programs_own_stays(void **state) /* RUN-18 */
{
    (void)state;
    assert_int_equal(in_child(own_handler_is_left_alone), 0);
}

TEST_MAIN(cmocka_unit_test(run_returns_what_main_returns),
          cmocka_unit_test(run_cancels_what_main_left),
          cmocka_unit_test(errors_at_the_end_are_reported),
          cmocka_unit_test(the_end_waits_for_clean_up),
          cmocka_unit_test(a_runner_runs_many_times),
          cmocka_unit_test(no_run_inside_a_run),
          cmocka_unit_test(a_stopped_loop_runs_again),
          cmocka_unit_test(a_wait_for_nobody_is_a_deadlock),
          cmocka_unit_test(a_stubborn_task_is_asked_again),
          cmocka_unit_test(ctrl_c_cancels_main),
          cmocka_unit_test(a_second_ctrl_c_ends_the_process),
          cmocka_unit_test(a_handler_of_the_programs_own_stays))
