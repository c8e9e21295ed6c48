/* commit.h - commits that are not in the log yet, in order.
 *
 *   first                                    last
 *   | in flight | full | full | ... | full | open |
 *
 * Only the first can be with Redis; records are added to the last, until it is full or
 * was sent.  Plain data: nothing here suspends or talks to anybody.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_COMMIT_H
#define STORE_COMMIT_H

#include "base/buf.h"
#include "base/list.h"
#include "core/record.h"
#include "store/big.h"
#include "store/entry.h"
#include "store/kinds.h"
#include "store/ledger.h"

enum {
    /* Of one commit, unless a record is larger, or they are held together.  With what
     * goes around it no more than 1 MiB: for a byte more Redis' allocator takes a
     * quarter more. */
    COMMIT_BYTES_MAX = (1 << 20) - 256,
    /* Of all unconfirmed commits: beyond it no PUT is taken. */
    COMMIT_ROOM_BYTES = 64 << 20,
};

struct commit {
    struct rq_list link; /* in commits.queue */
    uint64_t seq;
    struct rq_buf plain; /* see encode.h */
    size_t scan;         /* where encode_strike_put() goes on */
    uint32_t struck;     /* records struck out, not swept yet */
    size_t big_bytes;    /* of bodies that stand apart and belong to it */
    bool is_lazy;        /* nothing but LEASE and TOTALS: may wait for company */
    bool is_closed;      /* takes no more records */
    bool was_sent;       /* its first byte may be with Redis */
    struct entry_id id;  /* valid when was_sent: the last one it was sent under */
    int64_t opened_ns;
};

struct commits {
    struct rq_list queue;
    struct ledger *ledger;
    struct commit *spare; /* kept for the next one; may be NULL */
    struct bigs bigs;
    struct kinds kinds;  /* of the last commit */
    struct job_id base;  /* of the last job: what the next commit counts from */
    size_t bytes, count; /* bytes: of all commits and their bodies apart */
    bool is_held;
};

/* Keeps `ledger`: numbers come from it, and what lives in a commit is counted there. */
void commits_init(struct commits *c, struct ledger *ledger);
void commits_fini(struct commits *c);

/* Adds a record to the open commit, or opens one.
 * Errors  -EMSGSIZE  see encode_record;  -ENOMEM */
RQ_MUST_CHECK int commits_append(struct commits *c, const struct record *record,
                                 int64_t now_ns, uint64_t *out_seq);
/* While held, all goes into one commit. */
void commits_hold(struct commits *c);
void commits_unhold(struct commits *c);

/* What comes next goes into a new commit. */
void commits_close(struct commits *c);

/* NULL: none, or only an open one without records. */
struct commit *commits_first(const struct commits *c);
/* The first one is in the log, or nothing of it has to be: forgets it. */
void commits_drop_first(struct commits *c);
/* NULL: not here any more (or never was). */
struct commit *commits_find(const struct commits *c, uint64_t seq);

/* Takes the job's PUT out of a commit that was not sent. */
bool commit_withdraw(struct commits *c, struct commit *commit, struct job_id job);
/* Takes all PUTs out of it and calls `each` for every one.  Returns  how many */
size_t commit_refuse(struct commits *c, struct commit *commit,
                     void (*each)(void *arg, struct job_id job), void *arg);
/* What to seal: without what was taken out. */
struct rq_slice commit_plain(struct commits *c, struct commit *commit);
bool commit_is_empty(const struct commit *commit);

#endif
