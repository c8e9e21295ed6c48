/* 002-readfile - reads a file to its end without blocking the loop, and prints it.
 *
 *     002-readfile [FILE]
 *
 * asyncio: async with aiofiles.open("data.txt") as f: contents = await f.read().
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "rio/examples/demo.h"

struct contents {
    char *bytes;
    size_t n, room;
};

static long grow(struct contents *c)
{
    size_t room = c->room == 0 ? 4096 : 2 * c->room;
    char *bytes = realloc(c->bytes, room);

    if (bytes == NULL)
        return -ENOMEM;
    c->bytes = bytes;
    c->room = room;
    return 0;
}

RIO_AWAITS static long read_all(int fd, struct contents *c)
{
    ssize_t n;

    do {
        if (c->n == c->room)
            RIO_TRY(grow(c));
        n = await(rio_pread(fd, c->bytes + c->n, c->room - c->n, (off_t)c->n));
        if (n > 0)
            c->n += (size_t)n;
    } while (n > 0);
    return n;
}

static long body(void *arg)
{
    int fd = await(rio_openat(AT_FDCWD, demo_arg(0, "data.txt"), O_RDONLY, 0));
    struct contents c = {0};
    long rc;

    (void)arg;
    if (fd < 0)
        return fd;
    rc = await(read_all(fd, &c));
    RIO_IGNORE(await(rio_close(fd)));
    if (rc == 0 && c.n > 0 && c.bytes[c.n - 1] == '\n')
        c.n--; /* say() adds one */
    if (rc == 0)
        say("%.*s", (int)c.n, c.bytes);
    free(c.bytes);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
