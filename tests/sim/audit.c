/* audit - the last look: every job that was acknowledged has ended, or is dead, and the
 * server's numbers say the same.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "core/core.h"
#include "sim/history.h"
#include "sim/world.h"

/* What the history says about a queue. */
struct tally {
    uint64_t put, ended, dead; /* for certain */
    uint64_t perhaps;          /* PUTs of which nobody knows */
};

static void audit_job(struct history *h, struct deed *d, const struct core *core,
                      struct tally *t)
{
    const struct job *job = d->id.epoch == 0 ? NULL : core_find_job(core, d->id);
    struct job_view view = {.state = JOB_PENDING};

    if (d->put == NO)
        return;
    if (job != NULL)
        job_view(job, &view);
    if (job != NULL && view.state != JOB_DEAD)
        history_anomaly(h, "STUCK", d, "it is %s", job_state_name(view.state));
    else if (job != NULL && (d->done_ns != 0 || d->cancelled_ns != 0) && !d->was_kicked)
        history_anomaly(h, "RESURRECTED", d, "it is dead, and was ended");
    else if (job != NULL && !d->may_die)
        history_anomaly(h, "LOST", d, "it is dead, and nobody killed it");
    else if (job == NULL && d->put == YES && !d->may_be_over)
        history_anomaly(h, "LOST", d, "put at %lld us, taken %zu times",
                        (long long)(d->put_ns / 1000), d->lease_count);
    if (d->put == NOT_KNOWN && job == NULL &&
        (d->lease_count == 0 || d->recipe.is_volatile)) {
        t->perhaps++; /* never stored, or ended unseen */
        return;
    }
    t->put++;
    t->dead += job != NULL;
    t->ended += job == NULL;
}

static void compare(struct history *h, size_t queue, const char *what, uint64_t counted,
                    uint64_t least, uint64_t most)
{
    if (counted < least || counted > most)
        history_anomaly(h, "COUNT_MISMATCH", NULL,
                        "queue %s: %s is %" PRIu64 ", but it was %" PRIu64
                        " to %" PRIu64,
                        world_queues[queue], what, counted, least, most);
}

static struct queue_view view_of(const struct core *core, size_t queue)
{
    const struct queue *q = core_find_queue(core, rq_slice_str(world_queues[queue]));
    struct queue_view v = {.ready = 0};

    if (q != NULL)
        queue_view(q, 0, &v);
    return v;
}

/* Where each job is, nobody knows: the queues together. */
static void audit_sum(struct history *h, const struct core *core, const struct tally *t)
{
    uint64_t put = 0, ended = 0, dead = 0;

    for (size_t queue = 0; queue < WORLD_QUEUES_MAX; queue++) {
        const struct queue_view v = view_of(core, queue);

        put += v.totals.put - v.totals.requeued;
        ended += v.totals.done + v.totals.cancelled + v.totals.expired;
        dead += v.dead;
        compare(h, queue, "unfinished", v.unfinished, 0, 0);
    }
    compare(h, 0, "and all others: put", put, t->put, t->put + t->perhaps);
    compare(h, 0, "and all others: ended", ended, t->ended, t->ended + t->perhaps);
    compare(h, 0, "and all others: dead", dead, t->dead, t->dead);
}

static void audit_queue(struct history *h, const struct core *core, size_t queue,
                        const struct tally *t)
{
    const struct queue_view v = view_of(core, queue);
    uint64_t ended = v.totals.done + v.totals.cancelled + v.totals.expired;
    compare(h, queue, "total_put", v.totals.put, t->put, t->put + t->perhaps);
    compare(h, queue, "the number of ends", ended, t->ended, t->ended + t->perhaps);
    compare(h, queue, "dead", v.dead, t->dead, t->dead);
    compare(h, queue, "unfinished", v.unfinished, 0, 0);
}

void history_audit(struct history *h, const struct core *core)
{
    struct tally all = {0};

    history_batch_audit(h, core);
    for (size_t queue = 0; queue < WORLD_QUEUES_MAX; queue++) {
        struct tally own = {0}, *t = h->has_requeued ? &all : &own;

        for (size_t i = 0; i < h->count; i++)
            if (h->deeds[i]->recipe.queue == queue)
                audit_job(h, h->deeds[i], core, t);
        if (!h->has_requeued)
            audit_queue(h, core, queue, t);
    }
    if (h->has_requeued)
        audit_sum(h, core, &all);
}
