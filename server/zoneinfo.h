/* zoneinfo.h - the time zones of this machine.
 * SPDX-License-Identifier: MIT */
#ifndef ZONEINFO_H
#define ZONEINFO_H

#include <stddef.h>

#include "base/slice.h"

struct zone;
struct zoneinfo;

/* Reads all zones below `directory`; what is no zone is passed over, and a directory
 * that is not there holds none.  Blocks: before the loop.
 * Owns  gives: zoneinfo_free().  NULL: no memory */
struct zoneinfo *zoneinfo_load(const char *directory);
void zoneinfo_free(struct zoneinfo *info); /* NULL does nothing */
size_t zoneinfo_count(const struct zoneinfo *info);
/* A core_zone_find.  Owns  lends: until zoneinfo_free() */
const struct zone *zoneinfo_find(void *info, struct rq_slice name);

#endif
