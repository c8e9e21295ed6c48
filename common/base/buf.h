/* buf.h - growing bytes with a ceiling; the only growing byte buffer.
 *
 *     ptr        ptr+start            ptr+start+len         ptr+cap
 *     | consumed | content            | room                |
 *
 * A failed append changes nothing.  Appending and consuming are O(1) amortised; for
 * that, a buffer that is consumed piecemeal may hold memory of twice its ceiling.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/assert.h"
#include "base/attr.h"
#include "base/slice.h"

struct rq_buf {
    uint8_t *ptr;
    size_t start, len, cap;
    size_t max; /* ceiling of len, in bytes */
};

/* Empty, allocating nothing; `max_bytes` is the ceiling of the content. */
void rq_buf_init(struct rq_buf *b, size_t max_bytes);
/* Frees the memory; the buffer is empty and usable again. */
void rq_buf_fini(struct rq_buf *b);
/* Drops the content and keeps the memory. */
static inline void rq_buf_clear(struct rq_buf *b)
{
    b->start = b->len = 0;
}

/* Drops the content, and the memory too if more than `keep_bytes` of it. */
static inline void rq_buf_shrink(struct rq_buf *b, size_t keep_bytes)
{
    if (b->cap > keep_bytes)
        rq_buf_fini(b);
    else
        rq_buf_clear(b);
}

/* Makes room where there is none: the slow half of rq_buf_reserve(). */
RQ_MUST_CHECK int rq_buf_grow(struct rq_buf *b, size_t n);

/* Makes room for `n` more bytes.  Errors  -ENOBUFS over the ceiling; -ENOMEM. */
RQ_MUST_CHECK static inline int rq_buf_reserve(struct rq_buf *b, size_t n)
{
    return n <= b->max - b->len && n <= b->cap - b->start - b->len ? 0
                                                                   : rq_buf_grow(b, n);
}

/* Where the next byte goes; valid until the next call.
 * Shape  rq_buf_room() bytes; NULL while that is 0 and nothing was allocated */
static inline uint8_t *rq_buf_tail(struct rq_buf *b)
{
    return b->ptr == NULL ? NULL : b->ptr + b->start + b->len;
}

static inline size_t rq_buf_room(const struct rq_buf *b)
{
    size_t room = b->cap - b->start - b->len;
    size_t allowed = b->max - b->len;

    return room < allowed ? room : allowed;
}

/* Says that `n` bytes were written at the tail. */
static inline void rq_buf_commit(struct rq_buf *b, size_t n)
{
    ASSERT(n <= rq_buf_room(b));
    b->len += n;
}

/* Errors of the appends: as rq_buf_reserve. */
RQ_MUST_CHECK static inline int rq_buf_append(struct rq_buf *b, const void *src,
                                              size_t n)
{
    if (n == 0)
        return 0;
    int rc = rq_buf_reserve(b, n);
    if (rc < 0)
        return rc;
    memcpy(b->ptr + b->start + b->len, src, n);
    b->len += n;
    return 0;
}

RQ_MUST_CHECK int rq_buf_append_slice(struct rq_buf *b, struct rq_slice s);
RQ_MUST_CHECK int rq_buf_append_byte(struct rq_buf *b, uint8_t byte);
RQ_MUST_CHECK int rq_buf_printf(struct rq_buf *b, const char *fmt, ...) RQ_PRINTF(2, 3);

/* Takes `n` bytes (<= len) off the front; O(1). */
void rq_buf_consume(struct rq_buf *b, size_t n);
/* Cuts the content back to its first `len` bytes. */
void rq_buf_truncate(struct rq_buf *b, size_t len);

/* The content.  Owns  lends: until the buffer changes. */
static inline struct rq_slice rq_buf_slice(const struct rq_buf *b)
{
    return (struct rq_slice){b->ptr == NULL ? NULL : b->ptr + b->start, b->len};
}

#endif
