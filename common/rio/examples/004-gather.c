/* 004-gather - gather waits for all, and the results stand where the arguments stood.
 *
 * asyncio: results = await asyncio.gather(fetch(1, 2), fetch(2, 1), fetch(3, 3)).
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/examples/demo.h"

struct fetch {
    int id, delay;
    char data[32];
};

static long fetch_data(void *arg)
{
    struct fetch *f = arg;

    say("开始获取 URL %d", f->id);
    RIO_TRY(await(rio_sleep(seconds(f->delay))));
    say("完成获取 URL %d", f->id);
    (void)snprintf(f->data, sizeof f->data, "数据来自 URL %d", f->id);
    return 0;
}

static long body(void *arg)
{
    struct fetch f[] = {{1, 2, ""}, {2, 1, ""}, {3, 3, ""}};

    (void)arg;
    RIO_TRY(RIO_GATHER_ARRAY(fetch_data, f));
    say("所有任务完成!");
    for (int i = 0; i < 3; i++)
        say("收到: %s", f[i].data);
    say("总耗时: %.2f 秒", elapsed());
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
