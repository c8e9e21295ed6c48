/* hist - log-linear histogram: 16 equal buckets in every power of two, its octave.
 *
 *     us        0 .. 15    16 .. 31    32 .. 63    64 .. 127 ...
 *     width         1           1           2            4
 *     octave        0           1           2            3
 * SPDX-License-Identifier: MIT */
#include "base/hist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define MAX_US ((UINT64_C(1) << 40) - 1)

struct place {
    uint32_t octave;
    uint32_t bucket; /* in it */
};

static struct place place_of(uint64_t us)
{
    if (us < RQ_HIST_SUBS)
        return (struct place){0, (uint32_t)us};

    unsigned shift = 63u - (unsigned)__builtin_clzll(us) - RQ_HIST_SUB_BITS;
    return (struct place){shift + 1, (uint32_t)(us >> shift) & (RQ_HIST_SUBS - 1)};
}

/* The largest value that falls there. */
static uint64_t end_of(struct place at)
{
    if (at.octave == 0)
        return at.bucket;

    uint64_t first = RQ_HIST_SUBS + at.bucket;
    return ((first + 1) << (at.octave - 1)) - 1;
}

void rq_hist_fini(struct rq_hist *h)
{
    free(h->octave);
    *h = (struct rq_hist){0};
}

static bool has_octave(const struct rq_hist *h, uint32_t octave)
{
    return octave - h->first < h->octaves;
}

/* Room from the old ones to `octave`, on either side. */
RQ_RARE static bool stretch(struct rq_hist *h, uint32_t octave)
{
    uint32_t end = h->first + h->octaves;
    uint32_t first = h->octaves == 0 || octave < h->first ? octave : h->first;

    end = octave < end ? end : octave + 1;
    uint32_t(*wider)[RQ_HIST_SUBS] = calloc(end - first, sizeof *wider);
    if (wider == NULL)
        return false;
    if (h->octaves > 0)
        memcpy(wider + (h->first - first), h->octave, h->octaves * sizeof *wider);
    free(h->octave);
    h->octave = wider;
    h->first = first;
    h->octaves = end - first;
    return true;
}

/* A bucket is full: halving all of them keeps the shape. */
RQ_RARE static void halve(struct rq_hist *h)
{
    for (uint32_t i = 0; i < h->octaves; i++)
        for (uint32_t k = 0; k < RQ_HIST_SUBS; k++)
            h->octave[i][k] /= 2;
}

void rq_hist_add(struct rq_hist *h, uint64_t us)
{
    if (us > MAX_US)
        us = MAX_US;

    const struct place at = place_of(us);
    if (RQ_UNLIKELY(!has_octave(h, at.octave)) && !stretch(h, at.octave))
        return;
    uint32_t *bucket = &h->octave[at.octave - h->first][at.bucket];
    if (*bucket == UINT32_MAX)
        halve(h);
    (*bucket)++;
    h->count++;
    if (us > h->max_us)
        h->max_us = us;
}

static uint64_t count_all(const struct rq_hist *h)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < h->octaves; i++)
        for (uint32_t k = 0; k < RQ_HIST_SUBS; k++)
            total += h->octave[i][k];
    return total;
}

uint64_t rq_hist_quantile_us(const struct rq_hist *h, unsigned permille)
{
    uint64_t total = count_all(h), seen = 0;

    if (total == 0)
        return 0;

    /* The rank of the wanted value, from 1; total < 592 x 2^32 leaves room. */
    uint64_t rank = (total * (permille < 1000 ? permille : 1000) + 999) / 1000;
    for (uint32_t i = 0; i < h->octaves; i++) {
        for (uint32_t k = 0; k < RQ_HIST_SUBS; k++) {
            uint64_t end = end_of((struct place){h->first + i, k});

            seen += h->octave[i][k];
            if (seen >= rank && h->octave[i][k] > 0)
                return end < h->max_us ? end : h->max_us;
        }
    }
    return h->max_us;
}
