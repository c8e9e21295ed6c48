/* 003-exception - an error in a task is a negative result with a message; it reaches
 * whoever joins the task.
 *
 * asyncio: faulty_task().
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long faulty_task(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    return rio_error(-EINVAL, "An error occurred in the task.");
}

static long body(void *arg)
{
    RIO_AUTO_TASK task = rio_create_task(faulty_task, NULL);

    (void)arg;
    if (await(rio_join(task)) < 0)
        say("Caught exception: %s", rio_task_error(task));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
