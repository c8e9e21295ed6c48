/* headers.h - the headers of a job, between the wire and its attributes.
 * SPDX-License-Identifier: MIT */
#ifndef API_HEADERS_H
#define API_HEADERS_H

#include "api/reply.h"

/* How many headers there are. */
size_t headers_count(struct rq_slice attrs);
/* Writes them as a map. */
void headers_write(struct rq_resp_writer *w, struct rq_slice attrs);
/* Appends what a PUT says.  Errors  -ENOMEM; -ENOBUFS  over the buffer's limit */
RQ_MUST_CHECK int headers_add(struct rq_buf *attrs, const struct rq_put *put);

#endif
