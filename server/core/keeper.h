/* keeper.h - leases that outlive the connection that took them: KEEPLEASES.
 *
 * A keeper is the name of a worker.  Holders come and go under it; when one is lost its
 * leases go to another holder of the name, or are nobody's: then they run on to their
 * deadlines, unless a new holder of the name takes them over before.
 *
 *     holder ---\                        /--- the leases that were taken under it
 *     holder ----> keeper: name, refs <-<
 *                     \--- nobody: a holder of its own, for leases without one
 *
 * It is there as long as a holder or a lease refers to it.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_KEEPER_H
#define CORE_KEEPER_H

#include "core/core.h"

struct keeper;
struct job_extra;

struct rq_slice keeper_key_of(const void *keeper);        /* for the map */
struct rq_slice keeper_name(const struct keeper *keeper); /* lends */
/* The keeper of a name, a new one perhaps, with one reference more.  NULL: no memory */
struct keeper *keeper_need(struct core *core, struct rq_slice name);
void keeper_ref(struct keeper *keeper);
/* The last reference frees it.  NULL does nothing */
void keeper_unref(struct keeper *keeper);
/* Who has the leases that nobody holds: a holder of the name, or nobody. */
struct holder *keeper_heir(struct keeper *keeper);

/* The lease, which may have no holder, is this one's. */
void holder_take(struct holder *holder, struct job_extra *lease);
/* It is nobody's in particular; does nothing when it is already. */
void holder_drop(struct job_extra *lease);
void keepers_free(struct core *core);
/* How many leases are nobody's; ASSERTs what must hold.  `refs`: leases and holders
 * that have a keeper. */
size_t keepers_check(const struct core *core, size_t refs);

#endif
