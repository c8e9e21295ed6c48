/* clock.h - the only reader of clocks outside librio's backends.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_BOOTTIME: monotonic, counts suspend. */
int64_t rq_clock_boottime_ns(void);
/* Unix time; for times that users give and for what is persisted. */
int64_t rq_clock_wall_ms(void);
int64_t rq_clock_wall_ns(void);

/* What is left until `when_ns`: saturates at 0; the only subtraction of times. */
static inline int64_t rq_clock_until(int64_t when_ns, int64_t now_ns)
{
    return when_ns > now_ns ? when_ns - now_ns : 0;
}

/* `base` plus `delta`, saturating at INT64_MAX; delta >= 0. */
static inline int64_t rq_clock_after(int64_t base, int64_t delta)
{
    return base > INT64_MAX - delta ? INT64_MAX : base + delta;
}

#endif
