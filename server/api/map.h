/* map.h - replies that are maps: their fields are counted as they are written.
 * SPDX-License-Identifier: MIT */
#ifndef API_MAP_H
#define API_MAP_H

#include "api/reply.h"

struct map {
    struct rq_resp_writer *w;
    size_t pairs;
};

void map_u64(struct map *m, const char *name, uint64_t v);
void map_str(struct map *m, const char *name, struct rq_slice v);
void map_null(struct map *m, const char *name);
void map_text(struct map *m, const char *name, const char *v);

/* What writes the fields of one map. */
typedef void map_fields(struct map *m, const void *arg);
/* Writes a map of unknown length into `w`; the fields go to a buffer of their own
 * first. */
void map_write(struct rq_resp_writer *w, map_fields *fields, const void *arg);
/* Resolves the reply with one. */
void map_reply(struct reply *r, map_fields *fields, const void *arg);

#endif
