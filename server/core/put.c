/* put - a job comes in, and its commit comes back: rows 1, 2, 3 and the second halves
 * of 10, 12 and 14. SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "core/attrs.h"
#include "core/aways.h"
#include "core/batches.h"
#include "core/counters.h"
#include "core/crons.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/join.h"
#include "core/journal.h"
#include "core/kind.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/unique.h"
#include "core/wait.h"

/* A job in no place yet, with all that it needs. */
static int make_job(struct core *core, struct queue *q, const struct core_put *put,
                    struct core_now now, struct job **out)
{
    struct job_kind *kind = kind_need(
        core, q, put->attrs, MUTANT(ID_WITHOUT_EPOCH) ? 1 : core->epoch, &put->policy);

    if (kind == NULL)
        return -ENOMEM;
    struct job *job =
        job_new(core, kind, core->number + 1, put->body, put->attrs, now.wall_ms);
    if (job == NULL) {
        kind_unref(core, kind);
        return -ENOMEM;
    }
    uint64_t keep_ms = put->policy.keep_ms;
    struct rq_slice key;
    struct job_id batch;
    bool is_unique = attrs_find(put->attrs, ATTR_UNIQUE, &key);
    bool is_batched = attrs_find_batch(put->attrs, &batch);

    if (keep_ms < put->policy.window_ms)
        keep_ms = put->policy.window_ms; /* what is left of it has the key */
    bool needs_extra = put->due_wall_ms > now.wall_ms || put->policy.ttl_ms > 0 ||
                       keep_ms > 0 || is_unique || is_batched;
    if ((needs_extra && job_need_extra(core, job) < 0) ||
        (keep_ms > 0 && remnant_need(core, job, keep_ms) < 0) ||
        (is_unique && unique_hold(core, job, key) < 0)) {
        job_free(core, job);
        return -ENOMEM;
    }
    if (is_batched)
        batch_enlist(job, batch_find(core, batch));
    if (put->policy.ttl_ms > 0)
        job_extra(job)->expires_ns =
            timer_after_ms(now.mono_ns, (int64_t)put->policy.ttl_ms);
    if (put->due_wall_ms > now.wall_ms) {
        job_extra(job)->wall_ms = put->due_wall_ms;
        job_extra(job)->timer.at_ns = timer_from_wall(put->due_wall_ms, now);
    }
    *out = job;
    return 0;
}

static bool exists(struct core *core, const struct queue *q, const struct core_put *put,
                   struct core_now now, struct job_id *out)
{
    struct rq_slice key;

    return attrs_find(put->attrs, ATTR_UNIQUE, &key) &&
           unique_find(core, q, key, now, out);
}

bool core_has_key(struct core *core, const struct core_put *put, struct core_now now)
{
    const struct queue *q = queue_find(core, put->queue);
    struct job_id id;

    return q != NULL && exists(core, q, put, now, &id);
}

int core_put(struct core *core, const struct core_put *put, struct core_now now,
             struct effects *fx, struct job **out, struct job_id *out_exists)
{
    struct queue *q;
    struct job *job;

    ASSERT(core->epoch > 0 && !core->is_replaying);
    ASSERT(kind_policy_is_valid(&put->policy) && put->attrs.len <= LIMIT_ATTRS_BYTES);
    int rc = core_batch_takes(core, put->attrs);
    if (rc == 0)
        rc = effects_reserve(fx, 1);
    if (rc < 0)
        return rc;
    rc = queue_need(core, put->queue, LIMIT_QUEUES, &q);
    if (rc < 0)
        return rc;
    if (exists(core, q, put, now, out_exists)) {
        queue_release(core, q);
        return 1;
    }
    rc = make_job(core, q, put, now, &job);
    if (rc < 0) {
        queue_release(core, q);
        return rc;
    }

    core->number++;
    job_set_ready_ns(job, now.mono_ns);
    kind_remember(core, q, job->kind);
    place_enter(core, job, JOB_PENDING);
    journal_put(job, fx);
    *out = job;
    return 0;
}

static bool is_shut_now(const struct queue *q)
{
    return q->gate != NULL && q->gate->settings.shut == RECORD_SHUT_NOW;
}

/* Row 2. */
static int put_is_logged(struct core *core, struct job *job, struct core_now now,
                         struct effects *fx)
{
    const struct job_extra *x = job_extra(job);
    struct queue *q = job_queue(job);

    if (x != NULL && x->timer.at_ns > now.mono_ns && !is_shut_now(q) &&
        !MUTANT(DELAY_IGNORED)) {
        counters_put(core, q, now.mono_ns);
        place_move(core, job, JOB_DELAYED);
        return 0;
    }
    int rc = hand_reserve(job, core, 0, fx);
    if (rc < 0)
        return rc;
    counters_put(core, q, now.mono_ns);
    if (is_shut_now(q))
        hand_end(core, job, RECORD_END_CANCELLED, RQ_LIT(""), now, fx); /* row 21 */
    else
        hand_over(core, job, now, fx);
    return 0;
}

/* The job's end, or its death, is in the log: now it counts.  Or its return. */
static int end_is_logged(struct core *core, struct job *job, struct core_now now,
                         struct effects *fx)
{
    struct queue *q = job_queue(job);
    if (job->is_returning)
        return hand_returned(core, job, now, fx);
    int rc = effects_reserve(fx, 1 + join_effects_max(q) +
                                     wait_effects_max(core, job_id(job)) +
                                     batch_effects_max(job));

    if (rc < 0)
        return rc;
    const struct join_change change = {
        .job = job_id(job), .plain = !job->was_dead, .strict = job->end != 0};
    unsigned end = job->end;
    ASSERT(q->ending[end] > 0 && q->ending_dead >= job->was_dead);
    q->ending[end]--;
    q->ending_dead -= job->was_dead;
    core->ending_dead -= job->was_dead;
    if (end == 0) {
        place_move(core, job, JOB_DEAD);
        counters_add(core, q, (struct record_totals){.dead = 1});
        batch_settle(core, batch_of(job), now, fx);
    } else {
        journal_forget(job, fx);
        batch_ended(core, job);
        place_leave(core, job);
        batch_settle(core, batch_of(job), now, fx);
        remnant_settle(core, job, now);
        job_free(core, job);
        counters_ended(core, q, (enum record_end)end, now.mono_ns);
    }
    wait_settle(core, change.job, fx);
    join_settle(core, q, &change, fx);
    return 0;
}

int core_taken(struct core *core, struct job *job, struct core_now now,
               struct effects *fx)
{
    ASSERT(job->state == JOB_PENDING);
    job->is_unsure = true;
    return core_confirmed(core, job, now, fx);
}

int core_confirmed(struct core *core, struct job *job, struct core_now now,
                   struct effects *fx)
{
    ASSERT(job->state == JOB_PENDING || job->state == JOB_ENDING);
    if (job->state == JOB_ENDING)
        return end_is_logged(core, job, now, fx);
    int rc = put_is_logged(core, job, now, fx);
    if (rc == 0)
        away_settle(core, job);
    return rc;
}

int core_refused(struct core *core, struct job *job, struct core_now now,
                 struct effects *fx)
{
    struct queue *q = job_queue(job);

    ASSERT(job->state == JOB_PENDING);
    int rc = effects_reserve(fx, 1 + join_effects_max(q) + batch_effects_max(job));
    if (rc < 0)
        return rc;
    const struct join_change change = {job_id(job), true, true};
    journal_forget(job, fx);
    place_leave(core, job);
    batch_settle(core, batch_of(job), now, fx);
    job_free(core, job);
    join_settle(core, q, &change, fx);
    return 0;
}

void core_set_home(struct core *core, const struct effect *logged, uint64_t home)
{
    const struct record *record = &logged->u.log.record;

    ASSERT(logged->kind == EFFECT_RECORD && logged->u.log.homes && home > 0);
    switch (record->type) {
    case RECORD_TOTALS:
        counters_set_home(core, logged->u.log.queue, home);
        break;
    case RECORD_QUEUE:
        logged->u.log.queue->gate->home = home;
        break;
    case RECORD_BATCH:
        batch_set_home(core, record->job, home);
        break;
    case RECORD_CRON:
        cron_set_home(core, record->name, home);
        break;
    case RECORD_DONE:
        remnant_set_home(core, record->job, home);
        break;
    default: /* a PUT has one home; a MOVE is the next one */
        ASSERT(record->type == RECORD_MOVE || logged->u.log.job->home == 0);
        job_set_home(logged->u.log.job, home);
        break;
    }
}
