/* away.h - bodies that are not in memory.
 *
 * A job whose body stands in the log needs it in memory only when it is handed over.
 * Beyond a budget the rules give bodies up, at once for a job that comes in far behind
 * the head of its queue, and by and by for what else can spare its own.  Such a job is
 * away: it keeps its place and all else that is known of it.  When its turn comes near,
 * it is wanted back:
 *
 *     core_wanted() ---> the caller reads the log ---> core_body(), core_lost(),
 *                                                      or core_unfetched()
 *
 * Until then a GET waits for it, as for a job that is not there yet; one that would not
 * wait does so too, rather than say that there is nothing.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_AWAY_H
#define CORE_AWAY_H

#include "core/core.h"

/* Bytes of bodies, with the attributes, that may stay in memory; 0: any number.  What
 * is being put or is leased counts, but cannot go. */
void core_set_body_memory(struct core *core, size_t bytes);

struct core_want {
    struct job_id job;
    uint64_t home;
};
bool core_wants_bodies(const struct core *core);
/* Takes up to `max` of what is wanted, about a mebibyte of it at most; after a start
 * also what stands apart from its record, as far as there is room, when nobody wants
 * more.  For each one of the three below has to be called, with no effects that are not
 * carried out yet. Shape    out: room for `max` Returns  how many; 0: perhaps there is
 * more to be looked through */
size_t core_wanted(struct core *core, struct core_want *out, size_t max);
/* The body of a job, as it stands in the commit.  It is back in memory if it is next,
 * or if there is room; and if a mover wants that commit to be left and `may_write`, it
 * goes into the log again: MOVE record (homes), FORGET of the old home. Errors
 * RQ_E_MALFORMED  it is not as long as it was: nothing has changed */
RQ_MUST_CHECK int core_body(struct core *core, const struct core_want *want,
                            struct rq_slice body, bool may_write, struct effects *fx);
/* Row 22: the body cannot be had any more: the job is dead for that `reason`, a
 * constant
 * ("lost": the log has not got it; "corrupt"), once that is in the log, and cannot be
 * kicked; FORGET of its home.
 * Returns  1; 0: it is not needed any more */
RQ_MUST_CHECK int core_lost(struct core *core, const struct core_want *want,
                            struct rq_slice reason, struct effects *fx);
/* Nobody knows.  It is wanted again if somebody waits for it, or when somebody comes.
 */
void core_unfetched(struct core *core, const struct core_want *want);

#endif
