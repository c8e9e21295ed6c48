/* joined.h - how jobs have ended, counted.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_JOINED_H
#define CLI_JOINED_H

#include "cli/command.h"

/* Prints the counts, unless they are not wanted.  Returns the exit code. */
int joined_print(const struct cli *cli, const ringq_joined *joined);

#endif
