/* entry - the name of an entry of the log.
 * SPDX-License-Identifier: MIT */
#include "store/entry.h"

#include "base/err.h"
#include "base/num.h"

size_t entry_format(struct entry_id id, char *out)
{
    size_t n = rq_num_format(id.epoch, out);

    out[n++] = '-';
    n += rq_num_format(id.n, out + n);
    out[n] = '\0';
    return n;
}

int entry_parse(struct rq_slice text, struct entry_id *out)
{
    struct rq_slice epoch, rest = text;
    struct entry_id id;

    if (!rq_slice_split(&rest, '-', &epoch) || rest.ptr == NULL)
        return RQ_E_MALFORMED;
    if (rq_num_u64(epoch, 0, UINT64_MAX, &id.epoch) < 0 ||
        rq_num_u64(rest, 0, UINT64_MAX, &id.n) < 0)
        return RQ_E_MALFORMED;
    *out = id;
    return 0;
}

int entry_compare(struct entry_id a, struct entry_id b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return 0;
}
