/* dialect_nats - NATS JetStream: a stream as a work queue, one pull consumer for all.
 *
 * Every answer is a message to a subject of the connection's own, whose last word names
 * what it answers; between these kinds there is no order.  Of a batch the answers may
 * stand between others, so this dialect is for batches of one.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/err.h"
#include "base/num.h"
#include "load/dialect.h"

enum { OPEN_ANSWERS = 2 };

static int text(struct rq_buf *out, const char *words)
{
    return rq_buf_append_slice(out, rq_slice_str(words));
}

/* PUB subject inbox.kind length, and the content. */
static int publish(struct talk *t, struct rq_buf *out, struct rq_slice subject,
                   const char *kind, struct rq_slice content)
{
    char digits[RQ_NUM_DIGITS];

    return text(out, "PUB ") | rq_buf_append_slice(out, subject) | text(out, " ") |
           text(out, t->consumer) | text(out, kind) |
           rq_buf_append(out, digits, rq_num_format(content.len, digits)) |
           text(out, "\r\n") | rq_buf_append_slice(out, content) | text(out, "\r\n");
}

static int ask(struct talk *t, struct rq_buf *out, const char *subject,
               const char *json)
{
    return publish(t, out, rq_slice_str(subject), ".o ", rq_slice_str(json));
}

static int nats_open(struct talk *t, struct rq_buf *out)
{
    char subject[128], json[256];
    int rc = text(out, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB ") |
             text(out, t->consumer) | text(out, ".* 1\r\n");

    (void)snprintf(subject, sizeof subject, "$JS.API.STREAM.CREATE.%s", t->queue);
    (void)snprintf(
        json, sizeof json,
        "{\"name\":\"%s\",\"subjects\":[\"q.%s\"],\"retention\":\"workqueue\","
        "\"storage\":\"%s\"}",
        t->queue, t->queue, t->put_options[0] != '\0' ? t->put_options : "file");
    rc |= ask(t, out, subject, json);
    (void)snprintf(subject, sizeof subject, "$JS.API.CONSUMER.DURABLE.CREATE.%s.w",
                   t->queue);
    (void)snprintf(json, sizeof json,
                   "{\"stream_name\":\"%s\",\"config\":{\"durable_name\":\"w\","
                   "\"ack_policy\":\"explicit\",\"max_ack_pending\":-1,"
                   "\"max_waiting\":100000}}",
                   t->queue);
    return rc | ask(t, out, subject, json);
}

static int nats_put(struct talk *t, struct rq_buf *out, unsigned n)
{
    char subject[128];
    char digits[RQ_NUM_DIGITS];
    size_t len = rq_num_format(t->body.len, digits);
    int rc = 0;

    (void)snprintf(subject, sizeof subject, "PUB q.%s %s.p ", t->queue, t->consumer);
    for (unsigned i = 0; i < n; i++)
        rc |= text(out, subject) | rq_buf_append(out, digits, len) | text(out, "\r\n") |
              dialect_body(t, out) | text(out, "\r\n");
    return rc;
}

static int nats_get(struct talk *t, struct rq_buf *out, unsigned n)
{
    char subject[128], json[32];

    (void)snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT.%s.w", t->queue);
    int len = snprintf(json, sizeof json, "{\"batch\":%u}", n);
    return publish(t, out, rq_slice_str(subject), ".g ", rq_slice(json, (size_t)len));
}

static int nats_done(struct talk *t, struct rq_buf *out, const struct token *tokens,
                     unsigned n)
{
    int rc = 0;

    for (unsigned i = 0; i < n; i++)
        rc |= publish(t, out, rq_slice(tokens[i].text, tokens[i].len), ".d ",
                      RQ_LIT("+ACK"));
    return rc;
}

/* One message. */
struct message {
    struct rq_slice subject, reply, content;
};

static struct rq_slice next_word(struct rq_slice *line)
{
    const uint8_t *end = line->len == 0 ? NULL : memchr(line->ptr, ' ', line->len);
    size_t len = end == NULL ? line->len : (size_t)(end - line->ptr);
    struct rq_slice word = rq_slice(line->ptr, len);

    len += end != NULL;
    *line = rq_slice(line->ptr + len, line->len - len);
    return word;
}

static bool is_chatter(struct rq_slice line)
{
    return line.len >= 4 &&
           (memcmp(line.ptr, "INFO", 4) == 0 || memcmp(line.ptr, "PING", 4) == 0);
}

/* MSG subject sid [reply] length; what else a server says is passed over. */
static int take(struct rq_slice *in, struct message *out)
{
    struct rq_slice rest = *in, line, words[4];
    uint64_t length;
    size_t count = 0;

    do {
        const uint8_t *end = rest.len == 0 ? NULL : memchr(rest.ptr, '\n', rest.len);
        if (end == NULL || end == rest.ptr)
            return 0;
        line = rq_slice(rest.ptr, (size_t)(end - rest.ptr) - 1);
        rest = rq_slice(end + 1, rest.len - line.len - 2);
    } while (is_chatter(line));
    struct rq_slice verb = next_word(&line);
    if (!rq_slice_eq(verb, RQ_LIT("MSG")))
        return RQ_E_MALFORMED;
    while (line.len > 0 && count < 4)
        words[count++] = next_word(&line);
    if (count < 3 || rq_num_u64(words[count - 1], 0, UINT32_MAX, &length) < 0)
        return RQ_E_MALFORMED;
    if (rest.len < length + 2)
        return 0;
    out->subject = words[0];
    out->reply = count == 4 ? words[2] : RQ_LIT("");
    out->content = rq_slice(rest.ptr, (size_t)length);
    *in = rq_slice(rest.ptr + length + 2, rest.len - (size_t)length - 2);
    return 1;
}

/* A job keeps the subject that it was put to, and has one to be finished by. */
static char kind_of(const struct message *m)
{
    if (m->reply.len > 0)
        return 'g';
    return m->subject.len == 0 ? 'o' : (char)m->subject.ptr[m->subject.len - 1];
}

static enum verb nats_verb(struct rq_slice in)
{
    struct message m;

    if (take(&in, &m) != 1)
        return VERB_OPEN;
    switch (kind_of(&m)) {
    case 'p':
        return VERB_PUT;
    case 'g':
        return VERB_GET;
    case 'd':
        return VERB_DONE;
    default:
        return VERB_OPEN;
    }
}

static long nats_reply(struct talk *t, enum verb verb, unsigned n, struct rq_slice in,
                       struct answer *out)
{
    static const char kinds[] = {'o', 'p', 'g', 'd'};
    struct rq_slice rest = in;
    struct message m;

    (void)t;
    out->count = n;
    for (unsigned i = 0; i < (verb == VERB_OPEN ? OPEN_ANSWERS : n); i++) {
        int rc = take(&rest, &m);
        if (rc != 1)
            return rc;
        if (kind_of(&m) != kinds[verb])
            return RQ_E_MALFORMED;
        if (verb != VERB_GET)
            continue;
        if (m.reply.len == 0 || m.reply.len > TOKEN_MAX)
            return RQ_E_MALFORMED;
        out->tokens[i].len = (uint8_t)m.reply.len;
        memcpy(out->tokens[i].text, m.reply.ptr, m.reply.len);
    }
    return (long)(in.len - rest.len);
}

const struct dialect dialect_nats = {.name = "nats",
                                     .port = "4222",
                                     .open = nats_open,
                                     .put = nats_put,
                                     .get = nats_get,
                                     .done = nats_done,
                                     .reply = nats_reply,
                                     .verb_of = nats_verb};
