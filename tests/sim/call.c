/* call - a connection of a simulated client.
 * SPDX-License-Identifier: MIT */
#include "sim/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/num.h"
#include "sim/world.h"

enum { BULK_MAX = 1 << 20, WORDS_MAX = 32, LINE_MAX = 800 };

/* Longer than any BLOCK and than all that the server may wait for. */
static const int64_t patience_ns = 60 * RIO_SEC;

void call_init(struct call *c, struct world *w)
{
    *c = (struct call){.world = w};
    rq_buf_init(&c->out, BULK_MAX);
}

int call_open(struct call *c)
{
    static const char no_port[] = "";
    int rc = await(rio_open_connection(world_server_url, no_port, &c->stream));

    if (rc < 0) {
        c->stream = NULL;
        return rc;
    }
    c->reader = rq_reply_reader_new(BULK_MAX);
    ASSERT(c->reader != NULL);
    c->connection = history_connected(&c->world->history);
    return 0;
}

static void drop_reply(struct call *c)
{
    rq_reply_free(c->reply);
    c->reply = NULL;
}

int call_close(struct call *c)
{
    drop_reply(c);
    if (c->stream == NULL)
        return 0;
    history_left(&c->world->history, c->connection);
    rio_stream_abort(c->stream);
    RIO_IGNORE(await(rio_stream_wait_closed(c->stream)));
    rio_stream_free(c->stream);
    rq_reply_reader_free(c->reader);
    rq_buf_fini(&c->out);
    c->stream = NULL;
    c->reader = NULL;
    return 0;
}

static int send_words(struct call *c, char *line)
{
    struct rq_slice words[WORDS_MAX], rest = rq_slice_str(line);
    size_t n = 0;

    while (n < WORDS_MAX && rq_slice_split(&rest, ' ', &words[n]))
        n++;
    rq_buf_clear(&c->out);
    int rc = rq_reply_command(&c->out, n, words);
    if (rc == 0)
        rc = rio_stream_write(c->stream, c->out.ptr + c->out.start, c->out.len);
    return rc;
}

RIO_AWAITS static long receive(struct call *c)
{
    while (c->reply == NULL) {
        const void *bytes;
        size_t len = rio_stream_peek(c->stream, &bytes);
        long n = rq_reply_read(c->reader, rq_slice(bytes, len), &c->reply);

        if (n < 0)
            return n;
        rio_stream_consume(c->stream, (size_t)n);
        if (c->reply != NULL)
            break;
        ssize_t more = await(rio_stream_fill(c->stream));
        if (more <= 0)
            return more < 0 ? more : -ECONNRESET;
    }
    return 0;
}

static enum outcome judge(const struct call *c)
{
    if (c->reply->type != RQ_REPLY_ERROR)
        return YES;
    return call_is_error(c, "UNKNOWN") ? NOT_KNOWN : NO;
}

enum outcome call_ask(struct call *c, const char *format, ...)
{
    char line[LINE_MAX];
    rio_timeout limit;
    va_list args;

    drop_reply(c);
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    world_trace(c->world, "c%llu %.60s", (unsigned long long)c->connection, line);
    c->asked_ns = rio_now();
    c->world->commands++;
    long rc = send_words(c, line);
    if (rc == 0) {
        rio_timeout_enter(&limit, patience_ns);
        rc = await(receive(c));
        rc = rio_timeout_exit(&limit, rc);
    }
    if (rc == -ETIMEDOUT)
        history_anomaly(&c->world->history, "STUCK", NULL, "no reply to %.40s", line);
    if (rc < 0) {
        RIO_IGNORE(await(call_close(c)));
        return NOT_KNOWN;
    }
    world_trace(c->world, "c%llu -> %.*s", (unsigned long long)c->connection,
                (int)c->reply->str.len, (const char *)c->reply->str.ptr);
    return judge(c);
}

bool call_is_error(const struct call *c, const char *code)
{
    size_t len = strlen(code);

    return c->reply != NULL && c->reply->type == RQ_REPLY_ERROR &&
           c->reply->str.len >= len && memcmp(c->reply->str.ptr, code, len) == 0;
}

struct rq_slice call_text(const struct rq_reply *map, const char *field)
{
    const struct rq_reply *value = rq_reply_field(map, field);

    return value == NULL ? rq_slice("", 0) : value->str;
}

uint64_t call_number(const struct rq_reply *map, const char *field)
{
    const struct rq_reply *value = rq_reply_field(map, field);

    return value == NULL ? 0 : (uint64_t)value->integer;
}

bool call_parse(struct rq_slice text, struct job_id *out_id, uint64_t *out_n)
{
    struct rq_slice epoch, number;

    if (!rq_slice_split(&text, '-', &epoch) || !rq_slice_split(&text, ':', &number) ||
        rq_num_u64(epoch, 1, UINT64_MAX, &out_id->epoch) < 0 ||
        rq_num_u64(number, 1, UINT64_MAX, &out_id->number) < 0)
        return false;
    return text.len == 0 || rq_num_u64(text, 1, UINT64_MAX, out_n) == 0;
}
