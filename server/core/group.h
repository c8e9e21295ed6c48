/* group - jobs of a queue that take turns with the others.
 *
 * A job that was put with GROUP stands in its group, in the order of the queue; one
 * without stands in the queue itself, which takes turns as one group more.  Next is the
 * best PRI that any of them offers, and of those that offer it the group whose last
 * turn was longest ago.  A group is as old as its oldest job is there: a new one comes
 * behind all others.  At GROUPLIMIT leases a group is passed over.
 *
 * All costs are O(log groups); a queue without groups pays one look at a pointer.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_GROUP_H
#define CORE_GROUP_H

#include "core/core.h"

struct group;
struct ready;

/* The group of a key, which may be new: then it stays if somebody takes a reference.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int group_need(struct core *core, struct queue *q, struct rq_slice key,
                             struct group **out);
void group_ref(struct group *g);
void group_unref(struct group *g);
/* Drops it when nobody has taken a reference. */
void group_release(struct group *g);

/* Its ready jobs, its leases or the limit have changed: it takes its place again. */
void group_settle(struct group *g);
/* Are as many of its jobs leased as may be?  NULL: never. */
bool group_is_full(const struct group *g);
/* One of its jobs has become leased, or is not any more. */
void group_leased(struct group *g);
void group_unleased(struct group *g);
/* GROUPLIMIT of the queue is another one. */
void groups_limit_changed(struct queue *q);
/* Walks all of a queue, in no order: start with *cursor = 0; NULL at the end. */
struct group *groups_each(const struct queue *q, size_t *cursor);

/* The queue has groups, the job an extra; it is delivered: its group's turn is over. */
void group_take_turn(struct core *core, struct job *job);
/* The delivery is undone, and with it the turn. */
void group_give_turn_back(struct job *job);
/* The queue has groups: the one that is served next; NULL: none can be, or the jobs
 * without one come first, whose first is `rest` (NULL: they have none). */
struct group *group_next(const struct queue *q, const struct job *rest);
enum { GROUPS_AHEAD = 64 };
/* The ready jobs of the groups that are served next, more or less in that order; not
 * those without a group.
 * Shape    out: room for GROUPS_AHEAD
 * Returns  how many */
size_t groups_ahead(const struct queue *q, const struct ready **out);
/* The one with the job that has been ready for longest; NULL: none has a ready job. */
struct group *group_oldest(const struct queue *q);

#endif
