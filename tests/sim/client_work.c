/* client_work - a simulated client as a worker: GET, and what becomes of a lease.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/client.h"
#include "sim/world.h"

enum { NAMES = 64 };

/* All queues in a random order, or some of them. */
static void draw_queues(struct world *w, char *out, size_t size)
{
    size_t first = (size_t)world_between(w, 0, (int64_t)w->plan.queues - 1);
    size_t n = w->is_draining ? w->plan.queues
                              : (size_t)world_between(w, 1, (int64_t)w->plan.queues);
    int len = 0;

    for (size_t i = 0; i < n; i++)
        len += snprintf(out + len, size - (size_t)len, "%s%s", i > 0 ? "," : "",
                        world_queues[(first + i) % w->plan.queues]);
}

static void take(struct client *c, const struct rq_reply *job)
{
    struct delivery got = {.queue = call_text(job, "queue"),
                           .body = call_text(job, "body"),
                           .attempt = call_number(job, "attempt"),
                           .ttr_ms = call_number(job, "ttr"),
                           .connection = c->call.connection,
                           .is_kept = c->call.keeps,
                           .asked_ns = c->call.asked_ns};

    if (!call_parse(call_text(job, "lease"), &got.id, &got.lease)) {
        history_anomaly(&c->world->history, "PHANTOM", NULL, "a job without a lease");
        return;
    }
    struct deed *d = history_got(&c->world->history, &got);
    if (d == NULL)
        return;
    world_trace(c->world, "c%llu has u%u, attempt %llu",
                (unsigned long long)c->call.connection, d->uid,
                (unsigned long long)got.attempt);
    c->holds[c->held++] =
        (struct hold){d, got.id, got.lease, got.connection, got.ttr_ms, rio_now()};
}

int client_get(struct client *c)
{
    struct world *w = c->world;
    char queues[NAMES];
    int64_t block_ms = world_one_in(w, 3) ? 0 : world_between(w, 1, 400);
    size_t room = CLIENT_HOLDS - c->held;

    if (room == 0) {
        RIO_IGNORE(await(client_done(c)));
        return 0;
    }
    draw_queues(w, queues, sizeof queues);
    if (world_one_in(w, 4)) {
        size_t count = (size_t)world_between(w, 1, (int64_t)room);
        enum outcome outcome = await(call_ask(&c->call, "GET %s BLOCK %lld COUNT %zu",
                                              queues, (long long)block_ms, count));
        for (size_t i = 0; outcome == YES && i < c->call.reply->count && i < count; i++)
            take(c, &c->call.reply->elements[i]);
        return 0;
    }
    enum outcome outcome =
        await(call_ask(&c->call, "GET %s BLOCK %lld", queues, (long long)block_ms));
    if (outcome == YES && c->call.reply->count > 0)
        take(c, c->call.reply);
    return 0;
}

/* Takes one of the leases in hand; false: there is none. */
static bool pick(struct client *c, struct hold *out)
{
    if (c->held == 0)
        return false;
    size_t i = (size_t)world_between(c->world, 0, (int64_t)c->held - 1);
    *out = c->holds[i];
    c->holds[i] = c->holds[--c->held];
    return true;
}

/* The lease runs out, and the server crashes before that is stored. */
RIO_AWAITS static int outstay(const struct client *c)
{
    const struct hold *hold = &c->holds[0];
    int64_t end_ns = hold->got_ns + (int64_t)hold->ttr_ms * RIO_MS,
            left_ns = end_ns - rio_now() - RIO_MS;

    if (left_ns > 0)
        RIO_IGNORE(await(rio_sleep(left_ns)));
    faults_ambush(c->world, BEFORE_A_RETURN);
    RIO_IGNORE(await(rio_sleep(20 * RIO_MS)));
    return 0;
}

/* Sometimes a worker is slow, and its lease runs out. */
RIO_AWAITS static int work(struct client *c)
{
    struct world *w = c->world;
    int64_t us = world_between(w, 0, 3000);

    if (c->call.keeps && !w->is_calm && world_one_in(w, 15))
        return await(outstay(c));
    if (!w->is_draining && world_one_in(w, 12))
        us = world_between(w, 0, 6000000);
    RIO_IGNORE(await(rio_sleep(us * 1000)));
    return 0;
}

RIO_AWAITS static int ask_done(struct client *c, const struct hold *hold)
{
    struct history *h = &c->world->history;
    struct claim claim = history_done(h, hold->deed, hold->lease, c->call.connection);
    enum outcome outcome =
        await(call_ask(&c->call, "DONE %" PRIu64 "-%" PRIu64 ":%" PRIu64,
                       hold->id.epoch, hold->id.number, hold->lease));
    bool was_refused =
        call_is_error(&c->call, "STALE") || call_is_error(&c->call, "NOJOB");

    history_done_answered(h, &claim, outcome, was_refused);
    if (outcome == NOT_KNOWN || world_one_in(c->world, 5))
        c->old = *hold; /* it says so again later */
    return 0;
}

int client_done(struct client *c)
{
    struct world *w = c->world;
    struct hold hold;

    if (c->held == 0)
        return 0;
    RIO_IGNORE(await(work(c)));
    if (!pick(c, &hold))
        return 0;
    /* The last DONE is the one that a JOIN waits for. */
    if (w->plan.is_focused && !w->is_calm) {
        bool is_last = world_unfinished(w) <= 1;

        if (world_one_in(w, is_last ? 2 : 8))
            faults_shoot(w);
        else if (is_last)
            faults_ambush(w, BEFORE_AN_END);
    }
    RIO_IGNORE(await(ask_done(c, &hold)));
    return 0;
}

int client_done_old(struct client *c)
{
    struct hold hold = c->old;

    if (hold.deed == NULL)
        return 0;
    c->old.deed = NULL;
    RIO_IGNORE(await(ask_done(c, &hold)));
    return 0;
}

int client_fail(struct client *c)
{
    struct world *w = c->world;
    bool is_death = world_one_in(w, 6), has_delay = !is_death && world_one_in(w, 2);
    int64_t delay_ms = world_between(w, 0, 800), asked_ns;
    struct hold hold;
    char how[32] = "";

    if (!pick(c, &hold))
        return 0;
    if (is_death)
        snprintf(how, sizeof how, " DEAD");
    else if (has_delay)
        snprintf(how, sizeof how, " DELAY %lld", (long long)delay_ms);
    history_give_back(&w->history, hold.deed, hold.lease, is_death);
    asked_ns = rio_now();
    enum outcome outcome = await(
        call_ask(&c->call, "FAIL %" PRIu64 "-%" PRIu64 ":%" PRIu64 " ERROR oops%s",
                 hold.id.epoch, hold.id.number, hold.lease, how));
    c->old = hold;
    if (outcome == YES)
        history_given_back(hold.deed, has_delay ? asked_ns + delay_ms * RIO_MS : 0,
                           true);
    return 0;
}

int client_release(struct client *c)
{
    struct world *w = c->world;
    int64_t delay_ms = world_one_in(w, 2) ? world_between(w, 1, 500) : 0, asked_ns;
    struct hold hold;

    if (!pick(c, &hold))
        return 0;
    if (c->call.keeps && delay_ms == 0)
        faults_ambush(w, BEFORE_A_RETURN);
    history_give_back(&w->history, hold.deed, hold.lease, false);
    asked_ns = rio_now();
    enum outcome outcome = await(
        call_ask(&c->call, "RELEASE %" PRIu64 "-%" PRIu64 ":%" PRIu64 " DELAY %lld",
                 hold.id.epoch, hold.id.number, hold.lease, (long long)delay_ms));
    c->old = hold;
    if (outcome == YES && delay_ms > 0)
        history_given_back(hold.deed, asked_ns + delay_ms * RIO_MS, false);
    return 0;
}

/* Also what it had over an earlier connection. */
RIO_AWAITS static int touch_all(struct client *c)
{
    int64_t asked_ns = rio_now();
    enum outcome outcome = await(call_ask(&c->call, "TOUCH ALL"));

    for (size_t i = 0; outcome == YES && i < c->call.reply->count; i++) {
        const struct rq_reply *one = &c->call.reply->elements[i];
        struct job_id id;
        uint64_t lease = 0;

        if (one->count < 2 || !call_parse(one->elements[0].str, &id, &lease))
            continue;
        for (size_t k = 0; k < c->held; k++)
            if (c->holds[k].lease == lease && c->holds[k].id.epoch == id.epoch &&
                c->holds[k].id.number == id.number)
                history_touched(c->holds[k].deed, lease,
                                asked_ns + (int64_t)c->holds[k].ttr_ms * RIO_MS);
    }
    return 0;
}

int client_touch(struct client *c)
{
    if (c->held == 0)
        return 0;
    if (c->call.keeps && world_one_in(c->world, 2)) {
        RIO_IGNORE(await(touch_all(c)));
        return 0;
    }
    struct hold hold = c->holds[0];
    int64_t asked_ns = rio_now();
    enum outcome outcome =
        await(call_ask(&c->call, "TOUCH %" PRIu64 "-%" PRIu64 ":%" PRIu64,
                       hold.id.epoch, hold.id.number, hold.lease));
    if (outcome == YES)
        history_touched(hold.deed, hold.lease,
                        asked_ns + (int64_t)hold.ttr_ms * RIO_MS);
    return 0;
}
