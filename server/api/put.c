/* put.c - PUT and MPUT: producing.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "api/api.h"
#include "api/headers.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/limits.h"

/* *3 id, state, durability. */
static void put_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);
    char id[RQ_ID_TEXT_MAX];
    size_t len = rq_id_format(r->u.put.first.epoch, r->u.put.first.number, id);

    rq_resp_array(&w, 3);
    rq_resp_bulk(&w, rq_slice(id, len));
    rq_resp_bulk_str(&w, r->u.put.delayed ? "delayed" : "queued");
    rq_resp_bulk_str(&w, store_level_name(broker_level(r->broker)));
    reply_resolve(r, &w);
}

/* *n of ids; those of one command count up. */
static void mput_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);
    char id[RQ_ID_TEXT_MAX];

    rq_resp_array(&w, r->u.put.count);
    for (size_t i = 0; i < r->u.put.count; i++) {
        size_t len = rq_id_format(r->u.put.first.epoch, r->u.put.first.number + i, id);
        rq_resp_bulk(&w, rq_slice(id, len));
    }
    reply_resolve(r, &w);
}

static const struct promise_ops put_ops = {.done = put_done, .failed = reply_failed};
static const struct promise_ops mput_ops = {.done = mput_done, .failed = reply_failed};

/* When the job may be delivered first, in unix ms; 0: at once, as for a time gone by.
 */
static int64_t due_of(const struct rq_put *put)
{
    int64_t now = rq_clock_wall_ms();

    if (put->delay_ms < 0)
        return put->at_unix_ms > now ? put->at_unix_ms : 0;
    return put->delay_ms == 0 ? 0 : now + put->delay_ms;
}

static int submit(struct api_client *c, const struct rq_put *put, struct rq_slice attrs,
                  struct reply *r, const struct promise_ops *ops)
{
    const struct core_put job = {
        .queue = put->queue,
        .attrs = attrs,
        .policy = {.ttl_ms = (uint64_t)put->ttl_ms,
                   .ttr_ms = put->ttr_ms,
                   .backoff_base_ms = put->backoff_base_ms,
                   .backoff_max_ms = put->backoff_max_ms,
                   .tries = put->tries,
                   .backoff = (uint8_t)put->backoff,
                   .jitter_pct = put->jitter_pct,
                   .pri = put->pri},
        .due_wall_ms = due_of(put),
    };

    r->promise.ops = ops;
    return broker_put(c->server->broker, &job, put->bodies, put->body_count,
                      &r->promise, &r->u.put);
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
    int rc = headers_add(&attrs, &put);
    if (rc == 0)
        rc = submit(c, &put, rq_buf_slice(&attrs), r, ops);
    if (rc < 0)
        reply_refuse(r, rc == -ENOBUFS ? RQ_E_LIMIT : rc);
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
