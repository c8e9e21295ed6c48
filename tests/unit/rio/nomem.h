/* nomem.h - plays a scenario in a loop of its own while the n-th allocation fails, for
 * every n, once that one alone and once all from there on.  It may work all the same,
 * or end with -ENOMEM; what it leaves behind is ASan's and the descriptors' to tell.
 *
 * A scenario cleans up after itself whatever fails, returns the first error, and may
 * not assert (it runs on a task's stack). SPDX-License-Identifier: MIT */
#ifndef TEST_RIO_NOMEM_H
#define TEST_RIO_NOMEM_H

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "rio/loop.h"
#include "support/alloc.h"
#include "support/rio_test.h"
#include "support/test.h"

struct scenario {
    rio_fn *body;
    const int *allowed; /* besides -ENOMEM: what a peer sees of it; ends with 0 */
    int ballast;        /* operations under way, so that the next chunk is near */
    int pipe[2];        /* what they wait for, in vain */
    long strange;       /* a report of something else */
};

enum { NOMEM_OPS_IN_CHUNK = 256 };

/* The first error, or 0. */
static inline long first_error(long a, long b)
{
    return a < 0 ? a : b < 0 ? b : 0;
}

/* 0, or the error of a constructor, right after its call. */
static inline long made(const void *p)
{
    return p == NULL ? -errno : 0;
}

static inline bool is_allowed(const struct scenario *s, long rc)
{
    if (rc == -ENOMEM)
        return true;
    for (const int *e = s->allowed; e != NULL && *e != 0; e++)
        if (rc == *e)
            return true;
    return false;
}

static inline long note_report(rio_loop *l, const char *what, long err, void *arg)
{
    struct scenario *s = arg;

    (void)l;
    (void)what;
    if (!is_allowed(s, err))
        s->strange = err;
    return 0;
}

static inline void ballast_gone(struct rio_op *op, int res, unsigned flags)
{
    struct rio_op **own = op->owner;

    (void)res;
    (void)flags;
    *own = NULL;
}

/* Returns  how many of them are under way, afterwards */
static inline int load_ballast(const struct scenario *s, struct rio_op **ops)
{
    for (int i = 0; i < s->ballast; i++) {
        ops[i] = rio__op_new(rio__loop, RIO_OP_POLL, s->pipe[0], ballast_gone, &ops[i]);
        if (ops[i] == NULL)
            return i;
        ops[i]->arg = POLLIN;
        rio__op_submit(rio__loop, ops[i]);
    }
    return s->ballast;
}

static inline long play_body(void *arg)
{
    struct scenario *s = arg;
    static struct rio_op *ballast[NOMEM_OPS_IN_CHUNK];
    long rc;
    int n;

    rio_set_exception_handler(note_report, s);
    n = load_ballast(s, ballast);
    rc = s->body(s);
    for (int i = 0; i < n; i++)
        if (ballast[i] != NULL) /* else it has failed before */
            rio__op_cancel(rio__loop, ballast[i]);
    for (int i = 0; i < n; i++)
        while (ballast[i] != NULL)
            RIO_TRY(await(rio_yield()));
    return rc;
}

/* Returns  whether an allocation failed */
static inline bool play(struct scenario *s, void (*set)(long), long n)
{
    long before = loop_test_fd_count(), rc;
    rio_runner *r;
    bool failed;

    s->strange = 0;
    assert_int_equal(pipe(s->pipe), 0);
    set(n);
    r = rio_runner_new(loop_test_io());
    rc = r == NULL ? -errno : rio_runner_run(r, play_body, s);
    rio_runner_free(r);
    failed = alloc_has_failed();
    alloc_fail_after(-1);
    (void)close(s->pipe[0]);
    (void)close(s->pipe[1]);
    if (rc < 0 ? !failed || !is_allowed(s, rc) : s->strange != 0) {
        print_error("allocation %ld, %d operations before: the result is %ld, a report "
                    "%ld\n",
                    n, s->ballast, rc, s->strange);
        fail();
    }
    assert_int_equal(loop_test_fd_count(), before);
    return failed;
}

static inline void every_allocation_fails(struct scenario s, void (*set)(long))
{
    for (long n = 0; play(&s, set, n); n++)
        assert_in_range(n, 0, 10000);
}

/* clang-format off */
/* A test whose scenario is the body, and which may also end with the errors. */
#define NOMEM_TEST(name, ...) NOMEM_TEST_(name, 0, __VA_ARGS__)
/* The same, and again when few of the operations that there is memory for are left. */
#define NOMEM_IO_TEST(name, ...) NOMEM_TEST_(name, 3, __VA_ARGS__)
#define NOMEM_TEST_(name, few, ...) \
    static long name##_body(void *unused); \
    static void name(void **state) \
    { \
        static const int allowed[] = {__VA_ARGS__}; \
        struct scenario s = {.body = name##_body, .allowed = allowed}; \
        (void)state; \
        every_allocation_fails(s, alloc_fail_only); \
        every_allocation_fails(s, alloc_fail_after); \
        for (int left = 0; left < (few); left++) { \
            s.ballast = NOMEM_OPS_IN_CHUNK - left; \
            every_allocation_fails(s, alloc_fail_only); \
        } \
    } \
    static long name##_body(void *unused __attribute__((unused)))
/* clang-format on */

#endif
