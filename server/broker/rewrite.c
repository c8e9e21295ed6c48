/* rewrite.c - see rewrite.h.
 * SPDX-License-Identifier: MIT */
#include "broker/rewrite.h"

#include <errno.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "broker/inner.h"

enum {
    STEP_MS = 1,
    VISITS = 4096,         /* places looked at in a step: about 0.1 ms */
    PAGE_BYTES = 64 << 10, /* written in a step of a compaction, at least... */
    PAGE_MAX = 1 << 20,    /* ...and at most... */
    PAGE_SHARE = 4, /* ...so many times what others have written since the last step */
    PAGE_REPAIR = 256 << 10, /* until a repair is over a crash would lose jobs */
    OWED_MAX = 4 << 20,      /* unconfirmed bytes beyond which it waits */
    GROWTH_SHARE = 4, /* what is left when one was of no use must grow by a quarter */
    /* The first writes the TOTALS, the second forgets the homes of those before. */
    ROUNDS = 2,
};

static void arm(struct broker *b);

static void finish(struct broker *b)
{
    struct rewrite *r = &b->rewrite;
    struct store_stats s;

    FAILPOINT("rewrite.finished");
    store_stats(b->store, &s);
    if (r->is_repair)
        LOG_INFO("event=log_written_again moved=%llu log_bytes=%llu live_bytes=%llu",
                 (unsigned long long)r->mover.moved, (unsigned long long)s.log_bytes,
                 (unsigned long long)s.live_bytes);
    else
        LOG_INFO("event=log_compacted moved=%llu log_bytes=%llu live_bytes=%llu",
                 (unsigned long long)r->mover.moved, (unsigned long long)s.log_bytes,
                 (unsigned long long)s.live_bytes);
    r->floor = s.log_bytes;
    r->phase = REWRITE_IDLE;
    r->is_repair = false;
}

/* The bound of the log holds only for who moves faster than others write. */
static size_t page_of(struct rewrite *r, const struct store *store)
{
    uint64_t written = store_written(store), since = written - r->written;
    uint64_t page = since > r->page ? PAGE_SHARE * (since - r->page) : 0;

    r->written = written;
    return page < PAGE_BYTES ? PAGE_BYTES : page > PAGE_MAX ? PAGE_MAX : (size_t)page;
}

static void move(struct broker *b)
{
    struct rewrite *r = &b->rewrite;

    r->page = r->is_repair ? PAGE_REPAIR : page_of(r, b->store);
    FAILPOINT("rewrite.before_move");
    int more = core_move_some(b->core, &r->mover, VISITS * (r->page / PAGE_BYTES),
                              r->page, &b->fx);
    broker__carry(b, NULL);
    FAILPOINT("rewrite.moved");
    if (more != 0)
        return; /* -ENOMEM: it may be better the next time */
    r->phase = REWRITE_TOTALS;
    r->rounds = ROUNDS;
}

static void write_totals(struct broker *b)
{
    struct rewrite *r = &b->rewrite;

    if (r->rounds > 0)
        broker__write_totals(b, b->committed_seq);
    if (r->rounds == 0)
        finish(b);
}

/* The first round stands behind all that was moved, in a commit that is not sent yet.
 */
void rewrite_totals_written(struct broker *b)
{
    struct rewrite *r = &b->rewrite;

    if (r->rounds == 0)
        return;
    if (r->is_repair)
        FAILPOINT("repair.totals_written");
    if (r->is_repair && r->rounds == ROUNDS)
        store_repaired(b->store, b->logged_seq);
    r->rounds--;
}

static long on_step(void *arg)
{
    struct broker *b = arg;

    b->rewrite.timer = 0;
    if (store_has_room(b->store) && store_owed(b->store) <= OWED_MAX) {
        if (b->rewrite.phase == REWRITE_MOVING)
            move(b);
        else
            write_totals(b);
    }
    if (b->rewrite.phase != REWRITE_IDLE)
        arm(b);
    else
        rewrite_look(b); /* perhaps no commit comes that would */
    return 0;
}

static void arm(struct broker *b)
{
    b->rewrite.timer = rio_call_at(rio_turn_time() + STEP_MS * RIO_MS, on_step, b);
    if (b->rewrite.timer == 0)
        broker__must(-ENOMEM, "setting a timer");
}

static void begin(struct broker *b, uint64_t before)
{
    struct rewrite *r = &b->rewrite;

    core_move_begin(&r->mover, before);
    r->phase = REWRITE_MOVING;
    r->rounds = 0;
    r->written = store_written(b->store);
    r->page = 0;
    if (r->timer == 0)
        arm(b);
}

void rewrite_repair(struct broker *b, uint64_t before)
{
    b->rewrite.is_repair = true;
    begin(b, before);
}

void rewrite_look(struct broker *b)
{
    struct rewrite *r = &b->rewrite;
    uint64_t before, bytes = store_log_bytes(b->store);

    if (r->phase != REWRITE_IDLE || b->state != BROKER_SERVING)
        return;
    if (bytes < r->floor)
        r->floor = bytes;
    if (!store_wants_compaction(b->store, &before))
        return;
    /* The last one came as far: something else holds the log. */
    if (before <= r->mover.before && bytes < r->floor + r->floor / GROWTH_SHARE)
        return;
    begin(b, before);
}

void rewrite_stop(struct broker *b)
{
    if (b->rewrite.timer != 0)
        rio_handle_cancel(b->rewrite.timer);
    b->rewrite.timer = 0;
    b->rewrite.phase = REWRITE_IDLE;
    b->rewrite.is_repair = false;
    b->rewrite.rounds = 0;
}
