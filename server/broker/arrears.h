/* arrears.h - homes that are needed no more, kept back until the totals are written.
 *
 * A job's end counts in its queue's totals.  Were the job's commit trimmed before a
 * TOTALS record says so, a restart would find the end of a job that it does not know
 * and could not count it.  So a home is forgotten only when a TOTALS that was issued
 * after it is in the log:
 *
 *     | may be forgotten when `seq` is in the log | since then |
 *     first                                     closed      next
 *
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_ARREARS_H
#define BROKER_ARREARS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arrear {
    uint64_t home;  /* a commit */
    uint64_t count; /* how often it is to be forgotten */
};

struct arrears {
    struct arrear *items;
    size_t count, cap;
    size_t closed; /* items that wait for `seq`; 0: none do */
    uint64_t seq;
};

void arrears_init(struct arrears *a);
void arrears_fini(struct arrears *a);
/* Errors  -ENOMEM: forget it now, then; a total may be short after a crash */
RQ_MUST_CHECK int arrears_add(struct arrears *a, uint64_t home);
/* All of them wait for commit `seq` from now on. */
void arrears_close(struct arrears *a, uint64_t seq);
/* Commit `seq` is in the log: calls `forget` for what has waited for it. */
void arrears_settle(struct arrears *a, uint64_t seq,
                    void (*forget)(void *arg, uint64_t home), void *arg);

#endif
