/* body.h - one body that stands apart, read from Redis.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_BODY_H
#define STORE_BODY_H

#include "store/link.h"
#include "store/seal.h"

/* Reads the body under that name of the hash `big`; `seal` is the hash's.
 * Errors  -ENOENT  it is not there;  as seal_open;  as link_reply and link_refusal,
 * with `why` (LINK_WHY) Owns    *out lends until the link's next reply */
RIO_AWAITS int body_read(struct link *l, const struct seal *seal, struct rq_slice field,
                         struct rq_slice *out, char *why);

/* Does this error say something about the body, not about the link? */
bool body_is_verdict(int rc);

#endif
