/* io_try.h - an operation as a plain call that does not wait; for the epoll and the
 * simulated backend.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_IO_TRY_H
#define RIO_IO_TRY_H

#include "rio/io.h"

/* Does the operation, or what is left of it (op->progress), as far as that needs no
 * waiting.  `queued` says that it is the first try.
 *
 * Shape    buffer: `size` bytes, for RIO_OP_RECVS, which points op->buf there
 * Returns  as its call
 * Errors   -EAGAIN, of a connect also -EINPROGRESS: not yet; -EOPNOTSUPP: a kind that
 *          always waits; the call's */
int rio__io_try(struct rio_op *op, void *buffer, size_t size);
/* What is to be done after a try that returned `res`. */
enum rio__verdict {
    RIO__TRY_DONE,  /* it ends with `res` */
    RIO__TRY_MORE,  /* `res` is delivered, and the multishot goes on */
    RIO__TRY_PART,  /* `res` bytes are done, the others are still to do */
    RIO__TRY_WAIT,  /* until there is news of its descriptor */
    RIO__TRY_STUCK, /* the same, but no event would tell */
    RIO__TRY_AGAIN, /* at once */
};
enum rio__verdict rio__io_judge(const struct rio_op *op, int res);
/* How many bytes are left to be moved. */
size_t rio__io_rest(const struct rio_op *op);
/* A file operation, done at once, however long that takes: in a thread, or in a
 * simulation.  Errors  as its call; -EINVAL it is of no such kind */
long rio__io_file(const struct rio_op *op);
/* Makes a descriptor non-blocking. */
int rio__io_unblock(int fd);

#endif
