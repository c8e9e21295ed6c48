/* done-callback - the loop calls back when a task is done.  A callback is a plain
 * function: it cannot wait.
 *
 * asyncio: task.add_done_callback().
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long answer(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    return 42;
}

static void print_result(rio_future *f, void *arg)
{
    (void)arg;
    say("callback result=%ld", rio_future_result(f));
}

static long body(void *arg)
{
    RIO_AUTO_TASK task = rio_create_task(answer, NULL);

    (void)arg;
    RIO_TRY(rio_future_add_done_callback(task, print_result, NULL));
    return await(rio_sleep(seconds(2)));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
