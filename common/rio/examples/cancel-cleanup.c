/* cancel-cleanup - a cancellation is delivered once, so the clean-up after it may wait
 * again: inside a time limit, lest it never end.
 *
 * asyncio: `except CancelledError: await cleanup(); raise`.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

RIO_AWAITS static long clean_up(void)
{
    rio_timeout limit;
    long rc;

    rio_timeout_enter(&limit, seconds(5));
    rc = await(rio_sleep(seconds(0.5))); /* says goodbye to somebody */
    return rio_timeout_exit(&limit, rc);
}

static long worker(void *arg)
{
    long rc = await(rio_sleep(seconds(60)));

    (void)arg;
    if (rc < 0 && await(clean_up()) == 0)
        say("cleanup done");
    return rc;
}

static long body(void *arg)
{
    RIO_AUTO_TASK task = rio_create_task(worker, NULL);

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    rio_task_cancel(task);
    if (await(rio_join(task)) == -ECANCELED)
        say("cancelled");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
