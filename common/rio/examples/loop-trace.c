/* loop-trace - the loop takes a ready task, runs it to its next wait, takes the next.
 *
 * asyncio: the event loop.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long step(void *arg)
{
    const char *name = arg;

    for (int i = 1; i <= 3; i++) {
        say_word("%s%d", name, i);
        RIO_TRY(await(rio_yield()));
    }
    return 0;
}

static long body(void *arg)
{
    rio_task *a = rio_create_task(step, "A"), *b = rio_create_task(step, "B");

    (void)arg;
    RIO_TRY(await(rio_join_unref(a)));
    return await(rio_join_unref(b));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
