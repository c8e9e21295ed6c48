/* event-many - an event wakes all who wait, and lets latecomers pass at once.
 *
 * asyncio: Event.set()
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long waiter(void *arg)
{
    rio_event *event = arg;

    RIO_TRY(await(rio_event_wait(event)));
    say("go");
    return 0;
}

static long body(void *arg)
{
    rio_event event = {0};
    rio_group g;
    long rc;

    (void)arg;
    rio_group_enter(&g);
    for (int i = 0; i < 5; i++)
        rio_group_spawn(&g, waiter, &event);
    rc = await(rio_sleep(seconds(2)));
    rio_event_set(&event);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    if (rc == 0)
        rc = await(rio_event_wait(&event));
    say("late: go");
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
