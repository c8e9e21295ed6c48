/* cron.c - CRON: what is due is put like any other job, by nobody.
 *
 * The job and the note that it was made stand in one commit, so a crash leaves both or
 * neither: no run is made twice, and none that was noted is missing.  While Redis takes
 * nothing, runs wait; then each entry comes once.  A queue that is full, paused or shut
 * makes nobody wait, nor does a UNIQUE key that is held: the run is skipped, and
 * counted.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "broker/inner.h"

enum { RUNS_MAX = 64 }; /* in one turn */

static const int64_t patience_ns = INT64_C(1000000000);

/* ---- a run ---- */

static void run_stored(struct promise *p)
{
    (void)p; /* nobody asked */
}

/* The note of it stays in the log: it is not made up for. */
static void run_lost(struct promise *p, int code)
{
    (void)p;
    if (code == RQ_E_STORE)
        LOG_WARN("event=cron_lost error=\"Redis refused the job of a CRON entry\"");
}

static const struct promise_ops run_ops = {.done = run_stored, .failed = run_lost};

void broker__cron_init(struct broker *b)
{
    promise_init(&b->cron_promise, &run_ops);
}

/* Is Redis there, and does it answer? */
static bool can_store(struct broker *b, struct core_now now)
{
    const struct pledge *oldest = pledges_first(&b->pledges);

    return store_state(b->store) == STORE_UP && store_has_room(b->store) &&
           (oldest == NULL ||
            rq_clock_after(oldest->since_ns, patience_ns) > now.mono_ns);
}

/* Returns  0;  1: another job has its UNIQUE key */
static int put_run(struct broker *b, const struct core_cron *said, struct core_now now)
{
    const struct core_put put = {
        .queue = said->queue,
        .body = said->body,
        .attrs = said->attrs,
        .policy = said->policy,
        .due_wall_ms =
            said->delay_ms == 0 ? 0 : rq_clock_after(now.wall_ms, said->delay_ms)};
    struct pledge *pledge;
    struct job *job;
    struct job_id exists;
    int rc = broker__put_one(b, &put, &job, &exists);

    if (rc != 0)
        return rc;
    pledge = pledges_last(&b->pledges);
    ASSERT(pledge->job == job);
    pledge->is_put = false; /* nobody waits for it: it is never withdrawn */
    pledge->promise = &b->cron_promise;
    return 0;
}

static void skip(struct broker *b, struct cron *cron, struct core_now now)
{
    broker__must(core_cron_skipped(b->core, cron, now, &b->fx), "skipping a run");
    broker__carry(b, NULL);
}

/* Returns  false: nothing can be stored now */
static bool run_one(struct broker *b, struct cron *cron, struct core_now now)
{
    struct cron_view view;

    cron_view(cron, &view);
    if (core_admits(b->core, view.said.queue, 1) < 0) {
        skip(b, cron, now);
        return true;
    }
    store_hold(b->store); /* one commit for the job and the note */
    int rc = put_run(b, &view.said, now);
    if (rc == 0) {
        broker__must(core_cron_ran(b->core, cron, now, &b->fx), "noting a run");
        broker__carry(b, NULL);
    }
    store_unhold(b->store);
    bool is_refused = rc > 0 || rc == RQ_E_LIMIT; /* one queue too many */
    if (is_refused)
        skip(b, cron, now);
    else if (rc == 0 && store_level(b->store) == STORE_MEMORY)
        broker__confirm_at_once(b, 1);
    return rc == 0 || is_refused;
}

void broker__run_crons(struct broker *b)
{
    const struct core_now now = broker__now(b);
    struct cron *cron;
    bool goes_on = true;

    for (size_t n = 0; goes_on && n < RUNS_MAX; n++) {
        cron = core_cron_due(b->core, now);
        if (cron == NULL)
            return;
        goes_on =
            !core_is_draining(b->core) && can_store(b, now) && run_one(b, cron, now);
    }
    if (!goes_on)
        core_cron_later(b->core, now);
}

/* ---- commands ---- */

int broker_cron_add(struct broker *b, const struct core_cron *said,
                    struct promise *promise, const char **out_why)
{
    int rc = broker_gate(b);

    *out_why = NULL;
    if (rc == 0 && !store_has_room(b->store))
        rc = RQ_E_STORE;
    if (rc == 0)
        rc = core_cron_add(b->core, said, broker__now(b), &b->fx, out_why);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

int broker_cron_del(struct broker *b, struct rq_slice name, struct promise *promise,
                    size_t *out_changed)
{
    int rc = broker_gate(b);

    *out_changed = 0;
    if (rc == 0)
        rc = core_cron_del(b->core, name, &b->fx);
    if (rc < 0)
        return rc;
    *out_changed = (size_t)rc;
    return broker__carry_promise(b, promise);
}
