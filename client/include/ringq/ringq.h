/* ringq.h - the client library of the ringq job queue.
 *
 *     ringq *q = ringq_connect("ringq://127.0.0.1:7766", NULL);
 *     ringq_put(q, "emails", "hello", 5, NULL, NULL);
 *     ringq_close(q);
 *
 * Calls block on plain sockets.  With <ringq/ringq_rio.h> the same calls suspend inside
 * a librio task instead.  A `ringq` belongs to one thread (or one rio task) at a time.
 *
 * Calls return 0 or a count, or a negative enum ringq_error; ringq_error_text(q) then
 * says what happened and what to do.
 *
 * A call whose connection is lost connects again for reconnect_ms and sends its command
 * again where that is safe: commands that only look, GET, what settles leases, and
 * whatever the kernel had not taken whole.  A PUT that was sent is not sent again:
 * RINGQ_UNKNOWN. A lost connection gives back the leases that were taken over it.
 *
 * Names are strings; NULL is refused (RINGQ_USAGE) unless a comment allows it.
 *
 * Compiles as C99 to C23 and C++11 to C++20.
 * SPDX-License-Identifier: MIT */
#ifndef RINGQ_RINGQ_H
#define RINGQ_RINGQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ringq/version.h>

#if defined(__GNUC__)
#define RINGQ_API __attribute__((visibility("default")))
#else
#define RINGQ_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ringq ringq;

/* Numbers are ABI: append, never renumber.  Those up to -99 come from the server, under
 * their name on the wire. */
enum ringq_error {
    RINGQ_OK = 0,
    RINGQ_ERR = -1, /* malformed, or an error this library does not know */
    RINGQ_BADARG = -2,
    RINGQ_TOOBIG = -3, /* also: a reply over reply_max */
    RINGQ_NOAUTH = -4,
    RINGQ_DENIED = -5,
    RINGQ_FULL = -6,
    RINGQ_PAUSED = -7,
    RINGQ_SHUTDOWN = -8,
    RINGQ_STALE = -9, /* the lease is no longer yours */
    RINGQ_NOJOB = -10,
    RINGQ_STORE = -11,   /* definitely not stored: try again */
    RINGQ_UNKNOWN = -12, /* outcome not known; also when the connection was lost */
    RINGQ_LOADING = -13,
    RINGQ_MOVED = -14,
    RINGQ_LIMIT = -15,
    RINGQ_BUSY = -16,
    RINGQ_TIMEOUT = -100,      /* BLOCK or the client's own limit ran out */
    RINGQ_DISCONNECTED = -101, /* no connection, and it could not be made again */
    RINGQ_PROTOCOL = -102,     /* the peer does not speak ringq */
    RINGQ_USAGE = -103,        /* a bad argument of this call, or a bad url */
    RINGQ_NOMEM = -104,
    RINGQ_CANCELED = -105 /* the rio task was cancelled */
};

/* The library's version, "0.1.0". */
RINGQ_API const char *ringq_version(void);
/* "STALE", "TIMEOUT", ...  Never NULL. */
RINGQ_API const char *ringq_error_name(int error);

/* ---- connection ---- */

/* Set `size` to sizeof(ringq_options); zero means the default. */
typedef struct ringq_options {
    size_t size;
    const char *name;       /* of this client, seen in the server's log */
    int connect_timeout_ms; /* default 5000; names are resolved beyond it */
    int reply_timeout_ms;   /* without a byte moving; BLOCK comes on top; default 30000;
                               -1: none */
    int reconnect_ms;       /* how long to try again, with growing pauses and jitter,
                               when the connection is lost; default 10000; -1: never */
    size_t reply_max;       /* bytes of one bulk in a reply; default 64 MiB */
    /* With a name: leases outlive the connection, and a crash of the server.  They run
     * on to their deadlines, and are as good over the next connection. */
    bool keep_leases;
} ringq_options;

/* Connects to ringq://host[:port] (default port 7766) or unix:/path.  NULL url:
 * $RINGQ_URL, else ringq://127.0.0.1:7766.  Tries once; later calls try for
 * reconnect_ms.
 *
 * Returns  a handle, also when connecting failed: then ringq_error(q) is not 0.  NULL
 *          only without memory; every call takes that, and returns RINGQ_NOMEM.
 * Owns     gives: ringq_close() */
RINGQ_API ringq *ringq_connect(const char *url, const ringq_options *options);
/* Callbacks of the pipeline that are still owed come now.  NULL is fine. */
RINGQ_API void ringq_close(ringq *q);

/* The error of the last call, 0 when it succeeded, and a text that says what to do.
 * Owns  lends: until the next call on `q` */
RINGQ_API int ringq_error(const ringq *q);
RINGQ_API const char *ringq_error_text(const ringq *q);

/* ---- producing ---- */

enum ringq_backoff {
    RINGQ_BACKOFF_EXP = 0,
    RINGQ_BACKOFF_LINEAR = 1,
    RINGQ_BACKOFF_FIXED = 2
};

/* What travels with a job beside its body: a name of 1 to 64 printable characters
 * without ':' or blanks, and up to 1024 bytes of any kind.  16 of them at most. */
typedef struct ringq_header {
    const char *name;
    const char *value; /* of a job that was taken: a NUL stands behind it */
    size_t value_len;
} ringq_header;

/* Zeroed, with `size` set, it asks for the server's defaults. */
typedef struct ringq_put_options {
    size_t size;
    int64_t delay_ms;
    int64_t at_unix_ms; /* instead of delay_ms */
    bool has_pri;
    uint8_t pri;     /* 0 is served first; default 128 */
    uint32_t ttr_ms; /* how long a worker may hold it */
    uint32_t tries;  /* attempts in all */
    enum ringq_backoff backoff;
    uint32_t backoff_base_ms; /* 0: no BACKOFF option is sent */
    uint32_t backoff_max_ms;
    bool has_jitter;
    uint8_t jitter_pct;
    int64_t ttl_ms; /* it expires when nobody has begun with it by then; 0: never */
    const ringq_header *headers; /* header_count of them */
    size_t header_count;
    /* How long to wait for room in a full queue: milliseconds, or RINGQ_FOREVER; then
     * RINGQ_FULL.  0: as long as the server lets us, but for no longer than
     * reply_timeout_ms, which ends as RINGQ_UNKNOWN. */
    int64_t block_ms;
    bool nowait;     /* instead of block_ms: do not wait at all */
    int64_t keep_ms; /* how long its end and result are kept for ringq_wait() */
    /* A key of up to 255 bytes: while a job of the queue has it, and window_ms beyond
     * its end, no other is put; the receipt is that job's, with the state "exists".
     * With `replace` a job that still waits gets the new body, headers and group.  For
     * one job at a time: not for ringq_mput(). */
    const char *unique;
    int64_t window_ms;
    bool replace;
    /* The group of the queue with which it takes turns, or NULL; see
     * ringq_queue_options.grouplimit. */
    const char *group;
    /* The id that ringq_batch_new() gave: the job belongs to that batch; then keep_ms 0
     * means the server's minute.  Not with `replace`. */
    const char *batch;
    /* "memory": do not wait for the log, a crash may lose the job; "redis", "everysec",
     * "fsync": refuse it (RINGQ_BADARG) where the server holds less; "replica:2": where
     * it does not wait for two copies.  NULL: what holds. */
    const char *durable;
} ringq_put_options;

#define RINGQ_FOREVER (-1)

#define RINGQ_ID_SIZE 48
#define RINGQ_LEASE_SIZE 72

typedef struct ringq_receipt {
    char id[RINGQ_ID_SIZE];
    char state[16];      /* "queued", "delayed", "exists" */
    char durability[16]; /* what the server promises: "fsync", ... */
} ringq_receipt;

/* Puts one job.  `options` and `out` may be NULL.
 *
 * Errors  RINGQ_UNKNOWN also when the connection broke after the command was sent: it
 *         is not sent again, because that could put the job twice */
RINGQ_API int ringq_put(ringq *q, const char *queue, const void *body, size_t len,
                        const ringq_put_options *options, ringq_receipt *out);

typedef struct ringq_bytes {
    const void *ptr;
    size_t len;
} ringq_bytes;

/* Puts n jobs, all or nothing.
 *
 * Shape    ids: n of them, or NULL
 * Returns  n
 * Errors   as ringq_put() */
RINGQ_API long ringq_mput(ringq *q, const char *queue, const ringq_bytes *bodies,
                          size_t n, const ringq_put_options *options,
                          char (*ids)[RINGQ_ID_SIZE]);

/* ---- batches: jobs that end together ---- */

/* Makes an open batch: jobs of any queue are put into it (ringq_put_options.batch).  It
 * can be asked for until it has been over for keep_ms; keep_ms < 0: for a minute, the
 * server's default.  An open batch without unfinished jobs goes after a day.
 *
 * Shape   out_id: RINGQ_ID_SIZE bytes
 * Errors  RINGQ_LIMIT  the server has too many of them */
RINGQ_API int ringq_batch_new(ringq *q, int64_t keep_ms, char *out_id);
/* It takes no more jobs; closing it again is fine.
 * Errors  RINGQ_NOJOB  there is no such batch, or not any more */
RINGQ_API int ringq_batch_close(ringq *q, const char *id);

/* ---- consuming ---- */

typedef struct ringq_job {
    char id[RINGQ_ID_SIZE];
    char lease[RINGQ_LEASE_SIZE];
    char *queue;
    void *body; /* a NUL stands behind it */
    size_t body_len;
    unsigned attempt;
    unsigned ttr_ms;             /* of the lease */
    char *error;                 /* of the attempt before; "" on the first */
    const ringq_header *headers; /* header_count of them, in the order of the PUT */
    size_t header_count;
} ringq_job;

/* The value of the header `name`, in any case, NULL when the job has none.
 * Owns  lends: until ringq_job_free() */
RINGQ_API const char *ringq_job_header(const ringq_job *job, const char *name);

/* Takes a job from the first of `queues` ("critical,default") that has one; with
 * weights
 * ("critical:5,default:1") they take turns in that proportion.
 *
 * Units   block_ms: RINGQ_FOREVER, 0 (do not wait), or milliseconds;  ttr_ms: 0 means
 *         the job's own
 * Errors  RINGQ_TIMEOUT  there was none
 * Owns    gives *out: ringq_job_free() */
RINGQ_API int ringq_get(ringq *q, const char *queues, int64_t block_ms, uint32_t ttr_ms,
                        ringq_job **out);
/* Takes up to `max` jobs, 1024 at most; waits for the first only.
 *
 * Returns  how many
 * Errors   as ringq_get()
 * Owns     gives each */
RINGQ_API long ringq_get_many(ringq *q, const char *queues, int64_t block_ms,
                              uint32_t ttr_ms, ringq_job **out, size_t max);
RINGQ_API void ringq_job_free(ringq_job *job); /* NULL is fine */

/* Finishes a job; `result` may be NULL.
 *
 * Errors  RINGQ_STALE  the lease was lost: somebody else has the job or will
 *         RINGQ_NOJOB  the job has ended; after a lost connection this call may have
 *                      done it itself, and the text says so */
RINGQ_API int ringq_done(ringq *q, const char *lease, const void *result, size_t len);
/* Finishes n jobs.
 *
 * Returns  how many were ours.  With an error *out_done (may be NULL) says so too:
 *          those that were current are finished even beside one that was not. */
RINGQ_API long ringq_done_many(ringq *q, const char *const *leases, size_t n,
                               size_t *out_done);

typedef struct ringq_failed {
    char state[16];        /* "delayed", "dead", "cancelled" */
    int64_t retry_unix_ms; /* when delayed */
} ringq_failed;

/* The job failed: again later by its backoff, or after delay_ms >= 0; or dead = true
 * for poison.  `error` and `out` may be NULL. */
RINGQ_API int ringq_fail(ringq *q, const char *lease, const char *error,
                         int64_t delay_ms, bool dead, ringq_failed *out);
/* Gives the job back; the attempt is not counted. */
RINGQ_API int ringq_release(ringq *q, const char *lease, int64_t delay_ms);
/* Holds the lease for ttr_ms more (0: as before).  out_deadline_unix_ms may be NULL. */
RINGQ_API int ringq_touch(ringq *q, const char *lease, uint32_t ttr_ms,
                          int64_t *out_deadline_unix_ms);
/* The same, and says how far the work is: percent of 100, and a note (may be NULL), of
 * which 255 bytes are kept.  Who looks at the job sees both until the lease ends. */
RINGQ_API int ringq_progress(ringq *q, const char *lease, unsigned percent,
                             const char *note);

/* ---- waiting and looking ---- */

typedef struct ringq_joined {
    uint64_t done, dead, expired, cancelled; /* since the call; or of a batch */
} ringq_joined;

/* Waits until no job of the queues is unfinished.  `out` may be NULL.
 * Errors  RINGQ_TIMEOUT */
RINGQ_API int ringq_join(ringq *q, const char *queues, int64_t block_ms, bool strict,
                         ringq_joined *out);

typedef struct ringq_join_options {
    size_t size;
    int64_t block_ms; /* RINGQ_FOREVER, 0 (do not wait), or milliseconds */
    bool strict;      /* a dead job is unfinished, too */
    bool barrier;     /* jobs that are put after the call do not count */
} ringq_join_options;
/* The same, with all that JOIN knows.  `options` NULL: waits without limit. */
RINGQ_API int ringq_join_with(ringq *q, const char *queues,
                              const ringq_join_options *options, ringq_joined *out);

/* Waits until a batch is closed and all its jobs have ended; a dead one has.  *out (may
 * be NULL) counts each job of the batch once.
 * Errors  RINGQ_TIMEOUT
 *         RINGQ_NOJOB  there is no such batch, or it was over for longer than its KEEP
 */
RINGQ_API int ringq_batch_join(ringq *q, const char *id, int64_t block_ms,
                               ringq_joined *out);

typedef struct ringq_outcome {
    char id[RINGQ_ID_SIZE];
    char state[16];     /* "done", "dead", "expired", "cancelled" */
    const void *result; /* of DONE, a NUL stands behind it; NULL: there was none */
    size_t result_len;
} ringq_outcome;
typedef struct ringq_outcomes ringq_outcomes;

/* Waits until all n jobs have ended, 64 at most; with `any`, until one of them has.
 *
 * Returns  how many have: n, or 1 with `any`
 * Errors   RINGQ_TIMEOUT
 *          RINGQ_NOJOB  one of them never was, or ended before the call and was put
 *                       without keep_ms
 * Owns     gives *out: ringq_outcomes_free() */
RINGQ_API long ringq_wait(ringq *q, const char *const *ids, size_t n, int64_t block_ms,
                          bool any, ringq_outcomes **out);
/* The i-th, in the order of the ids; NULL behind the last.
 * Owns  lends: until ringq_outcomes_free() */
RINGQ_API const ringq_outcome *ringq_outcome_at(const ringq_outcomes *outcomes,
                                                size_t i);
RINGQ_API void ringq_outcomes_free(ringq_outcomes *outcomes); /* NULL is fine */

/* A reply of the server as a tree, for STATS, SHOW and any command.  The functions take
 * NULL and nodes of any type, and then say 0, "" or NULL. */
typedef struct ringq_reply ringq_reply;
enum ringq_type {
    RINGQ_NULL,
    RINGQ_INTEGER,
    RINGQ_STRING, /* also what RESP calls simple */
    RINGQ_ARRAY,
    RINGQ_BOOLEAN,
    RINGQ_DOUBLE,
    RINGQ_MAP
};
RINGQ_API enum ringq_type ringq_reply_type(const ringq_reply *r);
/* Of an integer, a boolean (0 or 1), or a string of digits. */
RINGQ_API int64_t ringq_reply_integer(const ringq_reply *r);
RINGQ_API double ringq_reply_double(const ringq_reply *r);
/* Bytes of a string, a NUL behind them; *len may be NULL. */
RINGQ_API const char *ringq_reply_string(const ringq_reply *r, size_t *len);
/* Elements; of a map, pairs. */
RINGQ_API size_t ringq_reply_count(const ringq_reply *r);
RINGQ_API const ringq_reply *ringq_reply_at(const ringq_reply *r, size_t i);
RINGQ_API const char *ringq_reply_key(const ringq_reply *r, size_t i); /* of a map */
/* The value beside `name` in a map, NULL when absent. */
RINGQ_API const ringq_reply *ringq_reply_field(const ringq_reply *r, const char *name);
RINGQ_API void ringq_reply_free(ringq_reply *r);

/* What the server said of itself when the connection was made, as a map: server,
 * version, durability, body_max, ...  NULL before the first connection.
 * Owns  lends: until the next call on `q` */
RINGQ_API const ringq_reply *ringq_server(const ringq *q);

/* Of the next four, `out` may be NULL.  Owns  gives *out: ringq_reply_free() */

/* STATS of the server (queue NULL) or of a queue, as a map. */
RINGQ_API int ringq_stats(ringq *q, const char *queue, ringq_reply **out);
/* Names of queues with their depth: an array of [name, depth].  pattern may be NULL. */
RINGQ_API int ringq_queues(ringq *q, const char *pattern, ringq_reply **out);
/* Everything about one job, or one batch, as a map. */
RINGQ_API int ringq_show(ringq *q, const char *id, bool with_body, ringq_reply **out);
/* Any command, argv[0] the verb; `lens` NULL: argv are strings. */
RINGQ_API int ringq_command(ringq *q, size_t argc, const char *const *argv,
                            const size_t *lens, ringq_reply **out);
RINGQ_API int64_t ringq_qsize(ringq *q, const char *queue);
RINGQ_API int ringq_ping(ringq *q);

/* Hears of a job: event, id, queue, attempt, at (Unix ms), and error where there is
 * one; or of `count` events that were `lost`, because we were too slow.  NULL:
 * connected again, and what happened meanwhile is missing.  It may not call the library
 * with the same handle. Returns  0 to go on; any other number ends the call. Owns lends
 * `event`: for the call */
typedef int ringq_event(void *arg, const ringq_reply *event);
/* What becomes of the jobs of a queue (NULL: of all), as it happens, until `event` has
 * heard enough.  The connection is closed then, and the next call makes another.
 * Returns  what `event` returned */
RINGQ_API int ringq_events(ringq *q, const char *queue, ringq_event *event, void *arg);

/* ---- managing ---- */

/* The next five return how many jobs they changed, once that is as durable as a PUT.
 * With `ids` that are unknown the others are changed all the same; *out_changed (may be
 * NULL) says how many, with an error too.  A lost connection is RINGQ_UNKNOWN. */

/* Makes dead jobs ready again, with all their attempts: at most `max` of them, those
 * that died first; max < 0: all. */
RINGQ_API int64_t ringq_kick(ringq *q, const char *queue, int64_t max);
/* The same for n jobs; those that are not dead do not count.
 * Errors  RINGQ_NOJOB  one of them is unknown */
RINGQ_API int64_t ringq_kick_ids(ringq *q, const char *queue, const char *const *ids,
                                 size_t n, size_t *out_changed);
/* Ends n jobs.  The worker of a leased one hears of it at its next heartbeat
 * (ringq_work_cancelled()).
 * Errors  RINGQ_NOJOB  one of them is unknown, or has ended */
RINGQ_API int64_t ringq_cancel(ringq *q, const char *const *ids, size_t n,
                               size_t *out_changed);
/* Ends the jobs of one state: "ready", "delayed", "dead"; NULL: ready and delayed. */
RINGQ_API int64_t ringq_purge(ringq *q, const char *queue, const char *state);

/* Gives a job that waits a new time: delay_ms from now, or at_unix_ms when delay_ms is
 * negative.
 * Errors  RINGQ_NOJOB;  RINGQ_BADARG  it does not wait */
RINGQ_API int ringq_reschedule(ringq *q, const char *id, int64_t delay_ms,
                               int64_t at_unix_ms);

/* A job that waits or is dead goes to another queue, as it is.
 * Errors  RINGQ_NOJOB;  RINGQ_BADARG  it is leased, or another job has its unique key
 *         there;  RINGQ_FULL, RINGQ_PAUSED, RINGQ_SHUTDOWN  as of a PUT that does not
 *         wait */
RINGQ_API int ringq_requeue(ringq *q, const char *id, const char *queue);

typedef struct ringq_peek_options {
    size_t size;
    const char *state; /* "ready" (also NULL), "delayed", "leased", "dead" */
    uint32_t count;    /* at most; 0: one; 1024 at most */
    const char *after; /* id of the last job of the page before; NULL: from the first */
    const char *match; /* "error:*timeout* attempt:>3"; NULL: all */
} ringq_peek_options;
/* Looks at jobs without taking them, in the order of service: an array of maps as of
 * ringq_show(), with the body; fewer than `count` where bodies are large.  `options`
 * may be NULL. Errors  RINGQ_NOJOB  the job `after` is not in that state any more Owns
 * gives *out, which may not be NULL: ringq_reply_free() */
RINGQ_API int ringq_peek(ringq *q, const char *queue, const ringq_peek_options *options,
                         ringq_reply **out);

enum ringq_order { RINGQ_ORDER_KEEP = 0, RINGQ_ORDER_FIFO = 1, RINGQ_ORDER_LIFO = 2 };

/* What bounds a queue.  Made by RINGQ_QUEUE_OPTIONS: a negative number is not sent, and
 * then that setting stays as it is. */
typedef struct ringq_queue_options {
    size_t size;
    int64_t maxsize;     /* jobs that are ready or delayed; PUT waits; 0: no bound */
    int64_t ttr_ms;      /* of jobs that do not say */
    int64_t tries;       /* of jobs that do not say */
    int64_t rate;        /* deliveries a second; 0: no bound */
    int64_t concurrency; /* leased at a time; 0: no bound */
    int64_t deadmax;     /* dead jobs that are kept; 0: no bound */
    int64_t grouplimit;  /* leased at a time, of one group; 0: no bound */
    enum ringq_order order;
    bool open; /* after a ringq_shutdown() */
} ringq_queue_options;
/* clang-format off */
#define RINGQ_QUEUE_OPTIONS \
    {sizeof(ringq_queue_options), -1, -1, -1, -1, -1, -1, -1, RINGQ_ORDER_KEEP, false}
/* clang-format on */
RINGQ_API int ringq_queue_set(ringq *q, const char *queue,
                              const ringq_queue_options *options);

enum ringq_side {
    RINGQ_BOTH = 0,
    RINGQ_IN = 1, /* PUT is refused: RINGQ_PAUSED */
    RINGQ_OUT = 2 /* GET waits */
};
RINGQ_API int ringq_pause(ringq *q, const char *queue, enum ringq_side side);
RINGQ_API int ringq_resume(ringq *q, const char *queue);
/* PUT is refused from now on, and GET once the queue is empty: RINGQ_SHUTDOWN.  With
 * `immediate` what waits ends as cancelled.  ringq_queue_options.open ends it. */
RINGQ_API int ringq_shutdown(ringq *q, const char *queue, bool immediate);
/* The whole server takes no jobs in and hands none out, until ringq_undrain() or its
 * restart; workers finish what they have. */
RINGQ_API int ringq_drain(ringq *q);
RINGQ_API int ringq_undrain(ringq *q);

/* ---- pipelining ---- */

/* Called once for each submitted command, in order, also when the connection is lost or
 * closed.  It may call ringq_submit() and ringq_submit_put(), and nothing else on `q`.
 * error: 0 or a ringq_error; `text` belongs to an error.  `reply` is NULL with an
 * error, else lent for the call. */
typedef void ringq_done_fn(void *arg, int error, const char *text,
                           const ringq_reply *reply);

/* Appends a command to the pipeline without waiting; nothing is sent before
 * ringq_flush(), or when more than 64 KiB wait.  Other calls on `q` go behind the
 * pipeline: when they return, its callbacks have been called.  `done` may be NULL.
 *
 * Errors  RINGQ_DISCONNECTED  the connection was lost while room was made, or could not
 *                             be made; this command is not in the pipeline */
RINGQ_API int ringq_submit(ringq *q, size_t argc, const char *const *argv,
                           const size_t *lens, ringq_done_fn *done, void *arg);
RINGQ_API int ringq_submit_put(ringq *q, const char *queue, const void *body,
                               size_t len, const ringq_put_options *options,
                               ringq_done_fn *done, void *arg);
/* Sends what is queued, and reads until at most `pending_max` commands are unanswered.
 *
 * Errors  RINGQ_DISCONNECTED, RINGQ_TIMEOUT  the connection was lost; the callbacks of
 *         unanswered commands got RINGQ_UNKNOWN, those of unsent ones
 *         RINGQ_DISCONNECTED */
RINGQ_API int ringq_flush(ringq *q, size_t pending_max);
RINGQ_API size_t ringq_pending(const ringq *q);

/* ---- worker ---- */

/* Works on one job, on a thread of the worker's own.  Signals are blocked there: a
 * handler that starts another program gives it a signal mask of its own.
 *
 * Returns  RINGQ_WORK_DONE     DONE, with what was given to ringq_work_result()
 *          RINGQ_WORK_RETRY    FAIL, with the text of ringq_work_error(); any other
 *                              value does the same
 *          RINGQ_WORK_DEAD     FAIL DEAD
 *          RINGQ_WORK_RELEASE  RELEASE */
typedef struct ringq_work ringq_work;
typedef int ringq_handler(ringq_work *work, const ringq_job *job, void *arg);
enum {
    RINGQ_WORK_DONE = 0,
    RINGQ_WORK_RETRY = 1,
    RINGQ_WORK_DEAD = 2,
    RINGQ_WORK_RELEASE = 3
};
/* Copied.  The result goes with DONE, the error text (its first 4 KiB) with FAIL. */
RINGQ_API int ringq_work_result(ringq_work *work, const void *result, size_t len);
RINGQ_API void ringq_work_error(ringq_work *work, const char *text);
/* The lease is lost (the connection was, or a heartbeat was refused), the job was
 * cancelled, or the worker is asked to stop at once: leave. */
RINGQ_API bool ringq_work_is_lost(const ringq_work *work);
/* Somebody has cancelled the job (ringq_cancel()); known from the next heartbeat on,
 * which is at a third of the TTR.  The lease still holds: RINGQ_WORK_DONE finishes the
 * job after all, any other outcome ends it as cancelled. */
RINGQ_API bool ringq_work_cancelled(const ringq_work *work);

typedef struct ringq_worker_options {
    size_t size;
    unsigned concurrency; /* handlers at a time, each on a thread; default 1 */
    uint32_t ttr_ms;      /* 0: each job's own */
    bool handle_signals;  /* SIGTERM and SIGINT stop gracefully; the handlers found
                             before are put back at the end; one worker of a process
                             at a time */
    bool drain;           /* end when the queues have been empty for drain_ms */
    int drain_ms;         /* default 0: at the first nil */
    uint64_t max_jobs;    /* end after so many; 0: no limit */
    /* Told of everything that ends a job, by the thread of ringq_worker_run(); may be
     * NULL. outcome: RINGQ_WORK_*.  error: of DONE or FAIL themselves, e.g.
     * RINGQ_STALE; `text` is its text, or without an error that of ringq_work_error(),
     * or "". */
    void (*on_settled)(void *arg, const ringq_job *job, int outcome, int error,
                       const char *text);
    /* The connection that takes jobs was lost (error) or made again (0); may be NULL.
     * */
    void (*on_connection)(void *arg, int error, const char *text);
    void *arg;
} ringq_worker_options;

typedef struct ringq_worker ringq_worker;
/* Takes jobs from `queues` and runs `handler` on each, with heartbeats (TOUCH) at a
 * third of the TTR.  When a heartbeat says that the server is quiet (it drains), no job
 * is asked for until one does not say so any more, or none is in hand.  Two
 * connections: one for GET, one for what settles leases, so that the next job is taken
 * while the server still commits the last.  Up to 128 jobs are done but not confirmed.
 * `connect` and `options` may be NULL; a service gives `connect` a generous
 * reconnect_ms.
 *
 * Returns  a worker, also when an argument is bad: ringq_worker_run() then says so.
 *          NULL only without memory, which ringq_worker_run() takes.
 * Owns     gives: ringq_worker_free() */
RINGQ_API ringq_worker *ringq_worker_new(const char *url, const ringq_options *connect,
                                         const char *queues, ringq_handler *handler,
                                         void *arg,
                                         const ringq_worker_options *options);
/* Runs until stopped; every handler has returned then.  May be called again.
 *
 * Returns  the number of jobs settled
 * Errors   RINGQ_DISCONNECTED  the server could not be reached for reconnect_ms
 *          RINGQ_USAGE, RINGQ_NOMEM;  what GET was refused with for good */
RINGQ_API long ringq_worker_run(ringq_worker *w);
/* Takes no more jobs, finishes those in hand, then run returns.  A second call asks the
 * handlers to leave (ringq_work_is_lost), and what they then return as RINGQ_WORK_RETRY
 * is given back (RELEASE).  From any thread; async-signal-safe. */
RINGQ_API void ringq_worker_stop(ringq_worker *w);
RINGQ_API const char *ringq_worker_error_text(const ringq_worker *w);
RINGQ_API void ringq_worker_free(ringq_worker *w); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
