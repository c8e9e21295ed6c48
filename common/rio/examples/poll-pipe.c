/* poll-pipe - the loop watches descriptors: a task waits until a pipe can be read.
 *
 * asyncio: loop.add_reader(), the second duty of the event loop.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "rio/examples/demo.h"

static long write_later(void *arg)
{
    const int *fd = arg;

    return write(*fd, "!", 1) == 1 ? 0 : -errno;
}

static long body(void *arg)
{
    int fd[2];
    long rc;

    (void)arg;
    if (pipe2(fd, O_CLOEXEC) < 0)
        return -errno;
    rio_call_later(seconds(0.5), write_later, &fd[1]);
    rc = await(rio_poll_fd(fd[0], POLLIN));
    if (rc > 0)
        say("readable at %.1f s", elapsed());
    RIO_IGNORE(await(rio_close(fd[0])));
    RIO_IGNORE(await(rio_close(fd[1])));
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
