/* client_manage - JOIN and the commands of operators.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "sim/client.h"
#include "sim/world.h"

static size_t some_queue(struct world *w)
{
    return (size_t)world_between(w, 0, (int64_t)w->plan.queues - 1);
}

int client_join(struct client *c)
{
    struct world *w = c->world;
    size_t first = some_queue(w), n = world_one_in(w, 3) ? w->plan.queues : 1;
    unsigned set = 0;
    char names[64];
    int len = 0;

    for (size_t i = 0; i < n; i++) {
        size_t queue = (first + i) % w->plan.queues;

        set |= 1u << queue;
        len += snprintf(names + len, sizeof names - (size_t)len, "%s%s",
                        i > 0 ? "," : "", world_queues[queue]);
    }
    int64_t asked_ns = rio_now();
    enum outcome outcome = await(call_ask(&c->call, "JOIN %s BLOCK %lld%s", names,
                                          (long long)world_between(w, 0, 600),
                                          world_one_in(w, 4) ? " STRICT" : ""));
    if (outcome == YES && c->call.reply->type != RQ_REPLY_NULL)
        history_joined(&w->history, set, asked_ns);
    return 0;
}

static struct deed *some_deed(struct world *w)
{
    const struct history *h = &w->history;

    if (h->count == 0)
        return NULL;
    struct deed *d = h->deeds[world_between(w, 0, (int64_t)h->count - 1)];
    return d->id.epoch == 0 ? NULL : d;
}

int client_cancel(struct client *c)
{
    struct deed *d = some_deed(c->world);

    if (d == NULL)
        return 0;
    history_end(d);
    enum outcome outcome = await(
        call_ask(&c->call, "CANCEL %" PRIu64 "-%" PRIu64, d->id.epoch, d->id.number));
    if (outcome == YES && c->call.reply->integer == 0)
        outcome = NO; /* it is dead, say */
    history_ended(d, outcome);
    return 0;
}

int client_kick(struct client *c)
{
    size_t queue = some_queue(c->world);

    history_kick(&c->world->history, queue);
    rq_ignore(await(call_ask(&c->call, "KICK %s COUNT %lld", world_queues[queue],
                             (long long)world_between(c->world, 1, 5))));
    return 0;
}

/* Which jobs it ends is not known: all of the queue may be over, none has to be. */
int client_purge(struct client *c)
{
    static const char *const states[] = {"ready", "delayed", "dead"};
    struct history *h = &c->world->history;
    size_t queue = some_queue(c->world), count = h->count;

    for (size_t i = 0; i < count; i++)
        if ((h->deeds[i]->where & 1u << queue) != 0) {
            history_end(h->deeds[i]);
            history_ended(h->deeds[i], NOT_KNOWN);
        }
    h->purging++;
    enum outcome outcome =
        await(call_ask(&c->call, "PURGE %s STATE %s", world_queues[queue],
                       states[world_between(c->world, 0, 2)]));
    h->purging -= outcome != NOT_KNOWN;
    return 0;
}

int client_requeue(struct client *c)
{
    struct world *w = c->world;
    struct deed *d = some_deed(w);
    size_t queue = some_queue(w);

    if (d == NULL || !w->plan.requeues)
        return 0;
    history_requeue(&w->history, d, queue);
    enum outcome outcome =
        await(call_ask(&c->call, "REQUEUE %" PRIu64 "-%" PRIu64 " %s", d->id.epoch,
                       d->id.number, world_queues[queue]));
    history_requeued(d, queue, outcome);
    return 0;
}

/* For a while; the queue is open again in the end, or nothing could be drained. */
int client_pause(struct client *c)
{
    const char *queue = world_queues[some_queue(c->world)];

    rq_ignore(await(call_ask(&c->call, "PAUSE %s %s", queue,
                             world_one_in(c->world, 2) ? "IN" : "OUT")));
    RIO_IGNORE(await(rio_sleep(world_between(c->world, 1, 300) * RIO_MS)));
    if (c->call.stream != NULL)
        rq_ignore(await(call_ask(&c->call, "RESUME %s", queue)));
    return 0;
}

RIO_AWAITS static int client_limit(struct client *c)
{
    struct world *w = c->world;
    size_t queue = some_queue(w);

    if (await(call_ask(&c->call, "QUEUE SET %s GROUPLIMIT %zu", world_queues[queue],
                       w->plan.grouplimit)) == YES)
        history_limited(&w->history, queue, w->plan.grouplimit);
    return 0;
}

/* Then a PUT may have to wait for room, or a GET for its group's turn. */
int client_bound(struct client *c)
{
    struct world *w = c->world;

    if (world_one_in(w, 2))
        return await(client_limit(c));
    rq_ignore(await(
        call_ask(&c->call, "QUEUE SET %s MAXSIZE %lld", world_queues[some_queue(w)],
                 (long long)(world_one_in(w, 3) ? 0 : world_between(w, 1, 10)))));
    return 0;
}

int client_wait(struct client *c)
{
    struct world *w = c->world;
    struct deed *d = some_deed(w);

    if (d == NULL)
        return 0;
    d->recipe.is_kept = true; /* at least for a minute */
    enum outcome outcome =
        await(call_ask(&c->call, "WAIT %" PRIu64 "-%" PRIu64 " BLOCK %lld", d->id.epoch,
                       d->id.number, (long long)world_between(w, 0, 400)));
    if (outcome == YES && c->call.reply->type == RQ_REPLY_ARRAY &&
        c->call.reply->count == 1 && c->call.reply->elements[0].count >= 2)
        history_waited(&w->history, d, c->call.reply->elements[0].elements[1].str);
    return 0;
}

int client_look(struct client *c)
{
    const struct deed *d = some_deed(c->world);
    const char *queue = world_queues[some_queue(c->world)];

    if (world_one_in(c->world, 2) && d != NULL)
        rq_ignore(await(call_ask(&c->call, "SHOW %" PRIu64 "-%" PRIu64, d->id.epoch,
                                 d->id.number)));
    else
        rq_ignore(await(call_ask(&c->call, "STATS %s", queue)));
    return 0;
}
