/* world - a core with a clock, a log and a list of what happened.
 * SPDX-License-Identifier: MIT */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "core/away.h"
#include "core/move.h"
#include "support/test.h"

struct world_record {
    struct record r;
    struct job_id id;
    bool confirm, is_refused, is_confirmed;
    bool is_live;                /* has data that somebody needs: PUT, MOVE, TOTALS */
    struct departure *departure; /* not told of yet; NULL: none */
    bool is_gone;                /* the log has lost it */
};

/* ---- the log ---- */

/* The bytes become the slice's own. */
static void own(struct rq_slice *s)
{
    uint8_t *copy = malloc(s->len + 1);

    assert_non_null(copy);
    if (s->len > 0)
        memcpy(copy, s->ptr, s->len);
    s->ptr = copy;
}

static void free_slice(struct rq_slice s)
{
    free((void *)(uintptr_t)s.ptr);
}

static void append(struct world *w, const struct effect *e)
{
    if (w->log_count == w->log_cap) {
        w->log_cap = w->log_cap == 0 ? 64 : w->log_cap * 2;
        w->log = realloc(w->log, w->log_cap * sizeof *w->log);
        assert_non_null(w->log);
    }
    struct world_record *copy = &w->log[w->log_count++];

    memset(copy, 0, sizeof *copy);
    copy->r = e->u.log.record;
    copy->id = e->u.log.record.job;
    copy->confirm = e->u.log.confirm;
    copy->departure = e->u.log.departure;
    copy->is_live = e->u.log.homes;
    own(&copy->r.queue);
    own(&copy->r.body);
    own(&copy->r.attrs);
    own(&copy->r.error);
    own(&copy->r.result);
    if (copy->r.type == RECORD_DONE)
        own(&copy->r.key);
    if (copy->r.type == RECORD_LEASE)
        own(&copy->r.hold.worker);
    /* Each record is a commit of its own; its home is its place, from 1. */
    if (e->u.log.homes)
        core_set_home(w->core, e, w->log_count);
}

static void free_log(struct world *w, size_t from)
{
    for (size_t i = from; i < w->log_count; i++) {
        free_slice(w->log[i].r.queue);
        free_slice(w->log[i].r.body);
        free_slice(w->log[i].r.attrs);
        if (w->log[i].r.type == RECORD_DONE)
            free_slice(w->log[i].r.key);
        if (w->log[i].r.type == RECORD_LEASE)
            free_slice(w->log[i].r.hold.worker);
        free_slice(w->log[i].r.error);
        free_slice(w->log[i].r.result);
    }
    w->log_count = from;
}

static void forget(struct world *w, uint64_t home)
{
    assert_in_range(home, 1, w->log_count);
    assert_true(w->log[home - 1].is_live); /* forgotten once, and only what lives */
    w->log[home - 1].is_live = false;
}

/* ---- effects ---- */

static void note_record(struct event *ev, const struct effect *e)
{
    const struct record *r = &e->u.log.record;

    ev->job = r->job;
    ev->confirm = e->u.log.confirm;
    ev->homes = e->u.log.homes;
    ev->type = r->type;
    ev->state = r->state;
    ev->end = r->end;
    ev->attempts = r->attempts;
    ev->due_wall_ms = r->due_wall_ms;
    ev->totals = r->totals;
    snprintf(ev->error, sizeof ev->error, "%.*s", (int)r->error.len,
             r->error.len == 0 ? "" : (const char *)r->error.ptr);
}

static void note_delivery(struct event *ev, const struct effect *e)
{
    struct job_view view;

    job_view(e->u.deliver.job, &view);
    assert_int_equal(view.lease, e->u.deliver.lease);
    ev->job = view.id;
    ev->cookie = e->u.deliver.cookie;
    ev->lease = e->u.deliver.lease;
    ev->more = e->u.deliver.more;
}

static void note(struct world *w, const struct effect *e)
{
    assert_true(w->event_count < WORLD_EVENTS);
    struct event *ev = &w->events[w->event_count++];

    memset(ev, 0, sizeof *ev);
    ev->kind = e->kind;
    switch (e->kind) {
    case EFFECT_RECORD:
        note_record(ev, e);
        break;
    case EFFECT_DELIVER:
        note_delivery(ev, e);
        break;
    case EFFECT_TIMEOUT:
        ev->cookie = e->u.timeout.cookie;
        break;
    case EFFECT_JOINED:
        ev->cookie = e->u.joined.cookie;
        ev->counts = e->u.joined.counts;
        break;
    case EFFECT_ADMITTED:
        ev->cookie = e->u.admitted.cookie;
        break;
    case EFFECT_WAITED:
        ev->cookie = e->u.waited.cookie;
        break;
    case EFFECT_REFUSED:
        ev->cookie = e->u.refused.cookie;
        ev->code = e->u.refused.code;
        break;
    case EFFECT_FORGET:
        ev->home = e->u.forget.home;
        break;
    }
}

static void carry(struct world *w)
{
    for (size_t i = 0; i < w->fx.count; i++) {
        const struct effect *e = &w->fx.items[i];

        note(w, e);
        if (e->kind == EFFECT_RECORD)
            append(w, e);
        if (e->kind == EFFECT_FORGET)
            forget(w, e->u.forget.home);
        if (e->kind == EFFECT_DELIVER && e->u.deliver.more) {
            assert_true(i + 1 < w->fx.count);
            assert_int_equal(w->fx.items[i + 1].kind, EFFECT_DELIVER);
        }
    }
    w->fx.count = 0;
    core_check(w->core);
}

static void begin(struct world *w)
{
    assert_int_equal(w->fx.count, 0);
    w->event_count = 0;
}

/* Carries out what a call caused; one that failed must have caused nothing. */
static int end(struct world *w, int rc)
{
    if (rc < 0)
        assert_int_equal(w->fx.count, 0);
    carry(w);
    return rc;
}

static void must(int rc)
{
    assert_int_equal(rc, 0);
}

/* ---- life ---- */

void world_init(struct world *w)
{
    *w = (struct world){.now = {5000000000, 1000000}, .epoch = 7};
    w->events = calloc(WORLD_EVENTS, sizeof *w->events);
    assert_non_null(w->events);
    effects_init(&w->fx);
    w->core = core_new(1);
    assert_non_null(w->core);
    core_set_epoch(w->core, w->epoch);
    w->holder = core_holder_new(w->core);
    assert_non_null(w->holder);
}

void world_fini(struct world *w)
{
    core_free(w->core);
    effects_fini(&w->fx);
    free_log(w, 0);
    free(w->log);
    free(w->events);
}

void world_sleep(struct world *w, int64_t ms)
{
    w->now.mono_ns += ms * 1000000;
    w->now.wall_ms += ms;
}

/* ---- producing ---- */

struct job_policy world_policy(void)
{
    return (struct job_policy){.ttr_ms = 1000,
                               .backoff_base_ms = 100,
                               .backoff_max_ms = 10000,
                               .tries = 3,
                               .backoff = JOB_BACKOFF_FIXED,
                               .pri = 100};
}

struct job_id world_put_more(struct world *w, const char *queue, const char *body,
                             struct job_policy policy, int64_t due_wall_ms)
{
    const struct core_put put = {.queue = rq_slice_str(queue),
                                 .body = rq_slice_str(body),
                                 .policy = policy,
                                 .due_wall_ms = due_wall_ms};
    struct job_id id;

    must(world_put_full(w, &put, &id));
    return id;
}

int world_put_full(struct world *w, const struct core_put *put, struct job_id *out)
{
    struct job *job = NULL;
    struct job_view view;

    begin(w);
    int rc = core_put(w->core, put, w->now, &w->fx, &job, out);
    if (rc == 0) {
        job_view(job, &view);
        *out = view.id;
    }
    return end(w, rc);
}

int world_put_attrs(struct world *w, const char *queue, const char *body,
                    struct rq_slice attrs, uint64_t window_ms, int64_t due_wall_ms,
                    struct job_id *out)
{
    struct core_put put = {.queue = rq_slice_str(queue),
                           .body = rq_slice_str(body),
                           .attrs = attrs,
                           .policy = world_policy(),
                           .due_wall_ms = due_wall_ms};

    put.policy.window_ms = window_ms;
    return world_put_full(w, &put, out);
}

void world_carry(struct world *w)
{
    w->event_count = 0;
    must(end(w, 0));
}

struct job_id world_put(struct world *w, const char *queue, const char *body)
{
    return world_put_more(w, queue, body, world_policy(), 0);
}

struct job_id world_put_landed(struct world *w, const char *queue)
{
    struct job_id id = world_put(w, queue, "body");

    world_land(w);
    return id;
}

/* The job that record `i` is about, if it is awaited and not confirmed yet. */
static struct job *awaited(struct world *w, size_t i)
{
    const struct world_record *r = &w->log[i];

    if (!r->confirm || r->is_refused || r->is_confirmed || r->r.type == RECORD_BATCH)
        return NULL;
    struct job *job = (struct job *)(uintptr_t)core_find_job(w->core, r->id);
    assert_non_null(job);
    return job;
}

/* Record `i` has landed.  Returns  did it make a job leave its queue? */
static bool tell_departed(struct world *w, size_t i)
{
    struct departure *d = w->log[i].departure;

    w->log[i].departure = NULL;
    if (d != NULL)
        must(core_departed(w->core, d, &w->fx));
    return d != NULL;
}

/* The next record of the log is in Redis.  Returns  did somebody wait for that? */
static bool land_next(struct world *w)
{
    const struct world_record *r = &w->log[w->landed];
    bool is_close = r->r.type == RECORD_BATCH && r->confirm;
    const struct job_id id = r->id;
    struct job *job = awaited(w, w->landed);

    w->log[w->landed++].is_confirmed = true;
    if (is_close)
        must(core_batch_closed(w->core, id, w->now, &w->fx));
    if (job != NULL)
        must(core_confirmed(w->core, job, w->now, &w->fx));
    return tell_departed(w, w->landed - 1) || is_close || job != NULL;
}

void world_take(struct world *w)
{
    struct world_record *r = &w->log[w->log_count - 1];

    begin(w);
    must(core_taken(w->core, awaited(w, w->log_count - 1), w->now, &w->fx));
    r->confirm = false; /* nobody waits any more */
    must(end(w, 0));
}

void world_land_one(struct world *w)
{
    begin(w);
    while (w->landed < w->log_count && !land_next(w)) {
    }
    must(end(w, 0));
}

void world_land(struct world *w)
{
    size_t until = w->log_count;

    begin(w);
    while (w->landed < until)
        if (land_next(w))
            carry(w);
    must(end(w, 0));
}

void world_refuse_one(struct world *w)
{
    begin(w);
    for (size_t i = w->landed; i < w->log_count; i++) {
        struct job *job = awaited(w, i);

        if (job == NULL || w->log[i].r.type != RECORD_PUT)
            continue;
        w->log[i].is_refused = true;
        must(core_refused(w->core, job, w->now, &w->fx));
        break;
    }
    must(end(w, 0));
}

/* ---- consuming ---- */

static size_t split(const char *names, struct rq_slice out[64])
{
    struct rq_slice rest = rq_slice_str(names);
    size_t n = 0;

    while (n < 64 && rq_slice_split(&rest, ',', &out[n]))
        n++;
    return n;
}

int world_get_more(struct world *w, struct holder *holder, const char *queues,
                   uint32_t count, int64_t block_ms, void *cookie, struct waiter **out)
{
    struct rq_slice names[64];
    const struct core_get get = {.queues = names,
                                 .queue_count = split(queues, names),
                                 .count = count,
                                 .bytes_max = SIZE_MAX,
                                 .block_ms = block_ms};

    begin(w);
    *out = NULL;
    return end(w, core_get(w->core, &get, holder, cookie, w->now, &w->fx, out));
}

/* A GET that would not wait does so for a body: it is read. */
static void bring(struct world *w)
{
    while (world_count(w, EFFECT_DELIVER) + world_count(w, EFFECT_TIMEOUT) == 0) {
        assert_true(core_wants_bodies(w->core) || core_next_due(w->core) == 0);
        if (world_fetch_some(w, 8) == 0 || core_next_due(w->core) == 0)
            world_tick(w);
    }
}

uint64_t world_get_as(struct world *w, struct holder *holder, const char *queues,
                      struct job_id *out_id)
{
    struct waiter *waiter;

    must(world_get_more(w, holder, queues, 1, 0, NULL, &waiter));
    if (waiter != NULL)
        bring(w);
    if (world_count(w, EFFECT_TIMEOUT) == 1)
        return 0;
    const struct event *e = world_event(w, EFFECT_DELIVER);
    if (out_id != NULL)
        *out_id = e->job;
    return e->lease;
}

uint64_t world_get(struct world *w, const char *queues, struct job_id *out_id)
{
    return world_get_as(w, w->holder, queues, out_id);
}

struct waiter *world_wait(struct world *w, const char *queues, int64_t block_ms,
                          void *cookie)
{
    struct waiter *waiter;

    must(world_get_more(w, w->holder, queues, 1, block_ms, cookie, &waiter));
    assert_non_null(waiter);
    assert_int_equal(w->event_count, 0);
    return waiter;
}

struct waiter *world_wait_for_room(struct world *w, uint64_t count, int64_t block_ms,
                                   void *cookie)
{
    const struct core_room room = {RQ_LIT("q"), count, block_ms};
    struct waiter *waiter;

    begin(w);
    must(
        end(w, core_wait_for_room(w->core, &room, w->holder, cookie, w->now, &waiter)));
    return waiter;
}

int world_wait_jobs(struct world *w, const struct job_id *ids, size_t count, bool any,
                    int64_t block_ms, void *cookie, struct waiter **out)
{
    const struct core_wait wait = {ids, count, any, block_ms};
    size_t bad;

    begin(w);
    *out = NULL;
    return end(w,
               core_wait(w->core, &wait, w->holder, cookie, w->now, &w->fx, out, &bad));
}

void world_set(struct world *w, struct record_settings settings)
{
    begin(w);
    must(end(w, core_queue_set(w->core, RQ_LIT("q"), &settings, &w->fx)));
}

static int join_more(struct world *w, const char *queues, int64_t block_ms, bool strict,
                     bool barrier, void *cookie, struct waiter **out)
{
    struct rq_slice names[64];
    const struct core_join join = {.queues = names,
                                   .queue_count = split(queues, names),
                                   .block_ms = block_ms,
                                   .strict = strict,
                                   .barrier = barrier};

    begin(w);
    *out = NULL;
    return end(w, core_join(w->core, &join, w->holder, cookie, w->now, &w->fx, out));
}

int world_join(struct world *w, const char *queues, int64_t block_ms, bool strict,
               void *cookie, struct waiter **out)
{
    return join_more(w, queues, block_ms, strict, false, cookie, out);
}

int world_join_barrier(struct world *w, const char *queues, int64_t block_ms,
                       bool strict, void *cookie, struct waiter **out)
{
    return join_more(w, queues, block_ms, strict, true, cookie, out);
}

struct job_id world_batch(struct world *w, uint64_t keep_ms)
{
    struct job_id id;

    begin(w);
    must(end(w, core_batch_new(w->core, keep_ms, w->now, &w->fx, &id)));
    return id;
}

int world_close(struct world *w, struct job_id batch)
{
    begin(w);
    return end(w, core_batch_close(w->core, batch, &w->fx));
}

int world_join_batch(struct world *w, struct job_id batch, int64_t block_ms,
                     void *cookie, struct waiter **out)
{
    begin(w);
    return end(w, core_batch_join(w->core, batch, block_ms, w->holder, cookie, w->now,
                                  &w->fx, out));
}

int world_done(struct world *w, struct job_id id, uint64_t lease)
{
    begin(w);
    return end(w,
               core_done(w->core, id, lease, RQ_LIT("result"), true, w->now, &w->fx));
}

int world_fail(struct world *w, struct job_id id, uint64_t lease, const char *error,
               int64_t delay_ms, bool dead, struct core_failed *out)
{
    struct core_failed ignored;

    begin(w);
    return end(w, core_fail(w->core, id, lease, rq_slice_str(error), delay_ms, dead,
                            w->now, &w->fx, out == NULL ? &ignored : out));
}

int world_release(struct world *w, struct job_id id, uint64_t lease, int64_t delay_ms)
{
    begin(w);
    return end(w, core_release(w->core, id, lease, delay_ms, w->now, &w->fx));
}

int world_kick(struct world *w, struct job_id id)
{
    begin(w);
    return end(w, core_kick(w->core, id, w->now, &w->fx));
}

long world_kick_some(struct world *w, const char *queue, size_t max)
{
    begin(w);
    return end(w,
               (int)core_kick_some(w->core, rq_slice_str(queue), max, w->now, &w->fx));
}

int world_cancel_job(struct world *w, struct job_id id)
{
    begin(w);
    return end(w, core_cancel(w->core, id, w->now, &w->fx));
}

long world_purge(struct world *w, const char *queue, enum job_state state, size_t max)
{
    begin(w);
    return end(w, (int)core_purge_some(w->core, rq_slice_str(queue), state, max, w->now,
                                       &w->fx));
}

int world_reschedule(struct world *w, struct job_id id, int64_t due_wall_ms)
{
    begin(w);
    return end(w, core_reschedule(w->core, id, due_wall_ms, w->now, &w->fx));
}

static int requeue_read(struct world *w, struct job_id id, const char *queue,
                        const struct core_read *read, struct job_id *out_exists)
{
    struct job_id ignored;

    begin(w);
    return end(w, core_requeue(w->core, id, rq_slice_str(queue), read, w->now, &w->fx,
                               out_exists == NULL ? &ignored : out_exists));
}

/* What is away is read from the log. */
int world_requeue(struct world *w, struct job_id id, const char *queue,
                  struct job_id *out_exists)
{
    int rc = requeue_read(w, id, queue, NULL, out_exists);

    if (rc != -EAGAIN)
        return rc;
    uint64_t home = world_view(w, id)->home;
    return requeue_read(w, id, queue,
                        &(struct core_read){home, w->log[home - 1].r.body}, out_exists);
}

void world_undeliver(struct world *w, struct job_id id, uint64_t lease)
{
    begin(w);
    must(end(w, core_undeliver(w->core, id, lease, w->now, &w->fx)));
}

void world_cancel(struct world *w, struct waiter *waiter)
{
    begin(w);
    core_waiter_cancel(w->core, waiter);
    must(end(w, 0));
    assert_int_equal(w->event_count, 0);
}

struct holder *world_holder(struct world *w)
{
    struct holder *holder = core_holder_new(w->core);

    assert_non_null(holder);
    return holder;
}

void world_lose(struct world *w, struct holder *holder)
{
    begin(w);
    must(end(w, core_holder_lost(w->core, holder, w->now, &w->fx)));
}

void world_tick(struct world *w)
{
    begin(w);
    must(end(w, core_tick(w->core, w->now, SIZE_MAX, &w->fx)));
    assert_true(core_next_due(w->core) > w->now.mono_ns);
}

/* ---- bodies ---- */

void world_set_memory(struct world *w, size_t bytes)
{
    w->body_memory = bytes;
    core_set_body_memory(w->core, bytes);
    core_check(w->core);
}

static void fetch_one(struct world *w, const struct core_want *want)
{
    assert_in_range(want->home, 1, w->log_count);
    const struct world_record *r = &w->log[want->home - 1];

    assert_true(r->id.epoch == want->job.epoch && r->id.number == want->job.number);
    begin(w);
    if (r->is_gone)
        must(end(w, core_lost(w->core, want, RQ_LIT("lost"), &w->fx) - 1));
    else
        must(end(w, core_body(w->core, want, r->r.body, true, &w->fx)));
}

size_t world_fetch_some(struct world *w, size_t max)
{
    struct core_want wants[8];
    size_t n = core_wanted(w->core, wants, max < 8 ? max : 8);

    for (size_t i = 0; i < n; i++)
        fetch_one(w, &wants[i]);
    return n;
}

size_t world_fetch(struct world *w)
{
    size_t sum = 0, n;

    while ((n = world_fetch_some(w, 8)) > 0)
        sum += n;
    world_tick(w);
    return sum;
}

void world_flush(struct world *w)
{
    for (size_t i = 0; i < w->log_count; i++)
        w->log[i].is_gone = true;
}

uint64_t world_move(struct world *w, uint64_t before)
{
    struct core_mover mover;
    int more = 1;

    core_move_begin(&mover, before);
    while (more == 1) {
        begin(w);
        more = core_move_some(w->core, &mover, 3, 200, &w->fx);
        must(end(w, more < 0 ? more : 0));
        while (world_fetch_some(w, 8) > 0)
            continue;
    }
    return mover.moved;
}

uint64_t world_low(const struct world *w)
{
    size_t low = 0;

    while (low < w->log_count && !w->log[low].is_live)
        low++;
    return low + 1;
}

bool world_totals_before(struct world *w, uint64_t before)
{
    begin(w);
    int rc = core_totals(w->core, before, &w->fx);
    must(end(w, rc < 0 ? rc : 0));
    return rc > 0;
}

bool world_totals(struct world *w)
{
    return world_totals_before(w, 0);
}

/* ---- restart ---- */

int world_replay_one(struct world *w, const struct record *record, uint64_t home)
{
    begin(w);
    int rc = core_replay(w->core, record, home, w->now, &w->fx);
    if (rc < 0)
        assert_int_equal(w->fx.count, 0);
    carry(w);
    return rc;
}

void world_replay(struct world *w)
{
    size_t low = 0;

    core_free(w->core);
    effects_fini(&w->fx);
    effects_init(&w->fx);
    w->core = core_new(w->epoch);
    assert_non_null(w->core);
    core_set_body_memory(w->core, w->body_memory);
    w->holder = NULL;
    free_log(w, w->landed);

    while (low < w->landed && !w->log[low].is_live)
        low++; /* trimmed */
    for (size_t i = low; i < w->landed; i++)
        w->log[i].is_live =
            !w->log[i].is_refused && !w->log[i].is_gone && record_is_home(&w->log[i].r);
    begin(w);
    for (size_t i = low; i < w->landed; i++) {
        if (w->log[i].is_refused || w->log[i].is_gone)
            continue;
        must(core_replay(w->core, &w->log[i].r, i + 1, w->now, &w->fx));
        carry(w);
    }
    must(end(w, 0));
}

void world_end_replay(struct world *w)
{
    core_set_epoch(w->core, ++w->epoch);
    begin(w);
    must(end(w, core_replay_end(w->core, w->now, &w->fx)));
    w->holder = world_holder(w);
}

void world_restart(struct world *w)
{
    world_replay(w);
    world_end_replay(w);
}

/* ---- looking ---- */

const struct job_view *world_view(struct world *w, struct job_id id)
{
    const struct job *job = core_find_job(w->core, id);

    assert_non_null(job);
    job_view(job, &w->job_view);
    return &w->job_view;
}

bool world_has(const struct world *w, struct job_id id)
{
    return core_find_job(w->core, id) != NULL;
}

const struct queue_view *world_queue(struct world *w, const char *name)
{
    const struct queue *q = core_find_queue(w->core, rq_slice_str(name));

    memset(&w->queue_view, 0, sizeof w->queue_view);
    if (q != NULL)
        queue_view(q, w->now.mono_ns, &w->queue_view);
    return &w->queue_view;
}

size_t world_count(const struct world *w, enum effect_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < w->event_count; i++)
        n += w->events[i].kind == kind;
    return n;
}

const struct event *world_event(const struct world *w, enum effect_kind kind)
{
    const struct event *found = NULL;

    assert_int_equal(world_count(w, kind), 1);
    for (size_t i = 0; i < w->event_count; i++)
        if (w->events[i].kind == kind)
            found = &w->events[i];
    return found;
}

const struct event *world_record(const struct world *w, enum record_type type)
{
    const struct event *e = world_event(w, EFFECT_RECORD);

    assert_int_equal(e->type, type);
    return e;
}
