/* wild.h - what a client says that keeps to no rules: any command with any options, as
 * the server's own table names them, whole or damaged.
 *
 * Nobody notes what becomes of it, so it must not touch the queues that the history
 * knows: whole commands name queues of their own, and damaged bytes are seen through
 * (see wild_tame). SPDX-License-Identifier: MIT */
#ifndef SIM_WILD_H
#define SIM_WILD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

struct world;

enum { WILD_IDS = 4, WILD_ID = 48 };

/* Ids and leases of jobs that only wild clients know. */
struct wild_ids {
    char text[WILD_IDS][WILD_ID];
    size_t count; /* heard in all */
};

/* Appends one command whose words are whole, though it may be refused.
 * Returns  does it have one reply, soon? */
bool wild_command(struct world *w, const struct wild_ids *ids, struct rq_buf *out);
/* Damages what stands in `out`, at one to three places. */
void wild_damage(struct world *w, struct rq_buf *out);
/* Appends some bytes. */
void wild_noise(struct world *w, struct rq_buf *out);
/* Changes what could name a queue of the history, or one of its jobs. */
void wild_tame(struct rq_buf *out);
/* Remembers the word if it is an id or a lease. */
void wild_learn(struct wild_ids *ids, struct rq_slice word);

#endif
