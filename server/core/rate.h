/* rate.h - events per second over the last seconds, without a clock that ticks.
 *
 * Counters for each of the last 64 seconds.  A rate over w seconds is the mean of the
 * last w full seconds: exact, and at most one second old.  What happens in one second
 * is counted in one place, whatever its kind, and there are as many places as there
 * were seconds with events: of 100,000 queues most have a few.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include <stdint.h>

enum { RATE_SECONDS = 64 };
enum rate_event { RATE_PUT, RATE_DELIVERED, RATE_DONE, RATE_EVENTS };

struct rate_second {
    uint32_t second;
    uint32_t count[RATE_EVENTS];
};

/* Zeroed: nothing has happened yet. */
struct rates {
    struct rate_second *ring; /* second s at s mod cap */
    uint32_t cap;             /* a power of two <= RATE_SECONDS; 0: none yet */
    uint32_t last;            /* second of an event */
};

void rates_fini(struct rates *r);
/* One event at `now_ns`.  A time before the last event counts as that event's.  Without
 * memory what is forgotten is the event, or those of another second. */
void rates_add(struct rates *r, enum rate_event what, int64_t now_ns);
/* Events per second, times 1000, over the last `seconds` < RATE_SECONDS full ones. */
uint64_t rates_milli(const struct rates *r, enum rate_event what, int64_t now_ns,
                     unsigned seconds);

#endif
