/* told.h - what is said of a change that the server has made.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TOLD_H
#define CLI_TOLD_H

#include "cli/command.h"

/* How many jobs were changed.  `name` is the member of the JSON, "kicked"; `what` the
 * sentence a person reads, "ready again".
 * Shape  queue: NULL when the command names none */
void told_count(const struct cli *cli, const char *queue, const char *name,
                const char *what, int64_t count);

/* That a queue, or with NULL the server, is now as it was asked for: "paused". */
void told_state(const struct cli *cli, const char *queue, const char *state);

#endif
