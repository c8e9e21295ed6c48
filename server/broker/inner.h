/* inner.h - the broker's own state, shared by its files only.
 *
 *   bodies.c   bodies that are not in memory, read from the log
 *   broker.c   the clock, members, views, life
 *   carry.c    effects carried out: records, deliveries, answers
 *   command.c  one function per command of producers and workers
 *   cron.c     jobs that are put again and again
 *   manage.c   the same for those of operators
 *   listener.c who hears what becomes of jobs
 *   events.c   what the store tells
 *   rewrite.c  the log written again
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_INNER_H
#define BROKER_INNER_H

#include "broker/arrears.h"
#include "broker/bodies.h"
#include "broker/broker.h"
#include "broker/listener.h"
#include "broker/pledge.h"
#include "broker/rewrite.h"

struct broker {
    struct core *core;
    struct store *store;
    struct broker_config config;
    struct broker_events events;
    enum broker_state state;
    struct core_now now; /* of the last turn that asked */
    char owner[128];
    struct effects fx; /* empty between two commands */
    struct pledges pledges;
    struct rq_list members;
    struct rq_list listeners;
    struct rq_list chores;   /* what many jobs are being changed by: manage.c */
    struct rq_list admitted; /* promises whose PUTs are to be made, after the effects */
    struct promise cron_promise; /* of all jobs that CRON puts */
    rio_handle turn_end;         /* 0: nothing has changed in this turn */
    rio_handle timer;
    int64_t timer_at; /* INT64_MAX: not set */
    struct arrears arrears;
    uint64_t logged_seq;     /* the commit of the last record... */
    uint64_t committed_seq;  /* ... and the last one known to be in the log */
    uint64_t totals_seq;     /* the commit of the last TOTALS */
    size_t totals_bytes;     /* of bodies logged since */
    size_t totals_bytes_max; /* after which the next are due */
    struct rewrite rewrite;
    struct bodies bodies;
    /* A refused commit's PUTs are told in batches: how far its pledges are looked
     * through, as a position of the ring. */
    uint64_t refused_seq;
    size_t refused_at;
};

struct member {
    struct broker *broker;
    struct holder *holder;
    struct rq_list link;  /* in broker->members */
    struct rq_list waits; /* promises whose waiter is set */
};

/* The time of this turn of the loop, on both clocks: thousands of commands share one
 * look at them.  A lease that begins now is too short by as long as the turn has lasted
 * yet, well below a millisecond; and its reply leaves only when the turn is over. */
struct core_now broker__now(struct broker *b);

/* Running out of memory half-way through a change that the log must see: there is
 * nothing honest left to do but to end.  A restart recovers from the log. */
void broker__must(int rc, const char *what);

/* What the records of one command lead to. */
struct carried {
    uint64_t seq; /* the commit of its last record; 0: it had none */
    int rc;       /* of the first PUT that the store would not take; 0 */
};

/* Carries out and clears broker->fx.  Pledges for the jobs to be confirmed are made in
 * the order of the records, the last one with `promise` (NULL: none).  With a promise
 * and no job to confirm, a pledge for the promise alone, to all that was logged before;
 * is that in the log already, the promise is kept at once. */
struct carried broker__carry(struct broker *b, struct promise *promise);
/* The same for a command without a PUT.  Errors  RQ_E_SHUTDOWN  the store has ended */
RQ_MUST_CHECK int broker__carry_promise(struct broker *b, struct promise *promise);

/* A slice of the first chore. */
void broker__do_chore(struct broker *b);
void broker__fail_chores(struct broker *b, int code);
/* One PENDING job, its record in the open commit, its pledge.
 * Returns  0;  1: another job, *out_exists, has its key */
RQ_MUST_CHECK int broker__put_one(struct broker *b, const struct core_put *put,
                                  struct job **out, struct job_id *out_exists);
/* At level `memory`: the youngest `count` pledges, all of PUTs, are kept now. */
void broker__confirm_at_once(struct broker *b, size_t count);

void broker__cron_init(struct broker *b);
/* Puts what CRON has made due. */
void broker__run_crons(struct broker *b);

/* Makes the PUTs that have got room. */
void broker__put_admitted(struct broker *b);

/* To those who listen: a record that nobody waits for; a job that is about to be
 * confirmed. */
void broker__tell_logged(struct broker *b, const struct effect *logged);
void broker__tell_confirmed(struct broker *b, const struct job *job);

/* What the store calls. */
struct store_events broker__events(struct broker *b);
/* Commit `seq` is in the log: forgets what had to wait for totals, and writes the next
 * ones if they are due. */
void broker__write_totals(struct broker *b, uint64_t seq);
/* Answers everybody who waits for a commit with `code`, or UNKNOWN what was sent. */
void broker__fail_pledges(struct broker *b, int code);

/* Something may be due earlier now, or a body be wanted: at the end of the turn, once
 * for all of its commands, the timer is set to ring no later than what is due. */
void broker__rearm_late(struct broker *b); /* the first of a turn */
static inline void broker__rearm(struct broker *b)
{
    if (b->turn_end == 0)
        broker__rearm_late(b);
}

#endif
