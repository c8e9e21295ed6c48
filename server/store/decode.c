/* decode - bytes -> records.
 *
 * The mirror of encode.c.  It ignores what stands behind the fields that it knows,
 * which is where later versions may add some. SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/name.h"
#include "store/fields.h"

/* ---- fields ---- */

int take_wide_varint(struct rq_slice *in, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < in->len; i++) {
        uint8_t byte = in->ptr[i];

        if (i == 9 && byte > 1)
            return RQ_E_MALFORMED; /* over 64 bits; so the tenth byte is the last */
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte >= 0x80)
            continue;
        if (byte == 0 || v > max)
            return RQ_E_MALFORMED; /* the first byte is not 0: see take_varint() */
        in->ptr += i + 1;
        in->len -= i + 1;
        *out = v;
        return 0;
    }
    return RQ_E_MALFORMED;
}

static int take_u32(struct rq_slice *in, uint32_t *out)
{
    uint64_t v;
    int rc = take_varint(in, UINT32_MAX, &v);

    if (rc == 0)
        *out = (uint32_t)v;
    return rc;
}

static int take_signed(struct rq_slice *in, int64_t *out)
{
    uint64_t v;
    int rc = take_varint(in, UINT64_MAX, &v);

    if (rc == 0)
        *out = (int64_t)unzigzag(v);
    return rc;
}

static int take_queue(struct rq_slice *in, struct rq_slice *out)
{
    int rc = take_bytes(in, out);

    if (rc < 0)
        return rc;
    return rq_name_is_valid(*out) ? 0 : RQ_E_MALFORMED;
}

/* A byte in [min, max]: enumerations, percentages. */
static int take_choice(struct rq_slice *in, uint8_t min, uint8_t max, uint8_t *out)
{
    int rc = take_byte(in, out);

    if (rc < 0)
        return rc;
    return *out >= min && *out <= max ? 0 : RQ_E_MALFORMED;
}

static int take_state(struct rq_slice *in, enum record_state *out)
{
    uint8_t v;
    int rc = take_choice(in, RECORD_READY, RECORD_CANCELLING, &v);

    if (rc == 0)
        *out = (enum record_state)v;
    return rc;
}

static int take_end(struct rq_slice *in, enum record_end *out)
{
    uint8_t v;
    int rc = take_choice(in, RECORD_END_DONE, RECORD_END_CANCELLED, &v);

    if (rc == 0)
        *out = (enum record_end)v;
    return rc;
}

static int take_policy(struct rq_slice *in, struct job_policy *p)
{
    uint64_t tries;

    if (take_u32(in, &p->ttr_ms) < 0 || take_varint(in, UINT16_MAX, &tries) < 0 ||
        take_choice(in, JOB_BACKOFF_FIXED, JOB_BACKOFF_EXP, &p->backoff) < 0 ||
        take_u32(in, &p->backoff_base_ms) < 0 || take_u32(in, &p->backoff_max_ms) < 0 ||
        take_choice(in, 0, 100, &p->jitter_pct) < 0 || take_byte(in, &p->pri) < 0)
        return RQ_E_MALFORMED;
    p->tries = (uint16_t)tries;
    return 0;
}

static int take_totals(struct rq_slice *in, struct record_totals *t)
{
    uint64_t *const fields[] = {&t->put,     &t->delivered, &t->done,
                                &t->failed,  &t->retried,   &t->dead,
                                &t->expired, &t->cancelled, &t->redelivered};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (take_varint(in, UINT64_MAX, fields[i]) < 0)
            return RQ_E_MALFORMED;
    return in->len == 0 ? 0 : take_varint(in, UINT64_MAX, &t->requeued);
}

static int take_settings(struct rq_slice *in, struct record_settings *v)
{
    if (take_varint(in, UINT64_MAX, &v->maxsize) < 0 ||
        take_varint(in, UINT64_MAX, &v->deadmax) < 0 || take_u32(in, &v->ttr_ms) < 0 ||
        take_u32(in, &v->tries) < 0 || take_u32(in, &v->rate) < 0 ||
        take_u32(in, &v->concurrency) < 0 || take_u32(in, &v->grouplimit) < 0 ||
        take_byte(in, &v->order) < 0 || take_byte(in, &v->paused) < 0)
        return RQ_E_MALFORMED;
    return take_byte(in, &v->shut);
}

static int take_apart(struct rq_slice *in, struct record_apart *out)
{
    if (take_varint(in, UINT32_MAX, &out->len) < 0 ||
        take_varint(in, ENCODE_EPOCH_MAX, &out->epoch) < 0 ||
        take_varint(in, UINT64_MAX, &out->number) < 0)
        return RQ_E_MALFORMED;
    return out->epoch > 0 ? 0 : RQ_E_MALFORMED;
}

/* What stands at the end of a PUT or MOVE, whole or not. */
static int take_rest(struct rq_slice *in, struct record *r)
{
    if (in->len == 0)
        return 0;
    if (take_varint(in, UINT64_MAX, &r->policy.ttl_ms) < 0 ||
        take_bytes(in, &r->attrs) < 0)
        return RQ_E_MALFORMED;
    if (in->len == 0)
        return 0;
    if (take_varint(in, UINT64_MAX, &r->policy.keep_ms) < 0)
        return RQ_E_MALFORMED;
    return in->len == 0 ? 0 : take_varint(in, UINT64_MAX, &r->policy.window_ms);
}

static int take_own(struct rq_slice *in, bool is_apart, struct record *r)
{
    if (take_signed(in, &r->due_wall_ms) < 0 ||
        (is_apart ? take_apart(in, &r->apart) : take_bytes(in, &r->body)) < 0)
        return RQ_E_MALFORMED;
    return take_rest(in, r);
}

static int take_whole(struct rq_slice *in, bool is_apart, struct record *r)
{
    if (take_queue(in, &r->queue) < 0 || take_policy(in, &r->policy) < 0 ||
        take_signed(in, &r->put_wall_ms) < 0)
        return RQ_E_MALFORMED;
    return take_own(in, is_apart, r);
}

static int take_course(struct rq_slice *in, struct record *r)
{
    if (take_state(in, &r->state) < 0 || take_u32(in, &r->attempts) < 0)
        return RQ_E_MALFORMED;
    return take_bytes(in, &r->error);
}

static int take_lease(struct rq_slice *in, struct record *r)
{
    if (take_u32(in, &r->attempts) < 0)
        return RQ_E_MALFORMED;
    if (in->len == 0)
        return 0;
    if (take_varint(in, UINT64_MAX, &r->hold.n) < 0 ||
        take_u32(in, &r->hold.ttr_ms) < 0 || take_queue(in, &r->hold.worker) < 0)
        return RQ_E_MALFORMED;
    return (uint32_t)r->hold.n > 0 && r->hold.ttr_ms > 0 ? 0 : RQ_E_MALFORMED;
}

static int take_done(struct rq_slice *in, struct record *r)
{
    uint8_t has_result;

    if (take_end(in, &r->end) < 0 || take_bytes(in, &r->result) < 0)
        return RQ_E_MALFORMED;
    if (in->len == 0)
        return 0;
    if (take_signed(in, &r->kept_wall_ms) < 0 || take_queue(in, &r->queue) < 0 ||
        take_varint(in, UINT64_MAX, &r->lease) < 0 ||
        take_choice(in, 0, 1, &has_result) < 0 || r->kept_wall_ms <= 0)
        return RQ_E_MALFORMED;
    r->has_result = has_result != 0;
    if (in->len == 0)
        return 0;
    if (take_bytes(in, &r->key) < 0 || r->key.len == 0)
        return RQ_E_MALFORMED;
    return take_signed(in, &r->window_wall_ms);
}

static int take_state_change(struct rq_slice *in, struct record *r)
{
    if (take_state(in, &r->state) < 0 || take_u32(in, &r->attempts) < 0 ||
        take_signed(in, &r->due_wall_ms) < 0)
        return RQ_E_MALFORMED;
    return take_bytes(in, &r->error);
}

static int take_cron(struct rq_slice *in, struct record *r)
{
    struct record_cron *c = &r->cron;

    if (take_queue(in, &r->name) < 0 || take_bytes(in, &r->queue) < 0)
        return RQ_E_MALFORMED;
    if (r->queue.len == 0)
        return 0;
    if (!rq_name_is_valid(r->queue) || take_bytes(in, &c->spec) < 0 ||
        take_bytes(in, &c->zone) < 0 || take_bytes(in, &r->body) < 0 ||
        take_bytes(in, &r->attrs) < 0 || take_policy(in, &r->policy) < 0 ||
        take_varint(in, UINT64_MAX, &r->policy.ttl_ms) < 0 ||
        take_varint(in, UINT64_MAX, &r->policy.keep_ms) < 0 ||
        take_varint(in, UINT64_MAX, &r->policy.window_ms) < 0 ||
        take_signed(in, &c->delay_ms) < 0 || take_signed(in, &c->after_ms) < 0 ||
        take_signed(in, &c->anchor_ms) < 0 || take_signed(in, &c->last_ms) < 0 ||
        take_varint(in, UINT64_MAX, &c->runs) < 0)
        return RQ_E_MALFORMED;
    return take_varint(in, UINT64_MAX, &c->skipped);
}

static int take_batch(struct rq_slice *in, struct record_batch *b)
{
    if (take_choice(in, RECORD_BATCH_OPEN, RECORD_BATCH_GONE, &b->state) < 0)
        return RQ_E_MALFORMED;
    if (b->state == RECORD_BATCH_GONE)
        return 0;
    if (take_varint(in, UINT64_MAX, &b->keep_ms) < 0 ||
        take_signed(in, &b->kept_wall_ms) < 0 ||
        take_varint(in, UINT64_MAX, &b->done) < 0 ||
        take_varint(in, UINT64_MAX, &b->expired) < 0 ||
        take_varint(in, UINT64_MAX, &b->cancelled) < 0)
        return RQ_E_MALFORMED;
    return take_varint(in, UINT64_MAX, &b->purged);
}

static int take_payload(struct rq_slice in, struct job_id base, bool is_apart,
                        struct record *r)
{
    if (record_has_job(r->type) && take_job(&in, base, &r->job) < 0)
        return RQ_E_MALFORMED;
    switch (r->type) {
    case RECORD_PUT:
        return take_whole(&in, is_apart, r);
    case RECORD_LEASE:
        return take_lease(&in, r);
    case RECORD_STATE:
        return take_state_change(&in, r);
    case RECORD_DONE:
        return take_done(&in, r);
    case RECORD_MOVE:
        return take_course(&in, r) < 0 ? RQ_E_MALFORMED : take_whole(&in, is_apart, r);
    case RECORD_QUEUE:
        return take_queue(&in, &r->queue) < 0 ? RQ_E_MALFORMED
                                              : take_settings(&in, &r->settings);
    case RECORD_CRON:
        return take_cron(&in, r);
    case RECORD_BATCH:
        return take_batch(&in, &r->batch);
    case RECORD_TOTALS:
        return take_queue(&in, &r->queue) < 0 ? RQ_E_MALFORMED
                                              : take_totals(&in, &r->totals);
    }
    return -ENOTSUP;
}

/* ---- kinds ---- */

static int take_slot(struct rq_slice *in, uint8_t *out)
{
    return take_choice(in, 0, KINDS_SLOTS - 1, out);
}

static int take_kind(struct decoder *d, struct rq_slice in)
{
    struct decoded_kind kind = {.put_wall_ms = 0};
    uint8_t slot;

    if (take_slot(&in, &slot) < 0 || take_queue(&in, &kind.queue) < 0 ||
        take_policy(&in, &kind.policy) < 0 || take_signed(&in, &kind.put_wall_ms) < 0)
        return RQ_E_MALFORMED;
    d->kinds[slot] = kind;
    d->known |= 1U << slot;
    return 0;
}

static int take_of_kind(const struct decoder *d, struct rq_slice in, struct record *r)
{
    int64_t later;
    uint8_t slot;

    if (take_job(&in, d->base, &r->job) < 0 || take_slot(&in, &slot) < 0 ||
        (d->known & 1U << slot) == 0 ||
        (r->type == RECORD_MOVE && take_course(&in, r) < 0) ||
        take_signed(&in, &later) < 0)
        return RQ_E_MALFORMED;
    r->queue = d->kinds[slot].queue;
    r->policy = d->kinds[slot].policy;
    r->put_wall_ms = (int64_t)((uint64_t)d->kinds[slot].put_wall_ms + (uint64_t)later);
    return take_own(&in, false, r);
}

/* ---- commits ---- */

int decode_begin(struct decoder *d, struct rq_slice plain)
{
    if (plain.len < ENCODE_HEADER)
        return RQ_E_MALFORMED;
    d->left = (uint32_t)load_le(plain.ptr, 4);
    d->base = base_of(plain.ptr);
    d->rest = rq_slice(plain.ptr + ENCODE_HEADER, plain.len - ENCODE_HEADER);
    d->known = 0;
    return 0;
}

static int take_frame(struct rq_slice *in, uint8_t *type, struct rq_slice *payload)
{
    if (take_byte(in, type) < 0)
        return RQ_E_MALFORMED;
    return take_bytes(in, payload);
}

static int take_record(const struct decoder *d, uint8_t type, struct rq_slice payload,
                       struct record *r)
{
    switch (type) {
    case PUT_OF_KIND:
    case MOVE_OF_KIND:
        *r = (struct record){.type = type == PUT_OF_KIND ? RECORD_PUT : RECORD_MOVE};
        return take_of_kind(d, payload, r);
    case PUT_APART:
    case MOVE_APART:
        *r = (struct record){.type = type == PUT_APART ? RECORD_PUT : RECORD_MOVE};
        return take_payload(payload, d->base, true, r);
    default:
        *r = (struct record){.type = (enum record_type)type};
        return take_payload(payload, d->base, false, r);
    }
}

int decode_next(struct decoder *d, struct record *out)
{
    struct rq_slice payload;
    uint8_t type;

    if (d->left == 0)
        return d->rest.len == 0 ? 0 : RQ_E_MALFORMED;
    int rc = take_frame(&d->rest, &type, &payload);
    while (rc == 0 && type == KIND) {
        rc = take_kind(d, payload);
        if (rc == 0)
            rc = take_frame(&d->rest, &type, &payload);
    }
    if (rc == 0)
        rc = take_record(d, type, payload, out);
    if (rc < 0)
        return rc;
    d->left--;
    return 1;
}
