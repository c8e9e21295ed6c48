/* history.h - what the clients asked for and were told, and whether it can be true.
 *
 * Each command is noted when it is sent (asked) and when its answer has come: yes, no,
 * or not known, which means that it may have happened at any time since.  What the
 * server did in between is not known, only when: after the one and before the other. So
 * every finding below holds whatever happened in between.
 *
 *   LOST                 acknowledged, and gone without an end
 *   PHANTOM              delivered, but never put, or definitely refused
 *   CORRUPT              another body or queue than was put
 *   DELIVERED_AFTER_END  taken after its DONE was acknowledged
 *   RESURRECTED          taken after its CANCEL was acknowledged, or found after its
 * end DOUBLE_DONE          two DONEs of a job were acknowledged STALE_DONE_ACCEPTED  a
 * lease was finished that a newer one had replaced VALID_LEASE_REFUSED  STALE or NOJOB
 * for a lease that nothing had ended EARLY_REDELIVERY     delivered while somebody held
 * it, without a fault LEASE_REUSED         two deliveries with one lease
 *   LEASE_WENT_BACK      a later delivery with a smaller lease
 *   DUP_ID               one id for two jobs, or two ids for one
 *   GROUP_OVER_LIMIT     more of a group are leased at once than GROUPLIMIT says
 *   TOO_EARLY            delivered before it was due
 *   TOO_MANY_ATTEMPTS    delivered more often than its TRIES allow
 *   EARLY_JOIN           JOIN answered, although a job was unfinished all the time; or
 *                        JOIN BATCH, and nobody had closed it
 *   REOPENED             a closed batch takes another job
 *   EARLY_WAIT           WAIT told of an end that nobody had asked for
 *   STUCK, STUCK_JOIN    work, or a JOIN, that does not come to an end; no reply
 *   COUNT_MISMATCH       STATS does not agree with what happened
 *   STOPPED              the server gave up its log
 *
 * SPDX-License-Identifier: MIT */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/slice.h"
#include "core/record.h"

struct core;

enum {
    HISTORY_WHY = 240,
    HISTORY_BODY = 320,
    LEASES_MAX = 400,
    BATCHES_MAX = 16,
    HISTORY_QUEUES = 3
};

enum outcome { YES, NO, NOT_KNOWN };

/* What is being put. */
struct recipe {
    size_t queue, body_len;
    size_t group; /* 0: none */
    int64_t delay_ms, ttr_ms;
    uint32_t tries;
    size_t batch;     /* its place among the batches, from 1; 0: none */
    bool is_kept;     /* KEEP: its lease may say DONE again */
    bool is_volatile; /* DURABLE memory: a crash may lose it */
};

/* One delivery. */
struct lease {
    uint64_t n;
    int64_t asked_ns, got_ns; /* the GET that brought it */
    int64_t until_ns;         /* held at least until then, if nothing happens */
    uint64_t life, connection;
    bool is_kept; /* KEEPLEASES: it outlives its connection */
    bool is_over; /* given back, or its connection or server was lost */
};

struct deed {
    uint32_t uid;
    struct recipe recipe;
    unsigned where;   /* the queues that it may be in, a set */
    int64_t there_ns; /* since when it is known to be in one of these */
    unsigned moving;  /* REQUEUEs that are not answered, or not known */
    bool was_requeued;
    int64_t due_ns; /* not delivered before */
    enum outcome put;
    int64_t put_ns;   /* acknowledged */
    struct job_id id; /* epoch 0: not known yet */
    bool was_asked;   /* its PUT has its answer */
    bool may_die;     /* few tries, or FAIL DEAD */
    bool may_be_over; /* an end was asked for, and not refused */
    bool was_kicked;
    int64_t end_ns; /* when the first end was asked for; INT64_MAX: never */
    int64_t done_ns, cancelled_ns; /* acknowledged; 0: not */
    uint64_t done_lease;
    uint32_t fails; /* acknowledged */
    struct lease *leases;
    size_t lease_count, lease_cap;
};

/* A JOIN that was answered. */
struct joined {
    int64_t from_ns, to_ns;
    unsigned queues; /* a set */
};

/* A batch; its NEW was acknowledged. */
struct batched {
    struct job_id id;
    int64_t close_asked_ns, closed_ns; /* its CLOSE: sent, acknowledged; 0: not */
    int64_t joined_ns;                 /* the first JOIN that was answered; 0: none */
};

struct history {
    struct deed **deeds; /* by uid */
    size_t count, cap;
    struct joined *joins;
    size_t join_count, join_cap;
    struct batched batches[BATCHES_MAX];
    size_t batch_count;
    struct {
        size_t limit; /* GROUPLIMIT; 0: not set, as far as is known */
        int64_t since_ns;
    } limits[HISTORY_QUEUES];
    uint64_t life;        /* of the server */
    uint64_t connections; /* counted */
    uint64_t *lives;      /* of the server at each connection's beginning */
    size_t lives_cap;
    unsigned purging; /* PURGEs that may be going on */
    bool has_requeued;
    uint64_t anomalies;
    char first[HISTORY_WHY];
    bool trace;
};

void history_init(struct history *h);
void history_fini(struct history *h);
void history_anomaly(struct history *h, const char *what, const struct deed *d,
                     const char *format, ...) RQ_PRINTF(4, 5);

/* ---- producing ---- */

/* A PUT is being sent.  Owns  lends: until history_fini() */
struct deed *history_put(struct history *h, const struct recipe *r);
/* The body that the deed is known by.  Shape  out: HISTORY_BODY bytes */
void history_body(const struct deed *d, char *out);
void history_put_answered(struct history *h, struct deed *d, enum outcome outcome,
                          struct job_id id);

/* ---- consuming ---- */

struct delivery {
    struct rq_slice queue, body;
    struct job_id id;
    uint64_t lease, attempt, ttr_ms, connection;
    bool is_kept;
    int64_t asked_ns;
};
/* Returns  the deed; NULL: a phantom */
struct deed *history_got(struct history *h, const struct delivery *got);
/* A connection begins.  Returns  its number, from 1 on */
uint64_t history_connected(struct history *h);
/* Of the delivery that has just been noted: is its group over its limit? */
void history_check_group(struct history *h, const struct deed *d, int64_t asked_ns);
/* The connection's leases are given back. */
void history_left(struct history *h, uint64_t connection);
/* The server's process has ended. */
void history_crashed(struct history *h);
void history_stopped(struct history *h, const char *why);

/* DONE.  What stood when it was sent decides what it may be answered. */
struct claim {
    struct deed *deed;
    uint64_t lease;
    bool is_stale, is_valid;
    int64_t until_ns;
};
struct claim history_done(struct history *h, struct deed *d, uint64_t lease,
                          uint64_t connection);
void history_done_answered(struct history *h, const struct claim *c,
                           enum outcome outcome, bool was_refused);
/* FAIL and RELEASE: the lease is over, whatever the answer.  due_ns: not before. */
void history_give_back(struct history *h, struct deed *d, uint64_t lease,
                       bool is_death);
void history_given_back(struct deed *d, int64_t due_ns, bool is_failure);
void history_touched(struct deed *d, uint64_t lease, int64_t until_ns);

/* ---- managing ---- */

/* An end is being asked for: CANCEL, or PURGE of a queue. */
void history_end(struct deed *d);
void history_ended(struct deed *d, enum outcome outcome);
/* REQUEUE: from now on it may be in either queue. */
void history_requeue(struct history *h, struct deed *d, size_t queue);
void history_requeued(struct deed *d, size_t queue, enum outcome outcome);
void history_kick(struct history *h, size_t queue);
/* WAIT was answered with `state`. */
void history_waited(struct history *h, const struct deed *d, struct rq_slice state);
/* GROUPLIMIT of the queue was set, always to the same. */
void history_limited(struct history *h, size_t queue, size_t limit);
void history_joined(struct history *h, unsigned queues, int64_t from_ns);

/* ---- batches: history_batch.c; `batch` is a place in h->batches ---- */

void history_batch(struct history *h, struct job_id id); /* NEW was acknowledged */
void history_batch_close(struct history *h, size_t batch);
void history_batch_closed(struct history *h, size_t batch, enum outcome outcome);
/* JOIN was answered, and counts so many ends. */
void history_batch_joined(struct history *h, size_t batch, uint64_t ends);
void history_batch_gone(struct history *h, size_t batch); /* NOJOB */
/* Parts of history_got() and of what a PUT was answered. */
void history_batch_got(struct history *h, const struct deed *d, int64_t asked_ns);
void history_batch_put(struct history *h, const struct deed *d, int64_t asked_ns);
void history_batch_audit(struct history *h, const struct core *core);

/* ---- the end: nobody works any more, and everything was answered ---- */

void history_audit(struct history *h, const struct core *core);

#endif
