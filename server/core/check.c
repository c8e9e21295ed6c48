/* check - recounts everything and compares: invariants S8, S9 and S11.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/err.h"
#include "core/batches.h"
#include "core/crons.h"
#include "core/gate.h"
#include "core/job_timers.h"
#include "core/jobs.h"
#include "core/keeper.h"
#include "core/kind.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/wait.h"

struct recount {
    uint64_t count[JOB_STATES];
    size_t bodies, away, extras, timers, leases, kept;
};

static size_t length(const struct rq_list *head)
{
    size_t n = 0;

    RQ_LIST_EACH(link, head)
    {
        ASSERT(link->next->prev == link);
        n++;
    }
    return n;
}

/* ---- jobs ---- */

static void check_lease(const struct core *core, const struct job *job)
{
    const struct job_extra *x = job_extra(job);

    ASSERT(x != NULL);
    if (core->is_replaying)
        return;
    ASSERT(x->holder != NULL && x->lease > 0);
    ASSERT(job->attempts > 0);
    ASSERT(x->lease >> 32 == x->deliveries_epoch - job->kind->key.epoch);
    ASSERT((uint32_t)x->lease == x->deliveries);
}

static void check_marks(const struct core *core, const struct job *job)
{
    const struct job_extra *x = job_extra(job);

    ASSERT(job->state < JOB_STATES);
    ASSERT(index_get(&core->index, job_id(job)) == job);
    ASSERT(job->is_late ? job->state == JOB_READY : true);
    ASSERT(job->is_cancelled ? job->state == JOB_LEASED : true);
    batch_check_job(job);
    ASSERT(!job->has_no_body || job->is_away);
    ASSERT(job->has_no_body ? job->state == JOB_DEAD || job->state == JOB_ENDING
                            : true);
    ASSERT(job->is_returning ? job->state == JOB_ENDING && x != NULL : true);
    if (job->is_away) /* what is leased has its body, or had before a restart */
        ASSERT(job->state != JOB_PENDING &&
               (job->state != JOB_LEASED || core->is_replaying || x->keeper != NULL));
    ASSERT(job->is_wanted ? job->is_away && !job->has_no_body : true);
}

static bool is_timed(const struct job *job)
{
    return job->state == JOB_DELAYED || job->state == JOB_LEASED ||
           (job->state == JOB_READY && job_can_expire(job));
}

static void check_extra(const struct job *job, const struct job_extra *x)
{
    ASSERT(x->job == job);
    ASSERT(job_timer_is_armed(x) == is_timed(job));
    ASSERT(job->state == JOB_LEASED || (x->holder == NULL && x->lease == 0 &&
                                        x->keeper == NULL && x->progress == NULL));
    ASSERT(x->error_is_owned ? x->error_len > 0 : true);
}

static void check_job(const struct core *core, const struct job *job, struct recount *n)
{
    const struct job_extra *x = job_extra(job);

    check_marks(core, job);
    n->count[job->state]++;
    n->bodies += job_bytes(job);
    n->away += job->is_away;
    if (job->state == JOB_LEASED)
        check_lease(core, job);
    if ((job->state == JOB_ENDING && job->end == 0) || job->state == JOB_DEAD ||
        is_timed(job))
        ASSERT(x != NULL);
    if (x == NULL)
        return;
    n->extras++;
    n->timers += is_timed(job);
    n->leases += x->holder != NULL;
    n->kept += x->keeper != NULL;
    check_extra(job, x);
}

static void check_list(const struct queue *q, const struct rq_list *head,
                       enum job_state state)
{
    RQ_LIST_EACH(link, head)
    {
        const struct job *job = RQ_LIST_ENTRY(link, struct job, at.link);

        ASSERT(job->state == state && job_queue(job) == q && !job->is_late);
    }
}

/* ---- queues ---- */

/* put = done + expired + cancelled + requeued + dead now + unfinished; a PUT counts
 * when it is in the log. */
static void check_totals(const struct core *core, const struct queue *q)
{
    const struct record_totals *t = &q->totals;
    uint64_t ended = t->done + t->expired + t->cancelled + t->requeued;

    ASSERT(q->totals_changed ? !rq_list_empty(&q->changed) || q->totals_open : true);
    ASSERT(q->totals_old_home == 0 || !rq_list_empty(&q->changed));
    ASSERT(q->leaving_dead <= q->leaving);
    if (core->is_replaying)
        return;
    ASSERT(t->put + q->count[JOB_PENDING] == ended + queue_unfinished(q, true));
    ASSERT(t->dead >= q->count[JOB_DEAD]);
    ASSERT(t->redelivered <= t->delivered);
}

/* Behind a gate somebody waits only while it is closed, or about to be looked at. */
static void check_gate(const struct core *core, const struct queue *q)
{
    const struct gate *g = q->gate;

    if (g == NULL || !rq_list_empty(&q->opening))
        return;
    ASSERT(g->queue == q && length(&g->putters) == g->putter_count);
    ASSERT(g->putter_count == 0 || g->settings.paused & RECORD_PAUSED_IN ||
           gate_admits(core, q, 1) == RQ_E_FULL);
    ASSERT(g->settings.deadmax == 0 || q->count[JOB_DEAD] <= g->settings.deadmax);
    if (q->getter_count > 0 && ready_first(q) != NULL)
        ASSERT(core->is_draining || core->is_held || ready_first(q)->is_wanted ||
               g->settings.paused & RECORD_PAUSED_OUT || g->timer.node.place != 0 ||
               (g->settings.concurrency > 0 &&
                q->count[JOB_LEASED] >= g->settings.concurrency));
}

static void check_waiters(const struct core *core, const struct queue *q)
{
    ASSERT(length(&q->getters) == q->getter_count);
    ASSERT(q->getter_count == 0 || ready_first(q) == NULL || /* no lost wake-up */
           core->is_draining || core->is_held || q->gate != NULL ||
           !rq_list_empty(&q->opening) || ready_first(q)->is_wanted);
    check_gate(core, q);
    ASSERT(length(&q->barriers) == q->barrier_count);
    for (size_t strict = 0; strict < 2; strict++) {
        ASSERT(length(&q->joiners[strict]) == q->joiner_count[strict]);
        ASSERT(q->joiner_count[strict] == 0 || queue_unfinished(q, strict) > 0);
    }
}

static void check_queue(const struct core *core, const struct queue *q)
{
    ASSERT(rq_map_get(&core->queues, queue_name(q)) == q);
    ready_check(core, q);
    check_list(q, &q->delayed, JOB_DELAYED);
    check_list(q, &q->leased, JOB_LEASED);
    check_list(q, &q->dead, JOB_DEAD);
    ASSERT(length(&q->delayed) == q->count[JOB_DELAYED]);
    ASSERT(length(&q->leased) == q->count[JOB_LEASED]);
    ASSERT(length(&q->dead) == q->count[JOB_DEAD]);
    check_totals(core, q);
    check_waiters(core, q);
}

/* ---- holders ---- */

static bool is_before(const struct waiter *w, struct job_id id)
{
    const struct job_id last = w->barrier;

    return id.epoch < last.epoch ||
           (id.epoch == last.epoch && id.number <= last.number);
}

static bool counts_as_dead(const struct job *job)
{
    return job->state == JOB_DEAD || (job->state == JOB_ENDING && job->was_dead);
}

/* Of the jobs that have left its queues: those it must not be answered before. */
static uint64_t count_leaving(const struct core *core, const struct waiter *w)
{
    uint64_t n = 0;

    RQ_LIST_EACH(link, &core->departures)
    {
        const struct departure *d = RQ_LIST_ENTRY(link, struct departure, link);

        for (size_t i = 0; i < w->link_count; i++)
            n += w->links[i].queue == d->queue && is_before(w, d->job) &&
                 (w->strict || !d->was_dead);
    }
    return n;
}

/* The jobs that a JOIN with BARRIER waits for. */
static uint64_t count_barred(const struct core *core, const struct waiter *w)
{
    uint64_t n = count_leaving(core, w);

    for (const struct job *job = index_next(&core->index, NULL); job != NULL;
         job = index_next(&core->index, job))
        for (size_t i = 0; i < w->link_count; i++)
            n += w->links[i].queue == job_queue(job) && is_before(w, job_id(job)) &&
                 (w->strict || !counts_as_dead(job));
    return n;
}

static size_t check_waiter(const struct core *core, const struct holder *holder,
                           const struct waiter *w)
{
    size_t linked = 0, can_come = 0;

    ASSERT(w->holder == holder && (w->link_count > 0 || w->kind >= WAITER_WAIT));
    for (size_t i = 0; i < w->link_count; i++) {
        ASSERT(w->links[i].waiter == w && w->links[i].queue->pins > 0);
        linked += !rq_list_empty(&w->links[i].link);
        can_come += ready_first(w->links[i].queue) != NULL ||
                    !rq_list_empty(&w->links[i].queue->opening);
    }
    ASSERT(!w->is_short || can_come > 0); /* else it is answered */
    if (w->kind == WAITER_WAIT)
        ASSERT(w->left > 0 && w->left <= w->ref_count);
    else if (w->kind == WAITER_BATCH)
        ASSERT(w->batch->joiner_count > 0);
    else
        ASSERT(linked ==
               (w->kind == WAITER_GET || w->has_barrier ? w->link_count : 1u));
    ASSERT(!w->has_barrier || w->left == count_barred(core, w));
    return w->kind == WAITER_GET;
}

static void check_holders(const struct core *core, const struct recount *n)
{
    size_t leases = 0, waiters = 0, getters = 0, keeping = 0;

    RQ_LIST_EACH(link, &core->holders)
    {
        const struct holder *holder = RQ_LIST_ENTRY(link, struct holder, all);
        size_t getters_here = 0;

        ASSERT(length(&holder->leases) == holder->lease_count);
        ASSERT(length(&holder->waiters) == holder->waiter_count);
        RQ_LIST_EACH(w, &holder->waiters)
        {
            getters_here +=
                check_waiter(core, holder, RQ_LIST_ENTRY(w, struct waiter, of_holder));
        }
        ASSERT(holder->getter_count == getters_here);
        leases += holder->lease_count;
        keeping += holder->keeper != NULL;
        waiters += holder->waiter_count;
        getters += getters_here;
    }
    leases += keepers_check(core, n->kept + keeping);
    ASSERT(leases == n->leases);
    ASSERT(getters == core->getter_count);
    ASSERT(waiters == core->getter_count + core->joiner_count + core->putter_count +
                          core->wait_count);
    ASSERT(core->wait_timers.count <= waiters);
}

/* Each is waiting to go, or belongs to a job that is there. */
static void check_remnants(const struct core *core)
{
    const struct remnant *r;
    size_t cursor = 0, timed = 0, bytes = 0;

    while ((r = rq_map_next(&core->remnants, &cursor)) != NULL) {
        const struct job *job = index_get(&core->index, r->id);

        bool is_timed = r->queue != NULL && !wait_is_awaited(core, r->id);

        timed += is_timed;
        bytes += r->result_len;
        ASSERT((r->queue != NULL) == (job == NULL));
        ASSERT((r->timer.node.place != 0) == is_timed);
        ASSERT(job == NULL || job_extra(job)->remnant == r);
    }
    ASSERT(timed == core->keep_timers.count && bytes == core->kept_bytes);
}

void core_check(const struct core *core)
{
    struct recount n = {0};
    uint64_t sum[JOB_STATES] = {0};
    size_t queues = 0, leaving = 0;

    for (const struct job *job = index_next(&core->index, NULL); job != NULL;
         job = index_next(&core->index, job))
        check_job(core, job, &n);
    RQ_LIST_EACH(link, &core->all_queues)
    {
        const struct queue *q = RQ_LIST_ENTRY(link, struct queue, all);

        check_queue(core, q);
        for (size_t i = 0; i < JOB_STATES; i++)
            sum[i] += q->count[i];
        leaving += q->leaving;
        queues++;
    }
    ASSERT(leaving == length(&core->departures));
    uint64_t jobs = 0;
    for (size_t i = 0; i < JOB_STATES; i++) {
        ASSERT(n.count[i] == core->count[i] && sum[i] == core->count[i]);
        jobs += core->count[i];
    }
    ASSERT(jobs == core->index.count && queues == core->queues.count);
    ASSERT(n.bodies == core->body_bytes && n.away == core->away_count);
    ASSERT(n.extras == core->extra_count);
    ASSERT(n.timers == job_timers_check(core));
    check_holders(core, &n);
    check_remnants(core);
    kinds_check(core);
    crons_check(core);
    batches_check(core);
}
