/* start-now-wait-later - a task is scheduled on its own: it is done before anybody
 * asks, and asking then takes no time.
 *
 * asyncio: task = create_task(work()); ...; await task.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long work(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("the task ends");
    return 7;
}

static long body(void *arg)
{
    RIO_AUTO_TASK t = rio_create_task(work, arg);
    double before;
    long result;

    RIO_TRY(await(rio_sleep(seconds(1.5)))); /* something else */
    before = elapsed();
    result = await(rio_join(t));
    say("result %ld after %.1f s", result, elapsed() - before);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
