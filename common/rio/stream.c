/* stream.c - the life of a stream and its output side; see stream.h.
 * SPDX-License-Identifier: MIT */
#include "rio/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LIMIT_DEFAULT = 64 << 10, /* asyncio's */
    UNSENT_MAX = 1 << 30,
    INPUT_MAX = 1 << 30, /* far beyond in_max and what may be under way */
};
#define LINGER (5 * RIO_SEC) /* then an operation that has not ended is asked again */

static void flush(struct rio__flush *f);

/* ---- open ---- */

int rio_stream_from_fd(int fd, rio_stream **out)
{
    struct rio_loop *l = rio__loop;
    rio_stream *s;
    int one = 1, rc;

    rc = l == NULL ? -EPERM : l->io->adopt(l->io, fd);
    s = rc < 0 ? NULL : calloc(1, sizeof *s);
    if (s == NULL) {
        (void)close(fd);
        return rc < 0 ? rc : -ENOMEM;
    }
    s->loop = l;
    s->fd = fd;
    s->in_max = s->out_high = LIMIT_DEFAULT;
    rq_buf_init(&s->in, INPUT_MAX);
    rq_buf_init(&s->out, UNSENT_MAX);
    rq_buf_init(&s->sending, UNSENT_MAX);
    rq_list_init(&s->flush.link);
    s->flush.run = flush;
    rq_list_push_back(&l->streams, &s->link);
    /* Small replies are what we are for; a unix socket refuses, harmlessly. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    rio__stream_receive(s);
    *out = s;
    return 0;
}

int rio_stream_fd(const rio_stream *s)
{
    return s->fd;
}

void rio_stream_set_limits(rio_stream *s, size_t in_max, size_t out_high)
{
    s->in_max = in_max > 0 ? in_max : 1;
    s->out_high = out_high;
    rio__stream_receive(s);
}

/* ---- output ---- */

size_t rio_stream_unsent(const rio_stream *s)
{
    return s->sending.len + s->out.len;
}

static void wake_drainers(struct rio_stream *s)
{
    if (rio_stream_unsent(s) > s->out_high && s->err == 0 && !s->aborted)
        return;
    while (rio__waitq_wake(&s->drainers))
        continue;
}

void rio__stream_break(struct rio_stream *s, int err)
{
    if (s->err == 0 && !s->aborted) { /* what follows an abort is its own doing */
        s->err = err;
        s->lost = rio_stream_unsent(s) > 0;
    }
    if (err == -ENOMEM || err == -ENOBUFS) /* our own doing: the peer does not know */
        (void)shutdown(s->fd, SHUT_RDWR);
    rq_buf_shrink(&s->out, 0);
    rio__stream_wake_reader(s);
    wake_drainers(s);
}

static void on_send(struct rio_op *op, int res, unsigned flags)
{
    struct rio_stream *s = op->owner;

    (void)flags;
    s->send = NULL;
    if (res > 0)
        rq_buf_consume(&s->sending, (size_t)res);
    else
        rio__stream_break(s, res == 0 || res == -ECANCELED ? -ECONNABORTED : res);
    if (s->err < 0 || s->aborted)
        rq_buf_clear(&s->sending);
    if (s->sending.len == 0)
        rq_buf_shrink(&s->sending, RIO__IDLE_BYTES);
    wake_drainers(s);
    /* At the end of the turn, so that what is written until then goes along. */
    rio__loop_flush_later(s->loop, &s->flush);
}

static void send_more(struct rio_stream *s)
{
    struct rq_slice bytes;

    if (s->send != NULL || s->err < 0 || s->aborted)
        return;
    if (s->sending.len == 0) {
        struct rq_buf empty = s->sending;

        s->sending = s->out;
        s->out = empty;
    }
    if (s->sending.len == 0)
        return;
    s->send = rio__op_new(s->loop, RIO_OP_SEND, s->fd, on_send, s);
    if (s->send == NULL) {
        rio__stream_break(s, -ENOMEM);
        rq_buf_clear(&s->sending);
        return;
    }
    bytes = rq_buf_slice(&s->sending);
    s->send->buf = (void *)(uintptr_t)bytes.ptr; /* read only */
    s->send->len = bytes.len;
    rio__op_submit(s->loop, s->send);
}

static void flush(struct rio__flush *f)
{
    struct rio_stream *s = RQ_CONTAINER_OF(f, struct rio_stream, flush);

    send_more(s);
    if (s->ending && !s->ended && !s->shut && rio_stream_unsent(s) == 0) {
        s->ended = true;
        (void)shutdown(s->fd, SHUT_WR); /* broken: it shows when reading */
    }
    rio__stream_close_step(s);
}

static int output_state(const rio_stream *s)
{
    if (s->closing)
        return -EBADF;
    return s->err;
}

int rio_stream_write(rio_stream *s, const void *buf, size_t n)
{
    int rc = output_state(s);

    if (rc == 0 && s->ending)
        rc = -EPIPE;
    if (rc == 0)
        rc = rq_buf_append(&s->out, buf, n);
    if (rc == 0 && n > 0)
        rio__loop_flush_later(s->loop, &s->flush);
    return rc;
}

int rio_stream_drain(rio_stream *s)
{
    struct rio__waiter w;
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    while (output_state(s) == 0 && rio_stream_unsent(s) > s->out_high) {
        rc = await(rio__waitq_wait(&s->drainers, &w, "stream drain"));
        if (rc < 0)
            return rc;
    }
    return output_state(s);
}

int rio_stream_write_eof(rio_stream *s)
{
    int rc = output_state(s);

    if (rc < 0)
        return rc;
    s->ending = true;
    rio__loop_flush_later(s->loop, &s->flush);
    return 0;
}

/* ---- close ---- */

static void destroy(struct rio_stream *s)
{
    rq_buf_fini(&s->in);
    rq_buf_fini(&s->out);
    rq_buf_fini(&s->sending);
    free(s);
}

static void now_closed(struct rio_stream *s)
{
    s->closed = true;
    s->fd = -1;
    rio__timer_stop(s->loop, &s->linger);
    rq_list_remove(&s->link);
    rq_list_remove(&s->flush.link);
    while (rio__waitq_wake(&s->closers))
        continue;
    if (s->orphaned)
        destroy(s);
}

static void on_close(struct rio_op *op, int res, unsigned flags)
{
    struct rio_stream *s = op->owner;

    (void)res; /* the descriptor is gone whatever close() says */
    (void)flags;
    now_closed(s);
}

static void end_operations(struct rio_stream *s)
{
    if (s->recv != NULL)
        rio__op_cancel(s->loop, s->recv);
    if (s->send != NULL)
        rio__op_cancel(s->loop, s->send);
}

static void lingers(struct rio__timer *t)
{
    struct rio_stream *s = RQ_CONTAINER_OF(t, struct rio_stream, linger);

    end_operations(s);
    rq_ignore(rio__timer_start(s->loop, &s->linger, rio__timer_after(s->loop, LINGER),
                               lingers)); /* shutdown() alone ends them as a rule */
}

/* close(2) alone would not end a pending receive: it would go on taking data. */
static void shut(struct rio_stream *s)
{
    s->shut = true;
    (void)shutdown(s->fd, SHUT_RDWR);
    end_operations(s);
    if (s->recv != NULL || s->send != NULL)
        rq_ignore(rio__timer_start(s->loop, &s->linger,
                                   rio__timer_after(s->loop, LINGER), lingers));
}

void rio__stream_close_step(struct rio_stream *s)
{
    if (!s->closing || s->closed || s->close != NULL)
        return;
    if (!s->aborted && s->err == 0 && rio_stream_unsent(s) > 0)
        return; /* first it is sent */
    if (!s->shut)
        shut(s);
    if (s->recv != NULL || s->send != NULL)
        return;
    s->close = rio__op_new(s->loop, RIO_OP_CLOSE, s->fd, on_close, s);
    if (s->close != NULL) {
        rio__op_submit(s->loop, s->close);
        return;
    }
    (void)close(s->fd);
    now_closed(s);
}

int rio_stream_close(rio_stream *s)
{
    if (s->closing)
        return 0;
    s->closing = true;
    rq_buf_shrink(&s->in, 0);
    rio__stream_wake_reader(s);
    while (rio__waitq_wake(&s->drainers))
        continue;
    rio__loop_flush_later(s->loop, &s->flush);
    return 0;
}

void rio_stream_abort(rio_stream *s)
{
    if (s->closed || s->aborted)
        return;
    RIO_IGNORE(rio_stream_close(s));
    s->aborted = true;
    rq_buf_shrink(&s->out, 0); /* `sending` is the kernel's until its send has ended */
    wake_drainers(s);
    rio__loop_flush_later(s->loop, &s->flush);
}

bool rio_stream_is_closing(const rio_stream *s)
{
    return s->closing;
}

int rio_stream_wait_closed(rio_stream *s)
{
    struct rio__waiter w;

    if (!s->closed) {
        int rc = await(rio__waitq_wait(&s->closers, &w, "stream close"));

        if (rc < 0)
            return rc;
    }
    return s->lost ? s->err : 0;
}

void rio_stream_free(rio_stream *s)
{
    if (s == NULL)
        return;
    ASSERT(rio__waitq_empty(&s->reader));
    ASSERT(rio__waitq_empty(&s->closers));
    if (s->closed) {
        destroy(s);
        return;
    }
    s->orphaned = true;
    rio_stream_abort(s);
}

void rio__streams_abort(struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->streams)
    {
        rio_stream_abort(RQ_LIST_ENTRY(link, struct rio_stream, link));
    }
}
