/* lock-return - a return out of a guarded block releases the lock, as every other way
 * out of it does.
 *
 * asyncio: return inside of `async with lock`.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static rio_lock lock = RIO_LOCK_INIT;

RIO_AWAITS static long guarded(void)
{
    long rc;

    RIO_WITH_LOCK(&lock, &rc)
    {
        RIO_TRY(await(rio_sleep(seconds(0.1))));
        return 1;
    }
    return rc; /* the lock could not be had */
}

static long body(void *arg)
{
    long rc = await(guarded());

    (void)arg;
    say("locked=%s", rio_lock_locked(&lock) ? "yes" : "no");
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
