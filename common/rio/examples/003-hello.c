/* 003-hello - the smallest coroutine, and the loop that runs it.
 *
 * asyncio: say_hello().
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long say_hello(void *arg)
{
    (void)arg;
    say("Hello, asyncio!");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, say_hello);
}
