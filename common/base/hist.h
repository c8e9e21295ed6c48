/* hist.h - log-linear histogram of microseconds in fixed memory: relative error
 * below 1/16, range 0 to 2^40 us.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdint.h>

enum {
    RQ_HIST_SUB_BITS = 4,
    RQ_HIST_BUCKETS = (40 - RQ_HIST_SUB_BITS + 1) << RQ_HIST_SUB_BITS
};

struct rq_hist {
    uint64_t count, max_us;
    uint32_t bucket[RQ_HIST_BUCKETS];
};

void rq_hist_add(struct rq_hist *h, uint64_t us);
/* The value that `permille` of 1000 do not exceed (999: p99.9); 0 when empty. */
uint64_t rq_hist_quantile_us(const struct rq_hist *h, unsigned permille);

#endif
