/* create-task-lazy - a new task starts when its maker next waits, not before.
 *
 * asyncio: create_task() "schedules" a coroutine.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long child(void *arg)
{
    (void)arg;
    say("started");
    return 0;
}

static long body(void *arg)
{
    rio_task *t = rio_create_task(child, NULL);

    (void)arg;
    say("created");
    return await(rio_join_unref(t));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
