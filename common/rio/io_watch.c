/* io_watch.c - see io_watch.h.
 * SPDX-License-Identifier: MIT */
#include "rio/io_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rio/loop.h"

enum { EVENTS = 64, WATCHES_MIN = 64 };
#define WAKE_TAG UINT64_MAX

/* ---- park and leave ---- */

static int grow(struct rio__watches *w, size_t need)
{
    size_t count = w->count > 0 ? w->count : WATCHES_MIN;
    struct rio__fd_watch **all;

    while (count < need)
        count *= 2;
    all = realloc(w->all, count * sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    for (size_t i = w->count; i < count; i++)
        all[i] = NULL;
    w->all = all;
    w->count = count;
    return 0;
}

static int find(struct rio__watches *w, int fd, struct rio__fd_watch **out)
{
    size_t at = (size_t)fd;
    struct rio__fd_watch *one;

    if (at >= w->count && grow(w, at + 1) < 0)
        return -ENOMEM;
    one = w->all[at];
    if (one == NULL) {
        one = calloc(1, sizeof *one);
        if (one == NULL)
            return -ENOMEM;
        rq_list_init(&one->parked);
        w->all[at] = one;
    }
    *out = one;
    return 0;
}

/* Makes epoll tell us about the operation's descriptor. */
static int attach(struct rio__watches *w, struct rio_op *op)
{
    struct epoll_event all = {.events =
                                  EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                              .data.u64 = (uint64_t)op->fd};
    struct rio__fd_watch *one;
    int rc = find(w, op->fd, &one);

    if (rc < 0)
        return rc;
    if (one->ops == 0 && epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, op->fd, &all) < 0)
        return -errno;
    one->ops++;
    w->ops++;
    op->queued = false;
    return 0;
}

int rio__watch_park(struct rio__watches *w, struct rio_op *op)
{
    int rc = op->queued ? attach(w, op) : 0;

    if (rc == 0)
        rq_list_push_back(&w->all[op->fd]->parked, &op->link);
    return rc;
}

void rio__watch_leave(struct rio__watches *w, struct rio_op *op)
{
    rq_list_remove(&op->link);
    if (op->queued)
        return;
    w->ops--;
    if (--w->all[op->fd]->ops > 0)
        return;
    (void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, op->fd, NULL); /* closed: it is out */
}

/* ---- wait ---- */

static bool is_concerned(const struct rio_op *op, uint32_t events)
{
    switch (op->kind) {
    case RIO_OP_CONNECT:
    case RIO_OP_SEND:
    case RIO_OP_SENDMSG:
    case RIO_OP_WRITE:
        return (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    case RIO_OP_ACCEPT:
    case RIO_OP_ACCEPTS:
    case RIO_OP_RECV:
    case RIO_OP_RECVS:
    case RIO_OP_RECVMSG:
    case RIO_OP_READ:
        return (events & ~(uint32_t)EPOLLOUT) != 0;
    default:
        return true;
    }
}

static void collect(struct rio__fd_watch *one, uint32_t events, struct rq_list *out)
{
    RQ_LIST_EACH_SAFE(link, &one->parked)
    {
        if (is_concerned(RQ_LIST_ENTRY(link, struct rio_op, link), events)) {
            rq_list_remove(link);
            rq_list_push_back(out, link);
        }
    }
}

static int wait_events(struct rio__watches *w, struct epoll_event *events, int64_t left)
{
    struct timespec limit = {.tv_sec = left / RIO_SEC, .tv_nsec = left % RIO_SEC};
    int64_t ms = left / RIO_MS + (left % RIO_MS != 0); /* never too early */

    w->loop->io->enters++;
    if (!w->coarse) {
        int n =
            epoll_pwait2(w->epoll_fd, events, EVENTS, left < 0 ? NULL : &limit, NULL);

        if (n >= 0 || (errno != ENOSYS && errno != EPERM))
            return n;
        w->coarse = true; /* before Linux 5.11, or a filter that is older than it */
    }
    return epoll_wait(w->epoll_fd, events, EVENTS,
                      left < 0 ? -1 : (int)(ms < INT_MAX ? ms : INT_MAX));
}

bool rio__watches_wait(struct rio__watches *w, int64_t left, struct rq_list *out)
{
    struct epoll_event events[EVENTS];
    uint64_t wakes;
    bool woken;
    int n;

    /* Whoever queues something for us and finds us awake does not wake us. */
    atomic_store(&w->loop->asleep, true);
    woken = atomic_load(&w->loop->remote_pending);
    n = wait_events(w, events, woken ? 0 : left); /* EINTR means "look" */
    atomic_store(&w->loop->asleep, false);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u64 != WAKE_TAG) {
            collect(w->all[events[i].data.u64], events[i].events, out);
            continue;
        }
        woken = true; /* what it was for is looked up elsewhere */
        rq_ignore(read(w->wake_fd, &wakes, sizeof wakes) < 0);
    }
    return woken;
}

/* ---- wake, life ---- */

void rio__watches_wake(struct rio__watches *w)
{
    uint64_t one = 1;
    int saved = errno; /* it may be called by a signal handler */

    rq_ignore(write(w->wake_fd, &one, sizeof one) < 0); /* full: it is going to wake */
    errno = saved;
}

int rio__watches_open(struct rio__watches *w, struct rio_loop *loop)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = WAKE_TAG};

    *w = (struct rio__watches){.loop = loop, .epoll_fd = -1};
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake_fd < 0)
        return -errno;
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll_fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &ev) < 0)
        return -errno;
    return 0;
}

void rio__watches_close(struct rio__watches *w)
{
    if (w->epoll_fd >= 0)
        (void)close(w->epoll_fd);
    if (w->wake_fd >= 0)
        (void)close(w->wake_fd);
    for (size_t i = 0; i < w->count; i++)
        free(w->all[i]);
    free(w->all);
}
