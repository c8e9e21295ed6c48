/* 001-timeout - ten seconds of work, three seconds of patience.
 *
 * asyncio: wait_for(slow_operation(), timeout=3)
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long slow_operation(void *arg)
{
    (void)arg;
    return await(rio_sleep(seconds(10)));
}

static long body(void *arg)
{
    long rc = await(rio_wait_for_call(slow_operation, arg, seconds(3)));

    if (rc != -ETIMEDOUT)
        return rc;
    say("任务超时!");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
