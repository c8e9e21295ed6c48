/* get - a job for whoever asks: rows 7 and 8.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/err.h"
#include "core/aways.h"
#include "core/counters.h"
#include "core/gate.h"
#include "core/group.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/lease.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/state.h"
#include "core/waiter.h"

/* A GET that takes what is there. */
struct taking {
    struct core *core;
    struct holder *holder;
    struct core_now now;
    struct effects *fx;
    uint32_t ttr_ms;
    size_t taken, taken_max;
    size_t bytes, bytes_max;
    bool has_dropped; /* an end cannot be undone: the GET may not fail any more */
};

/* The job cannot be taken, now or ever. */
static void drop(struct taking *t, struct job *job)
{
    if (job_is_expired(job, t->now))
        hand_end(t->core, job, RECORD_END_EXPIRED, RQ_LIT(""), t->now, t->fx);
    else
        hand_bury_unleasable(t->core, job, t->fx);
    t->has_dropped = true;
}

/* Takes the first job of `q`.
 * Returns  0: there is none, or enough has been taken.  Errors  -ENOMEM */
static int take_one(struct taking *t, struct queue *q)
{
    struct job *job = ready_first(q);

    if (job == NULL || t->taken == t->taken_max)
        return 0;
    if (q->getter_count > 0 || !gate_is_open(t->core, q, t->now))
        return 0; /* those who wait before the gate come first */
    if (job->is_away)
        return away_want_first(t->core, q);
    if (t->taken > 0 &&
        (t->bytes >= t->bytes_max || job->body_len > t->bytes_max - t->bytes)) {
        t->taken_max = t->taken; /* strict order: no smaller one instead */
        return 0;
    }
    /* One record now, one delivery each later, or the timeout. */
    int rc = effects_reserve(t->fx, t->taken + 3);
    if (rc < 0)
        return rc;
    rc = job_need_extra(t->core, job);
    if (rc < 0)
        return rc;
    if (job_is_expired(job, t->now) || !lease_is_possible(t->core, job)) {
        drop(t, job);
        return 1;
    }
    lease_start(t->core, job, t->holder, t->ttr_ms, t->now, t->fx);
    away_passed(t->core, q);
    t->bytes += job->body_len;
    t->taken++;
    return 1;
}

/* One job of the queue.  Returns and Errors  as take_one() */
static int take_from(struct taking *t, struct rq_slice name)
{
    struct queue *q = queue_find(t->core, name);

    if (q == NULL)
        return 0;
    return take_one(t, q);
}

/* The queue whose turn it is, of those not in `empty`. */
static size_t draw(struct core *core, const struct core_get *get, uint64_t empty)
{
    uint64_t sum = 0, at;

    for (size_t i = 0; i < get->queue_count; i++)
        sum += empty >> i & 1 ? 0 : get->weights[i];
    at = rq_rand_below(&core->rand, sum);
    for (size_t i = 0;; i++) {
        uint64_t weight = empty >> i & 1 ? 0 : get->weights[i];

        if (at < weight)
            return i;
        at -= weight;
    }
}

/* Chance gives each job's turn to a queue; one that has nothing gives it on. */
static int take_turns(struct taking *t, const struct core_get *get)
{
    uint64_t all =
        get->queue_count == 64 ? UINT64_MAX : (UINT64_C(1) << get->queue_count) - 1;
    uint64_t empty = 0;

    ASSERT(get->queue_count <= 64);
    while (empty != all && t->taken < t->taken_max) {
        size_t i = draw(t->core, get, empty);
        int rc = take_from(t, get->queues[i]);

        if (rc < 0)
            return t->taken > 0 ? 0 : rc;
        if (rc == 0)
            empty |= UINT64_C(1) << i;
    }
    return 0;
}

/* Takes from the queues in strict order.  What has been taken is good, whatever comes
 * after it. */
static int take_in_order(struct taking *t, const struct core_get *get)
{
    int rc = 0;

    for (size_t i = 0; i < get->queue_count && rc == 0; i++) {
        do
            rc = take_from(t, get->queues[i]);
        while (rc > 0 && t->taken < t->taken_max);
    }
    return t->taken > 0 ? 0 : rc;
}

/* A delivery for each LEASE record from `first` on; deliveries stand together. */
static void deliver(struct effects *fx, size_t first, void *cookie)
{
    struct effect *previous = NULL;
    size_t end = fx->count;

    for (size_t i = first; i < end; i++) {
        if (fx->items[i].u.log.record.type != RECORD_LEASE)
            continue;
        struct job *job = fx->items[i].u.log.job;
        struct effect *e = effects_add(fx, EFFECT_DELIVER);

        e->u.deliver.cookie = cookie;
        e->u.deliver.job = job;
        e->u.deliver.lease = job_extra(job)->lease;
        if (previous != NULL)
            previous->u.deliver.more = true;
        previous = e;
    }
}

/* Is there nothing to wait for, because all queues are shut and empty? */
static bool are_dry(const struct core *core, const struct core_get *get)
{
    for (size_t i = 0; i < get->queue_count; i++) {
        const struct queue *q = queue_find(core, get->queues[i]);

        if (q == NULL || !gate_is_dry(q))
            return false;
    }
    return true;
}

/* Has one of the queues jobs, which only have not been brought yet? */
static bool can_come(const struct core *core, const struct core_get *get,
                     struct core_now now)
{
    for (size_t i = 0; i < get->queue_count; i++) {
        const struct queue *q = queue_find(core, get->queues[i]);

        if (q != NULL && (q->away_ready > 0 || q->short_count > 0) &&
            gate_has_next(core, q, now))
            return true;
    }
    return false;
}

/* BLOCK 0: only for what can come. */
static int wait_for_one(struct core *core, const struct core_get *get,
                        struct holder *holder, void *cookie, struct core_now now,
                        struct waiter **out)
{
    const struct waiter_call call = {.kind = WAITER_GET,
                                     .queues = get->queues,
                                     .queue_count = get->queue_count,
                                     .block_ms =
                                         get->block_ms == 0 ? -1 : get->block_ms,
                                     .holder = holder,
                                     .cookie = cookie};
    struct waiter *w;
    int rc = waiter_new(core, &call, now, &w);

    if (rc < 0)
        return rc;
    w->ttr_ms = get->ttr_ms;
    w->is_short = get->block_ms == 0;
    waiter_listen(w);
    *out = w;
    return 0;
}

int core_get(struct core *core, const struct core_get *get, struct holder *holder,
             void *cookie, struct core_now now, struct effects *fx,
             struct waiter **out_waiter)
{
    size_t owed = holder->lease_count + holder->getter_count, first = fx->count;
    struct taking t = {.core = core,
                       .holder = holder,
                       .now = now,
                       .fx = fx,
                       .ttr_ms = get->ttr_ms,
                       .taken_max = get->count,
                       .bytes_max = get->bytes_max};

    ASSERT(get->queue_count > 0 && get->count > 0 && !core->is_replaying);
    if (get->queue_count > LIMIT_QUEUES_PER_COMMAND ||
        owed >= LIMIT_LEASES_PER_CONNECTION)
        return RQ_E_LIMIT;
    if (t.taken_max > LIMIT_LEASES_PER_CONNECTION - owed)
        t.taken_max = LIMIT_LEASES_PER_CONNECTION - owed;

    int rc = effects_reserve(fx, 1);
    if (rc == 0)
        rc = get->weights == NULL ? take_in_order(&t, get) : take_turns(&t, get);
    if (rc == 0 && t.taken == 0 && are_dry(core, get))
        rc = RQ_E_SHUTDOWN;
    if (rc == 0 && t.taken == 0 && (get->block_ms != 0 || can_come(core, get, now))) {
        rc = wait_for_one(core, get, holder, cookie, now, out_waiter);
        if (rc == 0)
            return 0;
    }
    if (rc < 0 && !t.has_dropped)
        return rc;
    if (t.taken > 0)
        deliver(fx, first, cookie);
    else
        effects_add(fx, EFFECT_TIMEOUT)->u.timeout.cookie = cookie;
    *out_waiter = NULL;
    return 0;
}

int core_undeliver(struct core *core, struct job_id id, uint64_t lease,
                   struct core_now now, struct effects *fx)
{
    struct job *job;

    if (lease_find(core, id, lease, &job) < 0)
        return 0; /* it has come back already */
    int rc = hand_reserve(job, core, 1, fx);
    if (rc < 0)
        return rc;
    counters_undelivered(core, job);
    lease_stop(job);
    group_give_turn_back(job);
    job->attempts--;
    if (job->is_cancelled) {
        hand_end(core, job, RECORD_END_CANCELLED, RQ_LIT(""), now, fx);
        return 0;
    }
    journal_state(job, RECORD_READY, fx);
    hand_over(core, job, now, fx);
    return 0;
}
