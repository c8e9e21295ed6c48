/* put.c - PUT and MPUT: producing.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "api/api.h"
#include "api/headers.h"
#include "api/held.h"
#include "api/put.h"
#include "api/settings.h"
#include "base/err.h"
#include "core/attrs.h"
#include "core/limits.h"
#include "wire/lay.h"

_Static_assert((int)RQ_COPIES_MAX == (int)STORE_COPIES_MAX,
               "whoever can be asked can wait");

/* The job that had the key: its own PUT may have been refused meanwhile. */
static bool is_gone(const struct reply *r)
{
    struct core_outcome outcome;

    return core_outcome(broker_core(r->broker), r->u.put.first, &outcome) < 0;
}

/* *3 id, state, durability. */
static void put_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);

    if (r->u.put.exists && is_gone(r)) {
        reply_error(r, RQ_E_STORE,
                    "not stored: the job with this key has just gone; try again");
        return;
    }
    struct rq_resp_writer w = reply_writer(r);
    struct rq_slice state = r->u.put.exists    ? RQ_LIT("$6\r\nexists\r\n")
                            : r->u.put.delayed ? RQ_LIT("$7\r\ndelayed\r\n")
                                               : RQ_LIT("$6\r\nqueued\r\n");
    struct rq_slice level =
        rq_slice_str(r->u.put.is_in_memory ? store_level_name(STORE_MEMORY)
                                           : broker_reached(r->broker));
    uint8_t *at = rq_resp_room(&w, sizeof "*3\r\n" + RQ_LAY_ID_MAX + state.len +
                                       RQ_LAY_BULK_MAX(level.len));

    if (at != NULL) {
        at = RQ_LAY(at, "*3\r\n");
        at = rq_lay_id(at, r->u.put.first.epoch, r->u.put.first.number);
        at = rq_lay_bytes(at, state);
        rq_resp_laid(&w, rq_lay_bulk(at, level));
    }
    reply_resolve(r, &w);
}

/* *n of ids; those of one command count up. */
static void mput_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);
    struct job_id id = r->u.put.first;

    rq_resp_array(&w, r->u.put.count);
    for (size_t i = 0; i < r->u.put.count; i++, id.number++) {
        uint8_t *at = rq_resp_room(&w, RQ_LAY_ID_MAX);

        if (at != NULL)
            rq_resp_laid(&w, rq_lay_id(at, id.epoch, id.number));
    }
    reply_resolve(r, &w);
}

/* BLOCK has run out. */
static void put_timed_out(struct promise *p)
{
    reply_error(RQ_CONTAINER_OF(p, struct reply, promise), RQ_E_FULL, NULL);
}

static void refuse(struct reply *r, int code)
{
    char text[128];

    if (code == RQ_E_BADARG && r->u.put.has_too_many_copies) {
        snprintf(text, sizeof text,
                 "ringqd waits for %u copies; ask for no more, or start it with more "
                 "--replicas",
                 broker_copies(r->broker));
        reply_error(r, code, text);
    } else if (code == RQ_E_BADARG && r->u.put.is_too_durable) {
        snprintf(text, sizeof text, "the log holds %s now; ask for that or less",
                 store_level_name(broker_level(r->broker)));
        reply_error(r, code, text);
    } else if (code == RQ_E_BADARG) {
        reply_error(r, code, "more jobs than the queue's MAXSIZE; put fewer at once");
    } else if (code == RQ_E_NOJOB || code == -EPIPE) {
        reply_batch_error(r, code);
    } else {
        reply_refuse(r, code == -ENOBUFS ? RQ_E_LIMIT : code);
    }
}

static void put_failed(struct promise *p, int code)
{
    refuse(RQ_CONTAINER_OF(p, struct reply, promise), code);
}

static const struct promise_ops put_ops = {
    .done = put_done, .failed = put_failed, .timed_out = put_timed_out};
static const struct promise_ops mput_ops = {
    .done = mput_done, .failed = put_failed, .timed_out = put_timed_out};

/* When the job may be delivered first, in unix ms; 0: at once, as for a time gone by.
 */
static int64_t due_of(const struct api_client *c, const struct rq_put *put)
{
    if (put->delay_ms == 0)
        return 0;
    int64_t now = broker_wall_ms(c->server->broker);
    if (put->delay_ms > 0)
        return now + put->delay_ms;
    return put->at_unix_ms > now ? put->at_unix_ms : 0;
}

struct job_policy put_policy(const struct api_client *c, const struct rq_put *put)
{
    const struct record_settings said = settings_of(c, put->queue);
    uint32_t ttr_ms = said.ttr_ms > 0 ? said.ttr_ms : RQ_TTR_DEFAULT_MS;
    uint32_t tries = said.tries > 0 ? said.tries : RQ_TRIES_DEFAULT;

    return (struct job_policy){.ttl_ms = (uint64_t)put->ttl_ms,
                               .keep_ms = (uint64_t)put->keep_ms,
                               .window_ms = (uint64_t)put->window_ms,
                               .ttr_ms = put->ttr_ms > 0 ? put->ttr_ms : ttr_ms,
                               .backoff_base_ms = put->backoff_base_ms,
                               .backoff_max_ms = put->backoff_max_ms,
                               .tries = put->tries > 0 ? put->tries : (uint16_t)tries,
                               .backoff = (uint8_t)put->backoff,
                               .jitter_pct = put->jitter_pct,
                               .pri = put->pri};
}

int put_attrs(const struct rq_put *put, struct rq_buf *out)
{
    int rc = headers_add(out, put);

    if (rc == 0 && put->unique.len > 0)
        rc = attrs_add(out, &(struct attr){.kind = ATTR_UNIQUE, .value = put->unique});
    if (rc == 0 && put->group.len > 0)
        rc = attrs_add(out, &(struct attr){.kind = ATTR_GROUP, .value = put->group});
    if (rc == 0 && put->batch.epoch > 0)
        rc = attrs_add_batch(out, (struct job_id){put->batch.epoch, put->batch.number});
    return rc;
}

/* There is no room: waits for it, as long as the PUT allows. */
static int wait_for_room(struct api_client *c, const struct broker_put *put,
                         int64_t block_ms, struct reply *r)
{
    if (block_ms == 0)
        return RQ_E_FULL;
    put = held_keep(r, put);
    return put == NULL ? RQ_E_LIMIT
                       : broker_put_later(c->member, put, block_ms, &r->promise);
}

static enum store_level level_of(enum rq_durable said)
{
    static const enum store_level levels[] = {[RQ_DURABLE_AS_HELD] = STORE_MEMORY,
                                              [RQ_DURABLE_MEMORY] = STORE_MEMORY,
                                              [RQ_DURABLE_REDIS] = STORE_REDIS,
                                              [RQ_DURABLE_EVERYSEC] = STORE_EVERYSEC,
                                              [RQ_DURABLE_FSYNC] = STORE_FSYNC};

    return levels[said];
}

static int submit(struct api_client *c, const struct rq_put *put, struct rq_slice attrs,
                  struct reply *r, const struct promise_ops *ops)
{
    const struct broker_put jobs = {.job = {.queue = put->queue,
                                            .attrs = attrs,
                                            .policy = put_policy(c, put),
                                            .due_wall_ms = due_of(c, put)},
                                    .bodies = put->bodies,
                                    .count = put->body_count,
                                    .replace = put->replace,
                                    .has_level = put->durable != RQ_DURABLE_AS_HELD,
                                    .level = level_of(put->durable),
                                    .copies = put->copies,
                                    .receipt = &r->u.put};

    r->promise.ops = ops;
    int rc = broker_put(c->server->broker, &jobs, &r->promise);
    return rc == RQ_E_FULL ? wait_for_room(c, &jobs, put->block_ms, r) : rc;
}

typedef int put_parser(const struct rq_cmd *cmd, struct rq_put *out,
                       struct rq_complaint *why);

static void issue(struct api_client *c, const struct rq_cmd *cmd, struct reply *r,
                  put_parser *parse, const struct promise_ops *ops)
{
    struct rq_complaint why;
    struct rq_put put;
    struct rq_buf attrs;

    if (parse(cmd, &put, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    int rc = put_attrs(&put, &attrs);
    if (rc == 0)
        rc = submit(c, &put, rq_buf_slice(&attrs), r, ops);
    if (rc < 0)
        refuse(r, rc);
    rq_buf_fini(&attrs);
}

void api_put(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    issue(c, cmd, r, rq_put_parse, &put_ops);
}

void api_mput(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    issue(c, cmd, r, rq_mput_parse, &mput_ops);
}
