/* events.c - what the store tells: records replayed, commits in the log, PUTs refused,
 * the end. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/mutant.h"
#include "broker/inner.h"

enum {
    TOTALS_EVERY = 1000,     /* commits; or bytes of bodies: b->totals_bytes_max */
    TOTALS_AGE = 16000,      /* commits that the TOTALS of a quiet queue may hold */
    ARREARS_MAX = 64 * 1024, /* homes that wait for the next TOTALS */
};

static int on_replay(void *arg, const struct record *record, uint64_t seq)
{
    struct broker *b = arg;

    int rc = core_replay(b->core, record, seq, broker__now(b), &b->fx);
    broker__carry(b, NULL);
    return rc;
}

static void on_owned(void *arg, uint64_t epoch)
{
    struct broker *b = arg;

    core_set_epoch(b->core, epoch);
    if (core_is_held(b->core)) {
        core_hold(b->core, false);
        broker__rearm(b);
    }
    if (b->state != BROKER_LOADING)
        return;
    FAILPOINT("recover.replayed");
    b->state = BROKER_SERVING;
    broker__must(core_replay_end(b->core, broker__now(b), &b->fx), "ending the replay");
    broker__carry(b, NULL);
#ifndef NDEBUG
    core_check(b->core); /* a tenth of the time of a recovery */
#endif
    rio_turn_time_update(); /* all of that took long */
    b->events.serving(b->events.arg);
}

/* What waits for a job is served when the store is owned again. */
static void on_down(void *arg)
{
    struct broker *b = arg;

    if (b->config.holds_without_store)
        core_hold(b->core, true);
}

static void on_lost(void *arg, uint64_t before)
{
    rewrite_repair(arg, before);
}

static void forget(void *arg, uint64_t home)
{
    store_forget(arg, home);
}

static bool totals_are_due(const struct broker *b, uint64_t seq)
{
    if (b->arrears.closed > 0)
        return false; /* the last ones are not in the log yet */
    return b->rewrite.rounds > 0 || b->totals_seq == 0 ||
           seq >= b->totals_seq + TOTALS_EVERY ||
           b->totals_bytes >= b->totals_bytes_max || b->arrears.count >= ARREARS_MAX;
}

/* Totals go into the log from time to time; what ended before may be trimmed once they
 * are there.  The first commit of a life is followed by some, and so a total is exact
 * after a crash: each event is summed up in a TOTALS or stands behind it in the log. */
void broker__write_totals(struct broker *b, uint64_t seq)
{
    uint64_t before = seq > TOTALS_AGE ? seq - TOTALS_AGE : 0;

    if (b->rewrite.rounds > 0 && before < b->rewrite.mover.before)
        before = b->rewrite.mover.before;

    arrears_settle(&b->arrears, seq, forget, b->store);
    if (!totals_are_due(b, seq))
        return;
    FAILPOINT("broker.before_totals");
    int more = core_totals(b->core, before, &b->fx);
    broker__must(more, "writing the totals");
    struct carried carried = broker__carry(b, NULL);
    if (more > 0)
        return; /* the next commit goes on with them */
    b->totals_seq = seq;
    b->totals_bytes = 0;
    rewrite_totals_written(b);
    arrears_close(&b->arrears, carried.seq > 0 ? carried.seq : seq);
    arrears_settle(&b->arrears, seq, forget, b->store);
    FAILPOINT("broker.totals_written");
}

static void confirm(struct broker *b, const struct pledge *pledge, struct core_now now)
{
    if (pledge->job != NULL) {
        broker__tell_confirmed(b, pledge->job);
        broker__must(core_confirmed(b->core, pledge->job, now, &b->fx),
                     "confirming a job");
    }
    if (pledge->departure != NULL)
        broker__must(core_departed(b->core, pledge->departure, &b->fx),
                     "confirming a REQUEUE");
    if (pledge->batch.epoch > 0)
        broker__must(core_batch_closed(b->core, pledge->batch, now, &b->fx),
                     "closing a batch");
    broker__carry(b, NULL);
}

static void on_committed(void *arg, uint64_t seq)
{
    struct broker *b = arg;
    const struct core_now now = broker__now(b);
    struct pledge *first;

    FAILPOINT("broker.committed");
    b->committed_seq = seq;
    while ((first = pledges_first(&b->pledges)) != NULL && first->seq <= seq) {
        struct pledge pledge = *first;

        pledges_drop_first(&b->pledges);
        if (pledge.job != NULL || pledge.departure != NULL || pledge.batch.epoch > 0)
            confirm(b, &pledge, now);
        FAILPOINT("broker.before_answer");
        if (pledge.promise != NULL)
            pledge.promise->ops->done(pledge.promise);
    }
    broker__write_totals(b, seq);
    rewrite_look(b);
}

/* Where the job of this PUT stands among `jobs`, from `next` on; `count`: nowhere. */
static size_t find_refused(const struct job *job, const struct job_id *jobs,
                           size_t next, size_t count)
{
    const struct job_id id = job_identity(job);

    while (next < count && !job_id_equal(id, jobs[next]))
        next++;
    return next;
}

static bool is_put(const struct pledge *pledge, uint64_t seq)
{
    struct job_view view = {.state = JOB_ENDING};

    if (pledge->job != NULL && pledge->seq == seq)
        job_view(pledge->job, &view);
    return view.state == JOB_PENDING;
}

/* `jobs` stand in the order of the commit, and so do our pledges: the search goes on
 * where the last batch of the same commit ended.  Some have no pledge: jobs of level
 * `memory` were confirmed at once, and live on in memory. */
static void on_refused(void *arg, const struct job_id *jobs, size_t count, uint64_t seq)
{
    struct broker *b = arg;
    struct pledge *pledge;
    size_t next = 0;

    if (b->refused_seq != seq || b->refused_at < b->pledges.head)
        b->refused_at = b->pledges.head;
    b->refused_seq = seq;
    while (next < count && (pledge = pledges_at(&b->pledges, b->refused_at)) != NULL &&
           pledge->seq <= seq) {
        struct job *job = pledge->job;
        struct promise *promise = pledge->promise;

        if (is_put(pledge, seq)) {
            next = find_refused(job, jobs, next, count);
            if (next == count)
                return; /* it is in the next batch */
            next++;
        }
        b->refused_at++;
        if (!is_put(pledge, seq))
            continue;
        pledge->job = NULL;
        pledge->promise = NULL;
        if (!MUTANT(REFUSED_LEFT_BEHIND))
            broker__must(core_refused(b->core, job, broker__now(b), &b->fx),
                         "refusing a PUT");
        broker__carry(b, NULL);
        if (promise != NULL)
            promise->ops->failed(promise, RQ_E_STORE);
    }
}

/* No commit will be answered any more.  Of one that was sent nobody knows whether it is
 * in the log; what was not sent is not, and `code` says why. */
void broker__fail_pledges(struct broker *b, int code)
{
    struct pledge *first;

    while ((first = pledges_first(&b->pledges)) != NULL) {
        struct promise *promise = first->promise;
        bool was_sent = store_was_sent(b->store, first->seq);

        pledges_drop_first(&b->pledges);
        if (promise != NULL)
            promise->ops->failed(promise, was_sent ? RQ_E_UNKNOWN : code);
    }
}

/* Nothing more will be acknowledged: everybody who waits is told so. */
static void on_stopped(void *arg, enum store_state state, const char *owner,
                       const char *why)
{
    struct broker *b = arg;

    b->state = state == STORE_FENCED ? BROKER_FENCED : BROKER_HALTED;
    snprintf(b->owner, sizeof b->owner, "%s", state == STORE_FENCED ? owner : why);

    int code = broker_gate(b);
    broker__fail_chores(b, code);
    rewrite_stop(b);
    broker__fail_pledges(b, code);
    RQ_LIST_EACH(link, &b->members)
    {
        struct member *m = RQ_LIST_ENTRY(link, struct member, link);
        struct rq_list *wait;

        while ((wait = rq_list_pop_front(&m->waits)) != NULL) {
            struct promise *promise = RQ_LIST_ENTRY(wait, struct promise, link);

            core_waiter_cancel(b->core, promise->waiter);
            promise->waiter = NULL;
            promise->ops->failed(promise, code);
        }
    }
    b->events.stopped(b->events.arg, why);
}

struct store_events broker__events(struct broker *b)
{
    return (struct store_events){.arg = b,
                                 .replay = on_replay,
                                 .owned = on_owned,
                                 .down = on_down,
                                 .lost = on_lost,
                                 .committed = on_committed,
                                 .refused = on_refused,
                                 .stopped = on_stopped};
}
