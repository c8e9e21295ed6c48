/* retry.h - how long a failed job waits before its next attempt.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_RETRY_H
#define CORE_RETRY_H

#include "base/rand.h"
#include "core/record.h"

/* The delay after the `failures`-th failed attempt (>= 1): FIXED base; LINEAR n base;
 * EXP base 2^(n-1); at most max, moved by up to +-jitter_pct, and again at most max.
 * Draws from `rand` only when there is jitter. */
uint32_t retry_delay_ms(const struct job_policy *policy, uint32_t failures,
                        struct rq_rand *rand);

#endif
