/* 004-timeout - a time limit that strikes: the task hears of it first, as a
 * cancellation; then the caller, as -ETIMEDOUT.
 *
 * asyncio: wait_for(), CancelledError inside, TimeoutError outside.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long slow_operation(void *arg)
{
    long rc = await(rio_sleep(seconds(5)));

    (void)arg;
    if (rc == -ECANCELED)
        say("slow was cancelled");
    return rc;
}

static long body(void *arg)
{
    RIO_AUTO_TASK slow = rio_create_task(slow_operation, arg);
    long rc = await(rio_wait_for(slow, seconds(2)));

    if (rc != -ETIMEDOUT)
        return rc;
    say("操作超时！");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
