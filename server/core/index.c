/* index - jobs by id.
 *
 * Linear hashing (Litwin 1980).  With `low` the greatest power of two <= used:
 *
 *     bucket(h) = h mod 2 low   if that is < used,   else h mod low
 *
 * One more bucket splits bucket used - low; one less joins the last one to it.  The
 * array doubles by realloc, which for a large one moves pages, not bytes.
 *
 * Ids count up, so 64 neighbours share 512 bytes of the table: their low six bits
 * choose the bucket among these, the salted hash of the rest chooses the place. Whoever
 * goes through jobs in the order of their ids, as puts and the recovery do, and whoever
 * splits buckets, goes through memory in order.
 * SPDX-License-Identifier: MIT */
#include "core/index.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "core/state.h"

enum {
    FIRST_CAP = 64,
    SPARSE = 4,     /* buckets per job above which the table shrinks */
    MERGES_MAX = 8, /* buckets joined per removal */
    NEAR_BITS = 6,  /* of an id: neighbours */
};

int index_init(struct job_index *x, uint64_t salt)
{
    *x = (struct job_index){.salt = salt};
    x->buckets = calloc(FIRST_CAP, sizeof *x->buckets);
    if (x->buckets == NULL)
        return -ENOMEM;
    x->cap = x->used = x->low = FIRST_CAP;
    return 0;
}

void index_fini(struct job_index *x)
{
    free(x->buckets);
    x->buckets = NULL;
}

static uint64_t hash_of(const struct job_index *x, struct job_id id)
{
    uint64_t h = (id.number >> NEAR_BITS) ^ x->salt;

    h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= id.epoch;
    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (h ^ h >> 32) << NEAR_BITS | (id.number & ((1 << NEAR_BITS) - 1));
}

static size_t bucket_of(const struct job_index *x, struct job_id id)
{
    uint64_t h = hash_of(x, id);
    size_t i = (size_t)(h & (2 * x->low - 1));

    return i < x->used ? i : i & (x->low - 1);
}

static struct job *find(struct job *chain, struct job_id id)
{
    while (chain != NULL && !job_id_equal(job_id(chain), id))
        chain = chain->index_next;
    return chain;
}

struct job *index_get(const struct job_index *x, struct job_id id)
{
    return find(x->buckets[bucket_of(x, id)], id);
}

static void push(struct job **head, struct job *job)
{
    job->index_next = *head;
    *head = job;
}

/* From one bucket to where they belong now. */
static void move_chain(struct job_index *x, struct job *job)
{
    while (job != NULL) {
        struct job *next = job->index_next;

        push(&x->buckets[bucket_of(x, job_id(job))], job);
        job = next;
    }
}

static void split(struct job_index *x)
{
    if (x->used == x->cap) {
        struct job **buckets = reallocarray(x->buckets, x->cap * 2, sizeof *x->buckets);
        if (buckets == NULL)
            return;
        x->buckets = buckets;
        x->cap *= 2;
    }

    struct job *job = x->buckets[x->used - x->low];
    x->buckets[x->used - x->low] = NULL;
    x->buckets[x->used++] = NULL;
    if (x->used == 2 * x->low)
        x->low *= 2;
    move_chain(x, job);
}

static void merge(struct job_index *x)
{
    if (x->used == x->low)
        x->low /= 2;

    x->used--;
    move_chain(x, x->buckets[x->used]);
    if (x->used > x->cap / 4)
        return;
    struct job **buckets = reallocarray(x->buckets, x->cap / 2, sizeof *x->buckets);
    if (buckets != NULL) {
        x->buckets = buckets;
        x->cap /= 2;
    }
}

void index_add(struct job_index *x, struct job *job)
{
    struct job **head = &x->buckets[bucket_of(x, job_id(job))];

    push(head, job);
    x->count++;
    if (x->count > x->used)
        split(x);
}

/* Where the pointer to the job stands, which is in the table. */
static struct job **place_of(struct job_index *x, const struct job *job)
{
    struct job **at = &x->buckets[bucket_of(x, job_id(job))];

    while (*at != job) {
        ASSERT(*at != NULL);
        at = &(*at)->index_next;
    }
    return at;
}

void index_swap(struct job_index *x, struct job *job, struct job *heir)
{
    *place_of(x, job) = heir;
    heir->index_next = job->index_next;
}

void index_remove(struct job_index *x, struct job *job)
{
    *place_of(x, job) = job->index_next;
    x->count--;
    for (int i = 0;
         i < MERGES_MAX && x->used > FIRST_CAP && x->used / SPARSE > x->count; i++)
        merge(x);
}

struct job *index_next(const struct job_index *x, const struct job *job)
{
    size_t i = 0;

    if (job != NULL) {
        if (job->index_next != NULL)
            return job->index_next;
        i = bucket_of(x, job_id(job)) + 1;
    }
    while (i < x->used && x->buckets[i] == NULL)
        i++;
    return i < x->used ? x->buckets[i] : NULL;
}
