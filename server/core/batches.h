/* batches.h - what the rest of the rules does with batches.
 *
 * A job's extra points to its batch for as long as the job is there, even if the batch
 * is gone: then a batch without a record and without a place in the map, which nobody
 * can ask for.
 *
 * batch.c has the rules, batch_jobs.c counts jobs, batch_log.c has what stands in the
 * log.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_BATCHES_H
#define CORE_BATCHES_H

#include "core/batch.h"
#include "core/state.h"

/* How jobs of a batch have gone: dead ones that were purged, and as they ended. */
enum { BATCH_PURGED = 0, BATCH_ENDS = RECORD_ENDS };
enum { BATCH_EFFECTS = 2 }; /* a BATCH record, and FORGET of the one before */

struct batch {
    struct job_id id;
    struct timer timer;     /* until it goes, while nothing is unfinished */
    struct rq_list all;     /* in core->all_batches */
    struct rq_list joiners; /* struct waiter */
    size_t joiner_count;
    size_t refs;   /* extras that point here */
    uint64_t jobs; /* that are there... */
    uint64_t dead; /* ... and of those the dead, until the end of a purge */
    uint64_t ended[BATCH_ENDS];  /* jobs that are gone */
    uint64_t ending[BATCH_ENDS]; /* ... and will be, once that is in the log */
    uint64_t keep_ms;
    int64_t kept_wall_ms;   /* once it is over: until when it is kept; else 0 */
    uint64_t home;          /* of its last record; 0: none */
    struct rq_list changed; /* in core->changed_batches: its record is not up to date */
    struct rq_list recorded;       /* in core->recorded_batches, by the age of `home` */
    uint64_t seen_jobs, seen_dead; /* of core_check() */
    bool is_known; /* its record was read, or written; in a replay jobs may be first */
    bool is_closing; /* it takes no more jobs... */
    bool is_closed;  /* ... and that is in the log */
    bool is_gone;
};

struct rq_slice batch_key_of(const void *batch);                     /* for the map */
struct batch *batch_find(const struct core *core, struct job_id id); /* or NULL */
/* NULL: it belongs to none. */
static inline struct batch *batch_of(const struct job *job)
{
    return job_extra(job) == NULL ? NULL : job_extra(job)->batch;
}
static inline uint64_t batch_unfinished(const struct batch *b)
{
    return b->jobs - b->dead;
}

/* The job, which has an extra, is of this batch. */
void batch_enlist(struct job *job, struct batch *b);
/* The same in a replay, where the batch may not be known yet: it is made.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int batch_replay_enlist(struct core *core, struct job *job,
                                      struct job_id id);
/* The extra is about to be freed. */
void batch_discharge(struct core *core, struct job_extra *x);

/* A job with a batch comes into its state, and leaves it: part of place_*(). */
void batch_count_in(const struct job *job);
void batch_count_out(const struct job *job);
/* The counts of the job's batch are whole again. */
void batch_counted(struct core *core, const struct job *job);
/* The job begins to end as job->end says; its end is in the log, and counts. */
void batch_ending(const struct job *job);
void batch_ended(struct core *core, const struct job *job);

/* Effects that batch_settle() may add for this job's batch. */
size_t batch_effects_max(const struct job *job);
/* To be called when fewer jobs are unfinished, and after a CLOSE: if it is over now
 * answers those who wait, and its KEEP begins.  NULL: nothing. */
void batch_settle(struct core *core, struct batch *b, struct core_now now,
                  struct effects *fx);
/* A waiter that stands in a batch goes. */
void batch_unjoin(struct waiter *w);
/* Its time is over.  Errors  -ENOMEM */
RQ_MUST_CHECK int batch_fire(struct core *core, struct timer *t, struct core_now now,
                             struct effects *fx);

/* One that is not in the log yet, in the map.  NULL: no memory */
struct batch *batch_make(struct core *core, struct job_id id);
/* Nobody can ask for it any more: freed, now or with the last of its jobs. */
void batch_drop(struct core *core, struct batch *b);
void batch_free(struct batch *b); /* one that is gone, with its last job */
/* The next core_totals() writes it. */
void batch_changed(struct core *core, struct batch *b);
void batches_free(struct core *core);

/* ---- the log: batch_log.c ---- */

/* Its record as it is now, and FORGET of the one before: BATCH_EFFECTS. */
void batch_journal(struct batch *b, bool confirm, struct effects *fx);
void batch_journal_gone(const struct batch *b, struct effects *fx);
void batch_set_home(struct core *core, struct job_id id, uint64_t home);
/* How many batches_rewrite() would write: those that have changed, or that live in a
 * commit older than `before`; at most 1024.  *out_more: there are others */
size_t batches_due(struct core *core, uint64_t before, bool *out_more);
/* Writes `count` of them; room is reserved. */
void batches_rewrite(struct core *core, size_t count, struct effects *fx);
/* A BATCH record of the log.  Room for one effect is reserved.
 * Errors  RQ_E_MALFORMED, -ENOMEM */
RQ_MUST_CHECK int batch_replay(struct core *core, const struct record *record,
                               uint64_t home, struct effects *fx);
/* A DONE of the log, of a job that is still there. */
void batch_replay_done(struct core *core, const struct job *job, enum record_end end);
/* The whole log is applied: batches that it does not know are gone, for others their
 * time begins. */
void batches_replay_end(struct core *core, struct core_now now);

/* Part of core_check(): a job, then all batches. */
void batch_check_job(const struct job *job);
void batches_check(const struct core *core);

#endif
