/* io.h - the operation interface: what the runtime asks of a backend.
 *
 * An operation is a control block in the loop's slab.  Its life:
 *
 *     rio__op_new -> submit -> (done with RIO_OP_MORE)* -> done without -> slot is free
 *
 * 1. submit() only queues: nothing completes inside it.
 * 2. cancel() only asks: the operation still ends once, at its own last completion.
 * 3. Until then buffers belong to the backend.  A task that waits does not return.
 * 4. A completion names its operation by index and generation, so that a late one for a
 *    slot that has been reused is dropped, not delivered.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_IO_H
#define RIO_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/list.h"

struct rio_loop;
struct rio_op;

enum rio_op_kind {
    RIO_OP_ACCEPT,  /* addr, addr_len */
    RIO_OP_ACCEPTS, /* a descriptor per completion, until it says that it is the last */
    RIO_OP_CONNECT, /* addr, len */
    RIO_OP_RECV,    /* buf, len, arg = flags */
    RIO_OP_RECVS,   /* multishot: `buf` lends the `res` bytes during done() */
    RIO_OP_SEND,    /* buf, len; as with MSG_WAITALL | MSG_NOSIGNAL */
    RIO_OP_POLL,    /* arg = events */
    RIO_OP_CLOSE,   /* fd */
    /* From here on a backend may refuse a kind: it completes it with -EOPNOTSUPP, and
     * whoever submitted it finds another way (file.c: a thread). */
    RIO_OP_OPENAT,   /* fd, buf = path, arg = flags, len = mode */
    RIO_OP_READ,     /* buf, len, off */
    RIO_OP_WRITE,    /* buf, len, off */
    RIO_OP_FSYNC,    /* fd */
    RIO_OP_STATX,    /* fd, buf = path, arg = flags, len = mask, buf2 = struct statx */
    RIO_OP_RENAMEAT, /* fd, buf = old path, fd2, buf2 = new path, arg = flags */
    RIO_OP_UNLINKAT, /* fd, buf = path, arg = flags */
    RIO_OP_MKDIRAT,  /* fd, buf = path, len = mode */
    RIO_OP_RECVMSG,  /* buf = struct msghdr, arg = flags */
    RIO_OP_SENDMSG,  /* buf = struct msghdr, arg = flags */
};

enum { RIO_OP_MORE = 1 }; /* flag of a completion: more will follow */
enum { RIO__RING_BUFFERS = 1024 };

/* `res` >= 0 or -errno.  Runs on the loop's stack; may submit and cancel operations. */
typedef void rio__op_done(struct rio_op *op, int res, unsigned flags);

struct rio_op {
    uint32_t index;
    uint32_t generation; /* 24 bits */
    uint8_t kind;
    bool queued;       /* the backend has not handed it to the kernel yet */
    bool cancelled;    /* cancel() was called */
    bool again;        /* rio__op_again() was called */
    uint8_t tries;     /* the backend's: cancels that did not find it */
    uint32_t progress; /* the backend's: bytes of a send or receive so far */
    int fd;
    uint32_t arg;
    void *buf;
    size_t len;
    uint64_t off;
    int fd2;
    void *buf2;
    struct sockaddr *addr;
    socklen_t *addr_len;
    rio__op_done *done;
    void *owner;         /* done()'s */
    struct rq_list link; /* the backend's */
};

struct rio_backend {
    const char *name;
    void (*free)(struct rio_backend *);
    /* Queues the operation.  Never fails: what cannot be done completes with an error.
     */
    void (*submit)(struct rio_backend *, struct rio_op *);
    void (*cancel)(struct rio_backend *, struct rio_op *);
    /* Submits what is queued, waits for a completion, a wake or until `until` (a time
     * of now(); at most that), and delivers up to `max` completions by
     * rio__op_complete(). */
    void (*turn)(struct rio_backend *, int64_t until, unsigned max);
    void (*wake)(struct rio_backend *);   /* from any thread or signal handler */
    int64_t (*now)(struct rio_backend *); /* the only clock */
    void (*random)(struct rio_backend *, void *out, size_t n); /* the only chance */
    /* Puts a socket into the mode this backend wants (blocking or not). */
    int (*adopt)(struct rio_backend *, int fd);
    /* For tests: how many of the RIO__RING_BUFFERS are in the ring, so not lent to an
     * operation; NULL: there is no ring.  Errors  -EINVAL  Linux before 6.8 */
    long (*buffers)(struct rio_backend *);
    uint64_t enters; /* calls of io_uring_enter, or of epoll_wait */
};

struct rio_sim_opts;

/* Makes the backend that `flags` (RIO_IO_*) ask for.  Without one: io_uring, or epoll
 * where io_uring is refused; loop->io_reason then says why, else it is empty.
 * `sim` is for RIO_IO_SIM, and may be NULL.
 * Returns  NULL and errno */
struct rio_backend *rio__io_new(struct rio_loop *loop, unsigned flags,
                                const struct rio_sim_opts *sim);

/* The three.  Returns  NULL and errno; *out_what: what failed */
struct rio_backend *rio__uring_new(struct rio_loop *loop, const char **out_what);
struct rio_backend *rio__epoll_new(struct rio_loop *loop);
struct rio_backend *rio__sim_new(struct rio_loop *loop, const struct rio_sim_opts *sim);

/* What the first two say of clock and chance. */
int64_t rio__io_now(void);
void rio__io_random(void *out, size_t n);

#endif
