/* lease - who holds which job, until when.
 *
 *     n = (e - b) 2^32 + k     e  epoch of the delivery, b  epoch in the id, b <= e
 *                              k  1, 2, 3, ...: deliveries of this job within e
 *
 * Equal n means equal e and equal k.  An epoch belongs to one process, which counts k
 * in memory and loses it only together with the epoch; so no number is ever used twice,
 * even if a crash forgets deliveries.  k counts a delivery also when it is undone.
 * SPDX-License-Identifier: MIT */
#include "core/lease.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/mutant.h"
#include "core/counters.h"
#include "core/gate.h"
#include "core/group.h"
#include "core/job_timers.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/keeper.h"
#include "core/limits.h"
#include "core/state.h"
#include "core/timer.h"

/* Deliveries of the job, which has an extra, in this epoch. */
static uint32_t deliveries(const struct core *core, const struct job *job)
{
    const struct job_extra *x = job_extra(job);

    return x->deliveries_epoch == core->epoch ? x->deliveries : 0;
}

bool lease_is_possible(const struct core *core, const struct job *job)
{
    uint64_t age = core->epoch - job->kind->key.epoch;

    return age <= UINT32_MAX && deliveries(core, job) < UINT32_MAX;
}

static void arm(struct job_extra *x, uint32_t ttr_ms, struct core_now now)
{
    if (MUTANT(LEASE_TOO_SHORT))
        ttr_ms /= 2;
    x->wall_ms = timer_wall_after(now, ttr_ms);
    x->timer.at_ns = timer_after_ms(now.mono_ns, ttr_ms);
}

void lease_start(struct core *core, struct job *job, struct holder *holder,
                 uint32_t ttr_ms, struct core_now now, struct effects *fx)
{
    struct job_extra *x = job_extra(job);

    ASSERT(lease_is_possible(core, job));
    ASSERT(x->holder == NULL && core->epoch >= job->kind->key.epoch);
    x->deliveries = deliveries(core, job) + 1;
    x->deliveries_epoch = core->epoch;
    x->lease = (core->epoch - job->kind->key.epoch) << 32 | x->deliveries;
    if (MUTANT(LEASE_WITHOUT_EPOCH))
        x->lease = x->deliveries;
    x->ttr_ms = ttr_ms == 0 ? job->kind->key.policy.ttr_ms : ttr_ms;
    x->logged_ttr_ms = x->ttr_ms;
    x->taken_ns = now.mono_ns;
    x->keeper = holder->keeper;
    if (x->keeper != NULL)
        keeper_ref(x->keeper);
    holder_take(holder, x);
    if (job->attempts < UINT16_MAX)
        job->attempts++;

    arm(x, x->ttr_ms, now);
    place_move(core, job, JOB_LEASED);
    x->turn = 0;
    if (job_queue(job)->groups != NULL)
        group_take_turn(core, job);
    counters_delivered(core, job, now.mono_ns);
    gate_passed(core, job_queue(job), now);
    journal_lease(job, fx);
}

void lease_stop(struct job *job)
{
    struct job_extra *x = job_extra(job);

    ASSERT(job->state == JOB_LEASED);
    x->lease = 0;
    holder_drop(x); /* a replayed one has none */
    keeper_unref(x->keeper);
    x->keeper = NULL;
    free(x->progress);
    x->progress = NULL;
}

bool lease_is_logged_too_short(struct job *job, uint32_t ttr_ms)
{
    struct job_extra *x = job_extra(job);

    if (x->keeper == NULL || ttr_ms <= x->logged_ttr_ms)
        return false;
    x->logged_ttr_ms = ttr_ms;
    return true;
}

void lease_revive(struct core *core, struct job *job, struct core_now now)
{
    struct job_extra *x = job_extra(job);

    ASSERT(job->state == JOB_LEASED && x->keeper != NULL && x->holder == NULL);
    holder_take(keeper_heir(x->keeper), x);
    x->taken_ns = now.mono_ns;
    lease_extend(core, job, 0, now);
}

void lease_extend(struct core *core, struct job *job, uint32_t ttr_ms,
                  struct core_now now)
{
    struct job_extra *x = job_extra(job);

    ASSERT(job->state == JOB_LEASED);
    ttr_ms = ttr_ms == 0 ? x->ttr_ms : ttr_ms;
    arm(x, ttr_ms, now);
    job_timer_arm_lease(core, x, ttr_ms);
}

int core_progress(struct core *core, struct job_id id, uint64_t lease, uint8_t percent,
                  struct rq_slice note)
{
    size_t len = note.len < LIMIT_NOTE_BYTES ? note.len : LIMIT_NOTE_BYTES;
    struct job *job;
    int rc = lease_find(core, id, lease, &job);

    if (rc < 0)
        return rc;
    struct progress *progress = malloc(sizeof *progress + len);
    if (progress == NULL)
        return -ENOMEM;
    *progress = (struct progress){.percent = percent, .note_len = (uint8_t)len};
    if (len > 0)
        memcpy(progress->note, note.ptr, len);
    free(job_extra(job)->progress);
    job_extra(job)->progress = progress;
    return 0;
}

int lease_find(const struct core *core, struct job_id id, uint64_t lease,
               struct job **out)
{
    struct job *job = index_get(&core->index, id);

    if (job == NULL)
        return RQ_E_NOJOB;
    if (job->state != JOB_LEASED || lease == 0 ||
        (job_extra(job)->lease != lease && !MUTANT(OLD_LEASE_ACCEPTED)))
        return RQ_E_STALE;
    *out = job;
    return 0;
}
