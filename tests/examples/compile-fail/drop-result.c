/* drop-result - must not compile: whoever waits may be cancelled, and has to look.
 *
 * asyncio: a coroutine that was never awaited, which C's calls cannot be.
 * SPDX-License-Identifier: MIT */
#include "rio/rio.h"

long nap(void *arg);

long nap(void *arg)
{
    (void)arg;
    await(rio_sleep(RIO_SEC));
    return 0;
}
