/* 000-file - writes a file and reads it back without blocking the loop.
 *
 * asyncio: aiofiles.open("example.txt", "w"), await f.write(...).  A ticker watches:
 * its gaps stay short. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>

#include "rio/examples/demo.h"

static const char *const file = "example.txt", *const content = "异步写入内容";
static int64_t longest; /* between two ticks */

static long ticker(void *arg)
{
    (void)arg;
    for (int64_t last = rio_now();; last = rio_now()) {
        RIO_TRY(await(rio_sleep(5 * RIO_MS)));
        if (rio_now() - last > longest)
            longest = rio_now() - last;
    }
}

RIO_AWAITS static long write_file(void)
{
    int fd = await(rio_openat(AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC, 0666));
    long rc;

    if (fd < 0)
        return fd;
    rc = await(rio_pwrite(fd, content, strlen(content), 0));
    if (rc >= 0)
        rc = await(rio_fsync(fd));
    RIO_IGNORE(await(rio_close(fd)));
    return rc;
}

RIO_AWAITS static long read_file(char *text, size_t n)
{
    int fd = await(rio_openat(AT_FDCWD, file, O_RDONLY, 0));
    long rc;

    if (fd < 0)
        return fd;
    rc = await(rio_pread(fd, text, n - 1, 0));
    text[rc < 0 ? 0 : rc] = '\0';
    RIO_IGNORE(await(rio_close(fd)));
    return rc;
}

static long body(void *arg)
{
    RIO_AUTO_TASK ticks = rio_create_task(ticker, NULL);
    char text[64];

    (void)arg;
    RIO_TRY(await(write_file()));
    RIO_TRY(await(read_file(text, sizeof text)));
    say("%s: %s", file, text);
    RIO_TRY(await(rio_sleep(seconds(0.5))));
    say("longest gap of the ticker: %d ms", (int)(longest / RIO_MS));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
