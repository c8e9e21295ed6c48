/* yield-control - while one task sleeps, another one runs.
 *
 * asyncio: await gives control back to the loop.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long ticker(void *arg)
{
    (void)arg;
    for (int i = 1; i <= 10; i++) {
        say("tick %d", i);
        RIO_TRY(await(rio_sleep(seconds(0.1))));
    }
    return 0;
}

static long body(void *arg)
{
    rio_task *ticks = rio_create_task(ticker, NULL);

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("slept 1 s");
    return await(rio_join_unref(ticks));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
