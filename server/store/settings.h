/* settings.h - what this Redis promises, read from its own words.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include "store/link.h"
#include "store/store.h"

struct settings {
    char version[32];          /* "": not told */
    enum store_level promised; /* valid when verified */
    bool verified;             /* Redis let us read what decides the level */
};

/* Reads INFO and CONFIG.
 * Errors  -ENOTSUP  nothing can be promised: a policy that evicts, a Redis older than
 *                   7.0; an operator must act
 *         -EROFS    a replica;  else as link_reply and link_refusal
 *         `why` (LINK_WHY bytes) says what to do */
RIO_AWAITS int settings_read(struct link *l, struct settings *out, char *why);

/* Are 90 % of maxmemory in use?  `info`: the text of INFO memory. */
bool settings_is_crowded(struct rq_slice info);

/* The level that holds: `wanted`, or what Redis promises if that is less.  Unverified
 * settings are taken at the operator's word. */
enum store_level settings_level(const struct settings *s, enum store_level wanted);

#endif
