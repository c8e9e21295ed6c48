/* rate - a ring of counters, one a second.
 *
 * count[s % 64] is the number of events in second s, for the 64 seconds that end with
 * `second`; later seconds had none.
 * SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include <string.h>

#include "base/assert.h"

static const int64_t second_ns = 1000000000;

void rate_add(struct rate *r, int64_t now_ns)
{
    int64_t now = now_ns / second_ns;

    if (now - r->second >= RATE_SECONDS) {
        memset(r->count, 0, sizeof r->count);
        r->second = now;
    }
    while (r->second < now) {
        r->second++;
        r->count[(uint64_t)r->second % RATE_SECONDS] = 0;
    }
    uint32_t *count = &r->count[(uint64_t)r->second % RATE_SECONDS];
    if (*count < UINT32_MAX)
        (*count)++;
}

uint64_t rate_milli(const struct rate *r, int64_t now_ns, unsigned seconds)
{
    int64_t now = now_ns / second_ns;
    uint64_t sum = 0;

    ASSERT(seconds > 0 && seconds < RATE_SECONDS);
    for (int64_t s = now - (int64_t)seconds; s < now; s++)
        if (s >= 0 && s <= r->second && s > r->second - RATE_SECONDS)
            sum += r->count[(uint64_t)s % RATE_SECONDS];
    return sum * 1000 / seconds;
}
