/* fence.h - owning the log: one epoch, one owner.
 *
 * A claim is the entry <epoch>-0 with the epoch above all others.  Redis refuses an id
 * that is not greater than the last, so once a claim stands nobody can write below it,
 * and of two who claim one epoch exactly one succeeds.  No lock, no clock, no script.
 *
 * Epochs are in job ids and lease tokens, so none may be used twice, although Redis may
 * forget a claim that it had accepted.  Hence the file <state_dir>/epoch-000:
 *
 *     epoch 7 claiming      written, and on disk, before the claim is sent
 *     epoch 7 owner         after it was accepted
 *
 * The key ringq:{p000}:epoch repeats the last claim, since the claim's own entry is
 * soon trimmed: "7 <nonce> <host> <pid> <address>".
 *
 * The next epoch is m + 1 where m is the greatest seen (log, key, file), if the file
 * says that this server owned m; else m + 2^10..2^16: on another host a claim above m
 * may have been accepted and lost.  A claim that Redis has refused (it is full, it
 * loads, its disk is) is tried again under the same epoch, however often: nobody has
 * it. SPDX-License-Identifier: MIT */
#ifndef STORE_FENCE_H
#define STORE_FENCE_H

#include "store/entry.h"
#include "store/link.h"

struct fence {
    char file[4096];
    char host[65];
    char address[128];   /* ours, for clients of a fenced server */
    uint64_t nonce;      /* tells our claims from those of others */
    uint64_t epoch;      /* of our last accepted claim; 0: none yet */
    unsigned self_tests; /* begun */
    uint64_t unused;     /* claimed last, and definitely refused; 0: none */
    char rival[128];     /* who has claimed above us; "" unknown */
};

/* Errors  -ENAMETOOLONG */
RQ_MUST_CHECK int fence_init(struct fence *f, const char *state_dir,
                             const char *address);

/* Claims the log under a new epoch.
 *
 * Returns  0: f->epoch is ours, *out_top the last id before the claim ({0, 0}: no log)
 * Errors   -ESTALE     somebody else has claimed since our last claim: f->rival
 *          -EAGAIN     somebody was quicker; begin again
 *          -EOVERFLOW  the epochs are used up
 *          -EIO        the epoch file;  as link_reply and link_refusal, with `why` */
RIO_AWAITS int fence_claim(struct fence *f, struct link *l, struct entry_id *out_top,
                           char *why);

/* Our commit was refused: finds out by whom.  f->rival is "" when it does not say. */
RIO_AWAITS int fence_find_rival(struct fence *f, struct link *l);

/* Does the value of the epoch key say that our last claim is the last one? */
bool fence_is_ours(const struct fence *f, struct rq_slice key_value);

/* Tries on a scratch key that Redis fences as we need it: claim, commit, stale commit
 * refused, NOMKSTREAM, trimming to empty keeps the last id.
 * Errors  -EBADMSG  it does not;  as link_reply and link_refusal, with `why` */
RIO_AWAITS int fence_self_test(struct fence *f, struct link *l, char *why);

#endif
