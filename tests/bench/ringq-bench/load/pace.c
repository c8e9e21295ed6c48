/* pace - puts at a fixed rate, however long the answers take (open loop).
 *
 * A request counts from the moment when it was due, not from when it was written: a
 * server that stops for a second makes a second's worth of requests late, and all of
 * them are seen.
 * SPDX-License-Identifier: MIT */
#include "load/load.h"

enum { TICK_NS = 100000 };

RIO_AWAITS long pace(struct load *l, struct lane **lanes)
{
    const struct load_plan *p = l->plan;
    const int64_t begin_ns = rio_now();
    const double gap_ns = 1e9 * p->batch / (double)p->rate;
    uint64_t sent = 0;

    while (!l->is_over) {
        int64_t due_ns = begin_ns + (int64_t)((double)sent * gap_ns);

        if (due_ns > rio_now()) {
            RIO_TRY(await(rio_sleep(TICK_NS)));
            continue;
        }
        RIO_TRY(lane_put(lanes[sent % p->producers], due_ns));
        sent++;
        if (sent % p->producers == 0)
            RIO_TRY(await(rio_yield()));
    }
    return 0;
}
