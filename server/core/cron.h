/* cron.h - jobs that are put again and again: CRON.
 *
 * An entry becomes due at the times of its spec.  The broker asks for what is due,
 * makes the PUT and, into the same commit, lets core_cron_ran() write that it was made.
 * What came due meanwhile, because the server was down or the clock was put forward,
 * comes once.
 *
 * The wall clock decides.  Put back by up to 3 hours, it repeats no run; by more, what
 * it showed before is taken for a mistake.  @every goes on at its pace in either case.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_CRON_H
#define CORE_CRON_H

#include "core/core.h"

struct cron; /* an entry */
struct zone;

/* Where zones come from.  Returns  NULL: there is none of that name */
typedef const struct zone *core_zone_find(void *arg, struct rq_slice name);
/* Before the replay.  Without it there is UTC only.
 * Owns  keeps `arg`, and the zones that `find` returns */
void core_set_zones(struct core *core, core_zone_find *find, void *arg);

struct core_cron {
    struct rq_slice name, queue; /* valid names (ASSERTed) */
    struct rq_slice spec;        /* see cron_spec.h */
    struct rq_slice zone;        /* "UTC", or as in /usr/share/zoneinfo */
    struct rq_slice body, attrs;
    struct job_policy policy;
    int64_t delay_ms; /* from the run to the job's due time */
};

/* Makes an entry, or replaces the one of that name, which keeps its times if spec and
 * zone are the same.  CRON record (homes).
 * Errors  RQ_E_BADARG  spec or zone: *out_why says what to do;  RQ_E_TOOBIG  the body;
 *         RQ_E_LIMIT   too many entries */
RQ_MUST_CHECK int core_cron_add(struct core *core, const struct core_cron *said,
                                struct core_now now, struct effects *fx,
                                const char **out_why);
/* Returns  1; 0: there is none of that name */
RQ_MUST_CHECK int core_cron_del(struct core *core, struct rq_slice name,
                                struct effects *fx);

/* An entry that is due, the one that has been for the longest.  NULL: none is, and
 * core_next_due() says when to ask again. */
struct cron *core_cron_due(struct core *core, struct core_now now);
/* Of one that is due: its job is in the open commit; or nobody would take it.  CRON
 * record.  Errors  -ENOMEM: it is still due */
RQ_MUST_CHECK int core_cron_ran(struct core *core, struct cron *cron,
                                struct core_now now, struct effects *fx);
RQ_MUST_CHECK int core_cron_skipped(struct core *core, struct cron *cron,
                                    struct core_now now, struct effects *fx);
/* Nothing can be put now: what is due stays so, and is asked for in a second. */
void core_cron_later(struct core *core, struct core_now now);

struct cron_view {
    struct core_cron said; /* lends: until the next call that changes the core */
    int64_t next_wall_ms;  /* 0: never; its zone is not here any more */
    int64_t last_wall_ms;  /* of the last run; 0: none yet */
    uint64_t runs, skipped;
};
void cron_view(const struct cron *cron, struct cron_view *out);
size_t core_cron_count(const struct core *core);
/* Walks the entries in the order of their names; start with NULL, NULL at the end. */
const struct cron *core_cron_next(const struct core *core, const struct cron *cron);

#endif
