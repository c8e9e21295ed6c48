/* counters - totals, rates and histograms of queues; their records.
 *
 * At most one TOTALS record of a queue is without a home at any time, so at most one
 * old home waits to be forgotten: it is, with the next core_totals().  By then the
 * newer record is in the log. SPDX-License-Identifier: MIT */
#include "core/counters.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "core/batches.h"
#include "core/crons.h"
#include "core/journal.h"
#include "core/state.h"

enum { TOTALS_PER_CALL = 1024 }; /* about 100 KiB of records: a tenth of a commit */

static void mark_changed(struct core *core, struct queue *q)
{
    if (rq_list_empty(&q->changed))
        rq_list_push_back(&core->changed, &q->changed);
}

static void add(struct record_totals *t, const struct record_totals *delta)
{
    t->put += delta->put;
    t->delivered += delta->delivered;
    t->done += delta->done;
    t->failed += delta->failed;
    t->retried += delta->retried;
    t->dead += delta->dead;
    t->expired += delta->expired;
    t->cancelled += delta->cancelled;
    t->redelivered += delta->redelivered;
    t->requeued += delta->requeued;
}

/* Two sums have counted an event. */
static void changed(struct core *core, struct queue *q)
{
    q->totals_changed = true;
    mark_changed(core, q);
}

void counters_add(struct core *core, struct queue *q, struct record_totals delta)
{
    add(&q->totals, &delta);
    add(&core->totals, &delta);
    changed(core, q);
}

void counters_set(struct core *core, struct queue *q, struct record_totals totals)
{
    const struct record_totals *old = &q->totals;
    struct record_totals delta = {
        .put = totals.put - old->put,
        .delivered = totals.delivered - old->delivered,
        .done = totals.done - old->done,
        .failed = totals.failed - old->failed,
        .retried = totals.retried - old->retried,
        .dead = totals.dead - old->dead,
        .expired = totals.expired - old->expired,
        .cancelled = totals.cancelled - old->cancelled,
        .redelivered = totals.redelivered - old->redelivered,
        .requeued = totals.requeued - old->requeued,
    };

    counters_add(core, q, delta);
}

static void sample(struct rq_hist *hist, int64_t from_ns, int64_t to_ns)
{
    rq_hist_add(hist, (uint64_t)rq_clock_until(to_ns, from_ns) / 1000);
}

void counters_put(struct core *core, struct queue *q, int64_t now_ns)
{
    q->totals.put++;
    core->totals.put++;
    changed(core, q);
    rates_add(&q->rates, RATE_PUT, now_ns);
}

void counters_delivered(struct core *core, const struct job *job, int64_t now_ns)
{
    struct queue *q = job_queue(job);

    q->totals.delivered++;
    core->totals.delivered++;
    q->totals.redelivered += job->attempts > 1;
    core->totals.redelivered += job->attempts > 1;
    changed(core, q);
    rates_add(&q->rates, RATE_DELIVERED, now_ns);
    sample(&q->wait, job_ready_ns(job), now_ns);
}

void counters_undelivered(struct core *core, const struct job *job)
{
    counters_add(
        core, job_queue(job),
        (struct record_totals){.delivered = UINT64_MAX,
                               .redelivered = job->attempts > 1 ? UINT64_MAX : 0});
}

void counters_ended(struct core *core, struct queue *q, enum record_end end,
                    int64_t now_ns)
{
    if (end != RECORD_END_DONE) {
        counters_add(core, q,
                     (struct record_totals){.expired = end == RECORD_END_EXPIRED,
                                            .cancelled = end == RECORD_END_CANCELLED});
        return;
    }
    q->totals.done++;
    core->totals.done++;
    changed(core, q);
    rates_add(&q->rates, RATE_DONE, now_ns);
}

void counters_run(const struct job *job, int64_t now_ns)
{
    sample(&job_queue(job)->run, job_extra(job)->taken_ns, now_ns);
}

void counters_recorded(struct core *core, struct queue *q, uint64_t home)
{
    ASSERT(home >= q->totals_home);
    q->totals_home = home;
    rq_list_remove(&q->recorded);
    rq_list_push_back(&core->recorded, &q->recorded);
}

void counters_set_home(struct core *core, struct queue *q, uint64_t home)
{
    ASSERT(q->totals_open && q->totals_old_home == 0);
    q->totals_open = false;
    q->totals_old_home = q->totals_home;
    counters_recorded(core, q, home);
    if (q->totals_changed || q->totals_old_home != 0)
        mark_changed(core, q);
}

/* The oldest TOTALS hold the log: those of quiet queues are written anew. */
static void mark_old(struct core *core, uint64_t before)
{
    for (size_t n = 0; n < TOTALS_PER_CALL && !rq_list_empty(&core->recorded); n++) {
        struct queue *q = RQ_LIST_ENTRY(core->recorded.next, struct queue, recorded);

        if (q->totals_home >= before)
            break;
        rq_list_remove(&q->recorded);
        q->totals_changed = true;
        mark_changed(core, q);
    }
}

int core_totals(struct core *core, uint64_t before, struct effects *fx)
{
    size_t count = 0;

    mark_old(core, before);
    RQ_LIST_EACH(link, &core->changed)
    {
        if (++count == TOTALS_PER_CALL)
            break;
    }
    bool has_more_batches;
    size_t batches = batches_due(core, before, &has_more_batches);
    int rc = effects_reserve(fx, 4 * count + BATCH_EFFECTS * batches);
    if (rc < 0)
        return rc;
    batches_rewrite(core, batches, fx);
    bool is_cut = count == TOTALS_PER_CALL;
    while (count-- > 0) {
        struct queue *q =
            RQ_LIST_ENTRY(rq_list_pop_front(&core->changed), struct queue, changed);

        if (q->gate != NULL && q->gate->home != 0 && q->gate->home < before)
            journal_settings(q, fx); /* they would hold the log, too */
        if (q->totals_old_home != 0)
            effects_add(fx, EFFECT_FORGET)->u.forget.home = q->totals_old_home;
        q->totals_old_home = 0;
        /* An open one that was overtaken: counters_set_home() brings the queue back. */
        if (!q->totals_changed || q->totals_open)
            continue;
        journal_totals(q, fx);
        q->totals_changed = false;
        q->totals_open = true;
    }
    rc = crons_rewrite(core, before, fx);
    if (rc != 0)
        return rc;
    return (is_cut && !rq_list_empty(&core->changed)) || has_more_batches;
}
