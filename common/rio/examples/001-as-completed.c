/* 001-as-completed - who comes back first is dealt with first.
 *
 * asyncio: for task in asyncio.as_completed(tasks)
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long fetch(void *arg)
{
    const double *delay = arg;

    return await(rio_sleep(seconds(*delay)));
}

static rio_task *start(const char *url, double delay)
{
    return rio_create_task_ex(fetch, &delay, sizeof delay,
                              &(rio_task_opts){.name = url});
}

static long body(void *arg)
{
    rio_task *tasks[] = {start("url1", 3), start("url2", 1), start("url3", 2)};
    rio_future *done;
    long rc;

    (void)arg;
    RIO_FOR_EACH(rio_as_completed(tasks, 3, RIO_FOREVER), &done, rc)
    {
        say("%s 完成", rio_task_name(done));
    }
    for (int i = 0; i < 3; i++)
        rio_unref(tasks[i]);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
