/* input - a file, or stdin: as a whole, or line by line.
 * SPDX-License-Identifier: MIT */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CAPACITY_FIRST = 64 * 1024,
};

int input_open(struct input *in, const char *path, size_t line_max)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return -errno;
    *in = (struct input){
        .fd = fd,
        .name = is_stdin ? "stdin" : path,
        .size = -1,
        .wake_fd = -1,
        .line_max = line_max,
    };
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        off_t at = is_stdin ? lseek(fd, 0, SEEK_CUR) : 0;
        in->size = st.st_size - (at > 0 ? at : 0);
    }
    return 0;
}

void input_close(struct input *in)
{
    if (in->fd > STDIN_FILENO)
        (void)close(in->fd);
    free(in->buf);
    in->fd = -1;
    in->buf = NULL;
}

/* Makes room behind `end`: moves what is left to the front, or grows up to `max`. */
static int make_room(struct input *in, size_t max)
{
    if (in->start > 0 && in->end == in->capacity) {
        memmove(in->buf, in->buf + in->start, in->end - in->start);
        in->scan -= in->start;
        in->end -= in->start;
        in->start = 0;
    }
    if (in->end < in->capacity)
        return 0;
    size_t capacity = in->capacity == 0 ? CAPACITY_FIRST : in->capacity * 2;
    if (capacity > max)
        capacity = max;
    char *buf = realloc(in->buf, capacity);
    if (buf == NULL)
        return -ENOMEM;
    in->buf = buf;
    in->capacity = capacity;
    return 0;
}

/* Reads once.  Sets `eof`. */
static int fill(struct input *in)
{
    struct pollfd fds[] = {{.fd = in->fd, .events = POLLIN},
                           {.fd = in->wake_fd, .events = POLLIN}};

    /* Both are waited for: a signal just before read() would not interrupt it. */
    if (in->wake_fd >= 0 && poll(fds, 2, -1) < 0)
        return -errno;
    if (fds[1].revents != 0)
        return -EINTR;
    ssize_t n = read(in->fd, in->buf + in->end, in->capacity - in->end);

    if (n < 0)
        return -errno;
    in->eof = n == 0;
    in->end += (size_t)n;
    return 0;
}

static bool has_newline(struct input *in)
{
    if (in->scan == in->end)
        return false;
    char *at = memchr(in->buf + in->scan, '\n', in->end - in->scan);
    in->scan = at != NULL ? (size_t)(at - in->buf) : in->end;
    return at != NULL;
}

bool input_is_ready(struct input *in)
{
    struct pollfd fd = {.fd = in->fd, .events = POLLIN};

    return in->eof || has_newline(in) || poll(&fd, 1, 0) != 0;
}

/* Hands out buf[start..scan), and skips the newline behind it if there is one. */
static int hand_out(struct input *in, bool newline, bool piece, struct input_line *out)
{
    size_t len = in->scan - in->start;

    if (!in->in_long)
        in->number++;
    in->taken += (int64_t)len + newline;
    *out = (struct input_line){
        .text = in->buf + in->start,
        .len = len,
        .number = in->number,
        .end = in->taken,
        .is_long = in->in_long || piece || len > in->line_max,
        .is_first = !in->in_long,
        .is_last = !piece,
    };
    in->in_long = piece;
    in->scan += newline;
    in->start = in->scan;
    return 1;
}

int input_line(struct input *in, struct input_line *out)
{
    /* One byte more than allowed tells a line that just fits from a longer one. */
    size_t max = in->line_max + 1 > CAPACITY_FIRST ? in->line_max + 1 : CAPACITY_FIRST;

    for (;;) {
        if (has_newline(in))
            return hand_out(in, true, false, out);
        if (in->eof && in->start == in->end && !in->in_long)
            return 0;
        if (in->eof)
            return hand_out(in, false, false, out);
        if (in->end - in->start > in->line_max)
            return hand_out(in, false, true, out);
        int rc = make_room(in, max);
        if (rc == 0)
            rc = fill(in);
        if (rc < 0)
            return rc;
    }
}

int input_all(struct input *in, size_t max, char **out, size_t *out_len)
{
    int rc = 0;

    while (rc == 0 && !in->eof && in->end <= max) {
        rc = make_room(in, max + 1);
        if (rc == 0)
            rc = fill(in);
        if (rc == -EINTR)
            rc = 0;
    }
    if (rc == 0 && in->end > max)
        rc = -EFBIG;
    if (rc < 0)
        return rc;
    *out = in->buf;
    *out_len = in->end;
    in->buf = NULL;
    in->start = in->scan = in->end = in->capacity = 0;
    return 0;
}
