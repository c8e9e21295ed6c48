/* hist.h - log-linear histogram of microseconds: relative error below 1/16, range 0 to
 * 2^40 us.  It takes memory for the octaves that it has met, 64 bytes each: a queue
 * whose jobs wait for 1 to 30 ms takes 320.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdint.h>

enum {
    RQ_HIST_SUB_BITS = 4,
    RQ_HIST_SUBS = 1 << RQ_HIST_SUB_BITS, /* buckets an octave */
    RQ_HIST_OCTAVES = 40 - RQ_HIST_SUB_BITS + 1
};

/* Zeroed: empty. */
struct rq_hist {
    uint64_t count, max_us;
    uint32_t (*octave)[RQ_HIST_SUBS]; /* counts, of `octaves` octaves... */
    uint32_t first, octaves;          /* ...from `first` on */
};

void rq_hist_fini(struct rq_hist *h);
/* Without memory for a new octave the sample is not counted. */
void rq_hist_add(struct rq_hist *h, uint64_t us);
/* The value that `permille` of 1000 do not exceed (999: p99.9); 0 when empty. */
uint64_t rq_hist_quantile_us(const struct rq_hist *h, unsigned permille);

#endif
