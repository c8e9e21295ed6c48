/* away - bodies are given up: see away.h.
 *
 * With the budget used up to 7/8, what comes in far behind the head of its queue leaves
 * its body at once; the last eighth is for what is read ahead and for the heads of all
 * queues.  Above the budget everything that can goes: what comes in, and, for what came
 * otherwise (it was leased, or failed, or its queue turned round), a walk over the
 * table of jobs, a step a turn.  The walk ends after a round in which nothing new came
 * into reach.
 * SPDX-License-Identifier: MIT */
#include "core/aways.h"

#include "core/heir.h"
#include "core/jobs.h"
#include "core/ready.h"

enum {
    RESERVE_SHARE = 8,
    NEAR_BYTES = 256 << 10, /* so much of a queue is near its head */
    STEP_BUCKETS = 1024,
};

static bool is_over(const struct core *core)
{
    return core->body_memory > 0 && core->body_bytes > core->body_memory;
}

static bool is_nearly_over(const struct core *core)
{
    return core->body_memory > 0 &&
           core->body_bytes > core->body_memory - core->body_memory / RESERVE_SHARE;
}

/* A body that came back for somebody who waits stays. */
static bool can_spare(const struct job *job)
{
    if (job->is_away || job->body_len == 0 || job->home == 0 || job->is_unsure)
        return false;
    if (job->state == JOB_READY)
        return job_queue(job)->getter_count == 0;
    return job->state == JOB_DELAYED || job->state == JOB_DEAD;
}

/* However deep the queue is, the turn of its group may come soon. */
static bool is_first_of_group(const struct job *job)
{
    struct queue *q = job_queue(job);

    return q->groups != NULL && ready_first_of(ready_of(q, job)) == job;
}

/* For a job that has come in last.  What comes before it, by PRI or in a LIFO queue, is
 * not looked at: it costs a read at the worst. */
static bool is_far(const struct job *job)
{
    const struct queue *q = job_queue(job);

    if (job->state != JOB_READY)
        return true;
    return !is_first_of_group(job) &&
           (q->away_ready > 0 || q->count[JOB_READY] * job->body_len > NEAR_BYTES);
}

/* Without memory the body stays. */
static struct job *give_up(struct core *core, struct job *job)
{
    return heir_make(core, job, rq_slice(NULL, job->body_len), job_attrs(job));
}

void away_settle(struct core *core, struct job *job)
{
    if (!is_nearly_over(core) || !can_spare(job))
        return;
    if (is_over(core) || is_far(job))
        give_up(core, job);
}

/* ---- the walk ---- */

void away_look_again(struct core *core, const struct job *job)
{
    if (is_over(core) && can_spare(job))
        core->away_left = core->index.used;
}

bool away_is_due(const struct core *core)
{
    return core->away_left > 0 && is_over(core);
}

static void empty_bucket(struct core *core, size_t at)
{
    struct job *job = core->index.buckets[at];

    while (job != NULL && is_over(core)) {
        if (can_spare(job))
            job = give_up(core, job);
        if (job != NULL)
            job = job->index_next;
    }
}

void away_step(struct core *core)
{
    for (size_t i = 0; i < STEP_BUCKETS && away_is_due(core); i++) {
        if (core->away_at >= core->index.used)
            core->away_at = 0;
        empty_bucket(core, core->away_at++);
        core->away_left--;
    }
}

void core_set_body_memory(struct core *core, size_t bytes)
{
    core->body_memory = bytes;
    core->away_left = core->index.used;
}
