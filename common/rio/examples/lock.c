/* lock - read, wait, write: only a lock makes that one step.
 *
 *     lock [--no-lock]
 *
 * asyncio: async with lock
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static rio_lock lock;
static int counter;

RIO_AWAITS static long read_wait_write(void)
{
    int seen = counter;

    RIO_TRY(await(rio_sleep(seconds(0.1))));
    counter = seen + 1;
    return 0;
}

static long increment(void *arg)
{
    long rc;

    (void)arg;
    if (demo_has("--no-lock"))
        return await(read_wait_write());
    RIO_WITH_LOCK(&lock, &rc)
    {
        rc = await(read_wait_write());
    }
    return rc;
}

static long body(void *arg)
{
    char tasks[10];

    (void)arg;
    RIO_TRY(RIO_GATHER_ARRAY(increment, tasks));
    say("%d", counter);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
