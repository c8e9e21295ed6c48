/* world.h - a core with a clock, a log and a list of what happened, for tests.
 *
 * Each world_*() call carries its effects out as a broker would: records are copied
 * into the log, homes are told, awaited jobs queue up for world_land().  What the call
 * caused stands in w->events until the next one.  core_check() runs after every call.
 * SPDX-License-Identifier: MIT */
#ifndef UNIT_CORE_WORLD_H
#define UNIT_CORE_WORLD_H

#include "core/batch.h"
#include "core/core.h"

enum { WORLD_EVENTS = 4096, WORLD_ERROR_BYTES = 64 };

/* One effect, copied. */
struct event {
    enum effect_kind kind;
    void *cookie;      /* DELIVER, TIMEOUT, JOINED, ADMITTED, REFUSED */
    struct job_id job; /* RECORD, DELIVER */
    uint64_t lease;    /* DELIVER */
    bool more, confirm, homes;
    struct join_counts counts;
    uint64_t home; /* FORGET */
    int code;      /* REFUSED */
    enum record_type type;
    enum record_state state;
    enum record_end end;
    uint32_t attempts;
    int64_t due_wall_ms;
    struct record_totals totals;
    char error[WORLD_ERROR_BYTES]; /* cut */
};

struct world_record; /* a record of the log, with its own bytes */

struct world {
    struct core *core;
    struct effects fx;
    struct core_now now;
    struct holder *holder; /* the one that the calls below use */
    struct event *events;
    size_t event_count;
    struct world_record *log;
    size_t log_count, log_cap;
    size_t landed;      /* records of the log that are in Redis */
    uint64_t epoch;     /* 7 at first */
    size_t body_memory; /* of the cores to come */
    struct job_view job_view;
    struct queue_view queue_view;
};

/* A core under epoch 7 at wall time 1,000,000 ms, mono 5 s, and a holder. */
void world_init(struct world *w);
void world_fini(struct world *w);
/* Turns both clocks. */
void world_sleep(struct world *w, int64_t ms);

/* TTR 1 s, three tries, backoff FIXED 100 ms, no jitter, PRI 100. */
struct job_policy world_policy(void);
/* A PUT that is not landed yet.  Returns  the id. */
struct job_id world_put_more(struct world *w, const char *queue, const char *body,
                             struct job_policy policy, int64_t due_wall_ms);
/* The same, with all that a PUT may say.  Returns  as core_put(); *out: its id, or that
 * of the job that exists */
int world_put_full(struct world *w, const struct core_put *put, struct job_id *out);
struct job_id world_put(struct world *w, const char *queue, const char *body);
/* A PUT with attributes and a WINDOW.  Returns  as core_put(); *out: its id, or that of
 * the job that exists */
int world_put_attrs(struct world *w, const char *queue, const char *body,
                    struct rq_slice attrs, uint64_t window_ms, int64_t due_wall_ms,
                    struct job_id *out);
/* Carries out what a call of the core has left in w->fx. */
void world_carry(struct world *w);
/* A PUT that is in the log: ready, if nobody waits for it. */
struct job_id world_put_landed(struct world *w, const char *queue);
/* What was appended so far is in the log: confirms what is awaited. */
void world_land(struct world *w);
/* The next awaited record is in the log, and all before it. */
void world_take(struct world *w); /* the last PUT was at level `memory` */
void world_land_one(struct world *w);
/* The oldest awaited PUT is refused. */
void world_refuse_one(struct world *w);

/* `queues`: names with commas.  Returns  the error of core_get(). */
int world_get_more(struct world *w, struct holder *holder, const char *queues,
                   uint32_t count, int64_t block_ms, void *cookie, struct waiter **out);
/* GET BLOCK 0 of one job, whose body is read if it is away.  Returns  its lease, or
 * 0. */
uint64_t world_get(struct world *w, const char *queues, struct job_id *out_id);
uint64_t world_get_as(struct world *w, struct holder *holder, const char *queues,
                      struct job_id *out_id);
/* A GET that has to wait. */
struct waiter *world_wait(struct world *w, const char *queues, int64_t block_ms,
                          void *cookie);
/* A PUT of `count` jobs that has to wait for room in "q". */
struct waiter *world_wait_for_room(struct world *w, uint64_t count, int64_t block_ms,
                                   void *cookie);
int world_wait_jobs(struct world *w, const struct job_id *ids, size_t count, bool any,
                    int64_t block_ms, void *cookie, struct waiter **out);
/* What is said about the queue "q". */
void world_set(struct world *w, struct record_settings settings);
int world_join(struct world *w, const char *queues, int64_t block_ms, bool strict,
               void *cookie, struct waiter **out);

int world_join_barrier(struct world *w, const char *queues, int64_t block_ms,
                       bool strict, void *cookie, struct waiter **out);

/* BATCH NEW and CLOSE, not landed yet. */
struct job_id world_batch(struct world *w, uint64_t keep_ms);
int world_close(struct world *w, struct job_id batch);
int world_join_batch(struct world *w, struct job_id batch, int64_t block_ms,
                     void *cookie, struct waiter **out);

int world_done(struct world *w, struct job_id id, uint64_t lease);
int world_fail(struct world *w, struct job_id id, uint64_t lease, const char *error,
               int64_t delay_ms, bool dead, struct core_failed *out);
int world_release(struct world *w, struct job_id id, uint64_t lease, int64_t delay_ms);
int world_kick(struct world *w, struct job_id id);
long world_kick_some(struct world *w, const char *queue, size_t max);
int world_cancel_job(struct world *w, struct job_id id);
long world_purge(struct world *w, const char *queue, enum job_state state, size_t max);
int world_reschedule(struct world *w, struct job_id id, int64_t due_wall_ms);
/* The body of a job that is away is read first. */
int world_requeue(struct world *w, struct job_id id, const char *queue,
                  struct job_id *out_exists); /* may be NULL */
void world_undeliver(struct world *w, struct job_id id, uint64_t lease);
void world_cancel(struct world *w, struct waiter *waiter);
struct holder *world_holder(struct world *w);
void world_lose(struct world *w, struct holder *holder);
void world_tick(struct world *w);
/* Moves what lives in records before `before`, in small steps.  Returns  how many */
uint64_t world_move(struct world *w, uint64_t before);
/* Bytes of bodies that stay in memory, from now on. */
void world_set_memory(struct world *w, size_t bytes);
/* Reads what is wanted from the log, up to `max`, as core_body() or, what has been cut
 * off, core_lost().  Returns  how many were wanted */
size_t world_fetch_some(struct world *w, size_t max);
/* All, and what that leads to. */
size_t world_fetch(struct world *w);
/* The log loses everything up to now. */
void world_flush(struct world *w);
/* The first record of the log, from 1, in which something lives. */
uint64_t world_low(const struct world *w);
bool world_totals_before(struct world *w, uint64_t before);
bool world_totals(struct world *w); /* are more due? */

/* The process ends, what had not landed is gone; a new one replays the log from the
 * first record that is still needed on, under the next epoch. */
void world_restart(struct world *w);
/* The same, without the end of the replay. */
void world_replay(struct world *w);
void world_end_replay(struct world *w);
/* One record straight into core_replay().  Returns  its error. */
int world_replay_one(struct world *w, const struct record *record, uint64_t home);

/* Both lend: until the next call of the same function. */
const struct job_view *world_view(struct world *w, struct job_id id); /* must exist */
bool world_has(const struct world *w, struct job_id id);
const struct queue_view *world_queue(struct world *w, const char *name); /* or zeros */
size_t world_count(const struct world *w, enum effect_kind kind);
/* The only event of its kind. */
const struct event *world_event(const struct world *w, enum effect_kind kind);
/* Exactly one record was written, of this type. */
const struct event *world_record(const struct world *w, enum record_type type);

#endif
