/* legacy-lib - a library that only knows how to block is called in a thread.  This one
 * blocks until the ticker has ticked five times: which it can, since the loop goes on.
 *
 * asyncio: await asyncio.to_thread(legacy_query).
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "rio/examples/demo.h"

/* An old library: no callback, no time limit, no mercy. */
static long legacy_query(void *arg)
{
    const int *fd = arg;
    char answer;

    return read(*fd, &answer, 1) == 1 ? answer : -errno;
}

static long ticker(void *arg)
{
    const int *fd = arg;
    char answer = 42;

    for (int i = 1; i <= 5; i++) {
        RIO_TRY(await(rio_sleep(seconds(0.1))));
        say("tick %d", i);
    }
    return write(*fd, &answer, 1) == 1 ? 0 : -errno;
}

static long body(void *arg)
{
    int fd[2];
    long rc;

    (void)arg;
    if (pipe2(fd, O_CLOEXEC) < 0)
        return -errno;
    RIO_AUTO_TASK t = rio_create_task(ticker, &fd[1]);
    rc = await(rio_to_thread(legacy_query, &fd[0]));
    say("legacy result %ld", rc);
    RIO_IGNORE(await(rio_join(t)));
    RIO_IGNORE(await(rio_close(fd[0])));
    RIO_IGNORE(await(rio_close(fd[1])));
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
