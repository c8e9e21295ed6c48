/* manage - what operators do to jobs: rows 17, 18 and 19, and new times.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/err.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/join.h"
#include "core/journal.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/state.h"
#include "core/timer.h"

/* A pending job has no id yet that anybody could know. */
static int find_job(const struct core *core, struct job_id id, struct job **out)
{
    struct job *job = index_get(&core->index, id);

    if (job == NULL || job->state == JOB_PENDING)
        return RQ_E_NOJOB;
    *out = job;
    return 0;
}

/* ---- KICK ---- */

static int kick(struct core *core, struct job *job, struct core_now now,
                struct effects *fx)
{
    int rc = hand_reserve(job, core, 1, fx);

    if (rc < 0)
        return rc;
    job->attempts = 0;
    job_set_ready_ns(job, now.mono_ns);
    journal_state(job, RECORD_READY, fx);
    hand_over(core, job, now, fx);
    if (job->state != JOB_ENDING)
        join_raise(job_queue(job), job_id(job));
    return 1;
}

int core_kick(struct core *core, struct job_id id, struct core_now now,
              struct effects *fx)
{
    struct job *job;
    int rc = find_job(core, id, &job);

    if (rc < 0)
        return rc;
    return job->state == JOB_DEAD && !job->has_no_body ? kick(core, job, now, fx) : 0;
}

long core_kick_some(struct core *core, struct rq_slice queue, size_t max,
                    struct core_now now, struct effects *fx)
{
    struct queue *q = queue_find(core, queue);
    long kicked = 0;

    if (q == NULL)
        return 0;
    for (struct rq_list *link = q->dead.next, *next;
         (size_t)kicked < max && link != &q->dead; link = next) {
        struct job *job = RQ_LIST_ENTRY(link, struct job, at.link);

        next = link->next;
        if (job->has_no_body)
            continue; /* there is nothing to deliver */
        int rc = kick(core, job, now, fx);
        if (rc < 0)
            return kicked > 0 ? kicked : rc;
        kicked++;
    }
    return kicked;
}

/* ---- CANCEL, PURGE ---- */

static int cancel(struct core *core, struct job *job, struct core_now now,
                  struct effects *fx)
{
    int rc = effects_reserve(fx, 1);

    if (rc < 0)
        return rc;
    hand_end(core, job, RECORD_END_CANCELLED, RQ_LIT(""), now, fx);
    return 1;
}

static int cancel_leased(struct job *job, struct effects *fx)
{
    int rc = effects_reserve(fx, 1);

    if (rc < 0)
        return rc;
    if (!job->is_cancelled)
        journal_state(job, RECORD_CANCELLING, fx);
    job->is_cancelled = true;
    return 1;
}

int core_cancel(struct core *core, struct job_id id, struct core_now now,
                struct effects *fx)
{
    struct job *job;
    int rc = find_job(core, id, &job);

    if (rc < 0)
        return rc;
    switch ((enum job_state)job->state) {
    case JOB_DELAYED:
    case JOB_READY:
        return cancel(core, job, now, fx);
    case JOB_LEASED:
        return cancel_leased(job, fx);
    case JOB_PENDING:
    case JOB_ENDING:
    case JOB_DEAD:
        break;
    }
    return 0;
}

/* The job of this state that is served first, or came first. */
static struct job *first_in(const struct queue *q, enum job_state state)
{
    const struct rq_list *list = state == JOB_DEAD ? &q->dead : &q->delayed;

    if (state == JOB_READY)
        return ready_first(q);
    return rq_list_empty(list) ? NULL : RQ_LIST_ENTRY(list->next, struct job, at.link);
}

long core_purge_some(struct core *core, struct rq_slice queue, enum job_state state,
                     size_t max, struct core_now now, struct effects *fx)
{
    struct queue *q = queue_find(core, queue);
    long purged = 0;

    ASSERT(state == JOB_DELAYED || state == JOB_READY || state == JOB_DEAD);
    if (q == NULL)
        return 0;
    for (; (size_t)purged < max; purged++) {
        struct job *job = first_in(q, state);
        int rc = job == NULL ? 0 : cancel(core, job, now, fx);

        if (rc <= 0)
            return purged > 0 ? purged : rc;
    }
    return purged;
}

/* ---- RESCHEDULE ---- */

static void wait_until(struct core *core, struct job *job, int64_t due_wall_ms,
                       struct core_now now, struct effects *fx)
{
    job_extra(job)->wall_ms = due_wall_ms;
    job_extra(job)->timer.at_ns = timer_from_wall(due_wall_ms, now);
    place_move(core, job, JOB_DELAYED);
    journal_state(job, RECORD_DELAYED, fx);
}

int core_reschedule(struct core *core, struct job_id id, int64_t due_wall_ms,
                    struct core_now now, struct effects *fx)
{
    struct job *job;
    int rc = find_job(core, id, &job);

    if (rc < 0)
        return rc;
    if (job->state != JOB_DELAYED && job->state != JOB_READY)
        return RQ_E_BADARG;
    rc = hand_reserve(job, core, 1, fx);
    if (rc == 0)
        rc = job_need_extra(core, job);
    if (rc < 0)
        return rc;
    if (due_wall_ms > now.wall_ms) {
        wait_until(core, job, due_wall_ms, now, fx);
    } else if (job->state == JOB_DELAYED) {
        job_set_ready_ns(job, now.mono_ns);
        journal_state(job, RECORD_READY, fx);
        hand_over(core, job, now, fx);
    } else {
        job_drop_extra(core, job); /* it is ready as it is */
    }
    return 0;
}
