/* 003-seq - two waits, one after the other: the times add up to three seconds.
 *
 * asyncio: the sequential main().
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long say_after(int64_t delay, const char *what)
{
    RIO_TRY(await(rio_sleep(delay)));
    say("%s", what);
    return 0;
}

static long body(void *arg)
{
    (void)arg;
    say("Start");
    RIO_TRY(await(say_after(seconds(1), "Hello")));
    RIO_TRY(await(say_after(seconds(2), "World")));
    say("End");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
