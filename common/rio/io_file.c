/* io_file.c - file operations as plain calls, which take the time they take.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rio/io_try.h"

static long or_errno(long rc)
{
    return rc < 0 ? -errno : rc;
}

/* What cannot seek is read from where it is, as io_uring does. */
static long read_at(const struct rio_op *op)
{
    long rc = pread(op->fd, op->buf, op->len, (off_t)op->off);

    return rc < 0 && errno == ESPIPE ? read(op->fd, op->buf, op->len) : rc;
}

static long write_at(const struct rio_op *op)
{
    long rc = pwrite(op->fd, op->buf, op->len, (off_t)op->off);

    return rc < 0 && errno == ESPIPE ? write(op->fd, op->buf, op->len) : rc;
}

long rio__io_file(const struct rio_op *op)
{
    switch ((enum rio_op_kind)op->kind) {
    case RIO_OP_OPENAT:
        return or_errno(openat(op->fd, op->buf, (int)op->arg, (mode_t)op->len));
    case RIO_OP_READ:
        return or_errno(read_at(op));
    case RIO_OP_WRITE:
        return or_errno(write_at(op));
    case RIO_OP_FSYNC:
        return or_errno(fsync(op->fd));
    case RIO_OP_STATX:
        return or_errno(
            statx(op->fd, op->buf, (int)op->arg, (unsigned)op->len, op->buf2));
    case RIO_OP_RENAMEAT:
        return or_errno(renameat2(op->fd, op->buf, op->fd2, op->buf2, op->arg));
    case RIO_OP_UNLINKAT:
        return or_errno(unlinkat(op->fd, op->buf, (int)op->arg));
    case RIO_OP_MKDIRAT:
        return or_errno(mkdirat(op->fd, op->buf, (mode_t)op->len));
    default:
        return -EINVAL;
    }
}
