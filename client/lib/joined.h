/* joined.h - the reply to JOIN.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_JOINED_H
#define LIB_JOINED_H

#include <ringq/ringq.h>

#include "base/attr.h"
#include "wire/reply.h"

/* `out` may be NULL.  Errors  RINGQ_TIMEOUT, RINGQ_PROTOCOL: set in q */
RQ_MUST_CHECK int rq_joined_read(ringq *q, const struct rq_reply *reply,
                                 ringq_joined *out);

#endif
