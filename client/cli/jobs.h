/* jobs.h - a list of jobs: pages of PEEK, printed.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include "cli/command.h"

struct jobs_wanted {
    const char *queue, *state, *match, *after; /* all but the queue may be NULL */
    int64_t count;                             /* at most */
};

/* Prints them in the order of service.  Returns the exit code. */
int jobs_list(const struct cli *cli, ringq *q, const struct jobs_wanted *wanted);

#endif
