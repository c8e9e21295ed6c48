/* heir.h - a job moves into another struct, because its body stands in the struct.
 *
 * The heir has the same id, state and place: in its queue, among its timers, in the
 * index.  Only its body and attributes are others.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_HEIR_H
#define CORE_HEIR_H

#include "core/state.h"

/* Puts a job with these texts into the place of `job`, which is neither PENDING nor
 * ENDING, and frees that.  body.ptr NULL: only its length is known, and it is away.
 * Owns     consumes `job`; body and attributes are copied first
 * Returns  the heir;  NULL: no memory, and nothing has changed */
struct job *heir_make(struct core *core, struct job *job, struct rq_slice body,
                      struct rq_slice attrs);

#endif
