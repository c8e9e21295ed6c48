/* bulk.h - one job per line of a file, streamed: MPUT batches in a pipeline.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_BULK_H
#define CLI_BULK_H

#include "cli/command.h"

struct bulk_options {
    const char *queue;
    const char *path;         /* "-": stdin */
    bool jsonl;               /* each line has to be JSON */
    const char *rejects_path; /* where lines go that were not stored; may be NULL */
    const ringq_put_options *put;
};

/* Returns the exit code. */
int bulk_put(const struct cli *cli, const struct bulk_options *options);

#endif
