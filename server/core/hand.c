/* hand - a job comes back into reach.
 *
 * One job wakes one getter.  Getters wait only at queues without ready jobs, or before
 * a closed gate; so whatever becomes ready where somebody waits and the gate is open
 * goes to the first of them, at once. SPDX-License-Identifier: MIT */
#include "core/hand.h"

#include "base/assert.h"
#include "core/aways.h"
#include "core/counters.h"
#include "core/gate.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/lease.h"
#include "core/ready.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/waiter.h"

enum { HAND_EFFECTS = 2 }; /* LEASE record and delivery, or an end */

int hand_reserve(struct job *job, struct core *core, size_t more, struct effects *fx)
{
    struct queue *q = job_queue(job);
    int rc = effects_reserve(fx, HAND_EFFECTS + more);

    if (rc == 0)
        rc = ready_reserve(q, job);
    if (rc == 0 && !rq_list_empty(&q->getters))
        rc = job_need_extra(core, job);
    return rc;
}

static void serve(struct core *core, struct job *job, struct waiter *w,
                  struct core_now now, struct effects *fx)
{
    lease_start(core, job, w->holder, w->ttr_ms, now, fx);

    struct effect *e = effects_add(fx, EFFECT_DELIVER);
    e->u.deliver.cookie = w->cookie;
    e->u.deliver.job = job;
    e->u.deliver.lease = job_extra(job)->lease;
    waiter_free(core, w);
    away_passed(core, job_queue(job));
}

int hand_ready(struct core *core, struct job *job, struct core_now now,
               struct effects *fx)
{
    int rc = effects_reserve(fx, HAND_EFFECTS);

    ASSERT(job->state == JOB_READY);
    if (rc == 0)
        rc = job_need_extra(core, job);
    if (rc < 0)
        return rc;
    if (job_is_expired(job, now))
        hand_end(core, job, RECORD_END_EXPIRED, RQ_LIT(""), now, fx);
    else if (lease_is_possible(core, job))
        serve(core, job, waiter_first_getter(job_queue(job)), now, fx);
    else
        hand_bury_unleasable(core, job, fx);
    return 1;
}

/* Nobody overtakes: neither a getter nor a job that waits before a closed gate. */
static bool can_pass(const struct core *core, const struct job *job,
                     struct core_now now)
{
    const struct queue *q = job_queue(job);

    return !job->is_away && !rq_list_empty(&q->getters) && q->count[JOB_READY] == 0 &&
           gate_is_open(core, q, now);
}

void hand_over(struct core *core, struct job *job, struct core_now now,
               struct effects *fx)
{
    struct queue *q = job_queue(job);

    ASSERT(job->state != JOB_READY && job->state != JOB_ENDING);
    if (job_is_expired(job, now)) {
        hand_end(core, job, RECORD_END_EXPIRED, RQ_LIT(""), now, fx);
    } else if (!can_pass(core, job, now)) {
        place_move(core, job, JOB_READY);
        job_drop_extra(core, job);
    } else if (lease_is_possible(core, job)) {
        serve(core, job, waiter_first_getter(q), now, fx);
    } else {
        hand_bury_unleasable(core, job, fx);
    }
}

static void begin_to_end(struct core *core, struct job *job, unsigned end)
{
    struct queue *q = job_queue(job);

    job->end = end & (RECORD_ENDS - 1);
    job->is_cancelled = false;
    job->was_dead = job->state == JOB_DEAD;
    q->ending[job->end]++;
    q->ending_dead += job->was_dead;
    core->ending_dead += job->was_dead;
    place_move(core, job, JOB_ENDING);
}

void hand_end(struct core *core, struct job *job, enum record_end end,
              struct rq_slice result, struct core_now now, struct effects *fx)
{
    begin_to_end(core, job, end);
    remnant_fix(job, now);
    journal_done(job, result, fx);
}

void hand_bury(struct core *core, struct job *job, struct effects *fx)
{
    begin_to_end(core, job, 0);
    journal_state(job, RECORD_DEAD, fx);
}

void hand_bury_unleasable(struct core *core, struct job *job, struct effects *fx)
{
    job_set_reason(job, RQ_LIT("leases"));
    hand_bury(core, job, fx);
}

int hand_back(struct core *core, struct job *job, struct rq_slice reason,
              struct core_now now, struct effects *fx)
{
    bool is_last = job->attempts >= job->kind->key.policy.tries;

    ASSERT(job->state == JOB_LEASED);
    int rc = hand_reserve(job, core, 1, fx);
    if (rc < 0)
        return rc;
    lease_stop(job);
    if (job->is_cancelled) {
        hand_end(core, job, RECORD_END_CANCELLED, RQ_LIT(""), now, fx);
        return 0;
    }
    counters_add(core, job_queue(job),
                 (struct record_totals){.failed = 1, .retried = is_last ? 0 : 1});
    job_set_reason(job, reason);
    if (is_last) {
        hand_bury(core, job, fx);
        return 0;
    }
    job_set_ready_ns(job, now.mono_ns);
    journal_state(job, RECORD_READY, fx);
    hand_over(core, job, now, fx);
    return 0;
}
