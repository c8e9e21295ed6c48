/* 000-timeout - who waits too long gives up.
 *
 * asyncio: wait_for(coro, timeout=3)
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long slow(void *arg)
{
    (void)arg;
    return await(rio_sleep(seconds(10)));
}

static long body(void *arg)
{
    long rc = await(rio_wait_for_call(slow, arg, seconds(3)));

    if (rc == -ETIMEDOUT)
        say("任务超时！");
    return rc == -ETIMEDOUT ? 0 : rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
