/* get.c - GET: a job and a lease on it, now or when one comes.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "api/api.h"
#include "api/headers.h"
#include "core/limits.h"
#include "wire/lay.h"

/* What every job has, by the names that stand before it. */
#define ID "$2\r\nid\r\n"
#define LEASE "$5\r\nlease\r\n"
#define QUEUE "$5\r\nqueue\r\n"
#define BODY "$4\r\nbody\r\n"
#define ATTEMPT "$7\r\nattempt\r\n"
#define TTR "$3\r\nttr\r\n"

/* The most that they take, but for the bytes of the queue's name and the body. */
enum {
    COMMON_MAX = RQ_LAY_HEAD_MAX + sizeof ID + RQ_LAY_ID_MAX + sizeof LEASE +
                 RQ_LAY_LEASE_MAX + sizeof QUEUE + RQ_LAY_BULK_MAX(0) + sizeof BODY +
                 RQ_LAY_BULK_MAX(0) + sizeof ATTEMPT + RQ_LAY_INT_MAX + sizeof TTR +
                 RQ_LAY_INT_MAX
};

/* Begins the map of a job, which has `more` pairs behind these. */
static void write_common(struct rq_resp_writer *w, const struct job_view *job,
                         size_t more)
{
    const struct rq_lease lease = {job->id.epoch, job->id.number, job->lease};
    uint8_t *at = rq_resp_room(w, COMMON_MAX + job->queue.len + job->body.len);

    if (at == NULL)
        return;
    at = rq_lay_map(at, w->protocol, 6 + more);
    at = RQ_LAY(at, ID);
    at = rq_lay_id(at, lease.epoch, lease.number);
    at = RQ_LAY(at, LEASE);
    at = rq_lay_lease(at, &lease);
    at = RQ_LAY(at, QUEUE);
    at = rq_lay_bulk(at, job->queue);
    at = RQ_LAY(at, BODY);
    at = rq_lay_bulk(at, job->body);
    at = RQ_LAY(at, ATTEMPT);
    at = rq_lay_int(at, job->attempts);
    at = RQ_LAY(at, TTR);
    at = rq_lay_int(at, job->lease_ttr_ms);
    rq_resp_laid(w, at);
}

static void write_job(struct rq_resp_writer *w, const struct job_view *job)
{
    bool has_error = job->error.len > 0, has_headers = headers_count(job->attrs) > 0;

    write_common(w, job, (size_t)has_headers + has_error);
    if (has_headers) {
        rq_resp_bulk(w, RQ_LIT("headers"));
        headers_write(w, job->attrs);
    }
    if (has_error) {
        rq_resp_bulk(w, RQ_LIT("error"));
        rq_resp_bulk(w, job->error);
    }
}

static int get_delivered(struct promise *p, const struct job_view *job, size_t i,
                         size_t n)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = {.out = &r->out, .protocol = r->protocol, .rc = 0};

    if (r->owner == NULL)
        return -EPIPE; /* abandoned: there is nobody to take it */
    if (i == 0) {
        w = reply_writer(r);
        int rc = reply_reserve_leases(r, n);
        if (rc < 0)
            return rc;
        if (r->u.get.has_count)
            rq_resp_array(&w, n);
    }
    write_job(&w, job);
    if (w.rc < 0) {
        r->lease_count = 0; /* all of the batch goes back */
        return w.rc;
    }
    r->leases[r->lease_count++] = (struct broker_lease){job->id, job->lease};
    if (i + 1 == n)
        reply_resolve(r, &w);
    return 0;
}

static const struct promise_ops get_ops = {
    .delivered = get_delivered, .timed_out = reply_timed_out, .failed = reply_failed};

void api_get(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_get get;

    if (rq_get_parse(cmd, &get, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    const struct core_get take = {.queues = get.queues,
                                  .queue_count = get.queue_count,
                                  .weights = get.has_weights ? get.weights : NULL,
                                  .count = get.count,
                                  .bytes_max = LIMIT_GET_BYTES,
                                  .ttr_ms = get.ttr_ms,
                                  .block_ms = get.block_ms};
    r->promise.ops = &get_ops;
    r->u.get.has_count = get.has_count;
    int rc = broker_get(c->member, &take, &r->promise);
    if (rc < 0)
        reply_refuse(r, rc);
    else
        r->has_waited = !r->resolved;
}
