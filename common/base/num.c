/* num - strict numbers.  A number has no leading zero, so that one value has one
 * spelling.
 * SPDX-License-Identifier: MIT */
#include "base/num.h"

#include <errno.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Reads the digits at the start of `s`, saturating.
 * Returns  how many there are; 0 when there is no number */
static size_t read_digits(struct rq_slice s, uint64_t *out, bool *out_overflow)
{
    uint64_t v = 0;
    size_t i = 0;

    *out_overflow = false;
    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');

        if (v > (UINT64_MAX - digit) / 10)
            *out_overflow = true;
        v = v * 10 + digit;
    }
    if (i > 1 && s.ptr[0] == '0')
        return 0;
    *out = *out_overflow ? UINT64_MAX : v;
    return i;
}

int rq_num_u64(struct rq_slice s, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    bool overflow;
    size_t digits = read_digits(s, &v, &overflow);

    if (digits == 0 || digits != s.len)
        return -EINVAL;
    if (overflow || v < min || v > max)
        return -ERANGE;
    *out = v;
    return 0;
}

int rq_num_i64(struct rq_slice s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    uint64_t magnitude;
    int64_t v;
    int rc;

    if (negative)
        s = rq_slice(s.ptr + 1, s.len - 1);
    rc = rq_num_u64(s, 0, limit, &magnitude);
    if (rc < 0)
        return rc;
    if (negative && magnitude == 0)
        return -EINVAL; /* -0 is a second spelling of 0 */
    if (negative)
        v = -(int64_t)(magnitude - 1) - 1;
    else
        v = (int64_t)magnitude;
    if (v < min || v > max)
        return -ERANGE;
    *out = v;
    return 0;
}

/* Reads digits and one of `units`; the first unit's name is empty: a bare number. */
static int read_quantity(struct rq_slice s, const struct unit *units, size_t unit_count,
                         uint64_t *out)
{
    bool overflow;
    uint64_t v;
    size_t digits = read_digits(s, &v, &overflow);

    if (digits == 0)
        return -EINVAL;
    s = rq_slice(s.ptr + digits, s.len - digits);
    for (size_t i = 0; i < unit_count; i++) {
        if (!rq_slice_eq(s, rq_slice_str(units[i].name)))
            continue;
        if (overflow || v > UINT64_MAX / units[i].factor)
            return -ERANGE;
        *out = v * units[i].factor;
        return 0;
    }
    return -EINVAL;
}

int rq_num_size(struct rq_slice s, uint64_t min, uint64_t max, uint64_t *out_bytes)
{
    static const struct unit units[] = {
        {"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    uint64_t v;
    int rc = read_quantity(s, units, sizeof units / sizeof *units, &v);

    if (rc < 0)
        return rc;
    if (v < min || v > max)
        return -ERANGE;
    *out_bytes = v;
    return 0;
}

int rq_num_duration(struct rq_slice s, uint64_t min_ms, uint64_t max_ms,
                    uint64_t *out_ms)
{
    static const struct unit units[] = {{"", 1},      {"ms", 1},      {"s", 1000},
                                        {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    uint64_t v;
    int rc = read_quantity(s, units, sizeof units / sizeof *units, &v);

    if (rc < 0)
        return rc;
    if (v < min_ms || v > max_ms)
        return -ERANGE;
    *out_ms = v;
    return 0;
}

/* Two digits at a time: a division costs more than a look into this table. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

size_t rq_num_format(uint64_t v, char *out)
{
    char digits[RQ_NUM_DIGITS]; /* filled from its end */
    size_t at = sizeof digits;

    if (v < 10) {
        out[0] = (char)('0' + v);
        return 1;
    }

    while (v >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (v % 100), 2);
        v /= 100;
    }
    if (v >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * v, 2);
    } else if (v > 0) {
        digits[--at] = (char)('0' + v);
    }
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}
