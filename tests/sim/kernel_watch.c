/* kernel_watch - epoll and eventfd of the simulated world.
 *
 * News are told in the order in which they happened.  Nobody waits: in the simulated
 * world time passes elsewhere, and there is no second thread.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "sim/kernel.h"
#include "sim/kernel_calls.h"

/* An epoll keeps the news of all that it watches in its own `news`. */

void kfile_tell(struct kfile *f)
{
    if (f->epoll != NULL && rq_list_empty(&f->news))
        rq_list_push_back(&f->epoll->news, &f->news);
}

void kfile_unwatch(struct kfile *f)
{
    rq_list_remove(&f->news);
    f->epoll = NULL;
}

int __wrap_epoll_create1(int flags)
{
    (void)flags;
    return kfile_open(KFILE_EPOLL);
}

int __wrap_epoll_ctl(int epoll_fd, int command, int fd, struct epoll_event *event)
{
    struct kfile *epoll = kfile_of(epoll_fd), *f = kfile_of(fd);

    ASSERT(epoll != NULL);
    if (f == NULL)
        return kernel_fail(EBADF); /* closed, or the real kernel's */
    if (command == EPOLL_CTL_DEL) {
        kfile_unwatch(f);
        return 0;
    }
    f->epoll = epoll;
    f->events = event->events;
    f->tag = event->data.u64;
    if (kfile_mask(f) != 0)
        kfile_tell(f);
    return 0;
}

int __wrap_epoll_pwait2(int epoll_fd, struct epoll_event *events, int max,
                        const struct timespec *timeout, const sigset_t *mask)
{
    struct kfile *epoll = kfile_of(epoll_fd);
    struct rq_list *link;
    int n = 0;

    (void)mask;
    while (n < max && (link = rq_list_pop_front(&epoll->news)) != NULL) {
        const struct kfile *f = RQ_LIST_ENTRY(link, struct kfile, news);
        uint32_t holds = kfile_mask(f) & (f->events | EPOLLERR | EPOLLHUP);

        if (holds != 0)
            events[n++] = (struct epoll_event){.events = holds, .data.u64 = f->tag};
    }
    bool all_wait_for_ever = n == 0 && timeout == NULL;
    ASSERT(!all_wait_for_ever);
    return n;
}

/* ---- eventfd: how a loop is woken ---- */

int __wrap_eventfd(unsigned count, int flags)
{
    (void)count;
    (void)flags;
    return kfile_open(KFILE_EVENT);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    struct kfile *f = kfile_of(fd);
    uint64_t more;

    if (f == NULL)
        return __real_write(fd, bytes, len);
    ASSERT(f->kind == KFILE_EVENT && len == sizeof more);
    memcpy(&more, bytes, sizeof more);
    f->count += more;
    kfile_tell(f);
    return (ssize_t)len;
}

ssize_t __wrap_read(int fd, void *out, size_t len)
{
    struct kfile *f = kfile_of(fd);

    if (f == NULL)
        return __real_read(fd, out, len);
    ASSERT(f->kind == KFILE_EVENT && len == sizeof f->count);
    memcpy(out, &f->count, sizeof f->count);
    f->count = 0;
    return (ssize_t)len;
}
