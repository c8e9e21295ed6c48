/* spots.h - wants of store_fetch() in the order of the log, and who was told.
 *
 * Plain data: nothing here suspends or talks to anybody but those who are told.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_SPOTS_H
#define STORE_SPOTS_H

#include "store/entry.h"
#include "store/fetch.h"

/* One want. */
struct spot {
    const struct store_want *want;
    struct entry_id id;        /* for the reader of pages */
    struct rq_slice body;      /* once its commit was read; lends from that */
    struct record_apart apart; /* then, too: its body stands apart, by this name */
    bool found, told;
};

/* All of them. */
struct spots {
    struct spot *all;
    size_t count, told;
    size_t next; /* all before it were told */
    store_fetched_fn *fetched;
    void *arg;
};

/* The spots [from, to): of a page, or of one commit. */
struct spot_range {
    struct spot *from, *to;
};

/* Sorts them by commit and job.
 * Errors  -ENOMEM
 * Owns    spots_fini(); keeps `wants` */
RQ_MUST_CHECK int spots_init(struct spots *s, const struct store_want *wants,
                             size_t count);
void spots_fini(struct spots *s);

/* The first that was not told; NULL: all were. */
struct spot *spots_next(struct spots *s);
/* The spots from `from` on that share its commit. */
struct spot_range spots_of_commit(const struct spots *s, struct spot *from);

void spots_tell(struct spots *s, struct spot *spot, struct rq_slice body, int rc);
/* Tells `rc` to all in the range that were not told yet. */
void spots_tell_rest(struct spots *s, struct spot_range r, int rc);

/* Notes the bodies that the range's jobs have in this commit, which all want.  Of two
 * records of one job the later one counts.
 * Errors  as decode_begin and decode_next */
RQ_MUST_CHECK int spots_find(struct spot_range r, struct rq_slice plain);
/* The same, and tells all of them: 0, -ENOENT or the error; but for those whose body
 * stands apart. */
void spots_tell_bodies(struct spots *s, struct spot_range r, struct rq_slice plain);

#endif
