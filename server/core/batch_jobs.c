/* batch_jobs - which jobs a batch has, and how many of them have ended.
 *
 * Jobs are counted in and out where their state changes (place.c).
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "core/batches.h"
#include "core/timer.h"

void batch_enlist(struct job *job, struct batch *b)
{
    job_extra(job)->batch = b;
    b->refs++;
}

int batch_replay_enlist(struct core *core, struct job *job, struct job_id id)
{
    struct batch *b = batch_find(core, id);

    if (b == NULL)
        b = batch_make(core, id);
    if (b == NULL)
        return -ENOMEM;
    batch_enlist(job, b);
    return 0;
}

void batch_discharge(struct core *core, struct job_extra *x)
{
    struct batch *b = x->batch;

    (void)core;
    if (b == NULL)
        return;
    x->batch = NULL;
    ASSERT(b->refs > 0);
    if (--b->refs == 0 && b->is_gone)
        batch_free(b);
}

static bool is_dead(const struct job *job)
{
    return job->state == JOB_DEAD || (job->state == JOB_ENDING && job->was_dead);
}

void batch_count_in(const struct job *job)
{
    struct batch *b = batch_of(job);

    b->jobs++;
    b->dead += is_dead(job);
}

void batch_count_out(const struct job *job)
{
    struct batch *b = batch_of(job);

    ASSERT(b->jobs > 0 && b->dead >= is_dead(job));
    b->jobs--;
    b->dead -= is_dead(job);
}

/* A job came, or was kicked: it is not over, or not any more. */
void batch_counted(struct core *core, const struct job *job)
{
    struct batch *b = batch_of(job);

    if (batch_unfinished(b) == 0)
        return;
    timer_stop(&core->batch_timers, &b->timer);
    if (b->kept_wall_ms == 0)
        return;
    b->kept_wall_ms = 0;
    batch_changed(core, b);
}

/* Where the job's end is counted. */
static unsigned end_of(const struct job *job)
{
    return job->was_dead ? BATCH_PURGED : job->end;
}

void batch_ending(const struct job *job)
{
    struct batch *b = batch_of(job);

    if (b != NULL && job->end != 0)
        b->ending[end_of(job)]++;
}

void batch_ended(struct core *core, const struct job *job)
{
    struct batch *b = batch_of(job);

    if (b == NULL || job->end == 0)
        return;
    ASSERT(b->ending[end_of(job)] > 0);
    b->ending[end_of(job)]--;
    b->ended[end_of(job)]++;
    batch_changed(core, b);
}

size_t batch_effects_max(const struct job *job)
{
    const struct batch *b = batch_of(job);

    return b == NULL ? 0 : b->joiner_count;
}

/* ---- core_check() ---- */

void batch_check_job(const struct job *job)
{
    struct batch *b = batch_of(job);

    if (b == NULL)
        return;
    b->seen_jobs++;
    b->seen_dead += is_dead(job);
}

static void check(const struct core *core, struct batch *b)
{
    bool is_idle = batch_unfinished(b) == 0;
    uint64_t ending = 0;

    ASSERT(b->jobs == b->seen_jobs && b->dead == b->seen_dead && b->refs == b->jobs);
    b->seen_jobs = b->seen_dead = 0;
    ASSERT((batch_find(core, b->id) == b) != b->is_gone);
    for (unsigned end = 0; end < BATCH_ENDS; end++)
        ending += b->ending[end];
    ASSERT(ending <= b->jobs);
    if (core->is_replaying)
        return;
    ASSERT(b->is_known || b->is_gone);
    ASSERT(b->is_gone ? b->refs > 0 : (b->timer.node.place != 0) == is_idle);
    ASSERT(b->joiner_count == 0 || !is_idle || !b->is_closed);
    ASSERT(b->is_gone || (b->kept_wall_ms != 0) == (is_idle && b->is_closed));
}

void batches_check(const struct core *core)
{
    size_t count = 0, timed = 0;

    RQ_LIST_EACH(link, &core->all_batches)
    {
        struct batch *b = RQ_LIST_ENTRY(link, struct batch, all);

        check(core, b);
        count += !b->is_gone;
        timed += b->timer.node.place != 0;
    }
    ASSERT(count == core->batches.count && timed == core->batch_timers.count);
}
