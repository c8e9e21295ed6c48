/* rio_test.h - runs a task body in a fresh loop, and fails when it leaves anything.
 *
 * The body returns what it saw, and the test asserts on it: a failing assertion leaves
 * by longjmp, which must not happen on a task's stack. SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_RIO_TEST_H
#define TEST_SUPPORT_RIO_TEST_H

#include "rio/rio.h"

/* Runs `body` in a fresh runner.
 *
 * Returns  what body returned
 * Errors   the test fails when a task, a reference, a stack, a timer, an operation, a
 *          thread's job or a descriptor is left behind */
long loop_test_run(rio_fn *body, void *arg);

/* The same without looking at what is left; for tests of the end of a run. */
long loop_test_run_leaky(rio_fn *body, void *arg);

/* Lets everything that is ready run, and what that makes ready, until only the calling
 * task is. */
RIO_AWAITS int loop_test_settle(void);

/* Open descriptors of this process. */
long loop_test_fd_count(void);

#endif
