/* wait.c - JOIN and WAIT: until nothing is unfinished; until these jobs are over.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "api/api.h"
#include "api/put.h"
#include "base/assert.h"
#include "base/err.h"

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

static void join_batch(struct api_client *c, const struct rq_join *join,
                       struct reply *r)
{
    const struct job_id id = {join->batch.epoch, join->batch.number};

    r->promise.ops = &join_ops;
    int rc = broker_batch_join(c->member, id, join->block_ms, &r->promise);
    if (rc == RQ_E_NOJOB)
        reply_batch_error(r, rc);
    else if (rc < 0)
        reply_refuse(r, rc);
}

void api_join(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_join join;

    if (rq_join_parse(cmd, &join, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    if (join.is_batch) {
        join_batch(c, &join, r);
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

/* ---- WAIT ---- */

/* id, state, result; null when none was said. */
static void write_outcome(struct rq_resp_writer *w, struct job_id id,
                          const struct core_outcome *outcome)
{
    char text[RQ_ID_TEXT_MAX];

    rq_resp_array(w, 3);
    rq_resp_bulk(w, rq_slice(text, rq_id_format(id.epoch, id.number, text)));
    rq_resp_bulk_str(w, outcome->state);
    if (outcome->has_result)
        rq_resp_bulk(w, outcome->result);
    else
        rq_resp_null(w);
}

static void wait_waited(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);

    if (!r->u.wait.any)
        rq_resp_array(&w, r->u.wait.count);
    for (size_t i = 0; i < r->u.wait.count; i++) {
        struct core_outcome outcome;
        int rc = core_outcome(broker_core(r->broker), r->leases[i].id, &outcome);

        ASSERT(rc == 0); /* what is waited for is kept */
        if (r->u.wait.any && !outcome.is_over)
            continue;
        write_outcome(&w, r->leases[i].id, &outcome);
        if (r->u.wait.any)
            break;
    }
    reply_resolve(r, &w);
}

static const struct promise_ops wait_ops = {
    .waited = wait_waited, .timed_out = reply_timed_out, .failed = reply_failed};

static void refuse(struct reply *r, int code, size_t bad)
{
    const struct job_id id = r->leases[bad].id;
    char text[128], word[RQ_ID_TEXT_MAX];

    if (code != RQ_E_NOJOB) {
        reply_refuse(r, code);
        return;
    }
    snprintf(text, sizeof text,
             "%.*s never was, or its end is not kept; put it with KEEP",
             (int)rq_id_format(id.epoch, id.number, word), word);
    reply_error(r, code, text);
}

/* The ids stand where those of leases do: the slot's own array. */
static int wait_for(struct api_client *c, const struct rq_wait *wait, struct reply *r,
                    size_t *out_bad)
{
    struct job_id ids[RQ_WAIT_IDS_MAX];
    const struct core_wait what = {ids, wait->ids.count, wait->any, wait->block_ms};

    if (reply_reserve_leases(r, wait->ids.count) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < wait->ids.count; i++) {
        struct rq_lease id;
        int rc = rq_id_parse(wait->ids.words[i], &id);

        ASSERT(rc == 0); /* the parser of the command has checked them */
        ids[i] = (struct job_id){id.epoch, id.number};
        r->leases[i] = (struct broker_lease){.id = ids[i]};
    }
    r->promise.ops = &wait_ops;
    r->u.wait.count = wait->ids.count;
    r->u.wait.any = wait->any;
    return broker_wait(c->member, &what, &r->promise, out_bad);
}

void api_wait(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_wait wait;
    size_t bad = 0;

    if (rq_wait_parse(cmd, &wait, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    int rc = wait_for(c, &wait, r, &bad);
    if (rc < 0)
        refuse(r, rc, bad);
}
