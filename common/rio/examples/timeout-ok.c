/* timeout-ok - a time limit that is not needed: the call's own result comes through.
 *
 * asyncio: await asyncio.wait_for(operation(), timeout=3).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long operation(void *arg)
{
    const char **result = arg;

    RIO_TRY(await(rio_sleep(seconds(1))));
    *result = "操作完成";
    return 0;
}

static long body(void *arg)
{
    const char *result = NULL;

    (void)arg;
    RIO_TRY(await(rio_wait_for_call(operation, &result, seconds(3))));
    say("%s", result);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
