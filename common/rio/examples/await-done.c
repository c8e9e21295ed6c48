/* await-done - to await what is done already does not pause: no turn of the loop, no
 * switch.
 *
 * asyncio: await on a finished future returns at once.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long answer(void *arg)
{
    (void)arg;
    return 42;
}

static uint64_t switches(void)
{
    rio_stats stats;

    rio_loop_stats(rio_get_running_loop(), &stats);
    return stats.switches;
}

static long body(void *arg)
{
    RIO_AUTO_TASK t = rio_create_task(answer, arg);
    uint64_t before;

    RIO_TRY(await(rio_join(t)));
    before = switches();
    RIO_TRY(await(rio_join(t)));
    say("switches %llu", (unsigned long long)(switches() - before));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
