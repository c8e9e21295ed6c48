/* replay - the records of the log, applied in their order.
 *
 * A job that is in the log is never pending.  What the log cannot know is begun anew:
 * leases, waiters, and the times that only memory held.  Records of unknown jobs are
 * those of jobs that have ended: their PUT has been trimmed.
 *
 * Totals: a TOTALS record says what had been confirmed when it was written; the records
 * before it are counted in it, or were in flight with it, or are trimmed.  The end of
 * the replay closes that gap, so that per queue again put = done + expired + cancelled
 * + requeued + dead jobs + unfinished. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mutant.h"
#include "base/name.h"
#include "core/attrs.h"
#include "core/aways.h"
#include "core/batches.h"
#include "core/counters.h"
#include "core/crons.h"
#include "core/gate.h"
#include "core/group.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/keeper.h"
#include "core/kind.h"
#include "core/lease.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/unique.h"

struct replaying {
    struct core *core;
    const struct record *record;
    uint64_t home;
    struct core_now now;
    struct effects *fx; /* with room for REPLAY_EFFECTS */
};

enum { REPLAY_EFFECTS = 2 }; /* a job's home, and that of its end */

/* ---- checks ---- */

static bool is_id_good(struct core *core, struct job_id id)
{
    if (id.epoch == 0 || id.number == 0)
        return false;
    /* What we own has not been written yet. */
    if (core->epoch != 0 && id.epoch >= core->epoch)
        return false;
    if (id.epoch > core->epoch_seen)
        core->epoch_seen = id.epoch;
    return true;
}

static bool is_after(struct job_id a, struct job_id b)
{
    return a.epoch != b.epoch ? a.epoch > b.epoch : a.number > b.number;
}

static bool is_state_good(const struct record *r)
{
    return r->attempts <= UINT16_MAX && r->due_wall_ms >= 0 &&
           (r->state == RECORD_READY || r->state == RECORD_DELAYED ||
            r->state == RECORD_DEAD || r->state == RECORD_CANCELLING);
}

/* ---- places ---- */

/* Makes sure that settle_in() cannot fail. */
static int reserve_place(struct replaying *r, struct job *job, enum record_state state)
{
    if (state != RECORD_READY && job_need_extra(r->core, job) < 0)
        return -ENOMEM;
    return ready_reserve(job_queue(job), job);
}

/* The state that the record means now, and what it needs in the job. */
static enum job_state settle_in(struct replaying *r, struct job *job,
                                enum record_state state)
{
    int64_t due_ms = r->record->due_wall_ms;

    if (state == RECORD_DEAD)
        return JOB_DEAD;
    job_set_ready_ns(job, r->now.mono_ns);
    if (state == RECORD_READY || due_ms <= r->now.wall_ms)
        return JOB_READY;
    job_extra(job)->wall_ms = due_ms;
    job_extra(job)->timer.at_ns = timer_from_wall(due_ms, r->now);
    return JOB_DELAYED;
}

/* Sets the last error; `copy` is NULL when the record has none. */
static void settle_error(const struct replaying *r, struct job *job, uint8_t *copy)
{
    if (job_extra(job) != NULL)
        job_set_error(job, copy, r->record->error.len);
}

static void forget(struct replaying *r, uint64_t home)
{
    if (home != 0)
        effects_add(r->fx, EFFECT_FORGET)->u.forget.home = home;
}

/* ---- PUT and MOVE ---- */

static void unmake_job(struct replaying *r, struct job *job)
{
    struct queue *q = job_queue(job);

    job_free(r->core, job);
    queue_release(r->core, q);
}

/* A key that somebody else has (which no log of ours says) stays with him. */
static int hold_key(const struct replaying *r, struct job *job, struct rq_slice key)
{
    struct job_id other;

    if (key.len > LIMIT_KEY_BYTES ||
        unique_find(r->core, job_queue(job), key, r->now, &other))
        return 0;
    return unique_hold(r->core, job, key);
}

/* What is left of its TTL, at most all of it; and room for what will be left of it. */
static int limit_life(const struct replaying *r, struct job *job)
{
    int64_t ttl_ms = (int64_t)r->record->policy.ttl_ms, left_ms;
    uint64_t keep_ms = r->record->policy.keep_ms,
             window_ms = r->record->policy.window_ms;
    struct rq_slice key;
    bool is_unique = attrs_find(r->record->attrs, ATTR_UNIQUE, &key);
    struct job_id batch;
    bool is_batched = attrs_find_batch(r->record->attrs, &batch);

    if (keep_ms < window_ms)
        keep_ms = window_ms;
    if (ttl_ms == 0 && keep_ms == 0 && !is_unique && !is_batched)
        return 0;
    if (job_need_extra(r->core, job) < 0 ||
        (keep_ms > 0 && remnant_need(r->core, job, keep_ms) < 0) ||
        (is_unique && hold_key(r, job, key) < 0) ||
        (is_batched && batch_replay_enlist(r->core, job, batch) < 0))
        return -ENOMEM;
    if (ttl_ms == 0)
        return 0;
    left_ms =
        rq_clock_until(rq_clock_after(r->record->put_wall_ms, ttl_ms), r->now.wall_ms);
    job_extra(job)->expires_ns =
        timer_after_ms(r->now.mono_ns, left_ms < ttl_ms ? left_ms : ttl_ms);
    return 0;
}

/* A job as the record says, in no place yet, in a queue that may be new. */
static int make_job(struct replaying *r, struct job **out)
{
    const struct record *record = r->record;
    struct queue *q;

    if (!rq_name_is_valid(record->queue) || !kind_policy_is_valid(&record->policy) ||
        record->body.len > UINT32_MAX || record->apart.len > UINT32_MAX ||
        record->attrs.len > LIMIT_ATTRS_BYTES || !attrs_are_valid(record->attrs) ||
        record->put_wall_ms < 0 || record->due_wall_ms < 0)
        return RQ_E_MALFORMED;
    int rc = queue_need(r->core, record->queue, SIZE_MAX, &q);
    if (rc < 0)
        return rc;
    struct job_kind *kind =
        kind_need(r->core, q, record->attrs, record->job.epoch, &record->policy);
    if (kind == NULL) {
        queue_release(r->core, q);
        return -ENOMEM;
    }
    struct rq_slice body = record->body;
    if (record->apart.epoch > 0)
        body = rq_slice(NULL, (size_t)record->apart.len); /* away */
    if (MUTANT(BODY_CUT_BY_REPLAY) && body.len > 0)
        body.len--;
    *out = job_new(r->core, kind, record->job.number, body, record->attrs,
                   record->put_wall_ms);
    if (*out == NULL) {
        kind_unref(r->core, kind);
        queue_release(r->core, q);
        return -ENOMEM;
    }
    job_set_home(*out, r->home);
    rc = limit_life(r, *out);
    if (rc < 0)
        unmake_job(r, *out);
    return rc;
}

/* How long the job has to wait, at most what it had to when it was put: a wall clock
 * that was set back delays nothing.  And it has waited since it was put. */
static void correct_times(const struct replaying *r, struct job *job,
                          enum job_state state)
{
    const struct record *record = r->record;
    int64_t put_ms = record->put_wall_ms, due_ms = record->due_wall_ms;

    if (state == JOB_READY) {
        int64_t since_ms = due_ms > put_ms ? due_ms : put_ms;
        int64_t age_ns = timer_after_ms(0, rq_clock_until(r->now.wall_ms, since_ms));
        job_set_ready_ns(job, age_ns < INT64_MAX / 2 ? r->now.mono_ns - age_ns : 0);
        return;
    }
    int64_t latest_ns = timer_after_ms(r->now.mono_ns, rq_clock_until(due_ms, put_ms));
    if (latest_ns < job_extra(job)->timer.at_ns)
        job_extra(job)->timer.at_ns = latest_ns;
}

/* An end is final: its job is not made again by what a repair has appended. */
static bool has_ended(struct replaying *r)
{
    if (remnant_find(r->core, r->record->job) == NULL)
        return false;
    forget(r, r->home);
    return true;
}

/* The same PUT again, after a repair of the log: it lives in the newer commit. */
static int replay_put_again(struct replaying *r, struct job *job)
{
    if (!rq_slice_eq(queue_name(job_queue(job)), r->record->queue))
        return RQ_E_MALFORMED;
    forget(r, job->home);
    job_set_home(job, r->home);
    return 0;
}

static void enter(struct replaying *r, struct job *job, enum job_state state)
{
    place_enter(r->core, job, state);
    if (is_after(r->record->job, r->core->last_replayed))
        r->core->last_replayed = r->record->job;
}

/* The job of the record, if it is there.  Ids mostly count up, and one beyond all
 * others need not be looked for: that would be a walk over a cold job. */
static struct job *find_job(const struct replaying *r)
{
    const struct core *core = r->core;
    struct job_id id = r->record->job;

    return is_after(id, core->last_replayed) ? NULL : index_get(&core->index, id);
}

static int replay_put(struct replaying *r)
{
    struct job *job = find_job(r);
    enum record_state as =
        r->record->due_wall_ms > r->now.wall_ms ? RECORD_DELAYED : RECORD_READY;

    if (job != NULL)
        return replay_put_again(r, job);
    if (has_ended(r))
        return 0;
    int rc = make_job(r, &job);
    if (rc < 0)
        return rc;
    rc = reserve_place(r, job, as);
    if (rc < 0) {
        unmake_job(r, job);
        return rc;
    }
    enum job_state state = settle_in(r, job, as);
    correct_times(r, job, state);
    kind_remember(r->core, job_queue(job), job->kind);
    enter(r, job, state);
    counters_add(r->core, job_queue(job), (struct record_totals){.put = 1});
    away_settle(r->core, job);
    return 0;
}

/* Takes a replayed job out of the world, whatever it was doing. */
static void remove_job(struct replaying *r, struct job *job)
{
    if (job->state == JOB_LEASED)
        lease_stop(job);
    forget(r, job->home);
    place_leave(r->core, job);
    job_free(r->core, job);
}

/* A MOVE into another queue is what REQUEUE leaves. */
static void count_requeue(struct replaying *r, struct queue *from, struct queue *to)
{
    counters_add(r->core, from, (struct record_totals){.requeued = 1});
    counters_add(
        r->core, to,
        (struct record_totals){.put = 1, .dead = r->record->state == RECORD_DEAD});
}

static int replay_move(struct replaying *r)
{
    struct job *old = find_job(r), *job;
    uint8_t *error = NULL;

    if (!is_state_good(r->record) || r->record->state == RECORD_CANCELLING)
        return RQ_E_MALFORMED;
    if (old == NULL && has_ended(r))
        return 0;
    if (old != NULL)
        unique_release(r->core, old);
    if (old != NULL && job_extra(old) != NULL && job_extra(old)->remnant != NULL) {
        remnant_drop(r->core, job_extra(old)->remnant); /* the new one gets its own */
        job_extra(old)->remnant = NULL;
    }
    int rc = make_job(r, &job);
    if (rc < 0)
        return rc;
    rc = reserve_place(r, job, r->record->state);
    if (rc == 0 && r->record->error.len > 0)
        rc = job_need_extra(r->core, job);
    if (rc == 0)
        rc = job_copy_error(r->record->error, &error);
    if (rc < 0) {
        unmake_job(r, job);
        return rc;
    }
    struct queue *old_queue = old == NULL ? NULL : job_queue(old);
    if (old != NULL && old_queue != job_queue(job))
        count_requeue(r, old_queue, job_queue(job));
    if (old != NULL)
        remove_job(r, old);
    job->attempts = (uint16_t)r->record->attempts;
    settle_error(r, job, error);
    enter(r, job, settle_in(r, job, r->record->state));
    if (old_queue != NULL)
        queue_release(r->core, old_queue);
    away_settle(r->core, job);
    return 0;
}

/* ---- LEASE, STATE, DONE ---- */

/* What the record says of a lease that outlives its connection. */
static bool is_hold_good(struct core *core, const struct record *record)
{
    const uint64_t epoch = record->job.epoch + (record->hold.n >> 32);

    if (record->hold.n == 0)
        return true; /* it does not */
    if ((uint32_t)record->hold.n == 0 || record->hold.ttr_ms == 0 ||
        !rq_name_is_valid(record->hold.worker) ||
        (core->epoch != 0 && epoch >= core->epoch))
        return false;
    if (epoch > core->epoch_seen)
        core->epoch_seen = epoch;
    return true;
}

/* The job is leased to nobody, until the end of the replay. */
static void lease_again(struct replaying *r, struct job *job, struct keeper *keeper)
{
    const struct record *record = r->record;
    struct job_extra *x = job_extra(job);

    if (job->state == JOB_LEASED)
        lease_stop(job);
    x->timer.at_ns = INT64_MAX;
    place_move(r->core, job, JOB_LEASED);
    x->keeper = keeper;
    if (keeper == NULL)
        return;
    x->lease = record->hold.n;
    x->ttr_ms = x->logged_ttr_ms = record->hold.ttr_ms;
    x->deliveries = (uint32_t)record->hold.n;
    x->deliveries_epoch = record->job.epoch + (record->hold.n >> 32);
}

static int replay_lease(struct replaying *r)
{
    struct keeper *keeper = NULL;
    struct job *job = index_get(&r->core->index, r->record->job);
    uint32_t attempts = r->record->attempts;

    if (job == NULL)
        return 0;
    if (MUTANT(LEASED_NOT_RECOVERED)) {
        remove_job(r, job);
        return 0;
    }
    if (job->state == JOB_DEAD || attempts == 0 || attempts > UINT16_MAX ||
        !is_hold_good(r->core, r->record))
        return RQ_E_MALFORMED;
    /* Behind a MOVE the LEASE of a job that was leased already: no delivery. */
    bool is_new = attempts > job->attempts;
    int rc = job_need_extra(r->core, job);
    if (rc == 0 && r->record->hold.n != 0) {
        keeper = keeper_need(r->core, r->record->hold.worker);
        rc = keeper == NULL ? -ENOMEM : 0;
    }
    if (rc < 0)
        return rc;
    job->attempts = (uint16_t)attempts;
    lease_again(r, job, keeper);
    if (is_new)
        counters_add(r->core, job_queue(job),
                     (struct record_totals){.delivered = 1,
                                            .redelivered = attempts > 1 ? 1 : 0});
    return 0;
}

/* A lease that ended without giving its attempt back has failed. */
static void count_state(struct replaying *r, const struct job *job)
{
    bool is_dead = r->record->state == RECORD_DEAD && job->state != JOB_DEAD;
    bool has_failed = job->state == JOB_LEASED && r->record->attempts >= job->attempts;

    counters_add(r->core, job_queue(job),
                 (struct record_totals){.failed = has_failed ? 1 : 0,
                                        .retried = has_failed && !is_dead ? 1 : 0,
                                        .dead = is_dead ? 1 : 0});
}

/* Row 19: the end of the replay takes the lease away, and that ends the job. */
static int replay_cancelling(struct job *job)
{
    if (job->state != JOB_LEASED)
        return RQ_E_MALFORMED;
    job->is_cancelled = true;
    return 0;
}

static int replay_state(struct replaying *r)
{
    struct job *job = index_get(&r->core->index, r->record->job);
    uint8_t *error = NULL;

    if (!is_state_good(r->record))
        return RQ_E_MALFORMED;
    if (job == NULL)
        return 0;
    if (r->record->state == RECORD_CANCELLING)
        return replay_cancelling(job);
    int rc = reserve_place(r, job, r->record->state);
    if (rc == 0 && r->record->error.len > 0)
        rc = job_need_extra(r->core, job);
    if (rc == 0)
        rc = job_copy_error(r->record->error, &error);
    if (rc < 0)
        return rc;
    count_state(r, job);
    if (job->state == JOB_LEASED)
        lease_stop(job);
    job->attempts = (uint16_t)r->record->attempts;
    settle_error(r, job, error);
    enum job_state to = settle_in(r, job, r->record->state);
    job->is_cancelled = false;
    place_move(r->core, job, to);
    if (job->state == JOB_READY)
        job_drop_extra(r->core, job);
    return 0;
}

/* An end that could be asked for: perhaps it still can. */
static int replay_kept(struct replaying *r)
{
    const struct record *record = r->record;
    struct remnant *old =
        (struct remnant *)(uintptr_t)remnant_find(r->core, record->job);
    struct queue *q;

    if (record->kept_wall_ms <= r->now.wall_ms) {
        forget(r, r->home);
        return 0;
    }
    if (!rq_name_is_valid(record->queue) || record->key.len > LIMIT_KEY_BYTES)
        return RQ_E_MALFORMED;
    int rc = queue_need(r->core, record->queue, SIZE_MAX, &q);
    if (rc < 0)
        return rc;
    if (old != NULL) { /* the same record again, after a repair of the log */
        forget(r, old->home);
        remnant_drop(r->core, old);
    }
    q->pins++; /* it stays until we know */
    rc = remnant_replay(r->core, record, q, r->home, r->now);
    q->pins--;
    queue_release(r->core, q);
    return rc;
}

static int replay_done(struct replaying *r)
{
    struct job *job = index_get(&r->core->index, r->record->job);
    struct record_totals delta = {0};

    switch (r->record->end) {
    case RECORD_END_DONE:
        delta.done = 1;
        break;
    case RECORD_END_EXPIRED:
        delta.expired = 1;
        break;
    case RECORD_END_CANCELLED:
        delta.cancelled = 1;
        break;
    default:
        return RQ_E_MALFORMED;
    }
    if ((MUTANT(DONE_FORGOTTEN) && r->record->end == RECORD_END_DONE) ||
        (MUTANT(CANCEL_FORGOTTEN) && r->record->end == RECORD_END_CANCELLED))
        return 0;
    if (job != NULL) {
        struct queue *q = job_queue(job);

        counters_add(r->core, q, delta);
        batch_replay_done(r->core, job, r->record->end);
        q->pins++;
        remove_job(r, job);
        q->pins--;
    }
    return r->record->kept_wall_ms > 0 ? replay_kept(r) : 0;
}

/* ---- QUEUE and TOTALS ---- */

static int replay_queue(struct replaying *r)
{
    struct queue *q;

    if (!rq_name_is_valid(r->record->queue) ||
        !gate_settings_are_valid(&r->record->settings))
        return RQ_E_MALFORMED;
    int rc = queue_need(r->core, r->record->queue, SIZE_MAX, &q);
    if (rc < 0)
        return rc;
    rc = gate_need(r->core, q);
    if (rc == 0)
        rc = ready_set_order(q, r->record->settings.order);
    if (rc < 0) {
        queue_release(r->core, q);
        return rc;
    }
    forget(r, q->gate->home);
    q->gate->home = r->home;
    q->gate->settings = r->record->settings;
    groups_limit_changed(q);
    gate_look(r->core, q); /* perhaps too many have died before */
    return 0;
}

static int replay_totals(struct replaying *r)
{
    struct queue *q;

    if (!rq_name_is_valid(r->record->queue))
        return RQ_E_MALFORMED;
    int rc = queue_need(r->core, r->record->queue, SIZE_MAX, &q);
    if (rc < 0)
        return rc;
    forget(r, q->totals_home);
    counters_recorded(r->core, q, r->home);
    counters_set(r->core, q, r->record->totals);
    return 0;
}

int core_replay(struct core *core, const struct record *record, uint64_t home,
                struct core_now now, struct effects *fx)
{
    struct replaying r = {core, record, home, now, fx};

    ASSERT(home > 0 && rq_list_empty(&core->holders));
    int rc = effects_reserve(fx, REPLAY_EFFECTS);
    if (rc < 0)
        return rc;
    core->is_replaying = true;
    if (record_has_job(record->type) && !is_id_good(core, record->job))
        return RQ_E_MALFORMED;
    switch (record->type) {
    case RECORD_PUT:
        return replay_put(&r);
    case RECORD_LEASE:
        return replay_lease(&r);
    case RECORD_STATE:
        return replay_state(&r);
    case RECORD_DONE:
        return replay_done(&r);
    case RECORD_MOVE:
        return replay_move(&r);
    case RECORD_QUEUE:
        return replay_queue(&r);
    case RECORD_CRON:
        return cron_replay(core, record, home, fx);
    case RECORD_BATCH:
        return batch_replay(core, record, home, fx);
    case RECORD_TOTALS:
        return replay_totals(&r);
    }
    return RQ_E_MALFORMED;
}

/* ---- the end ---- */

static void close_gap(struct core *core, struct queue *q)
{
    struct record_totals t = q->totals;
    uint64_t known =
        t.done + t.expired + t.cancelled + t.requeued + queue_unfinished(q, true);

    if (t.put < known)
        t.put = known; /* in flight when the totals were written */
    else
        t.done += t.put - known; /* counted as put, ended, and trimmed */
    if (t.dead < q->count[JOB_DEAD])
        t.dead = q->count[JOB_DEAD];
    if (memcmp(&t, &q->totals, sizeof t) != 0)
        counters_set(core, q, t);
}

/* Leases go on if they are kept; else the jobs go back to their places, or die. */
static void end_leases(struct core *core, struct queue *q, struct core_now now,
                       struct effects *fx)
{
    RQ_LIST_EACH_SAFE(link, &q->leased)
    {
        struct job *job = RQ_LIST_ENTRY(link, struct job, at.link);

        if (job_extra(job)->keeper != NULL) {
            lease_revive(core, job, now);
            continue;
        }
        int rc = hand_back(core, job, RQ_LIT("the server was restarted"), now, fx);
        ASSERT(rc == 0); /* reserved */
    }
}

int core_replay_end(struct core *core, struct core_now now, struct effects *fx)
{
    /* One each; hand_back() wants room for three. */
    int rc = effects_reserve(fx, (size_t)core->count[JOB_LEASED] + 2);

    if (rc < 0)
        return rc;
    /* Nobody waits, and only what is kept is still leased. */
    RQ_LIST_EACH(link, &core->all_queues)
    {
        struct queue *q = RQ_LIST_ENTRY(link, struct queue, all);

        rc = ready_reserve_leased(q);
        if (rc < 0)
            return rc;
    }
    RQ_LIST_EACH(link, &core->all_queues)
    {
        struct queue *q = RQ_LIST_ENTRY(link, struct queue, all);

        end_leases(core, q, now, fx);
        close_gap(core, q);
        if (q->gate != NULL && q->totals_home == 0) /* the server ended before them */
            counters_add(core, q, (struct record_totals){0});
    }
    core->is_replaying = false;
    batches_replay_end(core, now);
    core->bring_left = core->away_count > 0 ? core->index.used : 0;
    return 0;
}
