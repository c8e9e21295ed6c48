/* value-two-ways - the value of a coroutine comes from the run; or inside of another
 * coroutine, from calling it.
 *
 * asyncio: asyncio.run(foo()) and await foo().
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long foo(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_yield()));
    return 100;
}

static long calls_foo(void *arg)
{
    long value = await(foo(arg));

    return value;
}

int main(int argc, char **argv)
{
    long by_run, by_await;

    demo_setup(argc, argv);
    by_run = demo_run(foo, NULL);
    by_await = demo_run(calls_foo, NULL);
    say("%ld %ld", by_run, by_await);
    return 0;
}
