/* state.h - the state of the rules, as plain structs: who points to whom.
 *
 *     core --- index: id -> job                        job --- kind: queue, epoch,
 * policy |  \--- queues: name -> queue --- its jobs by     | |     group,      state,
 * getters, joiners         \--- extra: lease, deadline, due,
 *      |--- kinds                                             error; only when needed
 *      |--- job_timers: what is delayed or leased          |
 *      |--- wait_timers: waiters with a BLOCK              | while leased
 *      \--- holders --- their leases <---------------------/
 *                \----- their waiters
 *
 * A job that just waits costs 68 bytes of struct job, its body and 8 bytes of the
 * index; what only some jobs need stands in struct job_extra, and what many jobs share
 * in struct job_kind.
 *
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "base/assert.h"
#include "base/heap.h"
#include "base/hist.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rand.h"
#include "base/spare.h"
#include "core/core.h"
#include "core/cron.h"
#include "core/index.h"
#include "core/line.h"
#include "core/rate.h"

enum { JOB_STATES = JOB_DEAD + 1 };

struct timer {
    struct rq_heap_node node;
    int64_t at_ns;
    uint64_t order; /* of arming: equal times fire first in, first out */
};

/* How far a job's bit-fields count: 2^49 commits are 17 years of a million a second;
 * 2^48 ms end in the year 10889. */
#define JOB_HOME_MAX ((UINT64_C(1) << 49) - 1)
#define JOB_WALL_MS_MAX ((INT64_C(1) << 48) - 1)

struct job {
    uint64_t number;
    struct job_kind *kind;
    struct job *index_next;
    union {
        struct rq_list link;      /* in the queue's list of its state */
        struct rq_heap_node late; /* ready and `is_late`: in the queue's heap */
    } at;
    union {
        int64_t ready_ns;        /* without an extra: see job_ready_ns() */
        struct job_extra *extra; /* `has_extra`: see job_extra() */
    } more;
    uint64_t home : 49; /* the commit with its PUT or last MOVE; 0: none yet */
    uint8_t state : 3;  /* enum job_state */
    bool is_late : 1;
    bool is_cancelled : 1; /* while leased: it ends when it comes back */
    bool is_returning : 1; /* while ending: it does not end, but comes back */
    bool was_dead : 1;     /* while ending: `unfinished` never counted it */
    uint8_t end : 2;       /* while ending: enum record_end; 0: it will be dead */
    bool has_attrs : 1;    /* behind the body: their length, 4 bytes, and they */
    bool is_away : 1;      /* its body is not in memory: away.h */
    bool is_wanted : 1;    /* ...and has been asked for */
    bool has_no_body : 1;  /* ...nor in the log: it is dead for ever */
    bool is_unsure : 1;    /* Redis may have refused its PUT: its body stays here */
    bool has_extra : 1;    /* not if never delayed, leased, dead, or all forgotten */
    uint64_t put_wall_ms : 48;
    uint16_t attempts; /* begun and not given back */
    uint32_t body_len;
    uint8_t body[];
};

/* How far the worker of a leased job says it is: not in the log, gone with the lease.
 */
struct progress {
    uint8_t percent, note_len;
    uint8_t note[];
};

struct job_extra {
    struct timer timer; /* delayed: until due, or expired; leased: until the deadline;
                         * ready, with a TTL: until expired */
    struct rq_list in_line; /* of core->job_timers */
    struct job *job;
    int64_t ready_ns;
    int64_t wall_ms;         /* the same time on the wall clock */
    int64_t expires_ns;      /* of a job with a TTL */
    struct remnant *remnant; /* what will be left of it; NULL: nothing */
    struct unique *unique;   /* its key; NULL: it has none */
    struct batch *batch;     /* NULL: it belongs to none */
    /* while leased; after a replay `holder` is NULL and `lease` 0 */
    struct holder *holder;
    struct rq_list of_holder;
    uint64_t turn;             /* of its group before; 0: the queue had no groups */
    uint64_t lease;            /* n of the token */
    int64_t taken_ns;          /* when it was delivered */
    uint32_t ttr_ms;           /* the TTR it was taken with */
    uint32_t logged_ttr_ms;    /* of a kept one: that its record says, no less */
    struct keeper *keeper;     /* it outlives its holder; NULL: it does not */
    struct progress *progress; /* what its worker said; NULL: nothing */
    /* kept between leases */
    uint32_t deliveries;       /* k: within `deliveries_epoch` */
    uint64_t deliveries_epoch; /* 0: none yet */
    const uint8_t *error;
    uint32_t error_len;
    bool error_is_owned; /* else a constant of ours */
};

/* What many jobs of a queue have in common. */
struct job_kind {
    struct job_kind_key {
        struct queue *queue;
        struct group *group; /* NULL: they have none */
        uint64_t epoch;      /* of the ids */
        struct job_policy policy;
    } key; /* hashed as bytes: its padding is zero */
    size_t refs;
};

/* Ready jobs: in order in the list, those out of order in the heap (ready.c). */
struct ready {
    struct rq_list list;
    struct rq_heap late;
};

/* Jobs of a queue that take turns with the others (group.c). */
struct group {
    struct queue *queue;
    struct ready ready;
    struct line_place by_turn; /* while one of its jobs may be delivered */
    struct line_place by_age;  /* while one of its jobs is ready */
    uint64_t turn;             /* when it was last served */
    int64_t oldest_ns;         /* of its ready jobs, as ready_oldest_ns() */
    uint64_t leased;
    size_t refs;             /* kinds: it stays as long as it has a job */
    struct job_kind *recent; /* a guess at the next PUT's kind; NULL: none */
    uint32_t key_len;
    uint8_t pri; /* of its first ready job */
    char key[];
};

/* The groups of a queue that has some. */
struct groups {
    struct rq_map by_key;
    struct line turns, ages; /* always with room for all groups */
    uint64_t rest_turn;      /* of the jobs without a group */
};

/* A job has gone to another queue, and that is not in the log yet. */
struct departure {
    struct rq_list link; /* in core->departures */
    struct queue *queue; /* where it still counts as unfinished */
    struct job_id job;
    bool was_dead;
};

/* First what few commands touch, then what each of a job's life does, side by side: in
 * 100,000 queues none of it is in a cache. */
struct queue {
    struct rq_list delayed, dead;
    struct rq_list joiners[2]; /* struct waiter_link; [1]: STRICT */
    struct rq_list barriers;   /* the same: JOINs with BARRIER */
    struct rq_list opening; /* in core->openings: core_tick() looks who can be served */
    struct rq_list recorded;  /* in core->recorded while it has a totals_home */
    struct rq_list all;       /* in core->all_queues */
    uint64_t mark;            /* the last walk over names that met this queue */
    uint64_t totals_home;     /* 0: none */
    uint64_t totals_old_home; /* superseded, not yet forgotten; 0: none */
    bool totals_open;         /* a TOTALS record without a home yet */
    uint32_t look_in;         /* jobs to be handed over before it is read ahead again */

    uint64_t ending[RECORD_ENDS]; /* of the ENDING ones, by job->end */
    uint64_t ending_dead;         /* of the ENDING ones: those that were DEAD */
    uint64_t leaving;             /* departures */
    uint64_t leaving_dead;        /* of these: those that were DEAD */
    struct record_totals totals;
    struct rq_list changed; /* in core->changed while anything of these is due */
    struct rq_hist wait, run;
    struct rates rates;
    struct rq_list leased;
    struct rq_list getters;    /* struct waiter_link */
    struct ready ready;        /* jobs without a group */
    struct groups *groups;     /* NULL: no job has one */
    struct gate *gate;         /* NULL: all settings are the defaults */
    struct job_kind *last_put; /* as a group's `recent`, but it counts as a ref */
    uint64_t away_ready;       /* READY jobs that are away */
    uint64_t count[JOB_STATES];
    uint32_t getter_count, joiner_count[2], barrier_count;
    uint32_t short_count; /* of the getters: waiter->is_short */
    uint32_t pins;        /* waiters and kinds that point here */
    bool totals_changed;  /* since the last TOTALS record */
    uint8_t name_len;
    char name[];
};

/* What bounds a queue, and who waits before it. */
struct gate {
    struct record_settings settings;
    uint64_t home; /* of the settings; 0: not in the log yet */
    struct queue *queue;
    struct timer timer;     /* RATE: when the next delivery may be made */
    int64_t booked_ns;      /* RATE: until when deliveries made so far are paid for */
    struct rq_list putters; /* struct waiter_link */
    uint32_t putter_count;
    uint64_t admitted; /* room of putters that were let in and have not put yet */
};

struct holder {
    struct rq_list all;       /* in core->holders */
    struct keeper *keeper;    /* of leases to come; NULL: they are not kept */
    struct rq_list of_keeper; /* in keeper->holders */
    struct rq_list leases;    /* struct job_extra, oldest first */
    struct rq_list waiters;   /* struct waiter */
    size_t lease_count, waiter_count, getter_count;
};

/* Leases that outlive their holders: see keeper.h. */
struct keeper {
    struct core *core;
    size_t refs;            /* holders and leases */
    struct rq_list holders; /* struct holder, the youngest first */
    struct holder nobody;   /* of leases without a holder; not in core->holders */
    uint8_t name_len;
    char name[];
};

enum waiter_kind { WAITER_GET, WAITER_JOIN, WAITER_PUT, WAITER_WAIT, WAITER_BATCH };

/* What is left of a job that is over: its end can be asked for, for a while. */
struct remnant {
    struct job_id id;
    struct timer timer;  /* until it goes; not while somebody waits for it */
    int64_t until_ns;    /* once it is kept */
    struct queue *queue; /* pinned, once it is kept */
    uint64_t keep_ms;
    int64_t kept_wall_ms, window_wall_ms;
    uint64_t home;  /* of its DONE record */
    uint64_t lease; /* n of the lease that ended it; 0: none */
    uint8_t end;    /* enum record_end */
    bool has_result;
    uint8_t *result;
    size_t result_len;
    struct unique *unique; /* its key, while the window is open; NULL: none */
};

/* Somebody waits for the end of one job, among others perhaps. */
struct wait_ref {
    struct rq_list link; /* in awaited->refs */
    struct waiter *waiter;
    struct job_id id;
    bool is_over; /* the waiter goes on waiting for the others */
};

struct awaited {
    struct job_id id;
    struct rq_list refs; /* struct wait_ref */
    bool is_settling;    /* it stays although nobody waits any more */
};

struct waiter_link {
    struct rq_list link;
    struct queue *queue; /* pinned */
    struct waiter *waiter;
};

struct waiter {
    struct timer timer; /* the end of BLOCK, if there is one */
    enum waiter_kind kind;
    struct holder *holder;
    struct rq_list of_holder;
    void *cookie;
    uint32_t ttr_ms;       /* GET; 0: each job's own */
    bool is_short;         /* GET: until no job of its queues can come any more */
    bool strict;           /* JOIN */
    bool has_barrier;      /* JOIN: stands in the barriers of all its queues */
    struct job_id barrier; /* the last job that counts */
    uint64_t left;         /* unfinished jobs up to that one; WAIT: that must end yet */
    struct batch *batch;   /* BATCH: the one that it waits for... */
    struct rq_list of_batch; /* ... and its place there */
    struct wait_ref *refs;   /* WAIT: one a job */
    size_t ref_count;
    uint64_t count; /* PUT: jobs */
    size_t witness; /* JOIN: the link in use, of a queue that is not finished */
    struct join_counts before; /* JOIN: sums at the time of the call */
    size_t link_count;
    struct waiter_link links[]; /* GET: each stands in its queue's FIFO */
};

/* A ring of jobs that are away and wanted: wanted.c. */
struct core_wants {
    struct job_id *ids;
    size_t first, count, cap; /* cap: a power of two, or 0 */
};

enum { JOB_TIMER_LINES = 32 };

/* What is delayed or leased, or expires, by when that is over (job_timers.c). */
struct job_timers {
    struct rq_list
        lines[JOB_TIMER_LINES]; /* struct job_extra, by the log2 of its TTR */
    struct rq_heap heap;
};

struct core {
    uint64_t epoch;              /* of new jobs and leases; 0: not set yet */
    uint64_t epoch_seen;         /* the greatest in the log */
    struct job_id last_replayed; /* the greatest of a job that came out of the log */
    uint64_t number;             /* of the last job */
    uint64_t turn;               /* of the last group that was served, in all queues */
    struct job_index index;
    struct rq_map queues, kinds, keepers;
    struct rq_list all_queues; /* in the order of their first use */
    struct queue *recent;      /* a guess at the next name; NULL: none */
    struct rq_list holders;
    struct rq_list departures;
    struct rq_list changed;  /* queues that core_totals() has to look at */
    struct rq_list recorded; /* queues with a TOTALS in the log, by its age */
    struct job_timers job_timers;
    struct rq_heap wait_timers, gate_timers;
    struct rq_list openings; /* struct queue */
    size_t gate_count, putter_count, wait_count;
    struct rq_map remnants, awaited; /* by id */
    struct rq_map uniques;           /* by queue and key */
    struct rq_heap keep_timers;
    size_t kept_bytes;    /* of results */
    struct rq_list crons; /* struct cron, by name */
    struct rq_map crons_by_name;
    struct rq_heap cron_heap;   /* by due time */
    struct core_now cron_seen;  /* the clocks at the last look at what is due... */
    int64_t cron_look_ns;       /* ... and when there is to be the next */
    bool cron_is_planned;       /* all due times were reckoned since the replay */
    struct rq_map batches;      /* that can be asked for, by id */
    struct rq_list all_batches; /* those, and the ones that jobs still refer to */
    struct rq_heap batch_timers;
    struct rq_list changed_batches, recorded_batches;
    core_zone_find *zone_find;
    void *zone_arg;
    bool is_draining;
    bool is_held; /* nothing is handed out */
    uint64_t timer_order;
    size_t extra_count, getter_count, joiner_count;
    struct rq_spares spares; /* structs of jobs, extras */
    uint64_t count[JOB_STATES];
    uint64_t ending_dead; /* as in the queues */
    size_t body_bytes;    /* in memory, with the attributes */
    size_t away_count;
    size_t body_memory; /* the budget for them; 0: none */
    size_t away_at;     /* the walk that gives bodies up: a bucket of the index... */
    size_t away_left;   /* ...and how many are left of this round */
    struct core_wants wants;
    size_t bring_left; /* buckets of the walk after a start that brings bodies back */
    uint64_t move_before; /* by the mover at work; 0: there is none */
    uint64_t lost_count;  /* jobs whose bodies the log has lost */
    struct record_totals totals;
    struct rq_rand rand;
    uint64_t mark;
    bool is_replaying;
};

static inline struct queue *job_queue(const struct job *job)
{
    return job->kind->key.queue;
}

static inline struct job_id job_id(const struct job *job)
{
    return (struct job_id){job->kind->key.epoch, job->number};
}

/* NULL: it has none. */
static inline struct job_extra *job_extra(const struct job *job)
{
    return job->has_extra ? job->more.extra : NULL;
}

/* Since when it has been ready. */
static inline int64_t job_ready_ns(const struct job *job)
{
    return job->has_extra ? job->more.extra->ready_ns : job->more.ready_ns;
}

static inline void job_set_ready_ns(struct job *job, int64_t ns)
{
    *(job->has_extra ? &job->more.extra->ready_ns : &job->more.ready_ns) = ns;
}

static inline void job_set_home(struct job *job, uint64_t home)
{
    ASSERT(home <= JOB_HOME_MAX);
    job->home = home & JOB_HOME_MAX;
}

static inline struct rq_slice queue_name(const struct queue *q)
{
    return rq_slice(q->name, q->name_len);
}

#endif
