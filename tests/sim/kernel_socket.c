/* kernel_socket - what goes through a connection, and what is asked about it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "sim/kernel.h"
#include "sim/kernel_calls.h"

enum { ROOM = 160 << 10 }; /* on the way to one reader */

/* ---- bytes ---- */

static bool is_writable(const struct kfile *f)
{
    return f->peer == NULL || f->peer->len < ROOM;
}

uint32_t kfile_mask(const struct kfile *f)
{
    uint32_t mask = 0;

    if (f->kind == KFILE_EVENT)
        return f->count > 0 ? EPOLLIN : 0;
    if (f->is_listening)
        return rq_list_empty(&f->waiting) ? 0 : EPOLLIN;
    if (f->peer == NULL && !f->in_is_over)
        return EPOLLOUT | EPOLLHUP; /* not connected */
    if (f->len > 0 || f->in_is_over)
        mask |= EPOLLIN;
    if (f->in_is_over)
        mask |= EPOLLRDHUP | (f->out_is_over ? EPOLLHUP : 0);
    if (f->error != 0)
        mask |= EPOLLERR;
    return is_writable(f) ? mask | EPOLLOUT : mask;
}

static int take_error(struct kfile *f)
{
    int error = f->error;

    f->error = 0;
    return error;
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
    struct kfile *f = kfile_of(fd);
    size_t n;

    if (f == NULL)
        return __real_recv(fd, buf, len, flags);
    if (f->len == 0 && f->error != 0)
        return kernel_fail(take_error(f));
    if (f->len == 0)
        return f->in_is_over ? 0 : kernel_fail(f->peer == NULL ? EINVAL : EAGAIN);
    n = len < f->len ? len : f->len;
    memcpy(buf, f->bytes + f->start, n);
    if ((flags & MSG_PEEK) != 0)
        return (ssize_t)n;
    f->start += n;
    f->len -= n;
    if (f->peer != NULL && f->peer->was_full) {
        f->peer->was_full = false;
        kfile_tell(f->peer);
    }
    return (ssize_t)n;
}

/* Room for n more.  Returns  false: no memory */
static bool make_room(struct kfile *f, size_t n)
{
    if (f->len == 0)
        f->start = 0;
    if (f->start + f->len + n <= f->cap)
        return true;
    if (f->start > 0)
        memmove(f->bytes, f->bytes + f->start, f->len);
    f->start = 0;
    if (f->len + n <= f->cap)
        return true;
    size_t cap = f->cap > 0 ? f->cap : 1024;
    while (cap < f->len + n)
        cap *= 2;
    uint8_t *more = realloc(f->bytes, cap);
    if (more == NULL)
        return false;
    f->bytes = more;
    f->cap = cap;
    return true;
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
    struct kfile *f = kfile_of(fd);

    if (f == NULL)
        return __real_send(fd, buf, len, flags);
    struct kfile *to = f->peer;
    if (f->out_is_over || (to != NULL && to->in_is_over))
        return kernel_fail(EPIPE);
    if (to == NULL)
        return kernel_fail(ENOTCONN);
    size_t room = to->len < ROOM ? ROOM - to->len : 0, n = len < room ? len : room;
    f->was_full = n < len;
    if (room == 0)
        return kernel_fail(EAGAIN);
    if (!make_room(to, n))
        return kernel_fail(ENOBUFS);
    if (n > 0)
        memcpy(to->bytes + to->start + to->len, buf, n);
    to->len += n;
    kfile_tell(to);
    return (ssize_t)n;
}

int __wrap_shutdown(int fd, int how)
{
    struct kfile *f = kfile_of(fd);
    bool ends_in = how != SHUT_WR, ends_out = how != SHUT_RD;

    if (f == NULL)
        return __real_shutdown(fd, how);
    if (f->peer == NULL && !f->in_is_over)
        return kernel_fail(ENOTCONN);
    f->in_is_over |= ends_in;
    f->out_is_over |= ends_out;
    kfile_tell(f);
    if (f->peer != NULL) {
        f->peer->in_is_over |= ends_out;
        f->peer->out_is_over |= ends_in;
        kfile_tell(f->peer);
    }
    return 0;
}

/* ---- what is asked about a socket ---- */

int __wrap_fcntl(int fd, int command, ...)
{
    struct kfile *f = kfile_of(fd);
    va_list args;

    va_start(args, command);
    long value = va_arg(args, long); /* none was given: not looked at */
    va_end(args);
    if (f == NULL)
        return __real_fcntl(fd, command, value);
    if (command == F_SETFL)
        f->status_flags = (int)value;
    return command == F_GETFL ? f->status_flags : 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    if (kfile_of(fd) == NULL)
        return __real_setsockopt(fd, level, name, value, len);
    return level == SOL_SOCKET ? 0 : kernel_fail(EOPNOTSUPP);
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    struct kfile *f = kfile_of(fd);

    if (f == NULL)
        return __real_getsockopt(fd, level, name, value, len);
    ASSERT(level == SOL_SOCKET && (name == SO_TYPE || name == SO_ERROR));
    int answer = name == SO_TYPE ? SOCK_STREAM : take_error(f);
    memcpy(value, &answer, sizeof answer);
    return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    const struct kfile *f = n == 1 ? kfile_of(fds[0].fd) : NULL;

    if (f == NULL)
        return __real_poll(fds, n, timeout);
    uint32_t wanted = (uint32_t)fds[0].events | EPOLLERR | EPOLLHUP;
    fds[0].revents = (short)(kfile_mask(f) & wanted);
    return fds[0].revents != 0;
}
