/* not-parallel - concurrent is not parallel: two tasks that compute for half a second
 * each take one second together, because nobody is interrupted between two awaits.
 *
 * asyncio: "true concurrency", which is concurrency in one thread.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long compute(void *arg)
{
    double until = elapsed() + 0.5;

    say("%s starts", (const char *)arg);
    while (elapsed() < until)
        continue;
    say("%s ends", (const char *)arg);
    return 0;
}

static long body(void *arg)
{
    RIO_AUTO_TASK a = rio_create_task(compute, "A");
    RIO_AUTO_TASK b = rio_create_task(compute, "B");

    (void)arg;
    RIO_TRY(await(rio_join(a)));
    RIO_TRY(await(rio_join(b)));
    say("%.1f s", elapsed());
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
