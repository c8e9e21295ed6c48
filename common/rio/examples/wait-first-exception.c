/* wait-first-exception - waits until one of them fails, or all have ended.
 *
 * asyncio: wait(tasks, return_when=FIRST_EXCEPTION)
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long work(void *arg)
{
    const int *n = arg;

    RIO_TRY(await(rio_sleep(seconds(*n))));
    return *n == 2 ? rio_error(-EIO, "the second one fails") : *n;
}

static long body(void *arg)
{
    rio_task *tasks[3];
    long done;

    (void)arg;
    for (int n = 1; n <= 3; n++)
        tasks[n - 1] = rio_create_task_copy(work, &n, sizeof n);
    done = await(rio_wait(tasks, 3, RIO_FIRST_EXCEPTION, RIO_FOREVER));
    say("done %ld, pending %ld", done, 3 - done);
    for (int i = 0; i < done; i++)
        say("result %ld", rio_future_result(tasks[i]));
    for (int i = 0; i < 3; i++)
        rio_unref(tasks[i]);
    return done;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
