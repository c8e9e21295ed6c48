/* put.h - what a PUT asks for, as the rules take it.
 * SPDX-License-Identifier: MIT */
#ifndef API_PUT_H
#define API_PUT_H

#include "api/api.h"

/* What the PUT does not say the queue does, or the server. */
struct job_policy put_policy(const struct api_client *c, const struct rq_put *put);
/* Appends its headers and keys.  Errors  -ENOMEM; -ENOBUFS  over the buffer's limit */
RQ_MUST_CHECK int put_attrs(const struct rq_put *put, struct rq_buf *out);

/* NOJOB, or -EPIPE: what PUT, CLOSE and JOIN say of such a batch. */
void reply_batch_error(struct reply *r, int code);

#endif
