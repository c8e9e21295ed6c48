/* nested-run - a thread runs one loop at a time.
 *
 * asyncio: RuntimeError "asyncio.run() cannot be called from a running event loop".
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio/examples/demo.h"

static long inner(void *arg)
{
    (void)arg;
    return 0;
}

static long body(void *arg)
{
    long rc = rio_run(inner, arg);

    say("-%s", strerrorname_np((int)-rc));
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    say("the outer run goes on");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
