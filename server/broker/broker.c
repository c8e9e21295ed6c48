/* broker.c - the store's events, the clock, members coming and going.
 * SPDX-License-Identifier: MIT */
#include "broker/broker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "broker/inner.h"

enum {
    TICK_MAX = 256,          /* due jobs handled in one turn */
    TOTALS_EVERY = 1000,     /* commits; */
    TOTALS_BYTES = 16 << 20, /* or bytes of bodies, which the log keeps that long */
    TOTALS_AGE = 16000,      /* commits that the TOTALS of a quiet queue may hold */
    ARREARS_MAX = 64 * 1024, /* homes that wait for the next TOTALS */
};

struct core_now broker__now(void)
{
    return (struct core_now){rio_now(), rq_clock_wall_ms()};
}

/* ---- the clock ---- */

/* Pledges that have waited too long: their clients are told, honestly, one of two
 * things. */
static void expire_pledges(struct broker *b, int64_t now_ns)
{
    struct pledge *pledge;

    while ((pledge = pledges_unexpired(&b->pledges)) != NULL &&
           rq_clock_after(pledge->since_ns, b->config.store_wait_ns) <= now_ns) {
        struct promise *promise = pledge->promise;
        struct job *job = pledge->job;
        struct job_view view;
        int code = RQ_E_UNKNOWN;

        pledges_expire_one(&b->pledges);
        pledge->promise = NULL;
        if (pledge->is_put && job != NULL) {
            job_view(job, &view);
            if (store_withdraw(b->store, view.id, pledge->seq)) {
                pledge->job = NULL;
                code = RQ_E_STORE;
                broker__must(core_refused(b->core, job, broker__now(), &b->fx),
                             "withdrawing");
                broker__carry(b, NULL);
            }
        }
        if (promise != NULL)
            promise->ops->failed(promise, code);
    }
}

static long on_timer(void *arg)
{
    struct broker *b = arg;
    struct core_now now = broker__now();

    b->timer = 0;
    b->timer_at = INT64_MAX;
    if (b->state == BROKER_SERVING && core_next_due(b->core) <= now.mono_ns) {
        broker__must(core_tick(b->core, now, TICK_MAX, &b->fx), "handling what is due");
        broker__carry(b, NULL);
    }
    expire_pledges(b, now.mono_ns);
    broker__rearm(b);
    return 0;
}

static int64_t next_due(struct broker *b)
{
    int64_t due = b->state == BROKER_SERVING ? core_next_due(b->core) : INT64_MAX;
    struct pledge *pledge = pledges_unexpired(&b->pledges);

    if (pledge != NULL) {
        int64_t expiry = rq_clock_after(pledge->since_ns, b->config.store_wait_ns);
        if (expiry < due)
            due = expiry;
    }
    return due;
}

void broker__rearm(struct broker *b)
{
    int64_t due = next_due(b);

    if (due >= b->timer_at)
        return; /* it rings early enough, and looks again then */
    if (b->timer != 0)
        rio_handle_cancel(b->timer);
    b->timer = rio_call_at(due, on_timer, b);
    if (b->timer == 0)
        broker__must(-ENOMEM, "setting a timer");
    b->timer_at = due;
}

/* ---- the store's events ---- */

static int on_replay(void *arg, const struct record *record, uint64_t seq)
{
    struct broker *b = arg;

    int rc = core_replay(b->core, record, seq, broker__now(), &b->fx);
    broker__carry(b, NULL);
    return rc;
}

static void on_owned(void *arg, uint64_t epoch)
{
    struct broker *b = arg;

    core_set_epoch(b->core, epoch);
    if (b->state != BROKER_LOADING)
        return;
    b->state = BROKER_SERVING;
    broker__must(core_replay_end(b->core, broker__now(), &b->fx), "ending the replay");
    broker__carry(b, NULL);
    core_check(b->core);
    b->events.serving(b->events.arg);
}

static void forget(void *arg, uint64_t home)
{
    store_forget(arg, home);
}

static bool totals_are_due(const struct broker *b, uint64_t seq)
{
    if (b->arrears.closed > 0)
        return false; /* the last ones are not in the log yet */
    return b->totals_seq == 0 || seq >= b->totals_seq + TOTALS_EVERY ||
           b->totals_bytes >= TOTALS_BYTES || b->arrears.count >= ARREARS_MAX;
}

/* Totals go into the log from time to time; what ended before may be trimmed once they
 * are there.  The first commit of a life is followed by some, and so a total is exact
 * after a crash: each event is summed up in a TOTALS or stands behind it in the log. */
static void write_totals(struct broker *b, uint64_t seq)
{
    uint64_t before = seq > TOTALS_AGE ? seq - TOTALS_AGE : 0;

    arrears_settle(&b->arrears, seq, forget, b->store);
    if (!totals_are_due(b, seq))
        return;
    int more = core_totals(b->core, before, &b->fx);
    broker__must(more, "writing the totals");
    struct carried carried = broker__carry(b, NULL);
    if (more > 0)
        return; /* the next commit goes on with them */
    b->totals_seq = seq;
    b->totals_bytes = 0;
    arrears_close(&b->arrears, carried.seq > 0 ? carried.seq : seq);
    arrears_settle(&b->arrears, seq, forget, b->store);
}

static void on_committed(void *arg, uint64_t seq)
{
    struct broker *b = arg;
    struct pledge *first;

    while ((first = pledges_first(&b->pledges)) != NULL && first->seq <= seq) {
        struct pledge pledge = *first;

        pledges_drop_first(&b->pledges);
        if (pledge.job != NULL) {
            broker__must(core_confirmed(b->core, pledge.job, broker__now(), &b->fx),
                         "confirming a job");
            broker__carry(b, NULL);
        }
        if (pledge.promise != NULL)
            pledge.promise->ops->done(pledge.promise);
    }
    write_totals(b, seq);
}

static bool is_same_job(const struct job *job, struct job_id id)
{
    struct job_view view;

    job_view(job, &view);
    return view.id.epoch == id.epoch && view.id.number == id.number;
}

/* `jobs` stand in the order of the commit, and so do our pledges: the search goes on
 * where the last batch of the same commit ended.  (At level `memory` there is nothing
 * to find: the jobs were confirmed at once, and live on in memory.) */
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

        b->refused_at++;
        if (pledge->seq != seq || job == NULL || !is_same_job(job, jobs[next]))
            continue;
        next++;
        pledge->job = NULL;
        pledge->promise = NULL;
        broker__must(core_refused(b->core, job, broker__now(), &b->fx),
                     "refusing a PUT");
        broker__carry(b, NULL);
        if (promise != NULL)
            promise->ops->failed(promise, RQ_E_STORE);
    }
}

/* No commit will be answered any more.  Of one that was sent nobody knows whether it is
 * in the log; what was not sent is not, and `code` says why. */
static void fail_pledges(struct broker *b, int code)
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
    fail_pledges(b, code);
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

/* ---- life ---- */

struct broker *broker_new(const struct broker_config *config,
                          const struct broker_events *events)
{
    struct broker *b = calloc(1, sizeof *b);

    if (b == NULL)
        return NULL;
    b->core = core_new(config->seed);
    if (b->core == NULL) {
        free(b);
        return NULL;
    }
    b->config = *config;
    b->events = *events;
    b->state = BROKER_LOADING;
    b->timer_at = INT64_MAX;
    effects_init(&b->fx);
    pledges_init(&b->pledges);
    arrears_init(&b->arrears);
    rq_list_init(&b->members);
    return b;
}

int broker_start(struct broker *b, const struct store_config *store, rio_group *group,
                 char *why)
{
    const struct store_events events = {.arg = b,
                                        .replay = on_replay,
                                        .owned = on_owned,
                                        .committed = on_committed,
                                        .refused = on_refused,
                                        .stopped = on_stopped};

    return store_start(store, &events, group, why, &b->store);
}

void broker_free(struct broker *b)
{
    if (b == NULL)
        return;
    ASSERT(rq_list_empty(&b->members));
    if (b->timer != 0)
        rio_handle_cancel(b->timer);
    if (b->store != NULL)
        fail_pledges(b, RQ_E_SHUTDOWN); /* replies that nobody waits for any more */
    store_free(b->store);
    core_free(b->core);
    effects_fini(&b->fx);
    pledges_fini(&b->pledges);
    arrears_fini(&b->arrears);
    free(b);
}

int broker_gate(const struct broker *b)
{
    switch (b->state) {
    case BROKER_SERVING:
        return 0;
    case BROKER_LOADING:
        return RQ_E_LOADING;
    case BROKER_FENCED:
        return RQ_E_MOVED;
    case BROKER_HALTED:
        break;
    }
    return RQ_E_STORE;
}

const char *broker_owner(const struct broker *b)
{
    return b->owner;
}

enum broker_state broker_state(const struct broker *b)
{
    return b->state;
}

const struct core *broker_core(const struct broker *b)
{
    return b->core;
}

void broker_store_stats(const struct broker *b, struct store_stats *out)
{
    store_stats(b->store, out);
}

enum store_level broker_level(const struct broker *b)
{
    return store_level(b->store);
}

int broker_flush(struct broker *b)
{
    return await(store_flush(b->store));
}

/* ---- members ---- */

struct member *member_new(struct broker *b)
{
    struct member *m = calloc(1, sizeof *m);

    if (m == NULL)
        return NULL;
    m->broker = b;
    rq_list_init(&m->waits);
    rq_list_push_back(&b->members, &m->link);
    return m;
}

void member_stop_waits(struct member *m)
{
    struct rq_list *wait;

    while ((wait = rq_list_pop_front(&m->waits)) != NULL) {
        struct promise *promise = RQ_LIST_ENTRY(wait, struct promise, link);

        core_waiter_cancel(m->broker->core, promise->waiter);
        promise->waiter = NULL;
        promise->ops->timed_out(promise);
    }
}

void member_leave(struct member *m)
{
    struct broker *b = m->broker;

    member_stop_waits(m);
    rq_list_remove(&m->link);
    if (m->holder != NULL) {
        broker__must(core_holder_lost(b->core, m->holder, broker__now(), &b->fx),
                     "giving leases back");
        broker__carry(b, NULL);
    }
    free(m);
}
