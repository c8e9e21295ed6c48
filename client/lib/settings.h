/* settings.h - what a connection needs to know: url and options, read and checked.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_SETTINGS_H
#define LIB_SETTINGS_H

#include "lib/address.h"

struct rq_settings {
    const ringq_transport *transport;
    void *ctx;
    struct rq_address address;
    char *name; /* for HELLO, or NULL */
    bool keep_leases;
    int connect_timeout_ms;
    int reply_timeout_ms; /* -1: none */
    int reconnect_ms;     /* -1: never */
    size_t reply_max;     /* bytes of one bulk string */
};

/* Fills in all but the transport.  url NULL: $RINGQ_URL, or the default.
 * Shape   why: `why_size` bytes, gets a sentence when the result is an error
 * Errors  RINGQ_USAGE, RINGQ_NOMEM
 * Owns    gives the content of *out: rq_settings_fini() */
RQ_MUST_CHECK int rq_settings_read(struct rq_settings *out, const char *url,
                                   const ringq_options *options, char *why,
                                   size_t why_size);
void rq_settings_fini(struct rq_settings *s);

#endif
