/* log_command.h - `ringqd log check|dump|stats`: the log in Redis, looked at from
 * outside.
 * SPDX-License-Identifier: MIT */
#ifndef SERVER_LOG_COMMAND_H
#define SERVER_LOG_COMMAND_H

#include "config.h"

enum log_command {
    LOG_COMMAND_NONE,
    LOG_COMMAND_CHECK,
    LOG_COMMAND_DUMP,
    LOG_COMMAND_STATS
};

/* Errors  -EINVAL  no such word */
RQ_MUST_CHECK int log_command_parse(const char *word, enum log_command *out);
/* Reads the log of --redis, or of the private Redis of --data-dir, and writes to
 * stdout. Returns  an exit status: 0; 1: something is damaged, and was named; 78: it
 * could not be read, and stderr says why */
int log_command_run(const struct config *c, enum log_command command);

#endif
