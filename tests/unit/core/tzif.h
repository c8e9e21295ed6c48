/* tzif.h - TZif files made by tests: changes of a table, and a rule behind it.
 * SPDX-License-Identifier: MIT */
#ifndef UNIT_CORE_TZIF_H
#define UNIT_CORE_TZIF_H

#include <stddef.h>
#include <stdint.h>

struct tzif_change {
    int64_t at_s;
    int32_t offset_s;
};

enum { TZIF_MAX = 1024 };
/* `first_s` holds before the first change.  Returns  the length.
 * Shape  out: TZIF_MAX bytes */
size_t tzif_make(int32_t first_s, const struct tzif_change *changes, size_t count,
                 const char *rule, uint8_t *out);

#define RULE_BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define RULE_NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

struct zone;
/* A zone that only has a rule.  Owns  gives: zone_free() */
struct zone *tzif_zone(const char *rule);

#endif
