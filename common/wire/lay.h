/* lay.h - lays RESP down where room has been made: for a reply of many small parts,
 * whose room is asked for once.
 *
 *     uint8_t *at = rq_resp_room(w, sizeof HEAD + RQ_LAY_INT_MAX);
 *     if (at == NULL)
 *         return;
 *     at = RQ_LAY(at, HEAD);
 *     rq_resp_laid(w, rq_lay_int(at, v));
 *
 * Nothing here checks anything: whoever calls has room for the most that each part can
 * take.  Each returns the place behind what it has laid down.
 * SPDX-License-Identifier: MIT */
#ifndef WIRE_LAY_H
#define WIRE_LAY_H

#include "base/num.h"
#include "wire/command.h"

enum {
    RQ_LAY_HEAD_MAX = 1 + RQ_NUM_DIGITS + 2, /* mark, digits, CR LF */
    RQ_LAY_INT_MAX = RQ_LAY_HEAD_MAX + 1,    /* and a sign */
    RQ_LAY_ID_MAX = 1 + 2 + 2 + RQ_ID_TEXT_MAX + 2,
    RQ_LAY_LEASE_MAX = 1 + 2 + 2 + RQ_LEASE_TEXT_MAX + 2,
};
/* Of a bulk string of `len` bytes. */
#define RQ_LAY_BULK_MAX(len) (RQ_LAY_HEAD_MAX + (len) + 2)

/* A literal. */
#define RQ_LAY(at, literal) \
    ((uint8_t *)memcpy((at), (literal), sizeof(literal) - 1) + sizeof(literal) - 1)

static inline uint8_t *rq_lay_bytes(uint8_t *at, struct rq_slice s)
{
    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

/* `$5 CR LF`, `*3 CR LF`. */
static inline uint8_t *rq_lay_head(uint8_t *at, char mark, uint64_t n)
{
    *at++ = (uint8_t)mark;
    at += rq_num_format(n, (char *)at);
    return RQ_LAY(at, "\r\n");
}

/* The head of a map; RESP2 has none, so that there it is a flat array. */
static inline uint8_t *rq_lay_map(uint8_t *at, int protocol, size_t pairs)
{
    return protocol < 3 ? rq_lay_head(at, '*', 2 * pairs) : rq_lay_head(at, '%', pairs);
}

static inline uint8_t *rq_lay_int(uint8_t *at, int64_t v)
{
    *at++ = ':';
    if (v < 0)
        *at++ = '-';
    at += rq_num_format(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, (char *)at);
    return RQ_LAY(at, "\r\n");
}

static inline uint8_t *rq_lay_bulk(uint8_t *at, struct rq_slice s)
{
    at = rq_lay_head(at, '$', s.len);
    at = rq_lay_bytes(at, s);
    return RQ_LAY(at, "\r\n");
}

/* `7-1042` and `7-1042:3`, as bulk strings. */
uint8_t *rq_lay_id(uint8_t *at, uint64_t epoch, uint64_t number);
uint8_t *rq_lay_lease(uint8_t *at, const struct rq_lease *lease);

#endif
