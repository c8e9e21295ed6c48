/* debug_test - what debug mode finds, and that it finds nothing in a clean program.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rio/sanitize.h"
#include "support/rio_test.h"
#include "support/test.h"

/* ---- findings: everything the exception handler got, one line each ---- */

enum { PATIENCE_MS = 60000 };

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

/* ---- from another thread, or at a signal: in a child, whose stderr is read ---- */

struct child {
    pid_t pid;
    int err;
    char text[16384];
    size_t used;
};

static void start_child(struct child *c, long (*fn)(void))
{
    int out[2];

    c->used = 0;
    assert_int_equal(pipe(out), 0);
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid == 0) {
        struct sigaction sa = {.sa_handler = SIG_DFL};

        (void)sigaction(SIGABRT, &sa, NULL); /* not cmocka's */
        (void)dup2(out[1], STDERR_FILENO);
        _exit(fn() < 0 ? 1 : 0);
    }
    close(out[1]);
    c->err = out[0];
}

/* Reads until `word` was said; false: the child has ended without. */
static bool child_says(struct child *c, const char *word)
{
    while (strstr(c->text, word) == NULL) {
        struct pollfd p = {.fd = c->err, .events = POLLIN};
        ssize_t n;

        if (poll(&p, 1, PATIENCE_MS) <= 0 || c->used == sizeof c->text - 1)
            return false;
        n = read(c->err, c->text + c->used, sizeof c->text - 1 - c->used);
        if (n <= 0)
            return false;
        c->used += (size_t)n;
        c->text[c->used] = '\0';
    }
    return true;
}

static int end_child(struct child *c, int signo)
{
    int status = 0;

    if (signo != 0)
        (void)kill(c->pid, signo);
    (void)waitpid(c->pid, &status, 0);
    close(c->err);
    return status;
}

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
    start_child(&c, held_child);
    assert_true(child_says(&c, "so far in task bad, which holds the loop"));
    (void)kill(c.pid, SIGQUIT); /* once more, on demand */
    c.used = 0;
    c.text[0] = '\0';
    assert_true(child_says(&c, "so far in task bad, which holds the loop"));
    (void)end_child(&c, SIGKILL);
}

static void debug_mode_leaves_no_thread_and_no_handler(void **state)
{
    struct sigaction now;

    (void)state;
    assert_int_equal(run_debugged(odd_limits, NEVER_SLOW), 0);
    assert_int_equal(sigaction(SIGQUIT, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
}

TEST_MAIN(cmocka_unit_test(an_endless_step_is_named_while_it_lasts),
          cmocka_unit_test(a_slow_step_is_reported_with_its_task),
          cmocka_unit_test(a_quick_step_is_not_reported),
          cmocka_unit_test(the_limit_of_a_step_is_above_zero),
          cmocka_unit_test(debug_mode_leaves_no_thread_and_no_handler))
