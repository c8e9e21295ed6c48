/* effects.h - what a command causes: the only output of the rules.
 *
 * A function of the core first reserves room for all that it may cause, then changes
 * the state and appends effects in the order of the changes.  The broker carries them
 * out in that order and clears the list.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_EFFECTS_H
#define CORE_EFFECTS_H

#include <stddef.h>

#include "base/attr.h"
#include "core/record.h"

struct departure;
struct job;
struct queue;
struct waiter;

enum effect_kind {
    /* `record` goes into the log.  Its slices borrow from the job or the command:
     * encode it before the next call.  If `confirm`, call core_confirmed(job) when the
     * commit is in the log, of a BATCH core_batch_closed(); for a PUT that was
     * definitely refused, core_refused(job).  With a departure, call core_departed()
     * when the commit is in the log.  If `homes`, the job's (TOTALS: the
     * queue's) data now lives in this commit: tell core_set_home(). */
    EFFECT_RECORD,
    /* The getter `cookie` has been given `job`, leased under `lease`.  `more`: another
     * job for the same getter follows. */
    EFFECT_DELIVER,
    /* The getter's or joiner's BLOCK has run out (or BLOCK 0 found nothing). */
    EFFECT_TIMEOUT,
    /* The joiner `cookie` is answered with `counts`. */
    EFFECT_JOINED,
    /* A PUT that waited for room now owns it: make it, as admitted. */
    EFFECT_ADMITTED,
    /* The getter or putter is turned away with `code`. */
    EFFECT_REFUSED,
    /* The jobs of a WAIT are over: core_outcome() says how. */
    EFFECT_WAITED,
    /* The data of something lived in commit `home` and is not needed any more. */
    EFFECT_FORGET,
};

struct join_counts {
    uint64_t done, dead, expired, cancelled;
};

struct effect {
    enum effect_kind kind;
    union {
        struct {
            struct record record;
            struct job *job;     /* NULL for QUEUE, TOTALS, CRON and BATCH */
            struct queue *queue; /* of QUEUE and TOTALS */
            bool confirm;
            bool homes;
            struct departure *departure; /* lends; NULL: none */
        } log;
        struct {
            void *cookie;
            struct job *job;
            uint64_t lease; /* the n of the token */
            bool more;
        } deliver;
        struct {
            void *cookie;
        } timeout;
        struct {
            void *cookie;
            struct join_counts counts;
        } joined;
        struct {
            void *cookie;
        } admitted;
        struct {
            void *cookie;
        } waited;
        struct {
            void *cookie;
            int code;
        } refused;
        struct {
            uint64_t home;
        } forget;
    } u;
};

struct effects {
    struct effect *items;
    size_t count, cap;
};

void effects_init(struct effects *fx);
void effects_fini(struct effects *fx);
int effects_grow(struct effects *fx, size_t n); /* the rare half of: */
/* Makes room for `n` more.  Errors  -ENOMEM, and nothing has changed. */
static inline int effects_reserve(struct effects *fx, size_t n)
{
    return RQ_LIKELY(n <= fx->cap - fx->count) ? 0 : effects_grow(fx, n);
}
/* Appends an effect of `kind`, its part of the union zeroed, into reserved room
 * (ASSERTed) and returns it. */
struct effect *effects_add(struct effects *fx, enum effect_kind kind);

#endif
