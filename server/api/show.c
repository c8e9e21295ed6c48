/* show.c - SHOW and PEEK: jobs as they stand, without touching them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/filter.h"
#include "api/headers.h"
#include "api/map.h"
#include "base/err.h"
#include "core/attrs.h"
#include "core/limits.h"

/* ---- SHOW ---- */

struct shown {
    struct job_view job;
    bool with_body;
};

static void put_id(struct map *m, const char *name, struct job_id id)
{
    char text[RQ_ID_TEXT_MAX];

    map_str(m, name, rq_slice(text, rq_id_format(id.epoch, id.number, text)));
}

static void put_attrs(struct map *m, struct rq_slice attrs)
{
    struct rq_slice key;
    struct job_id batch;

    if (attrs_find(attrs, ATTR_UNIQUE, &key))
        map_str(m, "unique", key);
    if (attrs_find(attrs, ATTR_GROUP, &key))
        map_str(m, "group", key);
    if (attrs_find_batch(attrs, &batch))
        put_id(m, "batch", batch);
    if (headers_count(attrs) == 0)
        return;
    rq_resp_bulk_str(m->w, "headers");
    headers_write(m->w, attrs);
    m->pairs++;
}

static void put_policy(struct map *m, const struct job_policy *policy)
{
    static const char *const backoffs[] = {"fixed", "linear", "exp"};

    map_u64(m, "tries", policy->tries);
    map_u64(m, "pri", policy->pri);
    map_u64(m, "ttr", policy->ttr_ms);
    map_u64(m, "ttl", policy->ttl_ms);
    map_u64(m, "keep", policy->keep_ms);
    map_text(m, "backoff", backoffs[policy->backoff]);
    map_u64(m, "backoff_base", policy->backoff_base_ms);
    map_u64(m, "backoff_max", policy->backoff_max_ms);
    map_u64(m, "jitter", policy->jitter_pct);
}

/* When it was put, and what is to happen to it when. */
static void put_times(struct map *m, const struct job_view *job)
{
    const struct rq_lease lease = {job->id.epoch, job->id.number, job->lease};
    char text[RQ_LEASE_TEXT_MAX];

    map_u64(m, "put_at", (uint64_t)job->put_wall_ms);
    if (job->state == JOB_DELAYED)
        map_u64(m, "due_at", (uint64_t)job->due_wall_ms);
    if (job->expires_wall_ms != 0)
        map_u64(m, "expires_at", (uint64_t)job->expires_wall_ms);
    if (job->lease != 0) {
        map_str(m, "lease", rq_slice(text, rq_lease_format(&lease, text)));
        map_u64(m, "deadline_at", (uint64_t)job->deadline_wall_ms);
    }
}

static void write_job(struct map *m, const void *arg)
{
    const struct shown *shown = arg;
    const struct job_view *job = &shown->job;

    put_id(m, "id", job->id);
    map_str(m, "queue", job->queue);
    map_text(m, "state", job_state_name(job->state));
    map_u64(m, "attempts", job->attempts);
    put_policy(m, &job->policy);
    put_times(m, job);
    map_str(m, "error", job->error);
    map_u64(m, "size", job->size);
    if (job->attrs.len > 0)
        put_attrs(m, job->attrs);
    if (job->progress >= 0)
        map_u64(m, "progress", (uint64_t)job->progress);
    if (job->note.len > 0)
        map_str(m, "note", job->note);
    if (!shown->with_body)
        return;
    if (job->is_away) /* and lost, else it would have been read */
        map_null(m, "body");
    else
        map_str(m, "body", job->body);
}

/* ---- SHOW of a job that is over ---- */

struct kept {
    struct job_id id;
    struct core_outcome outcome;
};

static void write_kept(struct map *m, const void *arg)
{
    const struct kept *kept = arg;

    put_id(m, "id", kept->id);
    map_str(m, "queue", kept->outcome.queue);
    map_text(m, "state", kept->outcome.state);
    map_u64(m, "kept_until", (uint64_t)kept->outcome.kept_wall_ms);
    if (kept->outcome.has_result)
        map_str(m, "result", kept->outcome.result);
}

/* ---- SHOW of a batch ---- */

struct shown_batch {
    struct job_id id;
    struct batch_view view;
};

static void write_batch(struct map *m, const void *arg)
{
    const struct shown_batch *batch = arg;
    const struct batch_view *v = &batch->view;

    put_id(m, "id", batch->id);
    map_text(m, "state", v->is_closed ? "closed" : "open");
    map_u64(m, "unfinished", v->unfinished);
    map_u64(m, "done", v->counts.done);
    map_u64(m, "dead", v->counts.dead);
    map_u64(m, "expired", v->counts.expired);
    map_u64(m, "cancelled", v->counts.cancelled);
}

static void show_batch(struct job_id id, struct reply *r)
{
    struct shown_batch batch = {.id = id};

    if (core_batch_view(broker_core(r->broker), id, &batch.view) < 0)
        reply_error(r, RQ_E_NOJOB, NULL);
    else
        map_reply(r, write_batch, &batch);
}

static void show_kept(struct job_id id, struct reply *r)
{
    struct kept kept = {.id = id};

    if (core_outcome(broker_core(r->broker), id, &kept.outcome) < 0)
        show_batch(id, r);
    else
        map_reply(r, write_kept, &kept);
}

/* ---- bodies that have to be read first ---- */

/* The job as it is now.  Returns  false: it is gone */
static bool view_looked(const struct reply *r, const struct broker_body *body,
                        struct shown *out)
{
    const struct job *job = core_find_job(broker_core(r->broker), body->job);

    if (job == NULL)
        return false;
    job_view(job, &out->job);
    out->with_body = true;
    if (out->job.is_away && body->ptr != NULL) {
        out->job.body = rq_slice(body->ptr, body->len);
        out->job.is_away = false;
    }
    return true;
}

static void show_looked(struct promise *p, const struct broker_body *bodies,
                        size_t count)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct shown shown;

    (void)count; /* 1 */
    if (view_looked(r, &bodies[0], &shown))
        map_reply(r, write_job, &shown);
    else
        show_kept(bodies[0].job, r);
}

static void peek_looked(struct promise *p, const struct broker_body *bodies,
                        size_t count)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);
    struct shown shown;
    size_t left = 0;

    for (size_t i = 0; i < count; i++)
        left += view_looked(r, &bodies[i], &shown);
    rq_resp_array(&w, left);
    for (size_t i = 0; i < count; i++)
        if (view_looked(r, &bodies[i], &shown))
            map_write(&w, write_job, &shown);
    reply_resolve(r, &w);
}

static const struct promise_ops show_ops = {.looked = show_looked,
                                            .failed = reply_failed},
                                peek_ops = {.looked = peek_looked,
                                            .failed = reply_failed};

static void look(struct api_client *c, const struct promise_ops *ops,
                 const struct job_id *ids, size_t count, struct reply *r)
{
    r->promise.ops = ops;
    int rc = broker_look(c->server->broker, ids, count, &r->promise);
    if (rc < 0)
        reply_refuse(r, rc);
}

void api_show(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct shown shown = {.with_body = cmd->argc == 3};
    struct rq_lease id;

    if (cmd->argc > 3 ||
        (shown.with_body && !rq_slice_eq_nocase(cmd->argv[2], RQ_LIT("BODY")))) {
        reply_error(r, RQ_E_BADARG, "say SHOW id [BODY]");
        return;
    }
    if (rq_id_parse(cmd->argv[1], &id) < 0) {
        reply_error(r, RQ_E_BADARG, "an id looks like 7-1042");
        return;
    }
    const struct job *job = core_find_job(broker_core(c->server->broker),
                                          (struct job_id){id.epoch, id.number});
    if (job == NULL) {
        show_kept((struct job_id){id.epoch, id.number}, r);
        return;
    }
    job_view(job, &shown.job);
    if (shown.with_body && shown.job.is_away)
        look(c, &show_ops, &shown.job.id, 1, r);
    else
        map_reply(r, write_job, &shown);
}

/* ---- PEEK ---- */

static bool wants(void *arg, const struct job *job)
{
    struct job_view view;

    job_view(job, &view);
    return filter_fits(arg, &view);
}

/* So many of the jobs that their bodies are not too much for one reply. */
static size_t cut_page(const struct job **jobs, size_t count)
{
    size_t bytes = 0, n = 0;

    for (; n < count && bytes < LIMIT_GET_BYTES; n++) {
        struct job_view view;

        job_view(jobs[n], &view);
        bytes += view.size;
    }
    return n;
}

static void write_page(struct reply *r, const struct job **jobs, size_t count)
{
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_array(&w, count);
    for (size_t i = 0; i < count; i++) {
        struct shown shown = {.with_body = true};

        job_view(jobs[i], &shown.job);
        map_write(&w, write_job, &shown);
    }
    reply_resolve(r, &w);
}

static bool is_one_away(const struct job **jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct job_view view;

        job_view(jobs[i], &view);
        if (view.is_away)
            return true;
    }
    return false;
}

static void read_page(struct api_client *c, struct reply *r, const struct job **jobs,
                      size_t count)
{
    struct job_id *ids = calloc(count, sizeof *ids);

    if (ids == NULL) {
        reply_refuse(r, -ENOMEM);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct job_view view;

        job_view(jobs[i], &view);
        ids[i] = view.id;
    }
    look(c, &peek_ops, ids, count, r);
    free(ids);
}

static void answer_page(struct api_client *c, struct reply *r, const struct job **jobs,
                        size_t count)
{
    count = cut_page(jobs, count);
    if (is_one_away(jobs, count))
        read_page(c, r, jobs, count);
    else
        write_page(r, jobs, count);
}

void api_peek(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    static const enum job_state states[] = {[RQ_STATE_READY] = JOB_READY,
                                            [RQ_STATE_DELAYED] = JOB_DELAYED,
                                            [RQ_STATE_LEASED] = JOB_LEASED,
                                            [RQ_STATE_DEAD] = JOB_DEAD};
    struct rq_complaint why;
    struct rq_peek peek;

    if (rq_peek_parse(cmd, &peek, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    const struct job **jobs = calloc(peek.count, sizeof *jobs);
    struct filter filter = {peek.terms, peek.term_count,
                            broker_wall_ms(c->server->broker), LIMIT_PEEK_WORK};
    const struct core_peek what = {.queue = peek.queue,
                                   .state = states[peek.state],
                                   .after = {peek.after.epoch, peek.after.number},
                                   .wants = peek.term_count > 0 ? wants : NULL,
                                   .arg = &filter,
                                   .work = &filter.work};
    long count = jobs == NULL ? -ENOMEM
                              : core_peek(broker_core(c->server->broker), &what,
                                          peek.count, jobs);
    if (count == RQ_E_NOJOB)
        reply_error(r, RQ_E_NOJOB,
                    "that job is not ready any more; begin without AFTER");
    else if (count == RQ_E_LIMIT)
        reply_error(r, RQ_E_LIMIT,
                    "too many jobs in that state to look through them at once");
    else if (count < 0)
        reply_refuse(r, (int)count);
    else
        answer_page(c, r, jobs, (size_t)count);
    free(jobs);
}
