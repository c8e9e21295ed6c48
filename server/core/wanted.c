/* wanted - bodies come back: see away.h.
 *
 * After a start the bodies that stand apart from their records are away.  When nothing
 * else is wanted, a walk over the table of jobs brings back what there is room for.
 *
 * What is wanted stands in a ring of ids: a job may end, or get another body, before it
 * is asked for.  A job whose body the log has lost has no home any more, and is dead
 * for ever. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "core/aways.h"
#include "core/gate.h"
#include "core/group.h"
#include "core/hand.h"
#include "core/heir.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/lease.h"
#include "core/ready.h"

enum {
    AHEAD_JOBS = 1000, /* read ahead of the head of a queue */
    AHEAD_BYTES = 1 << 20,
    AHEAD_SHARE = 8, /* of the budget */
    ROOM = 4096,     /* wanted by movers, among others */
    FIRST_CAP = 64,
    STEP_BUCKETS = 1024,
    RESERVE_SHARE = 8, /* of the budget: not for what is brought back unasked */
    BODY_EFFECTS = 2,  /* MOVE, or STATE; and FORGET */
};

/* ---- the ring ---- */

static int reserve(struct core_wants *w)
{
    size_t cap = w->cap == 0 ? FIRST_CAP : w->cap * 2;

    if (w->count < w->cap)
        return 0;
    struct job_id *ids = malloc(cap * sizeof *ids);
    if (ids == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < w->count; i++)
        ids[i] = w->ids[(w->first + i) & (w->cap - 1)];
    free(w->ids);
    *w = (struct core_wants){ids, 0, w->count, cap};
    return 0;
}

static struct job_id take(struct core_wants *w)
{
    struct job_id id = w->ids[w->first];

    w->first = (w->first + 1) & (w->cap - 1);
    w->count--;
    return id;
}

void away_free(struct core *core)
{
    free(core->wants.ids);
}

int away_want(struct core *core, struct job *job)
{
    struct core_wants *w = &core->wants;

    if (!job->is_away || job->is_wanted || job->has_no_body)
        return 0;
    int rc = reserve(w);
    if (rc < 0)
        return rc;
    w->ids[(w->first + w->count++) & (w->cap - 1)] = job_id(job);
    job->is_wanted = true;
    return 0;
}

bool away_has_room(const struct core *core)
{
    return core->wants.count < ROOM;
}

/* ---- reading ahead ---- */

struct ahead {
    struct core *core;
    size_t jobs, bytes; /* how far yet */
    size_t groups;      /* that share this */
};

bool away_has_memory(const struct core *core, size_t bytes)
{
    return core->body_memory == 0 || (core->body_bytes <= core->body_memory &&
                                      bytes <= core->body_memory - core->body_bytes);
}

/* Returns  1: and the next;  0: it is enough.  Errors  -ENOMEM */
static int look_at(struct ahead *a, struct job *job)
{
    if (a->jobs == 0 || a->bytes < job->body_len)
        return 0;
    int rc = away_want(a->core, job);
    if (rc < 0)
        return rc;
    a->jobs--;
    a->bytes -= job->body_len;
    return 1;
}

/* The first of them in any case, if there is as much left at all. */
static struct ahead share_of(const struct ahead *all, const struct job *first)
{
    struct ahead share = {.core = all->core,
                          .jobs = (all->jobs + all->groups - 1) / all->groups,
                          .bytes = all->bytes / all->groups};

    if (share.bytes < first->body_len)
        share.bytes = first->body_len < all->bytes ? first->body_len : all->bytes;
    return share;
}

/* In the list they stand in order; in the heap the first places are near enough. */
static int look_at_all(struct ahead *a, const struct ready *r, struct job *first)
{
    int rc = look_at(a, first);

    for (size_t i = 0; i < r->late.count && rc > 0; i++) {
        struct job *job = RQ_CONTAINER_OF(r->late.nodes[i], struct job, at.late);

        rc = job == first ? 1 : look_at(a, job);
    }
    for (struct rq_list *link = r->list.next; link != &r->list && rc > 0;
         link = link->next) {
        struct job *job = RQ_LIST_ENTRY(link, struct job, at.link);

        rc = job == first ? 1 : look_at(a, job);
    }
    return rc;
}

/* What one group leaves of its share is for those behind it.  Errors  -ENOMEM */
static int look_at_group(struct ahead *all, const struct ready *r)
{
    struct job *first = ready_first_of(r);
    int rc = 0;

    if (first != NULL) {
        const struct ahead share = share_of(all, first);
        struct ahead left = share;

        rc = look_at_all(&left, r, first);
        all->jobs -= share.jobs - left.jobs;
        all->bytes -= share.bytes - left.bytes;
    }
    all->groups--;
    return rc < 0 ? rc : 0;
}

/* Groups take turns, so that all that are served soon share what is read ahead.  If
 * these are too many to look at, the next one of each will do. */
static int look_ahead(struct core *core, struct queue *q)
{
    const struct ready *groups[GROUPS_AHEAD];
    size_t count = groups_ahead(q, groups);
    size_t jobs = count == GROUPS_AHEAD ? count + 1 : AHEAD_JOBS;
    struct ahead a = {core, jobs, AHEAD_BYTES, count + 1};

    if (core->body_memory / AHEAD_SHARE < a.bytes && core->body_memory > 0)
        a.bytes = core->body_memory / AHEAD_SHARE;
    int rc = look_at_group(&a, &q->ready);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = look_at_group(&a, groups[i]);
    q->look_in = (uint32_t)(jobs - a.jobs) / 2;
    return rc;
}

int away_want_first(struct core *core, struct queue *q)
{
    struct job *job = ready_first(q);
    int rc = away_want(core, job);

    /* Without memory the others are not read ahead. */
    if (rc == 0 && away_has_memory(core, 0) && look_ahead(core, q) < 0)
        q->look_in = AHEAD_JOBS;
    return rc;
}

void away_passed(struct core *core, struct queue *q)
{
    if (q->away_ready == 0)
        return;
    if (q->look_in > 0) {
        q->look_in--;
        return;
    }
    if (away_has_memory(core, 0) && look_ahead(core, q) < 0)
        q->look_in = AHEAD_JOBS;
}

/* ---- the caller asks ---- */

/* Is there, perhaps, something to be brought back? */
static bool brings(const struct core *core)
{
    return core->bring_left > 0 && core->away_count > 0 &&
           away_has_memory(core, core->body_memory / RESERVE_SHARE);
}

bool core_wants_bodies(const struct core *core)
{
    return core->wants.count > 0 || brings(core);
}

static bool is_placed(const struct job *job)
{
    return job->state == JOB_READY || job->state == JOB_DELAYED ||
           job->state == JOB_DEAD;
}

/* What of a bucket can be brought back.  Returns  how many; `max`: perhaps more */
static size_t bring_bucket(struct core *core, size_t at, struct core_want *out,
                           size_t max, size_t *bytes)
{
    struct job *job = at < core->index.used ? core->index.buckets[at] : NULL;
    size_t n = 0;

    for (; job != NULL && n < max; job = job->index_next) {
        if (!job->is_away || job->is_wanted || job->has_no_body || !is_placed(job) ||
            !away_has_memory(core, job->body_len))
            continue;
        job->is_wanted = true;
        *bytes += job->body_len;
        out[n++] = (struct core_want){job_id(job), job->home};
    }
    return n;
}

/* A step of the walk, from the last bucket to the first. */
static size_t bring_back(struct core *core, struct core_want *out, size_t max)
{
    size_t n = 0, bytes = 0;

    for (size_t i = 0; i < STEP_BUCKETS && bytes < AHEAD_BYTES && brings(core); i++) {
        n += bring_bucket(core, core->bring_left - 1, out + n, max - n, &bytes);
        if (n == max)
            break;
        core->bring_left--;
    }
    return n;
}

size_t core_wanted(struct core *core, struct core_want *out, size_t max)
{
    size_t n = 0, bytes = AHEAD_BYTES;

    while (n < max && core->wants.count > 0) {
        struct core_wants *w = &core->wants;
        const struct job *job = index_get(&core->index, w->ids[w->first]);

        if (job != NULL && job->is_wanted) {
            if (n > 0 && job->body_len > bytes)
                break;
            bytes -= job->body_len < bytes ? job->body_len : bytes;
            out[n++] = (struct core_want){job_id(job), job->home};
        }
        take(w);
    }
    return n > 0 ? n : bring_back(core, out, max);
}

/* ---- and tells ---- */

/* The job, if it is still the one that was meant. */
static struct job *find(struct core *core, const struct core_want *want)
{
    struct job *job = index_get(&core->index, want->job);

    return job != NULL && job->is_away && !job->has_no_body && job->home == want->home
               ? job
               : NULL;
}

/* Somebody is about to get it; or his lease was kept over a restart, and only a mover
 * wants the body, who writes such a job himself. */
static bool is_needed(const struct job *job)
{
    return job->state == JOB_LEASED ||
           (job->state == JOB_READY && ready_first(job_queue(job)) == job);
}

/* The broker appends the record before anything else happens. */
static void write_again(struct job *job, struct rq_slice body, struct effects *fx)
{
    journal_move(job, fx);
    fx->items[fx->count - 1].u.log.record.body = body;
    fx->items[fx->count - 1].u.log.record.same_body = true;
    journal_forget(job, fx);
}

int core_body(struct core *core, const struct core_want *want, struct rq_slice body,
              bool may_write, struct effects *fx)
{
    struct job *job = find(core, want);

    if (job == NULL)
        return 0;
    if (body.len != job->body_len)
        return RQ_E_MALFORMED;
    int rc = effects_reserve(fx, BODY_EFFECTS);
    if (rc < 0)
        return rc;
    struct queue *q = job_queue(job);
    bool is_old = want->home < core->move_before; /* for the mover, most likely */

    bool fits = is_placed(job) && !is_old && away_has_memory(core, body.len);

    if (is_needed(job) || fits) {
        job = heir_make(core, job, body, job_attrs(job));
        if (job == NULL)
            return -ENOMEM;
    }
    job->is_wanted = false;
    if (is_placed(job) && may_write && is_old)
        write_again(job, body, fx);
    if (q->getter_count > 0)
        gate_look(core, q);
    return 0;
}

int core_lost(struct core *core, const struct core_want *want, struct rq_slice reason,
              struct effects *fx)
{
    struct job *job = find(core, want);

    if (job == NULL)
        return 0;
    int rc = effects_reserve(fx, BODY_EFFECTS);
    if (rc == 0)
        rc = job_need_extra(core, job);
    if (rc < 0)
        return rc;
    job->is_wanted = false;
    if (job->is_returning)
        return 0; /* it is looked at when it is back */
    core->lost_count++;
    journal_forget(job, fx);
    job->home = 0;
    if (job->state == JOB_ENDING)
        return 1;
    job->has_no_body = true;
    job_set_reason(job, reason);
    if (job->state == JOB_LEASED)
        lease_stop(job);
    if (job->state != JOB_DEAD)
        hand_bury(core, job, fx);
    return 1;
}

void core_unfetched(struct core *core, const struct core_want *want)
{
    struct job *job = find(core, want);

    if (job == NULL)
        return;
    job->is_wanted = false;
    if (job_queue(job)->getter_count > 0)
        gate_look(core, job_queue(job));
}
