/* address.h - where a server is, as users write it.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_ADDRESS_H
#define LIB_ADDRESS_H

#include <ringq/transport.h>

#include "base/attr.h"

enum {
    RQ_ADDRESS_HOST_MAX = 255,
    RQ_ADDRESS_PATH_MAX = 107,
    RQ_ADDRESS_TEXT_SIZE = 300
};

struct rq_address {
    char place[RQ_ADDRESS_HOST_MAX + 1]; /* host, or path of the socket */
    char port[6];                        /* "" for a unix socket */
    char text[RQ_ADDRESS_TEXT_SIZE];     /* for messages: "[::1]:7766", "unix:/x" */
};

/* Reads ringq://host[:port], ringq://[::1]:port or unix:/path.
 * Shape   why: `why_size` bytes, gets a sentence when the result is an error
 * Errors  RINGQ_USAGE */
RQ_MUST_CHECK int rq_address_parse(const char *url, struct rq_address *out, char *why,
                                   size_t why_size);

/* The same for a transport.  Owns  lends: as long as `a` */
ringq_address rq_address_view(const struct rq_address *a);

#endif
