/* 003-cancel - a task that is cancelled in its sleep, and what becomes of it.
 *
 * The tutorial's task prints a line and swallows its cancellation; it then counts as
 * done, and the main program hears nothing.  With --reraise the task passes -ECANCELED
 * on, and the tutorial's last line appears; --swallow shows the result that the task
 * has else.
 *
 * asyncio: task.cancel().
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long cancellable_task(void *arg)
{
    long rc = 0;

    (void)arg;
    while (rc == 0) {
        say("Task is running...");
        rc = await(rio_sleep(seconds(1)));
    }
    say("Task was cancelled.");
    return demo_has("--reraise") ? rc : 0;
}

static long body(void *arg)
{
    RIO_AUTO_TASK task = rio_create_task(cancellable_task, NULL);
    long rc;

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(3))));
    rio_task_cancel(task);
    rc = await(rio_join(task));
    if (rc == -ECANCELED)
        say("Main: Task has been cancelled.");
    if (demo_has("--swallow"))
        say("result %ld, cancelled=%s", rc, rio_future_cancelled(task) ? "yes" : "no");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
