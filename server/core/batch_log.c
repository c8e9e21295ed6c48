/* batch_log - what of batches stands in the log.
 *
 * A BATCH record counts the jobs that are gone.  Like TOTALS it is written again from
 * time to time, in the same commits as they: the home of a job that has ended is
 * forgotten only when a record that counts the end is in the log (broker/arrears.h).
 * So a replay finds each end either counted, in a record behind it, or behind the last
 * record, with the job that it belongs to.  Jobs that are there are counted anew.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/batches.h"
#include "core/limits.h"
#include "core/timer.h"

enum { BATCHES_PER_CALL = 1024 }; /* about 50 KiB of records */

/* ---- writing ---- */

static struct effect *add(const struct batch *b, struct effects *fx)
{
    struct effect *e = effects_add(fx, EFFECT_RECORD);

    e->u.log.record.type = RECORD_BATCH;
    e->u.log.record.job = b->id;
    return e;
}

static void forget(const struct batch *b, struct effects *fx)
{
    if (b->home != 0)
        effects_add(fx, EFFECT_FORGET)->u.forget.home = b->home;
}

/* What ends jobs stands before this record in the log, confirmed or not. */
static uint64_t ends(const struct batch *b, unsigned end)
{
    return b->ended[end] + b->ending[end];
}

void batch_journal(struct batch *b, bool confirm, struct effects *fx)
{
    struct effect *e = add(b, fx);

    e->u.log.confirm = confirm;
    e->u.log.homes = true;
    e->u.log.record.batch = (struct record_batch){
        .state = b->is_closing ? RECORD_BATCH_CLOSED : RECORD_BATCH_OPEN,
        .keep_ms = b->keep_ms,
        .kept_wall_ms = b->kept_wall_ms,
        .done = ends(b, RECORD_END_DONE),
        .expired = ends(b, RECORD_END_EXPIRED),
        .cancelled = ends(b, RECORD_END_CANCELLED),
        .purged = ends(b, BATCH_PURGED)};
    forget(b, fx);
    rq_list_remove(&b->changed);
    rq_list_remove(&b->recorded); /* until it has a home again */
}

void batch_journal_gone(const struct batch *b, struct effects *fx)
{
    add(b, fx)->u.log.record.batch.state = RECORD_BATCH_GONE;
    forget(b, fx);
}

static void set_home(struct core *core, struct batch *b, uint64_t home)
{
    b->home = home;
    rq_list_remove(&b->recorded);
    rq_list_push_back(&core->recorded_batches, &b->recorded);
}

void batch_set_home(struct core *core, struct job_id id, uint64_t home)
{
    struct batch *b = batch_find(core, id);

    ASSERT(b != NULL && home >= b->home);
    set_home(core, b, home);
}

/* The first of those in old commits; NULL: there is none. */
static struct batch *oldest(const struct core *core, uint64_t before)
{
    struct batch *b =
        RQ_LIST_ENTRY(core->recorded_batches.next, struct batch, recorded);

    return rq_list_empty(&core->recorded_batches) || b->home >= before ? NULL : b;
}

/* Those in old commits become changed ones. */
size_t batches_due(struct core *core, uint64_t before, bool *out_more)
{
    struct batch *b;
    size_t count = 0;

    for (size_t n = 0; n < BATCHES_PER_CALL && (b = oldest(core, before)) != NULL;
         n++) {
        rq_list_remove(&b->recorded);
        batch_changed(core, b);
    }
    RQ_LIST_EACH(link, &core->changed_batches)
    {
        if (++count > BATCHES_PER_CALL)
            break;
    }
    *out_more = count > BATCHES_PER_CALL || oldest(core, before) != NULL;
    return count < BATCHES_PER_CALL ? count : BATCHES_PER_CALL;
}

void batches_rewrite(struct core *core, size_t count, struct effects *fx)
{
    while (count-- > 0) {
        ASSERT(!rq_list_empty(&core->changed_batches));
        batch_journal(RQ_LIST_ENTRY(core->changed_batches.next, struct batch, changed),
                      false, fx);
    }
}

/* ---- reading ---- */

static bool is_good(const struct record_batch *r)
{
    return r->state <= RECORD_BATCH_GONE && r->keep_ms <= LIMIT_KEEP_MS &&
           r->kept_wall_ms >= 0;
}

static void take(struct batch *b, const struct record_batch *r)
{
    b->is_known = true;
    b->is_closing = b->is_closed = r->state == RECORD_BATCH_CLOSED;
    b->keep_ms = r->keep_ms;
    b->kept_wall_ms = r->kept_wall_ms;
    b->ended[RECORD_END_DONE] = r->done;
    b->ended[RECORD_END_EXPIRED] = r->expired;
    b->ended[RECORD_END_CANCELLED] = r->cancelled;
    b->ended[BATCH_PURGED] = r->purged;
}

int batch_replay(struct core *core, const struct record *record, uint64_t home,
                 struct effects *fx)
{
    struct batch *b = batch_find(core, record->job);

    if (!is_good(&record->batch))
        return RQ_E_MALFORMED;
    if (record->batch.state == RECORD_BATCH_GONE) {
        if (b != NULL) {
            forget(b, fx);
            batch_drop(core, b);
        }
        return 0;
    }
    if (b == NULL)
        b = batch_make(core, record->job);
    if (b == NULL)
        return -ENOMEM;
    forget(b, fx);
    take(b, &record->batch);
    set_home(core, b, home);
    return 0;
}

void batch_replay_done(struct core *core, const struct job *job, enum record_end end)
{
    struct batch *b = batch_of(job);

    if (b == NULL)
        return;
    b->ended[job->state == JOB_DEAD ? BATCH_PURGED : end]++;
    if (b->is_known)
        batch_changed(core, b);
}

/* Its KEEP goes on; a wall clock that was set back keeps nothing for longer. */
static void resume(struct core *core, struct batch *b, struct core_now now)
{
    struct effects none;
    int64_t left_ms = rq_clock_until(b->kept_wall_ms, now.wall_ms);
    bool is_new = b->kept_wall_ms == 0;

    effects_init(&none);
    batch_settle(core, b, now, &none); /* nobody waits */
    if (b->is_closed && !is_new && batch_unfinished(b) == 0 &&
        left_ms < (int64_t)b->keep_ms) {
        b->kept_wall_ms = rq_clock_after(now.wall_ms, left_ms);
        timer_arm(core, &core->batch_timers, &b->timer,
                  timer_after_ms(now.mono_ns, left_ms));
    }
    effects_fini(&none);
}

void batches_replay_end(struct core *core, struct core_now now)
{
    RQ_LIST_EACH_SAFE(link, &core->all_batches)
    {
        struct batch *b = RQ_LIST_ENTRY(link, struct batch, all);

        if (b->is_gone)
            continue;
        if (b->is_known)
            resume(core, b, now);
        else
            batch_drop(core, b);
    }
}
