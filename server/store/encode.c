/* encode - records -> bytes.
 *
 * A record is written where it will stand, in one pass, into room for the longest that
 * it can be.  Its length stands in front of it and is known when it is written: in most
 * cases it has been foreseen how wide that will be, and if not, the payload moves a
 * byte. take_payload() in decode.c is the mirror of put_payload().
 * SPDX-License-Identifier: MIT */
#include "store/encode.h"

#include <errno.h>

#include "base/assert.h"
#include "store/fields.h"

/* ---- parts of payloads ---- */

static uint8_t *put_policy(uint8_t *at, const struct job_policy *p)
{
    at = put_varint(at, p->ttr_ms);
    at = put_varint(at, p->tries);
    at = put_byte(at, p->backoff);
    at = put_varint(at, p->backoff_base_ms);
    at = put_varint(at, p->backoff_max_ms);
    at = put_byte(at, p->jitter_pct);
    return put_byte(at, p->pri);
}

/* Of an end that can be asked for: all that is left of the job. */
static uint8_t *put_kept(uint8_t *at, const struct record *r)
{
    if (r->kept_wall_ms == 0)
        return at;
    at = put_signed(at, r->kept_wall_ms);
    at = put_bytes(at, r->queue);
    at = put_varint(at, r->lease);
    at = put_byte(at, r->has_result);
    if (r->key.len == 0)
        return at;
    at = put_bytes(at, r->key);
    return put_signed(at, r->window_wall_ms);
}

static uint8_t *put_body(uint8_t *at, const struct record *r)
{
    if (r->apart.epoch == 0)
        return put_bytes(at, r->body);
    at = put_varint(at, r->apart.len);
    at = put_varint(at, r->apart.epoch);
    return put_varint(at, r->apart.number);
}

/* Of a lease that outlives its connection. */
static uint8_t *put_hold(uint8_t *at, const struct record *r)
{
    if (r->hold.n == 0)
        return at;
    at = put_varint(at, r->hold.n);
    at = put_varint(at, r->hold.ttr_ms);
    return put_bytes(at, r->hold.worker);
}

static uint8_t *put_totals(uint8_t *at, const struct record_totals *t)
{
    at = put_varint(at, t->put);
    at = put_varint(at, t->delivered);
    at = put_varint(at, t->done);
    at = put_varint(at, t->failed);
    at = put_varint(at, t->retried);
    at = put_varint(at, t->dead);
    at = put_varint(at, t->expired);
    at = put_varint(at, t->cancelled);
    at = put_varint(at, t->redelivered);
    return t->requeued > 0 ? put_varint(at, t->requeued) : at;
}

/* What most jobs do not have; where it is missing it is empty. */
static uint8_t *put_rest(uint8_t *at, const struct record *r)
{
    if (r->policy.ttl_ms == 0 && r->policy.keep_ms == 0 && r->policy.window_ms == 0 &&
        r->attrs.len == 0)
        return at;
    at = put_varint(at, r->policy.ttl_ms);
    at = put_bytes(at, r->attrs);
    at = put_varint(at, r->policy.keep_ms);
    return put_varint(at, r->policy.window_ms);
}

static uint8_t *put_settings(uint8_t *at, const struct record_settings *v)
{
    at = put_varint(at, v->maxsize);
    at = put_varint(at, v->deadmax);
    at = put_varint(at, v->ttr_ms);
    at = put_varint(at, v->tries);
    at = put_varint(at, v->rate);
    at = put_varint(at, v->concurrency);
    at = put_varint(at, v->grouplimit);
    at = put_byte(at, v->order);
    at = put_byte(at, v->paused);
    return put_byte(at, v->shut);
}

/* Without a queue it says that the entry is gone. */
static uint8_t *put_cron(uint8_t *at, const struct record *r)
{
    const struct record_cron *c = &r->cron;

    at = put_bytes(at, r->name);
    at = put_bytes(at, r->queue);
    if (r->queue.len == 0)
        return at;
    at = put_bytes(at, c->spec);
    at = put_bytes(at, c->zone);
    at = put_bytes(at, r->body);
    at = put_bytes(at, r->attrs);
    at = put_policy(at, &r->policy);
    at = put_varint(at, r->policy.ttl_ms);
    at = put_varint(at, r->policy.keep_ms);
    at = put_varint(at, r->policy.window_ms);
    at = put_signed(at, c->delay_ms);
    at = put_signed(at, c->after_ms);
    at = put_signed(at, c->anchor_ms);
    at = put_signed(at, c->last_ms);
    at = put_varint(at, c->runs);
    return put_varint(at, c->skipped);
}

static uint8_t *put_batch(uint8_t *at, const struct record_batch *b)
{
    at = put_byte(at, b->state);
    if (b->state == RECORD_BATCH_GONE)
        return at;
    at = put_varint(at, b->keep_ms);
    at = put_signed(at, b->kept_wall_ms);
    at = put_varint(at, b->done);
    at = put_varint(at, b->expired);
    at = put_varint(at, b->cancelled);
    return put_varint(at, b->purged);
}

/* What a PUT and a MOVE have but for what the kind says. */
static uint8_t *put_own(uint8_t *at, const struct record *r)
{
    at = put_signed(at, r->due_wall_ms);
    at = put_body(at, r);
    return put_rest(at, r);
}

static uint8_t *put_whole(uint8_t *at, const struct record *r)
{
    at = put_bytes(at, r->queue);
    at = put_policy(at, &r->policy);
    at = put_signed(at, r->put_wall_ms);
    return put_own(at, r);
}

/* What a MOVE has before all that a PUT has. */
static uint8_t *put_course(uint8_t *at, const struct record *r)
{
    at = put_byte(at, (uint8_t)r->state);
    at = put_varint(at, r->attempts);
    return put_bytes(at, r->error);
}

static uint8_t *put_state(uint8_t *at, const struct record *r)
{
    at = put_byte(at, (uint8_t)r->state);
    at = put_varint(at, r->attempts);
    at = put_signed(at, r->due_wall_ms);
    return put_bytes(at, r->error);
}

static uint8_t *put_done(uint8_t *at, const struct record *r)
{
    at = put_byte(at, (uint8_t)r->end);
    at = put_bytes(at, r->result);
    return put_kept(at, r);
}

static uint8_t *put_payload(uint8_t *at, const struct record *r, struct job_id base)
{
    if (record_has_job(r->type))
        at = put_job(at, r->job, base);
    switch (r->type) {
    case RECORD_PUT:
        return put_whole(at, r);
    case RECORD_LEASE:
        return put_hold(put_varint(at, r->attempts), r);
    case RECORD_STATE:
        return put_state(at, r);
    case RECORD_DONE:
        return put_done(at, r);
    case RECORD_MOVE:
        return put_whole(put_course(at, r), r);
    case RECORD_QUEUE:
        return put_settings(put_bytes(at, r->queue), &r->settings);
    case RECORD_CRON:
        return put_cron(at, r);
    case RECORD_BATCH:
        return put_batch(at, &r->batch);
    case RECORD_TOTALS:
        return put_totals(put_bytes(at, r->queue), &r->totals);
    }
    return at;
}

/* ---- records ---- */

/* Of all that it has of any length. */
static size_t bytes_of(const struct record *r)
{
    switch (r->type) {
    case RECORD_PUT:
    case RECORD_MOVE:
        return r->queue.len + r->body.len + r->attrs.len + r->error.len;
    case RECORD_LEASE:
        return r->hold.worker.len;
    case RECORD_STATE:
        return r->error.len;
    case RECORD_DONE:
        return r->result.len + r->queue.len + r->key.len;
    case RECORD_CRON:
        return r->name.len + r->queue.len + r->body.len + r->attrs.len +
               r->cron.spec.len + r->cron.zone.len;
    case RECORD_QUEUE:
    case RECORD_TOTALS:
        return r->queue.len;
    case RECORD_BATCH:
        break;
    }
    return 0;
}

size_t encode_bound(const struct record *record)
{
    return bytes_of(record) + ENCODE_AROUND;
}

/* Where the payload of the record at `start` begins if it comes to `expected` bytes. */
static uint8_t *payload_at(uint8_t *start, size_t expected)
{
    return start + 1 + varint_width(expected);
}

/* Puts type and length in front of [payload, end).  Returns  the end of the record */
static uint8_t *finish(uint8_t *start, uint8_t type, uint8_t *payload, uint8_t *end)
{
    size_t len = (size_t)(end - payload);
    uint8_t *place = payload_at(start, len);

    if (RQ_UNLIKELY(place != payload))
        memmove(place, payload, len);
    *start = type;
    rq_ignore(put_varint(start + 1, len));
    return place + len;
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

static uint8_t *write_whole(uint8_t *start, const struct record *r, struct job_id base)
{
    size_t fixed = r->type == RECORD_PUT || r->type == RECORD_MOVE ? 24 : 4;
    uint8_t *payload = payload_at(start, bytes_of(r) + fixed);

    return finish(start, type_of(r), payload, put_payload(payload, r, base));
}

static uint8_t *write_kind(uint8_t *start, const struct kind *kind)
{
    uint8_t *payload = payload_at(start, kind->queue_len);
    uint8_t *at = put_byte(payload, kind->slot);

    at = put_bytes(at, rq_slice(kind->queue, kind->queue_len));
    at = put_policy(at, &kind->policy);
    return finish(start, KIND, payload, put_signed(at, kind->put_wall_ms));
}

static uint8_t *write_of_kind(uint8_t *start, const struct kind *kind,
                              const struct record *r, struct job_id base)
{
    bool is_put = r->type == RECORD_PUT;
    uint8_t *payload = payload_at(start, r->body.len + r->attrs.len + 7);
    uint8_t *at = put_job(payload, r->job, base);

    at = put_byte(at, kind->slot);
    if (!is_put)
        at = put_course(at, r);
    at = put_varint(at, zigzag((uint64_t)r->put_wall_ms - (uint64_t)kind->put_wall_ms));
    return finish(start, is_put ? PUT_OF_KIND : MOVE_OF_KIND, payload, put_own(at, r));
}

/* NULL: it is none of those that share something with others. */
static struct kind *kind_of(struct kinds *kinds, const struct record *r)
{
    if ((r->type != RECORD_PUT && r->type != RECORD_MOVE) || r->apart.epoch > 0)
        return NULL;
    return kinds_find(kinds, r);
}

/* Returns  the end */
static uint8_t *write_record(uint8_t *at, struct kind *kind, const struct record *r,
                             struct job_id base)
{
    if (kind == NULL || kind->state == KIND_NONE) {
        at = write_whole(at, r, base);
    } else {
        if (kind->state == KIND_SEEN)
            at = write_kind(at, kind);
        at = write_of_kind(at, kind, r, base);
    }
    return at;
}

/* ---- commits ---- */

int encode_begin(struct rq_buf *out, struct kinds *kinds, struct job_id base)
{
    uint8_t header[ENCODE_HEADER] = {0};

    ASSERT(out->len == 0);
    ASSERT(base.epoch <= ENCODE_EPOCH_MAX);
    kinds_clear(kinds);
    store_u32(header + 4, (uint32_t)base.epoch);
    store_u32(header + 8, (uint32_t)base.number);
    store_u32(header + 12, (uint32_t)(base.number >> 32));
    return rq_buf_append(out, header, sizeof header);
}

int encode_record(struct rq_buf *out, struct kinds *kinds, const struct record *record)
{
    size_t bound = encode_bound(record);
    uint32_t count = encode_count(out);

    ASSERT(!record_has_job(record->type) || record->job.epoch <= ENCODE_EPOCH_MAX);
    if (bound > ENCODE_RECORD_MAX + ENCODE_AROUND || count == UINT32_MAX)
        return -EMSGSIZE;
    int rc = rq_buf_reserve(out, bound);
    if (rc < 0)
        return rc == -ENOBUFS ? -EMSGSIZE : rc;

    struct kind *kind = kind_of(kinds, record);
    uint8_t *start = rq_buf_tail(out);
    uint8_t *end = write_record(start, kind, record, base_of(content(out)));
    ASSERT((size_t)(end - start) <= bound);
    rq_buf_commit(out, (size_t)(end - start));
    store_u32(content(out), count + 1);
    if (kind != NULL)
        kind->state = kind->state == KIND_NONE ? KIND_SEEN : KIND_TOLD;
    return 0;
}

uint32_t encode_count(const struct rq_buf *plain)
{
    return (uint32_t)load_le(content(plain), 4);
}
