/* manage - what operators do to jobs: gate, rules, carry.
 *
 * What touches many jobs goes to the log in batches, within one command: nobody sees a
 * half of it, and the list of effects stays small.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "broker/inner.h"

enum { BATCH = 1024 };

/* ---- jobs by id ---- */

typedef int change_one(struct core *core, struct job_id id, struct core_now now,
                       struct effects *fx);

static int change_all(struct broker *b, const struct job_id *ids, size_t count,
                      change_one *change, struct promise *promise, size_t *out_changed,
                      size_t *out_bad)
{
    int rc = broker_gate(b);

    *out_changed = 0;
    *out_bad = count;
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        rc = change(b->core, ids[i], broker__now(), &b->fx);
        if (rc > 0)
            (*out_changed)++;
        else if (rc == RQ_E_NOJOB && *out_bad == count)
            *out_bad = i;
        else if (rc < 0 && rc != RQ_E_NOJOB)
            broker__must(rc, "changing a job");
    }
    if (*out_changed == 0 && *out_bad < count)
        return RQ_E_NOJOB;
    return broker__carry_promise(b, promise);
}

int broker_kick(struct broker *b, const struct job_id *ids, size_t count,
                struct promise *promise, size_t *out_changed, size_t *out_bad)
{
    return change_all(b, ids, count, core_kick, promise, out_changed, out_bad);
}

int broker_cancel(struct broker *b, const struct job_id *ids, size_t count,
                  struct promise *promise, size_t *out_changed, size_t *out_bad)
{
    return change_all(b, ids, count, core_cancel, promise, out_changed, out_bad);
}

int broker_reschedule(struct broker *b, struct job_id id, int64_t due_wall_ms,
                      struct promise *promise)
{
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_reschedule(b->core, id, due_wall_ms, broker__now(), &b->fx);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

/* ---- jobs of a queue ---- */

int broker_kick_some(struct broker *b, struct rq_slice queue, size_t max,
                     struct promise *promise, size_t *out_changed)
{
    int rc = broker_gate(b);
    long n = BATCH;

    *out_changed = 0;
    if (rc < 0)
        return rc;
    /* A kicked job that dies again at once (no lease is possible) is not kicked twice:
     * it is ENDING until its commit comes back. */
    while (n == BATCH && *out_changed < max) {
        size_t want = max - *out_changed < BATCH ? max - *out_changed : BATCH;

        n = core_kick_some(b->core, queue, want, broker__now(), &b->fx);
        if (n < 0)
            broker__must((int)n, "kicking jobs");
        *out_changed += (size_t)n;
        if (n == BATCH)
            broker__carry(b, NULL);
    }
    return broker__carry_promise(b, promise);
}

static size_t purge_state(struct broker *b, struct rq_slice queue, enum job_state state)
{
    size_t purged = 0;
    long n;

    do {
        n = core_purge_some(b->core, queue, state, BATCH, broker__now(), &b->fx);
        if (n < 0)
            broker__must((int)n, "purging jobs");
        purged += (size_t)n;
        broker__carry(b, NULL);
    } while (n == BATCH);
    return purged;
}

int broker_purge(struct broker *b, struct rq_slice queue, unsigned states,
                 struct promise *promise, size_t *out_changed)
{
    static const enum job_state all[] = {JOB_READY, JOB_DELAYED, JOB_DEAD};
    int rc = broker_gate(b);

    *out_changed = 0;
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (states & 1u << all[i])
            *out_changed += purge_state(b, queue, all[i]);
    return broker__carry_promise(b, promise);
}

/* ---- queues ---- */

int broker_queue_set(struct broker *b, struct rq_slice queue,
                     const struct record_settings *settings, struct promise *promise)
{
    size_t purged;
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_queue_set(b->core, queue, settings, &b->fx);
    if (rc < 0)
        return rc;
    if (settings->shut != RECORD_SHUT_NOW)
        return broker__carry_promise(b, promise);
    broker__carry(b, NULL);
    return broker_purge(b, queue, 1u << JOB_READY | 1u << JOB_DELAYED, promise,
                        &purged);
}

void broker_drain(struct broker *b, bool on)
{
    core_drain(b->core, on);
    broker__rearm(b);
}

bool broker_is_draining(const struct broker *b)
{
    return core_is_draining(b->core);
}
