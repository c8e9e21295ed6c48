/* history_batch - what was asked and answered about batches, and whether it can be
 * true. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "core/batch.h"
#include "rio/rio.h"
#include "sim/history.h"

void history_batch(struct history *h, struct job_id id)
{
    ASSERT(h->batch_count < BATCHES_MAX);
    h->batches[h->batch_count++] = (struct batched){.id = id};
}

static struct batched *batch_of(struct history *h, const struct deed *d)
{
    return d->recipe.batch == 0 ? NULL : &h->batches[d->recipe.batch - 1];
}

void history_batch_close(struct history *h, size_t batch)
{
    struct batched *b = &h->batches[batch];

    if (b->close_asked_ns == 0)
        b->close_asked_ns = rio_now();
}

void history_batch_closed(struct history *h, size_t batch, enum outcome outcome)
{
    struct batched *b = &h->batches[batch];

    if (outcome == YES && b->closed_ns == 0)
        b->closed_ns = rio_now();
}

void history_batch_gone(struct history *h, size_t batch)
{
    history_anomaly(h, "LOST", NULL, "batch %" PRIu64 "-%" PRIu64 " is not known",
                    h->batches[batch].id.epoch, h->batches[batch].id.number);
}

/* ---- counts: each job that was put counts once ---- */

static void count_jobs(const struct history *h, size_t batch, uint64_t *least,
                       uint64_t *most)
{
    *least = *most = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct deed *d = h->deeds[i];

        if (d->recipe.batch != batch + 1 || (d->was_asked && d->put == NO))
            continue;
        *least += d->was_asked && d->put == YES;
        *most += 1;
    }
}

static void check_counts(struct history *h, size_t batch, uint64_t counted)
{
    uint64_t least, most;

    count_jobs(h, batch, &least, &most);
    if (counted < least || counted > most)
        history_anomaly(h, "COUNT_MISMATCH", NULL,
                        "batch %" PRIu64 "-%" PRIu64 ": %" PRIu64 " ends, of %" PRIu64
                        " to %" PRIu64 " jobs",
                        h->batches[batch].id.epoch, h->batches[batch].id.number,
                        counted, least, most);
}

/* ---- JOIN ---- */

void history_batch_joined(struct history *h, size_t batch, uint64_t ends)
{
    struct batched *b = &h->batches[batch];

    if (b->close_asked_ns == 0)
        history_anomaly(h, "EARLY_JOIN", NULL, "nobody has closed the batch");
    for (size_t i = 0; i < h->count; i++) {
        const struct deed *d = h->deeds[i];

        if (d->recipe.batch == batch + 1 && d->was_asked && d->put == YES &&
            d->end_ns == INT64_MAX && !d->may_die)
            history_anomaly(h, "EARLY_JOIN", d, "its batch is over");
    }
    check_counts(h, batch, ends);
    if (b->joined_ns == 0)
        b->joined_ns = rio_now();
}

void history_batch_got(struct history *h, const struct deed *d, int64_t asked_ns)
{
    const struct batched *b = batch_of(h, d);

    if (b != NULL && b->joined_ns != 0 && asked_ns > b->joined_ns && !d->was_kicked)
        history_anomaly(h, "EARLY_JOIN", d, "its batch was over at %lld us",
                        (long long)(b->joined_ns / 1000));
}

void history_batch_put(struct history *h, const struct deed *d, int64_t asked_ns)
{
    const struct batched *b = batch_of(h, d);

    if (b != NULL && b->closed_ns != 0 && asked_ns > b->closed_ns && d->put == YES)
        history_anomaly(h, "REOPENED", d, "its batch was closed at %lld us",
                        (long long)(b->closed_ns / 1000));
}

/* ---- the end ---- */

void history_batch_audit(struct history *h, const struct core *core)
{
    for (size_t i = 0; i < h->batch_count; i++) {
        struct batch_view v;

        if (core_batch_view(core, h->batches[i].id, &v) < 0) {
            history_batch_gone(h, i);
            continue;
        }
        if (v.unfinished > 0)
            history_anomaly(h, "STUCK", NULL, "%" PRIu64 " jobs of a batch",
                            v.unfinished);
        if (h->batches[i].closed_ns != 0 && !v.is_closed)
            history_anomaly(h, "REOPENED", NULL, "batch %zu", i);
        check_counts(h, i,
                     v.counts.done + v.counts.dead + v.counts.expired +
                         v.counts.cancelled);
    }
}
