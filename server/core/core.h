/* core.h - the door to the rules: (state, command, now) -> effects.
 *
 * Plain data and plain functions: no I/O, no clock, no suspension, one seeded
 * generator. One core holds one partition.  Which transitions there are:
 * docs/architecture.md and the table at the head of job.c.
 *
 * Every function that takes `fx` appends what it caused.  When one fails it has changed
 * nothing and appended nothing.  -ENOMEM is possible wherever `fx` is.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "base/attr.h"
#include "core/effects.h"
#include "core/job.h"
#include "core/queue.h"

struct core;
struct holder; /* somebody who holds leases and loses them together: a connection */

/* One reading of the clocks, made once a turn by the caller. */
struct core_now {
    int64_t mono_ns; /* never goes back */
    int64_t wall_ms; /* Unix time; may jump */
};

/* Owns  gives: core_free().  NULL: no memory.  `seed` feeds the jitter. */
struct core *core_new(uint64_t seed);
/* Ends all holders and waiters that are left; NULL does nothing. */
void core_free(struct core *core);

/* From now on new jobs and leases carry `epoch`, which must exceed the old one and
 * every epoch in the log (ASSERTed).  Jobs and current leases stay as they are. */
void core_set_epoch(struct core *core, uint64_t epoch);

/* ---- producing ---- */

struct core_put {
    struct rq_slice queue, body; /* borrows; the body is copied */
    struct rq_slice attrs;       /* the same; see attrs.h; at most LIMIT_ATTRS_BYTES */
    struct job_policy policy; /* tries and ttr_ms >= 1, jitter_pct <= 100 (ASSERTed) */
    int64_t due_wall_ms;      /* 0, or in the past: at once */
};

/* Row 1: a PENDING job and its PUT record (confirm, homes).
 * Returns  0;  1: another job, *out_exists, has its UNIQUE key (an attribute), and
 *          nothing has changed
 * Errors   RQ_E_LIMIT  too many queues;  as core_batch_takes
 * Owns     lends *out: until the job's end */
RQ_MUST_CHECK int core_put(struct core *core, const struct core_put *put,
                           struct core_now now, struct effects *fx, struct job **out,
                           struct job_id *out_exists);
/* Has another job the UNIQUE key of this PUT? */
bool core_has_key(struct core *core, const struct core_put *put, struct core_now now);
/* Row 5, REPLACE: a delayed or ready job gets the body and the attributes of another
 * PUT, which names no batch (ASSERTed): the job stays in its own.  MOVE record (homes).
 * Returns  1; 0: the job is in another state
 * Errors   -ENOBUFS  more attributes than LIMIT_ATTRS_BYTES with that of the batch */
RQ_MUST_CHECK int core_replace(struct core *core, struct job_id id,
                               struct rq_slice body, struct rq_slice attrs,
                               struct effects *fx);

/* The commit that holds the job's awaited record is in the log: rows 2, 10, 12, 14.  A
 * pending job becomes delayed or ready and a getter may be served; an ending job is
 * counted and freed (done) or buried (dead), and joiners may be answered. */
RQ_MUST_CHECK int core_confirmed(struct core *core, struct job *job,
                                 struct core_now now, struct effects *fx);
/* Row 2 at level `memory`: the commit is not in the log yet, and Redis may refuse it,
 * which nobody hears of. */
RQ_MUST_CHECK int core_taken(struct core *core, struct job *job, struct core_now now,
                             struct effects *fx);
/* Row 3: a pending job's PUT was definitely refused; the job is gone.  FORGET, if it
 * has a home; joiners may be answered. */
RQ_MUST_CHECK int core_refused(struct core *core, struct job *job, struct core_now now,
                               struct effects *fx);
/* The record of `logged`, an effect with `homes`, is going into commit `home` (> 0). To
 * be told once for each, before the job's end; the next TOTALS of a queue come only
 * after it was told for the last ones. */
void core_set_home(struct core *core, const struct effect *logged, uint64_t home);

/* ---- consuming ---- */

/* Owns  gives: core_holder_lost() ends it.  NULL: no memory. */
struct holder *core_holder_new(struct core *core);
/* KEEPLEASES: leases that it takes from now on outlive it, and those of the name that
 * nobody holds are its own now.  An empty name: what it takes from now on is not kept.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int core_holder_keep(struct core *core, struct holder *holder,
                                   struct rq_slice name);
/* Row 14 for all its leases that are not kept.  Its waiters must be gone already
 * (core_waiter_cancel). On -ENOMEM the rest is left: call again. */
RQ_MUST_CHECK int core_holder_lost(struct core *core, struct holder *holder,
                                   struct core_now now, struct effects *fx);
size_t core_holder_leases(const struct holder *holder);

struct core_get {
    const struct rq_slice *queues;
    size_t queue_count; /* >= 1 */
    /* How often each has its turn, one a queue, >= 1; NULL: strict order. */
    const uint16_t *weights;
    uint32_t count;   /* at most so many jobs; waits for the first only */
    size_t bytes_max; /* of bodies; the first job may exceed it */
    uint32_t ttr_ms;  /* 0: each job's own */
    int64_t block_ms; /* -1: for ever; 0: do not wait */
};

/* Row 7, now or later.  What is there is delivered at once: all LEASE records, then the
 * deliveries, one behind the other.  BLOCK 0 and nothing: EFFECT_TIMEOUT.  Otherwise
 * *out_waiter is set and the effect, one delivery or the timeout, comes from a later
 * call.
 *
 * Errors  RQ_E_LIMIT     too many queues, or names of them; too many leases of the
 *                        holder, each of its waiting GETs counting as one; too many
 *                        waiters, when it must wait
 *         RQ_E_SHUTDOWN  it would wait, and all of its queues are shut and empty
 * Owns    keeps `cookie` until the waiter is answered or cancelled.  *out_waiter is
 *         NULL when answered, else dies with the answer. */
RQ_MUST_CHECK int core_get(struct core *core, const struct core_get *get,
                           struct holder *holder, void *cookie, struct core_now now,
                           struct effects *fx, struct waiter **out_waiter);
/* The getter or joiner is not interested any more: `w` is freed, no effect names it. */
void core_waiter_cancel(struct core *core, struct waiter *w);
/* Row 8: a hand-over that never reached the client: back to its old place, the attempt
 * not counted, the next waiter served.  Does nothing when the lease is not current. */
RQ_MUST_CHECK int core_undeliver(struct core *core, struct job_id id, uint64_t lease,
                                 struct core_now now, struct effects *fx);

/* Rows 9 to 13 and 15.  DONE again with the same lease, while the end is kept, is good
 * (row 16) and has no effect.
 * Errors  (of all five) RQ_E_STALE  not the current lease, or already ending
 *                       RQ_E_NOJOB  no such job */
/* `result`: kept as long as the job's end; `has_result`: it was said. */
RQ_MUST_CHECK int core_done(struct core *core, struct job_id id, uint64_t lease,
                            struct rq_slice result, bool has_result,
                            struct core_now now, struct effects *fx);

struct core_failed {
    bool dead;             /* else delayed... */
    bool cancelled;        /* ... or it was cancelled while it was leased: it is over */
    int64_t retry_wall_ms; /* when delayed */
};
/* `error` is cut at LIMIT_ERROR_BYTES.  `delay_ms` -1: by the job's backoff. */
RQ_MUST_CHECK int core_fail(struct core *core, struct job_id id, uint64_t lease,
                            struct rq_slice error, int64_t delay_ms, bool dead,
                            struct core_now now, struct effects *fx,
                            struct core_failed *out);
RQ_MUST_CHECK int core_release(struct core *core, struct job_id id, uint64_t lease,
                               int64_t delay_ms, struct core_now now,
                               struct effects *fx);
struct core_touched {
    int64_t deadline_wall_ms;
    bool cancel; /* somebody wants the job to be given up */
};
/* `ttr_ms` 0: the one it was taken with.  A LEASE record, if the lease is kept and its
 * record says less. */
RQ_MUST_CHECK int core_touch(struct core *core, struct job_id id, uint64_t lease,
                             uint32_t ttr_ms, struct core_now now, struct effects *fx,
                             struct core_touched *out);
/* How far the worker is, of 100, and a note, cut at LIMIT_NOTE_BYTES: seen by those who
 * look at the job, until its lease ends.  Errors  -ENOMEM, too */
RQ_MUST_CHECK int core_progress(struct core *core, struct job_id id, uint64_t lease,
                                uint8_t percent, struct rq_slice note);
/* Every lease of `holder`: calls `each` with the new deadline.  Returns how many. */
RQ_MUST_CHECK long core_touch_all(struct core *core, struct holder *holder,
                                  uint32_t ttr_ms, struct core_now now,
                                  struct effects *fx,
                                  void (*each)(void *arg, const struct job *job,
                                               const struct core_touched *touched),
                                  void *arg);

/* ---- managing ---- */

/* Row 17: a dead job is ready again, as if it had never been tried.
 * Returns  1; 0: the job is not dead.  Errors  RQ_E_NOJOB */
RQ_MUST_CHECK int core_kick(struct core *core, struct job_id id, struct core_now now,
                            struct effects *fx);
/* The same for up to `max` dead jobs of a queue, those that died first.
 * Returns  how many */
RQ_MUST_CHECK long core_kick_some(struct core *core, struct rq_slice queue, size_t max,
                                  struct core_now now, struct effects *fx);
/* Rows 18 and 19: a delayed or ready job is over; a leased one when it comes back
 * undone, and its worker hears of it at its next TOUCH.
 * Returns  1; 0: dead, or on its way to an end.  Errors  RQ_E_NOJOB */
RQ_MUST_CHECK int core_cancel(struct core *core, struct job_id id, struct core_now now,
                              struct effects *fx);
/* Row 18 for up to `max` jobs of a queue that are in `state` (delayed, ready or dead).
 * Returns  how many */
RQ_MUST_CHECK long core_purge_some(struct core *core, struct rq_slice queue,
                                   enum job_state state, size_t max,
                                   struct core_now now, struct effects *fx);
/* A delayed or ready job gets a new time; a past one means now.
 * Errors  RQ_E_NOJOB;  RQ_E_BADARG  it is in another state */
RQ_MUST_CHECK int core_reschedule(struct core *core, struct job_id id,
                                  int64_t due_wall_ms, struct core_now now,
                                  struct effects *fx);

/* A body as it stands in the log. */
struct core_read {
    uint64_t home; /* the commit */
    struct rq_slice body;
};
/* A delayed, ready or dead job goes to another queue, as it is: MOVE (homes, with a
 * departure).  Its UNIQUE key goes with it.  To the queue that it is in: nothing.
 * `read` is the body of one that is away, which the MOVE carries; NULL: not read.
 * Returns  0;  1: *out_exists has its key there, and nothing has changed
 * Errors   RQ_E_NOJOB;  RQ_E_BADARG  it is leased, or ending, or its body is lost;  as
 *          gate_admits();  RQ_E_LIMIT  too many queues;  -EAGAIN  it is away, and that
 *          is not its body
 * Owns     lends `read` to the effects */
RQ_MUST_CHECK int core_requeue(struct core *core, struct job_id id,
                               struct rq_slice queue, const struct core_read *read,
                               struct core_now now, struct effects *fx,
                               struct job_id *out_exists);
/* The MOVE of this departure is in the log: the queue that was left has one unfinished
 * job less, and joiners may be answered.  Owns  consumes `d`, unless it fails */
RQ_MUST_CHECK int core_departed(struct core *core, struct departure *d,
                                struct effects *fx);

/* ---- waiting ---- */

struct core_join {
    const struct rq_slice *queues;
    size_t queue_count;
    int64_t block_ms; /* -1: for ever */
    bool strict;      /* dead jobs count as unfinished */
    bool barrier;     /* only jobs put before this call count */
};
/* EFFECT_JOINED at the first instant at which the number of unfinished jobs, summed
 * over the queues, is 0: now or later.  A job that is kicked counts again, for a
 * barrier too if it was put before it.  Unknown queues count as empty; only a JOIN that
 * waits makes them, for as long as it waits.  Owns and Errors as core_get. */
RQ_MUST_CHECK int core_join(struct core *core, const struct core_join *join,
                            struct holder *holder, void *cookie, struct core_now now,
                            struct effects *fx, struct waiter **out_waiter);

/* ---- time ---- */

/* When core_tick() has something to do, on mono_ns; INT64_MAX: never. */
int64_t core_next_due(const struct core *core);
/* Rows 6, 14 and 20, in the order of their times, then who may pass a gate, then the
 * ends of BLOCK, so that a job wins against a timeout of the same turn.  At most `max`
 * of them, so that a burst cannot hold the loop: call again while core_next_due() <=
 * now.  Without memory it does what it can; -ENOMEM: nothing. */
RQ_MUST_CHECK int core_tick(struct core *core, struct core_now now, size_t max,
                            struct effects *fx);
/* TOTALS of every queue that has changed since its last one, or whose last one lives in
 * a commit older than `before`, where it would hold the log; at most 1024 of them.
 * BATCH of batches for the same reasons, and CRON in old commits.  And FORGET of those
 * that were replaced before.
 * Returns  1: more are due, call again with a later commit; 0 */
RQ_MUST_CHECK int core_totals(struct core *core, uint64_t before, struct effects *fx);

/* ---- recovery ---- */

/* Applies one record of the log, before there are holders.  `home` (> 0) names the
 * commit it stands in.  Records of unknown jobs are ignored.  Effects: FORGET.
 * Errors  RQ_E_MALFORMED  it cannot follow what came before: corruption */
RQ_MUST_CHECK int core_replay(struct core *core, const struct record *record,
                              uint64_t home, struct core_now now, struct effects *fx);
/* The whole log is applied: leased jobs go back by row 14, with their STATE records.
 * The totals are made to agree with the jobs (S9): see replay.c. */
RQ_MUST_CHECK int core_replay_end(struct core *core, struct core_now now,
                                  struct effects *fx);

/* ---- waiting for results ---- */

/* What has become of a job. */
struct core_outcome {
    bool is_over;           /* done, expired, cancelled, or dead */
    const char *state;      /* the protocol's word */
    struct rq_slice queue;  /* lends */
    struct rq_slice result; /* lends: what DONE ... RESULT said; else empty */
    bool has_result;
    int64_t kept_wall_ms; /* until when this can be asked; 0: a job that is there */
};
/* Errors  RQ_E_NOJOB  not known, or not any more */
RQ_MUST_CHECK int core_outcome(const struct core *core, struct job_id id,
                               struct core_outcome *out);

struct core_wait {
    const struct job_id *ids; /* borrows; each once */
    size_t count;             /* >= 1 */
    bool any;                 /* one of them is enough; else all */
    int64_t block_ms;         /* -1: for ever */
};
/* EFFECT_WAITED when the jobs are over, now or later.  What is waited for is kept for a
 * minute at least after its end.
 * Errors  RQ_E_NOJOB  a job is not known: *out_bad;  RQ_E_LIMIT  too many waiters
 * Owns    as core_get */
RQ_MUST_CHECK int core_wait(struct core *core, const struct core_wait *wait,
                            struct holder *holder, void *cookie, struct core_now now,
                            struct effects *fx, struct waiter **out_waiter,
                            size_t *out_bad);

/* ---- queues ---- */

/* Replaces what was said about a queue; QUEUE record (homes).
 * Errors  RQ_E_LIMIT  too many queues */
RQ_MUST_CHECK int core_queue_set(struct core *core, struct rq_slice queue,
                                 const struct record_settings *settings,
                                 struct effects *fx);
/* May `count` jobs come in now, beside those who wait for room?
 * Returns  0
 * Errors   RQ_E_SHUTDOWN, RQ_E_PAUSED, RQ_E_FULL;  RQ_E_BADARG  they never fit */
int core_admits(const struct core *core, struct rq_slice queue, uint64_t count);

struct core_room {
    struct rq_slice queue;
    uint64_t count;   /* jobs that come in together */
    int64_t block_ms; /* -1: for ever */
};
/* Waits for room, behind those who wait already; core_admits() has said RQ_E_FULL.
 * EFFECT_ADMITTED: the room is kept until core_room_used(), which the caller calls
 * before it puts, or gives up.  Or EFFECT_REFUSED, or EFFECT_TIMEOUT.
 * Errors and Owns  as core_get */
RQ_MUST_CHECK int core_wait_for_room(struct core *core, const struct core_room *room,
                                     struct holder *holder, void *cookie,
                                     struct core_now now, struct waiter **out_waiter);
void core_room_used(struct core *core, struct rq_slice queue, uint64_t count);
/* While draining nothing comes in and nothing is handed out. */
void core_drain(struct core *core, bool on);
bool core_is_draining(const struct core *core);
/* While held nothing is handed out; all else goes on, and who waits waits on. */
void core_hold(struct core *core, bool on);
bool core_is_held(const struct core *core);

/* ---- looking: lends until the next call that changes the core ---- */

const struct job *core_find_job(const struct core *core, struct job_id id);
struct core_peek {
    struct rq_slice queue;
    enum job_state state; /* delayed, ready, leased or dead */
    struct job_id after;  /* epoch 0: from the first on */
    bool (*wants)(void *arg, const struct job *job); /* NULL: every one */
    void *arg;
    size_t *work; /* how much may be done; counted down, by `wants` too */
};
enum { CORE_PEEK_LOOK = 32 }; /* of work: to look at one job */
/* The first `max` jobs in a state that are wanted: the ready ones in the order in which
 * they are served, the others in that of their ids.  When the work is used up: those of
 * the jobs that came into the state first, if nothing else was asked for.
 *
 * Shape   out: room for `max` pointers
 * Returns  how many
 * Errors   RQ_E_NOJOB  `after` is not ready, so nothing can come after it
 *          RQ_E_LIMIT  the work is used up, and there is `after` or `wants` */
RQ_MUST_CHECK long core_peek(const struct core *core, const struct core_peek *peek,
                             size_t max, const struct job **out);
/* NULL: never used, which is as good as empty. */
const struct queue *core_find_queue(const struct core *core, struct rq_slice name);
/* Walks all queues in no order; start with *cursor 0, NULL at the end. */
const struct queue *core_next_queue(const struct core *core, size_t *cursor);
/* The server's sums over all queues. */
struct core_sums {
    uint64_t queues, jobs, ready, delayed, leased, dead, unfinished, getters, joiners,
        putters, kept, away, lost;
    size_t body_bytes; /* in memory */
    struct record_totals totals;
};
void core_sums(const struct core *core, struct core_sums *out);
/* Recounts everything from the lists and compares with the kept numbers (S8, S9, S11).
 * O(jobs): tests, and once after recovery.  ASSERTs. */
void core_check(const struct core *core);

#endif
