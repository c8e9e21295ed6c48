/* record_fuzz - any bytes decode to an end, and whatever decodes encodes to something
 * that decodes to the same.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "base/err.h"
#include "fuzz/fuzz.h"
#include "store/encode.h"
#include "unit/store/records.h"

/* Writes the records of `in` into `out`.  Returns  what ended the decoding */
static int copy(struct rq_slice in, struct rq_buf *out)
{
    static struct kinds kinds;
    struct decoder d;
    struct record r;

    int rc = decode_begin(&d, in);
    if (rc < 0)
        return rc;
    rc = encode_begin(out, &kinds, d.base);
    ASSERT(rc == 0);
    while ((rc = decode_next(&d, &r)) == 1)
        if (encode_record(out, &kinds, &r) < 0)
            return -ENOMEM;
    ASSERT(rc == 0 || rc == RQ_E_MALFORMED || rc == -ENOTSUP);
    return rc;
}

static void check_equal(struct rq_slice a, struct rq_slice b)
{
    static struct decoder da, db;
    struct record ra, rb;
    int rc;

    rc = decode_begin(&da, a) | decode_begin(&db, b);
    ASSERT(rc == 0);
    ASSERT(da.left == db.left);
    while ((rc = decode_next(&da, &ra)) == 1) {
        rc = decode_next(&db, &rb);
        ASSERT(rc == 1);
        ASSERT(record_equal(&ra, &rb));
    }
    ASSERT(rc == 0);
    rc = decode_next(&db, &rb);
    ASSERT(rc == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rq_buf again;

    rq_buf_init(&again, ENCODE_COMMIT_MAX);
    if (copy(rq_slice(data, size), &again) == 0)
        check_equal(rq_slice(data, size), rq_buf_slice(&again));
    rq_buf_fini(&again);
    return 0;
}
