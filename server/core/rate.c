/* rate - a ring of counters, a place for each second that had events.
 *
 * The ring is doubled when two seconds of the last 64 would share a place; with 64
 * places none do.
 * SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/attr.h"

enum { FIRST_CAP = 4 };

static const int64_t second_ns = 1000000000;

void rates_fini(struct rates *r)
{
    free(r->ring);
    *r = (struct rates){NULL, 0, 0};
}

static struct rate_second *at(const struct rates *r, uint32_t second)
{
    return &r->ring[second & (r->cap - 1)];
}

static bool is_old(const struct rate_second *s, uint32_t now)
{
    return now - s->second >= RATE_SECONDS;
}

static bool is_blank(const struct rate_second *s)
{
    return (s->count[RATE_PUT] | s->count[RATE_DELIVERED] | s->count[RATE_DONE]) == 0;
}

/* Doubles the ring; what is old is left behind.  Returns  is there memory for that? */
static bool grow(struct rates *r, uint32_t now)
{
    uint32_t cap = r->cap == 0 ? FIRST_CAP : 2 * r->cap;
    struct rates bigger = {calloc(cap, sizeof *bigger.ring), cap, r->last};

    if (bigger.ring == NULL)
        return false;
    for (uint32_t i = 0; i < r->cap; i++)
        if (!is_old(&r->ring[i], now))
            *at(&bigger, r->ring[i].second) = r->ring[i];
    free(r->ring);
    *r = bigger;
    return true;
}

/* An empty place for a second that has none; NULL: no memory at all. */
RQ_RARE static struct rate_second *begin(struct rates *r, uint32_t now)
{
    bool has_memory = r->cap > 0 || grow(r, now);

    if (!has_memory)
        return NULL;
    while (has_memory && r->cap < RATE_SECONDS && !is_old(at(r, now), now) &&
           !is_blank(at(r, now)))
        has_memory = grow(r, now);
    *at(r, now) = (struct rate_second){.second = now};
    return at(r, now);
}

void rates_add(struct rates *r, enum rate_event what, int64_t now_ns)
{
    uint32_t now = (uint32_t)(now_ns / second_ns);

    if (now < r->last)
        now = r->last;
    struct rate_second *s = r->cap > 0 ? at(r, now) : NULL;
    if (RQ_UNLIKELY(s == NULL || s->second != now)) {
        s = begin(r, now);
        if (s == NULL)
            return;
    }
    r->last = now;
    if (s->count[what] < UINT32_MAX)
        s->count[what]++;
}

uint64_t rates_milli(const struct rates *r, enum rate_event what, int64_t now_ns,
                     unsigned seconds)
{
    int64_t now = now_ns / second_ns;
    uint64_t sum = 0;

    ASSERT(seconds > 0 && seconds < RATE_SECONDS);
    if (r->cap == 0)
        return 0;
    for (int64_t s = now - (int64_t)seconds; s < now; s++)
        if (s >= 0 && at(r, (uint32_t)s)->second == s)
            sum += at(r, (uint32_t)s)->count[what];
    return sum * 1000 / seconds;
}
