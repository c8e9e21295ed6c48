/* move - see move.h.
 * SPDX-License-Identifier: MIT */
#include "core/move.h"

#include "base/assert.h"
#include "core/aways.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/unique.h"

enum {
    EFFECTS_OF_ONE = 4, /* MOVE, LEASE, STATE, FORGET */
    AROUND = 64,        /* bytes of a record beside its texts, about */
};

struct step {
    struct core *core;
    struct core_mover *mover;
    struct effects *fx;
    size_t visits, bytes; /* left */
};

/* ---- one thing ---- */

static bool is_old(const struct step *s, uint64_t home)
{
    return home != 0 && home < s->mover->before;
}

/* Without the job itself: nothing happens to it, nobody is told. */
static struct effect *add(struct step *s, struct job_id id, enum record_type type)
{
    struct effect *e = effects_add(s->fx, EFFECT_RECORD);

    e->u.log.record.type = type;
    e->u.log.record.job = id;
    return e;
}

static void written(struct step *s, size_t bytes, uint64_t old_home)
{
    size_t size = bytes + AROUND;

    effects_add(s->fx, EFFECT_FORGET)->u.forget.home = old_home;
    s->bytes = size < s->bytes ? s->bytes - size : 0;
    s->mover->moved++;
    s->mover->again = true;
}

static void write_job(struct step *s, struct job *job)
{
    struct record *r;

    journal_move(job, s->fx);
    s->fx->items[s->fx->count - 1].u.log.record.same_body = true;
    if (job->state == JOB_LEASED)
        add(s, job_id(job), RECORD_LEASE)->u.log.record.attempts = job->attempts;
    if (job->state == JOB_LEASED && job->is_cancelled) {
        r = &add(s, job_id(job), RECORD_STATE)->u.log.record;
        r->state = RECORD_CANCELLING;
        r->attempts = job->attempts;
    }
    written(s, job_bytes(job), job->home);
}

/* It is written when its body comes: core_body(). */
static int want_job(struct step *s, struct job *job)
{
    size_t size = job->body_len;

    s->bytes = size < s->bytes ? s->bytes - size : 0;
    s->mover->again = true;
    return away_want(s->core, job);
}

static int visit_job(struct step *s, struct job *job)
{
    if (!is_old(s, job->home))
        return 0;
    if (job->state == JOB_ENDING || job->state == JOB_PENDING) {
        s->mover->again = true;
        return 0;
    }
    if (job->is_away && !job->has_no_body)
        return want_job(s, job);
    int rc = effects_reserve(s->fx, EFFECTS_OF_ONE);
    if (rc == 0)
        write_job(s, job);
    return rc;
}

/* An end that is kept; one that is still on its way has no queue yet. */
static int visit_end(struct step *s, const struct remnant *end)
{
    if (end->queue == NULL || !is_old(s, end->home))
        return 0;
    int rc = effects_reserve(s->fx, EFFECTS_OF_ONE);
    if (rc < 0)
        return rc;
    struct effect *e = add(s, end->id, RECORD_DONE);
    struct record *r = &e->u.log.record;

    e->u.log.homes = true;
    r->queue = queue_name(end->queue);
    r->end = (enum record_end)end->end;
    r->kept_wall_ms = end->kept_wall_ms;
    r->lease = end->lease;
    r->has_result = end->has_result;
    r->result = rq_slice(end->result, end->result_len);
    r->key = unique_of(end);
    r->window_wall_ms = r->key.len > 0 ? end->window_wall_ms : 0;
    written(s, end->result_len, end->home);
    return 0;
}

/* The next core_totals() looks at it. */
static void visit_queue(struct step *s, struct queue *q)
{
    bool has_old_totals = is_old(s, q->totals_home);

    if (has_old_totals)
        q->totals_changed = true;
    if ((has_old_totals || (q->gate != NULL && is_old(s, q->gate->home))) &&
        rq_list_empty(&q->changed))
        rq_list_push_back(&s->core->changed, &q->changed);
}

/* ---- the phases.  Return  1: the phase is over;  0: the step is ---- */

static bool may_go_on(struct step *s)
{
    if (s->visits == 0 || s->bytes == 0 || !away_has_room(s->core))
        return false;
    s->visits--;
    return true;
}

static int walk_queues(struct step *s)
{
    while (may_go_on(s)) {
        struct queue *q = rq_map_next(&s->core->queues, &s->mover->at);

        if (q == NULL)
            return 1;
        visit_queue(s, q);
    }
    return 0;
}

static int walk_ends(struct step *s)
{
    while (may_go_on(s)) {
        const struct remnant *end = rq_map_next(&s->core->remnants, &s->mover->at);

        if (end == NULL)
            return 1;
        int rc = visit_end(s, end);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A bucket is never left half-way: the table may change before the next step. */
static int walk_jobs(struct step *s)
{
    const struct job_index *x = &s->core->index;
    struct core_mover *m = s->mover;

    if (x->used < m->used)
        m->again = true; /* jobs of the last buckets are now in earlier ones */
    m->used = x->used;
    while (may_go_on(s)) {
        if (m->at >= x->used)
            return 1;
        for (struct job *job = x->buckets[m->at]; job != NULL; job = job->index_next) {
            int rc = visit_job(s, job);

            if (rc < 0)
                return rc;
        }
        m->at++;
    }
    return 0;
}

static int walk(struct step *s)
{
    switch (s->mover->phase) {
    case MOVER_QUEUES:
        return walk_queues(s);
    case MOVER_ENDS:
        return walk_ends(s);
    case MOVER_JOBS:
    case MOVER_OVER:
        break;
    }
    return walk_jobs(s);
}

static void begin_phase(struct core_mover *m, enum core_mover_phase phase)
{
    m->phase = phase;
    m->at = m->used = 0;
}

static void next_phase(struct core_mover *m)
{
    if (m->phase != MOVER_JOBS) {
        begin_phase(m, m->phase + 1);
        return;
    }
    begin_phase(m, m->again ? MOVER_QUEUES : MOVER_OVER);
    m->again = false;
}

void core_move_begin(struct core_mover *m, uint64_t before)
{
    *m = (struct core_mover){.before = before};
}

int core_move_some(struct core *core, struct core_mover *m, size_t visits, size_t bytes,
                   struct effects *fx)
{
    struct step s = {core, m, fx, visits, bytes};
    size_t before = fx->count;
    int rc = 1;

    ASSERT(visits > 0 && bytes > 0);
    core->move_before = m->before;
    /* The homes of what is written change when the effects are carried out: a pass must
     * not begin before. */
    while (rc == 1 && m->phase != MOVER_OVER) {
        rc = walk(&s);
        if (rc == 1)
            next_phase(m);
        if (rc == 1 && m->phase == MOVER_QUEUES)
            break;
    }
    if (rc < 0 && fx->count == before)
        return rc;
    if (m->phase == MOVER_OVER)
        core->move_before = 0;
    return m->phase != MOVER_OVER; /* without memory: the rest in the next step */
}
