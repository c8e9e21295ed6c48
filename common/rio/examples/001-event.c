/* 001-event - one task waits for a sign of another.
 *
 * asyncio: asyncio.Event
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long waiter(void *arg)
{
    rio_event *event = arg;

    say("等待事件…");
    RIO_TRY(await(rio_event_wait(event)));
    say("事件触发了!");
    return 0;
}

static long body(void *arg)
{
    rio_event event = {0};
    rio_task *t = rio_create_task(waiter, &event);

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(2))));
    rio_event_set(&event);
    return await(rio_join_unref(t));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
