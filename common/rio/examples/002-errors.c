/* 002-errors - try and except: a negative result is an error, and may have a message.
 *
 * asyncio: try: raise ValueError(...) except Exception as e: print("error", e).
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

RIO_AWAITS static long risky(void)
{
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    return rio_error(-EINVAL, "An error occurred");
}

static long body(void *arg)
{
    (void)arg;
    if (await(risky()) < 0)
        say("error %s", rio_task_error(NULL));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
