/* rig.h - stores under test on a real redis-server: one or two of them, on one log.
 *
 * A scenario is a function that runs inside a task, drives the stores and returns 0, or
 * by way of EXPECT the line of the first thing that was not as it should be; rig_run()
 * asserts on the main stack.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_STORE_RIG_H
#define TEST_STORE_RIG_H

#include <stdio.h>

#include "store/store.h"
#include "support/proxy.h"
#include "support/redis_process.h"

#define EXPECT(x)                                                   \
    do {                                                            \
        if (!(x)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
            return __LINE__;                                        \
        }                                                           \
    } while (0)

/* What is remembered of a replayed record. */
struct seen {
    enum record_type type;
    struct job_id job;
    uint64_t seq;
    size_t body_len;
    uint64_t body_sum; /* of the body's bytes */
    struct record_apart apart;
};

/* One store and all that it told. */
struct peer {
    struct store *store;
    struct store_config config;
    char state_dir[96];
    rio_task *host; /* whose group the store's task is in; NULL: not running */
    rio_event started, leave;
    int start_rc;
    rio_event changed; /* set by every event */

    struct seen *seen;
    size_t seen_count, seen_cap;
    int replay_rc;  /* to be returned by replay */
    uint64_t epoch; /* of the last `owned` */
    int owned;      /* how often */
    int down;       /* the same */
    int lost;
    uint64_t lost_before;
    uint64_t committed;
    bool went_back; /* committed() ever did */
    struct job_id refused[4096];
    size_t refused_count;
    uint64_t refused_seq;
    bool forgets_refused;     /* as the broker does */
    enum store_state stopped; /* STORE_FENCED or STORE_HALTED; else not stopped */
    char owner[128], why[512];
};

struct rig {
    struct redis_process redis;
    struct peer a, b;
    struct proxy proxy;
};

extern const char *const rig_no_aof[], *const rig_everysec[], *const rig_always[];

typedef long scenario(struct rig *rig);

/* Starts Redis with `options`, runs the scenario in a loop, stops everything; fails the
 * test at the line that the scenario returns. */
void rig_run(scenario *s, const char *const *options);

/* Starts peer's store on `url` (NULL: that of Redis), with its state directory in
 * place. */
RIO_AWAITS int peer_start(struct rig *rig, struct peer *p, const char *url);
/* Cancels its group, waits, frees the store; what it told stays until peer_start. */
RIO_AWAITS int peer_stop(struct peer *p);
/* Wait up to 10 s until the store has told so.  Returns  whether it did */
RIO_AWAITS bool peer_up(struct peer *p, int times);
RIO_AWAITS bool peer_stopped(struct peer *p);
RIO_AWAITS bool peer_committed(struct peer *p, uint64_t seq);
RIO_AWAITS bool peer_refused(struct peer *p, size_t count);
/* Wait, in the loop, until `holds`; 10 s at most. */
RIO_AWAITS bool until(bool (*holds)(void *arg), void *arg);

/* Appends a PUT with a body of `len` bytes.  Returns  its commit; 0: refused */
uint64_t peer_put(struct peer *p, uint64_t number, size_t len);
uint64_t peer_done(struct peer *p, uint64_t number);
uint64_t peer_lease(struct peer *p, uint64_t number);
/* Appends and flushes.  Returns  its commit; 0: something failed */
RIO_AWAITS uint64_t peer_put_flush(struct peer *p, uint64_t number, size_t len);
/* How often job `number` was replayed by a PUT. */
size_t peer_seen_put(const struct peer *p, uint64_t number);

/* Entries in the log, claims included. */
int64_t rig_xlen(struct rig *rig);

#endif
