/* sim_faults.c - the script of faults: each line counts what fits it, and says when it
 * is its turn.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/io_sim.h"

enum { ERRNO_MAX = 4095 };

struct rio__sim_line {
    rio_sim_fault fault;
    uint64_t seen; /* so many have fitted */
};

static const uint8_t op_of_kind[] = {
    [RIO_OP_ACCEPT] = RIO_SIM_ACCEPT,   [RIO_OP_ACCEPTS] = RIO_SIM_ACCEPT,
    [RIO_OP_CONNECT] = RIO_SIM_CONNECT, [RIO_OP_RECV] = RIO_SIM_RECV,
    [RIO_OP_RECVS] = RIO_SIM_RECV,      [RIO_OP_SEND] = RIO_SIM_SEND,
    [RIO_OP_POLL] = RIO_SIM_POLL,       [RIO_OP_CLOSE] = RIO_SIM_CLOSE,
    [RIO_OP_OPENAT] = RIO_SIM_OPEN,     [RIO_OP_READ] = RIO_SIM_READ,
    [RIO_OP_WRITE] = RIO_SIM_WRITE,     [RIO_OP_FSYNC] = RIO_SIM_FSYNC,
    [RIO_OP_STATX] = RIO_SIM_STAT,      [RIO_OP_RENAMEAT] = RIO_SIM_RENAME,
    [RIO_OP_UNLINKAT] = RIO_SIM_UNLINK, [RIO_OP_MKDIRAT] = RIO_SIM_MKDIR,
    [RIO_OP_RECVMSG] = RIO_SIM_RECV,    [RIO_OP_SENDMSG] = RIO_SIM_SEND,
};

static bool is_sound(const rio_sim_fault *f)
{
    if (f->op > RIO_SIM_MKDIR || f->kind > RIO_SIM_CANCEL_LOST || f->delay < 0 ||
        f->delay > RIO_FOREVER / 4)
        return false;
    return f->kind != RIO_SIM_FAIL || (f->error < 0 && f->error >= -ERRNO_MAX);
}

int rio__sim_faults_init(struct rio__sim_faults *f, const rio_sim_opts *opts)
{
    f->lines = NULL;
    f->count = 0;
    for (size_t i = 0; i < opts->fault_count; i++)
        if (!is_sound(&opts->faults[i]))
            return -EINVAL;
    if (opts->fault_count == 0)
        return 0;
    f->lines = calloc(opts->fault_count, sizeof *f->lines);
    if (f->lines == NULL)
        return -ENOMEM;
    f->count = opts->fault_count;
    for (size_t i = 0; i < f->count; i++)
        f->lines[i].fault = opts->faults[i];
    return 0;
}

void rio__sim_faults_fini(struct rio__sim_faults *f)
{
    free(f->lines);
}

/* ---- whose turn it is ---- */

static bool is_of_cancel(rio_sim_kind kind)
{
    return kind == RIO_SIM_CANCEL_LATE || kind == RIO_SIM_CANCEL_LOST;
}

static bool repeats(const struct rio_op *op)
{
    return op->kind == RIO_OP_ACCEPTS || op->kind == RIO_OP_RECVS;
}

static bool fits(const rio_sim_fault *f, const struct rio_op *op)
{
    rio_sim_op what = op_of_kind[op->kind];

    if (f->op == RIO_SIM_ANY ? what == RIO_SIM_CLOSE : what != f->op)
        return false;
    if (f->kind == RIO_SIM_SHOT_END && !repeats(op))
        return false;
    return f->fd == 0 || f->fd == op->fd;
}

static bool happens(struct rio__sim_line *line, struct rq_rand *chance)
{
    const rio_sim_fault *f = &line->fault;

    line->seen++;
    if (f->nth > 0)
        return line->seen == f->nth;
    return f->one_in <= 1 || rq_rand_below(chance, f->one_in) == 0;
}

/* Every line that fits counts, also after one that happens. */
static const rio_sim_fault *find(struct rio__sim_faults *f, struct rq_rand *chance,
                                 const struct rio_op *op, bool of_cancel)
{
    const rio_sim_fault *found = NULL;

    for (size_t i = 0; i < f->count; i++) {
        struct rio__sim_line *line = &f->lines[i];

        if (is_of_cancel(line->fault.kind) != of_cancel || !fits(&line->fault, op))
            continue;
        if (happens(line, chance) && found == NULL)
            found = &line->fault;
    }
    return found;
}

const rio_sim_fault *rio__sim_fault_of_try(struct rio__sim_faults *f,
                                           struct rq_rand *chance,
                                           const struct rio_op *op)
{
    return find(f, chance, op, false);
}

const rio_sim_fault *rio__sim_fault_of_cancel(struct rio__sim_faults *f,
                                              struct rq_rand *chance,
                                              const struct rio_op *op)
{
    return find(f, chance, op, true);
}
