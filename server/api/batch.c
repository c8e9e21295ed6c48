/* batch.c - BATCH NEW and CLOSE: jobs that end together.  JOIN BATCH stands in wait.c.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "api/api.h"
#include "api/put.h"
#include "base/err.h"

void reply_batch_error(struct reply *r, int code)
{
    if (code == -EPIPE)
        reply_error(r, RQ_E_BADARG, "the batch is closed; begin another one");
    else
        reply_error(r, RQ_E_NOJOB,
                    "no such batch; it is over for longer than its KEEP, or never was");
}

/* ---- NEW ---- */

static void new_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);
    char id[RQ_ID_TEXT_MAX];

    rq_resp_bulk(&w,
                 rq_slice(id, rq_id_format(r->u.batch.epoch, r->u.batch.number, id)));
    reply_resolve(r, &w);
}

static const struct promise_ops new_ops = {.done = new_done, .failed = reply_failed};

static void begin(struct api_client *c, int64_t keep_ms, struct reply *r)
{
    r->promise.ops = &new_ops;
    int rc = broker_batch_new(c->server->broker, (uint64_t)keep_ms, &r->promise,
                              &r->u.batch);
    if (rc == RQ_E_LIMIT)
        reply_error(r, rc,
                    "there are 100000 batches; CLOSE those that you are done with");
    else if (rc < 0)
        reply_refuse(r, rc);
}

/* ---- CLOSE ---- */

static void close_done(struct promise *p)
{
    reply_ok(RQ_CONTAINER_OF(p, struct reply, promise));
}

static const struct promise_ops close_ops = {.done = close_done,
                                             .failed = reply_failed};

static void close_batch(struct api_client *c, struct job_id id, struct reply *r)
{
    r->promise.ops = &close_ops;
    int rc = broker_batch_close(c->server->broker, id, &r->promise);
    if (rc == RQ_E_NOJOB)
        reply_batch_error(r, rc);
    else if (rc < 0)
        reply_refuse(r, rc);
}

void api_batch(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_batch batch;

    if (rq_batch_parse(cmd, &batch, &why) < 0)
        reply_complain(r, &why);
    else if (batch.verb == RQ_BATCH_NEW)
        begin(c, batch.keep_ms, r);
    else
        close_batch(c, (struct job_id){batch.id.epoch, batch.id.number}, r);
}
