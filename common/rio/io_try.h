/* io_try.h - an operation as a plain call that does not wait; for the epoll backend.
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
/* How many bytes are left to be moved. */
size_t rio__io_rest(const struct rio_op *op);
/* Makes a descriptor non-blocking. */
int rio__io_unblock(int fd);

#endif
