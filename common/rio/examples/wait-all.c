/* wait-all - waits until all have ended.
 *
 * asyncio: wait(tasks), return_when=ALL_COMPLETED is the default.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long work(void *arg)
{
    const int *n = arg;

    return await(rio_sleep(seconds(*n)));
}

static long body(void *arg)
{
    int naps[] = {2, 1, 3};
    rio_task *tasks[3];
    long done;

    (void)arg;
    for (int i = 0; i < 3; i++)
        tasks[i] = rio_create_task(work, &naps[i]);
    done = await(rio_wait(tasks, 3, RIO_ALL_COMPLETED, RIO_FOREVER));
    say("done %ld, pending %ld", done, 3 - done);
    for (int i = 0; i < 3; i++)
        rio_unref(tasks[i]);
    return done;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
