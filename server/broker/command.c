/* command.c - one function per command: gate, rules, carry.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/mutant.h"
#include "broker/inner.h"

/* ---- waiting ---- */

/* The member's holder comes with its first GET, JOIN or wait for room: an idle
 * connection costs nothing here.
 */
static int need_holder(struct member *m)
{
    if (m->holder == NULL)
        m->holder = core_holder_new(m->broker->core);
    return m->holder == NULL ? -ENOMEM : 0;
}

/* Whoever waits goes through the gate, and has a holder then. */
static int enter(struct member *m)
{
    int rc = broker_gate(m->broker);

    return rc < 0 ? rc : need_holder(m);
}

/* The wait is over before it began, or the promise joins the member's waits. */
static void wait_or_carry(struct member *m, struct promise *promise,
                          struct waiter *waiter)
{
    promise->waiter = waiter;
    if (waiter != NULL)
        rq_list_push_back(&m->waits, &promise->link);
    broker__carry(m->broker, NULL);
}

/* ---- producing ---- */

/* At level `memory` nobody waits for the log: the jobs are ready, and the answer goes
 * out, before their commit has even left. */
void broker__confirm_at_once(struct broker *b, size_t count)
{
    size_t end = b->pledges.tail; /* behind it, what the confirmations may add */
    struct promise *promise = NULL;

    for (size_t i = end - count; i < end; i++) {
        struct pledge *pledge = pledges_at(&b->pledges, i);
        struct job *job = pledge->job;

        promise = pledge->promise;
        pledge->job = NULL;
        pledge->promise = NULL;
        broker__tell_confirmed(b, job);
        broker__must(core_taken(b->core, job, broker__now(b), &b->fx), "taking a job");
        broker__carry(b, NULL);
    }
    promise->ops->done(promise);
}

/* Takes back the youngest `count` PUTs, of a command that fails as a whole: in the
 * order of the commit, in which the store searches. */
static void take_back(struct broker *b, size_t count)
{
    size_t end = b->pledges.tail;

    for (size_t i = end - count; i < end; i++) {
        struct pledge pledge = *pledges_at(&b->pledges, i);
        bool unsent = store_withdraw(b->store, job_identity(pledge.job), pledge.seq);

        ASSERT(unsent); /* nothing is sent in the middle of a command */
        broker__must(core_refused(b->core, pledge.job, broker__now(b), &b->fx),
                     "taking back a PUT");
        broker__carry(b, NULL);
    }
    ASSERT(b->pledges.tail == end); /* a job that goes confirms nothing */
    while (count-- > 0)
        pledges_drop_last(&b->pledges);
}

int broker__put_one(struct broker *b, const struct core_put *put, struct job **out,
                    struct job_id *out_exists)
{
    int rc = core_put(b->core, put, broker__now(b), &b->fx, out, out_exists);
    if (rc != 0)
        return rc;
    rc = broker__carry(b, NULL).rc;
    if (rc < 0) {
        broker__must(core_refused(b->core, *out, broker__now(b), &b->fx),
                     "undoing a PUT");
        broker__carry(b, NULL);
        return rc == -ENOMEM ? rc : rc == -EMSGSIZE ? RQ_E_TOOBIG : RQ_E_STORE;
    }
    return 0;
}

/* They expire together, so that they are withdrawn together or not at all. */
static void share_time(struct broker *b, size_t count)
{
    size_t end = b->pledges.tail;

    for (size_t i = end - count + 1; i < end; i++)
        pledges_at(&b->pledges, i)->since_ns =
            pledges_at(&b->pledges, end - count)->since_ns;
}

/* All of them or none.  Returns  0;  1: a job with the key exists */
static int put_all(struct broker *b, const struct broker_put *put)
{
    struct core_put one = put->job;

    for (size_t i = 0; i < put->count; i++) {
        struct job_id exists;
        struct job *job;

        one.body = put->bodies[i];
        int rc = broker__put_one(b, &one, &job, &exists);
        ASSERT(rc <= 0 || put->count == 1);
        if (rc > 0)
            *put->receipt = (struct broker_receipt){.first = exists, .exists = true};
        if (rc < 0)
            take_back(b, i);
        if (rc != 0)
            return rc;
        if (i == 0)
            *put->receipt =
                (struct broker_receipt){.first = job_identity(job),
                                        .count = put->count,
                                        .delayed = put->job.due_wall_ms > 0};
    }
    share_time(b, put->count);
    return 0;
}

/* Row 5: a job with the key exists.  It may be on its way to the log yet. */
static int meet(struct broker *b, const struct broker_put *put, struct promise *promise)
{
    int rc = 0;

    if (put->replace)
        rc = core_replace(b->core, put->receipt->first, put->bodies[0], put->job.attrs,
                          &b->fx);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

/* More than Redis holds now cannot be promised, nor more copies than each commit waits
 * for.  Errors  RQ_E_BADARG */
static int check_level(const struct broker *b, const struct broker_put *put)
{
    bool is_too_durable = put->has_level && put->level > store_level(b->store);
    bool has_too_many = put->copies > store_copies(b->store);

    *put->receipt = (struct broker_receipt){.is_too_durable = is_too_durable,
                                            .has_too_many_copies = has_too_many};
    return is_too_durable || has_too_many ? RQ_E_BADARG : 0;
}

static bool is_waited_for(const struct broker *b, const struct broker_put *put)
{
    return store_level(b->store) != STORE_MEMORY &&
           !(put->has_level && put->level == STORE_MEMORY);
}

static int put_now(struct broker *b, const struct broker_put *put,
                   struct promise *promise)
{
    int rc = check_level(b, put);

    if (rc == 0 && (!store_has_room(b->store) || store_is_crowded(b->store)))
        rc = RQ_E_STORE;
    if (rc < 0)
        return rc;
    store_hold(b->store); /* one commit for all of them */
    rc = put_all(b, put);
    store_unhold(b->store);
    if (rc > 0)
        return meet(b, put, promise);
    if (rc < 0)
        return rc;
    pledges_last(&b->pledges)->promise = promise;
    if (is_waited_for(b, put) && !MUTANT(PUT_BEFORE_COMMIT))
        return 0;
    put->receipt->is_in_memory = true;
    broker__confirm_at_once(b, put->count);
    return 0;
}

/* A job whose key another one has needs no room. */
static int admit(struct broker *b, const struct broker_put *put)
{
    int rc = core_admits(b->core, put->job.queue, put->count);

    return rc < 0 && core_has_key(b->core, &put->job, broker__now(b)) ? 0 : rc;
}

int broker_put(struct broker *b, const struct broker_put *put, struct promise *promise)
{
    int rc = broker_gate(b);

    ASSERT(put->count > 0);
    if (rc == 0)
        rc = check_level(b, put);
    if (rc == 0)
        rc = core_batch_takes(b->core, put->job.attrs);
    if (rc == 0)
        rc = admit(b, put);
    return rc < 0 ? rc : put_now(b, put, promise);
}

void broker__put_admitted(struct broker *b)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&b->admitted)) != NULL) {
        struct promise *p = RQ_LIST_ENTRY(link, struct promise, link);
        const struct broker_put *put = p->put;

        p->put = NULL;
        core_room_used(b->core, put->job.queue, put->count);
        int rc = put_now(b, put, p);
        if (rc < 0)
            p->ops->failed(p, rc);
    }
}

int broker_put_later(struct member *m, const struct broker_put *put, int64_t block_ms,
                     struct promise *promise)
{
    const struct core_room room = {put->job.queue, put->count, block_ms};
    struct broker *b = m->broker;
    struct waiter *waiter;

    int rc = need_holder(m);
    if (rc == 0)
        rc = core_wait_for_room(b->core, &room, m->holder, promise, broker__now(b),
                                &waiter);
    if (rc < 0)
        return rc;
    promise->put = put;
    wait_or_carry(m, promise, waiter);
    return 0;
}

/* ---- consuming ---- */

int broker_get(struct member *m, const struct core_get *get, struct promise *promise)
{
    struct broker *b = m->broker;
    struct waiter *waiter;

    int rc = broker_gate(b);
    if (rc == 0 && (core_is_held(b->core) || !store_has_room(b->store)))
        rc = RQ_E_STORE; /* its LEASE record would add to what Redis does not take */
    if (rc == 0)
        rc = need_holder(m);
    if (rc == 0)
        rc =
            core_get(b->core, get, m->holder, promise, broker__now(b), &b->fx, &waiter);
    if (rc < 0)
        return rc;
    wait_or_carry(m, promise, waiter);
    return 0;
}

void broker_undeliver(struct broker *b, struct job_id id, uint64_t lease)
{
    broker__must(core_undeliver(b->core, id, lease, broker__now(b), &b->fx),
                 "undoing a hand-over");
    broker__carry(b, NULL);
}

int broker_done(struct broker *b, const struct broker_lease *leases, size_t count,
                struct rq_slice result, bool has_result, struct promise *promise,
                size_t *out_finished, size_t *out_bad, int *out_bad_code)
{
    struct core_now now = broker__now(b);
    size_t finished = 0, bad = count;
    int bad_code = 0;

    int rc = broker_gate(b);
    if (rc == 0 && result.len > 0 && !store_has_room(b->store))
        rc =
            RQ_E_STORE; /* an end is never gated, but what comes with it can be large */
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        rc = core_done(b->core, leases[i].id, leases[i].n, result, has_result, now,
                       &b->fx);
        if (rc == 0) {
            finished++;
        } else if (bad == count) {
            bad = i;
            bad_code = rc;
        }
    }
    *out_finished = finished;
    *out_bad = bad;
    *out_bad_code = bad_code;
    return finished == 0 ? bad_code : broker__carry_promise(b, promise);
}

int broker_fail(struct broker *b, const struct broker_lease *lease,
                struct rq_slice error, int64_t delay_ms, bool dead,
                struct promise *promise, struct core_failed *out)
{
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_fail(b->core, lease->id, lease->n, error, delay_ms, dead,
                       broker__now(b), &b->fx, out);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

int broker_release(struct broker *b, const struct broker_lease *lease, int64_t delay_ms,
                   struct promise *promise)
{
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_release(b->core, lease->id, lease->n, delay_ms, broker__now(b),
                          &b->fx);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

int broker_touch(struct broker *b, const struct broker_lease *lease, uint32_t ttr_ms,
                 struct core_touched *out)
{
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_touch(b->core, lease->id, lease->n, ttr_ms, broker__now(b), &b->fx,
                        out);
    if (rc == 0)
        broker__carry(b, NULL);
    return rc;
}

int broker_progress(struct broker *b, const struct broker_lease *lease, uint8_t percent,
                    struct rq_slice note)
{
    int rc = broker_gate(b);

    return rc < 0 ? rc : core_progress(b->core, lease->id, lease->n, percent, note);
}

size_t broker_touch_all(struct member *m, uint32_t ttr_ms,
                        void (*each)(void *arg, const struct job *job,
                                     const struct core_touched *touched),
                        void *arg)
{
    if (m->holder == NULL)
        return 0;
    long n = core_touch_all(m->broker->core, m->holder, ttr_ms, broker__now(m->broker),
                            &m->broker->fx, each, arg);
    broker__must((int)n, "holding leases");
    broker__carry(m->broker, NULL);
    return (size_t)n;
}

int member_keep_leases(struct member *m, struct rq_slice name)
{
    int rc = broker_gate(m->broker);

    if (name.len == 0 && m->holder == NULL)
        return 0; /* it never did */
    if (rc == 0)
        rc = need_holder(m);
    return rc < 0 ? rc : core_holder_keep(m->broker->core, m->holder, name);
}

size_t member_leases(const struct member *m)
{
    return m->holder == NULL ? 0 : core_holder_leases(m->holder);
}

/* ---- joining ---- */

int broker_join(struct member *m, const struct core_join *join, struct promise *promise)
{
    struct broker *b = m->broker;
    struct waiter *waiter;

    int rc = enter(m);
    if (rc == 0)
        rc = core_join(b->core, join, m->holder, promise, broker__now(b), &b->fx,
                       &waiter);
    if (rc < 0)
        return rc;
    wait_or_carry(m, promise, waiter);
    return 0;
}

int broker_wait(struct member *m, const struct core_wait *wait, struct promise *promise,
                size_t *out_bad)
{
    struct broker *b = m->broker;
    struct waiter *waiter;

    int rc = enter(m);
    if (rc == 0)
        rc = core_wait(b->core, wait, m->holder, promise, broker__now(b), &b->fx,
                       &waiter, out_bad);
    if (rc < 0)
        return rc;
    wait_or_carry(m, promise, waiter);
    return 0;
}

/* ---- batches ---- */

int broker_batch_new(struct broker *b, uint64_t keep_ms, struct promise *promise,
                     struct job_id *out)
{
    int rc = broker_gate(b);

    if (rc == 0 && !store_has_room(b->store))
        rc = RQ_E_STORE;
    if (rc == 0)
        rc = core_batch_new(b->core, keep_ms, broker__now(b), &b->fx, out);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

int broker_batch_close(struct broker *b, struct job_id id, struct promise *promise)
{
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_batch_close(b->core, id, &b->fx);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

int broker_batch_join(struct member *m, struct job_id id, int64_t block_ms,
                      struct promise *promise)
{
    struct broker *b = m->broker;
    struct waiter *waiter;

    int rc = enter(m);
    if (rc == 0)
        rc = core_batch_join(b->core, id, block_ms, m->holder, promise, broker__now(b),
                             &b->fx, &waiter);
    if (rc < 0)
        return rc;
    wait_or_carry(m, promise, waiter);
    return 0;
}
