/* unhandled - an error that nobody asks for is reported on stderr when the last
 * reference to its task goes; the loop and all other tasks go on.
 *
 * asyncio: "Task exception was never retrieved".
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long failing(void *arg)
{
    (void)arg;
    return rio_error(-EIO, "An error occurred in the task.");
}

static long other(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("the other task finished");
    return 0;
}

static long body(void *arg)
{
    RIO_AUTO_TASK task = rio_create_task(other, NULL);

    (void)arg;
    rio_unref(rio_create_task(failing, NULL)); /* nobody will ask */
    return await(rio_join(task));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
