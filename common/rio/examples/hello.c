/* hello - the smallest coroutine.
 *
 * asyncio: async def hello(), asyncio.run(hello()).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long body(void *arg)
{
    (void)arg;
    say("Hello");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
