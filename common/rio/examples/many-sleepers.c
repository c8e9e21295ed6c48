/* many-sleepers - ten thousand tasks wait at the same time, on one thread.
 *
 *     many-sleepers [TASKS [SECONDS]]
 *
 * asyncio: what it is for.  The whole takes as long as one of them.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>

#include "rio/examples/demo.h"

static int64_t nap;
static long done;

static long sleeper(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(nap)));
    done++;
    return 0;
}

static long threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    long n = -2; /* "." and ".." */

    if (dir == NULL)
        return -errno;
    while (readdir(dir) != NULL)
        n++;
    (void)closedir(dir);
    return n;
}

static long body(void *arg)
{
    rio_group all;
    long rc;

    (void)arg;
    nap = seconds((double)demo_number(1, 1));
    rio_group_enter(&all);
    for (long n = demo_number(0, 10000); n > 0; n--)
        rio_group_spawn(&all, sleeper, NULL);
    rc = await(rio_group_exit(&all, 0));
    rio_group_destroy(&all);
    say("%ld done", done);
    say("%ld thread", threads());
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
