/* history - notes and judges; see history.h for what is looked for.
 * SPDX-License-Identifier: MIT */
#include "sim/history.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "rio/rio.h"
#include "sim/world.h"

static const int64_t slack_ns = 2 * RIO_MS; /* times are stored in whole ms */

void history_init(struct history *h)
{
    memset(h, 0, sizeof *h);
}

void history_fini(struct history *h)
{
    for (size_t i = 0; i < h->count; i++) {
        free(h->deeds[i]->leases);
        free(h->deeds[i]);
    }
    free(h->deeds);
    free(h->joins);
    free(h->lives);
    memset(h, 0, sizeof *h);
}

void history_anomaly(struct history *h, const char *what, const struct deed *d,
                     const char *format, ...)
{
    char why[HISTORY_WHY];
    va_list args;
    int len =
        snprintf(why, sizeof why, "%s at %lld us", what, (long long)(rio_now() / 1000));

    if (d != NULL && len < (int)sizeof why)
        len += snprintf(why + len, sizeof why - (size_t)len, ", job u%u (%llu-%llu)",
                        d->uid, (unsigned long long)d->id.epoch,
                        (unsigned long long)d->id.number);
    if (len < (int)sizeof why)
        len += snprintf(why + len, sizeof why - (size_t)len, ": ");
    va_start(args, format);
    if (len < (int)sizeof why)
        vsnprintf(why + len, sizeof why - (size_t)len, format, args);
    va_end(args);
    if (h->anomalies++ == 0)
        memcpy(h->first, why, sizeof why);
    if (h->trace)
        printf("        %s\n", why);
}

/* Room for one more of `size` bytes behind `count`. */
static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap > 0 ? 2 * *cap : 8;
    items = realloc(items, *cap * size);
    ASSERT(items != NULL); /* a test program's memory */
    return items;
}

/* ---- producing ---- */

struct deed *history_put(struct history *h, const struct recipe *r)
{
    struct deed *d = calloc(1, sizeof *d);

    ASSERT(d != NULL && r->body_len < HISTORY_BODY);
    h->deeds = grow(h->deeds, h->count, &h->cap, sizeof(struct deed *));
    *d = (struct deed){.uid = (uint32_t)h->count,
                       .recipe = *r,
                       .where = 1u << r->queue,
                       .due_ns = r->delay_ms > 0 ? rio_now() + r->delay_ms * RIO_MS : 0,
                       .put = NOT_KNOWN,
                       .may_die = r->tries < 100,
                       .end_ns = INT64_MAX};
    h->deeds[h->count++] = d;
    return d;
}

void history_body(const struct deed *d, char *out)
{
    size_t len = (size_t)snprintf(out, HISTORY_BODY, "u%u.", d->uid);

    for (; len < d->recipe.body_len; len++)
        out[len] = (char)('a' + (d->uid + len * 7) % 26);
    out[len] = '\0';
}

static struct deed *find_id(const struct history *h, struct job_id id)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->deeds[i]->id.epoch == id.epoch && h->deeds[i]->id.number == id.number)
            return h->deeds[i];
    return NULL;
}

/* The job's id, heard for the first time or again. */
static void learn_id(struct history *h, struct deed *d, struct job_id id)
{
    const struct deed *other = find_id(h, id);

    if (other != NULL && other != d)
        history_anomaly(h, "DUP_ID", d, "the id is that of u%u", other->uid);
    if (d->id.epoch != 0 && (d->id.epoch != id.epoch || d->id.number != id.number))
        history_anomaly(h, "DUP_ID", d, "it is also %llu-%llu",
                        (unsigned long long)id.epoch, (unsigned long long)id.number);
    d->id = id;
}

void history_put_answered(struct history *h, struct deed *d, enum outcome outcome,
                          struct job_id id)
{
    d->was_asked = true;
    d->put = outcome == YES && d->recipe.is_volatile ? NOT_KNOWN : outcome;
    d->put_ns = rio_now();
    if (outcome == YES)
        learn_id(h, d, id);
    if (outcome == NO && d->lease_count > 0)
        history_anomaly(h, "PHANTOM", d, "delivered, then refused");
}

/* ---- deliveries ---- */

static struct deed *find_body(const struct history *h, struct rq_slice body)
{
    uint32_t uid = 0;
    size_t at = 1;

    if (body.len < 3 || body.ptr[0] != 'u')
        return NULL;
    for (; at < body.len && body.ptr[at] >= '0' && body.ptr[at] <= '9'; at++)
        uid = uid * 10 + (uint32_t)(body.ptr[at] - '0');
    return uid < h->count ? h->deeds[uid] : NULL;
}

static bool may_be_in(const struct deed *d, struct rq_slice queue)
{
    for (size_t i = 0; i < WORLD_QUEUES_MAX; i++)
        if ((d->where & 1u << i) != 0 &&
            rq_slice_eq(queue, rq_slice_str(world_queues[i])))
            return true;
    return false;
}

/* Has it been in one of these queues, for certain, since `ns`? */
static bool was_in(const struct deed *d, unsigned queues, int64_t ns)
{
    return d->was_asked && d->put == YES && d->put_ns <= ns && d->there_ns <= ns &&
           (d->where & ~queues) == 0;
}

static void check_content(struct history *h, const struct deed *d,
                          const struct delivery *got)
{
    char body[HISTORY_BODY];

    history_body(d, body);
    if (!rq_slice_eq(got->body, rq_slice_str(body)))
        history_anomaly(h, "CORRUPT", d, "%zu bytes came back", got->body.len);
    if (!may_be_in(d, got->queue))
        history_anomaly(h, "CORRUPT", d, "it came from another queue");
    if (d->was_asked && d->put == NO)
        history_anomaly(h, "PHANTOM", d, "its PUT was refused");
}

static void check_end(struct history *h, const struct deed *d, int64_t asked_ns)
{
    if (d->done_ns != 0 && asked_ns > d->done_ns)
        history_anomaly(h, "DELIVERED_AFTER_END", d, "done at %lld us",
                        (long long)(d->done_ns / 1000));
    if (d->cancelled_ns != 0 && asked_ns > d->cancelled_ns)
        history_anomaly(h, "RESURRECTED", d, "cancelled at %lld us",
                        (long long)(d->cancelled_ns / 1000));
    for (size_t i = 0; i < h->join_count && d->put == YES && d->was_asked; i++) {
        const struct joined *j = &h->joins[i];

        if (was_in(d, j->queues, j->from_ns) && asked_ns > j->to_ns && !d->was_kicked) {
            history_anomaly(h, "EARLY_JOIN", d, "a JOIN was answered at %lld us",
                            (long long)(j->to_ns / 1000));
            break;
        }
    }
}

static void check_lease(struct history *h, const struct deed *d,
                        const struct delivery *got)
{
    int64_t now = rio_now();

    for (size_t i = 0; i < d->lease_count; i++) {
        const struct lease *old = &d->leases[i];

        if (old->n == got->lease)
            history_anomaly(h, "LEASE_REUSED", d, "lease %llu",
                            (unsigned long long)got->lease);
        if (old->n > got->lease && got->asked_ns > old->got_ns)
            history_anomaly(h, "LEASE_WENT_BACK", d, "%llu after %llu",
                            (unsigned long long)got->lease, (unsigned long long)old->n);
        if (!old->is_over && old->life == h->life && old->n < got->lease &&
            now < old->until_ns)
            history_anomaly(h, "EARLY_REDELIVERY", d, "held for another %lld us",
                            (long long)((old->until_ns - now) / 1000));
    }
}

static void check_limits(struct history *h, const struct deed *d,
                         const struct delivery *got)
{
    int64_t now = rio_now();

    if (now + slack_ns < d->due_ns)
        history_anomaly(h, "TOO_EARLY", d, "due in %lld us",
                        (long long)((d->due_ns - now) / 1000));
    if (got->attempt > d->recipe.tries ||
        (d->fails >= d->recipe.tries && !d->was_kicked))
        history_anomaly(h, "TOO_MANY_ATTEMPTS", d,
                        "attempt %llu of %u, after %u failures",
                        (unsigned long long)got->attempt, d->recipe.tries, d->fails);
}

struct deed *history_got(struct history *h, const struct delivery *got)
{
    struct deed *d = find_body(h, got->body);

    if (d == NULL) {
        history_anomaly(h, "PHANTOM", NULL, "a body of %zu bytes that nobody put",
                        got->body.len);
        return NULL;
    }
    check_content(h, d, got);
    learn_id(h, d, got->id);
    check_end(h, d, got->asked_ns);
    history_batch_got(h, d, got->asked_ns);
    check_lease(h, d, got);
    check_limits(h, d, got);
    d->leases = grow(d->leases, d->lease_count, &d->lease_cap, sizeof(struct lease));
    d->leases[d->lease_count++] =
        (struct lease){.n = got->lease,
                       .asked_ns = got->asked_ns,
                       .got_ns = rio_now(),
                       .until_ns = got->asked_ns + (int64_t)got->ttr_ms * RIO_MS,
                       .life = h->lives[got->connection - 1],
                       .connection = got->connection,
                       .is_kept = got->is_kept};
    history_check_group(h, d, got->asked_ns);
    return d;
}

uint64_t history_connected(struct history *h)
{
    h->lives = grow(h->lives, h->connections, &h->lives_cap, sizeof *h->lives);
    h->lives[h->connections] = h->life;
    return ++h->connections;
}

void history_left(struct history *h, uint64_t connection)
{
    for (size_t i = 0; i < h->count; i++)
        for (size_t k = 0; k < h->deeds[i]->lease_count; k++)
            if (h->deeds[i]->leases[k].connection == connection &&
                !h->deeds[i]->leases[k].is_kept)
                h->deeds[i]->leases[k].is_over = true;
}

void history_crashed(struct history *h)
{
    h->life++;
}

void history_stopped(struct history *h, const char *why)
{
    history_anomaly(h, "STOPPED", NULL, "%s", why);
}

static struct lease *find_lease(const struct deed *d, uint64_t n)
{
    for (size_t i = 0; i < d->lease_count; i++)
        if (d->leases[i].n == n)
            return &d->leases[i];
    return NULL;
}

/* ---- DONE and its like ---- */

static void may_end(struct deed *d)
{
    if (d->end_ns == INT64_MAX)
        d->end_ns = rio_now();
}

struct claim history_done(struct history *h, struct deed *d, uint64_t lease,
                          uint64_t connection)
{
    struct claim c = {.deed = d, .lease = lease};
    const struct lease *l = find_lease(d, lease);

    for (size_t i = 0; i < d->lease_count; i++)
        c.is_stale |= d->leases[i].n > lease;
    if (l != NULL && !l->is_over && l->life == h->life &&
        (l->connection == connection || l->is_kept) && !c.is_stale &&
        d->end_ns == INT64_MAX) {
        c.is_valid = true;
        c.until_ns = l->until_ns;
    }
    may_end(d);
    return c;
}

void history_done_answered(struct history *h, const struct claim *c,
                           enum outcome outcome, bool was_refused)
{
    struct deed *d = c->deed;
    const struct lease *l = find_lease(d, c->lease);

    if (outcome != NO)
        d->may_be_over = true;
    if (outcome == NO && was_refused && c->is_valid && l->life == h->life &&
        !l->is_over && d->lease_count > 0 && rio_now() < c->until_ns)
        history_anomaly(h, "VALID_LEASE_REFUSED", d, "lease %llu",
                        (unsigned long long)c->lease);
    if (outcome != YES)
        return;
    if (c->is_stale)
        history_anomaly(h, "STALE_DONE_ACCEPTED", d, "lease %llu",
                        (unsigned long long)c->lease);
    if (d->done_ns != 0 && !(d->recipe.is_kept && d->done_lease == c->lease))
        history_anomaly(h, "DOUBLE_DONE", d, "leases %llu and %llu",
                        (unsigned long long)d->done_lease,
                        (unsigned long long)c->lease);
    d->done_ns = rio_now();
    d->done_lease = c->lease;
}

void history_give_back(struct history *h, struct deed *d, uint64_t lease, bool is_death)
{
    struct lease *l = find_lease(d, lease);

    (void)h;
    if (l != NULL)
        l->is_over = true;
    if (is_death) {
        d->may_die = true;
        may_end(d);
    }
}

void history_given_back(struct deed *d, int64_t due_ns, bool is_failure)
{
    d->fails += is_failure;
    if (due_ns > d->due_ns && !d->was_kicked)
        d->due_ns = due_ns;
}

void history_touched(struct deed *d, uint64_t lease, int64_t until_ns)
{
    struct lease *l = find_lease(d, lease);

    if (l != NULL && until_ns > l->until_ns)
        l->until_ns = until_ns;
}

/* ---- managing ---- */

void history_end(struct deed *d)
{
    may_end(d);
    for (size_t i = 0; i < d->lease_count; i++)
        d->leases[i].is_over = true; /* it may be given up at any time from now on */
}

void history_ended(struct deed *d, enum outcome outcome)
{
    if (outcome != NO)
        d->may_be_over = true;
    if (outcome == YES && d->cancelled_ns == 0)
        d->cancelled_ns = rio_now();
}

void history_requeue(struct history *h, struct deed *d, size_t queue)
{
    d->where |= 1u << queue;
    d->moving++;
    d->was_requeued = h->has_requeued = true;
    d->was_kicked |= d->may_die; /* by a KICK of that queue, just now */
    if (h->purging > 0) {
        history_end(d);
        history_ended(d, NOT_KNOWN);
    }
}

void history_requeued(struct deed *d, size_t queue, enum outcome outcome)
{
    if (outcome == YES && d->moving == 1) {
        d->where = 1u << queue;
        d->there_ns = rio_now();
    }
    d->moving -= outcome != NOT_KNOWN;
}

void history_kick(struct history *h, size_t queue)
{
    for (size_t i = 0; i < h->count; i++) {
        if ((h->deeds[i]->where & 1u << queue) == 0 || !h->deeds[i]->may_die)
            continue;
        h->deeds[i]->was_kicked = true;
        h->deeds[i]->due_ns = 0;
    }
}

void history_waited(struct history *h, const struct deed *d, struct rq_slice state)
{
    bool is_dead = rq_slice_eq(state, RQ_LIT("dead"));

    if (is_dead ? !d->may_die : d->end_ns == INT64_MAX)
        history_anomaly(h, "EARLY_WAIT", d, "it is said to be %.*s", (int)state.len,
                        (const char *)state.ptr);
}

void history_joined(struct history *h, unsigned queues, int64_t from_ns)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct deed *d = h->deeds[i];

        if (was_in(d, queues, from_ns) && d->end_ns == INT64_MAX && !d->may_die)
            history_anomaly(h, "EARLY_JOIN", d, "nobody has finished it");
    }
    h->joins = grow(h->joins, h->join_count, &h->join_cap, sizeof(struct joined));
    h->joins[h->join_count++] = (struct joined){from_ns, rio_now(), queues};
}
