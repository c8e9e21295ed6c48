/* stream-lines - counts the lines of a file of any size in the memory of one block.
 *
 *     stream-lines [FILE]
 *
 * asyncio: an async generator instead of a list.  Without a file it makes one of 1 GB,
 * with a line end after each 16 MB and nothing else, which takes no room on the disk.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "rio/examples/demo.h"

enum { BLOCK = 256 << 10, LINE = 16 << 20, LINES = 64 };

struct chunk {
    const char *bytes; /* lent until the next one */
    size_t n;
};

/* The generator: yields the file block by block. */
static long chunks(void *arg)
{
    const int *fd = arg;
    char *block = malloc(BLOCK);
    off_t at = 0;
    long rc = block == NULL ? -ENOMEM : 0;

    while (rc == 0) {
        rc = await(rio_pread(*fd, block, BLOCK, at));
        if (rc <= 0)
            break;
        at += rc;
        rc = await(rio_gen_yield(&(struct chunk){block, (size_t)rc}));
    }
    free(block);
    return rc;
}

RIO_AWAITS static int open_or_make(const char *path)
{
    static const char *const own = "stream-lines.tmp";
    int fd;

    if (path != NULL)
        return await(rio_openat(AT_FDCWD, path, O_RDONLY, 0));
    fd = await(rio_openat(AT_FDCWD, own, O_RDWR | O_CREAT | O_TRUNC, 0600));
    if (fd < 0)
        return fd;
    RIO_IGNORE(await(rio_unlinkat(AT_FDCWD, own, 0)));
    for (off_t i = 1; i <= LINES; i++)
        RIO_IGNORE(await(rio_pwrite(fd, "\n", 1, i * LINE - 1)));
    return fd;
}

static long peak_kib(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) < 0 ? -errno : usage.ru_maxrss;
}

static long body(void *arg)
{
    int fd = await(open_or_make(demo_arg(0, NULL)));
    rio_gen *gen = rio_gen_new(chunks, &fd, sizeof(struct chunk));
    long lines = 0, before = peak_kib(), rc;
    struct chunk c;

    (void)arg;
    RIO_FOR_EACH(rio_gen_iter(gen), &c, rc)
    {
        const char *at = c.bytes, *end = c.bytes + c.n;

        for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
            lines++;
    }
    say("%ld lines", lines);
    say("peak memory grew by %s 20 MB",
        peak_kib() - before < 20 << 10 ? "less than" : "more than");
    RIO_IGNORE(await(rio_gen_free(gen)));
    RIO_IGNORE(await(rio_close(fd)));
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
