/* rio_test.c - see rio_test.h.
 * SPDX-License-Identifier: MIT */
#include "support/rio_test.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { SETTLE_TURNS = 20, LEFT_TURNS = 2000, LOOP_TEST_FAILED = -99999 };

long loop_test_fd_count(void)
{
    DIR *dir = opendir("/proc/self/fd");
    long n = 0;

    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        n++;
    (void)closedir(dir);
    return n;
}

/* How to have it again. */
static void print_seed(void)
{
    const rio_loop *l = rio_get_running_loop();

    if (rio_sim_seed(l) != 0)
        print_error("RIO_SIM_SEED=%" PRIu64 ", after %" PRIu64 " steps, hash %" PRIx64
                    "\n",
                    rio_sim_seed(l), rio_sim_steps(l), rio_sim_hash(l));
}

long loop_test_failed(const char *what, const char *file, int line)
{
    print_error("%s:%d: expected: %s\n", file, line, what);
    print_seed();
    return LOOP_TEST_FAILED;
}

long loop_test_differs(const char *what, long long got, long long want,
                       const char *file, int line)
{
    print_error("%s:%d: %s is %lld, expected %lld\n", file, line, what, got, want);
    print_seed();
    return LOOP_TEST_FAILED;
}

int loop_test_settle(void)
{
    int rc = 0;

    for (int i = 0; i < SETTLE_TURNS && rc == 0; i++)
        rc = await(rio_yield());
    return rc;
}

static size_t left(const rio_stats *s)
{
    return s->tasks + s->timers + s->ops + s->waiters + s->stacks + s->handles +
           s->threads;
}

static void print_left(const rio_stats *s)
{
    print_error("left behind: %zu tasks, %zu timers, %zu operations, %zu waiters, "
                "%zu stacks, %zu handles, %zu jobs\n",
                s->tasks, s->timers, s->ops, s->waiters, s->stacks, s->handles,
                s->threads);
}

unsigned loop_test_io(void)
{
    const char *io = getenv("RIO_TEST_IO");

    if (io == NULL)
        return 0;
    if (strcmp(io, "sim") == 0)
        return RIO_IO_SIM;
    return strcmp(io, "epoll") == 0 ? RIO_IO_EPOLL : RIO_IO_URING;
}

long loop_test_main(rio_fn *main_fn, void *arg)
{
    rio_runner *r;
    long rc;

    if (loop_test_io() == 0)
        return rio_run(main_fn, arg);
    r = rio_runner_new(loop_test_io());
    if (r == NULL)
        return -errno;
    rc = rio_runner_run(r, main_fn, arg);
    rio_runner_free(r);
    return rc;
}

/* Tests that the simulation would answer wrongly, for it is not the kernel. */
static const struct skipped {
    const char *name, *why;
} skipped_on_sim[] = {
    {"a_signal_wakes_the_sleeping_loop", "an interval timer goes by the real clock"},
    {"the_writes_of_one_turn_leave_in_one_send", "a send takes its time there"},
    {"a_turn_end_callback_still_writes_in_this_turn", "a send takes its time there"},
};

bool loop_test_skips(const char *name)
{
    if (loop_test_io() != RIO_IO_SIM)
        return false;
    for (size_t i = 0; i < sizeof skipped_on_sim / sizeof skipped_on_sim[0]; i++) {
        if (strcmp(name, skipped_on_sim[i].name) == 0) {
            print_message("%s: not in a simulation: %s\n", name, skipped_on_sim[i].why);
            return true;
        }
    }
    return false;
}

static long run(rio_fn *body, void *arg, bool strict, const rio_sim_opts *sim,
                uint64_t *out_hash)
{
    long before = loop_test_fd_count(), rc;
    rio_runner *r = sim == NULL ? rio_runner_new(loop_test_io()) : rio_sim_runner(sim);
    rio_stats stats = {0};

    assert_non_null(r);
    rc = rio_runner_run(r, body, arg);
    if (out_hash != NULL)
        *out_hash = rio_sim_hash(rio_runner_get_loop(r));
    if (strict) {
        rio_loop *l = rio_runner_get_loop(r);

        /* What was closed or cancelled may need some turns to be gone. */
        rio_loop_stats(l, &stats);
        for (int i = 0; i < LEFT_TURNS && left(&stats) > 0; i++) {
            (void)rio_runner_run_once(r, RIO_MS);
            rio_loop_stats(l, &stats);
        }
        if (left(&stats) > 0)
            print_left(&stats);
    }
    rio_runner_free(r);
    assert_int_equal(left(&stats), 0);
    assert_int_equal(loop_test_fd_count(), before);
    return rc;
}

long loop_test_run(rio_fn *body, void *arg)
{
    return run(body, arg, true, NULL, NULL);
}

long loop_test_run_sim(const rio_sim_opts *opts, rio_fn *body, void *arg,
                       uint64_t *out_hash)
{
    return run(body, arg, true, opts, out_hash);
}

long loop_test_run_leaky(rio_fn *body, void *arg)
{
    return run(body, arg, false, NULL, NULL);
}
