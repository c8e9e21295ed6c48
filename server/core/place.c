/* place - a job stands in exactly one structure, and its state says in which.
 *
 *     PENDING, ENDING   in the index only
 *     DELAYED, LEASED   in the queue's list, and in the core's heap of timers
 *     READY             in the queue's order (ready.c)
 *     DEAD              in the queue's list
 *
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "core/jobs.h"
#include "core/ready.h"
#include "core/state.h"
#include "core/timer.h"

static void link_in(struct core *core, struct job *job)
{
    struct queue *q = job_queue(job);

    switch ((enum job_state)job->state) {
    case JOB_DELAYED:
        rq_list_push_back(&q->delayed, &job->at.link);
        timer_arm(core, &core->job_timers, &job->extra->timer, job->extra->timer.at_ns);
        break;
    case JOB_LEASED:
        rq_list_push_back(&q->leased, &job->at.link);
        timer_arm(core, &core->job_timers, &job->extra->timer, job->extra->timer.at_ns);
        break;
    case JOB_READY:
        ready_push(q, job);
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

static void link_out(struct core *core, struct job *job)
{
    struct queue *q = job_queue(job);

    switch ((enum job_state)job->state) {
    case JOB_DELAYED:
    case JOB_LEASED:
        rq_list_remove(&job->at.link);
        timer_stop(&core->job_timers, &job->extra->timer);
        break;
    case JOB_READY:
        ready_remove(q, job);
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

void place_enter(struct core *core, struct job *job, enum job_state state)
{
    index_add(&core->index, job);
    core->body_bytes += job->body_len;
    job->state = (uint8_t)state;
    link_in(core, job);
}

void place_move(struct core *core, struct job *job, enum job_state state)
{
    link_out(core, job);
    job->state = (uint8_t)state;
    link_in(core, job);
}

void place_leave(struct core *core, struct job *job)
{
    link_out(core, job);
    ASSERT(core->body_bytes >= job->body_len);
    core->body_bytes -= job->body_len;
    index_remove(&core->index, job);
}
