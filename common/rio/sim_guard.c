/* sim_guard.c - whose buffers these are: they belong to the kernel from an operation's
 * submission to its last completion, and the simulation acts as if it used that.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio/io_sim.h"

enum { GARBAGE = 0xa5, SPOILED_MAX = 64 << 10 };

static void spoil(void *at, size_t n)
{
    if (at != NULL)
        memset(at, GARBAGE, n < SPOILED_MAX ? n : SPOILED_MAX);
}

void rio__sim_spoil(const struct rio_op *op)
{
    const struct msghdr *msg = op->buf;

    if (op->kind == RIO_OP_RECV || op->kind == RIO_OP_READ) {
        spoil(op->buf, op->len);
    } else if (op->kind == RIO_OP_RECVMSG) {
        for (size_t i = 0; i < msg->msg_iovlen; i++)
            spoil(msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
    }
}

/* ---- sums ---- */

uint64_t rio__sim_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t sum_bytes(uint64_t sum, const void *at, size_t n)
{
    const char *p = at;
    uint64_t word;

    for (; n >= sizeof word; n -= sizeof word, p += sizeof word) {
        memcpy(&word, p, sizeof word);
        sum = rio__sim_mix(sum, word);
    }
    word = n;
    if (n > 0)
        memcpy(&word, p, n);
    return rio__sim_mix(sum, word);
}

static uint64_t sum_path(uint64_t sum, const char *path)
{
    return path == NULL ? sum : sum_bytes(sum, path, strlen(path));
}

static uint64_t sum_message(const struct msghdr *msg)
{
    uint64_t sum = sum_bytes(0, msg, sizeof *msg);

    sum = sum_bytes(sum, msg->msg_name, msg->msg_namelen);
    sum = sum_bytes(sum, msg->msg_control, msg->msg_controllen);
    for (size_t i = 0; i < msg->msg_iovlen; i++)
        sum = sum_bytes(sum, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
    return sum;
}

uint64_t rio__sim_sum(const struct rio_op *op)
{
    uint64_t sum = 0;

    switch ((enum rio_op_kind)op->kind) {
    case RIO_OP_SEND:
    case RIO_OP_WRITE:
        return op->buf == NULL ? 0 : sum_bytes(0, op->buf, op->len);
    case RIO_OP_SENDMSG:
        return sum_message(op->buf);
    case RIO_OP_CONNECT:
        return sum_bytes(0, op->addr, op->len);
    case RIO_OP_RENAMEAT:
        sum = sum_path(0, op->buf2);
        return sum_path(sum, op->buf);
    case RIO_OP_OPENAT:
    case RIO_OP_STATX:
    case RIO_OP_UNLINKAT:
    case RIO_OP_MKDIRAT:
        return sum_path(0, op->buf);
    default:
        return 0;
    }
}
