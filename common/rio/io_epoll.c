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
 * A multishot operation delivers up to TRIES completions, then the others have their
 * turn.  Receives share one buffer: the bytes are copied out inside the completion.
 * A send, a write and a receive with MSG_WAITALL go on until all is done; cut short by
 * a cancel or an error it tells how many bytes went, as io_uring does.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/io_try.h"
#include "rio/io_watch.h"
#include "rio/loop.h"

enum {
    TRIES = 8, /* calls for one operation in one turn */
    BUFFER_BYTES = 16 << 10,
};
#define STUCK_RETRY (5 * RIO_MS)

struct poller {
    struct rio_backend base;
    struct rio_loop *loop;
    struct rio__watches watches;
    struct rq_list runnable; /* to be tried, or to be ended: cancelled */
    struct rq_list stuck;    /* tried again soon: no event would tell */
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

/* Ends the operation.  What a part of it has achieved counts more than why it ended. */
static void finish(struct poller *p, struct rio_op *op, int res)
{
    rio__watch_leave(&p->watches, op);
    if (op->progress > 0)
        res = (int)op->progress + (res > 0 ? res : 0);
    rio__op_complete(p->loop, op, res, 0);
}

/* Returns  how many completions that was */
static unsigned park(struct poller *p, struct rio_op *op)
{
    int rc = rio__watch_park(&p->watches, op);

    if (rc == 0)
        return 0;
    finish(p, op, rc);
    return 1;
}

/* Tries it until it waits or ends, `max` completions at most.
 * Returns  how many there were */
static unsigned attempt(struct poller *p, struct rio_op *op, unsigned max)
{
    unsigned delivered = 0;

    for (unsigned round = 0; round < TRIES && delivered < max; round++) {
        int res = rio__io_try(op, p->buffer, BUFFER_BYTES);

        switch (rio__io_judge(op, res)) {
        case RIO__TRY_DONE:
            finish(p, op, res);
            return delivered + 1;
        case RIO__TRY_WAIT:
            return delivered + park(p, op);
        case RIO__TRY_STUCK:
            rq_list_push_back(&p->stuck, &op->link);
            return delivered;
        case RIO__TRY_PART:
            op->progress += (uint32_t)res;
            break;
        case RIO__TRY_MORE:
            delivered++;
            rio__op_complete(p->loop, op, res, RIO_OP_MORE);
            if (op->cancelled)
                return delivered; /* it is in `runnable` */
            break;
        case RIO__TRY_AGAIN:
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

static void look(struct poller *p, int64_t until)
{
    int64_t left = time_left(p, until);
    struct rq_list *link;

    if (left != 0 || p->watches.ops > 0) /* else there is nothing to be seen */
        (void)rio__watches_wait(&p->watches, left, &p->runnable);
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
    rio__watches_wake(&poller_of(b)->watches);
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

    rio__watches_close(&p->watches);
    free(p->buffer);
    free(p);
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
    rq_list_init(&p->runnable);
    rq_list_init(&p->stuck);
    rc = rio__watches_open(&p->watches, loop);
    if (rc == 0) {
        p->buffer = malloc(BUFFER_BYTES);
        rc = p->buffer == NULL ? -ENOMEM : 0;
    }
    if (rc < 0) {
        poller_free(&p->base);
        errno = -rc;
        return NULL;
    }
    return &p->base;
}
