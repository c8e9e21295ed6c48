/* rig.h - a broker under test, with a real store on a redis-server of its own.
 *
 * A scenario runs inside a task and returns 0, or by way of EXPECT an error; rig_run()
 * asserts on the main stack.  It fails too when a task, a timer, a descriptor or a
 * promise is left behind.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_BROKER_RIG_H
#define TEST_BROKER_RIG_H

#include "broker/broker.h"
#include "support/proxy.h"
#include "support/redis_process.h"
#include "support/rio_test.h"

struct rig {
    struct redis_process redis;
    struct proxy proxy; /* in front of Redis, once rig_proxy() has been called */
    struct broker *broker;
    struct broker_config config; /* may be changed before rig_up() */
    struct store_config store;   /* likewise */
    char state_dir[96];
    int serving, stopped; /* how often the broker said so */
    /* private */
    rio_task *host;
    rio_event leave;
    int start_rc;
};

extern const char *const rig_always[], *const rig_no_aof[];

typedef long scenario(struct rig *rig);

/* Starts Redis, runs the scenario in a loop, stops everything. */
void rig_run(scenario *s, const char *const *options);

/* The broker will reach Redis through rig->proxy. */
RIO_AWAITS int rig_proxy(struct rig *rig);
/* Starts the broker and waits until it serves; at most 10 s. */
RIO_AWAITS int rig_up(struct rig *rig);
/* Ends its group and frees it; every member has left. */
RIO_AWAITS int rig_down(struct rig *rig);
/* Waits, in the loop, until `holds`; 10 s at most. */
RIO_AWAITS bool until(bool (*holds)(void *arg), void *arg);

/* ---- promises ---- */

enum how { OWED, DONE, FAILED, DELIVERED, TIMED_OUT, JOINED, LOOKED };

/* A promise and what became of it. */
struct answer {
    struct promise promise;
    enum how how;
    int kept; /* how often; must be 1 in the end */
    int code; /* FAILED */
    struct broker_receipt put;
    struct broker_lease leases[4]; /* DELIVERED */
    size_t count;                  /* DELIVERED; LOOKED: those with the body of put() */
    uint32_t attempts;             /* of the first */
    struct join_counts joined;
    int delivered_rc;       /* returned by `delivered`; 0 */
    size_t delivered_until; /* ... from this job of the batch on */
};

void answer_init(struct answer *a);
/* Wait until it is kept; 10 s at most.  Returns  how */
RIO_AWAITS enum how answer_wait(struct answer *a);

/* Puts `count` jobs into `queue` that may be delivered at once. */
int put(struct rig *rig, const char *queue, size_t count, struct answer *a);
int get(struct member *m, const char *queue, int64_t block_ms, struct answer *a);
int join(struct member *m, const char *queue, int64_t block_ms, struct answer *a);
int done(struct rig *rig, const struct broker_lease *lease, struct answer *a);
/* Puts one and waits until it is stored.  Returns  < 0: it is not */
RIO_AWAITS int put_stored(struct rig *rig, const char *queue);

/* The numbers of a queue; zeros when it is not there. */
struct queue_view look(const struct rig *rig, const char *queue);
struct core_sums sums(const struct rig *rig);

#endif
