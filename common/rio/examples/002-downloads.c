/* 002-downloads - any number of tasks in an array, and one gather for all of them.
 *
 *     002-downloads [N]
 *
 * asyncio: tasks = [create_task(download(i)) for i in range(3)]; gather(*tasks).
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/examples/demo.h"

static long download(void *arg)
{
    const int *i = arg;

    say("Start %d", *i);
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("End %d", *i);
    return 0;
}

static long body(void *arg)
{
    size_t n = (size_t)demo_number(0, 3);
    rio_task **tasks = calloc(n + 1, sizeof(rio_task *));
    long rc;

    (void)arg;
    if (tasks == NULL)
        return -ENOMEM;
    for (int i = 0; i < (int)n; i++)
        tasks[i] = rio_create_task_copy(download, &i, sizeof i);
    rc = await(rio_gather(tasks, n, NULL, 0));
    for (size_t i = 0; i < n; i++)
        rio_unref(tasks[i]);
    free(tasks);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
