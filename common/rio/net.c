/* net.c - one call, one operation: accept, connect, recv, sendall, poll, close.
 *
 * A descriptor may be non-blocking: io_uring then answers EAGAIN instead of waiting,
 * and the call waits by a poll.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>

#include "rio/task.h"

int rio_poll_fd(int fd, short events)
{
    struct rio_op *op;

    if (rio__task_self() == NULL)
        return -EPERM;
    op = rio__op_for_task(RIO_OP_POLL, fd);
    if (op == NULL)
        return -ENOMEM;
    op->arg = (uint32_t)(unsigned short)events;
    return await(rio__op_await(op));
}

/* Returns  0 try again, or an error */
RIO_AWAITS static int wait_ready(int fd, short events)
{
    int rc = await(rio_poll_fd(fd, events));

    return rc < 0 ? rc : 0;
}

int rio_accept(int fd, struct sockaddr *sa, socklen_t *len)
{
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    do {
        struct rio_op *op = rio__op_for_task(RIO_OP_ACCEPT, fd);

        if (op == NULL)
            return -ENOMEM;
        op->addr = sa;
        op->addr_len = len;
        rc = await(rio__op_await(op));
        if (rc != -EAGAIN)
            return rc;
        rc = await(wait_ready(fd, POLLIN));
    } while (rc == 0);
    return rc;
}

int rio_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
    struct rio_op *op;
    socklen_t err_len = sizeof(int);
    int rc, err = 0;

    if (rio__task_self() == NULL)
        return -EPERM;
    op = rio__op_for_task(RIO_OP_CONNECT, fd);
    if (op == NULL)
        return -ENOMEM;
    op->addr = (struct sockaddr *)(uintptr_t)sa; /* read only */
    op->len = len;
    rc = await(rio__op_await(op));
    if (rc != -EINPROGRESS)
        return rc;
    rc = await(wait_ready(fd, POLLOUT));
    if (rc < 0)
        return rc;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &err_len) < 0)
        return -errno;
    return -err;
}

ssize_t rio_recv(int fd, void *buf, size_t n, int flags)
{
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    do {
        struct rio_op *op = rio__op_for_task(RIO_OP_RECV, fd);

        if (op == NULL)
            return -ENOMEM;
        op->buf = buf;
        op->len = n;
        op->arg = (uint32_t)flags;
        rc = await(rio__op_await(op));
        if (rc != -EAGAIN || (flags & MSG_DONTWAIT))
            return rc;
        rc = await(wait_ready(fd, POLLIN));
    } while (rc == 0);
    return rc;
}

ssize_t rio_sendall(int fd, const void *buf, size_t n)
{
    size_t sent = 0;

    if (rio__task_self() == NULL)
        return -EPERM;
    while (sent < n) {
        struct rio_op *op = rio__op_for_task(RIO_OP_SEND, fd);
        int rc;

        if (op == NULL)
            return -ENOMEM;
        op->buf = (char *)(uintptr_t)buf + sent; /* read only */
        op->len = n - sent;
        rc = await(rio__op_await(op));
        if (rc == -EAGAIN)
            rc = await(wait_ready(fd, POLLOUT));
        if (rc < 0)
            return rc;
        sent += (size_t)rc;
    }
    return (ssize_t)n;
}

int rio_close(int fd)
{
    struct rio_op *op;

    if (rio__task_self() == NULL)
        return -EPERM;
    op = rio__op_for_task(RIO_OP_CLOSE, fd);
    if (op == NULL)
        return -ENOMEM;
    return await(rio__op_await_masked(op));
}
