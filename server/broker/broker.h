/* broker.h - the rules and the log joined: applies commands, commits what they cause,
 * keeps promises.
 *
 *     command -> core -> effects -> the open commit ......> Redis
 *                           |                                |
 *                           +-> pledges <---- committed -----+
 *                                  |
 *                                  +-> core_confirmed, promise->ops->done
 *
 * None of these functions suspends: a command is one step between two turns' ends.
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/promise.h"
#include "core/batch.h"
#include "core/core.h"
#include "core/cron.h"
#include "store/store.h"

struct broker;
struct member; /* one client connection: what it waits for and what it holds */

enum broker_state { BROKER_LOADING, BROKER_SERVING, BROKER_FENCED, BROKER_HALTED };

struct broker_events {
    void *arg;
    void (*serving)(void *arg);                  /* the log is whole: once */
    void (*stopped)(void *arg, const char *why); /* BROKER_FENCED or BROKER_HALTED */
};

struct broker_config {
    uint64_t seed;             /* of the jitter */
    size_t body_memory;        /* bytes of bodies that stay in memory; 0: any number */
    int64_t store_wait_ns;     /* how long a client waits for a commit; 5 s */
    bool holds_without_store;  /* nothing is handed out while the store is not up */
    core_zone_find *zone_find; /* time zones for CRON; NULL: UTC only */
    void *zone_arg;
};

/* Owns  gives: broker_free().  NULL: no memory. */
struct broker *broker_new(const struct broker_config *config,
                          const struct broker_events *events);
/* Starts the store in `group`.  Errors  as store_start, with `why` (200 bytes) */
int broker_start(struct broker *b, const struct store_config *store, rio_group *group,
                 char *why);
/* After `group` has ended and every member has left.  Promises that are still owed are
 * kept now, by `failed`. */
void broker_free(struct broker *b);

/* 0 when jobs can be served, else RQ_E_LOADING, RQ_E_MOVED or RQ_E_STORE. */
int broker_gate(const struct broker *b);
/* For MOVED: the address of the new owner, "" when not known; for STORE: why, if that
 * is for ever. */
const char *broker_owner(const struct broker *b);
/* For STORE: why it is so for now; "" when not known. */
const char *broker_trouble(const struct broker *b);
enum broker_state broker_state(const struct broker *b);
/* What the commands of this turn take for the time of day, in unix ms. */
int64_t broker_wall_ms(struct broker *b);

/* ---- members ---- */

struct member *member_new(struct broker *b); /* NULL: no memory */
/* GETs and JOINs that wait are answered as timed out (they have nobody to serve). */
void member_stop_waits(struct member *m);
/* Its leases go back; the member is freed. */
void member_leave(struct member *m);

/* ---- commands: < 0 is the error to answer with, and the promise is not kept ---- */

struct broker_receipt {
    struct job_id first; /* the ids of one MPUT count up from here */
    size_t count;
    bool delayed;
    bool exists;              /* another job has the UNIQUE key: `first` */
    bool is_too_durable;      /* refused: the log holds less than what was asked for */
    bool has_too_many_copies; /* refused: nobody waits for so many */
    bool is_in_memory;        /* the log was not waited for */
};
struct broker_put {
    struct core_put job; /* all but the body */
    const struct rq_slice *bodies;
    size_t count;                   /* 1, if there is a UNIQUE key */
    bool replace;                   /* a job that has the key gets this body */
    bool has_level;                 /* it wants... */
    enum store_level level;         /* ... this much, or as much as there is */
    unsigned copies;                /* replicas that it shall reach; 0: not said */
    struct broker_receipt *receipt; /* written before the promise is kept */
};
/* Puts `count` jobs that differ in their body only, in one commit.  At level `memory`
 * the promise is kept before this returns.
 * Errors  RQ_E_FULL  no room: broker_put_later();  RQ_E_PAUSED, RQ_E_SHUTDOWN;
 *         RQ_E_BADARG  more than MAXSIZE, is_too_durable, has_too_many_copies;
 *         RQ_E_NOJOB, -EPIPE  as core_batch_takes;  RQ_E_STORE, RQ_E_LIMIT, gate */
RQ_MUST_CHECK int broker_put(struct broker *b, const struct broker_put *put,
                             struct promise *promise);
/* The same, when there is room; `timed_out` when there is none for `block_ms` (-1: for
 * ever).  Errors  RQ_E_LIMIT  too many waiters.  Owns  keeps `put` and what it borrows
 * until the promise is kept */
RQ_MUST_CHECK int broker_put_later(struct member *m, const struct broker_put *put,
                                   int64_t block_ms, struct promise *promise);
RQ_MUST_CHECK int broker_get(struct member *m, const struct core_get *get,
                             struct promise *promise);
/* The hand-over of this lease did not reach the client. */
void broker_undeliver(struct broker *b, struct job_id id, uint64_t lease);

struct broker_lease {
    struct job_id id;
    uint64_t n;
};
/* Finishes every lease that is current.  *out_finished of them were, and *out_bad is
 * the index of the first that was not (`count`: none), *out_bad_code why.
 * Returns  0: the promise will be kept
 * Errors   why the first was not finished, when none was;  RQ_E_STORE  there is a
 *          result, and the log has no room for it;  gate */
RQ_MUST_CHECK int broker_done(struct broker *b, const struct broker_lease *leases,
                              size_t count, struct rq_slice result, bool has_result,
                              struct promise *promise, size_t *out_finished,
                              size_t *out_bad, int *out_bad_code);
RQ_MUST_CHECK int broker_fail(struct broker *b, const struct broker_lease *lease,
                              struct rq_slice error, int64_t delay_ms, bool dead,
                              struct promise *promise, struct core_failed *out);
RQ_MUST_CHECK int broker_release(struct broker *b, const struct broker_lease *lease,
                                 int64_t delay_ms, struct promise *promise);
RQ_MUST_CHECK int broker_touch(struct broker *b, const struct broker_lease *lease,
                               uint32_t ttr_ms, struct core_touched *out);
/* `percent` of 100, and a note. */
RQ_MUST_CHECK int broker_progress(struct broker *b, const struct broker_lease *lease,
                                  uint8_t percent, struct rq_slice note);
/* Every lease of the member.  Returns how many */
size_t broker_touch_all(struct member *m, uint32_t ttr_ms,
                        void (*each)(void *arg, const struct job *job,
                                     const struct core_touched *touched),
                        void *arg);
size_t member_leases(const struct member *m);
/* KEEPLEASES under this name, a valid one; or no more of it, for an empty one.
 * Errors  -ENOMEM, gate */
RQ_MUST_CHECK int member_keep_leases(struct member *m, struct rq_slice name);
RQ_MUST_CHECK int broker_join(struct member *m, const struct core_join *join,
                              struct promise *promise);

/* Errors  RQ_E_NOJOB  *out_bad is the index of the first job that is not known */
RQ_MUST_CHECK int broker_wait(struct member *m, const struct core_wait *wait,
                              struct promise *promise, size_t *out_bad);

/* BATCH.  `out` is written at once; it may be told when the promise is kept.
 * Errors  as core_batch_new;  RQ_E_STORE, gate */
RQ_MUST_CHECK int broker_batch_new(struct broker *b, uint64_t keep_ms,
                                   struct promise *promise, struct job_id *out);
/* Errors  as core_batch_close, core_batch_join */
RQ_MUST_CHECK int broker_batch_close(struct broker *b, struct job_id id,
                                     struct promise *promise);
RQ_MUST_CHECK int broker_batch_join(struct member *m, struct job_id id,
                                    int64_t block_ms, struct promise *promise);

/* ---- managing: the promise is kept when what has changed is in the log ---- */

/* Written before the promise is kept. */
struct broker_changed {
    size_t count;      /* of jobs */
    bool has_bad;      /* some of the ids are not known... */
    struct job_id bad; /* ... this one first */
};
/* Jobs by id, 1 at least.
 * Returns  0: the promise will be kept
 * Errors   RQ_E_NOJOB  nothing has changed, and some are not known;  gate */
RQ_MUST_CHECK int broker_kick(struct broker *b, const struct job_id *ids, size_t count,
                              struct promise *promise, struct broker_changed *out);
RQ_MUST_CHECK int broker_cancel(struct broker *b, const struct job_id *ids,
                                size_t count, struct promise *promise,
                                struct broker_changed *out);
/* Up to `max` dead jobs of a queue; many of them take many turns.
 * Owns  keeps `out` until the promise is kept */
RQ_MUST_CHECK int broker_kick_some(struct broker *b, struct rq_slice queue, size_t max,
                                   struct promise *promise, struct broker_changed *out);
/* As many jobs of a queue as there are in `states`, a set of 1 << JOB_DELAYED, _READY,
 * _DEAD; `out` may be NULL.  Else the same. */
RQ_MUST_CHECK int broker_purge(struct broker *b, struct rq_slice queue, unsigned states,
                               struct promise *promise, struct broker_changed *out);
RQ_MUST_CHECK int broker_reschedule(struct broker *b, struct job_id id,
                                    int64_t due_wall_ms, struct promise *promise);
/* A body that is not in memory is read first.
 * Returns  0: the promise will be kept;  1: *out_exists has its UNIQUE key there
 * Errors   as core_requeue;  RQ_E_STORE  the log has no room for its body;  gate */
RQ_MUST_CHECK int broker_requeue(struct broker *b, struct job_id id,
                                 struct rq_slice queue, struct promise *promise,
                                 struct job_id *out_exists);

/* Replaces the settings of a queue. */
RQ_MUST_CHECK int broker_queue_set(struct broker *b, struct rq_slice queue,
                                   const struct record_settings *settings,
                                   struct promise *promise);
/* The same, with RECORD_SHUT_NOW, and what waits is cancelled. */
RQ_MUST_CHECK int broker_shut_now(struct broker *b, struct rq_slice queue,
                                  const struct record_settings *settings,
                                  struct promise *promise);
/* While draining nothing comes in and nothing is handed out. */
/* CRON.  Errors  as core_cron_add */
RQ_MUST_CHECK int broker_cron_add(struct broker *b, const struct core_cron *said,
                                  struct promise *promise, const char **out_why);
/* *out_changed: 1, or 0 when there is no such entry */
RQ_MUST_CHECK int broker_cron_del(struct broker *b, struct rq_slice name,
                                  struct promise *promise, size_t *out_changed);

void broker_drain(struct broker *b, bool on);
bool broker_is_draining(const struct broker *b);

/* ---- looking ---- */

/* The jobs with their bodies, which may have to be read from the log: `looked`.
 * Errors  -ENOMEM, gate */
RQ_MUST_CHECK int broker_look(struct broker *b, const struct job_id *ids, size_t count,
                              struct promise *promise);
const struct core *broker_core(const struct broker *b);
void broker_store_stats(const struct broker *b, struct store_stats *out);
enum store_level broker_level(const struct broker *b);
/* As store_reached() and store_copies(). */
const char *broker_reached(const struct broker *b);
unsigned broker_copies(const struct broker *b);

/* Waits until everything issued so far is in the log, and a repair of it is over.
 * Errors and Suspends as store_flush. */
RIO_AWAITS int broker_flush(struct broker *b);

#endif
