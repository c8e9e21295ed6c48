/* held.h - a PUT that waits for room: its words outlive the command that said them.
 * SPDX-License-Identifier: MIT */
#ifndef API_HELD_H
#define API_HELD_H

#include "api/reply.h"

/* A copy of `put` with all that it borrows, kept by the reply.
 * Returns  NULL: no memory, or too much is held already */
const struct broker_put *held_keep(struct reply *r, const struct broker_put *put);
/* The reply does not need it any more. */
void held_drop(struct reply *r);

#endif
