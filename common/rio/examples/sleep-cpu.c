/* sleep-cpu - a task that sleeps, and a loop that waits for it, use no processor.
 *
 *     sleep-cpu [SECONDS]
 *
 * asyncio: await asyncio.sleep(), which is not a busy loop.
 * SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include "rio/examples/demo.h"

static double cpu_ms(void)
{
    struct rusage u;

    if (getrusage(RUSAGE_SELF, &u) < 0)
        return 0;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static long body(void *arg)
{
    double before = cpu_ms(), used;

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds((double)demo_number(0, 5)))));
    used = cpu_ms() - before;
    say("less than 10 ms of CPU time: %s", used < 10 ? "yes" : "no");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
