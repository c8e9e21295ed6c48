/* zone.h - a time zone: how far local clocks are from UTC, and when that changes.
 *
 * Reads the bytes of a TZif file, as /usr/share/zoneinfo has them.  Why not a library:
 * glibc knows one zone per process (TZ), ICU brings 30 MB of its own data, and GLib and
 * libical are large for a table and a rule.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct zone;

/* Errors  RQ_E_MALFORMED  not TZif of version 2 or later, or with leap seconds;
 *         -ENOMEM
 * Owns    gives *out: zone_free()
 * Source  RFC 9636 */
RQ_MUST_CHECK int zone_parse(struct rq_slice tzif, struct zone **out);
void zone_free(struct zone *zone); /* NULL does nothing */

/* A time in which clocks were not changed. */
struct zone_period {
    int64_t from_s, until_s; /* Unix time; until: not included */
    int32_t offset_s;        /* local = Unix time + offset */
    int32_t before_s;        /* the offset until `from_s` */
};
/* The period that `unix_s` is in.  zone NULL: UTC */
void zone_at(const struct zone *zone, int64_t unix_s, struct zone_period *out);

#endif
