/* ledger.h - what the log still holds for the living: one line per commit.
 *
 *   first                                             next
 *   | seq, id, live | seq, id, live | ... | (no id yet) |
 *
 * A commit is live while something whose data stands in it is needed.  The low-water
 * mark is the id of the first live commit: all before it may be trimmed.  Lines at the
 * front that are in the log and dead are dropped at once, so the first line is live or
 * not yet in the log.
 *
 * Bytes: what stands in a commit, and how much of that is for the living, by the
 * average of the records that anything ever lived in. SPDX-License-Identifier: MIT */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "base/attr.h"
#include "store/entry.h"

/* What an entry takes in Redis beside its value, about. */
enum { LEDGER_AROUND = 32 };

struct ledger_line;

struct ledger {
    struct ledger_line *lines; /* a ring */
    size_t start, count, cap;  /* cap: a power of two, or 0 */
    uint64_t first;            /* sequence number of the first line */
    uint64_t live;             /* commits with something live */
    uint64_t bytes;            /* of the lines in the log */
    uint64_t live_bytes;       /* of those, of what is live */
};

void ledger_init(struct ledger *l);
void ledger_fini(struct ledger *l);

/* Adds a line without an id.  Numbers are 1, 2, 3, ...  Errors  -ENOMEM */
RQ_MUST_CHECK int ledger_add(struct ledger *l, uint64_t *out_seq);
/* One more thing lives in commit `seq`, which has a line: a record of `bytes`. */
void ledger_count(struct ledger *l, uint64_t seq, size_t bytes);
/* One thing fewer.  ASSERTs that there was one. */
void ledger_forget(struct ledger *l, uint64_t seq);
/* The commit is in the log as entry `id`, of `bytes`; with id {0, 0} nothing of it had
 * to be. */
void ledger_place(struct ledger *l, uint64_t seq, struct entry_id id, size_t bytes);
/* Where commit `seq` stands.
 * Returns  1: in the log, as entry *out_id, of *out_bytes;  0: it is to come there
 * Errors   -ENOENT  gone, with nothing alive in it; or there never was such a commit */
RQ_MUST_CHECK int ledger_find(const struct ledger *l, uint64_t seq,
                              struct entry_id *out_id, size_t *out_bytes);
/* The id of the first live commit in the log, or `next` when there is none. */
struct entry_id ledger_low(const struct ledger *l, struct entry_id next);
/* The number that the next line will get. */
uint64_t ledger_next(const struct ledger *l);
/* How far the log has to be written again so that it comes down to `goal` bytes: all
 * that lives in commits before the one returned; but not much more than `most` bytes,
 * since until it is done they stand in the log twice.  O(lines). */
uint64_t ledger_plan(const struct ledger *l, uint64_t goal, uint64_t most);
/* Commits from the low-water mark on. */
size_t ledger_entries(const struct ledger *l);

#endif
