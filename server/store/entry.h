/* entry.h - the name of an entry of the log: <epoch>-<n>, as Redis orders it.
 *
 * n 0 is the claim of the epoch; commits count from 1.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_ENTRY_H
#define STORE_ENTRY_H

#include "base/attr.h"
#include "base/slice.h"

struct entry_id {
    uint64_t epoch, n;
};

enum { ENTRY_TEXT = 42 }; /* bytes of the longest text with its NUL */

/* Writes "epoch-n" with a NUL.  Shape  out: ENTRY_TEXT bytes.  Returns  its length. */
size_t entry_format(struct entry_id id, char *out);
/* Errors  RQ_E_MALFORMED */
RQ_MUST_CHECK int entry_parse(struct rq_slice text, struct entry_id *out);
/* Returns  < 0, 0, > 0 as `a` stands before, at, behind `b`. */
int entry_compare(struct entry_id a, struct entry_id b);

#endif
