/* 001-create-task - three requests at the same time: the slowest one counts.
 *
 * asyncio: create_task() three times, then three awaits.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct fetch {
    const char *url;
    double delay;
    char data[32];
};

static long fetch(void *arg)
{
    struct fetch *f = arg;

    say("开始请求 %s", f->url);
    RIO_TRY(await(rio_sleep(seconds(f->delay))));
    say("完成请求 %s", f->url);
    (void)snprintf(f->data, sizeof f->data, "%s 的数据", f->url);
    return 0;
}

static long body(void *arg)
{
    struct fetch f[] = {{"url1", 2, ""}, {"url2", 1, ""}, {"url3", 3, ""}};
    rio_task *t1 = rio_create_task(fetch, &f[0]);
    rio_task *t2 = rio_create_task(fetch, &f[1]);
    rio_task *t3 = rio_create_task(fetch, &f[2]);

    (void)arg;
    RIO_TRY(await(rio_join_unref(t1)));
    RIO_TRY(await(rio_join_unref(t2)));
    RIO_TRY(await(rio_join_unref(t3)));
    say("结果: %s, %s, %s", f[0].data, f[1].data, f[2].data);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
