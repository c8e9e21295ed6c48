/* carry.c - effects carried out, in the order of the changes that caused them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mutant.h"
#include "broker/inner.h"

void broker__must(int rc, const char *what)
{
    if (RQ_LIKELY(rc >= 0))
        return;
    LOG_ERROR("event=fatal what=\"%s\" error=\"%s\" action=\"ending; a restart "
              "recovers from the log\"",
              what, rq_err_text(rc));
    abort();
}

/* Appends one record.  The PUT of a full or stopped store is undone; any other record
 * that the store will not take is moot: it is fenced or halted, and so are we. */
static int log_record(struct broker *b, const struct effect *e, uint64_t *out_seq)
{
    int rc = store_append(b->store, &e->u.log.record, out_seq);

    if (rc < 0 && rc != -ESHUTDOWN && e->u.log.record.type != RECORD_PUT)
        broker__must(rc, "appending to the log");
    if (rc < 0)
        return rc;
    b->logged_seq = *out_seq;
    b->totals_bytes += e->u.log.record.body.len;
    if (e->u.log.homes)
        core_set_home(b->core, e, *out_seq);
    return 0;
}

/* How many deliveries to the same getter stand at `i` and behind it. */
static size_t count_batch(const struct effects *fx, size_t i)
{
    size_t n = 1;

    while (fx->items[i].u.deliver.more) {
        i++;
        n++;
        ASSERT(i < fx->count && fx->items[i].kind == EFFECT_DELIVER);
    }
    return n;
}

/* Forgets the wait: the promise is about to be kept. */
static struct promise *take_promise(void *cookie)
{
    struct promise *p = cookie;

    p->waiter = NULL;
    rq_list_remove(&p->link);
    return p;
}

/* Hands the batch at fx->items[at] to its getter.  When the getter cannot take it, the
 * jobs go back to their places: `undo` collects them, because the core may not be
 * called before all of fx is read. */
static size_t deliver_batch(struct broker *b, size_t at, bool *out_refused)
{
    size_t n = count_batch(&b->fx, at);
    struct promise *p = take_promise(b->fx.items[at].u.deliver.cookie);

    FAILPOINT("broker.before_delivery");
    *out_refused = false;
    for (size_t i = 0; i < n; i++) {
        struct job_view view;

        job_view(b->fx.items[at + i].u.deliver.job, &view);
        if (p->ops->delivered(p, &view, i, n) < 0) {
            *out_refused = true;
            p->ops->failed(p, RQ_E_LIMIT);
            break;
        }
    }
    return n;
}

/* To be confirmed: a job, or the CLOSE of a batch. */
static void pledge_record(struct broker *b, const struct effect *e, uint64_t seq)
{
    struct pledge pledge = {.seq = seq,
                            .since_ns = broker__now(b).mono_ns,
                            .job = e->u.log.job,
                            .is_put = e->u.log.record.type == RECORD_PUT};

    if (e->u.log.record.type == RECORD_BATCH)
        pledge.batch = e->u.log.record.job;
    pledges_add(&b->pledges, &pledge);
}

static void pledge_departure(struct broker *b, const struct effect *e, uint64_t seq)
{
    const struct pledge pledge = {.seq = seq,
                                  .since_ns = broker__now(b).mono_ns,
                                  .departure = e->u.log.departure};

    pledges_add(&b->pledges, &pledge);
}

static void forget_later(struct broker *b, uint64_t home)
{
    if (arrears_add(&b->arrears, home) < 0)
        store_forget(b->store, home); /* no memory: better a total short than a leak */
}

static void carry_record(struct broker *b, const struct effect *e, struct carried *out)
{
    uint64_t seq;
    int rc = log_record(b, e, &seq);

    if (rc < 0) {
        out->rc = out->rc < 0 ? out->rc : rc;
        return;
    }
    out->seq = seq;
    broker__tell_logged(b, e);
    if (e->u.log.confirm)
        pledge_record(b, e, seq);
    if (e->u.log.departure != NULL)
        pledge_departure(b, e, seq);
}

/* The batch at fx->items[at].  Returns  how many effects it is */
static size_t carry_batch(struct broker *b, size_t at, struct effects *undo)
{
    bool refused;
    size_t n = deliver_batch(b, at, &refused);

    for (size_t k = 0; refused && k < n; k++) {
        broker__must(effects_reserve(undo, 1), "undoing a hand-over");
        effects_add(undo, EFFECT_DELIVER)->u = b->fx.items[at + k].u;
    }
    return n;
}

static void time_out(void *cookie)
{
    struct promise *p = take_promise(cookie);

    p->ops->timed_out(p);
}

static void join(void *cookie, const struct join_counts *counts)
{
    struct promise *p = take_promise(cookie);

    p->ops->joined(p, counts);
}

static void end_wait(void *cookie)
{
    struct promise *p = take_promise(cookie);

    p->ops->waited(p);
}

static void refuse(void *cookie, int code)
{
    struct promise *p = take_promise(cookie);

    p->ops->failed(p, code);
}

/* One pass over fx.  Leases that could not be handed over are left in `undo`. */
static struct carried carry_once(struct broker *b, struct effects *undo)
{
    struct carried out = {0, 0};

    for (size_t i = 0; i < b->fx.count; i++) {
        struct effect *e = &b->fx.items[i];

        switch (e->kind) {
        case EFFECT_RECORD:
            carry_record(b, e, &out);
            break;
        case EFFECT_DELIVER:
            i += carry_batch(b, i, undo) - 1;
            break;
        case EFFECT_TIMEOUT:
            time_out(e->u.timeout.cookie);
            break;
        case EFFECT_JOINED:
            join(e->u.joined.cookie, &e->u.joined.counts);
            break;
        case EFFECT_ADMITTED:
            rq_list_push_back(&b->admitted, &take_promise(e->u.admitted.cookie)->link);
            break;
        case EFFECT_WAITED:
            end_wait(e->u.waited.cookie);
            break;
        case EFFECT_REFUSED:
            refuse(e->u.refused.cookie, e->u.refused.code);
            break;
        case EFFECT_FORGET:
            forget_later(b, e->u.forget.home);
            break;
        }
    }
    b->fx.count = 0;
    return out;
}

static void undo_deliveries(struct broker *b, struct effects *undo)
{
    for (size_t i = 0; i < undo->count; i++) {
        const struct effect *e = &undo->items[i];

        broker_undeliver(b, job_identity(e->u.deliver.job), e->u.deliver.lease);
    }
    effects_fini(undo);
}

/* To the last job to be confirmed of those that came since `before`; or to all that was
 * logged. */
static void pledge_promise(struct broker *b, struct promise *promise, size_t before)
{
    if (MUTANT(ANSWER_BEFORE_COMMIT)) {
        promise->ops->done(promise);
    } else if (b->pledges.tail > before) {
        pledges_last(&b->pledges)->promise = promise;
    } else if (b->logged_seq > b->committed_seq) {
        const struct pledge alone = {.seq = b->logged_seq,
                                     .since_ns = broker__now(b).mono_ns,
                                     .promise = promise};
        pledges_add(&b->pledges, &alone);
    } else {
        promise->ops->done(promise);
    }
}

struct carried broker__carry(struct broker *b, struct promise *promise)
{
    struct carried out = {0, 0};
    struct effects undo;

    broker__rearm(b);
    if (b->fx.count == 0 && promise == NULL)
        return out;
    effects_init(&undo);
    /* One more for the promise alone. */
    broker__must(pledges_reserve(&b->pledges, b->fx.count + 1), "making pledges");
    size_t before = b->pledges.tail;
    out = carry_once(b, &undo);
    if (promise != NULL && out.rc == 0)
        pledge_promise(b, promise, before);
    if (undo.count > 0)
        undo_deliveries(b, &undo);
    return out;
}

int broker__carry_promise(struct broker *b, struct promise *promise)
{
    return broker__carry(b, promise).rc < 0 ? RQ_E_SHUTDOWN : 0;
}
