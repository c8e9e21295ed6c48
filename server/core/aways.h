/* aways.h - which bodies go, and which are to come back.
 * Private to core/; what the caller sees of it is in away.h.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_AWAYS_H
#define CORE_AWAYS_H

#include "core/away.h"
#include "core/state.h"

/* ---- going: away.c ---- */

/* The job has just come in, and nothing points to it but its place: if memory is short
 * its body goes.  The job may be in another struct then. */
void away_settle(struct core *core, struct job *job);
/* Is there something to be given up? */
bool away_is_due(const struct core *core);
/* A step of that.  No effects may be under way. */
void away_step(struct core *core);
/* A job with a body may be one that can spare it. */
void away_look_again(struct core *core, const struct job *job);

/* ---- coming back: wanted.c ---- */

/* Is there room in memory for a body? */
bool away_has_memory(const struct core *core, size_t bytes);
/* The first job of the queue is away: it is wanted, and those behind it that are near.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int away_want_first(struct core *core, struct queue *q);
/* A job of the queue was handed over: are those that follow here? */
void away_passed(struct core *core, struct queue *q);
/* For a mover.  Errors  -ENOMEM */
RQ_MUST_CHECK int away_want(struct core *core, struct job *job);
/* May a mover want more? */
bool away_has_room(const struct core *core);
void away_free(struct core *core);

#endif
