/* keeper.h - the small process between ringqd and its private redis-server.
 *
 *   ringqd --fork--> keeper --fork, exec--> redis-server
 *      |  control: its end stops everything |  config: its standard input
 *      |  words:   why the keeper gave up   |  log:    its standard output
 *
 * ringqd cannot do this itself: it must not fork once its ring exists, and when it is
 * killed somebody has to stop Redis in an orderly way.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_KEEPER_H
#define STORE_KEEPER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/slice.h"

/* In memory that ringqd and its keeper share. */
struct keeper_shared {
    atomic_int redis_pid;  /* 0: not running */
    atomic_int exec_errno; /* why redis-server could not be started; 0: it could */
};

struct keeper {
    pid_t parent;
    int control_fd; /* read end: its end, or SIGTERM, stops Redis and the keeper */
    int words_fd;   /* write end */
    int lock_fd;    /* redis-server inherits it */
    struct rq_slice config;
    struct keeper_shared *shared;
};

enum { KEEPER_WORDS = 1800 }; /* bytes of last words at most */

/* The life of the keeper: starts redis-server, starts it once more when it dies, then
 * writes its last words and waits to be stopped.  Call in a fresh fork. */
RQ_NORETURN void keeper_main(const struct keeper *k);

#endif
