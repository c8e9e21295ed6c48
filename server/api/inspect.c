/* inspect.c - STATS, QUEUES, QSIZE, SHOW: looking, without touching.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/resource.h>

#include "api/api.h"

#include "base/err.h"

/* Fields are counted as they are written; the header needs the number first. */
struct map {
    struct rq_resp_writer *w;
    size_t pairs;
};

static void put_u64(struct map *m, const char *name, uint64_t v)
{
    reply_pair_u64(m->w, name, v);
    m->pairs++;
}

static void put_str(struct map *m, const char *name, struct rq_slice v)
{
    rq_resp_bulk_str(m->w, name);
    rq_resp_bulk(m->w, v);
    m->pairs++;
}

static void put_text(struct map *m, const char *name, const char *v)
{
    put_str(m, name, rq_slice_str(v));
}

/* Per second, with three digits behind the point. */
static void put_rate(struct map *m, const char *name, uint64_t milli)
{
    char text[32];
    int len =
        snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)(milli / 1000),
                 (unsigned long long)(milli % 1000));

    put_str(m, name, rq_slice(text, (size_t)len));
}

static void put_totals(struct map *m, const struct record_totals *t)
{
    put_u64(m, "total_put", t->put);
    put_u64(m, "total_delivered", t->delivered);
    put_u64(m, "total_done", t->done);
    put_u64(m, "total_failed", t->failed);
    put_u64(m, "total_retried", t->retried);
    put_u64(m, "total_dead", t->dead);
    put_u64(m, "total_expired", t->expired);
    put_u64(m, "total_cancelled", t->cancelled);
    put_u64(m, "total_redelivered", t->redelivered);
}

/* Writes a map of unknown length: the fields go to a buffer of their own first. */
static void reply_map(struct reply *r, void (*write)(struct map *m, const void *arg),
                      const void *arg)
{
    struct rq_buf fields;
    struct rq_resp_writer inner = {.out = &fields, .protocol = r->protocol, .rc = 0};
    struct map m = {&inner, 0};

    rq_buf_init(&fields, r->out.max);
    write(&m, arg);
    struct rq_resp_writer w = reply_writer(r);
    rq_resp_map(&w, m.pairs);
    if (w.rc == 0)
        w.rc = inner.rc;
    if (w.rc == 0)
        w.rc = rq_buf_append_slice(w.out, rq_buf_slice(&fields));
    rq_buf_fini(&fields);
    reply_resolve(r, &w);
}

/* ---- STATS ---- */

static uint64_t memory_bytes(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

static void put_store(struct map *m, struct broker *b)
{
    static const char *const states[] = {"connecting", "recovering", "up", "fenced",
                                         "halted"};
    struct store_stats s;

    broker_store_stats(b, &s);
    put_text(m, "durability", store_level_name(s.level));
    put_u64(m, "durability_verified", s.verified);
    put_text(m, "store", states[s.state]);
    put_text(m, "store_problem", s.problem);
    put_text(m, "redis_version", s.redis_version);
    put_u64(m, "epoch", s.epoch);
    put_u64(m, "store_commits", s.commits);
    put_u64(m, "store_commits_in_flight", s.commits_in_flight);
    put_u64(m, "store_bytes_in_flight", s.bytes_in_flight);
    put_u64(m, "store_bytes", s.commit_bytes);
    put_u64(m, "store_reconnects", s.reconnects);
    put_u64(m, "log_entries", s.entries);
    put_u64(m, "log_entries_live", s.live_entries);
    put_u64(m, "log_records_replayed", s.replayed_records);
}

static void put_calls(struct map *m, const struct api_server *s)
{
    char name[64];

    for (size_t i = 0; i < RQ_COMMAND_COUNT; i++) {
        size_t len = 0;
        for (const char *p = rq_commands[i].name; *p != '\0' && len < 48; p++)
            name[len++] = (char)(*p | 0x20);
        snprintf(name + len, sizeof name - len, "_calls");
        put_u64(m, name, s->calls[i]);
    }
}

static void write_server_stats(struct map *m, const void *arg)
{
    const struct api_server *s = arg;
    struct core_sums sums;
    rio_stats io;

    core_sums(broker_core(s->broker), &sums);
    rio_loop_stats(rio_get_running_loop(), &io);
    put_text(m, "version", s->version);
    put_u64(m, "uptime_ms", (uint64_t)((rio_now() - s->started_ns) / RIO_MS));
    put_text(m, "io", io.io);
    put_u64(m, "connections", s->connections);
    put_u64(m, "connections_max", s->connections_max);
    put_u64(m, "tasks", io.tasks);
    put_u64(m, "turns", io.turns);
    put_u64(m, "memory_peak_bytes", memory_bytes());
    put_store(m, s->broker);
    put_u64(m, "queues", sums.queues);
    put_u64(m, "jobs", sums.jobs);
    put_u64(m, "body_bytes", sums.body_bytes);
    put_u64(m, "ready", sums.ready);
    put_u64(m, "delayed", sums.delayed);
    put_u64(m, "leased", sums.leased);
    put_u64(m, "dead", sums.dead);
    put_u64(m, "unfinished", sums.unfinished);
    put_u64(m, "waiting_getters", sums.getters);
    put_u64(m, "waiting_joiners", sums.joiners);
    put_totals(m, &sums.totals);
    put_u64(m, "errors", s->errors);
    put_calls(m, s);
}

static void put_hist(struct map *m, const char *what, const struct rq_hist *h)
{
    static const struct {
        const char *name;
        unsigned permille;
    } points[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p999", 999}};
    char name[32];

    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        snprintf(name, sizeof name, "%s_%s_us", what, points[i].name);
        put_u64(m, name, h == NULL ? 0 : rq_hist_quantile_us(h, points[i].permille));
    }
    snprintf(name, sizeof name, "%s_max_us", what);
    put_u64(m, name, h == NULL ? 0 : h->max_us);
}

static void put_rates(struct map *m, const char *what, const uint64_t milli[3])
{
    static const char *const spans[] = {"1s", "10s", "60s"};
    char name[32];

    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "rate_%s_%s", what, spans[i]);
        put_rate(m, name, milli[i]);
    }
}

/* A queue that was never used is as good as an empty one. */
static void write_queue_stats(struct map *m, const void *arg)
{
    const struct queue_view *q = arg;

    put_str(m, "queue", q->name);
    put_u64(m, "ready", q->ready);
    put_u64(m, "delayed", q->delayed);
    put_u64(m, "leased", q->leased);
    put_u64(m, "dead", q->dead);
    put_u64(m, "unfinished", q->unfinished);
    put_u64(m, "waiting_getters", q->waiting_getters);
    put_u64(m, "waiting_putters", 0); /* no queue is bounded, */
    put_u64(m, "maxsize", 0);
    put_u64(m, "paused", 0); /* or can be paused, yet */
    put_totals(m, &q->totals);
    put_rates(m, "put", q->rate_put_milli);
    put_rates(m, "delivered", q->rate_delivered_milli);
    put_rates(m, "done", q->rate_done_milli);
    put_hist(m, "wait", q->wait);
    put_hist(m, "run", q->run);
    put_u64(m, "oldest_ready_ms", (uint64_t)q->oldest_ready_ms);
}

static bool check_queue(struct rq_slice name, struct reply *r)
{
    if (rq_name_is_valid(name))
        return true;
    reply_error(r, RQ_E_BADARG, "a queue is named by 1 to 128 of A-Z a-z 0-9 . _ -");
    return false;
}

static void view_of(struct api_client *c, struct rq_slice name, struct queue_view *out)
{
    const struct queue *q = core_find_queue(broker_core(c->server->broker), name);

    memset(out, 0, sizeof *out);
    if (q != NULL)
        queue_view(q, rio_now(), out);
    out->name = name;
}

void api_stats(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct queue_view view;

    if (cmd->argc > 2) {
        reply_error(r, RQ_E_MALFORMED, "say STATS [queue]");
    } else if (cmd->argc == 1) {
        reply_map(r, write_server_stats, c->server);
    } else if (check_queue(cmd->argv[1], r)) {
        view_of(c, cmd->argv[1], &view);
        reply_map(r, write_queue_stats, &view);
    }
}

/* ---- QSIZE, QUEUES ---- */

void api_qsize(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct queue_view view;

    if (!check_queue(cmd->argv[1], r))
        return;
    view_of(c, cmd->argv[1], &view);
    reply_int(r, (int64_t)(view.ready + view.delayed));
}

void api_queues(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    const struct core *core = broker_core(c->server->broker);
    struct rq_slice pattern = cmd->argc > 1 ? cmd->argv[1] : RQ_LIT("*");
    const struct queue *q;
    size_t cursor = 0, count = 0;
    struct queue_view view;

    if (cmd->argc > 2 || pattern.len > RQ_NAME_MAX) {
        reply_error(r, RQ_E_BADARG, "say QUEUES [pattern], with * and ? in it");
        return;
    }
    while ((q = core_next_queue(core, &cursor)) != NULL) {
        queue_view(q, rio_now(), &view);
        count += rq_name_matches(view.name, pattern);
    }
    struct rq_resp_writer w = reply_writer(r);
    rq_resp_array(&w, count);
    cursor = 0;
    while ((q = core_next_queue(core, &cursor)) != NULL) {
        queue_view(q, rio_now(), &view);
        if (!rq_name_matches(view.name, pattern))
            continue;
        rq_resp_array(&w, 2);
        rq_resp_bulk(&w, view.name);
        rq_resp_int(&w, (int64_t)(view.ready + view.delayed));
    }
    reply_resolve(r, &w);
}

/* ---- SHOW ---- */

struct shown {
    struct job_view job;
    bool with_body;
};

static void write_job(struct map *m, const void *arg)
{
    static const char *const backoffs[] = {"fixed", "linear", "exp"};
    const struct shown *shown = arg;
    const struct job_view *job = &shown->job;
    const struct rq_lease lease = {job->id.epoch, job->id.number, job->lease};
    char text[RQ_LEASE_TEXT_MAX];

    put_str(m, "id", rq_slice(text, rq_id_format(lease.epoch, lease.number, text)));
    put_str(m, "queue", job->queue);
    put_text(m, "state", job_state_name(job->state));
    put_u64(m, "attempts", job->attempts);
    put_u64(m, "tries", job->policy.tries);
    put_u64(m, "pri", job->policy.pri);
    put_u64(m, "ttr", job->policy.ttr_ms);
    put_text(m, "backoff", backoffs[job->policy.backoff]);
    put_u64(m, "backoff_base", job->policy.backoff_base_ms);
    put_u64(m, "backoff_max", job->policy.backoff_max_ms);
    put_u64(m, "jitter", job->policy.jitter_pct);
    put_u64(m, "put_at", (uint64_t)job->put_wall_ms);
    if (job->state == JOB_DELAYED)
        put_u64(m, "due_at", (uint64_t)job->due_wall_ms);
    if (job->lease != 0) {
        put_str(m, "lease", rq_slice(text, rq_lease_format(&lease, text)));
        put_u64(m, "deadline_at", (uint64_t)job->deadline_wall_ms);
    }
    put_str(m, "error", job->error);
    put_u64(m, "size", job->body.len);
    if (shown->with_body)
        put_str(m, "body", job->body);
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
        reply_error(r, RQ_E_NOJOB, NULL);
        return;
    }
    job_view(job, &shown.job);
    reply_map(r, write_job, &shown);
}
