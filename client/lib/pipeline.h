/* pipeline.h - commands without a wait in between.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_PIPELINE_H
#define LIB_PIPELINE_H

#include <ringq/ringq.h>

#include "base/attr.h"
#include "base/slice.h"

/* Waits until all submitted commands have their outcome.  A lost connection is no error
 * of this call: the callbacks know.
 * Errors  RINGQ_CANCELED  set in q */
RQ_MUST_CHECK int rq_pipeline_finish(ringq *q);

/* As ringq_submit(). */
RQ_MUST_CHECK int rq_pipeline_submit(ringq *q, size_t argc, const struct rq_slice *argv,
                                     ringq_done_fn *done, void *arg);

#endif
