/* pace - puts at a fixed rate, however long the answers take (open loop).
 *
 * A request counts from the moment when it was due, not from when it was written: a
 * server that stops for a second makes a second's worth of requests late, and all of
 * them are seen.
 *
 * What is due at one look at the clock leaves in one write, the next on the next
 * connection: else the generator would need more of the processor than the server.
 * SPDX-License-Identifier: MIT */
#include "load/load.h"

enum { TICK_NS = 100000, BURST_MAX = 64 };

RIO_AWAITS long pace(struct load *l, struct lane **lanes)
{
    const struct load_plan *p = l->plan;
    const int64_t begin_ns = rio_now();
    const double gap_ns = 1e9 * p->batch / (double)p->rate;
    uint64_t sent = 0, turn = 0;

    while (!l->is_over) {
        const uint64_t due = (uint64_t)((double)(rio_now() - begin_ns) / gap_ns) + 1;
        struct lane *lane = lanes[turn++ % p->producers];

        for (int i = 0; i < BURST_MAX && sent < due; i++, sent++)
            RIO_TRY(lane_put(lane, begin_ns + (int64_t)((double)sent * gap_ns)));
        RIO_TRY(lane_send(lane));
        RIO_TRY(sent < due ? await(rio_yield()) : await(rio_sleep(TICK_NS)));
    }
    return 0;
}
