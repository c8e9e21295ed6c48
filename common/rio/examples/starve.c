/* starve - nobody is interrupted between two awaits: a task that computes for half a
 * second starves all others.  Debug mode tells on stderr which one it was.
 *
 * asyncio: cooperative, not preemptive; loop.slow_callback_duration in debug mode.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long greedy(void *arg)
{
    int64_t until = rio_now() + RIO_SEC / 2; /* of real time, whatever --scale says */

    (void)arg;
    say("greedy computes");
    while (rio_now() < until)
        continue; /* a rio_yield() here would let the ticker run */
    say("greedy is done");
    return 0;
}

static long ticker(void *arg)
{
    (void)arg;
    for (int i = 1; i <= 3; i++) {
        say("tick %d", i);
        RIO_TRY(await(rio_sleep(seconds(0.1))));
    }
    return 0;
}

static long body(void *arg)
{
    const rio_task_opts name = {.name = "greedy"};

    rio_set_debug(rio_get_running_loop(), true);
    RIO_AUTO_TASK t1 = rio_create_task(ticker, arg);
    RIO_AUTO_TASK t2 = rio_create_task_ex(greedy, arg, 0, &name);
    RIO_TRY(await(rio_join(t2)));
    return await(rio_join(t1));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
