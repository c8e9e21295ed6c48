/* file.c - files: one call, one operation; what the backend refuses runs in a thread.
 *
 * The kernel works on a file in a thread of its own when it would block, and cannot
 * always be called back: a cancelled call returns when the file is done with.  An
 * interrupted one has moved nothing, and reads as cancelled.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rio/io_try.h"
#include "rio/task.h"

enum { ERESTARTSYS_IN_KERNEL = 512 }; /* io_uring lets it out of an interrupted open */

static long in_thread(void *plan)
{
    return rio__io_file(plan);
}

/* Does what `plan` says; its index, generation and owner mean nothing. */
RIO_AWAITS static long perform(const struct rio_op *plan)
{
    struct rio__task *t = rio__task_self();
    struct rio_op *op;
    long rc;

    if (t == NULL)
        return -EPERM;
    op = rio__op_for_task((enum rio_op_kind)plan->kind, plan->fd);
    if (op == NULL)
        return -ENOMEM;
    op->arg = plan->arg;
    op->buf = plan->buf;
    op->len = plan->len;
    op->off = plan->off;
    op->fd2 = plan->fd2;
    op->buf2 = plan->buf2;
    rc = await(rio__op_await(op));
    if (rc == -EOPNOTSUPP)
        return await(rio_to_thread(in_thread, (void *)(uintptr_t)plan)); /* read only */
    if (rc != -EINTR && rc != -ERESTARTSYS_IN_KERNEL)
        return rc;
    return rio__cancel_take(t) ? -ECANCELED : -EINTR;
}

/* ---- the public face ---- */

int rio_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    struct rio_op plan = {.kind = RIO_OP_OPENAT,
                          .fd = dirfd,
                          .buf = (char *)(uintptr_t)path, /* read only */
                          .arg = (uint32_t)(flags | O_CLOEXEC),
                          .len = mode};

    return (int)await(perform(&plan));
}

ssize_t rio_pread(int fd, void *buf, size_t n, off_t off)
{
    struct rio_op plan = {
        .kind = RIO_OP_READ, .fd = fd, .buf = buf, .len = n, .off = (uint64_t)off};

    if (off < 0)
        return -EINVAL; /* -1 would mean the position of the descriptor */
    return await(perform(&plan));
}

ssize_t rio_pwrite(int fd, const void *buf, size_t n, off_t off)
{
    struct rio_op plan = {.kind = RIO_OP_WRITE,
                          .fd = fd,
                          .buf = (char *)(uintptr_t)buf, /* read only */
                          .len = n,
                          .off = (uint64_t)off};

    if (off < 0)
        return -EINVAL;
    return await(perform(&plan));
}

int rio_fsync(int fd)
{
    struct rio_op plan = {.kind = RIO_OP_FSYNC, .fd = fd};

    return (int)await(perform(&plan));
}

int rio_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *out)
{
    struct statx seen;
    struct rio_op plan = {.kind = RIO_OP_STATX,
                          .fd = dirfd,
                          .buf = (char *)(uintptr_t)path, /* read only */
                          .arg = (uint32_t)flags,
                          .len = mask,
                          .buf2 = &seen};
    long rc = await(perform(&plan));

    if (rc == 0)
        *out = seen;
    return (int)rc;
}

int rio_renameat(int old_dirfd, const char *old_path, int new_dirfd,
                 const char *new_path, unsigned flags)
{
    struct rio_op plan = {.kind = RIO_OP_RENAMEAT,
                          .fd = old_dirfd,
                          .buf = (char *)(uintptr_t)old_path, /* read only */
                          .fd2 = new_dirfd,
                          .buf2 = (char *)(uintptr_t)new_path, /* read only */
                          .arg = flags};

    return (int)await(perform(&plan));
}

int rio_unlinkat(int dirfd, const char *path, int flags)
{
    struct rio_op plan = {.kind = RIO_OP_UNLINKAT,
                          .fd = dirfd,
                          .buf = (char *)(uintptr_t)path, /* read only */
                          .arg = (uint32_t)flags};

    return (int)await(perform(&plan));
}

int rio_mkdirat(int dirfd, const char *path, mode_t mode)
{
    struct rio_op plan = {.kind = RIO_OP_MKDIRAT,
                          .fd = dirfd,
                          .buf = (char *)(uintptr_t)path, /* read only */
                          .len = mode};

    return (int)await(perform(&plan));
}

/* ---- a directory: io_uring has no operation for it ---- */

struct listing {
    int dirfd;
    const char *path;
    char *text; /* the names, each with its NUL */
    size_t bytes, count;
    char **names; /* the result: pointers, then the text, in one block */
};

static bool is_self_or_parent(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Reads the names into one text.  Returns  0 or -errno */
static long read_names(struct listing *l, DIR *dir)
{
    FILE *text = open_memstream(&l->text, &l->bytes);
    const struct dirent *entry;
    long rc = 0;

    if (text == NULL)
        return -errno;
    while (rc == 0) {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL) {
            rc = -errno;
            break;
        }
        if (is_self_or_parent(entry->d_name))
            continue;
        if (fwrite(entry->d_name, strlen(entry->d_name) + 1, 1, text) != 1)
            rc = -ENOMEM;
        l->count++;
    }
    if (fclose(text) != 0 && rc == 0)
        rc = -ENOMEM;
    return rc;
}

static long pack(struct listing *l)
{
    size_t table = (l->count + 1) * sizeof(char *);
    char *at;

    l->names = malloc(table + l->bytes);
    if (l->names == NULL)
        return -ENOMEM;
    at = (char *)l->names + table;
    if (l->bytes > 0)
        memcpy(at, l->text, l->bytes);
    for (size_t i = 0; i < l->count; i++) {
        l->names[i] = at;
        at += strlen(at) + 1;
    }
    l->names[l->count] = NULL;
    return 0;
}

static long list(void *arg)
{
    struct listing *l = arg;
    int fd = openat(l->dirfd, l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    long rc;

    if (dir == NULL) {
        rc = -errno;
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    rc = read_names(l, dir);
    if (rc == 0)
        rc = pack(l);
    free(l->text);
    (void)closedir(dir);
    return rc;
}

ssize_t rio_listdir(int dirfd, const char *path, char ***out_names)
{
    struct listing l = {.dirfd = dirfd, .path = path};
    long rc = await(rio_to_thread(list, &l));

    if (rc < 0)
        return rc;
    *out_names = l.names;
    return (ssize_t)l.count;
}
