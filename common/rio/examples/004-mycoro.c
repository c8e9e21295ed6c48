/* 004-mycoro - to describe a coroutine is not to run it: the struct is what Python's
 * coroutine object is, a function with its arguments.
 *
 * asyncio: coro = my_coroutine("A"); print(coro); result = await coro.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/examples/demo.h"

struct my_coroutine {
    const char *name;
    char result[32];
};

RIO_AWAITS static long my_coroutine(void *arg)
{
    struct my_coroutine *c = arg;

    say("协程 %s: 开始执行", c->name);
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("协程 %s: I/O 操作完成，恢复执行", c->name);
    (void)snprintf(c->result, sizeof c->result, "结果来自 %s", c->name);
    return 0;
}

static long body(void *arg)
{
    struct my_coroutine coro = {.name = "A"};

    (void)arg;
    say("协程对象: <my_coroutine %s>", coro.name);
    RIO_TRY(await(my_coroutine(&coro)));
    say("Main 协程收到: %s", coro.result);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
