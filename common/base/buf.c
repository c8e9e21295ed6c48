/* buf - growing bytes with a ceiling.
 *
 * Invariant: start + len <= cap, len <= max, and `cap + 1` bytes are allocated (the
 * spare one takes the NUL that vsnprintf insists on) unless ptr is NULL.
 *
 * Appending is O(1) amortised, also for a buffer that is consumed at the front while
 * it is filled at the back: content is moved to the front only when at least as many
 * bytes were consumed as have to move.  To keep that true at the ceiling, a buffer
 * that is consumed piecemeal may hold up to 2 x max bytes of memory.
 * SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { FIRST_CAP = 64 };

void rq_buf_init(struct rq_buf *b, size_t max_bytes)
{
    *b = (struct rq_buf){.max = max_bytes};
}

void rq_buf_fini(struct rq_buf *b)
{
    free(b->ptr);
    rq_buf_init(b, b->max);
}

/* The next capacity that holds `need` bytes: doubled, within what the ceiling allows.
 */
static size_t grown_cap(const struct rq_buf *b, size_t need)
{
    size_t limit = b->max;
    size_t cap;

    if (b->start > 0)
        limit = limit > SIZE_MAX / 2 ? SIZE_MAX : limit * 2;
    cap = b->cap > limit / 2 ? limit : b->cap * 2;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP < limit ? FIRST_CAP : limit;
    return cap < need ? need : cap;
}

/* Moves the content into a new block; realloc would also copy what is consumed. */
static int move_to_new_block(struct rq_buf *b, size_t cap)
{
    uint8_t *ptr;

    if (cap == SIZE_MAX)
        return -ENOMEM;
    if (b->start == 0) {
        ptr = realloc(b->ptr, cap + 1);
        if (ptr == NULL)
            return -ENOMEM;
    } else {
        ptr = malloc(cap + 1);
        if (ptr == NULL)
            return -ENOMEM;
        memcpy(ptr, b->ptr + b->start, b->len);
        free(b->ptr);
        b->start = 0;
    }
    b->ptr = ptr;
    b->cap = cap;
    return 0;
}

int rq_buf_grow(struct rq_buf *b, size_t n)
{
    if (n > b->max - b->len)
        return -ENOBUFS;
    if (b->start >= b->len && n <= b->cap - b->len) {
        memmove(b->ptr, b->ptr + b->start, b->len);
        b->start = 0;
        return 0;
    }
    return move_to_new_block(b, grown_cap(b, b->len + n));
}

int rq_buf_append_slice(struct rq_buf *b, struct rq_slice s)
{
    return rq_buf_append(b, s.ptr, s.len);
}

int rq_buf_append_byte(struct rq_buf *b, uint8_t byte)
{
    return rq_buf_append(b, &byte, 1);
}

int rq_buf_printf(struct rq_buf *b, const char *fmt, ...)
{
    va_list args, again;
    size_t room = b->ptr == NULL ? 0 : rq_buf_room(b) + 1; /* with the spare byte */
    int n, rc = 0;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf((char *)rq_buf_tail(b), room, fmt, args);
    if (n < 0)
        rc = -EINVAL; /* a conversion that the C library refuses */
    else if ((size_t)n >= room)
        rc = rq_buf_reserve(b, (size_t)n);
    if (rc == 0 && (size_t)n >= room && n > 0)
        n = vsnprintf((char *)rq_buf_tail(b), (size_t)n + 1, fmt, again);
    if (rc == 0)
        b->len += (size_t)n;
    va_end(again);
    va_end(args);
    return rc;
}

void rq_buf_consume(struct rq_buf *b, size_t n)
{
    ASSERT(n <= b->len);
    b->len -= n;
    b->start = b->len == 0 ? 0 : b->start + n;
}

void rq_buf_truncate(struct rq_buf *b, size_t len)
{
    ASSERT(len <= b->len);
    b->len = len;
}
