/* named.h - jobs of the queue "q" whose bodies say what they are: group and number, as
 * in "a1"; "-1" has no group. SPDX-License-Identifier: MIT */
#ifndef UNIT_CORE_NAMED_H
#define UNIT_CORE_NAMED_H

#include "base/buf.h"
#include "world.h"

struct taken {
    struct job_id id;
    uint64_t lease;
};

/* What a PUT of this name carries.  Owns  rq_buf_fini() */
void attrs_of(struct rq_buf *out, const char *name);
/* These are in the log when they return. */
struct job_id put_as(struct world *w, const char *queue, const char *name,
                     struct job_policy policy, int64_t due_wall_ms);
struct job_id put(struct world *w, const char *name);
struct job_id put_pri(struct world *w, const char *name, uint8_t pri);
void put_all(struct world *w, const char *names); /* with spaces between */
/* The PUT with REPLACE that says this.  Returns  as core_replace() */
int replace(struct world *w, struct job_id id, const char *name);
void set_limit(struct world *w, uint32_t grouplimit);

const char *name_of(struct world *w, struct job_id id); /* lends: until the next call */
/* The next job has to be this one. */
struct taken take(struct world *w, const char *name);
void assert_nothing(struct world *w);
/* All that can be had, in this order. */
void assert_order(struct world *w, const char *names);
/* The tick serves one getter, with this job. */
struct taken served(struct world *w, const char *name);
void assert_none_is_served(struct world *w);
const struct queue *queue(struct world *w);

/* Ends of a lease. */
void end_done(struct world *w, struct taken t);
void end_fail(struct world *w, struct taken t);
void end_dead(struct world *w, struct taken t);
void end_release_later(struct world *w, struct taken t);
void end_cancelled(struct world *w, struct taken t);

#endif
