/* op.h - the slab of operations, and one operation awaited by one task.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_OP_H
#define RIO_OP_H

#include "rio/io.h"
#include "rio/rio.h"

struct rio__ops {
    struct rio_op **chunks; /* stable addresses */
    size_t chunk_count;
    struct rq_list free;
    size_t live;
    uint64_t dropped; /* completions that named no live operation */
};

void rio__ops_init(struct rio__ops *ops);
void rio__ops_fini(struct rio__ops *ops); /* none may be live */

/* A blank operation of the loop, to be filled in and handed to rio__op_submit(), or
 * NULL.  It frees itself after its last completion. */
struct rio_op *rio__op_new(struct rio_loop *loop, enum rio_op_kind kind, int fd,
                           rio__op_done *done, void *owner);
void rio__op_submit(struct rio_loop *loop, struct rio_op *op);
/* In done(), at the last completion: the operation is not freed but submitted anew,
 * with the same arguments, as soon as done() returns.  That takes no memory.  It may
 * not be cancelled before that. */
void rio__op_again(struct rio_op *op);
/* Asks a live operation to end.  Again is harmless. */
void rio__op_cancel(struct rio_loop *loop, struct rio_op *op);

/* For backends: the live operation of that name, or NULL (counted). */
struct rio_op *rio__op_find(struct rio_loop *loop, uint32_t index, uint32_t generation);
void rio__op_complete(struct rio_loop *loop, struct rio_op *op, int res,
                      unsigned flags);

/* Submits an operation made with rio__op_for_task() and waits for its end.
 * Returns  its result.  -ECANCELED: the task was cancelled, and nothing happened. */
struct rio_op *rio__op_for_task(enum rio_op_kind kind, int fd);
RIO_AWAITS int rio__op_await(struct rio_op *op);
/* The same, not cancellable: a request stays pending. */
RIO_AWAITS int rio__op_await_masked(struct rio_op *op);

struct rio__wait;
/* The descriptor that a task waits for, or -1: it waits for something else. */
int rio__op_waited_fd(const struct rio__wait *wait);

#endif
