/* io_try.c - see io_try.h.
 *
 * accept and connect know no "do not wait" of their own: they make their socket
 * non-blocking, and it stays so.
 * SPDX-License-Identifier: MIT */
#include "rio/io_try.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEN_MAX = 1 << 30 }; /* a result is an int */

int rio__io_unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -errno;
    if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

size_t rio__io_rest(const struct rio_op *op)
{
    return (op->len > LEN_MAX ? LEN_MAX : op->len) - op->progress;
}

/* Returns  the events that hold */
static int ask(int fd, uint32_t events)
{
    struct pollfd p = {.fd = fd, .events = (short)events};
    int n = poll(&p, 1, 0);

    if (n < 0)
        return -errno;
    if (n == 0)
        return -EAGAIN;
    return p.revents & POLLNVAL ? -EBADF : p.revents;
}

static int try_accept(const struct rio_op *op)
{
    int rc = op->queued ? rio__io_unblock(op->fd) : 0;

    if (rc < 0)
        return rc;
    rc = accept4(op->fd, op->addr, op->addr_len, SOCK_CLOEXEC);
    return rc < 0 ? -errno : rc;
}

static int connect_result(int fd)
{
    socklen_t len = sizeof(int);
    int err = 0, rc = ask(fd, POLLOUT);

    if (rc < 0)
        return rc;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        return -errno;
    return -err;
}

static int try_connect(struct rio_op *op)
{
    int rc;

    if (!op->queued)
        return connect_result(op->fd);
    rc = rio__io_unblock(op->fd);
    if (rc == 0 && connect(op->fd, op->addr, (socklen_t)op->len) < 0)
        rc = -errno;
    return rc;
}

static int try_recv(const struct rio_op *op)
{
    ssize_t n = recv(op->fd, (char *)op->buf + op->progress, rio__io_rest(op),
                     (int)op->arg | MSG_DONTWAIT);

    return n < 0 ? -errno : (int)n;
}

static int try_recvs(struct rio_op *op, void *buffer, size_t size)
{
    ssize_t n = recv(op->fd, buffer, size, MSG_DONTWAIT);

    op->buf = buffer;
    return n < 0 ? -errno : (int)n;
}

static int try_send(const struct rio_op *op)
{
    ssize_t n = send(op->fd, (char *)op->buf + op->progress, rio__io_rest(op),
                     MSG_DONTWAIT | MSG_NOSIGNAL);

    return n < 0 ? -errno : (int)n;
}

static int try_message(const struct rio_op *op)
{
    int flags = (int)op->arg | MSG_DONTWAIT;
    ssize_t n = op->kind == RIO_OP_RECVMSG
                    ? recvmsg(op->fd, op->buf, flags)
                    : sendmsg(op->fd, op->buf, flags | MSG_NOSIGNAL);

    return n < 0 ? -errno : (int)n;
}

/* poll() has said that this does not block; another reader of the same pipe could still
 * be faster, as with every loop that leaves the pipe's mode alone. */
static ssize_t read_now(const struct rio_op *op)
{
    ssize_t n = pread(op->fd, op->buf, rio__io_rest(op), (off_t)op->off);

    return n < 0 && errno == ESPIPE ? read(op->fd, op->buf, rio__io_rest(op)) : n;
}

/* A pipe that is ready takes a page. */
static ssize_t write_now(const struct rio_op *op)
{
    const char *from = (const char *)op->buf + op->progress;
    size_t len = rio__io_rest(op) < PIPE_BUF ? rio__io_rest(op) : PIPE_BUF;
    ssize_t n = pwrite(op->fd, from, len, (off_t)(op->off + op->progress));

    return n < 0 && errno == ESPIPE ? write(op->fd, from, len) : n;
}

/* Pipes, terminals and their kind; a file is always ready and blocks all the same. */
static int try_read_or_write(const struct rio_op *op)
{
    bool reads = op->kind == RIO_OP_READ;
    struct stat st;
    ssize_t n;
    int rc;

    if (fstat(op->fd, &st) < 0)
        return -errno;
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
        return -EOPNOTSUPP;
    rc = ask(op->fd, reads ? POLLIN : POLLOUT);
    if (rc < 0)
        return rc;
    n = reads ? read_now(op) : write_now(op);
    return n < 0 ? -errno : (int)n;
}

int rio__io_try(struct rio_op *op, void *buffer, size_t size)
{
    switch (op->kind) {
    case RIO_OP_ACCEPT:
    case RIO_OP_ACCEPTS:
        return try_accept(op);
    case RIO_OP_CONNECT:
        return try_connect(op);
    case RIO_OP_RECV:
        return try_recv(op);
    case RIO_OP_RECVS:
        return try_recvs(op, buffer, size);
    case RIO_OP_SEND:
        return try_send(op);
    case RIO_OP_RECVMSG:
    case RIO_OP_SENDMSG:
        return try_message(op);
    case RIO_OP_READ:
    case RIO_OP_WRITE:
        return try_read_or_write(op);
    case RIO_OP_POLL:
        return ask(op->fd, op->arg);
    case RIO_OP_CLOSE:
        return close(op->fd) < 0 ? -errno : 0;
    default:
        return -EOPNOTSUPP; /* files: for a thread */
    }
}

/* ---- what a try has led to ---- */

static enum rio__verdict judge_data(const struct rio_op *op, int res)
{
    bool wants_all = op->kind == RIO_OP_SEND || (op->arg & MSG_WAITALL);

    if (res == -EAGAIN)
        return op->arg & MSG_DONTWAIT ? RIO__TRY_DONE : RIO__TRY_WAIT;
    if (op->arg & (MSG_PEEK | MSG_DONTWAIT))
        return RIO__TRY_DONE;
    return wants_all && res > 0 && (size_t)res < rio__io_rest(op) ? RIO__TRY_PART
                                                                  : RIO__TRY_DONE;
}

enum rio__verdict rio__io_judge(const struct rio_op *op, int res)
{
    switch (op->kind) {
    case RIO_OP_CLOSE:
        return RIO__TRY_DONE; /* EINTR too: the descriptor is gone */
    case RIO_OP_CONNECT:
        /* A unix socket whose listener's queue is full; no event says when it is not.
         */
        if (res == -EAGAIN && op->queued)
            return RIO__TRY_STUCK;
        return res == -EINPROGRESS || res == -EINTR || res == -EAGAIN ? RIO__TRY_WAIT
                                                                      : RIO__TRY_DONE;
    case RIO_OP_SEND:
    case RIO_OP_RECV:
        return res == -EINTR ? RIO__TRY_AGAIN : judge_data(op, res);
    case RIO_OP_WRITE:
        if (res > 0 && (size_t)res < rio__io_rest(op))
            return RIO__TRY_PART;
        break;
    case RIO_OP_RECVMSG:
    case RIO_OP_SENDMSG:
        if (res == -EAGAIN && (op->arg & MSG_DONTWAIT))
            return RIO__TRY_DONE;
        break;
    case RIO_OP_ACCEPTS:
    case RIO_OP_RECVS:
        if (res > 0 || (res == 0 && op->kind == RIO_OP_ACCEPTS))
            return RIO__TRY_MORE;
        break;
    default:
        break;
    }
    return res == -EAGAIN  ? RIO__TRY_WAIT
           : res == -EINTR ? RIO__TRY_AGAIN
                           : RIO__TRY_DONE;
}
