/* redis - a thousand commands to Redis in one breath.
 *
 *     redis HOST PORT | redis unix:/path
 *
 * Shows: somebody else's codec over a stream.  hiredis makes commands and reads
 * replies, librio moves the bytes.  One task writes while the other reads, so neither
 * waits for a reply before the next command, and a slow reader slows the writer down.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <rio/rio.h>
#include <stdio.h>
#include <string.h>

enum { COMMANDS = 1000, VALUE_MAX = 32 };

struct client {
    rio_stream *stream;
    redisReader *reader;
};

/* ---- commands ---- */

static int send_command(struct client *c, const char *verb, int key)
{
    char *bytes;
    int rc, n = verb[0] == 'S'
                    ? redisFormatCommand(&bytes, "SET key:%d value-%d", key, key)
                    : redisFormatCommand(&bytes, "%s key:%d", verb, key);

    if (n < 0)
        return -ENOMEM;
    rc = rio_stream_write(c->stream, bytes, (size_t)n);
    redisFreeCommand(bytes);
    return rc;
}

static long write_commands(void *arg)
{
    static const char *const verbs[] = {"SET", "GET", "DEL"};

    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++)
        for (int i = 0; i < COMMANDS; i++) {
            RIO_TRY(send_command(arg, verbs[v], i));
            RIO_TRY(await(rio_stream_drain(((struct client *)arg)->stream)));
        }
    return 0;
}

/* ---- replies ---- */

/* Waits for the next one.  Owns  gives *out: freeReplyObject() */
RIO_AWAITS static long read_reply(struct client *c, redisReply **out)
{
    void *reply = NULL;

    while (redisReaderGetReply(c->reader, &reply) == REDIS_OK && reply == NULL) {
        const void *bytes;
        size_t n = rio_stream_peek(c->stream, &bytes);

        if (n == 0) {
            long more = await(rio_stream_fill(c->stream));

            if (more <= 0)
                return more < 0 ? more : -ECONNRESET;
            n = rio_stream_peek(c->stream, &bytes);
        }
        if (redisReaderFeed(c->reader, bytes, n) != REDIS_OK)
            return -ENOMEM;
        rio_stream_consume(c->stream, n);
    }
    *out = reply;
    return reply == NULL ? rio_error(-EPROTO, "%s", c->reader->errstr) : 0;
}

/* Reads the replies to `COMMANDS` commands.  Returns  how many are as expected */
RIO_AWAITS static long read_replies(struct client *c, bool (*good)(redisReply *, int))
{
    long count = 0;

    for (int i = 0; i < COMMANDS; i++) {
        redisReply *reply;

        RIO_TRY(await(read_reply(c, &reply)));
        count += good(reply, i);
        freeReplyObject(reply);
    }
    return count;
}

static bool is_ok(redisReply *r, int key)
{
    (void)key;
    return r->type == REDIS_REPLY_STATUS && strcmp(r->str, "OK") == 0;
}

static bool is_value(redisReply *r, int key)
{
    char value[VALUE_MAX];

    (void)snprintf(value, sizeof value, "value-%d", key);
    return r->type == REDIS_REPLY_STRING && strcmp(r->str, value) == 0;
}

static bool is_one(redisReply *r, int key)
{
    (void)key;
    return r->type == REDIS_REPLY_INTEGER && r->integer == 1;
}

/* ---- both at once ---- */

RIO_AWAITS static long converse(struct client *c)
{
    RIO_AUTO_TASK writer = rio_create_task(write_commands, c);
    long set, got, deleted;

    if (writer == NULL)
        return -errno;
    set = RIO_TRY(await(read_replies(c, is_ok)));
    got = RIO_TRY(await(read_replies(c, is_value)));
    deleted = RIO_TRY(await(read_replies(c, is_one)));
    RIO_TRY(await(rio_join(writer)));
    (void)printf("set %ld, got %ld back, deleted %ld\n", set, got, deleted);
    return set == COMMANDS && got == COMMANDS && deleted == COMMANDS ? 0 : -EBADMSG;
}

static long body(void *arg)
{
    char **address = arg;
    struct client c = {.reader = redisReaderCreate()};
    long rc;

    if (c.reader == NULL)
        return -ENOMEM;
    rc = await(rio_open_connection(address[0], address[1], &c.stream));
    if (rc == 0) {
        rc = await(converse(&c));
        (void)rio_stream_close(c.stream);
        RIO_IGNORE(await(rio_stream_wait_closed(c.stream)));
        rio_stream_free(c.stream);
    }
    redisReaderFree(c.reader);
    return rc;
}

int main(int argc, char **argv)
{
    bool is_unix = argc == 2 && strncmp(argv[1], "unix:", 5) == 0;
    long rc;

    if (argc != 3 && !is_unix) {
        (void)fprintf(stderr, "usage: redis HOST PORT | redis unix:/path\n");
        return 2;
    }
    rc = rio_run(body, argv + 1);
    if (rc < 0) {
        const char *why = rio_task_error(NULL);

        (void)fprintf(stderr, "redis: %s\n", why == NULL ? strerror((int)-rc) : why);
        return 1;
    }
    return 0;
}
