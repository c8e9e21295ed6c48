/* outcome.h - waits for the ends of jobs, and prints them.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "cli/command.h"

/* Of one job its result, byte for byte; of several a row each.
 * Units    block_ms: RINGQ_FOREVER, or milliseconds
 * Returns  the exit code: EXITS_ENDED when one of them was not done */
int outcome_wait(const struct cli *cli, ringq *q, const char *const *ids, size_t n,
                 int64_t block_ms, bool any);

#endif
