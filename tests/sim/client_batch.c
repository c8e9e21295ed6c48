/* client_batch - BATCH and JOIN BATCH of a simulated client.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "sim/client.h"
#include "sim/world.h"

RIO_AWAITS static int begin(struct client *c)
{
    struct history *h = &c->world->history;
    struct job_id id;
    uint64_t none;

    enum outcome outcome = await(call_ask(&c->call, "BATCH NEW KEEP 600000"));
    if (outcome == YES && h->batch_count < BATCHES_MAX &&
        call_parse(c->call.reply->str, &id, &none))
        history_batch(h, id);
    return 0;
}

RIO_AWAITS static int close_one(struct client *c, size_t batch)
{
    struct history *h = &c->world->history;
    const struct job_id id = h->batches[batch].id;

    history_batch_close(h, batch);
    enum outcome outcome = await(
        call_ask(&c->call, "BATCH CLOSE %" PRIu64 "-%" PRIu64, id.epoch, id.number));
    history_batch_closed(h, batch, outcome);
    if (call_is_error(&c->call, "NOJOB"))
        history_batch_gone(h, batch);
    return 0;
}

static uint64_t count_ends(const struct rq_reply *counts)
{
    return call_number(counts, "done") + call_number(counts, "dead") +
           call_number(counts, "expired") + call_number(counts, "cancelled");
}

RIO_AWAITS static int join(struct client *c, size_t batch)
{
    struct history *h = &c->world->history;
    const struct job_id id = h->batches[batch].id;

    enum outcome outcome = await(
        call_ask(&c->call, "JOIN BATCH %" PRIu64 "-%" PRIu64 " BLOCK %lld", id.epoch,
                 id.number, (long long)world_between(c->world, 0, 600)));
    if (outcome == YES && c->call.reply->type != RQ_REPLY_NULL)
        history_batch_joined(h, batch, count_ends(c->call.reply));
    if (call_is_error(&c->call, "NOJOB"))
        history_batch_gone(h, batch);
    return 0;
}

int client_batch(struct client *c)
{
    struct world *w = c->world;
    size_t count = w->history.batch_count;

    if (count < BATCHES_MAX && (count == 0 || world_one_in(w, 6))) {
        RIO_IGNORE(await(begin(c)));
        return 0;
    }
    size_t batch = (size_t)world_between(w, 0, (int64_t)count - 1);
    if (w->history.batches[batch].close_asked_ns == 0 && world_one_in(w, 3))
        RIO_IGNORE(await(close_one(c, batch)));
    else
        RIO_IGNORE(await(join(c, batch)));
    return 0;
}
