/* map - hash map from bytes to pointers.
 *
 * Open addressing with linear probing.  A value stands in its home slot (hash mod
 * cap) or in the run of full slots behind it; removal moves the rest of the run back
 * (no tombstones), so a probe always ends at the first empty slot.  At most three
 * quarters of the slots are full; the table never shrinks.
 * SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/rand.h"

enum { FIRST_CAP = 16 };

struct rq_map_slot {
    uint64_t hash; /* 0: the slot is empty */
    void *value;
};

/* The process's key.  Written once, before `key_is_set`. */
static uint64_t key_low, key_high;
static atomic_bool key_is_set;

static uint64_t load_le64(const uint8_t *p)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

void rq_map_set_key(const uint8_t key[16])
{
    key_low = load_le64(key);
    key_high = load_le64(key + 8);
    atomic_store_explicit(&key_is_set, true, memory_order_release);
}

static void draw_key(void)
{
    uint8_t key[16];

    if (atomic_load_explicit(&key_is_set, memory_order_acquire))
        return;
    rq_rand_system(key, sizeof key);
    rq_map_set_key(key);
}

struct sip {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static inline void sip_round(struct sip *v)
{
    v->a += v->b;
    v->c += v->d;
    v->b = rotate(v->b, 13) ^ v->a;
    v->d = rotate(v->d, 16) ^ v->c;
    v->a = rotate(v->a, 32);
    v->c += v->b;
    v->a += v->d;
    v->b = rotate(v->b, 17) ^ v->c;
    v->d = rotate(v->d, 21) ^ v->a;
    v->c = rotate(v->c, 32);
}

/* Takes one word in: the 2 of SipHash-2-4. */
static inline void sip_absorb(struct sip *v, uint64_t word)
{
    v->d ^= word;
    sip_round(v);
    sip_round(v);
    v->a ^= word;
}

/* Source  J.-P. Aumasson, D. J. Bernstein: SipHash: a fast short-input PRF, 2012 */
static uint64_t siphash(struct rq_slice data)
{
    struct sip v = {
        key_low ^ UINT64_C(0x736f6d6570736575),
        key_high ^ UINT64_C(0x646f72616e646f6d),
        key_low ^ UINT64_C(0x6c7967656e657261),
        key_high ^ UINT64_C(0x7465646279746573),
    };
    uint64_t last = (uint64_t)data.len << 56;
    size_t whole = data.len & ~(size_t)7;

    for (size_t i = 0; i < whole; i += 8)
        sip_absorb(&v, load_le64(data.ptr + i));
    for (size_t i = whole; i < data.len; i++)
        last |= (uint64_t)data.ptr[i] << (8 * (i - whole));
    sip_absorb(&v, last);

    v.c ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(&v);
    return v.a ^ v.b ^ v.c ^ v.d;
}

uint64_t rq_map_hash(struct rq_slice data)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint64_t hash;

    /* libringq lives in programs with threads: two may come here first. */
    if (RQ_UNLIKELY(!atomic_load_explicit(&key_is_set, memory_order_acquire)))
        pthread_once(&once, draw_key);
    hash = siphash(data);
    return hash == 0 ? 1 : hash;
}

void rq_map_init(struct rq_map *m, struct rq_slice (*key_of)(const void *value))
{
    *m = (struct rq_map){.key_of = key_of};
}

void rq_map_fini(struct rq_map *m)
{
    free(m->slots);
    rq_map_init(m, m->key_of);
}

/* The slot that holds `key`, or the empty one where it would go; cap > 0. */
static size_t find_slot(const struct rq_map *m, struct rq_slice key, uint64_t hash)
{
    size_t mask = m->cap - 1;
    size_t i = (size_t)hash & mask;

    while (m->slots[i].hash != 0) {
        if (m->slots[i].hash == hash && rq_slice_eq(m->key_of(m->slots[i].value), key))
            break;
        i = (i + 1) & mask;
    }
    return i;
}

void *rq_map_get(const struct rq_map *m, struct rq_slice key)
{
    if (m->count == 0)
        return NULL;
    return m->slots[find_slot(m, key, rq_map_hash(key))].value;
}

/* Moves everything into a table of `cap` slots; keys are known to differ. */
static int rehash(struct rq_map *m, size_t cap)
{
    struct rq_map_slot *slots = calloc(cap, sizeof *slots);

    if (slots == NULL)
        return -ENOMEM;
    for (size_t k = 0; k < m->cap; k++) {
        if (m->slots[k].hash == 0)
            continue;
        size_t i = (size_t)m->slots[k].hash & (cap - 1);
        while (slots[i].hash != 0)
            i = (i + 1) & (cap - 1);
        slots[i] = m->slots[k];
    }
    free(m->slots);
    m->slots = slots;
    m->cap = cap;
    return 0;
}

int rq_map_put(struct rq_map *m, void *value)
{
    struct rq_slice key = m->key_of(value);
    uint64_t hash = rq_map_hash(key);
    size_t i;

    if (m->count > 0 && m->slots[find_slot(m, key, hash)].hash != 0)
        return -EEXIST;
    if (m->count + 1 > m->cap - m->cap / 4) {
        int rc = rehash(m, m->cap == 0 ? FIRST_CAP : m->cap * 2);
        if (rc < 0)
            return rc;
    }
    i = find_slot(m, key, hash);
    m->slots[i] = (struct rq_map_slot){hash, value};
    m->count++;
    return 0;
}

/* Empties slot `hole` and closes the gap: whatever behind it would no longer be
 * reached from its home slot moves into the gap, which moves on. */
static void close_gap(struct rq_map *m, size_t hole)
{
    size_t mask = m->cap - 1;

    for (size_t i = (hole + 1) & mask; m->slots[i].hash != 0; i = (i + 1) & mask) {
        size_t home = (size_t)m->slots[i].hash & mask;

        /* Distances are taken backwards around the ring. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* its home lies behind the gap */
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole] = (struct rq_map_slot){0, NULL};
}

void *rq_map_remove(struct rq_map *m, struct rq_slice key)
{
    if (m->count == 0)
        return NULL;

    size_t i = find_slot(m, key, rq_map_hash(key));
    void *value = m->slots[i].value;
    if (value != NULL) {
        close_gap(m, i);
        m->count--;
    }
    return value;
}

void *rq_map_next(const struct rq_map *m, size_t *cursor)
{
    while (*cursor < m->cap) {
        const struct rq_map_slot *slot = &m->slots[(*cursor)++];

        if (slot->hash != 0)
            return slot->value;
    }
    return NULL;
}
