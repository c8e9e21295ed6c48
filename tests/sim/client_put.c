/* client_put - PUT and MPUT of a simulated client.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/client.h"
#include "sim/world.h"

enum { TRIES_MANY = 1000 };

static size_t some_queue(struct world *w)
{
    return (size_t)world_between(w, 0, (int64_t)w->plan.queues - 1);
}

/* One of the batches, open or not; 0: none. */
static size_t draw_batch(struct world *w)
{
    size_t count = w->history.batch_count;

    if (count == 0 || !world_one_in(w, 3))
        return 0;
    return (size_t)world_between(w, 1, (int64_t)count);
}

static struct recipe draw_recipe(struct world *w)
{
    return (struct recipe){
        .queue = some_queue(w),
        .group = (size_t)(world_one_in(w, 2) ? world_between(w, 1, 2) : 0),
        .body_len = (size_t)(world_one_in(w, 4) ? world_between(w, 0, 200) : 16),
        .delay_ms = world_one_in(w, 4) ? world_between(w, 1, 1500) : 0,
        .ttr_ms = world_between(w, 1000, 4000),
        .tries = world_one_in(w, 5) ? (uint32_t)world_between(w, 1, 3) : TRIES_MANY,
        .is_kept = world_one_in(w, 5),
        .batch = draw_batch(w),
        .is_volatile = world_one_in(w, 12)};
}

/* Writes "TTR n TRIES n ...". */
static void write_options(struct world *w, const struct recipe *r, char *out,
                          size_t size)
{
    int len =
        snprintf(out, size, "TTR %lld TRIES %u BACKOFF FIXED %lld",
                 (long long)r->ttr_ms, r->tries, (long long)world_between(w, 1, 500));

    if (r->delay_ms > 0)
        len += snprintf(out + len, size - (size_t)len, " DELAY %lld",
                        (long long)r->delay_ms);
    /* Never for ever: all clients would wait for room, and nobody make any. */
    len += snprintf(out + len, size - (size_t)len, " BLOCK %lld",
                    (long long)world_between(w, 0, 300));
    if (r->is_kept)
        len += snprintf(out + len, size - (size_t)len, " KEEP 600000");
    if (r->group > 0)
        len += snprintf(out + len, size - (size_t)len, " GROUP g%zu", r->group);
    if (r->is_volatile)
        len += snprintf(out + len, size - (size_t)len, " DURABLE memory");
    if (world_one_in(w, 4))
        len += snprintf(out + len, size - (size_t)len, " PRI %lld",
                        (long long)world_between(w, 0, 255));
    if (r->batch > 0) {
        const struct job_id id = w->history.batches[r->batch - 1].id;

        snprintf(out + len, size - (size_t)len, " BATCH %" PRIu64 "-%" PRIu64, id.epoch,
                 id.number);
    }
}

static struct deed *new_deed(struct world *w, const struct recipe *r, char *body)
{
    struct deed *d = history_put(&w->history, r);

    w->puts++;
    history_body(d, body);
    return d;
}

static struct job_id read_id(const struct rq_reply *reply)
{
    struct job_id id = {0, 0};
    uint64_t none;

    return call_parse(reply->str, &id, &none) ? id : (struct job_id){0, 0};
}

int client_put(struct client *c)
{
    struct world *w = c->world;
    struct recipe r = draw_recipe(w);
    char body[HISTORY_BODY], options[200];
    struct job_id id = {0, 0};

    write_options(w, &r, options, sizeof options);
    r.is_kept |= r.batch > 0; /* for a minute */
    struct deed *d = new_deed(w, &r, body);
    if (!w->is_calm && world_one_in(w, 40))
        redis_fill(&w->redis); /* what is refused leaves nothing behind */
    enum outcome outcome =
        await(call_ask(&c->call, "PUT %s %s %s", world_queues[r.queue], body, options));
    if (outcome == YES && c->call.reply->type == RQ_REPLY_NULL)
        outcome = NO; /* there was no room in time */
    if (outcome == YES && c->call.reply->count >= 2)
        id = read_id(&c->call.reply->elements[0]);
    history_put_answered(&w->history, d, outcome, id);
    history_batch_put(&w->history, d, c->call.asked_ns);
    if (call_is_error(&c->call, "NOJOB"))
        history_batch_gone(&w->history, r.batch - 1);
    return 0;
}

int client_mput(struct client *c)
{
    struct world *w = c->world;
    struct recipe r = draw_recipe(w);
    char bodies[2][HISTORY_BODY], options[200];
    struct deed *deeds[2];

    write_options(w, &r, options, sizeof options);
    r.is_kept |= r.batch > 0; /* for a minute */
    for (size_t i = 0; i < 2; i++)
        deeds[i] = new_deed(w, &r, bodies[i]);
    enum outcome outcome =
        await(call_ask(&c->call, "MPUT %s %s BODIES 2 %s %s", world_queues[r.queue],
                       options, bodies[0], bodies[1]));
    if (outcome == YES && c->call.reply->type == RQ_REPLY_NULL)
        outcome = NO;
    for (size_t i = 0; i < 2; i++) {
        struct job_id id = {0, 0};

        if (outcome == YES && c->call.reply->count == 2)
            id = read_id(&c->call.reply->elements[i]);
        history_put_answered(&w->history, deeds[i], outcome, id);
        history_batch_put(&w->history, deeds[i], c->call.asked_ns);
    }
    return 0;
}
