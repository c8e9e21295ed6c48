/* settle - what a worker says about its lease: rows 9 to 13, the first halves of
 * 10, 12. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/mutant.h"
#include "core/counters.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/lease.h"
#include "core/remnant.h"
#include "core/retry.h"
#include "core/state.h"
#include "core/timer.h"

/* Row 16: this very lease has ended it, and that is still known. */
static bool was_done_by(const struct core *core, struct job_id id, uint64_t lease)
{
    const struct remnant *r = remnant_find(core, id);

    return r != NULL && r->end == RECORD_END_DONE && r->lease == lease && lease != 0;
}

int core_done(struct core *core, struct job_id id, uint64_t lease,
              struct rq_slice result, bool has_result, struct core_now now,
              struct effects *fx)
{
    struct job *job;
    int rc = lease_find(core, id, lease, &job);

    if (rc == RQ_E_NOJOB && (was_done_by(core, id, lease) || MUTANT(DONE_OF_NOTHING)))
        return 0;
    if (rc < 0)
        return rc;
    rc = effects_reserve(fx, 1);
    if (rc == 0)
        rc = remnant_set_result(core, job, lease, result, has_result);
    if (rc < 0)
        return rc;
    counters_run(job, now.mono_ns);
    lease_stop(job);
    hand_end(core, job, RECORD_END_DONE, result, now, fx);
    return 0;
}

/* The job, its lease stopped, waits for `delay_ms`; its STATE record. */
static void delay(struct core *core, struct job *job, int64_t delay_ms,
                  struct core_now now, struct effects *fx)
{
    struct job_extra *x = job_extra(job);

    x->wall_ms = timer_wall_after(now, delay_ms);
    x->timer.at_ns = timer_after_ms(now.mono_ns, delay_ms);
    place_move(core, job, JOB_DELAYED);
    journal_state(job, RECORD_DELAYED, fx);
}

int core_fail(struct core *core, struct job_id id, uint64_t lease,
              struct rq_slice error, int64_t delay_ms, bool dead, struct core_now now,
              struct effects *fx, struct core_failed *out)
{
    struct job *job;
    uint8_t *copy;
    int rc = lease_find(core, id, lease, &job);

    ASSERT(delay_ms >= -1);
    if (rc < 0)
        return rc;
    rc = effects_reserve(fx, 1);
    if (rc < 0)
        return rc;
    rc = job_copy_error(error, &copy);
    if (rc < 0)
        return rc;

    const struct job_policy *policy = &job->kind->key.policy;
    bool is_last =
        dead || (job->attempts >= policy->tries && !MUTANT(ATTEMPTS_UNLIMITED));
    lease_stop(job);
    job_set_error(job, copy, error.len);
    if (job->is_cancelled) {
        hand_end(core, job, RECORD_END_CANCELLED, RQ_LIT(""), now, fx);
        *out = (struct core_failed){.cancelled = true};
        return 0;
    }
    counters_add(core, job_queue(job),
                 (struct record_totals){.failed = 1, .retried = is_last ? 0 : 1});
    if (is_last) {
        hand_bury(core, job, fx);
        *out = (struct core_failed){.dead = true};
        return 0;
    }
    if (delay_ms < 0)
        delay_ms = retry_delay_ms(policy, job->attempts, &core->rand);
    delay(core, job, delay_ms, now, fx);
    *out = (struct core_failed){.retry_wall_ms = job_extra(job)->wall_ms};
    return 0;
}

int core_release(struct core *core, struct job_id id, uint64_t lease, int64_t delay_ms,
                 struct core_now now, struct effects *fx)
{
    struct job *job;
    int rc = lease_find(core, id, lease, &job);

    if (rc < 0)
        return rc;
    rc = hand_reserve(job, core, 1, fx);
    if (rc < 0)
        return rc;
    lease_stop(job);
    job->attempts--;
    if (job->is_cancelled) {
        hand_end(core, job, RECORD_END_CANCELLED, RQ_LIT(""), now, fx);
        return 0;
    }
    if (delay_ms > 0) {
        delay(core, job, delay_ms, now, fx);
        return 0;
    }
    job_set_ready_ns(job, now.mono_ns);
    journal_state(job, RECORD_READY, fx);
    hand_over(core, job, now, fx);
    return 0;
}

static struct core_touched touch(struct core *core, struct job *job, uint32_t ttr_ms,
                                 struct core_now now)
{
    lease_extend(core, job, ttr_ms, now);
    return (struct core_touched){.deadline_wall_ms = job_extra(job)->wall_ms,
                                 .cancel = job->is_cancelled};
}

int core_touch(struct core *core, struct job_id id, uint64_t lease, uint32_t ttr_ms,
               struct core_now now, struct core_touched *out)
{
    struct job *job;
    int rc = lease_find(core, id, lease, &job);

    if (rc < 0)
        return rc;
    *out = touch(core, job, ttr_ms, now);
    return 0;
}

size_t core_touch_all(struct core *core, struct holder *holder, uint32_t ttr_ms,
                      struct core_now now,
                      void (*each)(void *arg, const struct job *job,
                                   const struct core_touched *touched),
                      void *arg)
{
    RQ_LIST_EACH(link, &holder->leases)
    {
        struct job_extra *x = RQ_LIST_ENTRY(link, struct job_extra, of_holder);

        struct core_touched touched = touch(core, x->job, ttr_ms, now);

        each(arg, x->job, &touched);
    }
    return holder->lease_count;
}
