/* verdict.h - what the end of a program means for its job.
 *
 *     exit 0             DONE, stdout is the result
 *     exit 65, exit 100  DEAD: the job is poison, no retry
 *     exit 99            RELEASE: not now, the attempt does not count
 *     any other exit     FAIL: again later; the last line of stderr is the error
 *     death by a signal  FAIL, naming the signal
 *     time limit         FAIL
 *     told to leave      RELEASE
 * SPDX-License-Identifier: MIT */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "cli/child.h"

struct verdict {
    int outcome; /* RINGQ_WORK_* */
    char error[CHILD_LINE_MAX + 32];
};

/* Shape  timeout_ms: as it was given to child_run() */
void verdict_of(const struct child_end *end, int64_t timeout_ms, struct verdict *out);

#endif
