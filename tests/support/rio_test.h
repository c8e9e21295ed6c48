/* rio_test.h - runs a task body in a fresh loop, and fails when it leaves anything.
 *
 * The body returns what it saw, and the test asserts on it: a failing assertion leaves
 * by longjmp, which must not happen on a task's stack.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_RIO_TEST_H
#define TEST_SUPPORT_RIO_TEST_H

#include "rio/rio.h"
#include "rio/sim.h"

/* The backend that the environment asks for (RIO_TEST_IO: uring, epoll, sim), as a flag
 * of rio_runner_new(); 0: none.  Each test program is run with all three. */
unsigned loop_test_io(void);

/* rio_run() with that backend. */
long loop_test_main(rio_fn *main_fn, void *arg);

/* Whether the test `name` can say nothing with that backend; prints why, then. */
bool loop_test_skips(const char *name);

/* Runs `body` in a fresh runner.
 *
 * Returns  what body returned
 * Errors   the test fails when a task, a reference, a stack, a timer, an operation, a
 *          thread's job or a descriptor is left behind */
long loop_test_run(rio_fn *body, void *arg);

/* The same in a simulation; *out_hash (may be NULL): rio_sim_hash() when body ended. */
long loop_test_run_sim(const rio_sim_opts *opts, rio_fn *body, void *arg,
                       uint64_t *out_hash);

/* The same without looking at what is left; for tests of the end of a run. */
long loop_test_run_leaky(rio_fn *body, void *arg);

/* Lets everything that is ready run, and what that makes ready, until only the calling
 * task is. */
RIO_AWAITS int loop_test_settle(void);

/* Open descriptors of this process. */
long loop_test_fd_count(void);

/* Inside a body: unless it holds, says where, and ends the body with an error.  (An
 * assertion of cmocka would leave the task's stack by longjmp.) */
/* clang-format off */
#define EXPECT(x) \
    do { if (!(x)) return loop_test_failed(#x, __FILE__, __LINE__); } while (0)
#define EXPECT_EQ(got, want) \
    do { \
        long long _got = (long long)(got), _want = (long long)(want); \
        if (_got != _want) \
            return loop_test_differs(#got, _got, _want, __FILE__, __LINE__); \
    } while (0)

/* The cmocka test `name`: its body runs as the main task of a fresh loop, and what it
 * returns must be 0. */
#define LOOP_TEST(name) \
    static long name##_body(void *unused); \
    static void name(void **state) \
    { \
        (void)state; \
        if (loop_test_skips(#name)) \
            skip(); \
        assert_int_equal(loop_test_run(name##_body, NULL), 0); \
    } \
    static long name##_body(void *unused __attribute__((unused)))
/* clang-format on */

long loop_test_failed(const char *what, const char *file, int line);
long loop_test_differs(const char *what, long long got, long long want,
                       const char *file, int line);

#endif
