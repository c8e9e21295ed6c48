/* gather-mixed - gather takes tasks and futures in one array, done or not.
 *
 * asyncio: gather(coroutine, task, future).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long after(void *arg)
{
    long *n = arg;

    RIO_TRY(await(rio_sleep(seconds((double)*n))));
    return *n;
}

static long set_three(void *arg)
{
    return rio_future_set_result(arg, 3);
}

static long body(void *arg)
{
    long one = 1, results[3];
    RIO_AUTO_TASK sleeper = rio_create_task(after, &one);
    rio_future *done = rio_future_new(), *later = rio_future_new();
    long rc;

    (void)arg;
    RIO_TRY(rio_future_set_result(done, 2));
    rio_call_later(seconds(0.5), set_three, later);
    rc = await(rio_gather((rio_future *[]){sleeper, done, later}, 3, results, 0));
    if (rc == 0)
        say("%ld %ld %ld", results[0], results[1], results[2]);
    rio_unref(done);
    rio_unref(later);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
