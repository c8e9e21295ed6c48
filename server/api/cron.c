/* cron.c - CRON ADD, DEL, LIST: jobs that are put again and again.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "api/api.h"
#include "api/put.h"
#include "base/err.h"
#include "core/limits.h"

/* ---- ADD ---- */

static void add_done(struct promise *p)
{
    reply_ok(RQ_CONTAINER_OF(p, struct reply, promise));
}

static const struct promise_ops add_ops = {.done = add_done, .failed = reply_failed};

static void refuse(struct reply *r, int code, const char *why)
{
    switch (code) {
    case RQ_E_BADARG:
        reply_error(r, code, why);
        break;
    case RQ_E_TOOBIG:
        reply_error(r, code, "the body of a CRON entry has at most 65536 bytes");
        break;
    case RQ_E_LIMIT:
        reply_error(r, code, "there are 1000 CRON entries; CRON DEL some");
        break;
    default:
        reply_refuse(r, code == -ENOBUFS ? RQ_E_LIMIT : code);
    }
}

static void add(struct api_client *c, const struct rq_cron *cron, struct reply *r)
{
    struct rq_buf attrs;
    const char *why = NULL;

    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    int rc = put_attrs(&cron->put, &attrs);
    const struct core_cron said = {.name = cron->name,
                                   .queue = cron->put.queue,
                                   .spec = cron->spec,
                                   .zone = cron->zone,
                                   .body = cron->put.bodies[0],
                                   .attrs = rq_buf_slice(&attrs),
                                   .policy = put_policy(c, &cron->put),
                                   .delay_ms = cron->put.delay_ms};
    r->promise.ops = &add_ops;
    if (rc == 0)
        rc = broker_cron_add(c->server->broker, &said, &r->promise, &why);
    if (rc < 0)
        refuse(r, rc, why);
    rq_buf_fini(&attrs);
}

/* ---- DEL ---- */

static void del_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);

    reply_int(r, (int64_t)r->u.changed.count);
}

static const struct promise_ops del_ops = {.done = del_done, .failed = reply_failed};

static void del(struct api_client *c, struct rq_slice name, struct reply *r)
{
    r->promise.ops = &del_ops;
    int rc = broker_cron_del(c->server->broker, name, &r->promise, &r->u.changed.count);
    if (rc < 0)
        reply_refuse(r, rc);
}

/* ---- LIST ---- */

static void write_text(struct rq_resp_writer *w, const char *name, struct rq_slice v)
{
    rq_resp_bulk_str(w, name);
    rq_resp_bulk(w, v);
}

static void write_entry(struct rq_resp_writer *w, const struct cron *cron)
{
    enum { FIELDS = 9 };
    struct cron_view v;

    cron_view(cron, &v);
    rq_resp_map(w, FIELDS);
    write_text(w, "name", v.said.name);
    write_text(w, "queue", v.said.queue);
    write_text(w, "spec", v.said.spec);
    write_text(w, "tz", v.said.zone);
    reply_pair_u64(w, "next", (uint64_t)v.next_wall_ms);
    reply_pair_u64(w, "last", (uint64_t)v.last_wall_ms);
    reply_pair_u64(w, "runs", v.runs);
    reply_pair_u64(w, "skipped", v.skipped);
    reply_pair_u64(w, "bytes", v.said.body.len);
}

static void list(const struct api_client *c, struct reply *r)
{
    const struct core *core = broker_core(c->server->broker);
    struct rq_resp_writer w = reply_writer(r);
    const struct cron *cron = NULL;

    rq_resp_array(&w, core_cron_count(core));
    while ((cron = core_cron_next(core, cron)) != NULL)
        write_entry(&w, cron);
    reply_resolve(r, &w);
}

void api_cron(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_cron cron;

    if (rq_cron_parse(cmd, &cron, &why) < 0)
        reply_complain(r, &why);
    else if (cron.verb == RQ_CRON_ADD)
        add(c, &cron, r);
    else if (cron.verb == RQ_CRON_DEL)
        del(c, cron.name, r);
    else
        list(c, r);
}
