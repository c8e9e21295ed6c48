/* wait.c - JOIN: until nothing is unfinished.
 * SPDX-License-Identifier: MIT */
#include "api/api.h"

static void join_joined(struct promise *p, const struct join_counts *counts)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_map(&w, 4);
    reply_pair_u64(&w, "done", counts->done);
    reply_pair_u64(&w, "dead", counts->dead);
    reply_pair_u64(&w, "expired", counts->expired);
    reply_pair_u64(&w, "cancelled", counts->cancelled);
    reply_resolve(r, &w);
}

static const struct promise_ops join_ops = {
    .joined = join_joined, .timed_out = reply_timed_out, .failed = reply_failed};

void api_join(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_join join;

    if (rq_join_parse(cmd, &join, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    const struct core_join wait = {.queues = join.queues,
                                   .queue_count = join.queue_count,
                                   .block_ms = join.block_ms,
                                   .strict = join.strict,
                                   .barrier = join.barrier};
    r->promise.ops = &join_ops;
    int rc = broker_join(c->member, &wait, &r->promise);
    if (rc < 0)
        reply_refuse(r, rc);
}
