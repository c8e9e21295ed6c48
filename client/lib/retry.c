/* retry - growing pauses with jitter, inside a window.
 * SPDX-License-Identifier: MIT */
#include "lib/retry.h"

#include "base/clock.h"

enum { NS_PER_MS = 1000000 };

static int pause_of(unsigned n, struct rq_rand *rand)
{
    int pause = RQ_RETRY_FIRST_MS;

    while (n-- > 0 && pause < RQ_RETRY_MAX_MS)
        pause *= 2;
    if (pause > RQ_RETRY_MAX_MS)
        pause = RQ_RETRY_MAX_MS;
    return pause - (int)rq_rand_below(rand, (uint64_t)pause / 2 + 1);
}

int rq_retry_after(struct rq_retry *r, int window_ms, int64_t now_ns,
                   struct rq_rand *rand)
{
    int64_t left_ms;
    int pause;

    if (window_ms < 0)
        return -1;
    if (r->failures == 0)
        r->give_up_ns = rq_clock_after(now_ns, (int64_t)window_ms * NS_PER_MS);
    left_ms = rq_clock_until(r->give_up_ns, now_ns) / NS_PER_MS;
    if (left_ms == 0)
        return -1;
    pause = r->failures == 0 ? 0 : pause_of(r->failures - 1, rand);
    r->failures++;
    return pause < left_ms ? pause : (int)left_ms;
}
