/* slice.h - borrowed bytes: pointer and length, by value, never NUL-terminated.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rq_slice {
    const uint8_t *ptr; /* may be NULL when len is 0 */
    size_t len;
};

/* A literal or a char array with its NUL: RQ_LIT("GET"). */
#define RQ_LIT(s) ((struct rq_slice){(const uint8_t *)(s), sizeof(s) - 1})

static inline struct rq_slice rq_slice(const void *ptr, size_t len)
{
    return (struct rq_slice){ptr, len};
}

static inline struct rq_slice rq_slice_str(const char *s)
{
    return rq_slice(s, strlen(s));
}

static inline bool rq_slice_eq(struct rq_slice a, struct rq_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* A small letter's capital.  What is no letter becomes none. */
static inline uint8_t rq_capital(uint8_t c)
{
    return c & 0xdf;
}

/* Equality without regard to ASCII case: names of commands and options. */
bool rq_slice_eq_nocase(struct rq_slice a, struct rq_slice b);

/* Takes what stands before the first `sep` off the front of *rest, and the separator
 * with it.  Without one, takes all.
 * Returns  false when *rest is used up (ptr NULL) before the call. */
bool rq_slice_split(struct rq_slice *rest, char sep, struct rq_slice *out_part);

#endif
