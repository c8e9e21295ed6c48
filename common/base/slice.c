/* slice - borrowed bytes.
 * SPDX-License-Identifier: MIT */
#include "base/slice.h"

/* The C library's tolower depends on the locale. */
static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool rq_slice_eq_nocase(struct rq_slice a, struct rq_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i] && lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool rq_slice_split(struct rq_slice *rest, char sep, struct rq_slice *out_part)
{
    if (rest->ptr == NULL)
        return false;

    const uint8_t *at = memchr(rest->ptr, sep, rest->len);
    if (at == NULL) {
        *out_part = *rest;
        *rest = rq_slice(NULL, 0);
        return true;
    }
    size_t len = (size_t)(at - rest->ptr);
    *out_part = rq_slice(rest->ptr, len);
    *rest = rq_slice(at + 1, rest->len - len - 1);
    return true;
}
