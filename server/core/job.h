/* job.h - a job and its states.
 *
 *            PUT            confirmed                    GET
 *      - ---------> PENDING ---------> READY <---------+----------> LEASED
 *                      |                 ^   due       | RELEASE,      |  DONE
 *                      +-----------> DELAYED <---------+ FAIL, lost    +-------->
 * ENDING -> gone |  last FAIL      `-> DEAD
 *
 * A job whose lease was kept (KEEPLEASES) is ENDING, too, on its way back: nobody else
 * may get it before the log knows that the lease is over, because a crash would bring
 * that lease back.
 *
 * ENDING lies between a change that lowers `unfinished` and the confirmation of its
 * commit: nobody gets the job, its lease cannot run out, it is still counted.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_JOB_H
#define CORE_JOB_H

#include "base/heap.h"
#include "base/list.h"
#include "core/record.h"

enum job_state {
    JOB_PENDING,
    JOB_DELAYED,
    JOB_READY,
    JOB_LEASED,
    JOB_ENDING,
    JOB_DEAD
};

struct queue;
struct job;

const char *job_state_name(enum job_state state); /* the protocol's word */
struct job_id job_identity(const struct job *job);

/* Views for SHOW and GET. */
struct job_view {
    struct job_id id;
    enum job_state state;
    struct rq_slice queue, body, error; /* lends: until the next change of the core */
    struct rq_slice attrs;              /* lends; see attrs.h */
    size_t size;                        /* of the body... */
    bool is_away;                       /* ...which may not be in memory: away.h... */
    bool is_lost;                       /* ...nor in the log: it is dead for ever */
    struct job_policy policy;
    uint32_t attempts;
    uint64_t lease;        /* n of the current lease; 0: none */
    uint32_t lease_ttr_ms; /* while leased: the TTR it was taken with */
    int64_t put_wall_ms;
    int64_t due_wall_ms;      /* while delayed */
    int64_t expires_wall_ms;  /* unless started before; 0: never */
    int64_t deadline_wall_ms; /* while leased */
    int progress;             /* while leased: percent; -1: its worker said nothing */
    struct rq_slice note;     /* lends; what else it said */
    enum record_end end;      /* while ending; 0: it will be dead... */
    bool is_returning;        /* ... or ready, or delayed */
    uint64_t home;            /* the commit its data lives in; 0: none yet */
};
void job_view(const struct job *job, struct job_view *out);

#endif
