/* many.h - one command on many jobs, in as many pieces as the server wants.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_MANY_H
#define LIB_MANY_H

#include "lib/client.h"

/* Sends the words of the command and behind them `names`, leases or ids.  A piece with
 * a name that is not current (RINGQ_STALE, RINGQ_NOJOB) does not stop those behind it.
 * After rq_client_begin().
 * Shape    out_changed: may be NULL
 * Returns  how many were changed; *out_changed says so with an error, too
 * Errors   set in q */
RQ_MUST_CHECK long rq_client_many(ringq *q, const char *const *words, size_t word_count,
                                  const char *const *names, size_t n,
                                  size_t *out_changed);

#endif
