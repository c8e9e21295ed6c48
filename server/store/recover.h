/* recover.h - reading the log: pages, tags, records.
 *
 * A page is applied while it arrives, so memory does not grow with it; the next one is
 * requested as soon as the last byte of this one is here, before its rest is applied.
 * After a lost link reading goes on behind the last entry applied.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_RECOVER_H
#define STORE_RECOVER_H

#include "store/big.h"
#include "store/entry.h"
#include "store/ledger.h"
#include "store/link.h"
#include "store/seal.h"
#include "store/store.h"

struct recover {
    struct ledger *ledger;
    struct bigs *bigs;
    const struct seal *seal;
    const struct store_events *events;
    struct entry_id at; /* the last entry applied; {0, 0}: none */
    size_t page;        /* entries to ask for at once */
    uint64_t entries, records, bytes;
};

/* Keeps all four. */
void recover_init(struct recover *r, struct ledger *ledger, struct bigs *bigs,
                  const struct seal *seal, const struct store_events *events);

/* Replays what stands behind r->at and before `end`.
 * Errors  -EBADMSG  damaged, unknown or foreign; `why` names the entry and says what to
 *                   do;  what events->replay returned, as -EBADMSG
 *         as link_reply and link_refusal */
RIO_AWAITS int recover_read(struct recover *r, struct link *l, struct entry_id end,
                            char *why);

/* Takes the tokens of one entry of a reply to XRANGE, as they must be in our log.
 * Errors  -EBADMSG  they are not */
RQ_MUST_CHECK int recover_take_entry(struct link *l, struct entry_id *out_id,
                                     struct rq_slice *out_field, uint8_t **out_value,
                                     size_t *out_len);

/* Is our commit `id` in the log, with exactly this plain text?
 * Returns  1: yes;  0: there is no such entry
 * Errors   -EBADMSG  something else stands there;  as link_reply and link_refusal */
RIO_AWAITS int recover_find(struct link *l, const struct seal *seal, struct entry_id id,
                            struct rq_slice plain, char *why);

#endif
