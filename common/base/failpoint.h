/* failpoint - places with a name in which a test can end, hold up or fail the program.
 *
 * They are in builds with RINGQ_FAILPOINTS alone (CMake sets it for Debug builds with
 * tests); in any other nothing is left of them, not even the names.  One of them does
 * something when RINGQ_FAILPOINT says so in the environment:
 *
 *     store.sent:kill            SIGKILL, as soon as it gets there
 *     store.sent:kill@20         ... for the 20th time
 *     store.sent:delay:300@20    stands still for 300 ms, once
 *     file.before_rename:error:ENOSPC    the call there fails, once
 *
 * `ringqd --failpoints` lists all, so that a test can walk through them.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#ifdef RINGQ_FAILPOINTS
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct rq_failpoint {
    const char *name;
    uint32_t hits;
    bool may_fail; /* `error` is heeded */
};

/* The linker puts all of them side by side: that is their register. */
#define RQ_FAILPOINT_NEW(text, may)         \
    static struct rq_failpoint rq_failpoint \
        __attribute__((section("rq_failpoints"), used)) = {text, 0, may}

/* Does what is planned for this visit.
 * Returns  0, or the planned -errno */
int rq_failpoint_hit(struct rq_failpoint *point);

/* Keeps one plan, in the words above; NULL: none.
 * Returns  0;  -EINVAL: not a plan, or there is no failpoint of that name */
int rq_failpoint_plan(const char *text);

/* The i-th, in no order; NULL behind the last. */
const struct rq_failpoint *rq_failpoint_at(size_t i);

#define FAILPOINT(text)                             \
    do {                                            \
        RQ_FAILPOINT_NEW(text, false);              \
        rq_ignore(rq_failpoint_hit(&rq_failpoint)); \
    } while (0)

/* Sets `rc`, which is 0 so far, to the planned error. */
#define FAILPOINT_ERROR(text, rc)                             \
    do {                                                      \
        RQ_FAILPOINT_NEW(text, true);                         \
        if ((rc) >= 0) {                                      \
            int rq_planned = rq_failpoint_hit(&rq_failpoint); \
            (rc) = rq_planned < 0 ? rq_planned : (rc);        \
        }                                                     \
    } while (0)
#else
#define FAILPOINT(text) \
    do {                \
    } while (0)
#define FAILPOINT_ERROR(text, rc) FAILPOINT(text)
#endif

#endif
