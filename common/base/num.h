/* num.h - strict numbers, sizes and durations.  Strict: the whole slice, no sign
 * unless the type has one, no space, no leading zero, no overflow.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/attr.h"
#include "base/slice.h"

/* Errors of the four that check a range  -EINVAL not a number;  -ERANGE outside [min,
 * max]. */
RQ_MUST_CHECK int rq_num_u64(struct rq_slice s, uint64_t min, uint64_t max,
                             uint64_t *out);
RQ_MUST_CHECK int rq_num_i64(struct rq_slice s, int64_t min, int64_t max, int64_t *out);
/* "4096", "64KiB", "1MiB", "2GiB" -> bytes. */
RQ_MUST_CHECK int rq_num_size(struct rq_slice s, uint64_t min, uint64_t max,
                              uint64_t *out_bytes);
/* "250ms", "30s", "5m", "2h", "7d"; a bare number is milliseconds -> ms. */
RQ_MUST_CHECK int rq_num_duration(struct rq_slice s, uint64_t min_ms, uint64_t max_ms,
                                  uint64_t *out_ms);

/* Takes the number at the front off *rest, up to the first byte that is no digit.
 * Errors  -EINVAL none is there, or one with a leading zero;  -ERANGE above UINT64_MAX;
 *         *rest is as it was */
RQ_MUST_CHECK int rq_num_take(struct rq_slice *rest, uint64_t *out);

enum { RQ_NUM_DIGITS = 20 }; /* of the longest uint64_t */
/* The slow halves of the two below, for more than one digit. */
size_t rq_num_digits_long(uint64_t v);
size_t rq_num_format_long(uint64_t v, char *out);

/* How many decimal digits `v` has. */
static inline size_t rq_num_digits(uint64_t v)
{
    return v < 10 ? 1 : rq_num_digits_long(v);
}

/* Writes the decimal digits of `v`; no NUL.  Shape  out: RQ_NUM_DIGITS bytes.
 * Returns  how many were written. */
static inline size_t rq_num_format(uint64_t v, char *out)
{
    if (v >= 10)
        return rq_num_format_long(v, out);
    *out = (char)('0' + v);
    return 1;
}

#endif
