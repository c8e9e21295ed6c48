/* encode - records <-> bytes.
 *
 * The payload of each type is described once, by put_payload(): with a sink that has no
 * memory it counts, with one that has it writes.  So length and content cannot
 * disagree.  take_payload() is its mirror; it ignores what stands behind the fields
 * that it knows, which is where later versions may add some.
 *
 * A record struck out of a commit that has not been sent keeps its place with the type
 * 0 until the sweep.  No commit in the log holds one.
 * SPDX-License-Identifier: MIT */
#include "store/encode.h"

#include <errno.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/name.h"

enum { STRUCK = 0 };

/* In the log only: PUT and MOVE of which the body stands apart. */
enum { PUT_APART = 10, MOVE_APART = 11 };

/* ---- writing ---- */

struct sink {
    uint8_t *at; /* NULL: count only */
    size_t len;
    struct job_id base;
};

static void put_byte(struct sink *s, uint8_t v)
{
    if (s->at != NULL)
        *s->at++ = v;
    s->len++;
}

static void put_varint(struct sink *s, uint64_t v)
{
    while (v >= 0x80) {
        put_byte(s, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    put_byte(s, (uint8_t)v);
}

static uint64_t zigzag(uint64_t v)
{
    return (v << 1) ^ (v >> 63 != 0 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t v)
{
    return (v >> 1) ^ ((v & 1) != 0 ? UINT64_MAX : 0);
}

static void put_signed(struct sink *s, int64_t v)
{
    put_varint(s, zigzag((uint64_t)v));
}

static void put_bytes(struct sink *s, struct rq_slice v)
{
    put_varint(s, v.len);
    if (s->at != NULL && v.len > 0) {
        memcpy(s->at, v.ptr, v.len);
        s->at += v.len;
    }
    s->len += v.len;
}

static void put_job(struct sink *s, struct job_id job)
{
    put_varint(s, zigzag(job.epoch - s->base.epoch));
    put_varint(s, zigzag(job.number - s->base.number));
}

static void put_policy(struct sink *s, const struct job_policy *p)
{
    put_varint(s, p->ttr_ms);
    put_varint(s, p->tries);
    put_byte(s, p->backoff);
    put_varint(s, p->backoff_base_ms);
    put_varint(s, p->backoff_max_ms);
    put_byte(s, p->jitter_pct);
    put_byte(s, p->pri);
}

/* Of an end that can be asked for: all that is left of the job. */
static void put_kept(struct sink *s, const struct record *r)
{
    if (r->kept_wall_ms == 0)
        return;
    put_signed(s, r->kept_wall_ms);
    put_bytes(s, r->queue);
    put_varint(s, r->lease);
    put_byte(s, r->has_result);
    if (r->key.len == 0)
        return;
    put_bytes(s, r->key);
    put_signed(s, r->window_wall_ms);
}

static void put_body(struct sink *s, const struct record *r)
{
    if (r->apart.epoch == 0) {
        put_bytes(s, r->body);
        return;
    }
    put_varint(s, r->apart.len);
    put_varint(s, r->apart.epoch);
    put_varint(s, r->apart.number);
}

/* Of a lease that outlives its connection. */
static void put_hold(struct sink *s, const struct record *r)
{
    if (r->hold.n == 0)
        return;
    put_varint(s, r->hold.n);
    put_varint(s, r->hold.ttr_ms);
    put_bytes(s, r->hold.worker);
}

static void put_totals(struct sink *s, const struct record_totals *t)
{
    put_varint(s, t->put);
    put_varint(s, t->delivered);
    put_varint(s, t->done);
    put_varint(s, t->failed);
    put_varint(s, t->retried);
    put_varint(s, t->dead);
    put_varint(s, t->expired);
    put_varint(s, t->cancelled);
    put_varint(s, t->redelivered);
    if (t->requeued > 0)
        put_varint(s, t->requeued);
}

/* What most jobs do not have; where it is missing it is empty. */
static void put_rest(struct sink *s, const struct record *r)
{
    if (r->policy.ttl_ms == 0 && r->policy.keep_ms == 0 && r->policy.window_ms == 0 &&
        r->attrs.len == 0)
        return;
    put_varint(s, r->policy.ttl_ms);
    put_bytes(s, r->attrs);
    put_varint(s, r->policy.keep_ms);
    put_varint(s, r->policy.window_ms);
}

static void put_settings(struct sink *s, const struct record_settings *v)
{
    put_varint(s, v->maxsize);
    put_varint(s, v->deadmax);
    put_varint(s, v->ttr_ms);
    put_varint(s, v->tries);
    put_varint(s, v->rate);
    put_varint(s, v->concurrency);
    put_varint(s, v->grouplimit);
    put_byte(s, v->order);
    put_byte(s, v->paused);
    put_byte(s, v->shut);
}

/* Without a queue it says that the entry is gone. */
static void put_cron(struct sink *s, const struct record *r)
{
    const struct record_cron *c = &r->cron;

    put_bytes(s, r->name);
    put_bytes(s, r->queue);
    if (r->queue.len == 0)
        return;
    put_bytes(s, c->spec);
    put_bytes(s, c->zone);
    put_bytes(s, r->body);
    put_bytes(s, r->attrs);
    put_policy(s, &r->policy);
    put_varint(s, r->policy.ttl_ms);
    put_varint(s, r->policy.keep_ms);
    put_varint(s, r->policy.window_ms);
    put_signed(s, c->delay_ms);
    put_signed(s, c->after_ms);
    put_signed(s, c->anchor_ms);
    put_signed(s, c->last_ms);
    put_varint(s, c->runs);
    put_varint(s, c->skipped);
}

static void put_batch(struct sink *s, const struct record_batch *b)
{
    put_byte(s, b->state);
    if (b->state == RECORD_BATCH_GONE)
        return;
    put_varint(s, b->keep_ms);
    put_signed(s, b->kept_wall_ms);
    put_varint(s, b->done);
    put_varint(s, b->expired);
    put_varint(s, b->cancelled);
    put_varint(s, b->purged);
}

static void put_payload(struct sink *s, const struct record *r)
{
    if (record_has_job(r->type))
        put_job(s, r->job);
    switch (r->type) {
    case RECORD_MOVE:
        put_byte(s, (uint8_t)r->state);
        put_varint(s, r->attempts);
        put_bytes(s, r->error);
        /* fall through - a MOVE has all that a PUT has */
    case RECORD_PUT:
        put_bytes(s, r->queue);
        put_policy(s, &r->policy);
        put_signed(s, r->put_wall_ms);
        put_signed(s, r->due_wall_ms);
        put_body(s, r);
        put_rest(s, r);
        break;
    case RECORD_LEASE:
        put_varint(s, r->attempts);
        put_hold(s, r);
        break;
    case RECORD_STATE:
        put_byte(s, (uint8_t)r->state);
        put_varint(s, r->attempts);
        put_signed(s, r->due_wall_ms);
        put_bytes(s, r->error);
        break;
    case RECORD_DONE:
        put_byte(s, (uint8_t)r->end);
        put_bytes(s, r->result);
        put_kept(s, r);
        break;
    case RECORD_QUEUE:
        put_bytes(s, r->queue);
        put_settings(s, &r->settings);
        break;
    case RECORD_CRON:
        put_cron(s, r);
        break;
    case RECORD_BATCH:
        put_batch(s, &r->batch);
        break;
    case RECORD_TOTALS:
        put_bytes(s, r->queue);
        put_totals(s, &r->totals);
        break;
    }
}

/* As it stands in the log. */
static uint8_t type_of(const struct record *r)
{
    if (r->type == RECORD_PUT && r->apart.epoch > 0)
        return PUT_APART;
    if (r->type == RECORD_MOVE && r->apart.epoch > 0)
        return MOVE_APART;
    return (uint8_t)r->type;
}

static void store_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t load_le(const uint8_t *at, int bytes)
{
    uint64_t v = 0;

    for (int i = bytes; i > 0; i--)
        v = v << 8 | at[i - 1];
    return v;
}

/* The content of a buffer that holds a commit, to be changed in place. */
static uint8_t *content(const struct rq_buf *plain)
{
    ASSERT(plain->len >= ENCODE_HEADER);
    return plain->ptr + plain->start;
}

static struct job_id base_of(const uint8_t *plain)
{
    return (struct job_id){load_le(plain + 4, 4), load_le(plain + 8, 8)};
}

int encode_begin(struct rq_buf *out, struct job_id base)
{
    uint8_t header[ENCODE_HEADER] = {0};

    ASSERT(out->len == 0);
    ASSERT(base.epoch <= ENCODE_EPOCH_MAX);
    store_u32(header + 4, (uint32_t)base.epoch);
    store_u32(header + 8, (uint32_t)base.number);
    store_u32(header + 12, (uint32_t)(base.number >> 32));
    return rq_buf_append(out, header, sizeof header);
}

int encode_record(struct rq_buf *out, const struct record *record)
{
    uint8_t *plain = content(out);
    struct sink payload = {NULL, 0, base_of(plain)};
    struct sink whole = {NULL, 0, payload.base};
    uint32_t count = encode_count(out);

    ASSERT(!record_has_job(record->type) || record->job.epoch <= ENCODE_EPOCH_MAX);
    put_payload(&payload, record);
    put_byte(&whole, 0);
    put_varint(&whole, payload.len);
    if (payload.len > ENCODE_RECORD_MAX || count == UINT32_MAX)
        return -EMSGSIZE;

    int rc = rq_buf_reserve(out, whole.len + payload.len);
    if (rc < 0)
        return rc == -ENOBUFS ? -EMSGSIZE : rc;
    uint8_t *start = rq_buf_tail(out);
    payload.at = start;
    put_byte(&payload, type_of(record));
    put_varint(&payload, payload.len - 1);
    put_payload(&payload, record);
    rq_buf_commit(out, (size_t)(payload.at - start));
    store_u32(content(out), count + 1);
    return 0;
}

uint32_t encode_count(const struct rq_buf *plain)
{
    return (uint32_t)load_le(content(plain), 4);
}

/* ---- reading ---- */

static int take_byte(struct rq_slice *in, uint8_t *out)
{
    if (in->len == 0)
        return RQ_E_MALFORMED;
    *out = *in->ptr;
    in->ptr++;
    in->len--;
    return 0;
}

static int take_varint(struct rq_slice *in, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < in->len; i++) {
        uint8_t byte = in->ptr[i];

        if (i == 9 && byte > 1)
            return RQ_E_MALFORMED; /* over 64 bits; so the tenth byte is the last */
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte >= 0x80)
            continue;
        if ((byte == 0 && i > 0) || v > max)
            return RQ_E_MALFORMED;
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

static int take_bytes(struct rq_slice *in, struct rq_slice *out)
{
    uint64_t len;
    int rc = take_varint(in, UINT64_MAX, &len);

    if (rc < 0)
        return rc;
    if (len > in->len)
        return RQ_E_MALFORMED;
    *out = rq_slice(in->ptr, (size_t)len);
    in->ptr += len;
    in->len -= (size_t)len;
    return 0;
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

static int take_job(struct rq_slice *in, struct job_id base, struct job_id *out)
{
    uint64_t epoch, number;

    if (take_varint(in, UINT64_MAX, &epoch) < 0 ||
        take_varint(in, UINT64_MAX, &number) < 0)
        return RQ_E_MALFORMED;
    out->epoch = base.epoch + unzigzag(epoch);
    out->number = base.number + unzigzag(number);
    if (out->epoch == 0 || out->epoch > ENCODE_EPOCH_MAX || out->number == 0)
        return RQ_E_MALFORMED;
    return 0;
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

static int take_put(struct rq_slice *in, bool is_apart, struct record *r)
{
    if (take_queue(in, &r->queue) < 0 || take_policy(in, &r->policy) < 0 ||
        take_signed(in, &r->put_wall_ms) < 0 || take_signed(in, &r->due_wall_ms) < 0)
        return RQ_E_MALFORMED;
    if ((is_apart ? take_apart(in, &r->apart) : take_bytes(in, &r->body)) < 0)
        return RQ_E_MALFORMED;
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

static int take_move(struct rq_slice *in, bool is_apart, struct record *r)
{
    if (take_state(in, &r->state) < 0 || take_u32(in, &r->attempts) < 0 ||
        take_bytes(in, &r->error) < 0)
        return RQ_E_MALFORMED;
    return take_put(in, is_apart, r);
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
        return take_put(&in, is_apart, r);
    case RECORD_LEASE:
        return take_lease(&in, r);
    case RECORD_STATE:
        return take_state_change(&in, r);
    case RECORD_DONE:
        return take_done(&in, r);
    case RECORD_MOVE:
        return take_move(&in, is_apart, r);
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

int decode_begin(struct decoder *d, struct rq_slice plain)
{
    if (plain.len < ENCODE_HEADER)
        return RQ_E_MALFORMED;
    d->left = (uint32_t)load_le(plain.ptr, 4);
    d->base = base_of(plain.ptr);
    d->rest = rq_slice(plain.ptr + ENCODE_HEADER, plain.len - ENCODE_HEADER);
    return 0;
}

int decode_next(struct decoder *d, struct record *out)
{
    struct rq_slice payload;
    uint8_t type;

    if (d->left == 0)
        return d->rest.len == 0 ? 0 : RQ_E_MALFORMED;
    if (take_byte(&d->rest, &type) < 0 || take_bytes(&d->rest, &payload) < 0)
        return RQ_E_MALFORMED;
    bool is_apart = type == PUT_APART || type == MOVE_APART;
    if (is_apart)
        type = type == PUT_APART ? RECORD_PUT : RECORD_MOVE;
    *out = (struct record){.type = (enum record_type)type};

    int rc = take_payload(payload, d->base, is_apart, out);
    if (rc < 0)
        return rc;
    d->left--;
    return 1;
}

/* ---- striking out ---- */

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
    return p->type == RECORD_PUT || p->type == PUT_APART;
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

void encode_sweep(struct rq_buf *plain)
{
    uint8_t *bytes = content(plain);
    size_t kept = ENCODE_HEADER;
    struct place p;

    for (size_t at = ENCODE_HEADER; at < plain->len; at = p.end) {
        p = place_at(plain, at);
        if (p.type == STRUCK)
            continue;
        memmove(bytes + kept, bytes + p.start, p.end - p.start);
        kept += p.end - p.start;
    }
    rq_buf_truncate(plain, kept);
}
