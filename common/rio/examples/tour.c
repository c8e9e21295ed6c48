/* tour - everyday librio in one program: run, task, gather, stream, file, thread.
 *
 * asyncio: the mind map at the end of tutorial 002.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "rio/examples/demo.h"

static void check(const char *what, bool ok)
{
    say("%s %s", what, ok ? "ok" : "failed");
}

static long twice(void *arg)
{
    long *n = arg;

    RIO_TRY(await(rio_sleep(seconds(0.1))));
    return *n *= 2;
}

RIO_AWAITS static long stream(void)
{
    int fd[2];
    rio_stream *s;
    char word[8];
    long rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -errno;
    rc = rio_stream_from_fd(fd[0], &s);
    if (rc == 0) {
        rc = await(rio_sendall(fd[1], "hello\n", 6));
        if (rc == 6)
            rc = await(rio_stream_readline(s, word, sizeof word));
        (void)rio_stream_close(s);
        RIO_IGNORE(await(rio_stream_wait_closed(s)));
        rio_stream_free(s);
    }
    RIO_IGNORE(await(rio_close(fd[1])));
    return rc;
}

RIO_AWAITS static long file(void)
{
    int fd = await(rio_openat(AT_FDCWD, "/proc/self/stat", O_RDONLY, 0));
    char text[64];
    long rc;

    if (fd < 0)
        return fd;
    rc = await(rio_pread(fd, text, sizeof text, 0));
    RIO_IGNORE(await(rio_close(fd)));
    return rc;
}

static long blocking(void *arg)
{
    return *(long *)arg; /* in a thread: it may block */
}

static long body(void *arg)
{
    long n = 21, many[] = {1, 2, 3};

    (void)arg;
    check("run", rio_current_task() != NULL);
    check("task", await(rio_join_unref(rio_create_task(twice, &n))) == 42);
    check("gather", RIO_GATHER_ARRAY(twice, many) == 0 && many[2] == 6);
    check("stream", await(stream()) == 6);
    check("file", await(file()) > 0);
    check("thread", await(rio_to_thread(blocking, &n)) == 42);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
