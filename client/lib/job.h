/* job.h - from the reply of GET to a ringq_job.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_JOB_H
#define LIB_JOB_H

#include <ringq/ringq.h>

#include "wire/reply.h"

/* Makes a job of one job map, without copying the body.
 * Errors  RINGQ_PROTOCOL  a field is missing or malformed;  RINGQ_NOMEM
 * Owns    takes the content out of `map`, which is a null afterwards; with an error it
 *         is as it was.  Gives *out: ringq_job_free() */
RQ_MUST_CHECK int rq_job_from_reply(struct rq_reply *map, ringq_job **out);

/* A number as the server may write it: an integer, or digits.
 * Errors  -EINVAL, -ERANGE */
RQ_MUST_CHECK int rq_job_number(const struct rq_reply *reply, int64_t min, int64_t max,
                                int64_t *out);

#endif
