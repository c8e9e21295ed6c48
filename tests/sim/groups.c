/* groups - no more jobs of a group are leased at once than GROUPLIMIT says.
 *
 * Every queue has one limit, which clients set again and again; it holds from the first
 * answer on.  A lease counts while nothing can have ended it: so those that count are
 * all leased at this very moment, and the last of them was handed out under the limit.
 * SPDX-License-Identifier: MIT */
#include "rio/rio.h"
#include "sim/history.h"

void history_limited(struct history *h, size_t queue, size_t limit)
{
    if (h->limits[queue].limit > 0)
        return;
    h->limits[queue].limit = limit;
    h->limits[queue].since_ns = rio_now();
}

static bool is_held(const struct history *h, const struct deed *d)
{
    if (d->end_ns != INT64_MAX)
        return false;
    for (size_t i = 0; i < d->lease_count; i++) {
        const struct lease *l = &d->leases[i];

        if (!l->is_over && l->life == h->life && rio_now() < l->until_ns)
            return true;
    }
    return false;
}

/* Is it in that queue, and in no other one perhaps?  REQUEUE brings it there. */
static bool is_in(const struct deed *d, size_t queue)
{
    return d->where == 1u << queue;
}

static void check_in(struct history *h, const struct deed *d, size_t queue,
                     int64_t asked_ns)
{
    size_t held = 0, limit = h->limits[queue].limit;

    if (limit == 0 || asked_ns <= h->limits[queue].since_ns)
        return;
    for (size_t i = 0; i < h->count; i++)
        held += is_in(h->deeds[i], queue) &&
                h->deeds[i]->recipe.group == d->recipe.group && is_held(h, h->deeds[i]);
    if (held > limit)
        history_anomaly(h, "GROUP_OVER_LIMIT", d,
                        "%zu of group %zu are leased, not %zu", held, d->recipe.group,
                        limit);
}

void history_check_group(struct history *h, const struct deed *d, int64_t asked_ns)
{
    for (size_t queue = 0; queue < HISTORY_QUEUES && d->recipe.group > 0; queue++)
        if (is_in(d, queue))
            check_in(h, d, queue, asked_ns);
}
