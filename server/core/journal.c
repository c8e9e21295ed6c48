/* journal - the records that the rules write.
 * SPDX-License-Identifier: MIT */
#include "core/journal.h"

#include "core/attrs.h"
#include "core/jobs.h"
#include "core/keeper.h"
#include "core/state.h"

static struct record *add(struct job *job, enum record_type type, bool confirm,
                          struct effects *fx)
{
    struct effect *e = effects_add(fx, EFFECT_RECORD);

    e->u.log.job = job;
    e->u.log.confirm = confirm;
    e->u.log.record.type = type;
    e->u.log.record.job = job_id(job);
    return &e->u.log.record;
}

void journal_put(struct job *job, struct effects *fx)
{
    struct record *r = add(job, RECORD_PUT, true, fx);

    r->queue = queue_name(job_queue(job));
    r->body = job_body(job);
    r->attrs = job_attrs(job);
    r->policy = job->kind->key.policy;
    r->put_wall_ms = (int64_t)job->put_wall_ms;
    r->due_wall_ms = job_extra(job) == NULL ? 0 : job_extra(job)->wall_ms;
    fx->items[fx->count - 1].u.log.homes = true;
}

static enum record_state state_of(const struct job *job)
{
    if (job->state == JOB_DEAD)
        return RECORD_DEAD;
    return job->state == JOB_DELAYED ? RECORD_DELAYED : RECORD_READY;
}

void journal_move(struct job *job, struct effects *fx)
{
    struct record *r = add(job, RECORD_MOVE, false, fx);
    const struct job_extra *x = job_extra(job);

    r->state = state_of(job);
    r->attempts = job->attempts;
    r->queue = queue_name(job_queue(job));
    r->body = job_body(job);
    r->attrs = job_attrs(job);
    r->policy = job->kind->key.policy;
    r->put_wall_ms = (int64_t)job->put_wall_ms;
    if (x != NULL) {
        r->error = rq_slice(x->error, x->error_len);
        r->due_wall_ms = job->state == JOB_DELAYED ? x->wall_ms : 0;
    }
    fx->items[fx->count - 1].u.log.homes = true;
}

void journal_requeue(struct job *job, struct departure *departure, struct effects *fx)
{
    journal_move(job, fx);
    fx->items[fx->count - 1].u.log.record.same_body = true;
    fx->items[fx->count - 1].u.log.departure = departure;
}

void journal_hold(const struct job *job, struct record *out)
{
    const struct job_extra *x = job_extra(job);

    out->attempts = job->attempts;
    if (x->keeper == NULL)
        return;
    out->hold.n = x->lease;
    out->hold.ttr_ms = x->logged_ttr_ms;
    out->hold.worker = keeper_name(x->keeper);
}

void journal_lease(struct job *job, struct effects *fx)
{
    journal_hold(job, add(job, RECORD_LEASE, false, fx));
}

void journal_state(struct job *job, enum record_state state, struct effects *fx)
{
    bool is_awaited = state == RECORD_DEAD || job->is_returning;
    struct record *r = add(job, RECORD_STATE, is_awaited, fx);
    const struct job_extra *x = job_extra(job);

    r->state = state;
    r->attempts = job->attempts;
    r->due_wall_ms = state == RECORD_DELAYED ? x->wall_ms : 0;
    r->error = rq_slice(x->error, x->error_len);
}

void journal_done(struct job *job, struct rq_slice result, struct effects *fx)
{
    struct record *r = add(job, RECORD_DONE, true, fx);

    const struct remnant *left =
        job_extra(job) == NULL ? NULL : job_extra(job)->remnant;

    r->end = (enum record_end)job->end;
    r->result = result;
    if (left == NULL)
        return;
    r->queue = queue_name(job_queue(job));
    r->kept_wall_ms = left->kept_wall_ms;
    r->has_result = left->has_result;
    r->lease = left->lease;
    if (job->kind->key.policy.window_ms > 0 && job_extra(job)->unique != NULL &&
        attrs_find(job_attrs(job), ATTR_UNIQUE, &r->key))
        r->window_wall_ms = left->window_wall_ms;
    fx->items[fx->count - 1].u.log.homes = true;
}

/* As a replay counts up to here: what ends jobs stands before this record in the log,
 * confirmed or not.  A PUT in flight may still be refused; if it is not, the end of the
 * replay counts it (replay.c). */
void journal_totals(struct queue *q, struct effects *fx)
{
    struct effect *e = effects_add(fx, EFFECT_RECORD);
    struct record_totals *t = &e->u.log.record.totals;

    e->u.log.homes = true;
    e->u.log.queue = q;
    e->u.log.record.type = RECORD_TOTALS;
    e->u.log.record.queue = queue_name(q);
    *t = q->totals;
    t->done += q->ending[RECORD_END_DONE];
    t->expired += q->ending[RECORD_END_EXPIRED];
    t->cancelled += q->ending[RECORD_END_CANCELLED];
    t->dead += q->ending[0];
    t->requeued += q->leaving;
}

void journal_forget(const struct job *job, struct effects *fx)
{
    if (job->home != 0)
        effects_add(fx, EFFECT_FORGET)->u.forget.home = job->home;
}

void journal_settings(struct queue *q, struct effects *fx)
{
    struct effect *e = effects_add(fx, EFFECT_RECORD);

    e->u.log.homes = true;
    e->u.log.queue = q;
    e->u.log.record.type = RECORD_QUEUE;
    e->u.log.record.queue = queue_name(q);
    e->u.log.record.settings = q->gate->settings;
    if (q->gate->home != 0)
        effects_add(fx, EFFECT_FORGET)->u.forget.home = q->gate->home;
}
