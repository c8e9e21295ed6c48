/* io_watch.h - epoll for operations that have met EAGAIN: they are parked on their
 * descriptors until there is news of it.  For the epoll and the simulated backend.
 *
 * Edges: a descriptor is in the epoll set, for all events and edge-triggered, exactly
 * while watch->ops > 0 operations have met EAGAIN on it and have not ended.  An edge
 * after the EAGAIN is kept by epoll until the next look, one before the first EAGAIN is
 * reported by EPOLL_CTL_ADD; so none is lost, and a spurious one costs a try.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_IO_WATCH_H
#define RIO_IO_WATCH_H

#include "rio/io.h"

/* What is parked on one descriptor.  It stays until the backend goes. */
struct rio__fd_watch {
    struct rq_list parked;
    size_t ops; /* parked, or on their way from here through the backend */
};

struct rio__watches {
    struct rio_loop *loop;
    int epoll_fd, wake_fd;
    bool coarse;                /* this kernel has no epoll_pwait2 */
    struct rio__fd_watch **all; /* by descriptor; NULL: never parked on */
    size_t count;
    size_t ops; /* the sum of their ops */
};

/* Errors  -errno; close it then, too */
RQ_MUST_CHECK int rio__watches_open(struct rio__watches *w, struct rio_loop *loop);
void rio__watches_close(struct rio__watches *w);
/* From any thread or signal handler: ends a wait, or the next one. */
void rio__watches_wake(struct rio__watches *w);

/* Parks the operation: its link, which is in no list, is linked here.  The first time
 * (op->queued, which becomes false) its descriptor comes to be watched for it.
 * Errors  -ENOMEM, epoll's; it is not parked then */
RQ_MUST_CHECK int rio__watch_park(struct rio__watches *w, struct rio_op *op);
/* It ends, parked or not: it is watched for no longer. */
void rio__watch_leave(struct rio__watches *w, struct rio_op *op);

/* Waits for news of a descriptor or a wake, and moves the operations concerned to the
 * end of `out`.
 *
 * Units    left: ns; 0: only looks; < 0: for ever
 * Returns  true: it was woken */
bool rio__watches_wait(struct rio__watches *w, int64_t left, struct rq_list *out);

#endif
