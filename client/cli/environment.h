/* environment.h - the environment of a program that works on a job.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H

#include <ringq/ringq.h>

enum {
    ENVIRONMENT_FIXED = 5,
    ENVIRONMENT_OURS = ENVIRONMENT_FIXED + 16, /* headers of a job */
};

struct environment {
    char **list;                  /* for exec, ended by NULL */
    char *ours[ENVIRONMENT_OURS]; /* what we add; NULL: not needed */
};

/* What was inherited, with RINGQ_JOB_ID, RINGQ_LEASE, RINGQ_QUEUE, RINGQ_ATTEMPT,
 * RINGQ_URL when `server` is not NULL, and RINGQ_HEADER_<NAME> for each header whose
 * name has only letters, digits, '_', '-' and '.' and whose value has no NUL.
 * Errors  -ENOMEM
 * Owns    gives *out: environment_fini(), also after an error.  Borrows what was
 * inherited, which nobody may change meanwhile */
int environment_init(struct environment *out, const ringq_job *job, const char *server);
void environment_fini(struct environment *e);

#endif
