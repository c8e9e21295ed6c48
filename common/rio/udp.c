/* udp.c - datagrams: a message with an address, received and sent.
 *
 * The message header lies on the caller's stack, which stays as long as the operation.
 * Where the backend has no such operation the call is tried, and between the tries the
 * descriptor is polled; so it is for one that does not block.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <sys/uio.h>

#include "rio/task.h"

/* RIO_OP_RECVMSG or RIO_OP_SENDMSG, as a plain call that does not wait. */
static ssize_t try_now(enum rio_op_kind kind, int fd, struct msghdr *msg, int flags)
{
    ssize_t n = kind == RIO_OP_RECVMSG ? recvmsg(fd, msg, flags | MSG_DONTWAIT)
                                       : sendmsg(fd, msg, flags | MSG_DONTWAIT);

    return n < 0 ? -errno : n;
}

RIO_AWAITS static ssize_t transfer(enum rio_op_kind kind, int fd, struct msghdr *msg,
                                   int flags)
{
    struct rio_op *op;
    ssize_t n;

    if (rio__task_self() == NULL)
        return -EPERM;
    op = rio__op_for_task(kind, fd);
    if (op == NULL)
        return -ENOMEM;
    op->buf = msg;
    op->arg = (uint32_t)flags;
    n = await(rio__op_await(op));
    if (n == -EOPNOTSUPP)
        n = try_now(kind, fd, msg, flags);
    while (n == -EAGAIN) {
        n = await(rio_poll_fd(fd, kind == RIO_OP_RECVMSG ? POLLIN : POLLOUT));
        if (n < 0)
            return n;
        n = try_now(kind, fd, msg, flags);
    }
    return n;
}

ssize_t rio_recvfrom(int fd, void *buf, size_t n, struct sockaddr *sa, socklen_t *len)
{
    struct iovec bytes = {.iov_base = buf, .iov_len = n};
    struct msghdr msg = {.msg_iov = &bytes, .msg_iovlen = 1};
    ssize_t got;

    if (sa != NULL && len != NULL) {
        msg.msg_name = sa;
        msg.msg_namelen = *len;
    }
    got = await(transfer(RIO_OP_RECVMSG, fd, &msg, 0));
    if (got >= 0 && msg.msg_name != NULL)
        *len = msg.msg_namelen;
    return got;
}

ssize_t rio_sendto(int fd, const void *buf, size_t n, const struct sockaddr *sa,
                   socklen_t len)
{
    struct iovec bytes = {.iov_base = (char *)(uintptr_t)buf, .iov_len = n};
    struct msghdr msg = {.msg_name = (struct sockaddr *)(uintptr_t)sa, /* read only */
                         .msg_namelen = sa == NULL ? 0 : len,
                         .msg_iov = &bytes,
                         .msg_iovlen = 1};

    return await(transfer(RIO_OP_SENDMSG, fd, &msg, MSG_NOSIGNAL));
}
