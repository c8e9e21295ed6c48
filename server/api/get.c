/* get.c - GET: a job and a lease on it, now or when one comes.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "api/api.h"
#include "api/headers.h"
#include "core/limits.h"

static void write_job(struct rq_resp_writer *w, const struct job_view *job)
{
    const struct rq_lease lease = {job->id.epoch, job->id.number, job->lease};
    char text[RQ_LEASE_TEXT_MAX];
    bool has_error = job->error.len > 0, has_headers = headers_count(job->attrs) > 0;

    rq_resp_map(w, 6u + has_headers + has_error);
    rq_resp_ready(w, RQ_LIT("$2\r\nid\r\n"));
    rq_resp_bulk(w, rq_slice(text, rq_id_format(lease.epoch, lease.number, text)));
    rq_resp_ready(w, RQ_LIT("$5\r\nlease\r\n"));
    rq_resp_bulk(w, rq_slice(text, rq_lease_format(&lease, text)));
    rq_resp_ready(w, RQ_LIT("$5\r\nqueue\r\n"));
    rq_resp_bulk(w, job->queue);
    rq_resp_ready(w, RQ_LIT("$4\r\nbody\r\n"));
    rq_resp_bulk(w, job->body);
    rq_resp_ready(w, RQ_LIT("$7\r\nattempt\r\n"));
    rq_resp_int(w, job->attempts);
    rq_resp_ready(w, RQ_LIT("$3\r\nttr\r\n"));
    rq_resp_int(w, job->lease_ttr_ms);
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
