/* job - how jobs are made and looked at.
 *
 * The transitions, with the rows of the job model; U: unfinished, -1c: one less when
 * the commit is in the log.  Whatever is not listed changes nothing.
 *
 *  row  event                  from -> to                 record  U    where
 *    1  PUT                    - -> pending               PUT     +1   put.c
 *    2  commit confirmed       pending -> delayed, ready               put.c
 *    3  commit refused         pending -> gone                    -1   put.c
 *    6  due                    delayed -> ready                        tick.c
 *    7  GET, now or waiting    ready -> leased            LEASE        get, hand.c
 *    8  hand-over undone       leased -> ready            STATE        get.c
 *    9  TOUCH                  leased                                  settle.c
 *   10  DONE                   leased -> ending -> gone   DONE    -1c  settle, put.c
 *   11  FAIL, tries left       leased -> delayed          STATE        settle.c
 *   12  FAIL DEAD or the last  leased -> ending -> dead   STATE   -1c  settle, put.c
 *   13  RELEASE                leased -> ready, delayed   STATE        settle.c
 *   14  deadline, holder lost  leased -> ready            STATE        hand.c
 *       of a kept lease        leased -> ending -> ready  STATE        hand, put.c
 *       and no tries left      leased -> ending -> dead   STATE   -1c  hand, put.c
 *   15  any other lease        unchanged                               lease.c
 *    -  no number for a lease  ready -> ending -> dead    STATE   -1c  hand, put.c
 *   17  KICK                   dead -> ready              STATE   +1   manage.c
 *   18  CANCEL, PURGE          delayed, ready -> ending   DONE    -1c  manage, put.c
 *       PURGE                  dead -> ending -> gone     DONE         manage, put.c
 *    -  REQUEUE                delayed, ready, dead       MOVE         requeue.c
 *       and in the queue left                                  -1c   requeue.c
 *   19  CANCEL                 leased, marked             STATE        manage.c
 *       and it comes back      leased -> ending           DONE    -1c  hand, settle.c
 *   20  TTL over, not started  delayed, ready -> ending   DONE    -1c  tick, hand.c
 *   22  body lost by the log   ready, delayed -> ending   STATE   -1c  wanted, put.c
 *                              -> dead
 *
 * SPDX-License-Identifier: MIT */
#include "core/job.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "core/batches.h"
#include "core/job_timers.h"
#include "core/jobs.h"
#include "core/kind.h"
#include "core/limits.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/unique.h"

static_assert(offsetof(struct job, body) == 68, "what each of ten million jobs costs");

/* A few bytes at the end of the struct are the first of the body. */
static size_t size_with(size_t behind)
{
    size_t size = offsetof(struct job, body) + behind;

    return size < sizeof(struct job) ? sizeof(struct job) : size;
}

static uint64_t wall_ms_that_fits(int64_t ms)
{
    return (uint64_t)(ms < 0 ? 0 : ms > JOB_WALL_MS_MAX ? JOB_WALL_MS_MAX : ms);
}

struct job *job_make(struct core *core, struct rq_slice body, struct rq_slice attrs)
{
    bool is_away = body.ptr == NULL && body.len > 0;
    size_t here = is_away ? 0 : body.len;
    uint32_t attrs_len = (uint32_t)attrs.len;

    ASSERT(body.len <= UINT32_MAX && attrs.len <= UINT32_MAX);
    size_t behind = attrs_len > 0 ? sizeof attrs_len + attrs_len : 0;
    struct job *job = rq_spares_get(&core->spares, size_with(here + behind));

    if (job == NULL)
        return NULL;
    *job = (struct job){
        .body_len = (uint32_t)body.len, .is_away = is_away, .has_attrs = attrs_len > 0};
    if (here > 0)
        memcpy(job->body, body.ptr, here);
    if (attrs_len > 0) {
        memcpy(job->body + here, &attrs_len, sizeof attrs_len);
        memcpy(job->body + here + sizeof attrs_len, attrs.ptr, attrs_len);
    }
    return job;
}

void job_unmake(struct core *core, struct job *job)
{
    size_t behind = job_bytes(job) + (job->has_attrs ? sizeof(uint32_t) : 0);

    rq_spares_put(&core->spares, job, size_with(behind));
}

struct job *job_new(struct core *core, struct job_kind *kind, uint64_t number,
                    struct rq_slice body, struct rq_slice attrs, int64_t put_wall_ms)
{
    struct job *job = job_make(core, body, attrs);

    if (job == NULL)
        return NULL;
    job->number = number;
    job->kind = kind;
    job->put_wall_ms = wall_ms_that_fits(put_wall_ms) & JOB_WALL_MS_MAX;
    return job;
}

struct rq_slice job_body(const struct job *job)
{
    return rq_slice(job->body, job->is_away ? 0 : job->body_len);
}

struct rq_slice job_attrs(const struct job *job)
{
    const uint8_t *at = job->body + job_body(job).len;
    uint32_t len;

    if (!job->has_attrs)
        return RQ_LIT("");
    memcpy(&len, at, sizeof len);
    return rq_slice(at + sizeof len, len);
}

size_t job_bytes(const struct job *job)
{
    size_t body = job->is_away ? 0 : job->body_len;

    return job->has_attrs ? body + job_attrs(job).len : body;
}

bool job_can_expire(const struct job *job)
{
    return job->kind->key.policy.ttl_ms > 0 && job->attempts == 0;
}

bool job_is_expired(const struct job *job, struct core_now now)
{
    return job_can_expire(job) && job_extra(job)->expires_ns <= now.mono_ns;
}

static void free_error(struct job_extra *x)
{
    if (x->error_is_owned)
        free((void *)(uintptr_t)x->error);
    x->error = NULL;
    x->error_len = 0;
    x->error_is_owned = false;
}

static void free_extra(struct core *core, struct job *job)
{
    struct job_extra *x = job_extra(job);

    if (x == NULL)
        return;
    ASSERT(!job_timer_is_armed(x) && x->holder == NULL);
    free_error(x);
    free(x->progress);
    if (x->remnant != NULL)
        remnant_drop(core, x->remnant);
    unique_release(core, job);
    batch_discharge(core, x);
    job->has_extra = false;
    job->more.ready_ns = x->ready_ns;
    rq_spares_put(&core->spares, x, sizeof *x);
    core->extra_count--;
}

void job_free(struct core *core, struct job *job)
{
    free_extra(core, job);
    kind_unref(core, job->kind);
    job_unmake(core, job);
}

int job_need_extra(struct core *core, struct job *job)
{
    if (job->has_extra)
        return 0;

    int rc = job_timers_reserve(core); /* of all extras, armed or not */
    if (rc < 0)
        return rc;
    struct job_extra *x = rq_spares_get(&core->spares, sizeof *x);
    if (x == NULL)
        return -ENOMEM;
    *x = (struct job_extra){.job = job, .ready_ns = job->more.ready_ns};
    rq_list_init(&x->of_holder);
    rq_list_init(&x->in_line);
    job->has_extra = true;
    job->more.extra = x;
    core->extra_count++;
    return 0;
}

void job_drop_extra(struct core *core, struct job *job)
{
    const struct job_extra *x = job_extra(job);

    if (x == NULL || x->error_len > 0 || x->remnant != NULL || x->unique != NULL ||
        x->batch != NULL || job->kind->key.policy.ttl_ms > 0)
        return;
    /* Deliveries of an earlier epoch do not matter: no lease can be like theirs. */
    if (x->deliveries == 0 || x->deliveries_epoch != core->epoch)
        free_extra(core, job);
}

int job_copy_error(struct rq_slice text, uint8_t **out)
{
    size_t len = text.len < LIMIT_ERROR_BYTES ? text.len : LIMIT_ERROR_BYTES;
    uint8_t *copy = NULL;

    if (len > 0) {
        copy = malloc(len);
        if (copy == NULL)
            return -ENOMEM;
        memcpy(copy, text.ptr, len);
    }
    *out = copy;
    return 0;
}

void job_set_error(struct job *job, uint8_t *copy, size_t len)
{
    struct job_extra *x = job_extra(job);

    free_error(x);
    if (copy == NULL)
        return;
    x->error = copy;
    x->error_len = (uint32_t)(len < LIMIT_ERROR_BYTES ? len : LIMIT_ERROR_BYTES);
    x->error_is_owned = true;
}

void job_set_reason(struct job *job, struct rq_slice constant)
{
    struct job_extra *x = job_extra(job);

    free_error(x);
    x->error = constant.ptr;
    x->error_len = (uint32_t)constant.len;
}

const char *job_state_name(enum job_state state)
{
    switch (state) {
    case JOB_PENDING:
        return "pending";
    case JOB_DELAYED:
        return "delayed";
    case JOB_READY:
        return "ready";
    case JOB_LEASED:
        return "leased";
    case JOB_ENDING:
        return "ending";
    case JOB_DEAD:
        break;
    }
    ASSERT(state == JOB_DEAD);
    return "dead";
}

struct job_id job_identity(const struct job *job)
{
    return job_id(job);
}

static int64_t expiry_wall_ms(const struct job *job)
{
    return job_can_expire(job) ? rq_clock_after((int64_t)job->put_wall_ms,
                                                (int64_t)job->kind->key.policy.ttl_ms)
                               : 0;
}

/* Field by field: most are a load and a store, and nothing is zeroed first. */
void job_view(const struct job *job, struct job_view *out)
{
    const struct job_extra *x = job_extra(job);
    const struct job_extra *lease = job->state == JOB_LEASED ? x : NULL;
    bool is_due = job->state == JOB_DELAYED || job->state == JOB_PENDING;

    out->id = job_id(job);
    out->state = (enum job_state)job->state;
    out->queue = queue_name(job_queue(job));
    out->body = job_body(job);
    out->error = x == NULL ? rq_slice(NULL, 0) : rq_slice(x->error, x->error_len);
    out->attrs = job_attrs(job);
    out->size = job->body_len;
    out->is_away = job->is_away;
    out->is_lost = job->has_no_body;
    out->policy = job->kind->key.policy;
    out->attempts = job->attempts;
    out->lease = lease == NULL ? 0 : lease->lease;
    out->lease_ttr_ms = lease == NULL ? 0 : lease->ttr_ms;
    out->put_wall_ms = (int64_t)job->put_wall_ms;
    out->due_wall_ms = is_due && x != NULL ? x->wall_ms : 0;
    out->expires_wall_ms = expiry_wall_ms(job);
    out->deadline_wall_ms = lease == NULL ? 0 : lease->wall_ms;
    out->end = (enum record_end)job->end;
    out->is_returning = job->is_returning;
    out->home = job->home;

    const struct progress *progress = lease == NULL ? NULL : lease->progress;
    out->progress = progress == NULL ? -1 : progress->percent;
    out->note = progress == NULL ? rq_slice(NULL, 0)
                                 : rq_slice(progress->note, progress->note_len);
}
