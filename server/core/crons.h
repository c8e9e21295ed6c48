/* crons.h - what the rest of the rules does with CRON entries.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_CRONS_H
#define CORE_CRONS_H

#include "core/cron.h"

struct rq_slice cron_key_of(const void *cron); /* for the map */
rq_heap_less cron_less;
void crons_free(struct core *core);

/* The entry's CRON record stands in commit `home`. */
void cron_set_home(struct core *core, struct rq_slice name, uint64_t home);
/* Writes entries anew that live in a commit older than `before`, some of them.
 * Returns  1: there are more; 0 */
RQ_MUST_CHECK int crons_rewrite(struct core *core, uint64_t before, struct effects *fx);

/* A CRON record of the log.  Effects: FORGET, room for it is reserved.
 * Errors  RQ_E_MALFORMED, -ENOMEM */
RQ_MUST_CHECK int cron_replay(struct core *core, const struct record *record,
                              uint64_t home, struct effects *fx);
/* When core_cron_due() is to be asked, on mono_ns; INT64_MAX: never. */
int64_t cron_next_look(const struct core *core);
/* Recounts; ASSERTs. */
void crons_check(const struct core *core);

#endif
