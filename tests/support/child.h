/* child.h - a forked child of a test, whose stderr the test reads while it runs.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_CHILD_H
#define TEST_SUPPORT_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int err;
    size_t used;
    char text[16384]; /* what it has said so far; ends with a NUL */
};

/* Runs fn in a child; its exit status is 0, or 1 if fn returned < 0.  The child has the
 * default dispositions of signals. */
void child_start(struct child *c, long (*fn)(void));

/* Reads until `word` was said.  Returns  false: it ended, or a minute passed, without
 */
bool child_says(struct child *c, const char *word);

/* Forgets what it said up to now. */
void child_forget(struct child *c);

/* Sends the signal (0: none), reads what is left, and waits.
 * Returns  the status of waitpid(2) */
int child_end(struct child *c, int signo);

#endif
