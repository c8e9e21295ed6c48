/* never-awaited - an error that nobody asks for is reported.
 *
 * asyncio: "Task exception was never retrieved"
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long fails(void *arg)
{
    (void)arg;
    return rio_error(-EIO, "nobody looks");
}

static long body(void *arg)
{
    (void)arg;
    rio_unref(rio_create_task(fails, NULL)); /* no await, and the handle is dropped */
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    say("the program goes on");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
