/* child.h - runs a program: bytes in, bytes out, a time limit, and no trace left
 * behind.
 *
 * The program runs in a process group of its own and dies with the thread that called
 * child_run().  What it leaves running in its group is killed when it ends.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHILD_LINE_MAX = 1000, /* longer lines count as several */
    CHILD_ASK_MS = 100,    /* how often should_leave() is asked */
    /* How long output is awaited when the program has ended but others hold its pipes.
     */
    CHILD_LINGER_MS = 250,
};

struct child_spec {
    char *const *argv; /* ended by NULL; argv[0] is looked up in PATH */
    char *const *envp;
    const void *input; /* its stdin */
    size_t input_len;
    size_t output_max;  /* bytes of stdout that are kept */
    int64_t timeout_ms; /* then SIGTERM; 0: no limit */
    int64_t grace_ms;   /* from SIGTERM to SIGKILL */
    /* True: SIGTERM.  May be NULL. */
    bool (*should_leave)(void *arg);
    /* Told of each line of its stdout and stderr.  May be NULL. */
    void (*on_line)(void *arg, bool is_error, const char *line, size_t len);
    void *arg;
};

struct child_end {
    int status; /* as from waitpid() */
    bool timed_out;
    bool left; /* should_leave() was true */
    char *output;
    size_t output_len;
    bool truncated;                      /* there was more output */
    char last_error[CHILD_LINE_MAX + 1]; /* last line of stderr that is not blank */
};

/* Can it be run?  Errors  -ENOENT, -EACCES */
int child_find(const char *program);

/* Runs it to its end.  SIGPIPE must be ignored.
 * Errors  -errno  it could not be started, and *out is empty
 * Owns    gives out->output: free() */
int child_run(const struct child_spec *spec, struct child_end *out);

#endif
