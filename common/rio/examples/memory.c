/* memory - what a task costs that waits: one page of its stack, and no thread.
 *
 *     memory [TASKS]
 *
 * asyncio: coroutines are lighter than threads.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "rio/examples/demo.h"

static long wait_for_event(void *arg)
{
    return await(rio_event_wait(arg));
}

static double resident_bytes(void)
{
    long size, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f == NULL)
        return 0;
    if (fscanf(f, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    (void)fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static long body(void *arg)
{
    long n = demo_number(0, 100000);
    double before = resident_bytes();
    rio_event go = {0};
    rio_group g;
    long rc = rio_group_enter(&g);

    (void)arg;
    for (long i = 0; i < n && rc == 0; i++)
        if (rio_group_spawn(&g, wait_for_event, &go) == NULL)
            rc = -ENOMEM;
    if (rc == 0)
        rc = await(rio_yield()); /* all have begun now, and wait */
    say("%ld tasks, %.1f KiB each", n, (resident_bytes() - before) / (double)n / 1024);
    rio_event_set(&go);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
