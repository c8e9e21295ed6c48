/* retry - backoff and jitter, saturating.
 * SPDX-License-Identifier: MIT */
#include "core/retry.h"

#include "base/assert.h"

static uint64_t backoff_ms(const struct job_policy *policy, uint32_t failures)
{
    uint64_t base = policy->backoff_base_ms;

    switch ((enum job_backoff)policy->backoff) {
    case JOB_BACKOFF_FIXED:
        break;
    case JOB_BACKOFF_LINEAR:
        return base * failures; /* 32 bits each */
    case JOB_BACKOFF_EXP:
        /* Beyond 32 doublings any base is beyond any max. */
        return failures > 33 ? base << 32 : base << (failures - 1);
    }
    return base;
}

uint32_t retry_delay_ms(const struct job_policy *policy, uint32_t failures,
                        struct rq_rand *rand)
{
    ASSERT(failures > 0 && policy->jitter_pct <= 100);
    uint64_t max = policy->backoff_max_ms;
    uint64_t delay = backoff_ms(policy, failures);

    if (delay > max)
        delay = max;
    uint64_t span = delay * policy->jitter_pct / 100;
    if (span > 0)
        delay = delay - span + rq_rand_below(rand, 2 * span + 1);
    return (uint32_t)(delay < max ? delay : max);
}
