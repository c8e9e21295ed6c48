/* 001-return-errors - one fails, the other goes on, and both results are there.
 *
 * asyncio: gather(..., return_exceptions=True)
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long fails(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    return rio_error(-EINVAL, "出错了");
}

static long succeeds(void *arg)
{
    const char **text = arg;

    RIO_TRY(await(rio_sleep(seconds(1))));
    *text = "成功";
    return 0;
}

static long body(void *arg)
{
    const char *text = NULL;
    rio_task *tasks[] = {rio_create_task(fails, NULL),
                         rio_create_task(succeeds, &text)};
    long results[2];
    long rc = await(rio_gather(tasks, 2, results, RIO_RETURN_ERRORS));

    (void)arg;
    if (rc == 0)
        say("[%ld '%s', '%s']", results[0], rio_task_error(tasks[0]), text);
    rio_unref(tasks[0]);
    rio_unref(tasks[1]);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
