/* records - records for the tests of the store.
 * SPDX-License-Identifier: MIT */
#include "unit/store/records.h"

struct record record_put(uint64_t epoch, uint64_t number, const char *body)
{
    return (struct record){.type = RECORD_PUT,
                           .job = {epoch, number},
                           .queue = RQ_LIT("mail"),
                           .body = rq_slice_str(body),
                           .policy = {.ttr_ms = 60000, .tries = 3},
                           .put_wall_ms = 1700000000000};
}

struct record record_lease(uint64_t epoch, uint64_t number)
{
    return (struct record){.type = RECORD_LEASE, .job = {epoch, number}, .attempts = 1};
}

struct record record_done(uint64_t epoch, uint64_t number)
{
    return (struct record){
        .type = RECORD_DONE, .job = {epoch, number}, .end = RECORD_END_DONE};
}

struct record record_totals(const char *queue)
{
    return (struct record){.type = RECORD_TOTALS, .queue = rq_slice_str(queue)};
}

static const struct job_policy every_policy = {.ttr_ms = UINT32_MAX,
                                               .backoff_base_ms = 1,
                                               .backoff_max_ms = UINT32_MAX,
                                               .tries = UINT16_MAX,
                                               .backoff = JOB_BACKOFF_EXP,
                                               .jitter_pct = 100,
                                               .pri = 255};

static const char longest[] =
    "0123456789012345678901234567890123456789012345678901234567890123"
    "0123456789012345678901234567890123456789012345678901234567890123";

/* Those of what came later. */
static struct record late_sample(int i)
{
    switch (i) {
    case 14:
        return (struct record){.type = RECORD_CRON,
                               .name = rq_slice(longest, 128),
                               .queue = RQ_LIT("q"),
                               .body = RQ_LIT("\0\r\n"),
                               .attrs = RQ_LIT("\1\1\0\0\0\0n"),
                               .policy = every_policy,
                               .cron = {.spec = RQ_LIT("@every 90s"),
                                        .zone = RQ_LIT("Europe/Berlin"),
                                        .delay_ms = INT64_MAX,
                                        .after_ms = INT64_MAX,
                                        .anchor_ms = INT64_MIN,
                                        .last_ms = -1,
                                        .runs = UINT64_MAX,
                                        .skipped = 1}};
    case 15:
        return (struct record){.type = RECORD_CRON, .name = RQ_LIT("gone")};
    case 16:
        return (struct record){
            .type = RECORD_BATCH,
            .job = {7, 10},
            .batch = {RECORD_BATCH_CLOSED, UINT64_MAX, INT64_MAX, 1, 2, 3, UINT64_MAX}};
    case 17:
        return (struct record){.type = RECORD_BATCH,
                               .job = {7, 11},
                               .batch = {.state = RECORD_BATCH_GONE}};
    case 18:
        return (struct record){.type = RECORD_PUT,
                               .job = {7, 10},
                               .queue = RQ_LIT("q"),
                               .policy = {.ttl_ms = 1, .tries = 1},
                               .apart = {1, UINT64_MAX, UINT32_MAX},
                               .attrs = RQ_LIT("\1\1\0\0\0\0n")};
    case 19:
        return (struct record){.type = RECORD_MOVE,
                               .job = {7, 11},
                               .state = RECORD_READY,
                               .attempts = 1,
                               .queue = RQ_LIT("q"),
                               .policy = {.tries = 1},
                               .apart = {UINT32_MAX, 0, 0}};
    case 20:
        return (struct record){.type = RECORD_LEASE,
                               .job = {7, 5},
                               .attempts = 1,
                               .hold = {.n = UINT64_MAX,
                                        .ttr_ms = UINT32_MAX,
                                        .worker = rq_slice(longest, 128)}};
    default:
        return (struct record){.type = RECORD_STATE,
                               .job = {7, 4},
                               .state = RECORD_CANCELLING,
                               .attempts = 1};
    }
}

struct record record_sample(int i)
{
    switch (i) {
    case 0:
        return record_put(7, 1, "hello");
    case 1:
        return (struct record){.type = RECORD_PUT,
                               .job = {1, UINT64_MAX},
                               .queue = rq_slice(longest, 128),
                               .policy = every_policy,
                               .put_wall_ms = INT64_MAX,
                               .due_wall_ms = INT64_MIN};
    case 2:
        return (struct record){
            .type = RECORD_LEASE, .job = {UINT32_MAX, 1}, .attempts = UINT32_MAX};
    case 3:
        return (struct record){.type = RECORD_STATE,
                               .job = {7, 300},
                               .state = RECORD_DELAYED,
                               .attempts = 2,
                               .due_wall_ms = 1700000000001,
                               .error = RQ_LIT("exit code 1\r\n\0")};
    case 4:
        return (struct record){.type = RECORD_DONE,
                               .job = {7, 2},
                               .end = RECORD_END_CANCELLED,
                               .result = RQ_LIT("ok")};
    case 5:
        return (struct record){.type = RECORD_MOVE,
                               .job = {6, 99},
                               .state = RECORD_DEAD,
                               .attempts = 5,
                               .error = RQ_LIT("why"),
                               .queue = RQ_LIT("q"),
                               .policy = every_policy,
                               .put_wall_ms = -1,
                               .due_wall_ms = 0,
                               .body = RQ_LIT("\0\r\n")};
    case 6:
        return (struct record){.type = RECORD_TOTALS,
                               .queue = RQ_LIT("a.b_c-d"),
                               .totals = {1, 2, 3, 4, 5, 6, 7, 8, UINT64_MAX, 10}};
    case 7:
        return record_done(7, 1);
    case 8:
        return (struct record){.type = RECORD_PUT,
                               .job = {7, 3},
                               .queue = RQ_LIT("q"),
                               .policy = {.ttl_ms = UINT64_MAX, .tries = 1},
                               .body = RQ_LIT("b"),
                               .attrs = RQ_LIT("\1\1\0\0\0\0n")};
    case 9:
        return (struct record){
            .type = RECORD_QUEUE,
            .queue = RQ_LIT("q"),
            .settings = {UINT64_MAX, 2, UINT32_MAX, 4, 5, 6, UINT32_MAX, 1, 3, 2}};
    case 10:
        return (struct record){.type = RECORD_DONE,
                               .job = {7, 5},
                               .end = RECORD_END_DONE,
                               .result = RQ_LIT("42"),
                               .queue = RQ_LIT("q"),
                               .kept_wall_ms = INT64_MAX,
                               .lease = UINT64_MAX,
                               .has_result = true};
    case 11:
        return (struct record){.type = RECORD_PUT,
                               .job = {7, 6},
                               .queue = RQ_LIT("q"),
                               .policy = {.keep_ms = UINT64_MAX, .tries = 1},
                               .body = RQ_LIT("b")};
    case 12:
        return (struct record){.type = RECORD_DONE,
                               .job = {7, 8},
                               .end = RECORD_END_EXPIRED,
                               .queue = RQ_LIT("q"),
                               .kept_wall_ms = 1,
                               .key = RQ_LIT("daily"),
                               .window_wall_ms = INT64_MAX};
    case 13:
        return (struct record){.type = RECORD_PUT,
                               .job = {7, 9},
                               .queue = RQ_LIT("q"),
                               .policy = {.window_ms = UINT64_MAX, .tries = 1},
                               .body = RQ_LIT("b")};
    default:
        return late_sample(i);
    }
}

static bool same_job(const struct record *a, const struct record *b)
{
    return a->job.epoch == b->job.epoch && a->job.number == b->job.number;
}

static bool same_policy(const struct job_policy *p, const struct job_policy *q)
{
    return p->ttl_ms == q->ttl_ms && p->keep_ms == q->keep_ms &&
           p->window_ms == q->window_ms && p->ttr_ms == q->ttr_ms &&
           p->backoff_base_ms == q->backoff_base_ms &&
           p->backoff_max_ms == q->backoff_max_ms && p->tries == q->tries &&
           p->backoff == q->backoff && p->jitter_pct == q->jitter_pct &&
           p->pri == q->pri;
}

static bool same_put(const struct record *a, const struct record *b)
{
    return rq_slice_eq(a->queue, b->queue) && rq_slice_eq(a->body, b->body) &&
           rq_slice_eq(a->attrs, b->attrs) && same_policy(&a->policy, &b->policy) &&
           a->put_wall_ms == b->put_wall_ms && a->due_wall_ms == b->due_wall_ms &&
           a->apart.epoch == b->apart.epoch && a->apart.number == b->apart.number &&
           a->apart.len == b->apart.len;
}

static bool same_state(const struct record *a, const struct record *b)
{
    return a->state == b->state && a->attempts == b->attempts &&
           rq_slice_eq(a->error, b->error);
}

static bool same_totals(const struct record_totals *a, const struct record_totals *b)
{
    return a->put == b->put && a->delivered == b->delivered && a->done == b->done &&
           a->failed == b->failed && a->retried == b->retried && a->dead == b->dead &&
           a->expired == b->expired && a->cancelled == b->cancelled &&
           a->redelivered == b->redelivered && a->requeued == b->requeued;
}

static bool same_kept(const struct record *a, const struct record *b)
{
    return rq_slice_eq(a->result, b->result) && rq_slice_eq(a->queue, b->queue) &&
           a->kept_wall_ms == b->kept_wall_ms && a->lease == b->lease &&
           a->has_result == b->has_result && rq_slice_eq(a->key, b->key) &&
           a->window_wall_ms == b->window_wall_ms;
}

static bool same_settings(const struct record_settings *a,
                          const struct record_settings *b)
{
    return a->maxsize == b->maxsize && a->deadmax == b->deadmax &&
           a->ttr_ms == b->ttr_ms && a->tries == b->tries && a->rate == b->rate &&
           a->concurrency == b->concurrency && a->grouplimit == b->grouplimit &&
           a->order == b->order && a->paused == b->paused && a->shut == b->shut;
}

static bool same_entry(const struct record_cron *a, const struct record_cron *b)
{
    return rq_slice_eq(a->spec, b->spec) && rq_slice_eq(a->zone, b->zone) &&
           a->delay_ms == b->delay_ms && a->after_ms == b->after_ms &&
           a->anchor_ms == b->anchor_ms && a->last_ms == b->last_ms &&
           a->runs == b->runs && a->skipped == b->skipped;
}

static bool same_cron(const struct record *a, const struct record *b)
{
    return rq_slice_eq(a->queue, b->queue) && rq_slice_eq(a->body, b->body) &&
           rq_slice_eq(a->attrs, b->attrs) && a->policy.ttl_ms == b->policy.ttl_ms &&
           a->policy.keep_ms == b->policy.keep_ms &&
           a->policy.window_ms == b->policy.window_ms &&
           a->policy.tries == b->policy.tries && a->policy.pri == b->policy.pri &&
           same_entry(&a->cron, &b->cron);
}

static bool same_batch(const struct record_batch *a, const struct record_batch *b)
{
    return a->state == b->state && a->keep_ms == b->keep_ms &&
           a->kept_wall_ms == b->kept_wall_ms && a->done == b->done &&
           a->expired == b->expired && a->cancelled == b->cancelled &&
           a->purged == b->purged;
}

bool record_equal(const struct record *a, const struct record *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case RECORD_PUT:
        return same_job(a, b) && same_put(a, b);
    case RECORD_LEASE:
        return same_job(a, b) && a->attempts == b->attempts && a->hold.n == b->hold.n &&
               a->hold.ttr_ms == b->hold.ttr_ms &&
               rq_slice_eq(a->hold.worker, b->hold.worker);
    case RECORD_STATE:
        return same_job(a, b) && same_state(a, b) && a->due_wall_ms == b->due_wall_ms;
    case RECORD_DONE:
        return same_job(a, b) && a->end == b->end && same_kept(a, b);
    case RECORD_MOVE:
        return same_job(a, b) && same_state(a, b) && same_put(a, b);
    case RECORD_QUEUE:
        return rq_slice_eq(a->queue, b->queue) &&
               same_settings(&a->settings, &b->settings);
    case RECORD_CRON:
        return rq_slice_eq(a->name, b->name) && same_cron(a, b);
    case RECORD_BATCH:
        return same_job(a, b) && same_batch(&a->batch, &b->batch);
    case RECORD_TOTALS:
        return rq_slice_eq(a->queue, b->queue) && same_totals(&a->totals, &b->totals);
    }
    return false;
}
