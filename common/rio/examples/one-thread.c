/* one-thread - a thousand tasks, and still a single thread.
 *
 * asyncio: it is neither threads nor processes, but switching at awaits.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "rio/examples/demo.h"

enum { TASKS = 1000 };

static long waiting(void *arg)
{
    (void)arg;
    return await(rio_sleep(seconds(1)));
}

/* Prints what the kernel says, without its tab. */
static long print_threads(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[128];

    if (status == NULL)
        return -errno;
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "Threads:", 8) == 0)
            say("Threads: %.*s", (int)strcspn(line + 9, "\n"), line + 9);
    (void)fclose(status);
    return 0;
}

static long body(void *arg)
{
    rio_group all;
    long rc;

    (void)arg;
    rio_group_enter(&all);
    for (int i = 0; i < TASKS; i++)
        rio_group_spawn(&all, waiting, NULL);
    RIO_IGNORE(await(rio_sleep(seconds(0.5)))); /* now all of them wait */
    rc = print_threads();
    rc = await(rio_group_exit(&all, rc));
    rio_group_destroy(&all);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
