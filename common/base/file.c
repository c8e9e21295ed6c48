/* file - whole-file reads and private, atomic writes.  Everything here blocks.
 * SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"

enum { READ_CHUNK = 16 * 1024 };

/* Reads until the end of the file.  A full buffer is not an error before a further
 * byte proves that there is more. */
static int read_to_end(int fd, struct rq_buf *out)
{
    for (;;) {
        uint8_t beyond;
        size_t left = out->max - out->len;
        size_t want = left < READ_CHUNK ? left : READ_CHUNK;
        ssize_t n;

        if (want > 0) {
            int rc = rq_buf_reserve(out, want);
            if (rc < 0)
                return rc;
        }
        n = want > 0 ? read(fd, rq_buf_tail(out), want) : read(fd, &beyond, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        if (want == 0)
            return -ENOBUFS;
        rq_buf_commit(out, (size_t)n);
    }
}

int rq_file_read(const char *path, struct rq_buf *out)
{
    size_t len_before = out->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return -errno;

    int rc = read_to_end(fd, out);
    if (rc < 0)
        rq_buf_truncate(out, len_before);
    close(fd);
    return rc;
}

static int write_all(int fd, struct rq_slice data)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.ptr, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data.ptr += n;
        data.len -= (size_t)n;
    }
    return 0;
}

/* A rename is lasting once the directory that holds it is on disk. */
static int sync_parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    int rc = 0;

    if (dir == NULL)
        return -ENOMEM;

    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    if (fd < 0)
        return -errno;
    if (fsync(fd) < 0)
        rc = -errno;
    close(fd);
    return rc;
}

int rq_file_write_atomic(const char *path, struct rq_slice data)
{
    char *temporary = NULL;
    bool exists = false;
    int fd = -1, rc;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return -ENOMEM;
    fd = mkostemp(temporary, O_CLOEXEC); /* O_EXCL, mode 0600 */
    if (fd < 0) {
        rc = -errno;
        goto out;
    }
    exists = true;
    rc = write_all(fd, data);
    FAILPOINT_ERROR("file.before_fsync", rc);
    if (rc < 0)
        goto out;
    if (fsync(fd) < 0) {
        rc = -errno;
        goto out;
    }
    FAILPOINT("file.before_rename");
    if (rename(temporary, path) < 0) {
        rc = -errno;
        goto out;
    }
    FAILPOINT("file.renamed");
    exists = false;
    rc = sync_parent_of(path);
out:
    if (exists)
        rq_ignore(unlink(temporary) < 0); /* the first failure is the one to tell */
    if (fd >= 0)
        close(fd);
    free(temporary);
    return rc;
}

/* Is `path` a directory of ours that nobody else can enter? */
static int check_private_dir(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return -EPERM;
    return 0;
}

/* Makes the parents of `path`, which is cut at each slash in turn and mended. */
static int make_parents(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        int rc = mkdir(path, 0755) < 0 ? -errno : 0;
        *slash = '/';
        if (rc < 0 && rc != -EEXIST)
            return rc;
    }
    return 0;
}

int rq_file_make_private_dir(const char *path)
{
    char *copy = strdup(path);
    size_t len = strlen(path);
    int rc;

    if (copy == NULL)
        return -ENOMEM;
    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = '\0';

    rc = len == 0 ? -ENOENT : make_parents(copy);
    if (rc == 0 && mkdir(copy, 0700) < 0 && errno != EEXIST)
        rc = -errno;
    if (rc == 0)
        rc = check_private_dir(copy);
    free(copy);
    return rc;
}
