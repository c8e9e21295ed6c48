/* map.h - hash map from bytes to pointers: open addressing, SipHash with a key
 * drawn at start, so that a peer who picks names cannot pick collisions.
 * The map borrows the keys: they live inside the values.  The table grows at three
 * quarters and never shrinks.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/attr.h"
#include "base/slice.h"

struct rq_map_slot;

struct rq_map {
    struct rq_map_slot *slots;
    size_t count, cap; /* cap: a power of two, or 0 */
    struct rq_slice (*key_of)(const void *value);
};

void rq_map_init(struct rq_map *m, struct rq_slice (*key_of)(const void *value));
void rq_map_fini(struct rq_map *m); /* frees the table, not the values */
/* NULL when absent. */
void *rq_map_get(const struct rq_map *m, struct rq_slice key);
/* Errors  -EEXIST;  -ENOMEM.  Owns  keeps `value`, whose key must not change. */
RQ_MUST_CHECK int rq_map_put(struct rq_map *m, void *value);
/* Takes the value out and gives it back; NULL when absent. */
void *rq_map_remove(struct rq_map *m, struct rq_slice key);
/* Walks all values in no order: start with *cursor = 0; NULL at the end.  The map
 * may not change in between. */
void *rq_map_next(const struct rq_map *m, size_t *cursor);

/* SipHash-2-4 of `data` under the process's key; never 0. */
uint64_t rq_map_hash(struct rq_slice data);
/* Sets the process's hash key (16 random bytes).  Call once, before the first map. */
void rq_map_set_key(const uint8_t key[16]);

#endif
