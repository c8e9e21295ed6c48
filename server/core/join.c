/* join - who waits for the number of unfinished jobs to be 0.
 *
 * A sum over queues is 0 only when each of them is.  So a waiting JOIN stands in one
 * queue alone, its witness, which has unfinished jobs: as long as it has, the sum is
 * not 0. When the witness is done, another queue of the JOIN that has unfinished jobs
 * becomes the witness, or there is none: then this is the first instant at which the
 * sum is 0.
 *
 * A JOIN with BARRIER counts down instead: it knows how many jobs up to the last one of
 * its call are unfinished, and stands in all of its queues to hear of their ends.
 * SPDX-License-Identifier: MIT */
#include "core/join.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/mutant.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/state.h"
#include "core/waiter.h"

/* What has ended so far, summed over the queues of the JOIN. */
static struct join_counts count_ends(const struct waiter *w)
{
    struct join_counts sum = {0, 0, 0, 0};

    for (size_t i = 0; i < w->link_count; i++) {
        const struct record_totals *t = &w->links[i].queue->totals;

        sum.done += t->done;
        sum.dead += t->dead;
        sum.expired += t->expired;
        sum.cancelled += t->cancelled;
    }
    return sum;
}

static void answer(struct core *core, struct waiter *w, struct effects *fx)
{
    struct effect *e = effects_add(fx, EFFECT_JOINED);
    struct join_counts now = count_ends(w);

    e->u.joined.cookie = w->cookie;
    e->u.joined.counts = (struct join_counts){
        .done = now.done - w->before.done,
        .dead = now.dead - w->before.dead,
        .expired = now.expired - w->before.expired,
        .cancelled = now.cancelled - w->before.cancelled,
    };
    waiter_free(core, w);
}

/* Finds a queue that is not finished, looking from the present witness on. */
static bool find_witness(const struct waiter *w, size_t *out)
{
    for (size_t i = 0; i < w->link_count; i++) {
        size_t at = (w->witness + i) % w->link_count;

        if (queue_unfinished(w->links[at].queue, w->strict) > 0) {
            *out = at;
            return true;
        }
    }
    return false;
}

static void stand_at(struct waiter *w, size_t witness)
{
    struct queue *q = w->links[witness].queue;

    w->witness = witness;
    rq_list_push_back(&q->joiners[w->strict], &w->links[witness].link);
    q->joiner_count[w->strict]++;
}

size_t join_effects_max(const struct queue *q)
{
    return (size_t)q->joiner_count[0] + q->joiner_count[1] + q->barrier_count;
}

static void settle(struct core *core, struct queue *q, bool strict, struct effects *fx)
{
    struct rq_list *first;

    if (queue_unfinished(q, strict) > 0)
        return;
    while ((first = rq_list_pop_front(&q->joiners[strict])) != NULL) {
        struct waiter *w = RQ_LIST_ENTRY(first, struct waiter_link, link)->waiter;
        size_t witness;

        q->joiner_count[strict]--;
        if (find_witness(w, &witness))
            stand_at(w, witness);
        else
            answer(core, w, fx);
    }
}

/* ---- BARRIER ---- */

static bool is_before(const struct waiter *w, struct job_id job)
{
    const struct job_id last = w->barrier;

    return job.epoch != last.epoch ? job.epoch < last.epoch : job.number <= last.number;
}

static struct waiter *of_barrier(struct rq_list *link)
{
    return RQ_LIST_ENTRY(link, struct waiter_link, link)->waiter;
}

static void settle_barriers(struct core *core, struct queue *q,
                            const struct join_change *change, struct effects *fx)
{
    RQ_LIST_EACH_SAFE(link, &q->barriers)
    {
        struct waiter *w = of_barrier(link);

        if (!(w->strict ? change->strict : change->plain) || !is_before(w, change->job))
            continue;
        ASSERT(w->left > 0);
        if (--w->left == 0)
            answer(core, w, fx);
    }
}

void join_raise(const struct queue *q, const struct join_change *change)
{
    RQ_LIST_EACH(link, &q->barriers)
    {
        struct waiter *w = of_barrier(link);

        w->left +=
            (w->strict ? change->strict : change->plain) && is_before(w, change->job);
    }
}

static void stand_at_barrier(const struct core *core, struct waiter *w)
{
    w->has_barrier = true;
    w->barrier = (struct job_id){core->epoch, core->number};
    for (size_t i = 0; i < w->link_count; i++) {
        struct queue *q = w->links[i].queue;

        w->left += queue_unfinished(q, w->strict);
        rq_list_push_back(&q->barriers, &w->links[i].link);
        q->barrier_count++;
    }
}

void join_settle(struct core *core, struct queue *q, const struct join_change *change,
                 struct effects *fx)
{
    if (join_effects_max(q) > 0) {
        q->pins++; /* the last joiner would take the queue with it */
        settle(core, q, false, fx);
        settle(core, q, true, fx);
        settle_barriers(core, q, change, fx);
        q->pins--;
    }
    queue_release(core, q);
}

/* Unfinished jobs that are overlooked: only in the test of the simulator. */
static uint64_t overlooked(const struct queue *q)
{
    if (MUTANT(JOIN_IGNORES_ENDING))
        return q->count[JOB_ENDING];
    return MUTANT(JOIN_IGNORES_LEASED) ? q->count[JOB_LEASED] : 0;
}

static bool is_finished(const struct core *core, const struct core_join *join)
{
    for (size_t i = 0; i < join->queue_count; i++) {
        const struct queue *q = queue_find(core, join->queues[i]);

        if (q != NULL && queue_unfinished(q, join->strict) > overlooked(q))
            return false;
    }
    return true;
}

int core_join(struct core *core, const struct core_join *join, struct holder *holder,
              void *cookie, struct core_now now, struct effects *fx,
              struct waiter **out_waiter)
{
    const struct waiter_call call = {.kind = WAITER_JOIN,
                                     .queues = join->queues,
                                     .queue_count = join->queue_count,
                                     .block_ms = join->block_ms,
                                     .holder = holder,
                                     .cookie = cookie};
    struct waiter *w;
    size_t witness;

    ASSERT(join->queue_count > 0);
    if (join->queue_count > LIMIT_QUEUES_PER_COMMAND)
        return RQ_E_LIMIT;
    int rc = effects_reserve(fx, 1);
    if (rc < 0)
        return rc;
    if (is_finished(core, join)) {
        effects_add(fx, EFFECT_JOINED)->u.joined.cookie = cookie;
        *out_waiter = NULL;
        return 0;
    }
    if (join->block_ms == 0) {
        effects_add(fx, EFFECT_TIMEOUT)->u.timeout.cookie = cookie;
        *out_waiter = NULL;
        return 0;
    }

    rc = waiter_new(core, &call, now, &w);
    if (rc < 0)
        return rc;
    w->strict = join->strict;
    w->before = count_ends(w);
    *out_waiter = w;
    if (join->barrier) {
        stand_at_barrier(core, w);
        return 0;
    }
    bool found = find_witness(w, &witness);
    ASSERT(found); /* is_finished() saw one */
    stand_at(w, witness);
    return 0;
}
