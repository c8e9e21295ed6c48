/* strike - PUTs taken out of a commit that was not sent.
 *
 * A record struck out keeps its place, with the type 0, until the sweep.  No commit in
 * the log holds one.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "store/fields.h"

/* One record of our own writing, where it stands. */
struct place {
    size_t start, end;
    uint8_t type;
    struct rq_slice payload;
};

/* The record at `at`, which is not the end. */
static struct place place_at(const struct rq_buf *plain, size_t at)
{
    struct rq_slice in = rq_slice(content(plain) + at, plain->len - at);
    struct place p = {.start = at};

    int type = take_byte(&in, &p.type), payload = take_bytes(&in, &p.payload);
    ASSERT(type == 0 && payload == 0);
    p.end = plain->len - in.len;
    return p;
}

static void strike(struct rq_buf *plain, const struct place *p)
{
    content(plain)[p->start] = STRUCK;
    store_u32(content(plain), encode_count(plain) - 1);
}

static struct job_id job_at(const struct rq_buf *plain, const struct place *p)
{
    struct rq_slice in = p->payload;
    struct job_id job;

    int rc = take_job(&in, base_of(content(plain)), &job);
    ASSERT(rc == 0);
    return job;
}

static bool is_put(const struct place *p)
{
    return p->type == RECORD_PUT || p->type == PUT_APART || p->type == PUT_OF_KIND;
}

static bool strike_between(struct rq_buf *plain, size_t from, size_t to, size_t *scan,
                           struct job_id job)
{
    struct place p;

    for (size_t at = from; at < to; at = p.end) {
        p = place_at(plain, at);
        if (!is_put(&p))
            continue;
        struct job_id here = job_at(plain, &p);
        if (!job_id_equal(here, job))
            continue;
        strike(plain, &p);
        *scan = p.end;
        return true;
    }
    return false;
}

bool encode_strike_put(struct rq_buf *plain, size_t *scan, struct job_id job)
{
    size_t from = *scan < ENCODE_HEADER ? ENCODE_HEADER : *scan;

    return strike_between(plain, from, plain->len, scan, job) ||
           strike_between(plain, ENCODE_HEADER, from, scan, job);
}

size_t encode_strike_puts(struct rq_buf *plain,
                          void (*each)(void *arg, struct job_id job), void *arg)
{
    size_t count = 0;
    struct place p;

    for (size_t at = ENCODE_HEADER; at < plain->len; at = p.end) {
        p = place_at(plain, at);
        if (!is_put(&p))
            continue;
        strike(plain, &p);
        each(arg, job_at(plain, &p));
        count++;
    }
    return count;
}

void encode_sweep(struct rq_buf *plain, struct kinds *kinds)
{
    uint8_t *bytes = content(plain);
    size_t kept = ENCODE_HEADER, end = kept;
    struct place p;

    for (size_t at = ENCODE_HEADER; at < plain->len; at = p.end) {
        p = place_at(plain, at);
        if (p.type == STRUCK)
            continue;
        memmove(bytes + kept, bytes + p.start, p.end - p.start);
        kept += p.end - p.start;
        if (p.type != KIND)
            end = kept;
    }
    rq_buf_truncate(plain, end);
    kinds_clear(kinds);
}
