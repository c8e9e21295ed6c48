/* 001-periodic - work every five seconds, cancelled after thirty.
 *
 * asyncio: periodic_task(), task.cancel(), except CancelledError.  The seventh round
 * would begin at the very second of the cancel, which was armed first.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long periodic(void *arg)
{
    (void)arg;
    for (;;) {
        say("执行定时任务…");
        RIO_TRY(await(rio_sleep(seconds(5))));
    }
}

static long body(void *arg)
{
    rio_task *t = rio_create_task(periodic, NULL);
    long rc;

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(30))));
    rio_task_cancel(t);
    rc = await(rio_join_unref(t));
    if (rc != -ECANCELED)
        return rc;
    say("任务已取消");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
