/* broker.c - the clock, members coming and going, views.
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
#include "core/away.h"

enum {
    TICK_MAX = 256,          /* due jobs handled in one turn */
    TOTALS_BYTES = 16 << 20, /* of bodies: TOTALS are due */
};

/* The time of day at `mono_ns`, which is just over: the two clocks have to be of one
 * moment, else what is due at a time of day would be early or late by the difference.
 */
static int64_t wall_ms_at(int64_t mono_ns)
{
    int64_t wall_ns = rq_clock_wall_ns();

    return (wall_ns - rq_clock_until(rio_now(), mono_ns)) / RIO_MS;
}

struct core_now broker__now(struct broker *b)
{
    int64_t turn_ns = rio_turn_time();

    if (b->now.mono_ns != turn_ns)
        b->now = (struct core_now){turn_ns, wall_ms_at(turn_ns)};
    return b->now;
}

int64_t broker_wall_ms(struct broker *b)
{
    return broker__now(b).wall_ms;
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
        int code = RQ_E_UNKNOWN;

        pledges_expire_one(&b->pledges);
        pledge->promise = NULL;
        if (pledge->is_put && job != NULL &&
            store_withdraw(b->store, job_identity(job), pledge->seq)) {
            pledge->job = NULL;
            code = RQ_E_STORE;
            broker__must(core_refused(b->core, job, broker__now(b), &b->fx),
                         "withdrawing");
            broker__carry(b, NULL);
        }
        if (promise != NULL)
            promise->ops->failed(promise, code);
    }
}

static long on_timer(void *arg)
{
    struct broker *b = arg;
    struct core_now now = broker__now(b);

    b->timer = 0;
    b->timer_at = INT64_MAX;
    if (b->state == BROKER_SERVING && core_next_due(b->core) <= now.mono_ns) {
        broker__must(core_tick(b->core, now, TICK_MAX, &b->fx), "handling what is due");
        broker__carry(b, NULL);
        broker__put_admitted(b);
        broker__run_crons(b);
    }
    if (b->state == BROKER_SERVING)
        broker__do_chore(b);
    expire_pledges(b, now.mono_ns);
    broker__rearm(b);
    return 0;
}

static int64_t next_due(struct broker *b)
{
    int64_t due = b->state == BROKER_SERVING ? core_next_due(b->core) : INT64_MAX;
    struct pledge *pledge = pledges_unexpired(&b->pledges);

    if (!rq_list_empty(&b->chores))
        return 0;
    if (pledge != NULL) {
        int64_t expiry = rq_clock_after(pledge->since_ns, b->config.store_wait_ns);
        if (expiry < due)
            due = expiry;
    }
    return due;
}

static void set_timer(struct broker *b)
{
    int64_t due = next_due(b);

    if (due >= b->timer_at)
        return; /* it rings early enough, and looks again then */
    rio_handle_cancel(b->turn_end);
    rio_handle_cancel(b->timer);
    b->timer = rio_call_at(due, on_timer, b);
    if (b->timer == 0)
        broker__must(-ENOMEM, "setting a timer");
    b->timer_at = due;
}

static long on_turn_end(void *arg)
{
    struct broker *b = arg;

    b->turn_end = 0;
    bodies_look(b);
    set_timer(b);
    return 0;
}

void broker__rearm_late(struct broker *b)
{
    b->turn_end = rio_call_turn_end(on_turn_end, b);
    if (b->turn_end == 0)
        broker__must(-ENOMEM, "looking at what is due");
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
    core_set_zones(b->core, config->zone_find, config->zone_arg);
    broker__cron_init(b);
    b->config = *config;
    b->events = *events;
    b->state = BROKER_LOADING;
    b->timer_at = INT64_MAX;
    effects_init(&b->fx);
    pledges_init(&b->pledges);
    arrears_init(&b->arrears);
    rq_list_init(&b->members);
    rq_list_init(&b->listeners);
    rq_list_init(&b->admitted);
    rq_list_init(&b->chores);
    bodies_init(b);
    return b;
}

int broker_start(struct broker *b, const struct store_config *store, rio_group *group,
                 char *why)
{
    const struct store_events events = broker__events(b);
    uint64_t spare = store->log_spare > 0 ? store->log_spare : STORE_LOG_SPARE;

    /* Until then the log keeps what has ended, as if it lived. */
    b->totals_bytes_max =
        spare / 16 < TOTALS_BYTES ? (size_t)(spare / 16) : TOTALS_BYTES;

    /* At level `memory` the log may not have what was answered. */
    core_set_body_memory(b->core,
                         store->wanted == STORE_MEMORY ? 0 : b->config.body_memory);
    int rc = store_start(store, &events, group, why, &b->store);
    return rc < 0 ? rc : bodies_start(b, group);
}

void broker_free(struct broker *b)
{
    if (b == NULL)
        return;
    ASSERT(rq_list_empty(&b->members) && rq_list_empty(&b->listeners));
    if (b->timer != 0)
        rio_handle_cancel(b->timer);
    broker__fail_chores(b, RQ_E_SHUTDOWN);
    rewrite_stop(b);
    if (b->store != NULL)
        broker__fail_pledges(
            b, RQ_E_SHUTDOWN); /* replies that nobody waits for any more */
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

const char *broker_trouble(const struct broker *b)
{
    return b->store == NULL ? "" : store_trouble(b->store);
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

const char *broker_reached(const struct broker *b)
{
    return store_reached(b->store);
}

unsigned broker_copies(const struct broker *b)
{
    return store_copies(b->store);
}

int broker_flush(struct broker *b)
{
    while (b->rewrite.is_repair) { /* the log has not got all that lives */
        int rc = await(rio_sleep(RIO_MS));
        if (rc < 0)
            return rc;
    }
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
        broker__must(core_holder_lost(b->core, m->holder, broker__now(b), &b->fx),
                     "giving leases back");
        broker__carry(b, NULL);
    }
    free(m);
}
