/* requeue - a job that waits goes to another queue, as it is.
 *
 * In the queue that it enters it counts at once.  In the one that it has left it counts
 * as unfinished until its MOVE is in the log: else a JOIN there could be answered, and
 * a crash could bring the job back.  Meanwhile a departure stands for it.
 *
 * The MOVE carries the body: whoever wants a job to go whose body is away brings it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "core/attrs.h"
#include "core/counters.h"
#include "core/gate.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/join.h"
#include "core/journal.h"
#include "core/kind.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/state.h"
#include "core/unique.h"

enum { REQUEUE_EFFECTS = 2 }; /* MOVE, and FORGET of the old home */

/* A job on its way, with all that it needs there. */
struct going {
    struct job *job;
    const struct core_read *read; /* its body, if that is away */
    struct queue *to;
    struct job_kind *kind;
    struct departure *departure;
};

/* Makes sure that go() cannot fail.  On errors nothing is left. */
static int prepare(struct core *core, struct going *g, struct effects *fx)
{
    const struct job_kind_key *key = &g->job->kind->key;
    struct rq_slice name;

    g->kind = kind_need(core, g->to, job_attrs(g->job), key->epoch, &key->policy);
    g->departure = calloc(1, sizeof *g->departure);
    int rc = g->kind == NULL || g->departure == NULL ? -ENOMEM : 0;
    if (rc == 0)
        rc = hand_reserve_as(g->kind, g->job, core, REQUEUE_EFFECTS, fx);
    if (rc == 0 && attrs_find(job_attrs(g->job), ATTR_UNIQUE, &name))
        rc = unique_carry_over(core, g->job, g->to, name);
    if (rc == 0)
        return 0;
    kind_unref(core, g->kind);
    free(g->departure);
    return rc;
}

static void depart(struct core *core, const struct going *g)
{
    struct departure *d = g->departure;

    *d = (struct departure){.queue = job_queue(g->job),
                            .job = job_id(g->job),
                            .was_dead = g->job->state == JOB_DEAD};
    d->queue->leaving++;
    d->queue->leaving_dead += d->was_dead;
    rq_list_push_back(&core->departures, &d->link);
}

/* What was being read is not at home there any more. */
static void write_move(const struct going *g, struct effects *fx)
{
    struct job *job = g->job;

    journal_requeue(job, g->departure, fx);
    if (job->is_away)
        fx->items[fx->count - 1].u.log.record.body = g->read->body;
    journal_forget(job, fx);
    job->is_wanted = false;
}

static void go(struct core *core, const struct going *g, struct core_now now,
               struct effects *fx)
{
    struct job *job = g->job;
    struct job_kind *old = job->kind;
    enum job_state state = (enum job_state)job->state;
    bool is_dead = state == JOB_DEAD;

    depart(core, g);
    place_leave(core, job);
    job->kind = g->kind;
    kind_unref(core, old);
    place_enter(core, job, state == JOB_READY ? JOB_PENDING : state);
    write_move(g, fx);
    counters_add(core, g->to, (struct record_totals){.put = 1, .dead = is_dead});
    join_raise(g->to, &(struct join_change){job_id(job), !is_dead, true});
    if (state == JOB_READY)
        hand_over(core, job, now, fx);
}

/* Has somebody else the job's key there? */
static bool is_taken(struct core *core, const struct going *g, struct core_now now,
                     struct job_id *out)
{
    struct rq_slice key;

    return attrs_find(job_attrs(g->job), ATTR_UNIQUE, &key) &&
           unique_find(core, g->to, key, now, out);
}

static bool has_body(const struct going *g)
{
    const struct core_read *read = g->read;

    return !g->job->is_away || (read != NULL && read->home == g->job->home &&
                                read->body.len == g->job->body_len);
}

static int requeue(struct core *core, struct going g, struct rq_slice queue,
                   struct core_now now, struct effects *fx, struct job_id *out_exists)
{
    int rc = queue_need(core, queue, LIMIT_QUEUES, &g.to);

    if (rc < 0)
        return rc;
    rc = is_taken(core, &g, now, out_exists) ? 1
         : has_body(&g)                      ? prepare(core, &g, fx)
                                             : -EAGAIN;
    if (rc == 0)
        go(core, &g, now, fx);
    else
        queue_release(core, g.to);
    return rc;
}

int core_requeue(struct core *core, struct job_id id, struct rq_slice queue,
                 const struct core_read *read, struct core_now now, struct effects *fx,
                 struct job_id *out_exists)
{
    struct job *job = index_get(&core->index, id);

    if (job == NULL || job->state == JOB_PENDING)
        return RQ_E_NOJOB;
    if (job->state == JOB_LEASED || job->state == JOB_ENDING || job->has_no_body)
        return RQ_E_BADARG;
    if (rq_slice_eq(queue_name(job_queue(job)), queue))
        return 0; /* it is there */
    int rc = gate_admits(core, queue_find(core, queue), 1);
    struct going going = {.job = job, .read = read};

    return rc < 0 ? rc : requeue(core, going, queue, now, fx, out_exists);
}

int core_departed(struct core *core, struct departure *d, struct effects *fx)
{
    const struct join_change change = {d->job, !d->was_dead, true};
    struct queue *q = d->queue;
    int rc = effects_reserve(fx, join_effects_max(q));

    if (rc < 0)
        return rc;
    ASSERT(q->leaving > 0 && q->leaving_dead >= d->was_dead);
    q->leaving--;
    q->leaving_dead -= d->was_dead;
    rq_list_remove(&d->link);
    free(d);
    counters_add(core, q, (struct record_totals){.requeued = 1});
    join_settle(core, q, &change, fx);
    return 0;
}

void departures_free(struct core *core)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&core->departures)) != NULL)
        free(RQ_LIST_ENTRY(link, struct departure, link));
}
