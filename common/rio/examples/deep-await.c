/* deep-await - any function may wait, at any depth: there is one kind of function, and
 * the word await marks each call that may suspend.
 *
 * asyncio: async and await on each level of the call chain.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

/* Suspends `depth` calls below its first caller.  Returns  how deep that was */
RIO_AWAITS static long deep(int depth)
{
    if (depth == 1) {
        RIO_TRY(await(rio_sleep(seconds(0.1))));
        return 1;
    }
    return 1 + RIO_TRY(await(deep(depth - 1)));
}

static long body(void *arg)
{
    long depth = await(deep(20));

    (void)arg;
    say("%s", depth == 20 ? "ok" : "no");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
