/* 001-wait-first - the first of three answers is enough.
 *
 * asyncio: wait(tasks, return_when=FIRST_COMPLETED).  The done ones come first in the
 * array afterwards.  The end of the program cancels those that still run.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

struct fetch {
    const char *url;
    double delay;
};

static long fetch(void *arg)
{
    const struct fetch *f = arg;
    int rc = await(rio_sleep(seconds(f->delay)));

    if (rc == -ECANCELED)
        (void)fprintf(stderr, "%s: cancelled\n", f->url);
    return rc;
}

static rio_task *start(const char *url, double delay)
{
    struct fetch f = {url, delay};

    return rio_create_task_ex(fetch, &f, sizeof f, &(rio_task_opts){.name = url});
}

static long body(void *arg)
{
    rio_task *tasks[] = {start("url1", 2), start("url2", 1), start("url3", 3)};
    long n = await(rio_wait(tasks, 3, RIO_FIRST_COMPLETED, RIO_FOREVER));

    (void)arg;
    say("已完成: %ld, 未完成: %ld", n, 3 - n);
    for (long i = 0; i < n; i++)
        say("结果: %s 完成", rio_task_name(tasks[i]));
    for (int i = 0; i < 3; i++)
        rio_unref(tasks[i]);
    return n;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
