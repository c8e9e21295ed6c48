/* confirm - asks before what cannot be undone.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include "cli/command.h"

/* The row of `--yes`, for the tables of commands that ask; its value is a bool. */
#define CONFIRM_ROW(offset)                                       \
    {                                                             \
        "yes", 'y', OPTION_FLAG, NULL, "do not ask", offset, 0, 0 \
    }

/* Asks on a terminal; elsewhere nobody could answer, and --yes is required.
 * Shape    states: the fields of STATS whose sum is the number of jobs, ended by NULL;
 *          deed: "purge"
 * Returns  CLI_GO_ON, or the exit code: it shall not be, or STATS has failed, which has
 *          been said */
int confirm(const struct cli *cli, ringq *q, bool yes, const char *deed,
            const char *queue, const char *const *states);

#endif
