/* awaitables - three things can be awaited: a call, a task and a future.
 *
 * asyncio: coroutine objects, Tasks, Futures.  A task is a future here, too.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long seven(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    return 7;
}

static long body(void *arg)
{
    rio_task *task = rio_create_task(seven, NULL);
    rio_future *future = rio_future_new();

    (void)arg;
    RIO_TRY(rio_future_set_result(future, 7));
    say_word("%ld", await(seven(NULL)));
    say_word("%ld", await(rio_join_unref(task)));
    say_word("%ld", await(rio_join_unref(future)));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
