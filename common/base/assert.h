/* assert.h - ASSERT stays in release builds: a broken invariant ends the process
 * with a sentence, and a restart recovers.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#include "base/attr.h"

#define ASSERT(x)                                   \
    do {                                            \
        if (RQ_UNLIKELY(!(x)))                      \
            rq_assert_fail(#x, __FILE__, __LINE__); \
    } while (0)

/* Prints `file:line: assertion failed: expr [context]` on stderr and aborts. */
RQ_NORETURN void rq_assert_fail(const char *expr, const char *file, int line);

/* Names what is running (librio sets it to the task's name); may be NULL. */
void rq_assert_set_context(const char *(*context)(void));

#endif
