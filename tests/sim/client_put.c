/* client_put - PUT and MPUT of a simulated client.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/client.h"
#include "sim/world.h"

enum { TRIES_MANY = 1000 };

static size_t some_queue(struct world *w)
{
    return (size_t)world_between(w, 0, (int64_t)w->plan.queues - 1);
}

/* " DELAY n TRIES n ..." */
static void draw_options(struct world *w, int64_t *out_delay_ms, uint32_t *out_tries,
                         char *out, size_t size)
{
    int64_t ttr_ms = world_between(w, 1000, 4000);

    *out_delay_ms = world_one_in(w, 4) ? world_between(w, 1, 1500) : 0;
    *out_tries = world_one_in(w, 5) ? (uint32_t)world_between(w, 1, 3) : TRIES_MANY;
    int len =
        snprintf(out, size, "TTR %lld TRIES %u BACKOFF FIXED %lld", (long long)ttr_ms,
                 *out_tries, (long long)world_between(w, 1, 500));
    if (*out_delay_ms > 0)
        len += snprintf(out + len, size - (size_t)len, " DELAY %lld",
                        (long long)*out_delay_ms);
    if (world_one_in(w, 4))
        snprintf(out + len, size - (size_t)len, " PRI %lld",
                 (long long)world_between(w, 0, 255));
}

static struct deed *new_deed(struct world *w, size_t queue, int64_t delay_ms,
                             uint32_t tries, char *body)
{
    size_t len = (size_t)(world_one_in(w, 4) ? world_between(w, 0, 200) : 16);
    struct deed *d = history_put(&w->history, queue, delay_ms, tries, len);

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
    char body[HISTORY_BODY], options[128];
    size_t queue = some_queue(w);
    struct job_id id = {0, 0};
    int64_t delay_ms;
    uint32_t tries;

    draw_options(w, &delay_ms, &tries, options, sizeof options);
    struct deed *d = new_deed(w, queue, delay_ms, tries, body);
    enum outcome outcome =
        await(call_ask(&c->call, "PUT %s %s %s", world_queues[queue], body, options));
    if (outcome == YES && c->call.reply->count >= 2)
        id = read_id(&c->call.reply->elements[0]);
    history_put_answered(&w->history, d, outcome, id);
    return 0;
}

int client_mput(struct client *c)
{
    struct world *w = c->world;
    char bodies[2][HISTORY_BODY], options[128];
    size_t queue = some_queue(w);
    struct deed *deeds[2];
    int64_t delay_ms;
    uint32_t tries;

    draw_options(w, &delay_ms, &tries, options, sizeof options);
    for (size_t i = 0; i < 2; i++)
        deeds[i] = new_deed(w, queue, delay_ms, tries, bodies[i]);
    enum outcome outcome =
        await(call_ask(&c->call, "MPUT %s %s BODIES 2 %s %s", world_queues[queue],
                       options, bodies[0], bodies[1]));
    for (size_t i = 0; i < 2; i++) {
        struct job_id id = {0, 0};

        if (outcome == YES && c->call.reply->count == 2)
            id = read_id(&c->call.reply->elements[i]);
        history_put_answered(&w->history, deeds[i], outcome, id);
    }
    return 0;
}
