/* sim_guard.c - whose buffers these are: they belong to the kernel from an operation's
 * submission to its last completion, and the simulation uses that.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "rio/io_sim.h"

enum { GARBAGE = 0xa5, SPOILED_MAX = 64 << 10 };

/* ---- what is received into ---- */

/* Returns  the pieces of memory that it fills, or 0 of them */
static size_t pieces_of(const struct rio_op *op, struct iovec *one,
                        const struct iovec **out)
{
    const struct msghdr *msg = op->buf;

    *out = one;
    if (op->kind == RIO_OP_RECV || op->kind == RIO_OP_READ) {
        *one = (struct iovec){op->buf, op->len};
        return op->buf == NULL ? 0 : 1;
    }
    if (op->kind != RIO_OP_RECVMSG)
        return 0;
    *out = msg->msg_iov;
    return msg->msg_iovlen;
}

static size_t room_in(const struct iovec *pieces, size_t n)
{
    size_t room = 0;

    for (size_t i = 0; i < n && room < SPOILED_MAX; i++)
        room += pieces[i].iov_len;
    return room < SPOILED_MAX ? room : SPOILED_MAX;
}

void rio__sim_spoil(const struct rio_op *op, char **kept)
{
    struct iovec one;
    const struct iovec *pieces;
    size_t n = pieces_of(op, &one, &pieces), left = room_in(pieces, n), at = 0;

    *kept = left == 0 ? NULL : malloc(left);
    if (*kept == NULL)
        return; /* without memory it works as well */
    for (size_t i = 0; i < n && left > 0; i++) {
        size_t part = pieces[i].iov_len < left ? pieces[i].iov_len : left;

        memcpy(*kept + at, pieces[i].iov_base, part);
        memset(pieces[i].iov_base, GARBAGE, part);
        at += part;
        left -= part;
    }
}

void rio__sim_restore(const struct rio_op *op, char **kept, size_t moved)
{
    struct iovec one;
    const struct iovec *pieces;
    size_t n, left, at = 0;

    if (*kept == NULL)
        return;
    n = pieces_of(op, &one, &pieces);
    left = room_in(pieces, n);
    for (size_t i = 0; i < n && left > 0; i++) {
        size_t part = pieces[i].iov_len < left ? pieces[i].iov_len : left;
        size_t skip = moved > at ? moved - at : 0;

        if (skip < part)
            memcpy((char *)pieces[i].iov_base + skip, *kept + at + skip, part - skip);
        at += part;
        left -= part;
    }
    free(*kept);
    *kept = NULL;
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
