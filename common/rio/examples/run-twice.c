/* run-twice - each rio_run() makes a loop, runs it, and closes it: nothing is left.
 *
 * asyncio: asyncio.run() twice in one process.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>

#include "rio/examples/demo.h"

static long hello(void *arg)
{
    (void)arg;
    return await(rio_sleep(seconds(0.1)));
}

/* Open descriptors, without the one that looks. */
static int descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = -3; /* "." and ".." and d's own */

    if (d == NULL)
        return -1;
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n;
}

int main(int argc, char **argv)
{
    int before = descriptors();

    demo_setup(argc, argv);
    if (demo_run(hello, NULL) < 0 || demo_run(hello, NULL) < 0)
        return 1;
    say("fds before %d after %d", before, descriptors());
    return 0;
}
