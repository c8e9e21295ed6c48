/* place - a job stands in exactly one structure, and its state says in which.
 *
 *     PENDING, ENDING   in the index only
 *     DELAYED, LEASED   in the queue's list, and in the core's heap of timers
 *     READY             in the queue's order (ready.c), and in the heap if it can
 * expire DEAD              in the queue's list
 *
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "core/aways.h"
#include "core/batches.h"
#include "core/gate.h"
#include "core/group.h"
#include "core/job_timers.h"
#include "core/jobs.h"
#include "core/ready.h"
#include "core/state.h"

/* It becomes due, unless it expires before that. */
static int64_t delayed_until(const struct job *job)
{
    const struct job_extra *x = job_extra(job);

    return job_can_expire(job) && x->expires_ns < x->timer.at_ns ? x->expires_ns
                                                                 : x->timer.at_ns;
}

/* Getters may wait for a job that is away, and another one is the next now. */
static void look_at(struct core *core, const struct job *job)
{
    struct queue *q = job_queue(job);
    bool is_awaited = q->getter_count > 0 && (q->away_ready > 0 || job->is_away);

    if (q->gate != NULL || q->short_count > 0 || is_awaited)
        gate_look(core, q);
}

static inline void link_in(struct core *core, struct job *job)
{
    struct queue *q = job_queue(job);

    switch ((enum job_state)job->state) {
    case JOB_DELAYED:
        rq_list_push_back(&q->delayed, &job->at.link);
        job_timer_arm(core, job_extra(job), delayed_until(job));
        break;
    case JOB_LEASED:
        rq_list_push_back(&q->leased, &job->at.link);
        if (job->kind->key.group != NULL)
            group_leased(job->kind->key.group);
        job_timer_arm_lease(core, job_extra(job), job_extra(job)->ttr_ms);
        break;
    case JOB_READY:
        ready_push(q, job);
        if (job_can_expire(job))
            job_timer_arm(core, job_extra(job), job_extra(job)->expires_ns);
        break;
    case JOB_DEAD:
        rq_list_push_back(&q->dead, &job->at.link);
        break;
    case JOB_PENDING:
    case JOB_ENDING:
        break;
    }
    q->count[job->state]++;
    core->count[job->state]++;
}

static inline void link_out(struct core *core, struct job *job)
{
    struct queue *q = job_queue(job);

    switch ((enum job_state)job->state) {
    case JOB_LEASED:
        if (job->kind->key.group != NULL)
            group_unleased(job->kind->key.group);
        /* fall through */
    case JOB_DELAYED:
        rq_list_remove(&job->at.link);
        job_timer_stop(core, job_extra(job));
        break;
    case JOB_READY:
        ready_remove(q, job);
        if (job_extra(job) != NULL)
            job_timer_stop(core, job_extra(job));
        break;
    case JOB_DEAD:
        rq_list_remove(&job->at.link);
        break;
    case JOB_PENDING:
    case JOB_ENDING:
        break;
    }
    ASSERT(q->count[job->state] > 0 && core->count[job->state] > 0);
    q->count[job->state]--;
    core->count[job->state]--;
}

static void set_state(struct job *job, enum job_state state)
{
    job->state = (unsigned)state & 7U;
}

static void away_count_in(const struct job *job)
{
    if (job->is_away && job->state == JOB_READY)
        job_queue(job)->away_ready++;
}

static void away_count_out(const struct job *job)
{
    if (job->is_away && job->state == JOB_READY)
        job_queue(job)->away_ready--;
}

void place_count_in(struct core *core, const struct job *job)
{
    core->body_bytes += job_bytes(job);
    core->away_count += job->is_away;
    away_count_in(job);
}

void place_count_out(struct core *core, const struct job *job)
{
    ASSERT(core->body_bytes >= job_bytes(job) && core->away_count >= job->is_away);
    core->body_bytes -= job_bytes(job);
    core->away_count -= job->is_away;
    away_count_out(job);
}

void place_enter(struct core *core, struct job *job, enum job_state state)
{
    index_add(&core->index, job);
    set_state(job, state);
    link_in(core, job);
    place_count_in(core, job);
    if (batch_of(job) != NULL) {
        batch_count_in(job);
        batch_counted(core, job);
    }
    look_at(core, job);
}

void place_move(struct core *core, struct job *job, enum job_state state)
{
    bool was_bound = job->state == JOB_LEASED || job->state == JOB_ENDING;
    bool is_batched = batch_of(job) != NULL;

    if (is_batched)
        batch_count_out(job);
    away_count_out(job);
    link_out(core, job);
    set_state(job, state);
    link_in(core, job);
    away_count_in(job);
    if (is_batched) {
        batch_count_in(job);
        batch_counted(core, job);
    }
    look_at(core, job);
    if (was_bound)
        away_look_again(core, job);
}

void place_leave(struct core *core, struct job *job)
{
    if (batch_of(job) != NULL)
        batch_count_out(job);
    link_out(core, job);
    place_count_out(core, job);
    index_remove(&core->index, job);
    look_at(core, job);
}
