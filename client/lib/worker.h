/* worker.h - the parts of a worker: the loop (worker.c), the line that takes jobs
 * (taker.c), and what is told of them (teller.c).
 *
 *        GET COUNT free                    ready             handler threads
 *     server ----------> taker.c --- rq_pool_give() ---> [ ][ ][ ] `concurrency`
 *        ^                                                   |
 *        +---- DONE FAIL RELEASE TOUCH --- teller.c <--------+ rq_pool_take()
 *
 * Two connections.  The *taker* carries GET, the *settler* all that is told of leases,
 * which are valid on any connection.  Replies of one connection come in order: on one
 * alone a GET behind a DONE would wait until the DONE is on disk, and a DONE behind a
 * GET until a job comes.  So a worker takes its next job while the server still commits
 * the last (measured, fsync, one handler: 6,600 jobs a second against 300), and what
 * handlers finish in one turn of the loop leaves in one write.  RQ_WORKER_TELLING_MAX
 * jobs at most are done but not confirmed; they are what may be done twice if the
 * server dies.
 *
 * The settler is opened when it is needed first.  Without it (it was lost, or the
 * server has no room) the taker carries all: the server obeys at once, only answers
 * come later.
 *
 * Leases belong to the connection that took them in one respect: when it is lost the
 * server gives the jobs back.  So a lost taker makes every job in hand lost; a lost
 * settler makes none, and what it left unanswered is told again.  With keep_leases the
 * taker takes none with it either: a job is lost when the server says so, or when no
 * heartbeat has come through for as long as its lease.
 *
 * One thread, that of ringq_worker_run(), does all of this; handlers see the pool only.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_WORKER_H
#define LIB_WORKER_H

#include "base/clock.h"

#include "lib/conn.h"
#include "lib/pool.h"
#include "lib/socket.h"

enum {
    RQ_WORKER_CONCURRENCY_MAX = 1024,
    RQ_WORKER_TELLING_MAX = 128, /* jobs that are told of, beyond those in hand */
    /* A waiting GET is renewed this often: a server that vanished is noticed, and a GET
     * asks for as many jobs as there are idle handlers. */
    RQ_WORKER_SLICE_MS = 1000,
    RQ_WORKER_TOUCH_MIN_MS = 100, /* no heartbeat is more frequent, whatever the TTR */
    /* The settler is opened while heartbeats of jobs in hand must not be late. */
    RQ_WORKER_SETTLER_CONNECT_MS = 1000,
    RQ_WORKER_NS_PER_MS = 1000000,
};

/* A connection that is made again when it is lost. */
struct rq_line {
    struct rq_conn conn;
    struct rq_retry retry; /* of the series of failures since it was open */
    int64_t retry_at_ns;   /* when it may be tried again */
};

struct ringq_worker {
    struct rq_settings set, settler_set; /* the settler's is quicker to give up */
    struct rq_socket_ctx socket_ctx; /* its stop_fd: written by ringq_worker_stop() */
    ringq_worker_options options;
    char *queues;
    ringq_handler *handler;
    void *arg;
    int unusable; /* bad url or options: a ringq_error, else 0 */
    atomic_uint stops;

    /* of a run */
    struct rq_pool pool;
    struct rq_rand rand;
    int64_t now_ns; /* read once a turn */
    struct rq_line taker, settler;
    ringq_work *works; /* work_count of them */
    unsigned work_count, free_count;
    unsigned in_hand;             /* RUNNING */
    struct rq_list free, waiting; /* by state; RUNNING ones are the pool's */
    bool quiet;                   /* the last heartbeat said: take no more */
    bool asking;                  /* a GET is unanswered */
    unsigned asked_count;         /* its COUNT */
    struct rq_retry refused;      /* the server refuses GET for now */
    int64_t ask_at_ns;            /* not before */
    int64_t job_at_ns;            /* when the last job came; for drain_ms */
    int64_t touch_at_ns;          /* no heartbeat is due before */
    bool ending;                  /* take no more */
    bool hurried;                 /* stopped twice */
    bool told_of_loss;            /* on_connection() said so */
    uint64_t taken, settled;
    int error;
    char text[512];
};

/* Takes no more, and run returns this error in the end.  The first error counts. */
void rq_worker_fail(ringq_worker *w, int error, const char *text);

/* From one heartbeat of a job to the next. */
static inline int64_t rq_work_touch_after_ns(const ringq_work *work)
{
    int64_t ms = work->job->ttr_ms / 3;

    return (ms > RQ_WORKER_TOUCH_MIN_MS ? ms : RQ_WORKER_TOUCH_MIN_MS) *
           RQ_WORKER_NS_PER_MS;
}

/* A heartbeat that was sent at `sent_ns`, or the delivery, holds the lease until: */
static inline int64_t rq_work_held_until_ns(const ringq_work *work, int64_t sent_ns)
{
    return rq_clock_after(sent_ns, (int64_t)work->job->ttr_ms * RQ_WORKER_NS_PER_MS);
}

/* ---- taker.c ---- */

/* Makes the taker's connection when it is time to. */
void rq_taker_connect(ringq_worker *w);
/* Asks for as many jobs as there are idle handlers. */
void rq_taker_ask(ringq_worker *w);
/* Sends and receives; a loss makes every job in hand lost. */
void rq_taker_pump(ringq_worker *w);
/* Every job in hand is lost: its handler is asked to leave. */
void rq_taker_lose_jobs(ringq_worker *w);
/* Until when the taker has nothing to do, INT64_MAX: no limit. */
int64_t rq_taker_idle_until(const ringq_worker *w);

/* ---- teller.c ---- */

/* Tells the server what has become of jobs: those that wait for it. */
void rq_teller_settle(ringq_worker *w);
/* Holds the leases of jobs in hand. */
void rq_teller_touch(ringq_worker *w);
/* There is a connection again: heartbeats of all jobs are due. */
void rq_teller_touch_soon(ringq_worker *w);
/* Sends and receives; what a loss leaves unanswered is told again. */
void rq_teller_pump(ringq_worker *w);
int64_t rq_teller_idle_until(const ringq_worker *w);
/* A work has an outcome: it waits for its turn. */
void rq_teller_add(ringq_worker *w, ringq_work *work);

#endif
