/* record.h - the records of the log: what must survive, as plain structs.
 *
 * The rules make them, the store turns them into bytes and back (store/encode.c).
 *
 * Changing a stored record: never change the meaning of a field; add a new record
 * type or a new field at the end of the payload with a default for logs that lack it;
 * raise ENCODE_VERSION when an old server could not read the new form; add a log of
 * the old form to tests/unit/store/.  A reader stops at types and versions that it does
 * not know: it never skips them.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>

#include "base/slice.h"

struct job_id {
    uint64_t epoch;  /* of the owner that took the PUT; >= 1 */
    uint64_t number; /* counts from 1 in each epoch */
};

static inline bool job_id_equal(struct job_id a, struct job_id b)
{
    return a.number == b.number && a.epoch == b.epoch;
}

enum job_backoff { JOB_BACKOFF_FIXED, JOB_BACKOFF_LINEAR, JOB_BACKOFF_EXP };

/* What a producer asks of a job's handling. */
struct job_policy {
    uint64_t ttl_ms;    /* not started by then: expired; 0: no limit */
    uint64_t keep_ms;   /* how long its end can be asked for */
    uint64_t window_ms; /* how long its UNIQUE key stays taken after the end */
    uint32_t ttr_ms;
    uint32_t backoff_base_ms, backoff_max_ms;
    uint16_t tries;     /* attempts in all */
    uint8_t backoff;    /* enum job_backoff */
    uint8_t jitter_pct; /* 0 to 100 */
    uint8_t pri;        /* 0 is served first */
};

enum record_type {
    RECORD_PUT = 1,
    RECORD_LEASE = 2,
    RECORD_STATE = 3,
    RECORD_DONE = 4,
    RECORD_MOVE = 5,
    RECORD_QUEUE = 6,
    RECORD_CRON = 7,
    RECORD_BATCH = 8,
    RECORD_TOTALS = 9,
};

/* States that a STATE or MOVE record can put a job into. */
enum record_state {
    RECORD_READY = 1,
    RECORD_DELAYED = 2,
    RECORD_DEAD = 3,
    RECORD_CANCELLING = 4, /* STATE only: still leased, to end when it comes back */
};
/* How a job ended. */
enum record_end {
    RECORD_END_DONE = 1,
    RECORD_END_EXPIRED = 2,
    RECORD_END_CANCELLED = 3
};
enum { RECORD_ENDS = RECORD_END_CANCELLED + 1 };

/* Totals of a queue since it was first used. */
struct record_totals {
    uint64_t put;       /* PUTs in the log */
    uint64_t delivered; /* leases given, without those undone */
    uint64_t done;
    uint64_t failed;  /* attempts that ended by FAIL, deadline or a lost holder... */
    uint64_t retried; /* ...and are to be tried again */
    uint64_t dead;    /* deaths, for whatever reason */
    uint64_t expired, cancelled;
    uint64_t redelivered; /* of the delivered, second and later attempts */
    uint64_t requeued;    /* went to another queue; there each is a put */
};

/* A large body stands apart: not in its record, but under a name of its own. */
struct record_apart {
    uint64_t epoch, number; /* the name, given once; epoch 0: it stands in the record */
    uint64_t len;           /* of the body, <= UINT32_MAX */
};

enum record_order { RECORD_FIFO, RECORD_LIFO };
enum record_paused { RECORD_PAUSED_IN = 1, RECORD_PAUSED_OUT = 2 }; /* a set */
enum record_shut { RECORD_OPEN, RECORD_SHUT, RECORD_SHUT_NOW };

/* What an operator has said about a queue.  0: no limit, or the server's default. */
struct record_settings {
    uint64_t maxsize;     /* jobs that wait: pending, delayed, ready */
    uint64_t deadmax;     /* dead jobs; older ones are cancelled */
    uint32_t ttr_ms;      /* of PUTs that do not say */
    uint32_t tries;       /* the same */
    uint32_t rate;        /* deliveries per second */
    uint32_t concurrency; /* leases at once */
    uint32_t grouplimit;  /* leases at once of one group */
    uint8_t order;        /* enum record_order */
    uint8_t paused;       /* set of enum record_paused */
    uint8_t shut;         /* enum record_shut */
};

/* A job that is put again and again: beside what a PUT has, when. */
struct record_cron {
    struct rq_slice spec, zone; /* text */
    int64_t delay_ms;           /* from the run to the job's due time */
    int64_t after_ms;  /* Unix time: runs due up to then were made, or will not be */
    int64_t anchor_ms; /* where @every counts from */
    int64_t last_ms;   /* when the last run was made; 0: none yet */
    uint64_t runs, skipped;
};

enum record_batch_state { RECORD_BATCH_OPEN, RECORD_BATCH_CLOSED, RECORD_BATCH_GONE };

/* Jobs that end together.  The counts are of those that are gone: what stands before
 * the record in the log is counted, and nothing that stands behind it. */
struct record_batch {
    uint8_t state; /* enum record_batch_state */
    uint64_t keep_ms;
    int64_t kept_wall_ms; /* until when it is kept, once it is over; else 0 */
    uint64_t done, expired, cancelled;
    uint64_t purged; /* that were dead */
};

/* clang-format off */
struct record {
    enum record_type type;
    struct job_id job;           /* all but QUEUE, CRON and TOTALS; BATCH: its own id */
    struct rq_slice queue;       /* PUT, MOVE, QUEUE, TOTALS; DONE that is kept;
                                  * CRON, where empty means that the entry is gone */
    struct rq_slice body;        /* PUT, MOVE, CRON; empty when it stands apart */
    struct record_apart apart;   /* PUT, MOVE, as they stand in the log */
    bool same_body;              /* MOVE to be written: the job's body is what the log has
                                  * already, so that one that stands apart may stay */
    struct rq_slice attrs;       /* PUT, MOVE, CRON: see attrs.h; may be empty */
    struct job_policy policy;    /* PUT, MOVE, CRON */
    int64_t put_wall_ms;         /* PUT, MOVE: when it was put */
    int64_t due_wall_ms;         /* PUT, STATE, MOVE: 0, or when it may be delivered first */
    uint32_t attempts;           /* LEASE, STATE, MOVE: attempts begun so far */
    enum record_state state;     /* STATE, MOVE */
    struct rq_slice error;       /* STATE, MOVE: last error, may be empty */
    enum record_end end;         /* DONE */
    struct rq_slice result;      /* DONE: what DONE ... RESULT said, may be empty */
    union {
        struct record_totals totals;     /* TOTALS */
        struct record_settings settings; /* QUEUE */
        struct record_batch batch;       /* BATCH */
        struct {                         /* LEASE, of one that is kept; else zero */
            uint64_t n;                  /* of the token */
            uint32_t ttr_ms;
            struct rq_slice worker;      /* the name it is kept under */
        } hold;
        struct {                         /* CRON */
            struct rq_slice name;
            struct record_cron cron;
        };
        struct {                         /* DONE, of an end that is kept */
            int64_t kept_wall_ms;        /* until when; 0: it is not kept */
            uint64_t lease;              /* n of the lease; 0: none */
            bool has_result;             /* it said something */
            struct rq_slice key;         /* UNIQUE, with a WINDOW; else empty */
            int64_t window_wall_ms;      /* until when the key is taken */
        };
    };
};
/* clang-format on */

/* Does it name one job, or what has an id like one? */
static inline bool record_has_job(enum record_type type)
{
    return type != RECORD_QUEUE && type != RECORD_TOTALS && type != RECORD_CRON;
}

/* Does something live in it, so that its commit must stay in the log? */
static inline bool record_is_home(const struct record *r)
{
    return r->type == RECORD_PUT || r->type == RECORD_MOVE || r->type == RECORD_QUEUE ||
           r->type == RECORD_TOTALS ||
           (r->type == RECORD_DONE && r->kept_wall_ms > 0) ||
           (r->type == RECORD_CRON && r->queue.len > 0) ||
           (r->type == RECORD_BATCH && r->batch.state != RECORD_BATCH_GONE);
}

#endif
