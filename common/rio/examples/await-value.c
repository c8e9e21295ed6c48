/* await-value - an await has a value: what the coroutine returned.
 *
 * asyncio: result = await compute()
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long compute(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    return 123;
}

static long body(void *arg)
{
    long value = RIO_TRY(await(compute(arg)));

    say("got %ld", value);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
