/* task-is-future - a task is a future, and can do what a future can; but only its own
 * function can give it a result.
 *
 * asyncio: Task is a subclass of Future, without set_result().
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long work(void *arg)
{
    (void)arg;
    return 1;
}

static long body(void *arg)
{
    RIO_AUTO_TASK t = rio_create_task(work, arg);
    int rc = rio_future_set_result(t, 2);

    say("%s", rc == -ENOTSUP ? "-ENOTSUP" : "it took the result");
    RIO_TRY(await(rio_join(t)));
    return rio_future_result(t) == 1 ? 0 : -EPROTO;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
