/* tick - what is due: rows 6, 14 and 20, and the ends of BLOCK.
 *
 * Jobs come first: a waiter whose time is over in the same turn as a job comes free
 * still gets the job. SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "core/aways.h"
#include "core/batches.h"
#include "core/crons.h"
#include "core/gate.h"
#include "core/hand.h"
#include "core/job_timers.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/waiter.h"

static struct timer *first_of(const struct rq_heap *h)
{
    struct rq_heap_node *node = rq_heap_min(h);

    return node == NULL ? NULL : RQ_CONTAINER_OF(node, struct timer, node);
}

int64_t core_next_due(const struct core *core)
{
    const struct timer *job = job_timers_first(core);
    const struct timer *gate = first_of(&core->gate_timers);
    const struct timer *keep = first_of(&core->keep_timers);
    const struct timer *wait = first_of(&core->wait_timers);
    const struct timer *batch = first_of(&core->batch_timers);
    int64_t due = job == NULL ? INT64_MAX : job->at_ns;

    if (!rq_list_empty(&core->openings) || remnants_are_too_many(core) ||
        away_is_due(core))
        return 0;
    if (gate != NULL && gate->at_ns < due)
        due = gate->at_ns;
    if (keep != NULL && keep->at_ns < due)
        due = keep->at_ns;
    if (wait != NULL && wait->at_ns < due)
        due = wait->at_ns;
    if (batch != NULL && batch->at_ns < due)
        due = batch->at_ns;
    return cron_next_look(core) < due ? cron_next_look(core) : due;
}

static void open_gate(struct core *core, struct timer *t)
{
    struct gate *g = RQ_CONTAINER_OF(t, struct gate, timer);

    timer_stop(&core->gate_timers, t);
    gate_look(core, g->queue);
}

static int fire_job(struct core *core, struct timer *t, struct core_now now,
                    struct effects *fx)
{
    struct job *job = RQ_CONTAINER_OF(t, struct job_extra, timer)->job;

    if (job->state == JOB_LEASED)
        return hand_back(core, job, RQ_LIT("the lease ran out"), now, fx);

    ASSERT(job->state == JOB_DELAYED || job->state == JOB_READY);
    int rc = hand_reserve(job, core, 0, fx);
    if (rc < 0)
        return rc;
    if (job->state == JOB_READY) {
        hand_end(core, job, RECORD_END_EXPIRED, RQ_LIT(""), now, fx);
        return 0;
    }
    job_set_ready_ns(job, t->at_ns);
    hand_over(core, job, now, fx);
    return 0;
}

static int fire_waiter(struct core *core, struct timer *t, struct effects *fx)
{
    struct waiter *w = RQ_CONTAINER_OF(t, struct waiter, timer);
    int rc = effects_reserve(fx, 1);

    if (rc < 0)
        return rc;
    effects_add(fx, EFFECT_TIMEOUT)->u.timeout.cookie = w->cookie;
    waiter_free(core, w);
    return 0;
}

static int fire_remnant(struct core *core, struct timer *t, struct effects *fx)
{
    int rc = effects_reserve(fx, 1);

    if (rc == 0)
        remnant_fire(core, RQ_CONTAINER_OF(t, struct remnant, timer), fx);
    return rc;
}

/* Those who are served count in *fired, each. */
static int serve_gate(struct core *core, size_t max, struct core_now now,
                      struct effects *fx, size_t *fired)
{
    struct queue *q = RQ_LIST_ENTRY(core->openings.next, struct queue, opening);
    long served = gate_serve(core, q, max - *fired, now, fx);

    if (served < 0)
        return (int)served;
    if (served > 0)
        *fired += (size_t)served - 1;
    return 0;
}

int core_tick(struct core *core, struct core_now now, size_t max, struct effects *fx)
{
    if (fx->count == 0)
        away_step(core);
    for (size_t fired = 0; fired < max; fired++) {
        struct timer *job = job_timers_first(core);
        struct timer *gate = first_of(&core->gate_timers);
        struct timer *keep = first_of(&core->keep_timers);
        struct timer *wait = first_of(&core->wait_timers);
        struct timer *batch = first_of(&core->batch_timers);
        int rc = 0;

        if (job != NULL && job->at_ns <= now.mono_ns)
            rc = fire_job(core, job, now, fx);
        else if (gate != NULL && gate->at_ns <= now.mono_ns)
            open_gate(core, gate);
        else if (!rq_list_empty(&core->openings))
            rc = serve_gate(core, max, now, fx, &fired);
        else if (wait != NULL && wait->at_ns <= now.mono_ns)
            rc = fire_waiter(core, wait, fx);
        else if (keep != NULL &&
                 (keep->at_ns <= now.mono_ns || remnants_are_too_many(core)))
            rc = fire_remnant(core, keep, fx);
        else if (batch != NULL && batch->at_ns <= now.mono_ns)
            rc = batch_fire(core, batch, now, fx);
        else
            break;
        if (rc < 0)
            return fired > 0 ? 0 : rc; /* the rest is still due */
    }
    return 0;
}
