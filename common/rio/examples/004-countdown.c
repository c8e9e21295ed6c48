/* 004-countdown - two tasks count down side by side: three seconds, not five.  Each
 * await goes on as soon as its own task is done, so the first result comes at two
 * seconds.
 *
 * asyncio: count_down("A", 2) and count_down("B", 3) as tasks.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/examples/demo.h"

struct countdown {
    const char *name;
    int seconds;
    char result[32];
};

static long count_down(void *arg)
{
    struct countdown *c = arg;

    say("任务 %s: 开始倒计时 %d 秒", c->name, c->seconds);
    RIO_TRY(await(rio_sleep(seconds(c->seconds))));
    say("任务 %s: 倒计时结束", c->name);
    (void)snprintf(c->result, sizeof c->result, "%s 完成", c->name);
    return 0;
}

static long body(void *arg)
{
    struct countdown a = {"A", 2, ""}, b = {"B", 3, ""};
    RIO_AUTO_TASK t1 = rio_create_task(count_down, &a);
    RIO_AUTO_TASK t2 = rio_create_task(count_down, &b);

    (void)arg;
    say("任务已创建，等待它们完成...");
    RIO_TRY(await(rio_join(t1)));
    say("结果 1: %s", a.result);
    RIO_TRY(await(rio_join(t2)));
    say("结果 2: %s", b.result);
    say("总耗时: %.2f 秒", elapsed());
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
