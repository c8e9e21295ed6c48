/* model.h - the rules once more, as simply as they can be written: arrays, linear
 * scans, no indexes.  model_test.c plays it against the core.
 *
 * Each call appends what it expects the core to do to m->expected; the log holds what
 * is expected to be written. SPDX-License-Identifier: MIT */
#ifndef UNIT_CORE_MODEL_H
#define UNIT_CORE_MODEL_H

#include "core/core.h"
#include "world.h"

enum {
    MODEL_QUEUES = 3,
    MODEL_HOLDERS = 3,
    MODEL_JOBS = 256,
    MODEL_WAITERS = 32,
    MODEL_LOG = 32768,
    MODEL_EXPECTED = 512,
};

struct model_job {
    bool is_used;
    struct job_id id;
    int queue, holder;
    enum job_state state;
    unsigned end;      /* ending: enum record_end; 0: it will be dead */
    bool was_dead;     /* ending */
    bool is_cancelled; /* leased: it ends when it comes back */
    uint64_t died;     /* dead: order of deaths */
    struct job_policy policy;
    uint32_t attempts, deliveries;
    uint64_t deliveries_epoch, lease, last_lease;
    int64_t at_ns, due_wall_ms, put_wall_ms;
    uint64_t armed; /* order of arming */
    uint64_t taken; /* order of delivery */
};

struct model_waiter {
    bool is_used, is_join, strict, has_barrier;
    struct job_id barrier; /* the last job that counts */
    uint64_t since;        /* order of calls */
    int holder;
    int queues[MODEL_QUEUES];
    size_t queue_count;
    int64_t at_ns; /* INT64_MAX: for ever */
    uint64_t armed;
    uint64_t done, dead, cancelled; /* of its queues, since the call */
    struct waiter *handle;
};

struct model_record {
    enum record_type type;
    struct job_id job;
    int queue;
    enum record_state state;
    enum record_end end;
    uint32_t attempts;
    int64_t due_wall_ms, put_wall_ms;
    struct job_policy policy;
    bool confirm, is_refused;
};

struct model {
    struct core_now now;
    uint64_t epoch, number, order;
    struct model_job jobs[MODEL_JOBS];
    struct model_waiter waiters[MODEL_WAITERS];
    struct model_record log[MODEL_LOG];
    size_t log_count, landed;
    struct event expected[MODEL_EXPECTED];
    size_t expected_count;
};

/* In the order of model_test.c's commands; times come from m->now. */
struct model_job *model_put(struct model *m, int queue, struct job_policy policy,
                            int64_t due_wall_ms);
/* The next awaited record is in the log. */
void model_land_one(struct model *m);
/* The oldest PUT that is not in the log is refused.  Returns  false: there is none. */
bool model_refuse_one(struct model *m);
/* Returns  the waiter, or NULL when it is answered. */
struct model_waiter *model_get(struct model *m, int holder, const int *queues,
                               size_t queue_count, uint32_t count, int64_t block_ms);
struct model_waiter *model_join(struct model *m, int holder, const int *queues,
                                size_t queue_count, int64_t block_ms, bool strict,
                                bool barrier);
void model_done(struct model *m, struct model_job *job);
/* `delay_ms`: the one that the core chose; not used when the job dies. */
void model_fail(struct model *m, struct model_job *job, bool dead, int64_t delay_ms);
bool model_fail_is_last(const struct model_job *job, bool dead);
/* The delay without jitter. */
uint64_t model_backoff_ms(const struct model_job *job);
void model_release(struct model *m, struct model_job *job, int64_t delay_ms);
void model_kick(struct model *m, struct model_job *job);
/* Returns  as core_cancel() */
int model_cancel(struct model *m, struct model_job *job);
/* Returns  how many */
long model_purge_dead(struct model *m, int queue);
void model_undeliver(struct model *m, struct model_job *job);
void model_touch(struct model *m, struct model_job *job);
void model_lose(struct model *m, int holder);
void model_tick(struct model *m);
int64_t model_next_due(const struct model *m);
void model_totals(struct model *m, int queue);
/* What has not landed is gone; everything is read from the log.  The jobs that were
 * leased go back; their records are expected in no order. */
void model_restart(struct model *m);

/* Jobs of the queue that a JOIN waits for. */
size_t model_unfinished(const struct model *m, int queue, bool strict);
/* The same, of those whose records are in the log: what a crash would bring back. */
size_t model_unfinished_in_log(const struct model *m, int queue);
bool model_same_id(struct job_id a, struct job_id b);
struct model_job *model_find(struct model *m, struct job_id id);

#endif
