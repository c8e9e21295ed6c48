/* child.h - the private redis-server: started by a small keeper process, reached by a
 * unix socket in the data directory.
 *
 * The keeper is forked from main before the loop, its threads and its ring exist (never
 * fork after).  It starts redis-server, restarts it once when asked by its death, and
 * stops it when the parent closes the pipe or dies.  redis-server inherits the lock on
 * the data directory: a new ringqd cannot start beside an old Redis that has not gone.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_CHILD_H
#define STORE_CHILD_H

#include "store/store.h"

struct child;

struct child_config {
    const char *data_dir;   /* private, exists; redis keeps its AOF in data_dir/redis */
    int lock_fd;            /* from child_lock() */
    enum store_level level; /* when the AOF is synced: always, everysec, else never */
};

/* Locks `data_dir`/lock.  Writes our pid into it.  When the holder is dead and only its
 * Redis is still stopping, waits up to 5 s for that.
 * Returns  the descriptor (close-on-exec), kept open for the life of the process
 * Errors   -EWOULDBLOCK  held; *out_pid is the holder's pid or 0;  -errno */
int child_lock(const char *data_dir, int *out_pid);

/* Starts keeper and Redis and waits until Redis answers PING, through LOADING.  Blocks;
 * call before rio_run.  There is an AOF at every level: a clean stop and a
 * change of the level keep the jobs.
 * Errors  -ENOENT        no redis-server in PATH
 *         -ENAMETOOLONG  no place short enough for a socket
 *         -ETIMEDOUT;  -errno
 *         with a sentence that says what to do, or the end of Redis' log, in `why`
 *         (2048 bytes)
 * Owns    gives *out: child_stop() */
int child_start(const struct child_config *config, char *why, struct child **out);
/* unix:/path of its socket.  Owns  lends: the child's life */
const char *child_url(const struct child *child);
/* Redis' process id right now, 0 when it is not running. */
int child_redis_pid(const struct child *child);
/* Readable when the keeper has given up: Redis died twice.  For rio_poll_fd. */
int child_fd(const struct child *child);
/* The keeper's last words (end of Redis' log) after child_fd() became readable. */
const char *child_last_words(struct child *child);
/* SIGTERM to Redis, which syncs its AOF; waits for it and the keeper; frees.  Blocks.
 * NULL is fine. */
void child_stop(struct child *child);

#endif
