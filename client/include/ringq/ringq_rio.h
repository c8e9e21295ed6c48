/* ringq_rio.h - the client library inside a librio task: the same calls, which suspend
 * the task instead of blocking the thread.
 *
 *     ringq *q = ringq_rio_connect(NULL, NULL);
 *     rio_timeout_enter(&limit, 5 * RIO_SEC);
 *     long rc = ringq_rio_result(ringq_get(q, "emails", RINGQ_FOREVER, 0, &job));
 *     rc = rio_timeout_exit(&limit, rc);
 *
 * Every call on a handle made here suspends until the server has answered, so it may be
 * made inside a task only; ringq_close() may be made anywhere.  A handle belongs to one
 * task at a time.  ringq_worker_run() has threads of its own and does not belong in a
 * loop: a task that takes jobs is a loop of ringq_get().
 *
 * Cancellation and time limits of librio apply: the call returns RINGQ_CANCELED.  A
 * call that waits in the server (GET, JOIN) then closes the connection, so that a job
 * on its way is given back; the next call connects again.
 *
 * SPDX-License-Identifier: MIT */
#ifndef RINGQ_RINGQ_RIO_H
#define RINGQ_RINGQ_RIO_H

#include <ringq/ringq.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ringq_connect() for a task.  Suspends until the connection is made, or has failed. */
RINGQ_API ringq *ringq_rio_connect(const char *url, const ringq_options *options);

/* RINGQ_CANCELED as -ECANCELED, which the scopes of librio look for; all else as it is.
 */
RINGQ_API long ringq_rio_result(long rc);

#ifdef __cplusplus
}
#endif
#endif
