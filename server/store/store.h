/* store.h - the fenced commit log: what durability means here, and its contract.
 *
 * Records appended in one turn of the loop become one entry of a Redis Stream (group
 * commit); one commit is in flight at a time; the entry's id is <epoch>-<n>, so Redis
 * itself refuses a writer that has lost ownership.  The whole story: docs/store.md.
 *
 * A commit is named here by its sequence number, 1, 2, 3, ..., which grows over epochs
 * and reconnects; replayed entries get numbers too.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"
#include "rio/rio.h"

struct store;

/* What an acknowledged PUT survives; each level includes the ones before. */
enum store_level {
    STORE_MEMORY,   /* nothing: it is not waited for */
    STORE_REDIS,    /* a crash of ringqd */
    STORE_EVERYSEC, /* of Redis or the machine, but for about the last 2 s */
    STORE_FSYNC,    /* of ringqd, Redis and the machine */
};
enum { STORE_COPIES_MAX = 16 };
const char *store_level_name(enum store_level level); /* the word on the wire */
/* Errors  -EINVAL */
int store_level_parse(struct rq_slice word, enum store_level *out);

enum store_state {
    STORE_CONNECTING, /* no link; PUTs fail, GETs go on from memory */
    STORE_RECOVERING, /* first start: the log is being read */
    STORE_UP,
    STORE_FENCED, /* another owner has claimed the log: nothing more is acknowledged */
    STORE_HALTED, /* damage, or what no retry can mend; store_stats() says what */
};

enum { STORE_LOG_SPARE = 64 << 20 };

struct store_config {
    const char *url;       /* redis://[user:pass@]host:port[/db], unix:/path[?db=n] */
    const char *state_dir; /* holds the epoch file; private, exists */
    const char *address;   /* ours, as clients reach it; stands in the claim */
    enum store_level wanted;
    unsigned copies; /* replicas that shall have a commit too, up to STORE_COPIES_MAX;
                      * without effect at `memory` */
    int64_t copies_wait_ns;   /* a commit waits so long for them, whole ms */
    int64_t redis_timeout_ns; /* no reply in so long: outcome unknown; 5 s */
    bool is_private;          /* the child's Redis: its settings are ours */
    uint64_t log_spare;       /* bytes of the log beyond twice what lives; 0: 64 MB */
    size_t big_over;          /* bodies of more bytes stand apart; 0: 256 KiB */
    bool sets_bad_aside; /* an entry whose checksum does not fit does not stop it */
};

/* Called from the store's task or from store calls; none may suspend. */
struct store_events {
    void *arg;
    /* Recovery: the next record of the log, in commit `seq`.  < 0 halts the store. */
    int (*replay)(void *arg, const struct record *record, uint64_t seq);
    /* The store owns the log from now on under `epoch`; also after each reconnect.  On
     * the first call the whole log has been replayed. */
    void (*owned)(void *arg, uint64_t epoch);
    /* The store was up and is not: until it is owned again, or has stopped, nothing
     * gets into the log. */
    void (*down)(void *arg);
    /* Redis has lost what it had acknowledged: of the commits before `before` nothing
     * can be relied on.  All that lives there is to be appended again, at leisure; then
     * store_repaired().  Comes before `owned`, and again if it happens again. */
    void (*lost)(void *arg, uint64_t before);
    /* Every commit up to and including `seq` is in the log. */
    void (*committed)(void *arg, uint64_t seq);
    /* These PUTs of commit `seq`, perhaps not all at once, were definitely refused;
     * the commit's other records stand.  Called before the commit's `committed`. */
    void (*refused)(void *arg, const struct job_id *jobs, size_t count, uint64_t seq);
    /* STORE_FENCED or STORE_HALTED was entered; `why` is a sentence; for FENCED `owner`
     * is the address of the new owner, or "" */
    void (*stopped)(void *arg, enum store_state state, const char *owner,
                    const char *why);
};

/* Connects, checks what Redis promises, claims the log, replays it, keeps the link up.
 * Starts the store's task in `group` and returns at once; progress comes as events.
 * Errors  -EINVAL  a bad url, with the reason in `why` (200 bytes);  -ENOMEM
 * Owns    gives *out: store_free() after the group has ended.  Keeps config strings and
 *         events for its life. */
int store_start(const struct store_config *config, const struct store_events *events,
                rio_group *group, char *why, struct store **out);
void store_free(struct store *store);

/* Appends to the open commit, which is sent at the end of the turn, or when the commit
 * in flight is answered.  Nothing but LEASE and TOTALS may wait 2 ms for company.
 * Returns  0, and *out_seq names the commit.
 * Errors   -ENOBUFS    a PUT, and store_has_room() is false
 *          -ESHUTDOWN  fenced, halted, or the group has ended
 *          -EMSGSIZE   a record over 64 MiB, or a held commit over 128 MiB
 *          -ENOMEM
 * Owns     borrows the record's slices */
int store_append(struct store *store, const struct record *record, uint64_t *out_seq);

/* Between the two, all that is appended goes into one and the same commit, however
 * large: MPUT is all or nothing.  They do not nest; nothing may suspend in between. */
void store_hold(struct store *store);
void store_unhold(struct store *store);

/* May PUTs be taken (unconfirmed commits below 64 MiB, state UP or reconnecting)? */
bool store_has_room(const struct store *store);
/* Is Redis so full (90 % of maxmemory) that PUTs should be refused, to leave room for
 * what ends jobs?  An OOM of Redis itself comes as `refused`. */
bool store_is_crowded(const struct store *store);
/* Why a PUT would not be stored now; "": nothing is known against it.  Lends. */
const char *store_trouble(const struct store *store);

/* One thing whose data lives in commit `seq` (PUT, MOVE, TOTALS) is needed no more;
 * when none is left the log may be trimmed up to there.  store_append and replay count
 * one for each such record. */
void store_forget(struct store *store, uint64_t seq);

/* All that lives stands in commits after the last `lost`, up to `seq`: when `seq` is in
 * the log, what is left of the older one is cut off, since the ends of its jobs may be
 * among what is lost. */
void store_repaired(struct store *store, uint64_t seq);

/* Is the log soon too large for what lives in it, twice as large and the spare?  Then
 * *out_before says how far it is to be written again: what lives in commits before that
 * one, by append and then forget. */
bool store_wants_compaction(const struct store *store, uint64_t *out_before);

/* Bytes of all commits that were sent so far. */
uint64_t store_written(const struct store *store);
/* Bytes of the log as it is. */
uint64_t store_log_bytes(const struct store *store);
/* Bytes that are not confirmed. */
size_t store_owed(const struct store *store);

/* Has the first byte of commit `seq` been given to the kernel? */
bool store_was_sent(const struct store *store, uint64_t seq);
/* Takes the job's PUT record out of a commit that was never sent; it is as if refused,
 * but without an event.  The caller still owes store_forget() for it, as for any PUT
 * (the core says so with EFFECT_FORGET).
 * Returns  false when the commit was sent already */
bool store_withdraw(struct store *store, struct job_id job, uint64_t seq);

/* Waits until everything appended so far is in the log.
 * Errors  -ECANCELED;  -ESHUTDOWN  fenced or halted
 * Suspends until then; put it into a timeout scope */
RIO_AWAITS int store_flush(struct store *store);

enum store_state store_state(const struct store *store);
/* The level that holds now: the wanted one, or lower when Redis promises less. */
enum store_level store_level(const struct store *store);
/* How many copies each commit asks for; 0 at level `memory`. */
unsigned store_copies(const struct store *store);
/* What the last commit that was confirmed has reached, with all before it, as the word
 * on the wire: replica:N with as many copies as are known of, else the level. */
const char *store_reached(const struct store *store);

struct store_stats {
    enum store_state state;
    enum store_level level;
    const char *reached; /* as store_reached() */
    bool verified;       /* the level was read from Redis, not assumed */
    uint64_t epoch;      /* 0: none yet */
    uint64_t commits_in_flight, bytes_in_flight, commits, commit_bytes, reconnects;
    uint64_t lost_tails; /* times that Redis had lost what it had acknowledged */
    uint64_t repairs;    /* times that the log was written again after that */
    bool is_repairing;
    uint64_t entries, live_entries; /* of the log, as known here */
    uint64_t log_bytes,
        live_bytes; /* the same; live: of records in which things live */
    uint64_t replayed_records, replayed_bytes;
    char redis_version[32];
    char problem[200]; /* why not UP; "" when UP */
};
void store_stats(const struct store *store, struct store_stats *out);

#endif
