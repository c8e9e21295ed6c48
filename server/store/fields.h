/* fields.h - the fields that records are made of, and the types that only the log has.
 *
 * What writes takes where to write, and returns where the next field goes: the caller
 * has seen to the room.  What reads takes its field off the front of a slice, and fails
 * with RQ_E_MALFORMED. SPDX-License-Identifier: MIT */
#ifndef STORE_FIELDS_H
#define STORE_FIELDS_H

#include "base/assert.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/encode.h"

enum {
    STRUCK = 0, /* never in the log */
    /* PUT and MOVE of which the body stands apart. */
    PUT_APART = 10,
    MOVE_APART = 11,
    /* What several PUTs and MOVEs have in common, and such as leave it out. */
    KIND = 12,
    PUT_OF_KIND = 13,
    MOVE_OF_KIND = 14,
};

/* ---- writing ---- */

static inline uint8_t *put_byte(uint8_t *at, uint8_t v)
{
    *at = v;
    return at + 1;
}

static inline uint8_t *put_varint(uint8_t *at, uint64_t v)
{
    while (v >= 0x80) {
        *at++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *at = (uint8_t)v;
    return at + 1;
}

static inline size_t varint_width(uint64_t v)
{
    return 1 + (size_t)(63 - __builtin_clzll(v | 1)) / 7;
}

static inline uint64_t zigzag(uint64_t v)
{
    return (v << 1) ^ (v >> 63 != 0 ? UINT64_MAX : 0);
}

static inline uint64_t unzigzag(uint64_t v)
{
    return (v >> 1) ^ ((v & 1) != 0 ? UINT64_MAX : 0);
}

static inline uint8_t *put_signed(uint8_t *at, int64_t v)
{
    return put_varint(at, zigzag((uint64_t)v));
}

static inline uint8_t *put_bytes(uint8_t *at, struct rq_slice v)
{
    at = put_varint(at, v.len);
    if (v.len > 0)
        memcpy(at, v.ptr, v.len);
    return at + v.len;
}

static inline uint8_t *put_job(uint8_t *at, struct job_id job, struct job_id base)
{
    at = put_varint(at, zigzag(job.epoch - base.epoch));
    return put_varint(at, zigzag(job.number - base.number));
}

static inline void store_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

/* The content of a buffer that holds a commit, to be changed in place. */
static inline uint8_t *content(const struct rq_buf *plain)
{
    ASSERT(plain->len >= ENCODE_HEADER);
    return plain->ptr + plain->start;
}

/* ---- reading ---- */

static inline uint64_t load_le(const uint8_t *at, int bytes)
{
    uint64_t v = 0;

    for (int i = bytes; i > 0; i--)
        v = v << 8 | at[i - 1];
    return v;
}

static inline struct job_id base_of(const uint8_t *plain)
{
    return (struct job_id){load_le(plain + 4, 4), load_le(plain + 8, 8)};
}

RQ_MUST_CHECK static inline int take_byte(struct rq_slice *in, uint8_t *out)
{
    if (in->len == 0)
        return RQ_E_MALFORMED;
    *out = *in->ptr;
    in->ptr++;
    in->len--;
    return 0;
}

/* Of any width: the slow half of take_varint(). */
RQ_MUST_CHECK int take_wide_varint(struct rq_slice *in, uint64_t max, uint64_t *out);

RQ_MUST_CHECK static inline int take_varint(struct rq_slice *in, uint64_t max,
                                            uint64_t *out)
{
    if (in->len == 0 || *in->ptr >= 0x80)
        return take_wide_varint(in, max, out);
    if (*in->ptr > max)
        return RQ_E_MALFORMED;
    *out = *in->ptr;
    in->ptr++;
    in->len--;
    return 0;
}

RQ_MUST_CHECK static inline int take_bytes(struct rq_slice *in, struct rq_slice *out)
{
    uint64_t len;
    int rc = take_varint(in, UINT64_MAX, &len);

    if (rc < 0)
        return rc;
    if (len > in->len)
        return RQ_E_MALFORMED;
    *out = rq_slice(in->ptr, (size_t)len);
    in->ptr += len;
    in->len -= (size_t)len;
    return 0;
}

RQ_MUST_CHECK static inline int take_job(struct rq_slice *in, struct job_id base,
                                         struct job_id *out)
{
    uint64_t epoch, number;

    if (take_varint(in, UINT64_MAX, &epoch) < 0 ||
        take_varint(in, UINT64_MAX, &number) < 0)
        return RQ_E_MALFORMED;
    out->epoch = base.epoch + unzigzag(epoch);
    out->number = base.number + unzigzag(number);
    if (out->epoch == 0 || out->epoch > ENCODE_EPOCH_MAX || out->number == 0)
        return RQ_E_MALFORMED;
    return 0;
}

#endif
