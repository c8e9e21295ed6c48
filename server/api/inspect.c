/* inspect.c - STATS, QUEUES, QSIZE: figures, without touching.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/resource.h>

#include "api/api.h"
#include "api/map.h"
#include "api/stats.h"
#include "base/err.h"

/* Per second, with three digits behind the point. */
static void put_rate(struct map *m, const char *name, uint64_t milli)
{
    char text[32];
    int len =
        snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)(milli / 1000),
                 (unsigned long long)(milli % 1000));

    map_str(m, name, rq_slice(text, (size_t)len));
}

static void put_totals(struct map *m, const struct record_totals *t)
{
    map_u64(m, "total_put", t->put);
    map_u64(m, "total_delivered", t->delivered);
    map_u64(m, "total_done", t->done);
    map_u64(m, "total_failed", t->failed);
    map_u64(m, "total_retried", t->retried);
    map_u64(m, "total_dead", t->dead);
    map_u64(m, "total_expired", t->expired);
    map_u64(m, "total_cancelled", t->cancelled);
    map_u64(m, "total_redelivered", t->redelivered);
    map_u64(m, "total_requeued", t->requeued);
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
    map_text(m, "durability", s.reached);
    map_u64(m, "durability_verified", s.verified);
    map_text(m, "store", states[s.state]);
    map_text(m, "store_problem", s.problem);
    map_text(m, "redis_version", s.redis_version);
    map_u64(m, "epoch", s.epoch);
    map_u64(m, "store_commits", s.commits);
    map_u64(m, "store_commits_in_flight", s.commits_in_flight);
    map_u64(m, "store_bytes_in_flight", s.bytes_in_flight);
    map_u64(m, "store_bytes", s.commit_bytes);
    map_u64(m, "store_reconnects", s.reconnects);
    map_u64(m, "log_entries", s.entries);
    map_u64(m, "log_entries_live", s.live_entries);
    map_u64(m, "log_bytes", s.log_bytes);
    map_u64(m, "log_bytes_live", s.live_bytes);
    map_u64(m, "store_lost_tails", s.lost_tails);
    map_u64(m, "store_repairs", s.repairs);
    map_u64(m, "store_repairing", s.is_repairing);
    map_u64(m, "log_records_replayed", s.replayed_records);
}

static void put_calls(struct map *m, const struct api_server *s)
{
    char name[64];

    for (size_t i = 0; i < RQ_COMMAND_COUNT; i++) {
        size_t len = 0;
        for (const char *p = rq_commands[i].name; *p != '\0' && len < 48; p++)
            name[len++] = (char)(*p | 0x20);
        snprintf(name + len, sizeof name - len, "_calls");
        map_u64(m, name, s->calls[i]);
    }
}

static void write_server_stats(struct map *m, const void *arg)
{
    const struct api_server *s = arg;
    struct core_sums sums;
    rio_stats io;

    core_sums(broker_core(s->broker), &sums);
    rio_loop_stats(rio_get_running_loop(), &io);
    map_text(m, "version", s->version);
    map_u64(m, "uptime_ms", (uint64_t)((rio_now() - s->started_ns) / RIO_MS));
    map_text(m, "io", io.io);
    map_u64(m, "connections", s->connections);
    map_u64(m, "connections_max", s->connections_max);
    map_u64(m, "tasks", io.tasks);
    map_u64(m, "turns", io.turns);
    map_u64(m, "memory_peak_bytes", memory_bytes());
    put_store(m, s->broker);
    map_u64(m, "queues", sums.queues);
    map_u64(m, "jobs", sums.jobs);
    map_u64(m, "body_bytes", sums.body_bytes);
    map_u64(m, "jobs_away", sums.away);
    map_u64(m, "jobs_lost", sums.lost);
    map_u64(m, "ready", sums.ready);
    map_u64(m, "delayed", sums.delayed);
    map_u64(m, "leased", sums.leased);
    map_u64(m, "dead", sums.dead);
    map_u64(m, "unfinished", sums.unfinished);
    map_u64(m, "waiting_getters", sums.getters);
    map_u64(m, "waiting_joiners", sums.joiners);
    map_u64(m, "waiting_putters", sums.putters);
    map_u64(m, "kept", sums.kept);
    map_u64(m, "batches", core_batch_count(broker_core(s->broker)));
    map_u64(m, "draining", broker_is_draining(s->broker));
    put_totals(m, &sums.totals);
    map_u64(m, "errors", s->errors);
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
        map_u64(m, name, h == NULL ? 0 : rq_hist_quantile_us(h, points[i].permille));
    }
    snprintf(name, sizeof name, "%s_max_us", what);
    map_u64(m, name, h == NULL ? 0 : h->max_us);
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
    static const char *const paused[] = {"no", "in", "out", "both"};
    static const char *const shut[] = {"no", "yes", "immediate"};
    const struct queue_view *q = arg;

    map_str(m, "queue", q->name);
    map_u64(m, "ready", q->ready);
    map_u64(m, "delayed", q->delayed);
    map_u64(m, "leased", q->leased);
    map_u64(m, "dead", q->dead);
    map_u64(m, "unfinished", q->unfinished);
    map_u64(m, "waiting_getters", q->waiting_getters);
    map_u64(m, "waiting_putters", q->waiting_putters);
    map_u64(m, "maxsize", q->settings.maxsize);
    map_text(m, "paused", paused[q->settings.paused]);
    put_totals(m, &q->totals);
    put_rates(m, "put", q->rate_put_milli);
    put_rates(m, "delivered", q->rate_delivered_milli);
    put_rates(m, "done", q->rate_done_milli);
    put_hist(m, "wait", q->wait);
    put_hist(m, "run", q->run);
    map_u64(m, "oldest_ready_ms", (uint64_t)q->oldest_ready_ms);
    map_text(m, "order", q->settings.order == RECORD_LIFO ? "lifo" : "fifo");
    map_text(m, "shut", shut[q->settings.shut]);
    map_u64(m, "rate", q->settings.rate);
    map_u64(m, "concurrency", q->settings.concurrency);
    map_u64(m, "deadmax", q->settings.deadmax);
    map_u64(m, "grouplimit", q->settings.grouplimit);
    map_u64(m, "groups", q->groups);
}

static bool check_queue(struct rq_slice name, struct reply *r)
{
    if (rq_name_is_valid(name))
        return true;
    reply_error(r, RQ_E_BADARG, "a queue is named by 1 to 128 of A-Z a-z 0-9 . _ -");
    return false;
}

static void view_of(const struct api_server *s, struct rq_slice name,
                    struct queue_view *out)
{
    const struct queue *q = core_find_queue(broker_core(s->broker), name);

    memset(out, 0, sizeof *out);
    if (q != NULL)
        queue_view(q, rio_now(), out);
    out->name = name;
}

void stats_write(const struct api_server *s, struct rq_slice queue,
                 struct rq_resp_writer *w)
{
    struct queue_view view;

    if (queue.len == 0) {
        map_write(w, write_server_stats, s);
        return;
    }
    view_of(s, queue, &view);
    map_write(w, write_queue_stats, &view);
}

void api_stats(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_slice queue = cmd->argc > 1 ? cmd->argv[1] : RQ_LIT("");

    if (cmd->argc > 2) {
        reply_error(r, RQ_E_MALFORMED, "say STATS [queue]");
    } else if (cmd->argc == 1 || check_queue(queue, r)) {
        struct rq_resp_writer w = reply_writer(r);

        stats_write(c->server, queue, &w);
        reply_resolve(r, &w);
    }
}

/* ---- QSIZE, QUEUES ---- */

void api_qsize(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct queue_view view;

    if (!check_queue(cmd->argv[1], r))
        return;
    view_of(c->server, cmd->argv[1], &view);
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
