/* pipeline.h - commands without a wait in between.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_PIPELINE_H
#define LIB_PIPELINE_H

#include <ringq/ringq.h>

#include "base/attr.h"
#include "base/slice.h"

/* As ringq_submit(). */
RQ_MUST_CHECK int rq_pipeline_submit(ringq *q, size_t argc, const struct rq_slice *argv,
                                     ringq_done_fn *done, void *arg);

#endif
