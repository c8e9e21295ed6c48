/* assert - the end of a process whose invariant is broken: one sentence, then abort.
 *
 * Nothing here allocates or takes a lock, because the heap may be what is broken.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *(*context_of)(void);

void rq_assert_set_context(const char *(*context)(void))
{
    context_of = context;
}

void rq_assert_fail(const char *expr, const char *file, int line)
{
    const char *context = context_of != NULL ? context_of() : NULL;
    char text[512];
    int len;

    if (context != NULL)
        len = snprintf(text, sizeof text, "%s:%d: assertion failed: %s [%s]\n", file,
                       line, expr, context);
    else
        len = snprintf(text, sizeof text, "%s:%d: assertion failed: %s\n", file, line,
                       expr);
    if (len >= (int)sizeof text)
        len = (int)sizeof text - 1;
    /* If stderr is gone too, the core dump still tells. */
    if (len > 0)
        rq_ignore(write(STDERR_FILENO, text, (size_t)len) < 0);
    abort();
}
