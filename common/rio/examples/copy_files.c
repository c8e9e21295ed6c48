/* copy_files - copies the files of one directory into another, many at once.
 *
 *     copy_files FROM TO
 *
 * Every file has a task of its own; a semaphore lets so many of them work at a time as
 * descriptors and memory allow.  Nothing that exists in TO is overwritten.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rio/rio.h"

enum { AT_A_TIME = 64, BLOCK = 64 << 10 };

struct copy {
    int from, to; /* the directories */
    const char *name;
    rio_sem *places;
};

/* Returns  0, or -errno */
RIO_AWAITS static long write_all(int fd, const char *bytes, size_t n, off_t at)
{
    while (n > 0) {
        ssize_t rc = await(rio_pwrite(fd, bytes, n, at));

        if (rc < 0)
            return rc;
        bytes += rc;
        n -= (size_t)rc;
        at += rc;
    }
    return 0;
}

RIO_AWAITS static long copy_bytes(int in, int out)
{
    char *block = malloc(BLOCK);
    off_t at = 0;
    long rc = 1;

    if (block == NULL)
        return -ENOMEM;
    while (rc > 0) {
        rc = await(rio_pread(in, block, BLOCK, at));
        if (rc > 0) {
            size_t n = (size_t)rc;

            rc = await(write_all(out, block, n, at));
            at += (off_t)n;
            if (rc == 0)
                rc = 1;
        }
    }
    free(block);
    return rc;
}

RIO_AWAITS static long copy_open(const struct copy *c, int in)
{
    struct statx st;
    int out;
    long rc;

    RIO_TRY(await(rio_statx(in, "", AT_EMPTY_PATH, STATX_MODE, &st)));
    if (!S_ISREG(st.stx_mode))
        return 0;
    out = await(
        rio_openat(c->to, c->name, O_WRONLY | O_CREAT | O_EXCL, st.stx_mode & 0777));
    if (out < 0)
        return out;
    rc = await(copy_bytes(in, out));
    if (rc == 0)
        rc = await(rio_fsync(out));
    RIO_IGNORE(await(rio_close(out))); /* fsync has told what close would */
    return rc;
}

RIO_AWAITS static long copy_one(const struct copy *c)
{
    int in = await(rio_openat(c->from, c->name, O_RDONLY | O_NONBLOCK, 0));
    long rc;

    if (in < 0)
        return in;
    rc = await(copy_open(c, in));
    RIO_IGNORE(await(rio_close(in)));
    return rc;
}

static long copy_task(void *arg)
{
    struct copy *c = arg;
    long rc;

    RIO_WITH_SEM(c->places, &rc)
    rc = await(copy_one(c));
    if (rc < 0)
        return rio_error(rc, "%s: %s", c->name, strerror((int)-rc));
    return 0;
}

RIO_AWAITS static long copy_all(int from, int to, char **names, size_t n)
{
    struct copy *copies = calloc(n + 1, sizeof *copies);
    rio_sem places;
    long rc = rio_sem_init(&places, AT_A_TIME);

    if (copies == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        copies[i] = (struct copy){from, to, names[i], &places};
    if (rc == 0)
        rc = await(rio_gather_map(copy_task, copies, n, sizeof *copies, NULL, 0));
    free(copies);
    return rc;
}

static long copy_files(void *arg)
{
    char **dirs = arg, **names;
    int from = await(rio_openat(AT_FDCWD, dirs[0], O_RDONLY | O_DIRECTORY, 0));
    int to = await(rio_openat(AT_FDCWD, dirs[1], O_RDONLY | O_DIRECTORY, 0));
    ssize_t n = from < 0 ? from : to;
    long rc;

    if (n >= 0)
        n = await(rio_listdir(from, ".", &names));
    if (n < 0)
        return rio_error(n, "%s or %s: %s", dirs[0], dirs[1], strerror((int)-n));
    rc = await(copy_all(from, to, names, (size_t)n));
    free(names);
    RIO_IGNORE(await(rio_close(from)));
    RIO_IGNORE(await(rio_close(to)));
    return rc < 0 ? rc : n;
}

int main(int argc, char **argv)
{
    long rc;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: copy_files FROM TO\n");
        return 2;
    }
    rc = rio_run(copy_files, argv + 1);
    if (rc < 0) {
        const char *why = rio_task_error(NULL);

        (void)fprintf(stderr, "copy_files: %s\n",
                      why == NULL ? strerror((int)-rc) : why);
        return 1;
    }
    (void)printf("%ld entries\n", rc);
    return 0;
}
