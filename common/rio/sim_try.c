/* sim_try.c - one operation of a simulation as a call: what io_try.c makes of it, but
 * files too, and no more bytes than the simulation grants.
 * SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/stat.h>

#include "rio/io_sim.h"
#include "rio/io_try.h"

bool rio__sim_may_be_short(const struct rio_op *op)
{
    socklen_t len = sizeof(int);
    int type = 0;

    if (op->kind != RIO_OP_SEND && op->kind != RIO_OP_RECV && op->kind != RIO_OP_RECVS)
        return op->kind == RIO_OP_WRITE; /* of which the rest follows */
    return getsockopt(op->fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
           type == SOCK_STREAM;
}

static bool is_file(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 &&
           (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode));
}

/* A file does not wait, and the simulation has the time. */
static bool is_file_call(const struct rio_op *op)
{
    if (op->kind == RIO_OP_READ || op->kind == RIO_OP_WRITE)
        return is_file(op->fd);
    return op->kind >= RIO_OP_OPENAT && op->kind <= RIO_OP_MKDIRAT;
}

static int try_file(const struct rio_op *op)
{
    struct rio_op rest = *op;

    if (op->kind == RIO_OP_READ || op->kind == RIO_OP_WRITE) {
        rest.buf = (char *)op->buf + op->progress;
        rest.len = rio__io_rest(op);
        rest.off += op->progress;
    }
    return (int)rio__io_file(&rest);
}

int rio__sim_try(struct rio_op *op, size_t size, void *buffer, size_t room)
{
    size_t len = op->len;
    bool moves = op->kind == RIO_OP_SEND || op->kind == RIO_OP_RECV ||
                 op->kind == RIO_OP_READ || op->kind == RIO_OP_WRITE;
    int res;

    if (moves && size < rio__io_rest(op))
        op->len = op->progress + size;
    res = is_file_call(op) ? try_file(op)
                           : rio__io_try(op, buffer, size < room ? size : room);
    op->len = len;
    return res;
}
