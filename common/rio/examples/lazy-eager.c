/* lazy-eager - a task starts when its maker next waits, or on demand at once.
 *
 *     lazy-eager [--eager]
 *
 * asyncio: create_task(), whose comment in the tutorial says that it starts at once;
 * with asyncio.eager_task_factory it really does.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long fetch(void *arg)
{
    const char *url = arg;

    say("开始请求 %s", url);
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("完成请求 %s", url);
    return 0;
}

static long body(void *arg)
{
    rio_task_opts opts = {.flags = demo_has("--eager") ? RIO_EAGER : 0};
    rio_task *t = rio_create_task_ex(fetch, "url1", 0, &opts);

    (void)arg;
    say("created");
    return await(rio_join_unref(t));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
