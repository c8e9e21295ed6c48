/* batch - see batch.h and batches.h.
 *
 * A batch can be over only when something that ends a job, or its CLOSE, is in the log;
 * that is where batch_settle() is called.
 * SPDX-License-Identifier: MIT */
#include "core/batch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/mutant.h"
#include "core/attrs.h"
#include "core/batches.h"
#include "core/limits.h"
#include "core/timer.h"
#include "core/waiter.h"

struct rq_slice batch_key_of(const void *batch)
{
    const struct batch *b = batch;

    return rq_slice(&b->id, sizeof b->id);
}

struct batch *batch_find(const struct core *core, struct job_id id)
{
    if (core->batches.count == 0)
        return NULL;
    return rq_map_get(&core->batches, rq_slice(&id, sizeof id));
}

/* ---- batches come and go ---- */

struct batch *batch_make(struct core *core, struct job_id id)
{
    size_t more = core->batches.count + 1 - core->batch_timers.count;
    struct batch *b;

    if (rq_heap_reserve(&core->batch_timers, more) < 0)
        return NULL;
    b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->id = id;
    rq_list_init(&b->joiners);
    rq_list_init(&b->changed);
    rq_list_init(&b->recorded);
    if (rq_map_put(&core->batches, b) < 0) {
        free(b);
        return NULL;
    }
    rq_list_push_back(&core->all_batches, &b->all);
    return b;
}

void batch_free(struct batch *b)
{
    rq_list_remove(&b->all);
    free(b);
}

void batch_drop(struct core *core, struct batch *b)
{
    void *removed = rq_map_remove(&core->batches, batch_key_of(b));

    ASSERT(removed == b && rq_list_empty(&b->joiners));
    timer_stop(&core->batch_timers, &b->timer);
    rq_list_remove(&b->changed);
    rq_list_remove(&b->recorded);
    b->is_gone = true;
    if (b->refs == 0)
        batch_free(b);
}

void batches_free(struct core *core)
{
    while (!rq_list_empty(&core->all_batches))
        batch_free(RQ_LIST_ENTRY(core->all_batches.next, struct batch, all));
}

void batch_changed(struct core *core, struct batch *b)
{
    if (!b->is_gone && rq_list_empty(&b->changed))
        rq_list_push_back(&core->changed_batches, &b->changed);
}

/* ---- it is over ---- */

static struct join_counts counts_of(const struct batch *b)
{
    return (struct join_counts){.done = b->ended[RECORD_END_DONE],
                                .dead = b->ended[BATCH_PURGED] + b->dead,
                                .expired = b->ended[RECORD_END_EXPIRED],
                                .cancelled = b->ended[RECORD_END_CANCELLED]};
}

static void answer(const struct batch *b, void *cookie, struct effects *fx)
{
    struct effect *e = effects_add(fx, EFFECT_JOINED);

    e->u.joined.cookie = cookie;
    e->u.joined.counts = counts_of(b);
}

static void answer_all(struct core *core, struct batch *b, struct effects *fx)
{
    while (!rq_list_empty(&b->joiners)) {
        struct waiter *w = RQ_LIST_ENTRY(b->joiners.next, struct waiter, of_batch);

        answer(b, w->cookie, fx);
        waiter_free(core, w);
    }
}

void batch_settle(struct core *core, struct batch *b, struct core_now now,
                  struct effects *fx)
{
    uint64_t left_ms = LIMIT_BATCH_IDLE_MS;

    if (b == NULL || b->is_gone || batch_unfinished(b) > 0)
        return;
    if (b->is_closed)
        answer_all(core, b, fx);
    if (b->timer.node.place != 0)
        return; /* it has been over for a while */
    if (b->is_closed) {
        left_ms = b->keep_ms;
        b->kept_wall_ms = timer_wall_after(now, (int64_t)left_ms);
        batch_changed(core, b);
    }
    timer_arm(core, &core->batch_timers, &b->timer,
              timer_after_ms(now.mono_ns, (int64_t)left_ms));
}

int batch_fire(struct core *core, struct timer *t, struct core_now now,
               struct effects *fx)
{
    struct batch *b = RQ_CONTAINER_OF(t, struct batch, timer);
    int rc = effects_reserve(fx, BATCH_EFFECTS);

    if (rc < 0)
        return rc;
    if (b->joiner_count > 0 || b->is_closing != b->is_closed) {
        timer_arm(core, &core->batch_timers, t,
                  timer_after_ms(now.mono_ns, LIMIT_BATCH_IDLE_MS));
        return 0;
    }
    batch_journal_gone(b, fx);
    batch_drop(core, b);
    return 0;
}

/* ---- commands ---- */

int core_batch_new(struct core *core, uint64_t keep_ms, struct core_now now,
                   struct effects *fx, struct job_id *out)
{
    ASSERT(core->epoch > 0 && !core->is_replaying && keep_ms <= LIMIT_KEEP_MS);
    if (core->batches.count >= LIMIT_BATCHES)
        return RQ_E_LIMIT;
    int rc = effects_reserve(fx, BATCH_EFFECTS);
    if (rc < 0)
        return rc;
    *out = (struct job_id){core->epoch, core->number + 1};
    struct batch *b = batch_make(core, *out);
    if (b == NULL)
        return -ENOMEM;
    core->number++;
    b->is_known = true;
    b->keep_ms = keep_ms;
    batch_settle(core, b, now, fx); /* nothing has been put yet */
    batch_journal(b, false, fx);
    return 0;
}

int core_batch_close(struct core *core, struct job_id id, struct effects *fx)
{
    struct batch *b = batch_find(core, id);

    if (b == NULL)
        return RQ_E_NOJOB;
    if (b->is_closing)
        return 0;
    int rc = effects_reserve(fx, BATCH_EFFECTS);
    if (rc < 0)
        return rc;
    b->is_closing = true;
    batch_journal(b, true, fx);
    return 1;
}

int core_batch_closed(struct core *core, struct job_id id, struct core_now now,
                      struct effects *fx)
{
    struct batch *b = batch_find(core, id);

    ASSERT(b != NULL && b->is_closing);
    int rc = effects_reserve(fx, b->joiner_count);
    if (rc < 0)
        return rc;
    b->is_closed = true;
    timer_stop(&core->batch_timers, &b->timer); /* that of an open one */
    batch_settle(core, b, now, fx);
    return 0;
}

int core_batch_takes(const struct core *core, struct rq_slice attrs)
{
    const struct batch *b;
    struct job_id id;

    if (!attrs_find_batch(attrs, &id))
        return 0;
    b = batch_find(core, id);
    if (b == NULL)
        return RQ_E_NOJOB;
    return b->is_closing ? -EPIPE : 0;
}

/* Planted for the test of the simulator: one job more or less. */
static uint64_t overlooked(void)
{
    return MUTANT(BATCH_JOIN_EARLY) ? 1 : 0;
}

static int wait_for(struct core *core, struct batch *b, const struct waiter_call *call,
                    struct core_now now, struct waiter **out)
{
    int rc = waiter_new(core, call, now, out);

    if (rc < 0)
        return rc;
    (*out)->batch = b;
    rq_list_push_back(&b->joiners, &(*out)->of_batch);
    b->joiner_count++;
    return 0;
}

int core_batch_join(struct core *core, struct job_id id, int64_t block_ms,
                    struct holder *holder, void *cookie, struct core_now now,
                    struct effects *fx, struct waiter **out_waiter)
{
    const struct waiter_call call = {
        .kind = WAITER_BATCH, .block_ms = block_ms, .holder = holder, .cookie = cookie};
    struct batch *b = batch_find(core, id);

    *out_waiter = NULL;
    if (b == NULL)
        return RQ_E_NOJOB;
    int rc = effects_reserve(fx, 1);
    if (rc < 0)
        return rc;
    if (b->is_closed && batch_unfinished(b) <= overlooked())
        answer(b, cookie, fx);
    else if (block_ms == 0)
        effects_add(fx, EFFECT_TIMEOUT)->u.timeout.cookie = cookie;
    else
        return wait_for(core, b, &call, now, out_waiter);
    return 0;
}

void batch_unjoin(struct waiter *w)
{
    ASSERT(w->batch->joiner_count > 0);
    w->batch->joiner_count--;
    rq_list_remove(&w->of_batch);
}

/* ---- looking ---- */

int core_batch_view(const struct core *core, struct job_id id, struct batch_view *out)
{
    const struct batch *b = batch_find(core, id);

    if (b == NULL)
        return RQ_E_NOJOB;
    *out = (struct batch_view){.is_closed = b->is_closing,
                               .unfinished = batch_unfinished(b),
                               .counts = counts_of(b),
                               .home = b->home};
    return 0;
}

size_t core_batch_count(const struct core *core)
{
    return core->batches.count;
}
