/* hist - log-linear histogram: 16 equal buckets in every power of two.
 *
 *     us        0 .. 15    16 .. 31    32 .. 63    64 .. 127 ...
 *     width         1           1           2            4
 *     buckets  0 .. 15    16 .. 31    32 .. 47     48 .. 63
 * SPDX-License-Identifier: MIT */
#include "base/hist.h"

#include <stddef.h>

enum { SUB_COUNT = 1 << RQ_HIST_SUB_BITS };
#define MAX_US ((UINT64_C(1) << 40) - 1)

static size_t bucket_of(uint64_t us)
{
    if (us < SUB_COUNT)
        return (size_t)us;

    unsigned shift = 63u - (unsigned)__builtin_clzll(us) - RQ_HIST_SUB_BITS;
    return ((size_t)shift << RQ_HIST_SUB_BITS) + (size_t)(us >> shift);
}

/* The largest value that falls into bucket `i`. */
static uint64_t bucket_end(size_t i)
{
    if (i < SUB_COUNT)
        return i;

    size_t shift = (i >> RQ_HIST_SUB_BITS) - 1;
    uint64_t first = SUB_COUNT + (i & (SUB_COUNT - 1));
    return ((first + 1) << shift) - 1;
}

void rq_hist_add(struct rq_hist *h, uint64_t us)
{
    if (us > MAX_US)
        us = MAX_US;

    size_t i = bucket_of(us);
    /* A full bucket: halving all of them keeps the shape. */
    if (h->bucket[i] == UINT32_MAX)
        for (size_t k = 0; k < RQ_HIST_BUCKETS; k++)
            h->bucket[k] /= 2;
    h->bucket[i]++;
    h->count++;
    if (us > h->max_us)
        h->max_us = us;
}

uint64_t rq_hist_quantile_us(const struct rq_hist *h, unsigned permille)
{
    uint64_t total = 0, seen = 0;

    for (size_t i = 0; i < RQ_HIST_BUCKETS; i++)
        total += h->bucket[i];
    if (total == 0)
        return 0;

    /* The rank of the wanted value, from 1; total < 592 x 2^32 leaves room. */
    uint64_t rank = (total * (permille < 1000 ? permille : 1000) + 999) / 1000;
    for (size_t i = 0; i < RQ_HIST_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank && h->bucket[i] > 0)
            return bucket_end(i) < h->max_us ? bucket_end(i) : h->max_us;
    }
    return h->max_us;
}
