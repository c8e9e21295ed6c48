/* keys.h - what the simulated Redis holds: streams, strings and hashes, and what of
 * them has reached the disk. SPDX-License-Identifier: MIT */
#ifndef SIM_KEYS_H
#define SIM_KEYS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/slice.h"
#include "store/entry.h"

enum { KEYS_MAX = 32, KEYS_NAME = 64, KEYS_TEXT = 512 };

struct keys_entry {
    struct entry_id id;
    uint8_t *bytes; /* the field's name, then its value */
    size_t field_len, value_len;
    /* Of a hash: */
    bool was_synced; /* it is on the disk */
    bool is_dropped; /* deleted, though perhaps not on the disk yet */
};

/* One key.  A key without a name is free. */
struct key {
    char name[KEYS_NAME];
    bool is_stream, is_hash;
    char text[KEYS_TEXT]; /* of a string */
    struct keys_entry *entries;
    size_t count, cap;
    struct entry_id last; /* of the last entry, also of one that has gone */
    /* On the disk: what a restart leaves. */
    bool was_synced;
    size_t synced_count;
    struct entry_id synced_last;
    char synced_text[KEYS_TEXT];
    struct entry_id low; /* entries below go at the next sync */
};

struct keys {
    struct key keys[KEYS_MAX];
};

void keys_fini(struct keys *k);
struct key *keys_find(struct keys *k, struct rq_slice name); /* NULL: none */
/* Errors  -ENOMEM;  -ENAMETOOLONG */
RQ_MUST_CHECK int keys_need(struct keys *k, struct rq_slice name, struct key **out);
void keys_remove(struct key *key);

/* Errors  -ESTALE  not above the last id;  -ENOMEM */
RQ_MUST_CHECK int keys_add(struct key *key, struct entry_id id, struct rq_slice field,
                           struct rq_slice value);
void keys_trim_all(struct key *key);

/* Sets a field of a hash.  Returns  1: it is new;  0.  Errors  -ENOMEM */
RQ_MUST_CHECK int keys_set_field(struct key *key, struct rq_slice field,
                                 struct rq_slice value);
/* Returns  1: it was there;  0 */
int keys_drop_field(struct key *key, struct rq_slice field);
const struct keys_entry *keys_field(const struct key *key, struct rq_slice field);

/* Everything is on the disk now. */
void keys_sync(struct keys *k);
/* Everything that is not on the disk is gone. */
void keys_restart(struct keys *k);

#endif
