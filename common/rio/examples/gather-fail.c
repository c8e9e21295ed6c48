/* gather-fail - one of two tasks fails.  Here gather then cancels the other one and
 * waits for it, because it may work on the caller's memory; with --detach it returns at
 * once and the other one goes on, as asyncio's does.
 *
 * asyncio: gather(..., return_exceptions=False).
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long failing(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    return rio_error(-EIO, "出错了");
}

static long other(void *arg)
{
    long rc = await(rio_sleep(seconds(2)));

    (void)arg;
    say("other %s", rc == -ECANCELED ? "cancelled" : "finished");
    return rc;
}

static long body(void *arg)
{
    RIO_AUTO_TASK t1 = rio_create_task(failing, arg);
    RIO_AUTO_TASK t2 = rio_create_task(other, arg);
    unsigned flags = demo_has("--detach") ? RIO_DETACH : 0;
    long rc = await(rio_gather((rio_task *[]){t1, t2}, 2, NULL, flags));

    say("error %ld %s", rc, rio_task_error(t1));
    if (!rio_future_done(t2))
        RIO_IGNORE(await(rio_join(t2)));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
