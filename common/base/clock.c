/* clock - the only reader of clocks outside librio's backends.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

#include "base/assert.h"

static struct timespec read_clock(clockid_t id)
{
    struct timespec now;
    int rc = clock_gettime(id, &now);

    ASSERT(rc == 0);
    return now;
}

int64_t rq_clock_boottime_ns(void)
{
    struct timespec now = read_clock(CLOCK_BOOTTIME);

    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t rq_clock_wall_ns(void)
{
    struct timespec now = read_clock(CLOCK_REALTIME);

    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t rq_clock_wall_ms(void)
{
    return rq_clock_wall_ns() / 1000000;
}
