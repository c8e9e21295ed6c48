/* command.h - the command table as data, and the options of each command as structs.
 * Parse into a struct, then act.
 * SPDX-License-Identifier: MIT */
#ifndef WIRE_COMMAND_H
#define WIRE_COMMAND_H

#include "wire/resp.h"

enum {
    RQ_CMD_READ = 1,
    RQ_CMD_WRITE = 2,
    RQ_CMD_BLOCK = 4,
    RQ_CMD_ALWAYS = 8,
};

enum rq_command_id {
#define COMMAND(NAME, handler, arity, flags, arguments, help) RQ_COMMAND_##NAME,
#include "wire/commands.def"
#undef COMMAND
    RQ_COMMAND_COUNT
};

struct rq_command {
    enum rq_command_id id;
    const char *name;
    int arity;
    unsigned flags;
    const char *arguments, *help;
};

extern const struct rq_command rq_commands[RQ_COMMAND_COUNT];

/* By verb, in any case; NULL when unknown. */
const struct rq_command *rq_command_find(struct rq_slice verb);
/* Does `argc` words fit the command's arity? */
static inline bool rq_command_arity_fits(const struct rq_command *c, size_t argc)
{
    return c->arity < 0 ? argc >= (size_t)-c->arity : argc == (size_t)c->arity;
}

/* What is wrong with a command, in words that say what to do. */
struct rq_complaint {
    int code; /* RQ_E_BADARG, RQ_E_MALFORMED (wrong number of words), RQ_E_LIMIT */
    char text[160];
};

enum {
    RQ_TTR_MIN_MS = 1000,
    RQ_TTR_MAX_MS = 24 * 3600 * 1000,
    RQ_TTR_DEFAULT_MS = 60 * 1000,
    RQ_TRIES_DEFAULT = 25,
    RQ_TRIES_MAX = 65535,
    RQ_PRI_MAX = 255,
    RQ_PRI_DEFAULT = 128,
    RQ_BACKOFF_BASE_DEFAULT_MS = 1000,
    RQ_BACKOFF_MAX_DEFAULT_MS = 3600 * 1000,
    RQ_BACKOFF_LIMIT_MS = 24 * 3600 * 1000,
    RQ_JITTER_DEFAULT_PCT = 10,
    RQ_GET_COUNT_MAX = 1024,
    RQ_GET_QUEUES_MAX = 64,
    RQ_WEIGHT_MAX = 1000,
    RQ_LEASES_MAX = 1024, /* leases in one DONE or TOUCH */
    RQ_KEY_MAX = 255,     /* bytes of a UNIQUE key, or a GROUP's */
    RQ_HEADERS_MAX = 16,  /* of one job */
    RQ_HEADER_NAME_MAX = 64,
    RQ_HEADER_VALUE_MAX = 1024,
    RQ_ERROR_TEXT_MAX = 4096, /* bytes of FAIL's ERROR that are kept; the rest is cut */
    RQ_NOTE_MAX = 255,        /* the same, of TOUCH's NOTE */
};
#define RQ_KEEP_OF_BATCH_MS INT64_C(60000)    /* a batch, and jobs that have one */
#define RQ_KEEP_MAX_MS INT64_C(604800000)     /* a week */
#define RQ_DELAY_MAX_MS INT64_C(315360000000) /* ten years */
#define RQ_BLOCK_MAX_MS INT64_C(315360000000)

/* In the order of what they survive. */
enum rq_durable {
    RQ_DURABLE_AS_HELD, /* not said */
    RQ_DURABLE_MEMORY,
    RQ_DURABLE_REDIS,
    RQ_DURABLE_EVERYSEC,
    RQ_DURABLE_FSYNC
};
enum { RQ_COPIES_MAX = 16 };

enum rq_backoff { RQ_BACKOFF_FIXED, RQ_BACKOFF_LINEAR, RQ_BACKOFF_EXP };

struct rq_header {
    struct rq_slice name, value; /* lend: from the command */
};

/* A parsed lease `7-1042:3` or id `7-1042`; both parts of an id are >= 1. */
struct rq_lease {
    uint64_t epoch, number;
    uint64_t n; /* 0 in an id */
};

struct rq_put {
    struct rq_slice queue;
    size_t body_count;             /* 1 for PUT */
    const struct rq_slice *bodies; /* lends: from the command */
    int64_t delay_ms;              /* 0: now; -1: at_unix_ms is given */
    int64_t at_unix_ms;
    uint8_t pri;
    uint8_t jitter_pct;
    enum rq_backoff backoff;
    uint16_t tries;  /* 0: the queue's */
    uint32_t ttr_ms; /* 0: the queue's */
    uint32_t backoff_base_ms, backoff_max_ms;
    int64_t ttl_ms;         /* 0: no limit */
    int64_t keep_ms;        /* of its end */
    struct rq_slice unique; /* a key; empty: none */
    int64_t window_ms;      /* of the key, after the end */
    bool replace;           /* what has the key gets this body */
    struct rq_slice group;  /* with which it takes turns; empty: none */
    struct rq_lease batch;  /* the id of its batch; epoch 0: none */
    enum rq_durable durable;
    uint8_t copies; /* of replica:N, which is RQ_DURABLE_REDIS and more; 0: not said */
    int64_t block_ms; /* for room: -1: for ever; 0: put_nowait */
    size_t header_count;
    struct rq_header headers[RQ_HEADERS_MAX];
};

struct rq_get {
    size_t queue_count;
    struct rq_slice queues[RQ_GET_QUEUES_MAX];
    bool has_weights; /* they take turns; else a strict order */
    uint16_t weights[RQ_GET_QUEUES_MAX];
    int64_t block_ms; /* -1: for ever; 0: get_nowait */
    bool has_count;   /* the reply is an array of jobs */
    uint32_t count;   /* 1 without COUNT */
    uint32_t ttr_ms;  /* 0: the job's own */
};

struct rq_leases { /* DONE, TOUCH */
    bool all;      /* TOUCH ALL */
    size_t count;
    const struct rq_slice *words; /* lends: each checked to be a lease */
    struct rq_lease first;        /* words[0]: most commands have no other */
    bool has_result;
    struct rq_slice result; /* DONE ... RESULT; one lease only */
    uint32_t ttr_ms;        /* TOUCH ... TTR; 0: the job's own */
    int64_t progress;       /* TOUCH ... PROGRESS; -1: not said */
    struct rq_slice note;   /* TOUCH ... NOTE; at most RQ_NOTE_MAX bytes */
};

struct rq_fail {
    struct rq_lease lease;
    struct rq_slice error; /* at most RQ_ERROR_TEXT_MAX bytes */
    int64_t delay_ms;      /* -1: by BACKOFF */
    bool dead;
};

struct rq_release {
    struct rq_lease lease;
    int64_t delay_ms;
};

struct rq_join {
    size_t queue_count;
    struct rq_slice queues[RQ_GET_QUEUES_MAX];
    int64_t block_ms; /* -1: for ever */
    bool strict;
    bool barrier;          /* jobs put later do not count */
    bool is_batch;         /* JOIN BATCH: no queues, but... */
    struct rq_lease batch; /* ... this id */
};

enum rq_batch_verb { RQ_BATCH_NEW, RQ_BATCH_CLOSE };

struct rq_batch {
    enum rq_batch_verb verb;
    int64_t keep_ms;    /* NEW */
    struct rq_lease id; /* CLOSE */
};

/* ---- of operators, and of those who wait for jobs ---- */

enum {
    RQ_IDS_MAX = 1024,
    RQ_PEEK_COUNT_MAX = 1024,
    RQ_TERMS_MAX = 8,
    RQ_RATE_MAX = 1000 * 1000 * 1000,
    RQ_WATCH_MIN_MS = 100,
    RQ_WATCH_MAX_MS = 3600 * 1000,
};

struct rq_ids { /* CANCEL, KICK ... ID */
    size_t count;
    const struct rq_slice *words; /* lends: each checked to be an id */
};

enum { RQ_WAIT_IDS_MAX = 64 };

struct rq_wait {
    struct rq_ids ids;
    bool any;         /* else all */
    int64_t block_ms; /* -1: for ever */
};

struct rq_kick {
    struct rq_slice queue;
    struct rq_ids ids; /* none: those that died first... */
    int64_t count;     /* ... at most so many; INT64_MAX: all */
};

enum rq_state { RQ_STATE_READY, RQ_STATE_DELAYED, RQ_STATE_LEASED, RQ_STATE_DEAD };

struct rq_purge {
    struct rq_slice queue;
    unsigned states; /* set of 1 << RQ_STATE_*, without LEASED */
};

enum rq_term_field {
    RQ_TERM_ID,
    RQ_TERM_ERROR,   /* glob */
    RQ_TERM_HEADER,  /* name, glob */
    RQ_TERM_GROUP,   /* glob */
    RQ_TERM_ATTEMPT, /* range */
    RQ_TERM_AGE,     /* range, in ms since the PUT */
};

struct rq_term {
    enum rq_term_field field;
    struct rq_slice name, glob; /* lend: from the command; at most RQ_NAME_MAX bytes */
    int64_t low, high;          /* both included */
    struct rq_lease id;
};

struct rq_peek {
    struct rq_slice queue;
    enum rq_state state;
    uint32_t count;
    struct rq_lease after; /* epoch 0: from the first */
    size_t term_count;     /* MATCH: all of them must hold */
    struct rq_term terms[RQ_TERMS_MAX];
};

enum rq_order { RQ_ORDER_FIFO, RQ_ORDER_LIFO };

/* What QUEUE SET says; < 0: not said. */
struct rq_queue_set {
    struct rq_slice queue;
    int64_t maxsize, deadmax, ttr_ms, tries, rate, concurrency, grouplimit;
    int order; /* enum rq_order */
    bool open; /* after a SHUTDOWN */
};

struct rq_pause {
    struct rq_slice queue;
    bool in, out;
};

struct rq_shutdown {
    struct rq_slice queue;
    bool immediate;
};

struct rq_watch {
    struct rq_slice queue; /* empty: the server */
    int64_t every_ms;
};

struct rq_reschedule {
    struct rq_lease id;
    int64_t delay_ms; /* -1: at_unix_ms is given */
    int64_t at_unix_ms;
};

struct rq_requeue {
    struct rq_lease id;
    struct rq_slice queue;
};

enum rq_cron_verb { RQ_CRON_ADD, RQ_CRON_DEL, RQ_CRON_LIST };

enum { RQ_CRON_ZONE_MAX = 64 };

struct rq_cron {
    enum rq_cron_verb verb;
    struct rq_slice name; /* ADD, DEL */
    struct rq_put put;    /* ADD: without AT and BLOCK */
    struct rq_slice spec; /* ADD: not read here */
    struct rq_slice zone; /* ADD: at most RQ_CRON_ZONE_MAX bytes; "UTC" if not said */
};

/* Each reads the whole command.  Unknown options, options twice, numbers out of range
 * and bad names are complaints.
 * Returns  0
 * Errors   why->code, and *why says what to do; *out has no meaning then
 * Owns     *out borrows from the command */
RQ_MUST_CHECK int rq_put_parse(const struct rq_cmd *cmd, struct rq_put *out,
                               struct rq_complaint *why);
RQ_MUST_CHECK int rq_mput_parse(const struct rq_cmd *cmd, struct rq_put *out,
                                struct rq_complaint *why);
RQ_MUST_CHECK int rq_get_parse(const struct rq_cmd *cmd, struct rq_get *out,
                               struct rq_complaint *why);
RQ_MUST_CHECK int rq_done_parse(const struct rq_cmd *cmd, struct rq_leases *out,
                                struct rq_complaint *why);
RQ_MUST_CHECK int rq_touch_parse(const struct rq_cmd *cmd, struct rq_leases *out,
                                 struct rq_complaint *why);
RQ_MUST_CHECK int rq_fail_parse(const struct rq_cmd *cmd, struct rq_fail *out,
                                struct rq_complaint *why);
RQ_MUST_CHECK int rq_release_parse(const struct rq_cmd *cmd, struct rq_release *out,
                                   struct rq_complaint *why);
RQ_MUST_CHECK int rq_join_parse(const struct rq_cmd *cmd, struct rq_join *out,
                                struct rq_complaint *why);

RQ_MUST_CHECK int rq_batch_parse(const struct rq_cmd *cmd, struct rq_batch *out,
                                 struct rq_complaint *why);
RQ_MUST_CHECK int rq_cron_parse(const struct rq_cmd *cmd, struct rq_cron *out,
                                struct rq_complaint *why);

RQ_MUST_CHECK int rq_kick_parse(const struct rq_cmd *cmd, struct rq_kick *out,
                                struct rq_complaint *why);
RQ_MUST_CHECK int rq_cancel_parse(const struct rq_cmd *cmd, struct rq_ids *out,
                                  struct rq_complaint *why);
RQ_MUST_CHECK int rq_purge_parse(const struct rq_cmd *cmd, struct rq_purge *out,
                                 struct rq_complaint *why);
RQ_MUST_CHECK int rq_peek_parse(const struct rq_cmd *cmd, struct rq_peek *out,
                                struct rq_complaint *why);
RQ_MUST_CHECK int rq_queue_set_parse(const struct rq_cmd *cmd, struct rq_queue_set *out,
                                     struct rq_complaint *why);
RQ_MUST_CHECK int rq_pause_parse(const struct rq_cmd *cmd, struct rq_pause *out,
                                 struct rq_complaint *why);
RQ_MUST_CHECK int rq_shutdown_parse(const struct rq_cmd *cmd, struct rq_shutdown *out,
                                    struct rq_complaint *why);
RQ_MUST_CHECK int rq_wait_parse(const struct rq_cmd *cmd, struct rq_wait *out,
                                struct rq_complaint *why);
RQ_MUST_CHECK int rq_watch_parse(const struct rq_cmd *cmd, struct rq_watch *out,
                                 struct rq_complaint *why);
RQ_MUST_CHECK int rq_reschedule_parse(const struct rq_cmd *cmd,
                                      struct rq_reschedule *out,
                                      struct rq_complaint *why);
RQ_MUST_CHECK int rq_requeue_parse(const struct rq_cmd *cmd, struct rq_requeue *out,
                                   struct rq_complaint *why);

/* `7-1042` and `7-1042:3`.  Errors  -EINVAL */
RQ_MUST_CHECK int rq_id_parse(struct rq_slice word, struct rq_lease *out);
RQ_MUST_CHECK int rq_lease_parse(struct rq_slice word, struct rq_lease *out);
enum { RQ_ID_TEXT_MAX = 41, RQ_LEASE_TEXT_MAX = 62 };
/* Write without NUL; return the length.
 * Shape  out: RQ_ID_TEXT_MAX, RQ_LEASE_TEXT_MAX bytes */
size_t rq_id_format(uint64_t epoch, uint64_t number, char *out);
size_t rq_lease_format(const struct rq_lease *lease, char *out);

#endif
