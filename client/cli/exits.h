/* exits.h - what the exit code of ringq says, and which error leads to it.
 *
 * Scripts branch on these numbers: append, never renumber.  `ringq errors` prints both
 * tables, and a test goes through them row by row.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_EXITS_H
#define CLI_EXITS_H

#include <stddef.h>

/* clang-format off */
/* name, number, meaning */
#define EXITS_MAP(X)                                                              \
    X(EXITS_OK,           0, "done as asked")                                     \
    X(EXITS_ENDED,        1, "the job ended dead, expired or cancelled")          \
    X(EXITS_USAGE,        2, "the command line, or what it asked for, is wrong")  \
    X(EXITS_NOJOB,        3, "no such job")                                       \
    X(EXITS_CONFLICT,     4, "the key exists, or the lease is somebody else's")   \
    X(EXITS_DENIED,       5, "not allowed")                                       \
    X(EXITS_NOT_NOW,      6, "not now; try again later")                          \
    X(EXITS_UNKNOWN,      7, "outcome not known")                                 \
    X(EXITS_SHUTDOWN,     8, "the queue or the server is shut down")              \
    X(EXITS_UNREACHABLE, 69, "the server cannot be reached")                      \
    X(EXITS_INTERNAL,    70, "something failed on this side: memory, output")     \
    X(EXITS_PROTOCOL,    76, "what answers there does not speak ringq")           \
    X(EXITS_TIME_OUT,   124, "time ran out: nothing yet")                         \
    X(EXITS_INTERRUPTED, 130, "interrupted")
/* clang-format on */

enum exits {
#define EXITS_ENUM(name, number, meaning) name = number,
    EXITS_MAP(EXITS_ENUM)
#undef EXITS_ENUM
};

struct exits_error {
    int error;        /* enum ringq_error */
    const char *name; /* on the wire, or the library's */
    int exit;
    const char *meaning;
    const char *fix;
};

struct exits_code {
    int exit;
    const char *meaning;
};

/* The exit code for an enum ringq_error; EXITS_INTERNAL for one that is not in the
 * table. */
int exits_of(int error);

/* The tables, for `ringq errors`.  Owns  lends: constants */
const struct exits_error *exits_errors(size_t *out_count);
const struct exits_code *exits_codes(size_t *out_count);

#endif
