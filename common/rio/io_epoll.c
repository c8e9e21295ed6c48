/* io_epoll.c - the epoll backend, for machines where io_uring is refused.
 *
 * Every operation is tried as a plain call that does not wait.  Where that answers
 * EAGAIN the operation parks on its descriptor, and is tried again when epoll has news
 * of it.  An operation is always in one of these places, by its `link`:
 *
 *     submit ---> runnable --try--> parked on a watch --event--> runnable
 *                    |    `-------> stuck (nothing would tell) --soon--> runnable
 *                    `--> completed
 *
 * cancel() moves it to the end of `runnable`, where it ends with -ECANCELED.  One pass
 * over `runnable` takes what stood there when it began: what a completion submits or
 * cancels is looked at in the next turn.
 *
 * Edges: a descriptor is in the epoll set, for all events and edge-triggered, exactly
 * while watch->ops > 0 operations have met EAGAIN on it and have not ended.  An edge
 * after the EAGAIN is kept by epoll until the next look, one before the first EAGAIN is
 * reported by EPOLL_CTL_ADD; so none is lost, and a spurious one costs a try.
 *
 * A multishot operation delivers up to TRIES completions, then the others have their
 * turn.  Receives share one buffer: the bytes are copied out inside the completion.
 * A send, a write and a receive with MSG_WAITALL go on until all is done; cut short by
 * a cancel or an error it tells how many bytes went, as io_uring does.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "rio/io_try.h"
#include "rio/loop.h"

enum {
    TRIES = 8, /* calls for one operation in one turn */
    BUFFER_BYTES = 16 << 10,
    EVENTS = 64,
    WATCHES_MIN = 64,
};
#define STUCK_RETRY (5 * RIO_MS)
#define WAKE_TAG UINT64_MAX

/* What is parked on one descriptor.  It stays until the backend goes. */
struct watch {
    struct rq_list parked;
    size_t ops; /* parked, or on their way from here through `runnable` */
};

struct poller {
    struct rio_backend base;
    struct rio_loop *loop;
    int epoll_fd, wake_fd;
    bool coarse;             /* this kernel has no epoll_pwait2 */
    struct rq_list runnable; /* to be tried, or to be ended: cancelled */
    struct rq_list stuck;    /* tried again soon: no event would tell */
    struct watch **watches;  /* by descriptor; NULL: never parked on */
    size_t watch_count;
    size_t watched; /* the sum of their ops */
    char *buffer;
};

static struct poller *poller_of(struct rio_backend *b)
{
    return RQ_CONTAINER_OF(b, struct poller, base);
}

static struct rio_op *op_of(struct rq_list *link)
{
    return RQ_LIST_ENTRY(link, struct rio_op, link);
}

/* ---- submit and cancel ---- */

static void submit(struct rio_backend *b, struct rio_op *op)
{
    op->queued = true; /* until its descriptor is watched for it */
    rq_list_push_back(&poller_of(b)->runnable, &op->link);
}

static void cancel(struct rio_backend *b, struct rio_op *op)
{
    op->cancelled = true;
    rq_list_remove(&op->link);
    rq_list_push_back(&poller_of(b)->runnable, &op->link);
}

/* ---- watches ---- */

static int grow_watches(struct poller *p, size_t need)
{
    size_t count = p->watch_count > 0 ? p->watch_count : WATCHES_MIN;
    struct watch **all;

    while (count < need)
        count *= 2;
    all = realloc(p->watches, count * sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    for (size_t i = p->watch_count; i < count; i++)
        all[i] = NULL;
    p->watches = all;
    p->watch_count = count;
    return 0;
}

static int find_watch(struct poller *p, int fd, struct watch **out)
{
    size_t at = (size_t)fd;
    struct watch *w;

    if (at >= p->watch_count && grow_watches(p, at + 1) < 0)
        return -ENOMEM;
    w = p->watches[at];
    if (w == NULL) {
        w = calloc(1, sizeof *w);
        if (w == NULL)
            return -ENOMEM;
        rq_list_init(&w->parked);
        p->watches[at] = w;
    }
    *out = w;
    return 0;
}

/* Makes epoll tell us about the operation's descriptor. */
static int attach(struct poller *p, struct rio_op *op)
{
    struct epoll_event all = {.events =
                                  EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                              .data.u64 = (uint64_t)op->fd};
    struct watch *w;
    int rc = find_watch(p, op->fd, &w);

    if (rc < 0)
        return rc;
    if (w->ops == 0 && epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, op->fd, &all) < 0)
        return -errno;
    w->ops++;
    p->watched++;
    op->queued = false;
    return 0;
}

static void detach(struct poller *p, const struct rio_op *op)
{
    if (op->queued)
        return;
    p->watched--;
    if (--p->watches[op->fd]->ops > 0)
        return;
    (void)epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, op->fd, NULL); /* closed: it is out */
}

/* Ends the operation.  What a part of it has achieved counts more than why it ended. */
static void finish(struct poller *p, struct rio_op *op, int res)
{
    detach(p, op);
    if (op->progress > 0)
        res = (int)op->progress + (res > 0 ? res : 0);
    rio__op_complete(p->loop, op, res, 0);
}

/* Returns  how many completions that was */
static unsigned park(struct poller *p, struct rio_op *op)
{
    int rc = op->queued ? attach(p, op) : 0;

    if (rc < 0) {
        finish(p, op, rc);
        return 1;
    }
    rq_list_push_back(&p->watches[op->fd]->parked, &op->link);
    return 0;
}

/* ---- what a try has led to ---- */

enum verdict { DONE, MORE, PART, WAIT, STUCK, AGAIN };

static enum verdict judge_data(const struct rio_op *op, int res)
{
    bool wants_all = op->kind == RIO_OP_SEND || (op->arg & MSG_WAITALL);

    if (res == -EAGAIN)
        return op->arg & MSG_DONTWAIT ? DONE : WAIT;
    if (op->arg & (MSG_PEEK | MSG_DONTWAIT))
        return DONE;
    return wants_all && res > 0 && (size_t)res < rio__io_rest(op) ? PART : DONE;
}

static enum verdict judge(const struct rio_op *op, int res)
{
    switch (op->kind) {
    case RIO_OP_CLOSE:
        return DONE; /* EINTR too: the descriptor is gone */
    case RIO_OP_CONNECT:
        /* A unix socket whose listener's queue is full; no event says when it is not.
         */
        if (res == -EAGAIN && op->queued)
            return STUCK;
        return res == -EINPROGRESS || res == -EINTR || res == -EAGAIN ? WAIT : DONE;
    case RIO_OP_SEND:
    case RIO_OP_RECV:
        return res == -EINTR ? AGAIN : judge_data(op, res);
    case RIO_OP_WRITE:
        if (res > 0 && (size_t)res < rio__io_rest(op))
            return PART;
        break;
    case RIO_OP_RECVMSG:
    case RIO_OP_SENDMSG:
        if (res == -EAGAIN && (op->arg & MSG_DONTWAIT))
            return DONE;
        break;
    case RIO_OP_ACCEPTS:
    case RIO_OP_RECVS:
        if (res > 0 || (res == 0 && op->kind == RIO_OP_ACCEPTS))
            return MORE;
        break;
    default:
        break;
    }
    return res == -EAGAIN ? WAIT : res == -EINTR ? AGAIN : DONE;
}

/* Tries it until it waits or ends, `max` completions at most.
 * Returns  how many there were */
static unsigned attempt(struct poller *p, struct rio_op *op, unsigned max)
{
    unsigned delivered = 0;

    for (unsigned round = 0; round < TRIES && delivered < max; round++) {
        int res = rio__io_try(op, p->buffer, BUFFER_BYTES);

        switch (judge(op, res)) {
        case DONE:
            finish(p, op, res);
            return delivered + 1;
        case WAIT:
            return delivered + park(p, op);
        case STUCK:
            rq_list_push_back(&p->stuck, &op->link);
            return delivered;
        case PART:
            op->progress += (uint32_t)res;
            break;
        case MORE:
            delivered++;
            rio__op_complete(p->loop, op, res, RIO_OP_MORE);
            if (op->cancelled)
                return delivered; /* it is in `runnable` */
            break;
        case AGAIN:
            break;
        }
    }
    rq_list_push_back(&p->runnable, &op->link);
    return delivered;
}

/* One pass.  Returns  how many completions it has delivered, about `max` at most */
static unsigned run(struct poller *p, unsigned max)
{
    struct rq_list end;
    unsigned delivered = 0;

    rq_list_push_back(&p->runnable, &end);
    while (p->runnable.next != &end && delivered < max) {
        struct rio_op *op = op_of(rq_list_pop_front(&p->runnable));

        if (op->cancelled) {
            finish(p, op, -ECANCELED);
            delivered++;
        } else {
            delivered += attempt(p, op, max - delivered);
        }
    }
    rq_list_remove(&end);
    return delivered;
}

/* ---- looking ---- */

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

static void on_event(struct poller *p, const struct epoll_event *ev)
{
    uint64_t count;

    if (ev->data.u64 == WAKE_TAG) {
        ssize_t n = read(p->wake_fd, &count, sizeof count);

        (void)n; /* what it was for is looked up elsewhere */
        return;
    }
    RQ_LIST_EACH_SAFE(link, &p->watches[ev->data.u64]->parked)
    {
        if (is_concerned(op_of(link), ev->events)) {
            rq_list_remove(link);
            rq_list_push_back(&p->runnable, link);
        }
    }
}

/* Units    left: ns; < 0 for ever
 * Returns  the number of events, or -1 and errno */
static int wait_events(struct poller *p, struct epoll_event *events, int64_t left)
{
    struct timespec limit = {.tv_sec = left / RIO_SEC, .tv_nsec = left % RIO_SEC};
    int64_t ms = left / RIO_MS + (left % RIO_MS != 0); /* never too early */

    p->base.enters++;
    if (!p->coarse) {
        int n =
            epoll_pwait2(p->epoll_fd, events, EVENTS, left < 0 ? NULL : &limit, NULL);

        if (n >= 0 || (errno != ENOSYS && errno != EPERM))
            return n;
        p->coarse = true; /* before Linux 5.11, or a filter that is older than it */
    }
    return epoll_wait(p->epoll_fd, events, EVENTS,
                      left < 0 ? -1 : (int)(ms < INT_MAX ? ms : INT_MAX));
}

static int64_t time_left(const struct poller *p, int64_t until)
{
    int64_t left = -1;

    if (until <= 0 || !rq_list_empty(&p->runnable))
        return 0;
    if (until != INT64_MAX) {
        left = until - rio__io_now();
        left = left > 0 ? left : 0;
    }
    if (!rq_list_empty(&p->stuck) && (left < 0 || left > STUCK_RETRY))
        left = STUCK_RETRY;
    return left;
}

static void wait_for_news(struct poller *p, int64_t left)
{
    struct epoll_event events[EVENTS];
    int n;

    /* Whoever queues something for us and finds us awake does not wake us. */
    atomic_store(&p->loop->asleep, true);
    if (atomic_load(&p->loop->remote_pending))
        left = 0;
    n = wait_events(p, events, left); /* EINTR means "look" */
    atomic_store(&p->loop->asleep, false);
    for (int i = 0; i < n; i++)
        on_event(p, &events[i]);
}

static void look(struct poller *p, int64_t until)
{
    int64_t left = time_left(p, until);
    struct rq_list *link;

    if (left != 0 || p->watched > 0) /* else there is nothing to be seen */
        wait_for_news(p, left);
    while ((link = rq_list_pop_front(&p->stuck)) != NULL)
        rq_list_push_back(&p->runnable, link);
}

/* What is runnable goes first.  If that completes anything, news is only collected:
 * trying it now could complete what those completions have submitted. */
static void turn(struct rio_backend *b, int64_t until, unsigned max)
{
    struct poller *p = poller_of(b);

    if (run(p, max) > 0) {
        look(p, 0);
        return;
    }
    look(p, until);
    (void)run(p, max);
}

/* ---- wake, clock, sockets ---- */

static void wake(struct rio_backend *b)
{
    uint64_t one = 1;
    int saved = errno; /* it may be called by a signal handler */
    ssize_t n = write(poller_of(b)->wake_fd, &one, sizeof one);

    (void)n; /* full: it is going to wake anyway */
    errno = saved;
}

static int64_t now(struct rio_backend *b)
{
    (void)b;
    return rio__io_now();
}

static void fill_random(struct rio_backend *b, void *out, size_t n)
{
    (void)b;
    rio__io_random(out, n);
}

static int adopt(struct rio_backend *b, int fd)
{
    (void)b;
    return rio__io_unblock(fd);
}

/* ---- life ---- */

static void poller_free(struct rio_backend *b)
{
    struct poller *p = poller_of(b);

    if (p->epoll_fd >= 0)
        (void)close(p->epoll_fd);
    if (p->wake_fd >= 0)
        (void)close(p->wake_fd);
    for (size_t i = 0; i < p->watch_count; i++)
        free(p->watches[i]);
    free(p->watches);
    free(p->buffer);
    free(p);
}

static int open_poller(struct poller *p)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = WAKE_TAG};

    p->buffer = malloc(BUFFER_BYTES);
    if (p->buffer == NULL)
        return -ENOMEM;
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->wake_fd < 0)
        return -errno;
    p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (p->epoll_fd < 0 || epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->wake_fd, &ev) < 0)
        return -errno;
    return 0;
}

struct rio_backend *rio__epoll_new(struct rio_loop *loop)
{
    struct poller *p = calloc(1, sizeof *p);
    int rc;

    if (p == NULL)
        return NULL;
    p->base = (struct rio_backend){
        .name = "epoll",
        .free = poller_free,
        .submit = submit,
        .cancel = cancel,
        .turn = turn,
        .wake = wake,
        .now = now,
        .random = fill_random,
        .adopt = adopt,
    };
    p->loop = loop;
    p->epoll_fd = p->wake_fd = -1;
    rq_list_init(&p->runnable);
    rq_list_init(&p->stuck);
    rc = open_poller(p);
    if (rc < 0) {
        poller_free(&p->base);
        errno = -rc;
        return NULL;
    }
    return &p->base;
}
