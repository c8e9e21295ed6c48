/* retry.h - how long to try again, and how long to pause in between.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_RETRY_H
#define LIB_RETRY_H

#include "base/rand.h"

enum { RQ_RETRY_FIRST_MS = 20, RQ_RETRY_MAX_MS = 2000 };

/* One series of attempts.  Zeroed: nothing has failed yet. */
struct rq_retry {
    unsigned failures;
    int64_t give_up_ns; /* valid when failures > 0 */
};

/* Tells of a failure and asks what now.  `window_ms` < 0: never again.
 * The second attempt comes at once; then pauses double from RQ_RETRY_FIRST_MS to
 * RQ_RETRY_MAX_MS, each shortened by up to half at random, so that a thousand clients
 * of a restarted server do not return at once.
 * Returns  milliseconds to pause before the next attempt; -1: give up */
int rq_retry_after(struct rq_retry *r, int window_ms, int64_t now_ns,
                   struct rq_rand *rand);

#endif
