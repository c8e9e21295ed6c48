/* 001-hello - a coroutine that waits between two lines.
 *
 * asyncio: hello(), asyncio.run(hello())
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long body(void *arg)
{
    (void)arg;
    say("Hello");
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("World");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
