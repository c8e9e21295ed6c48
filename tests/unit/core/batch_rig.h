/* batch_rig.h - batches in a world (world.h).
 * SPDX-License-Identifier: MIT */
#ifndef UNIT_CORE_BATCH_RIG_H
#define UNIT_CORE_BATCH_RIG_H

#include "world.h"

enum { BATCH_KEEP = 5000 };

extern int batch_cookie; /* its address stands for everybody who waits */

/* A world with an open batch in its log. */
struct job_id batch_begin(struct world *w);
/* A PUT into a batch, not landed yet.  Returns  as core_put() */
int batch_put_into(struct world *w, const char *queue, struct job_id batch,
                   struct job_id *out);
struct job_id batch_put(struct world *w, const char *queue, struct job_id batch);
void batch_close_landed(struct world *w, struct job_id batch);

/* Takes a job and finishes it, which is not landed; or lets it die, which is. */
void batch_finish(struct world *w, const char *queue);
struct job_id batch_kill_one(struct world *w);

/* JOIN BATCH that has to wait. */
void batch_wait_for(struct world *w, struct job_id batch);
/* JOIN BATCH BLOCK 0. */
int batch_join_code(struct world *w, struct job_id batch);
void batch_assert_over(struct world *w, struct job_id batch, struct join_counts want);
void batch_assert_not_over(struct world *w, struct job_id batch);
void batch_assert_counts(const struct event *e, struct join_counts want);

#endif
