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

enum { SAFE_DIGITS = RQ_NUM_DIGITS - 1 }; /* so many are never above UINT64_MAX */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits at the start of `s`, up to those that might overflow.
 * Returns  how many there are */
static inline size_t read_safe_digits(struct rq_slice s, uint64_t *out)
{
    size_t safe = s.len < SAFE_DIGITS ? s.len : SAFE_DIGITS;
    uint64_t v = 0;
    size_t i = 0;

    for (; i < safe && is_digit(s.ptr[i]); i++)
        v = v * 10 + (uint64_t)(s.ptr[i] - '0');
    *out = v;
    return i;
}

/* Reads the digits at the start of `s`, saturating.
 * Returns  how many there are; 0 when there is no number */
static size_t read_digits(struct rq_slice s, uint64_t *out, bool *out_overflow)
{
    uint64_t v;
    size_t i = read_safe_digits(s, &v);

    *out_overflow = false;
    for (; i < s.len && is_digit(s.ptr[i]); i++) {
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

/* rq_num_take(), when there are so many digits that they might overflow. */
RQ_NOINLINE static int take_long(struct rq_slice *rest, uint64_t *out)
{
    uint64_t v = 0;
    bool overflow;
    size_t digits = read_digits(*rest, &v, &overflow);

    if (digits == 0)
        return -EINVAL;
    if (overflow)
        return -ERANGE;
    *rest = rq_slice(rest->ptr + digits, rest->len - digits);
    *out = v;
    return 0;
}

int rq_num_take(struct rq_slice *rest, uint64_t *out)
{
    uint64_t v;
    size_t digits = read_safe_digits(*rest, &v);

    if (digits == SAFE_DIGITS)
        return take_long(rest, out);
    if (digits == 0 || (digits > 1 && rest->ptr[0] == '0'))
        return -EINVAL;
    *rest = rq_slice(rest->ptr + digits, rest->len - digits);
    *out = v;
    return 0;
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

/* powers[n] is the smallest number of n + 1 digits. */
static const uint64_t powers[RQ_NUM_DIGITS] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    UINT64_C(10000000000000000000),
};

size_t rq_num_digits_long(uint64_t v)
{
    unsigned bits = 64u - (unsigned)__builtin_clzll(v);
    unsigned below = bits * 1233 >> 12; /* bits x log10(2), rounded down */

    return below + (v >= powers[below]);
}

/* Two digits at a time: a division costs more than a look into this table. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

size_t rq_num_format_long(uint64_t v, char *out)
{
    size_t digits = rq_num_digits_long(v);
    char *at = out + digits; /* filled from the end */

    while (v >= 100) {
        at -= 2;
        memcpy(at, pairs + 2 * (v % 100), 2);
        v /= 100;
    }
    if (v >= 10)
        memcpy(out, pairs + 2 * v, 2);
    else
        out[0] = (char)('0' + v);
    return digits;
}
