/* remnant - see remnant.h.
 * SPDX-License-Identifier: MIT */
#include "core/remnant.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "core/jobs.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/unique.h"
#include "core/wait.h"

struct rq_slice remnant_key_of(const void *remnant)
{
    const struct remnant *r = remnant;

    return rq_slice(&r->id, sizeof r->id);
}

const struct remnant *remnant_find(const struct core *core, struct job_id id)
{
    return rq_map_get(&core->remnants, rq_slice(&id, sizeof id));
}

void remnant_set_home(struct core *core, struct job_id id, uint64_t home)
{
    struct remnant *r = rq_map_get(&core->remnants, rq_slice(&id, sizeof id));

    ASSERT(r != NULL);
    r->home = home;
}

/* In the map from the start; the timer of each has room. */
static struct remnant *remnant_new(struct core *core, struct job_id id)
{
    size_t more = core->remnants.count + 1 - core->keep_timers.count;
    struct remnant *r;

    if (rq_heap_reserve(&core->keep_timers, more) < 0)
        return NULL;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->id = id;
    if (rq_map_put(&core->remnants, r) < 0) {
        free(r);
        return NULL;
    }
    return r;
}

int remnant_need(struct core *core, struct job *job, uint64_t keep_ms)
{
    struct job_extra *x = job_extra(job);

    if (x->remnant == NULL)
        x->remnant = remnant_new(core, job_id(job));
    if (x->remnant == NULL)
        return -ENOMEM;
    if (x->remnant->keep_ms < keep_ms)
        x->remnant->keep_ms = keep_ms;
    return 0;
}

static int copy_result(struct core *core, struct remnant *r, struct rq_slice result)
{
    uint8_t *copy = NULL;

    if (result.len > 0) {
        copy = malloc(result.len);
        if (copy == NULL)
            return -ENOMEM;
        memcpy(copy, result.ptr, result.len);
    }
    ASSERT(r->result == NULL); /* a job is done once */
    core->kept_bytes += result.len;
    r->result = copy;
    r->result_len = result.len;
    return 0;
}

int remnant_set_result(struct core *core, struct job *job, uint64_t lease,
                       struct rq_slice result, bool has_result)
{
    struct remnant *r = job_extra(job)->remnant;

    if (r == NULL)
        return 0;
    if (copy_result(core, r, result) < 0)
        return -ENOMEM;
    r->has_result = has_result;
    r->lease = lease;
    return 0;
}

void remnant_fix(struct job *job, struct core_now now)
{
    struct remnant *r = job_extra(job) == NULL ? NULL : job_extra(job)->remnant;

    if (r == NULL)
        return;
    r->end = job->end;
    r->kept_wall_ms = timer_wall_after(now, (int64_t)r->keep_ms);
    r->window_wall_ms = timer_wall_after(now, (int64_t)job->kind->key.policy.window_ms);
}

/* Kept from now on, for `ms`. */
static void keep(struct core *core, struct remnant *r, struct queue *q, int64_t ms,
                 struct core_now now)
{
    ASSERT(r->queue == NULL);
    r->queue = q;
    q->pins++;
    r->until_ns = timer_after_ms(now.mono_ns, ms);
    remnant_look(core, r->id);
}

void remnant_look(struct core *core, struct job_id id)
{
    struct remnant *r = rq_map_get(&core->remnants, rq_slice(&id, sizeof id));

    if (r == NULL || r->queue == NULL)
        return; /* its job is still there */
    if (wait_is_awaited(core, id))
        timer_stop(&core->keep_timers, &r->timer);
    else
        timer_arm(core, &core->keep_timers, &r->timer, r->until_ns);
}

bool remnants_are_too_many(const struct core *core)
{
    return core->keep_timers.count > LIMIT_KEPT ||
           (core->keep_timers.count > 0 && core->kept_bytes > LIMIT_KEPT_BYTES);
}

void remnant_settle(struct core *core, struct job *job, struct core_now now)
{
    struct remnant *r = job_extra(job) == NULL ? NULL : job_extra(job)->remnant;

    if (r == NULL)
        return;
    job_extra(job)->remnant = NULL;
    unique_pass_on(job, r, (int64_t)job->kind->key.policy.window_ms, now);
    keep(core, r, job_queue(job), (int64_t)r->keep_ms, now);
}

static void remnant_free(struct core *core, struct remnant *r)
{
    timer_stop(&core->keep_timers, &r->timer);
    core->kept_bytes -= r->result_len;
    free(r->result);
    free(r);
}

void remnant_drop(struct core *core, struct remnant *r)
{
    struct queue *q = r->queue;

    unique_drop(core, r);
    void *removed = rq_map_remove(&core->remnants, remnant_key_of(r));

    ASSERT(removed == r);
    remnant_free(core, r);
    if (q == NULL)
        return;
    q->pins--;
    queue_release(core, q);
}

void remnant_fire(struct core *core, struct remnant *r, struct effects *fx)
{
    if (r->home != 0)
        effects_add(fx, EFFECT_FORGET)->u.forget.home = r->home;
    remnant_drop(core, r);
}

/* A wall clock that was set back keeps nothing for longer. */
static int64_t at_most_kept(int64_t ms)
{
    return ms < (int64_t)LIMIT_KEEP_MS ? ms : (int64_t)LIMIT_KEEP_MS;
}

/* Its UNIQUE key, if the window is still open. */
static int replay_key(struct core *core, struct remnant *r, const struct record *record,
                      struct core_now now)
{
    int64_t window_ms = rq_clock_until(record->window_wall_ms, now.wall_ms);

    if (record->key.len == 0 || window_ms == 0)
        return 0;
    return unique_replay(core, r, record->key, at_most_kept(window_ms), now);
}

int remnant_replay(struct core *core, const struct record *record, struct queue *q,
                   uint64_t home, struct core_now now)
{
    int64_t left_ms = rq_clock_until(record->kept_wall_ms, now.wall_ms);
    struct remnant *r = remnant_new(core, record->job);

    if (r == NULL)
        return -ENOMEM;
    if (copy_result(core, r, record->result) < 0) {
        remnant_drop(core, r);
        return -ENOMEM;
    }
    r->has_result = record->has_result;
    r->end = (uint8_t)record->end;
    r->lease = record->lease;
    r->kept_wall_ms = record->kept_wall_ms;
    r->home = home;
    keep(core, r, q, at_most_kept(left_ms), now);
    int rc = replay_key(core, r, record, now);
    if (rc < 0)
        remnant_drop(core, r);
    return rc;
}

void remnants_free(struct core *core)
{
    struct remnant *r;
    size_t cursor = 0;

    while ((r = rq_map_next(&core->remnants, &cursor)) != NULL)
        remnant_free(core, r);
}
