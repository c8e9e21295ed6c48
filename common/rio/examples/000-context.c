/* 000-context - a scope with an enter and an exit, both of which may wait.
 *
 * asyncio: class AsyncContextManager, async with.  The exit gets the body's result and
 * returns the one to go on with, so nothing can be forgotten on the way out.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long manager_enter(void)
{
    say("进入上下文");
    return await(rio_sleep(seconds(0.1)));
}

RIO_AWAITS static long manager_exit(long rc)
{
    RIO_IGNORE(await(rio_sleep(seconds(0.1))));
    say("退出上下文");
    return rc;
}

RIO_AWAITS static long work(void)
{
    return await(rio_sleep(seconds(1)));
}

static long body(void *arg)
{
    long rc;

    (void)arg;
    RIO_TRY(await(manager_enter()));
    rc = await(work());
    return await(manager_exit(rc));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
