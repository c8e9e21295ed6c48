/* input.h - a file, or stdin: as a whole, or line by line.
 *
 * Lines are read with constant memory, whatever the size of the file: one buffer that
 * grows up to the longest line allowed.  A longer line comes in pieces, so that the
 * caller can refuse it and still save it.
 *
 *      buf   |  handed out  |  line so far  |  not looked at  |  free  |
 *            0            start           scan              end     capacity
 * SPDX-License-Identifier: MIT */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    int fd;
    const char *name; /* for messages */
    int64_t size;     /* bytes, -1 when nobody knows */
    int wake_fd;      /* becomes readable when nobody should wait any more; -1: never */
    /* private */
    char *buf;
    size_t start, scan, end, capacity;
    size_t line_max;
    bool eof, in_long;
    uint64_t number; /* of the line handed out last, from 1 */
    int64_t taken;   /* bytes handed out, newlines included */
};

struct input_line {
    const char *text; /* lends: until the next call; no newline */
    size_t len;
    uint64_t number;
    int64_t end;            /* bytes of the input up to here */
    bool is_long;           /* longer than line_max: this is a piece of it */
    bool is_first, is_last; /* of the pieces; both true for every other line */
};

/* Opens a path, or stdin for "-".
 * Errors  -errno  and nothing is open */
int input_open(struct input *in, const char *path, size_t line_max);
void input_close(struct input *in);

/* Will the next call return without waiting? */
bool input_is_ready(struct input *in);
/* Returns  1: a line, 0: the end
 * Errors   -errno of read(), -ENOMEM; after -EINTR (a signal, or wake_fd) the next call
 *          goes on */
int input_line(struct input *in, struct input_line *out);

/* Reads all of it, at most `max` bytes.
 * Errors  -EFBIG  there is more;  -errno of read(), -ENOMEM
 * Owns    gives *out: free() */
int input_all(struct input *in, size_t max, char **out, size_t *out_len);

#endif
