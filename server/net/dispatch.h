/* dispatch.h - from a command to its handler; what every command passes stands here.
 * SPDX-License-Identifier: MIT */
#ifndef NET_DISPATCH_H
#define NET_DISPATCH_H

#include "api/api.h"

/* Leaves `r` resolved or promised.  Never suspends. */
void dispatch(struct api_client *c, const struct rq_cmd *cmd, struct reply *r);

#endif
