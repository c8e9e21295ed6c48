/* timeout-cleanup - a task that is given up cleans up first, and is waited for.
 *
 * asyncio: try/finally in a task under wait_for().
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long slow(void *arg)
{
    long rc = await(rio_sleep(seconds(10)));

    (void)arg;
    RIO_IGNORE(await(rio_sleep(seconds(0.2)))); /* clean-up may wait */
    say("cleanup");
    return rc;
}

static long body(void *arg)
{
    rio_task *t = rio_create_task(slow, arg);
    long rc = await(rio_wait_for(t, seconds(3)));

    rio_unref(t);
    if (rc == -ETIMEDOUT)
        say("任务超时！");
    return rc == -ETIMEDOUT ? 0 : rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
