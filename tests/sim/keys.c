/* keys - streams, strings and hashes in memory and "on the disk".
 *
 * A sync is one for all keys, as of an append-only file.  What XADD ... MINID trims
 * goes at the sync, so that a restart before it brings the trimmed entries back.
 * SPDX-License-Identifier: MIT */
#include "sim/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop_first(struct key *key, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(key->entries[i].bytes);
    if (n > 0 && n < key->count)
        memmove(key->entries, key->entries + n,
                (key->count - n) * sizeof *key->entries);
    key->count -= n;
}

static void drop_from(struct key *key, size_t from)
{
    for (size_t i = from; i < key->count; i++)
        free(key->entries[i].bytes);
    if (from < key->count)
        key->count = from;
}

void keys_remove(struct key *key)
{
    drop_from(key, 0);
    free(key->entries);
    memset(key, 0, sizeof *key);
}

void keys_fini(struct keys *k)
{
    for (size_t i = 0; i < KEYS_MAX; i++)
        keys_remove(&k->keys[i]);
}

struct key *keys_find(struct keys *k, struct rq_slice name)
{
    for (size_t i = 0; i < KEYS_MAX; i++)
        if (k->keys[i].name[0] != '\0' &&
            rq_slice_eq(rq_slice_str(k->keys[i].name), name))
            return &k->keys[i];
    return NULL;
}

int keys_need(struct keys *k, struct rq_slice name, struct key **out)
{
    *out = keys_find(k, name);
    if (*out != NULL)
        return 0;
    if (name.len == 0 || name.len >= KEYS_NAME)
        return -ENAMETOOLONG;
    for (size_t i = 0; i < KEYS_MAX; i++) {
        if (k->keys[i].name[0] != '\0')
            continue;
        *out = &k->keys[i];
        memcpy((*out)->name, name.ptr, name.len);
        return 0;
    }
    return -ENOMEM;
}

static int add(struct key *key, struct entry_id id, struct rq_slice field,
               struct rq_slice value)
{
    if (key->count == key->cap) {
        size_t cap = key->cap > 0 ? 2 * key->cap : 64;
        struct keys_entry *more = realloc(key->entries, cap * sizeof *more);

        if (more == NULL)
            return -ENOMEM;
        key->entries = more;
        key->cap = cap;
    }
    uint8_t *bytes = malloc(field.len + value.len + 1);
    if (bytes == NULL)
        return -ENOMEM;
    if (field.len > 0)
        memcpy(bytes, field.ptr, field.len);
    if (value.len > 0)
        memcpy(bytes + field.len, value.ptr, value.len);
    key->entries[key->count++] = (struct keys_entry){
        .id = id, .bytes = bytes, .field_len = field.len, .value_len = value.len};
    return 0;
}

int keys_add(struct key *key, struct entry_id id, struct rq_slice field,
             struct rq_slice value)
{
    int rc = entry_compare(id, key->last) <= 0 ? -ESTALE : add(key, id, field, value);

    if (rc < 0)
        return rc;
    key->last = id;
    key->is_stream = true;
    return 0;
}

/* ---- hashes: what is replaced or deleted stays until the sync ---- */

const struct keys_entry *keys_field(const struct key *key, struct rq_slice field)
{
    for (size_t i = 0; i < key->count; i++) {
        const struct keys_entry *e = &key->entries[i];

        if (!e->is_dropped && rq_slice_eq(rq_slice(e->bytes, e->field_len), field))
            return e;
    }
    return NULL;
}

int keys_drop_field(struct key *key, struct rq_slice field)
{
    const struct keys_entry *e = keys_field(key, field);

    if (e == NULL)
        return 0;
    key->entries[e - key->entries].is_dropped = true;
    return 1;
}

int keys_set_field(struct key *key, struct rq_slice field, struct rq_slice value)
{
    int was_there = keys_drop_field(key, field);
    int rc = add(key, (struct entry_id){0, 0}, field, value);

    key->is_hash = true;
    return rc < 0 ? rc : !was_there;
}

/* Keeps those entries of a hash that are wanted. */
static void keep(struct key *key, bool (*wants)(const struct keys_entry *e))
{
    size_t kept = 0;

    for (size_t i = 0; i < key->count; i++)
        if (wants(&key->entries[i]))
            key->entries[kept++] = key->entries[i];
        else
            free(key->entries[i].bytes);
    key->count = kept;
}

static bool is_there(const struct keys_entry *e)
{
    return !e->is_dropped;
}

static bool was_synced(const struct keys_entry *e)
{
    return e->was_synced;
}

static void sync_hash(struct key *key)
{
    keep(key, is_there);
    for (size_t i = 0; i < key->count; i++)
        key->entries[i].was_synced = true;
}

static void restart_hash(struct key *key)
{
    keep(key, was_synced);
    for (size_t i = 0; i < key->count; i++)
        key->entries[i].is_dropped = false;
}

void keys_trim_all(struct key *key)
{
    drop_from(key, 0);
}

static void trim(struct key *key)
{
    size_t n = 0;

    while (n < key->count && entry_compare(key->entries[n].id, key->low) < 0)
        n++;
    drop_first(key, n);
}

void keys_sync(struct keys *k)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        struct key *key = &k->keys[i];

        if (key->name[0] == '\0')
            continue;
        if (key->is_hash)
            sync_hash(key);
        else
            trim(key);
        key->was_synced = true;
        key->synced_count = key->count;
        key->synced_last = key->last;
        memcpy(key->synced_text, key->text, sizeof key->text);
    }
}

void keys_restart(struct keys *k)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        struct key *key = &k->keys[i];

        if (key->name[0] == '\0')
            continue;
        if (!key->was_synced) {
            keys_remove(key);
            continue;
        }
        if (key->is_hash)
            restart_hash(key);
        else
            drop_from(key, key->synced_count);
        key->last = key->synced_last;
        key->low = (struct entry_id){0, 0};
        memcpy(key->text, key->synced_text, sizeof key->text);
    }
}
