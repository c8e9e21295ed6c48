/* redis_process.h - a redis-server of a test's own: on a unix socket in a temporary
 * directory, killed and restarted at will, asked over a plain blocking connection.
 *
 * Everything here ASSERTs: a test whose Redis does not work has nothing to say.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_REDIS_PROCESS_H
#define TEST_SUPPORT_REDIS_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

struct redis_process {
    char dir[64];    /* private; removed at the end */
    char socket[80]; /* in dir */
    char url[96];    /* unix:/path */
    const char *const *options;
    pid_t pid; /* 0: not running */
    void *connection;
};

/* Starts it and waits until it answers.  options: "--name", "value", ..., NULL; kept.
 */
void redis_start(struct redis_process *r, const char *const *options);
/* Starts it again on the same directory. */
void redis_again(struct redis_process *r);
/* SIGKILL, and waits. */
void redis_kill(struct redis_process *r);
/* Kills it if it runs, and removes its directory. */
void redis_stop(struct redis_process *r);

/* Has it listen on a free TCP port of the loopback.  Returns  the port */
int redis_listen(struct redis_process *r);

/* One command; its reply must not be an error.  Returns  an integer reply's value, the
 * number of elements of an array, 0 for the rest */
int64_t redis_do(struct redis_process *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One command with a string reply, cut to size - 1.  Returns  its length; -1: nil */
int64_t redis_text(struct redis_process *r, char *out, size_t size, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

/* Removes a directory with all that is in it. */
void remove_tree(const char *path);
/* Waits up to 10 s, blocking, until `holds(arg)`.  Returns  whether it does */
int eventually(int (*holds)(void *arg), void *arg);

#endif
