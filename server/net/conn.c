/* conn.c - one client: a reader and a writer joined by a line of reply slots.
 *
 *     socket -> reader -> dispatch -> the open commit
 *                  |                        | resolves
 *                  +--> replies --> writer -+-> socket
 *
 * The reader parses every complete command and issues it; it never waits for a commit.
 * The writer sends the replies in the order of the commands, each as it is resolved.
 *
 * Three things hold a peer back, and none of them costs another peer anything: how many
 * replies it is owed, how large they are together, and the stream's limits to what is
 * received and not yet parsed.
 * SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/log.h"
#include "core/limits.h"
#include "net/dispatch.h"
#include "net/writer.h"

enum {
    INPUT_BYTES =
        64 * 1024,    /* received at once; grows only while a larger frame arrives */
    LOOK_MS = 1000,   /* how often a reader that is held back looks at the socket */
    LINGER_MS = 1000, /* for the peer to read our last words and hang up */
    LINGER_BYTES = 256 << 20, /* what it may still send meanwhile */
};

struct conn {
    struct api_client client;
    struct conns *all;
    struct rq_list link; /* in all->live */
    rio_stream *stream;
    rio_task *reader; /* the connection's own task */
    struct writer writer;
    struct rq_resp_reader parser;
    size_t in_max; /* how much is received before it is parsed */
    bool reading;  /* the reader can be told to stop */
    bool goodbye; /* our last word was an error: linger, so that the peer can read it */
};

static void on_resolved(struct reply_owner *owner, struct reply *r)
{
    struct conn *c = RQ_CONTAINER_OF(owner, struct conn, client.owner);

    if (r->out.len > 0 && rq_buf_slice(&r->out).ptr[0] == '-')
        c->all->server->errors++;
    writer_resolved(&c->writer, r);
}

/* ---- commands ---- */

/* A blocked GET has nobody to serve any more, and a stream nobody to tell. */
static void stop_waits(struct conn *c)
{
    writer_peer_left(&c->writer);
    member_stop_waits(c->client.member);
}

/* Nobody reads the socket of a peer that is held back: this looks whether it is still
 * there.  If not, its waits end, which may be all that holds it back. */
static void look_for_hang_up(struct conn *c)
{
    struct pollfd socket = {.fd = rio_stream_fd(c->stream), .events = POLLRDHUP};

    if (poll(&socket, 1, 0) > 0)
        stop_waits(c);
}

/* Waits until the peer may be owed one more reply. */
RIO_AWAITS static int hold_back(struct conn *c)
{
    long rc = 0;

    while (rc == 0 && writer_is_behind(&c->writer)) {
        rio_timeout limit;

        rio_event_clear(&c->writer.drained);
        rio_timeout_enter(&limit, LOOK_MS * RIO_MS);
        rc = await(rio_event_wait(&c->writer.drained));
        rc = rio_timeout_exit(&limit, rc);
        if (rc == -ETIMEDOUT) {
            look_for_hang_up(c);
            rc = 0;
        }
    }
    return (int)rc;
}

/* Issues one command; its reply slot takes its place among those that are owed.
 * Returns  1: this was the last command; 0; < 0 */
static int issue(struct conn *c, const struct rq_cmd *cmd, int malformed)
{
    struct reply *r = reply_new(&c->all->server->pool, &c->client.owner,
                                c->all->server->broker, c->client.protocol);
    if (r == NULL)
        return -ENOMEM;
    if (malformed < 0) {
        r->close_after = true;
        reply_error(r, malformed, NULL);
    } else {
        dispatch(&c->client, cmd, r);
    }
    bool is_last = r->close_after;
    writer_owe(&c->writer, r);
    return is_last;
}

/* How much may be received and not yet parsed. */
static void set_window(struct conn *c, size_t in_max)
{
    if (c->in_max == in_max)
        return;
    c->in_max = in_max;
    rio_stream_set_limits(c->stream, in_max, LIMIT_OUTPUT_BYTES);
}

/* Issues the whole commands at the start of `in`, as many as the peer may be owed
 * replies for.
 * Returns  1: no more are wanted; 0; < 0.  *out_used: how many bytes they are */
static int issue_whole(struct conn *c, struct rq_slice in, size_t *out_used)
{
    *out_used = 0;
    while (!writer_is_behind(&c->writer)) {
        struct rq_slice rest = rq_slice(in.ptr + *out_used, in.len - *out_used);
        struct rq_cmd cmd;
        int rc = 0;

        long used = rq_resp_read(&c->parser, rest, &cmd);
        if (used == 0)
            break;
        if (used < 0) {
            c->goodbye = true;
            return issue(c, NULL, used == -ENOMEM ? RQ_E_LIMIT : (int)used);
        }
        if (cmd.argc > 0)
            rc = issue(c, &cmd, 0);
        if (rc != 0)
            return rc;
        *out_used += (size_t)used;
    }
    return 0;
}

/* Issues every whole command that is received.
 * Returns  1: no more are wanted; 0: more bytes are needed; < 0 */
RIO_AWAITS static int issue_received(struct conn *c)
{
    size_t used;

    do {
        const void *bytes;

        int rc = await(hold_back(c));
        if (rc < 0)
            return rc;
        size_t len = rio_stream_peek(c->stream, &bytes);
        if (len == 0)
            return 0;
        rc = issue_whole(c, rq_slice(bytes, len), &used);
        if (rc != 0)
            return rc;
        rio_stream_consume(c->stream, used);
        if (used > 0)
            set_window(c, INPUT_BYTES);
    } while (used > 0);
    return 0;
}

/* Issues commands until the client leaves or misbehaves.  No idle limit here: a worker
 * may wait in GET for hours; keepalive finds the dead ones. */
RIO_AWAITS static long read_commands(struct conn *c)
{
    size_t widest = c->all->server->frame_max + INPUT_BYTES;

    set_window(c, INPUT_BYTES);
    for (;;) {
        long rc = await(issue_received(c));
        if (rc != 0)
            return rc < 0 ? rc : 0;
        rc = await(rio_stream_fill(c->stream));
        c->writer.hung_up = rc == 0;
        if (rc == -ENOBUFS && c->in_max < widest) {
            /* One command larger than the window: the parser has agreed to its size. */
            set_window(c, widest);
        } else if (rc <= 0) {
            return rc;
        }
    }
}

/* Closing with bytes unread would send a reset that overtakes our last words. */
RIO_AWAITS static long linger(struct conn *c)
{
    size_t seen = 0;
    rio_timeout limit;
    long rc = 0;

    rio_timeout_enter(&limit, LINGER_MS * RIO_MS);
    rq_ignore(
        rio_stream_write_eof(c->stream)); /* a peer that is gone already is fine */
    while (rc >= 0 && seen < LINGER_BYTES) {
        const void *bytes;
        size_t len = rio_stream_peek(c->stream, &bytes);

        rio_stream_consume(c->stream, len);
        seen += len;
        rc = await(rio_stream_fill(c->stream));
        if (rc == 0)
            break;
    }
    return rio_timeout_exit(&limit, rc);
}

/* ---- life ---- */

/* The reader is this task; the writer its child.  A failed writer cancels the reader.
 */
RIO_AWAITS static long serve(struct conn *c)
{
    rio_group pair;
    long rc = -ENOMEM;

    rio_group_enter(&pair);
    if (rio_group_spawn(&pair, writer_main, &c->writer) != NULL) {
        c->reading = true;
        rc = await(read_commands(c));
        c->reading = false;
    }
    stop_waits(c);
    writer_end(&c->writer); /* what was issued is still answered */
    /* The end of the reader, even a cancelled one, is no reason to cut the writer
     * short. */
    long end =
        await(rio_group_exit(&pair, rc == -ECANCELED || rc == -ECONNRESET ? 0 : rc));
    rio_group_destroy(&pair);
    return rc < 0 ? rc : end;
}

static struct conn *conn_new(rio_stream *stream, struct conns *all)
{
    struct conn *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->all = all;
    c->stream = stream;
    c->reader = rio_current_task();
    c->client = (struct api_client){.server = all->server,
                                    .owner = {.resolved = on_resolved},
                                    .id = ++all->server->id_next,
                                    .protocol = 2};
    c->client.member = member_new(all->server->broker);
    writer_init(&c->writer, stream);
    rq_resp_reader_init(&c->parser, all->server->body_max, all->server->frame_max);
    rq_list_push_back(&all->live, &c->link);
    all->server->connections++;
    return c;
}

/* What was issued and never sent: its leases go back to their old place, then the
 * others. */
static void conn_free(struct conn *c)
{
    writer_fini(&c->writer);
    if (c->client.member != NULL)
        member_leave(c->client.member);
    rq_list_remove(&c->link);
    c->all->server->connections--;
    rq_resp_reader_fini(&c->parser);
    free(c);
}

/* Over the limit of connections: one line, so that the client knows what to do. */
RIO_AWAITS static long turn_away(rio_stream *stream)
{
    static const char busy[] =
        "-BUSY too many connections; try again later or raise --max-connections\r\n";

    int rc = rio_stream_write(stream, busy, sizeof busy - 1);
    return rc < 0 ? rc : await(rio_stream_drain(stream));
}

long conn_main(rio_stream *stream, void *arg)
{
    struct conns *all = arg;

    if (all->stopping)
        return 0;
    if (all->server->connections >= all->server->connections_max)
        return await(turn_away(stream));

    struct conn *c = conn_new(stream, all);
    if (c == NULL)
        return -ENOMEM;
    long rc = -ENOMEM;
    if (c->client.member != NULL)
        rc = await(serve(c));
    if (c->goodbye && rc >= 0)
        rq_ignore(await(linger(c))); /* best effort: the peer may be gone */
    if (rc < 0 && rc != -ECANCELED && rc != -ECONNRESET && rc != -EPIPE)
        LOG_INFO("event=connection_lost conn=%llu name=\"%s\" error=\"%s\"",
                 (unsigned long long)c->client.id, c->client.name, rq_err_text(rc));
    conn_free(c);
    return 0; /* one bad client is not our failure */
}

void conns_stop(struct conns *conns)
{
    conns->stopping = true;
    RQ_LIST_EACH(link, &conns->live)
    {
        struct conn *c = RQ_LIST_ENTRY(link, struct conn, link);

        if (c->reading)
            rio_task_cancel(c->reader);
    }
}
