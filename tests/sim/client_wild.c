/* client_wild - some wild commands over a connection of their own: pipelined, in
 * pieces, and perhaps the connection ends in the middle.
 *
 * What the server says to it is well-formed, whatever it heard; and whole commands have
 * one reply each, in their order.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/client.h"
#include "sim/wild.h"
#include "sim/world.h"

enum { OUT_MAX = 64 << 10, BULK_MAX = 1 << 20, TAG = 24, SHOWN = 400 };

static const int64_t patience_ns = 60 * RIO_SEC;

struct burst {
    struct world *world;
    struct wild_ids *ids;
    rio_stream *stream;
    struct rq_reply_reader *reader;
    struct rq_buf out;
    bool is_whole;  /* it says what it means, and ends with a PING */
    size_t replies; /* so many come before that */
    char tag[TAG];  /* of the PING */
};

/* ---- what it says ---- */

static void append_ping(struct burst *b)
{
    struct rq_slice words[2] = {RQ_LIT("PING"), rq_slice_str(b->tag)};

    rq_ignore(rq_reply_command(&b->out, 2, words));
}

static void compose(struct burst *b)
{
    struct world *w = b->world;

    b->is_whole = !world_one_in(w, 3);
    for (int64_t n = world_between(w, 1, 5); n > 0; n--) {
        bool is_answered = wild_command(w, b->ids, &b->out);

        b->is_whole &= is_answered;
        b->replies++;
    }
    snprintf(b->tag, sizeof b->tag, "tag-%lld", (long long)world_between(w, 0, 99));
    append_ping(b);
    if (b->is_whole)
        return;
    if (world_one_in(w, 4))
        rq_buf_clear(&b->out);
    if (world_one_in(w, 3))
        wild_noise(w, &b->out);
    wild_damage(w, &b->out);
    wild_tame(&b->out);
}

/* In one piece, or cut anywhere. */
RIO_AWAITS static long say(struct burst *b)
{
    struct world *w = b->world;
    const uint8_t *bytes = b->out.ptr + b->out.start;
    bool is_cut = world_one_in(w, 2);

    for (size_t at = 0; at < b->out.len;) {
        size_t n = b->out.len - at;

        if (is_cut)
            n = (size_t)world_between(w, 1, (int64_t)(n < 200 ? n : 200));
        RIO_TRY(rio_stream_write(b->stream, bytes + at, n));
        at += n;
        if (is_cut)
            RIO_TRY(await(rio_sleep(world_between(w, 0, 2000) * 1000)));
        if (!b->is_whole && world_one_in(w, 12))
            return -ECONNRESET;
    }
    return 0;
}

/* ---- what it hears ---- */

static void learn(struct wild_ids *ids, const struct rq_reply *reply)
{
    if (reply->type == RQ_REPLY_BULK || reply->type == RQ_REPLY_SIMPLE)
        wild_learn(ids, reply->str);
    for (size_t i = 0; i < reply->count && i < 16; i++)
        learn(ids, &reply->elements[i]);
}

/* Errors  as rq_reply_read;  -ECONNRESET  no more comes */
RIO_AWAITS static long hear(struct burst *b, struct rq_reply **out)
{
    for (*out = NULL;;) {
        const void *bytes;
        size_t len = rio_stream_peek(b->stream, &bytes);
        long n = rq_reply_read(b->reader, rq_slice(bytes, len), out);

        if (n < 0) {
            history_anomaly(&b->world->history, "BAD_REPLY", NULL, "%ld", n);
            return n;
        }
        rio_stream_consume(b->stream, (size_t)n);
        if (*out != NULL)
            return 0;
        ssize_t more = await(rio_stream_fill(b->stream));
        if (more <= 0)
            return more < 0 ? more : -ECONNRESET;
    }
}

RIO_AWAITS static long hear_all(struct burst *b)
{
    for (size_t i = 0; !b->is_whole || i <= b->replies; i++) {
        struct rq_reply *reply;

        RIO_TRY(await(hear(b, &reply)));
        if (b->is_whole && i < b->replies)
            learn(b->ids, reply);
        else if (b->is_whole && !rq_slice_eq(reply->str, rq_slice_str(b->tag)))
            history_anomaly(&b->world->history, "REPLIES_MIXED_UP", NULL,
                            "%zu commands, then %.40s", b->replies,
                            (const char *)reply->str.ptr);
        rq_reply_free(reply);
    }
    return 0;
}

RIO_AWAITS static long hear_for_a_while(struct burst *b)
{
    rio_timeout limit;
    int64_t patience =
        b->is_whole ? patience_ns : world_between(b->world, 0, 300) * RIO_MS;

    rio_timeout_enter(&limit, patience);
    long rc = await(hear_all(b));
    rc = rio_timeout_exit(&limit, rc);
    if (rc == -ETIMEDOUT && b->is_whole)
        history_anomaly(&b->world->history, "STUCK", NULL, "no reply to PING %s",
                        b->tag);
    return rc;
}

/* ---- the connection ---- */

/* On one line, with a dot for what cannot be shown. */
static void trace(const struct burst *b)
{
    char shown[SHOWN + 1];
    size_t len = b->out.len < SHOWN ? b->out.len : SHOWN;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = b->out.ptr[b->out.start + i];

        shown[i] = byte >= ' ' && byte < 0x7f ? (char)byte : '.';
    }
    shown[len] = '\0';
    world_trace(b->world, "wild %s: %s", b->is_whole ? "whole" : "damaged", shown);
}

RIO_AWAITS static int play(struct burst *b)
{
    compose(b);
    if (b->world->trace)
        trace(b);
    long rc = await(say(b));
    if (rc == 0)
        RIO_IGNORE(await(hear_for_a_while(b)));
    if (world_one_in(b->world, 2))
        rio_stream_abort(b->stream);
    else
        rq_ignore(rio_stream_close(b->stream));
    RIO_IGNORE(await(rio_stream_wait_closed(b->stream)));
    return 0;
}

RIO_AWAITS static int connect_and_play(struct world *w, struct wild_ids *ids)
{
    static const char no_port[] = "";
    struct burst b = {.world = w, .ids = ids};
    int rc = await(rio_open_connection(world_server_url, no_port, &b.stream));

    if (rc < 0)
        return rc;
    b.reader = rq_reply_reader_new(BULK_MAX);
    rq_buf_init(&b.out, OUT_MAX);
    if (b.reader != NULL)
        RIO_IGNORE(await(play(&b)));
    rio_stream_free(b.stream);
    rq_reply_reader_free(b.reader);
    rq_buf_fini(&b.out);
    return 0;
}

long client_wild_main(void *arg)
{
    struct world *w = arg;
    struct wild_ids ids = {.count = 0};

    while (!w->is_calm) {
        RIO_IGNORE(await(connect_and_play(w, &ids)));
        RIO_TRY(await(rio_sleep(world_between(w, 1, 40) * RIO_MS)));
    }
    return 0;
}
