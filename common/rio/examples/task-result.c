/* task-result - what a task has made is there when it has been awaited.
 *
 * asyncio: result = await task.  The number that a task returns says how it went; what
 * is more goes into its argument.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct fetch {
    const char *url;
    char data[32];
};

static long fetch(void *arg)
{
    struct fetch *f = arg;

    RIO_TRY(await(rio_sleep(seconds(1))));
    return snprintf(f->data, sizeof f->data, "%s 的数据", f->url);
}

static long body(void *arg)
{
    struct fetch f = {.url = "url1"};
    rio_task *task = rio_create_task(fetch, &f);

    (void)arg;
    RIO_TRY(await(rio_join_unref(task)));
    say("%s", f.data);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
