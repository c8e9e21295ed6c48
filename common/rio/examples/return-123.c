/* return-123 - a coroutine that does not wait: to call it is to await it, and nothing
 * is switched.
 *
 * asyncio: `async def fetch_data(): return 123`.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long fetch_data(void *arg)
{
    (void)arg;
    return 123;
}

static uint64_t switches(void)
{
    rio_stats stats;

    rio_loop_stats(rio_get_running_loop(), &stats);
    return stats.switches;
}

static long body(void *arg)
{
    uint64_t before = switches();
    long result = await(fetch_data(arg));

    say("%ld", result);
    say("switches %llu", (unsigned long long)(switches() - before));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
