/* name - the grammar of names, and globs over them.
 * SPDX-License-Identifier: MIT */
#include "base/name.h"

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-';
}

bool rq_name_is_valid(struct rq_slice name)
{
    if (name.len == 0 || name.len > RQ_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.ptr[i]))
            return false;
    return true;
}

/* On a mismatch only the last `*` is worth another try, one byte later: whatever an
 * earlier one could take, the last one can take too.  Hence no recursion. */
bool rq_name_matches_within(struct rq_slice name, struct rq_slice pattern,
                            size_t *steps)
{
    size_t n = 0, p = 0;
    size_t star = SIZE_MAX, retry = 0; /* the last `*`, and where its run ends now */

    while (n < name.len) {
        if (*steps == 0)
            return false;
        (*steps)--;
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            retry = n;
        } else if (p < pattern.len &&
                   (pattern.ptr[p] == '?' || pattern.ptr[p] == name.ptr[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

bool rq_name_matches(struct rq_slice name, struct rq_slice pattern)
{
    size_t steps = SIZE_MAX;

    return rq_name_matches_within(name, pattern, &steps);
}
