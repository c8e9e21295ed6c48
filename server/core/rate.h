/* rate.h - events per second over the last seconds, without a clock that ticks.
 *
 * One counter for each of the last 64 seconds.  A rate over w seconds is the mean of
 * the last w full seconds: exact, and at most one second old. Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include <stdint.h>

enum { RATE_SECONDS = 64 };

struct rate {
    int64_t second; /* the one that count[second % RATE_SECONDS] is about */
    uint32_t count[RATE_SECONDS];
};

/* One event at `now_ns`.  A time before the last event counts as that event's. */
void rate_add(struct rate *r, int64_t now_ns);
/* Events per second, times 1000, over the last `seconds` < RATE_SECONDS full ones. */
uint64_t rate_milli(const struct rate *r, int64_t now_ns, unsigned seconds);

#endif
