/* fetch.h - bodies read back from the log, for jobs whose body is not in memory.
 *
 * Reading has a link to Redis of its own, so that no commit waits behind a page.  It is
 * opened when it is needed and closed when nobody has needed it for a while.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_FETCH_H
#define STORE_FETCH_H

#include "store/store.h"

struct store_want {
    struct job_id job;
    uint64_t home; /* the commit with its PUT or last MOVE */
};

/* What became of one want.  May not suspend, and may call the store.
 * rc       0        `body` is the job's, as it stands in that commit
 *          -ENOENT  the commit is gone from the log that we own, or the job is not in
 *                   it; look whether the job's home is still the same
 *          RQ_E_MALFORMED, -ENOTSUP, -ENOKEY
 *                   the commit is there and cannot be opened or read
 *          others   not known: try again later
 * Owns     `body` lends until the call returns */
typedef void store_fetched_fn(void *arg, const struct store_want *want,
                              struct rq_slice body, int rc);

/* Reads the bodies of `wants`, in the order of the log, and calls `fetched` once for
 * each, in no certain order.  A commit that is not in the log yet is read from memory.
 * A broken link is opened again, twice without progress at most.  Several tasks may
 * call it: one after the other is served.
 * Returns  0: every want was told
 * Errors   -ECANCELED  those that were not told never will be
 *          -ESHUTDOWN  fenced, halted, or the group has ended;  -ENOMEM: none was told
 * Owns     keeps `wants` until it returns
 * Suspends as long as Redis takes: put it into a timeout scope */
RIO_AWAITS int store_fetch(struct store *s, const struct store_want *wants,
                           size_t count, store_fetched_fn *fetched, void *arg);

#endif
