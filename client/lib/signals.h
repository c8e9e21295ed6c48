/* signals.h - SIGTERM and SIGINT stop a worker, while it runs.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_SIGNALS_H
#define LIB_SIGNALS_H

#include <ringq/ringq.h>

#include "base/attr.h"

/* Installs handlers that call ringq_worker_stop(w).
 * Errors  -EBUSY  another worker of this process has them */
RQ_MUST_CHECK int rq_signals_enter(ringq_worker *w);
/* Puts back the handlers found before; when it returns, none of ours runs any more. */
void rq_signals_exit(void);

#endif
