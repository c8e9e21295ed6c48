/* op.c - the slab of operations, and one operation awaited by one task.
 *
 * The control block lives in the slab; the waiter, and often the buffer, on the task's
 * stack.  So rio__op_await() returns at the operation's own last completion and not
 * before, cancelled or not.
 * SPDX-License-Identifier: MIT */
#include "rio/op.h"

#include <errno.h>
#include <stdlib.h>

#include "rio/task.h"

enum { CHUNK_OPS = 256, GENERATION_MASK = (1 << 24) - 1 };

void rio__ops_init(struct rio__ops *ops)
{
    *ops = (struct rio__ops){0};
    rq_list_init(&ops->free);
}

void rio__ops_fini(struct rio__ops *ops)
{
    ASSERT(ops->live == 0);
    for (size_t i = 0; i < ops->chunk_count; i++)
        free(ops->chunks[i]);
    free(ops->chunks);
    rio__ops_init(ops);
}

static bool add_chunk(struct rio__ops *ops)
{
    struct rio_op *chunk = calloc(CHUNK_OPS, sizeof *chunk);
    struct rio_op **chunks;

    if (chunk == NULL)
        return false;
    chunks = realloc(ops->chunks, (ops->chunk_count + 1) * sizeof *chunks);
    if (chunks == NULL) {
        free(chunk);
        return false;
    }
    ops->chunks = chunks;
    for (size_t i = 0; i < CHUNK_OPS; i++) {
        chunk[i].index = (uint32_t)(ops->chunk_count * CHUNK_OPS + i);
        rq_list_push_back(&ops->free, &chunk[i].link);
    }
    ops->chunks[ops->chunk_count++] = chunk;
    return true;
}

struct rio_op *rio__op_new(struct rio_loop *loop, enum rio_op_kind kind, int fd,
                           rio__op_done *done, void *owner)
{
    struct rio__ops *ops = &loop->ops;
    struct rio_op *op;
    uint32_t index, generation;

    if (rq_list_empty(&ops->free) && !add_chunk(ops))
        return NULL;
    op = RQ_LIST_ENTRY(rq_list_pop_front(&ops->free), struct rio_op, link);
    index = op->index;
    generation = op->generation;
    *op = (struct rio_op){.index = index,
                          .generation = generation,
                          .kind = (uint8_t)kind,
                          .fd = fd,
                          .done = done,
                          .owner = owner};
    rq_list_init(&op->link);
    ops->live++;
    return op;
}

/* A late completion shall not find it. */
static void rename_op(struct rio_op *op)
{
    op->generation = (op->generation + 1) & GENERATION_MASK;
}

static void op_free(struct rio_loop *loop, struct rio_op *op)
{
    rename_op(op);
    op->done = NULL;
    rq_list_push_front(&loop->ops.free, &op->link);
    loop->ops.live--;
}

void rio__op_submit(struct rio_loop *loop, struct rio_op *op)
{
    loop->io->submit(loop->io, op);
}

void rio__op_cancel(struct rio_loop *loop, struct rio_op *op)
{
    ASSERT(op->done != NULL && !op->again);
    if (!op->cancelled)
        loop->io->cancel(loop->io, op);
}

void rio__op_again(struct rio_op *op)
{
    op->again = true;
}

struct rio_op *rio__op_find(struct rio_loop *loop, uint32_t index, uint32_t generation)
{
    struct rio__ops *ops = &loop->ops;

    if (index / CHUNK_OPS < ops->chunk_count) {
        struct rio_op *op = &ops->chunks[index / CHUNK_OPS][index % CHUNK_OPS];

        if (op->generation == generation && op->done != NULL)
            return op;
    }
    ops->dropped++;
    return NULL;
}

void rio__op_complete(struct rio_loop *loop, struct rio_op *op, int res, unsigned flags)
{
    op->done(op, res, flags);
    if (flags & RIO_OP_MORE)
        return;
    if (!op->again) {
        op_free(loop, op);
        return;
    }
    rename_op(op);
    op->again = op->queued = op->cancelled = false;
    op->tries = 0;
    op->progress = 0;
    rio__op_submit(loop, op);
}

/* ---- awaited by a task ---- */

struct op_wait {
    struct rio__wait wait;
    struct rio_op *op; /* NULL once it has ended */
    int res;
};

static void wait_done(struct rio_op *op, int res, unsigned flags)
{
    struct op_wait *w = op->owner;

    ASSERT(!(flags & RIO_OP_MORE));
    w->op = NULL;
    w->res = res;
    rio__task_wake(w->wait.task);
}

static void wait_cancel(struct rio__wait *wait)
{
    struct op_wait *w = RQ_CONTAINER_OF(wait, struct op_wait, wait);

    wait->cancelled = true;
    rio__op_cancel(wait->task->f.loop, w->op);
}

struct rio_op *rio__op_for_task(enum rio_op_kind kind, int fd)
{
    return rio__op_new(rio__loop, kind, fd, wait_done, NULL);
}

static const char *const kind_names[] = {
    [RIO_OP_ACCEPT] = "accept",   [RIO_OP_ACCEPTS] = "accept",
    [RIO_OP_CONNECT] = "connect", [RIO_OP_RECV] = "recv",
    [RIO_OP_RECVS] = "recv",      [RIO_OP_SEND] = "send",
    [RIO_OP_POLL] = "poll",       [RIO_OP_CLOSE] = "close",
    [RIO_OP_OPENAT] = "open",     [RIO_OP_READ] = "read",
    [RIO_OP_WRITE] = "write",     [RIO_OP_FSYNC] = "fsync",
    [RIO_OP_STATX] = "stat",      [RIO_OP_RENAMEAT] = "rename",
    [RIO_OP_UNLINKAT] = "unlink", [RIO_OP_MKDIRAT] = "mkdir",
    [RIO_OP_RECVMSG] = "recv",    [RIO_OP_SENDMSG] = "send",
};

/* Submits, and parks until the operation has ended; w says how. */
RIO_AWAITS static int await_op(struct op_wait *w, struct rio_op *op,
                               void (*cancel)(struct rio__wait *))
{
    struct rio__task *t = rio__task_self();

    *w = (struct op_wait){
        .wait = {.task = t, .cancel = cancel, .what = kind_names[op->kind]},
        .op = op,
    };
    op->owner = w;
    rio__op_submit(t->f.loop, op);
    RIO_IGNORE(await(rio__task_park_raw(&w->wait)));
    ASSERT(w->op == NULL);
    return w->res;
}

int rio__op_await(struct rio_op *op)
{
    struct rio__task *t = rio__task_self();
    struct op_wait w;
    int res;

    if (rio__cancel_take(t)) {
        op_free(t->f.loop, op);
        return -ECANCELED;
    }
    res = await(await_op(&w, op, wait_cancel));
    if (res != -ECANCELED)
        return res; /* it beat its cancel, if there was one: that stays pending */
    if (!w.wait.cancelled)
        return -ECONNABORTED; /* the kernel's doing: not a cancel of this task */
    rio__cancel_delivered(t);
    return -ECANCELED;
}

int rio__op_await_masked(struct rio_op *op)
{
    struct op_wait w;

    return await(await_op(&w, op, rio__wait_ignore_cancel));
}

int rio__op_waited_fd(const struct rio__wait *wait)
{
    if (wait->cancel != wait_cancel)
        return -1;
    return RQ_CONTAINER_OF(wait, struct op_wait, wait)->op->fd;
}
