/* writer.c - see writer.h.
 * SPDX-License-Identifier: MIT */
#include "net/writer.h"

#include <errno.h>

#include "base/assert.h"
#include "base/failpoint.h"
#include "core/limits.h"

void writer_init(struct writer *w, rio_stream *stream)
{
    *w = (struct writer){.stream = stream};
}

/* Takes the first off; it is the caller's then. */
static struct reply *take_first(struct writer *w)
{
    struct reply *r = w->first;

    w->first = r->next;
    w->count--;
    return r;
}

void writer_fini(struct writer *w)
{
    while (w->first != NULL)
        reply_abandon(take_first(w));
}

void writer_owe(struct writer *w, struct reply *r)
{
    r->next = NULL;
    if (w->first == NULL)
        w->first = r;
    else
        w->last->next = r;
    w->last = r;
    w->count++;
    if (w->first == r && (r->resolved || w->has_left))
        rio_event_set(&w->due);
}

/* What is resolved behind the first waits for it, and so need not wake the task. */
void writer_resolved(struct writer *w, const struct reply *r)
{
    w->bytes += r->out.len;
    if (w->first == r)
        rio_event_set(&w->due);
}

bool writer_is_behind(const struct writer *w)
{
    return w->count >= LIMIT_PIPELINE_DEPTH || w->bytes > LIMIT_OUTPUT_BYTES;
}

void writer_peer_left(struct writer *w)
{
    w->has_left = true;
    rio_event_set(&w->due);
}

void writer_end(struct writer *w)
{
    w->ended = true;
    rio_event_set(&w->due);
}

/* Writes the first reply, which is resolved; then it is no longer owed, unless more of
 * it will come. */
static int write_first(struct writer *w)
{
    struct reply *r = w->first;
    size_t owed = r->out.len;

    FAILPOINT("net.before_reply");
    if (w->hung_up && r->has_waited && r->lease_count > 0)
        reply_take_back(r); /* the job and the end came in the same turn */
    if (r->out.len == 0)
        return -ENOMEM; /* not even for an error; see reply_resolve() */
    int rc = rio_stream_write(w->stream, rq_buf_slice(&r->out).ptr, r->out.len);
    if (rc < 0)
        return rc;
    w->bytes -= owed;
    if (r->stream != NULL) {
        reply_again(r);
        return 0;
    }
    reply_sent(r);
    FAILPOINT("net.replied");
    reply_free(take_first(w));
    return 0;
}

/* A peer that takes nothing for a minute is not coming back. */
RIO_AWAITS static int drain(struct writer *w)
{
    for (;;) {
        size_t unsent = rio_stream_unsent(w->stream);
        rio_timeout limit;

        rio_timeout_enter(&limit, LIMIT_OUTPUT_STALL_MS * RIO_MS);
        long rc = await(rio_stream_drain(w->stream));
        rc = rio_timeout_exit(&limit, rc);
        if (rc != -ETIMEDOUT || rio_stream_unsent(w->stream) == unsent)
            return (int)rc;
    }
}

/* Writes all that is resolved, up to the first that is not; the peer reads, or is
 * waited for.  Nobody waits for the end of a stream whose peer has left. */
RIO_AWAITS static int write_due(struct writer *w)
{
    int rc = 0;

    while (rc == 0 && w->first != NULL) {
        if (w->first->resolved)
            rc = write_first(w);
        else if (w->first->stream != NULL && w->has_left)
            reply_abandon(take_first(w));
        else
            break;
        if (rc == 0 && rio_stream_unsent(w->stream) > LIMIT_OUTPUT_BYTES) {
            rio_event_set(&w->drained);
            rc = await(drain(w));
        }
    }
    rio_event_set(&w->drained);
    return rc;
}

long writer_main(void *arg)
{
    struct writer *w = arg;
    int rc;

    for (;;) {
        rio_event_clear(&w->due);
        rc = await(write_due(w));
        if (rc < 0 || (w->ended && w->first == NULL))
            return rc;
        rc = await(rio_event_wait(&w->due));
        if (rc < 0)
            return rc;
    }
}
