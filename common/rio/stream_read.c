/* stream_read.c - the input side of a stream; see stream.h.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "rio/stream.h"

/* ---- receiving ---- */

/* Whether there is more input than `have` bytes, or never will be. */
static bool is_over(const struct rio_stream *s, size_t have)
{
    return s->in.len > have || s->eof || s->err < 0 || s->closing;
}

void rio__stream_wake_reader(struct rio_stream *s)
{
    if (!rio__waitq_wake(&s->reader) && s->client != NULL && is_over(s, 0))
        rio__client_wake(s->client);
}

/* Keeps what has come.  Bytes that were taken from the kernel are never dropped, unless
 * nobody will read them. */
static void take_input(struct rio_stream *s, const void *bytes, size_t n)
{
    int rc;

    if (s->closing)
        return;
    rc = rq_buf_append(&s->in, bytes, n);
    if (rc < 0)
        rio__stream_break(s, rc); /* the stream has a hole now */
    else if (s->in.len >= s->in_max && s->recv != NULL)
        rio__op_cancel(s->loop, s->recv);
}

static void on_recv(struct rio_op *op, int res, unsigned flags)
{
    struct rio_stream *s = op->owner;

    if (!(flags & RIO_OP_MORE))
        s->recv = NULL;
    if (res > 0)
        take_input(s, op->buf, (size_t)res);
    else if (res == 0)
        s->eof = true;
    else if (res != -ECANCELED && res != -ENOBUFS) /* paused; all buffers were in use */
        rio__stream_break(s, res);
    rio__stream_wake_reader(s);
    rio__stream_receive(s);
    rio__stream_close_step(s);
}

void rio__stream_receive(struct rio_stream *s)
{
    if (s->recv != NULL || s->eof || s->err < 0 || s->closing || s->in.len >= s->in_max)
        return;
    s->recv = rio__op_new(s->loop, RIO_OP_RECVS, s->fd, on_recv, s);
    if (s->recv == NULL)
        rio__stream_break(s, -ENOMEM);
    else
        rio__op_submit(s->loop, s->recv);
}

/* ---- waiting for input ---- */

/* Waits for more than `have` buffered bytes.
 * Returns  1 there are; 0 the end; or an error */
RIO_AWAITS static int wait_input(struct rio_stream *s, size_t have)
{
    struct rio__waiter w;
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (s->reading)
        return -EBUSY;
    while (!is_over(s, have)) {
        rio__stream_receive(s);
        s->reading = true;
        rc = await(rio__waitq_wait(&s->reader, &w, "stream"));
        s->reading = false;
        if (rc < 0)
            return rc;
    }
    if (s->closing)
        return -EBADF;
    if (s->in.len > have)
        return 1;
    return s->err < 0 ? s->err : 0;
}

void rio_stream_consume(rio_stream *s, size_t n)
{
    ASSERT(n <= s->in.len);
    rq_buf_consume(&s->in, n);
    if (s->in.len == 0)
        rq_buf_shrink(&s->in, RIO__IDLE_BYTES);
    rio__stream_receive(s);
}

static size_t take(rio_stream *s, void *buf, size_t n)
{
    if (n > s->in.len)
        n = s->in.len;
    if (n > 0)
        memcpy(buf, rq_buf_slice(&s->in).ptr, n);
    rio_stream_consume(s, n);
    return n;
}

/* ---- the public face ---- */

size_t rio_stream_peek(const rio_stream *s, const void **out)
{
    *out = rq_buf_slice(&s->in).ptr;
    return s->in.len;
}

ssize_t rio_stream_fill(rio_stream *s)
{
    size_t had = s->in.len;
    int rc;

    if (had >= s->in_max && !s->closing)
        return -ENOBUFS;
    rc = await(wait_input(s, had));
    return rc > 0 ? (ssize_t)(s->in.len - had) : rc;
}

bool rio_stream_at_eof(const rio_stream *s)
{
    return s->eof && s->in.len == 0;
}

ssize_t rio_stream_read(rio_stream *s, void *buf, size_t n)
{
    int rc;

    if (n == 0)
        return 0;
    rc = await(wait_input(s, 0));
    return rc > 0 ? (ssize_t)take(s, buf, n) : rc;
}

/* What fits under the input limit is taken at once when it is whole; more than that
 * piece by piece. */
ssize_t rio_stream_readexactly(rio_stream *s, void *buf, size_t n, size_t *got)
{
    size_t unused, have = 0;

    if (got == NULL)
        got = &unused;
    *got = 0;
    if (n > SSIZE_MAX)
        return -EINVAL;
    while (*got < n) {
        size_t want = n - *got;
        int rc;

        if (s->in.len >= want || (s->in.len >= s->in_max && !s->closing)) {
            *got += take(s, (char *)buf + *got, want);
            have = 0;
            continue;
        }
        rc = await(wait_input(s, have));
        if (rc == 0) {
            *got += take(s, (char *)buf + *got, want);
            return -ENODATA;
        }
        if (rc < 0)
            return rc;
        have = s->in.len;
    }
    return (ssize_t)n;
}

/* Waits until `sep` has arrived.
 * Returns  the length up to and with sep; 0 the end came first; an error.
 *          -EMSGSIZE  it is not among the first `max` bytes */
RIO_AWAITS static ssize_t find(rio_stream *s, const void *sep, size_t sep_len,
                               size_t max)
{
    size_t seen = 0; /* searched in vain */

    for (;;) {
        struct rq_slice in = rq_buf_slice(&s->in);
        size_t from = seen >= sep_len ? seen - sep_len + 1 : 0;
        const uint8_t *at = NULL;
        int rc;

        if (in.len > from)
            at = memmem(in.ptr + from, in.len - from, sep, sep_len);
        if (at != NULL) {
            size_t end = (size_t)(at - in.ptr) + sep_len;

            return end > max ? -EMSGSIZE : (ssize_t)end;
        }
        if (in.len >= max || (in.len >= s->in_max && !s->closing))
            return -EMSGSIZE;
        seen = in.len;
        rc = await(wait_input(s, in.len));
        if (rc <= 0)
            return rc;
    }
}

ssize_t rio_stream_readuntil(rio_stream *s, const void *sep, size_t sep_len, void *buf,
                             size_t n)
{
    ssize_t rc;

    if (sep_len == 0)
        return -EINVAL;
    rc = await(find(s, sep, sep_len, n));
    if (rc == 0)
        return -ENODATA;
    return rc < 0 ? rc : (ssize_t)take(s, buf, (size_t)rc);
}

/* Drops a line that is too long: up to its end, or all that is there. */
static void discard_line(rio_stream *s)
{
    struct rq_slice in = rq_buf_slice(&s->in);
    const uint8_t *end = in.len == 0 ? NULL : memchr(in.ptr, '\n', in.len);

    rio_stream_consume(s, end == NULL ? in.len : (size_t)(end - in.ptr) + 1);
}

ssize_t rio_stream_readline(rio_stream *s, char *buf, size_t n)
{
    ssize_t rc;

    if (n < 2)
        return -EINVAL;
    rc = await(find(s, "\n", 1, n - 1));
    if (rc == 0 && s->in.len > 0)
        rc = s->in.len < n ? (ssize_t)s->in.len : -EMSGSIZE; /* the last line */
    if (rc == -EMSGSIZE)
        discard_line(s);
    if (rc < 0)
        return rc;
    (void)take(s, buf, (size_t)rc);
    buf[rc] = '\0';
    return rc;
}
