/* debug_test - what debug mode finds, and that it finds nothing in a clean program.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "support/child.h"
#include "support/rio_test.h"
#include "support/test.h"

/* ---- findings: everything the exception handler got, one line each ---- */

static char said[4096];

static long note(rio_loop *l, const char *what, long err, void *arg)
{
    size_t used = strlen(said);

    (void)l;
    (void)arg;
    (void)snprintf(said + used, sizeof said - used, "%s (%ld)\n", what, err);
    return 0;
}

struct debugged {
    rio_fn *body;
    int64_t slow_limit;
};

static long enter_debugged(void *arg)
{
    struct debugged *d = arg;

    rio_set_exception_handler(note, NULL);
    RIO_TRY(rio_set_slow_limit(rio_get_running_loop(), d->slow_limit));
    return d->body(NULL);
}

/* Runs the body in debug mode up to the end of its loop; `said` has the findings. */
static long run_debugged(rio_fn *body, int64_t slow_limit)
{
    struct debugged d = {body, slow_limit};
    rio_runner *r = rio_runner_new(loop_test_io() | RIO_DEBUG);
    long rc;

    assert_non_null(r);
    said[0] = '\0';
    rc = rio_runner_run(r, enter_debugged, &d);
    rio_runner_free(r);
    return rc;
}

#define NEVER_SLOW (3600 * RIO_SEC)

/* ---- slow steps ---- */

/* Real time: that of the loop may be simulated. */
static int64_t real_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * RIO_SEC + ts.tv_nsec;
}

static long spin(void *arg)
{
    int64_t end = real_now() + *(int64_t *)arg;

    while (real_now() < end)
        continue;
    return 0;
}

static long spin_cb(void *arg)
{
    return spin(arg);
}

static long some_slow_steps(void *arg)
{
    static int64_t time = 20 * RIO_MS;
    rio_task *t;

    (void)arg;
    t = rio_create_task_ex(spin, &time, 0, &(rio_task_opts){.name = "bad"});
    RIO_TRY(await(rio_join_unref(t)));
    (void)rio_call_soon(spin_cb, &time);
    return await(rio_sleep(RIO_MS));
}

static void a_slow_step_is_reported_with_its_task(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(some_slow_steps, 10 * RIO_MS), 0);
    assert_non_null(strstr(said, "slow step: 0."));
    assert_non_null(strstr(said, " s in task bad (0)\n"));
    assert_non_null(strstr(said, " s in a callback (0)\n"));
}

static void a_quick_step_is_not_reported(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(some_slow_steps, NEVER_SLOW), 0);
    assert_string_equal(said, "");
}

static long odd_limits(void *arg)
{
    rio_loop *l = rio_get_running_loop();

    (void)arg;
    EXPECT_EQ(rio_set_slow_limit(l, 0), -EINVAL);
    EXPECT_EQ(rio_set_slow_limit(l, -1), -EINVAL);
    EXPECT_EQ(rio_set_slow_limit(NULL, RIO_SEC), -EINVAL);
    EXPECT_EQ(rio_set_slow_limit(l, RIO_FOREVER), 0);
    return 0;
}

static void the_limit_of_a_step_is_above_zero(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(odd_limits, NEVER_SLOW), 0);
}

/* ---- the watchdog ---- */

static long spin_for_ever(void *arg)
{
    static int64_t time = 3600 * RIO_SEC;

    (void)arg;
    return spin(&time);
}

static long hold_the_loop(void *arg)
{
    rio_task *t =
        rio_create_task_ex(spin_for_ever, NULL, 0, &(rio_task_opts){.name = "bad"});

    (void)arg;
    return await(rio_join_unref(t));
}

static long debugged_in_child(rio_fn *body)
{
    rio_runner *r = rio_runner_new(loop_test_io() | RIO_DEBUG);
    long rc = rio_runner_run(r, body, NULL);

    rio_runner_free(r);
    return rc;
}

static long held_child(void)
{
    return debugged_in_child(hold_the_loop);
}

static void an_endless_step_is_named_while_it_lasts(void **state)
{
    static struct child c;

    (void)state;
    child_start(&c, held_child);
    assert_true(child_says(&c, "so far in task bad, which holds the loop\n"));
    child_forget(&c);
    (void)kill(c.pid, SIGQUIT); /* once more, on demand */
    assert_true(child_says(&c, "so far in task bad, which holds the loop\n"));
    (void)child_end(&c, SIGKILL);
}

/* The program's own way with SIGQUIT is left alone. */
static void debug_mode_leaves_no_handler(void **state)
{
    struct sigaction now, ignore = {.sa_handler = SIG_IGN}, old;

    (void)state;
    assert_int_equal(run_debugged(odd_limits, NEVER_SLOW), 0);
    assert_int_equal(sigaction(SIGQUIT, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
    assert_int_equal(sigaction(SIGQUIT, &ignore, &old), 0);
    assert_int_equal(run_debugged(odd_limits, NEVER_SLOW), 0);
    assert_int_equal(sigaction(SIGQUIT, &old, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
}

/* ---- cancellations ---- */

static long swallow(void *arg)
{
    (void)arg;
    RIO_IGNORE(await(rio_sleep(RIO_FOREVER)));
    return 7;
}

static long answer(void *arg)
{
    (void)arg;
    RIO_IGNORE(await(rio_sleep(RIO_FOREVER)));
    (void)rio_task_uncancel(rio_current_task());
    RIO_TRY(await(rio_yield()));
    return 7;
}

static long wait_again(void *arg)
{
    (void)arg;
    RIO_IGNORE(await(rio_sleep(RIO_FOREVER)));
    RIO_IGNORE(await(rio_sleep(RIO_MS)));
    return -ECANCELED;
}

static long join_a_swallower(void *arg)
{
    (void)arg;
    return await(rio_join_unref(
        rio_create_task_ex(swallow, NULL, 0, &(rio_task_opts){.name = "swallower"})));
}

/* Lets a task `bad` run into its wait, cancels it, and returns what it made of that. */
RIO_AWAITS static long cancel_one(rio_fn *fn)
{
    rio_task *t = rio_create_task_ex(fn, NULL, 0, &(rio_task_opts){.name = "bad"});

    RIO_TRY(await(loop_test_settle()));
    (void)rio_task_cancel(t);
    return await(rio_join_unref(t));
}

static long cancel_a_swallower(void *arg)
{
    (void)arg;
    return await(cancel_one(swallow));
}

static long cancel_one_that_answers(void *arg)
{
    (void)arg;
    return await(cancel_one(answer));
}

static long cancel_one_that_waits_again(void *arg)
{
    (void)arg;
    return await(cancel_one(wait_again));
}

static long cancel_one_that_joins(void *arg)
{
    (void)arg;
    return await(cancel_one(join_a_swallower));
}

static void a_swallowed_cancellation_is_reported(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(cancel_a_swallower, NEVER_SLOW), 7);
    assert_string_equal(said, "task bad swallowed its cancellation: it ended with 7, "
                              "without rio_task_uncancel() (0)\n");
}

static void an_answered_cancellation_is_not_reported(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(cancel_one_that_answers, NEVER_SLOW), 7);
    assert_string_equal(said, "");
}

static void waiting_again_after_a_cancellation_is_reported(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(cancel_one_that_waits_again, NEVER_SLOW), -ECANCELED);
    assert_string_equal(said, "task bad waits again after -ECANCELED, without "
                              "rio_task_uncancel() (0)\n");
}

/* The one that joins it got no -ECANCELED to swallow. */
static void a_swallowed_cancellation_is_reported_of_its_task_alone(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(cancel_one_that_joins, NEVER_SLOW), 7);
    assert_non_null(strstr(said, "task swallower swallowed"));
    assert_null(strstr(said, "task bad"));
}

/* ---- what is left behind ---- */

RIO_AWAITS static long sleep_on(void *arg)
{
    (void)arg;
    return await(rio_sleep(RIO_FOREVER));
}

static long sleep_in_a_group(void *arg)
{
    rio_group g;
    long rc;

    (void)rio_group_enter(&g);
    (void)rio_group_spawn(&g, sleep_on, arg);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

static long join_it(void *arg)
{
    return await(rio_join_unref(arg));
}

static long leave_tasks(void *arg)
{
    rio_task *t = rio_create_task(sleep_on, NULL);

    rio_unref(rio_create_task_ex(sleep_on, NULL, 0, &(rio_task_opts){.name = "lost"}));
    rio_unref(rio_create_task_ex(sleep_in_a_group, arg, 0,
                                 &(rio_task_opts){.name = "crowd"}));
    rio_unref(rio_create_task_ex(join_it, t, 0, &(rio_task_opts){.name = "joiner"}));
    return await(loop_test_settle());
}

/* Neither members of a group nor what another task joins. */
static void a_task_that_nobody_awaits_is_reported_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(leave_tasks, NEVER_SLOW), 0);
    assert_string_equal(
        said, "task lost was never awaited: its loop closes, and cancels it (0)\n"
              "task crowd was never awaited: its loop closes, and cancels it (0)\n"
              "task joiner was never awaited: its loop closes, and cancels it (0)\n");
}

static long break_down(void *arg)
{
    (void)arg;
    return -EIO;
}

static long drop_a_failure(void *arg)
{
    (void)arg;
    rio_unref(rio_create_task(break_down, NULL));
    return await(loop_test_settle());
}

static void an_error_that_nobody_took_is_reported(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(drop_a_failure, NEVER_SLOW), 0);
    assert_string_equal(said, "an error was never retrieved (-5)\n");
}

static long count(void *arg)
{
    (void)arg;
    for (int i = 0;; i++)
        RIO_TRY(await(rio_gen_yield(&i)));
}

static long leave_generators(void *arg)
{
    rio_gen *open = rio_gen_new(count, NULL, sizeof(int));
    rio_gen *closed = rio_gen_new(count, NULL, sizeof(int));
    int item;

    (void)arg;
    EXPECT_EQ(await(rio_next(rio_gen_iter(open), &item)), 1);
    EXPECT_EQ(await(rio_iter_close(rio_gen_iter(closed))), 0);
    return 0;
}

static void generators_that_were_not_freed_are_reported(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(leave_generators, NEVER_SLOW), 0);
    assert_string_equal(said,
                        "2 generator(s) never freed, 1 of them never closed (0)\n");
}

static rio_task *kept;

static long keep_a_task(void *arg)
{
    (void)arg;
    kept = rio_create_task(break_down, NULL);
    return await(rio_join(kept)) == -EIO ? 0 : -1;
}

static void references_that_outlive_the_loop_are_reported(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(keep_a_task, NEVER_SLOW), 0);
    assert_string_equal(said, "1 task(s) or future(s) never unreferenced (0)\n");
    assert_int_equal(rio_future_result(kept), -EIO);
    rio_unref(kept);
}

static long return_from_a_group(void *arg)
{
    static rio_group g;

    (void)arg;
    return rio_group_enter(&g);
}

static long return_from_a_limit(void *arg)
{
    static rio_timeout t;

    (void)arg;
    return rio_timeout_enter(&t, RIO_SEC);
}

static long run_hasty(rio_fn *fn)
{
    rio_runner *r = rio_runner_new(loop_test_io());

    return rio_runner_run(r, fn, NULL);
}

static long hasty_group(void)
{
    return run_hasty(return_from_a_group);
}

static long hasty_limit(void)
{
    return run_hasty(return_from_a_limit);
}

static void a_scope_that_is_left_open_ends_the_process_with_its_name(void **state)
{
    static struct child c;
    int status;

    (void)state;
    child_start(&c, hasty_group);
    assert_true(child_says(&c, "task main ended inside a group that it had entered"));
    status = child_end(&c, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    child_start(&c, hasty_limit);
    assert_true(child_says(&c, "task main ended inside a time limit that it had"));
    status = child_end(&c, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* ---- and nothing else ---- */

static long ping(void *arg)
{
    rio_queue *q = arg;

    for (int i = 0; i < 3; i++)
        RIO_TRY(await(rio_queue_put(q, &i)));
    rio_queue_shutdown(q, false);
    return 0;
}

static long pong(void *arg)
{
    int item, rc;

    while ((rc = await(rio_queue_get(arg, &item))) == 0)
        RIO_TRY(await(rio_yield()));
    return rc == -ESHUTDOWN ? 0 : rc;
}

RIO_AWAITS static long failing_group(void *arg)
{
    rio_group g;
    long rc;

    (void)rio_group_enter(&g);
    (void)rio_group_spawn(&g, sleep_on, arg);
    (void)rio_group_spawn(&g, break_down, arg);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc == -EIO ? 0 : -1;
}

RIO_AWAITS static long limited(void *arg)
{
    rio_timeout limit;
    long rc;

    RIO_TRY(rio_timeout_enter(&limit, RIO_MS));
    rc = await(sleep_on(arg));
    return rio_timeout_exit(&limit, rc) == -ETIMEDOUT ? 0 : -1;
}

static long double_it(void *arg)
{
    return *(int *)arg * 2;
}

/* Waits of the runtime's own after a cancellation are no findings. */

static long wait_for_a_condition(void *arg)
{
    static rio_cond c; /* all-zero is fine */
    long rc;

    (void)arg;
    RIO_TRY(await(rio_lock_acquire(&c.own)));
    c.lock = &c.own;
    rc = await(rio_cond_wait(&c));
    (void)rio_lock_release(&c.own);
    return rc;
}

static long gather_sleepers(void *arg)
{
    int three[3] = {0};

    (void)arg;
    return await(RIO_GATHER_ARRAY(sleep_on, three));
}

static long sleep_for_a_while(void *arg)
{
    (void)arg;
    return await(rio_wait_for_call(sleep_on, NULL, 3600 * RIO_SEC));
}

static long with_an_auto_task(void *arg)
{
    RIO_AUTO_TASK t = rio_create_task(sleep_on, NULL);

    (void)arg;
    return t == NULL ? -ENOMEM : await(sleep_on(NULL));
}

static long with_an_auto_group(void *arg)
{
    RIO_AUTO_GROUP(g);

    return rio_group_spawn(&g, sleep_on, arg) == NULL ? -ENOMEM : await(sleep_on(arg));
}

static long clean_up(void *arg, long rc)
{
    rio_timeout limit;

    (void)arg;
    RIO_TRY(rio_timeout_enter(&limit, RIO_SEC));
    RIO_IGNORE(rio_timeout_exit(&limit, await(rio_sleep(RIO_MS))));
    return rc;
}

static long with_an_exit_stack(void *arg)
{
    rio_exit_stack s;

    rio_exit_stack_enter(&s);
    RIO_IGNORE(rio_defer(&s, clean_up, arg));
    return await(rio_exit_stack_exit(&s, await(sleep_on(arg))));
}

static long live_well(void *arg)
{
    static rio_fn *const waits[] = {
        sleep_on,          sleep_in_a_group,  gather_sleepers,    wait_for_a_condition,
        sleep_for_a_while, with_an_auto_task, with_an_auto_group, with_an_exit_stack};
    rio_queue *q = rio_queue_new(sizeof(int), 1);
    rio_gen *g = rio_gen_new(count, NULL, sizeof(int));
    int item, rc, number = 21;
    rio_group group;

    (void)rio_group_enter(&group);
    (void)rio_group_spawn(&group, ping, q);
    (void)rio_group_spawn(&group, pong, q);
    EXPECT_EQ(await(rio_group_exit(&group, 0)), 0);
    rio_group_destroy(&group);
    rio_queue_free(q);
    EXPECT_EQ(await(failing_group(arg)), 0);
    EXPECT_EQ(await(limited(arg)), 0);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        EXPECT_EQ(await(cancel_one(waits[i])), -ECANCELED);
    EXPECT_EQ(await(rio_to_thread(double_it, &number)), 42);
    RIO_FOR_EACH(rio_gen_iter(g), &item, rc)
    {
        if (item == 3)
            break;
    }
    EXPECT_EQ(rc, 1);
    EXPECT_EQ(await(rio_gen_free(g)), 0);
    {
        RIO_AUTO_TASK t = rio_create_task(sleep_on, NULL);

        EXPECT(t != NULL);
        EXPECT_EQ(await(rio_yield()), 0);
    }
    EXPECT_EQ(await(rio_wait_for_call(sleep_on, NULL, RIO_MS)), -ETIMEDOUT);
    return 0;
}

static void a_clean_program_is_left_in_peace(void **state)
{
    (void)state;
    assert_int_equal(run_debugged(live_well, NEVER_SLOW), 0);
    assert_string_equal(said, "");
}

/* The findings are those of debug mode. */
static void without_debug_mode_nothing_is_looked_for(void **state)
{
    static rio_fn *const bodies[] = {cancel_a_swallower, cancel_one_that_waits_again,
                                     leave_tasks, leave_generators, some_slow_steps};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct debugged d = {bodies[i], 1};
        rio_runner *r = rio_runner_new(loop_test_io());

        said[0] = '\0';
        assert_non_null(r);
        (void)rio_runner_run(r, enter_debugged, &d);
        rio_runner_free(r);
        assert_string_equal(said, "");
    }
}

TEST_MAIN(cmocka_unit_test(an_endless_step_is_named_while_it_lasts),
          cmocka_unit_test(a_slow_step_is_reported_with_its_task),
          cmocka_unit_test(a_quick_step_is_not_reported),
          cmocka_unit_test(the_limit_of_a_step_is_above_zero),
          cmocka_unit_test(debug_mode_leaves_no_handler),
          cmocka_unit_test(a_swallowed_cancellation_is_reported),
          cmocka_unit_test(an_answered_cancellation_is_not_reported),
          cmocka_unit_test(waiting_again_after_a_cancellation_is_reported),
          cmocka_unit_test(a_swallowed_cancellation_is_reported_of_its_task_alone),
          cmocka_unit_test(a_task_that_nobody_awaits_is_reported_at_the_end),
          cmocka_unit_test(an_error_that_nobody_took_is_reported),
          cmocka_unit_test(generators_that_were_not_freed_are_reported),
          cmocka_unit_test(references_that_outlive_the_loop_are_reported),
          cmocka_unit_test(a_scope_that_is_left_open_ends_the_process_with_its_name),
          cmocka_unit_test(a_clean_program_is_left_in_peace),
          cmocka_unit_test(without_debug_mode_nothing_is_looked_for))
