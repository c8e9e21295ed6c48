/* context-error - the exit runs when the body fails, and passes the error on.
 *
 * asyncio: async with, around code that raises.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

RIO_AWAITS static long manager_enter(void)
{
    say("进入上下文");
    return await(rio_yield());
}

RIO_AWAITS static long manager_exit(long rc)
{
    RIO_IGNORE(await(rio_yield()));
    say("退出上下文 rc=%ld", rc);
    return rc;
}

RIO_AWAITS static long work(void)
{
    RIO_TRY(await(rio_yield()));
    return rio_error(-EIO, "the manager cannot do something");
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
