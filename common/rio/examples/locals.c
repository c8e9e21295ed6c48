/* locals - a coroutine pauses and goes on where it was: its local variables live on its
 * own stack, here across a thousand switches.
 *
 * asyncio: a coroutine keeps its state between awaits.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long sum(void *arg)
{
    long total = 0;

    (void)arg;
    for (long i = 1; i <= 1000; i++) {
        total += i;
        RIO_TRY(await(rio_yield()));
    }
    return total;
}

static long body(void *arg)
{
    RIO_AUTO_TASK a = rio_create_task(sum, arg);
    RIO_AUTO_TASK b = rio_create_task(sum, arg); /* they take turns */
    long first = await(rio_join(a)), second = await(rio_join(b));

    say("%ld %ld", first, second);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
