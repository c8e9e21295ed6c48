/* core-idea - while one coroutine waits, another one works: twenty ticks in two
 * seconds.
 *
 * asyncio: the core idea, one thread that is never blocked by a wait.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long ticker(void *arg)
{
    int *ticks = arg;

    for (;;) {
        ++*ticks;
        RIO_TRY(await(rio_sleep(seconds(0.1))));
    }
}

static long body(void *arg)
{
    int ticks = 0;
    RIO_AUTO_TASK t = rio_create_task(ticker, &ticks); /* cancelled when body ends */

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(2))));
    say("%d ticks", ticks);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
