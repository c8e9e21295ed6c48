/* dialect_redis - a reliable queue by Redis alone: lists (LPUSH, BLMOVE to a list of
 * the consumer's own, LREM) and Streams (XADD, XREADGROUP, XACK and XDEL).
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "load/dialect.h"
#include "load/resp.h"

/* ---- what both have in common ---- */

static int body(struct talk *t, struct rq_buf *out)
{
    int rc = resp_bulk_begin(out, t->body.len);

    if (rc == 0)
        rc = dialect_body(t, out);
    return rc < 0 ? rc : rq_buf_append(out, "\r\n", 2);
}

/* `count` replies, of which none may be an error unless `any` is set. */
static int take_replies(struct rq_slice *in, unsigned count, bool any)
{
    struct resp_item item;

    for (; count > 0; count--) {
        int rc = resp_item(in, &item);
        if (rc == 1)
            rc = item.type == '-' && !any ? RQ_E_MALFORMED : resp_skip(in, &item);
        if (rc != 1)
            return rc;
    }
    return 1;
}

static int keep(struct token *out, struct rq_slice text)
{
    if (text.len > TOKEN_MAX)
        return RQ_E_MALFORMED;
    out->len = (uint8_t)text.len;
    memcpy(out->text, text.ptr, text.len);
    return 1;
}

/* ---- lists ---- */

static int list_open(struct talk *t, struct rq_buf *out)
{
    return resp_argc(out, 2) | resp_word(out, "DEL") | resp_word(out, t->consumer);
}

static int list_put(struct talk *t, struct rq_buf *out, unsigned n)
{
    int rc = resp_argc(out, 2 + n) | resp_word(out, "LPUSH") | resp_word(out, t->queue);

    for (unsigned i = 0; i < n; i++)
        rc |= body(t, out);
    return rc;
}

static int list_get(struct talk *t, struct rq_buf *out, unsigned n)
{
    int rc = 0;

    for (unsigned i = 0; i < n; i++)
        rc |= resp_argc(out, 6) | resp_word(out, "BLMOVE") | resp_word(out, t->queue) |
              resp_word(out, t->consumer) | resp_word(out, "RIGHT") |
              resp_word(out, "LEFT") | resp_word(out, "0");
    return rc;
}

static int list_done(struct talk *t, struct rq_buf *out, const struct token *tokens,
                     unsigned n)
{
    struct rq_slice rest =
        rq_slice(t->body.ptr + SERIAL_DIGITS, t->body.len - SERIAL_DIGITS);
    int rc = 0;

    /* The oldest of the consumer's own stands at the end of its list. */
    for (unsigned i = 0; i < n; i++) {
        rc |= resp_argc(out, 4) | resp_word(out, "LREM") | resp_word(out, t->consumer) |
              resp_word(out, "-1") | resp_bulk_begin(out, t->body.len);
        rc |= rq_buf_append(out, tokens[i].text, SERIAL_DIGITS) |
              rq_buf_append_slice(out, rest) | rq_buf_append(out, "\r\n", 2);
    }
    return rc;
}

static int list_take(struct rq_slice *in, unsigned n, struct token *tokens)
{
    for (unsigned i = 0; i < n; i++) {
        struct resp_item item;
        int rc = resp_item(in, &item);

        if (rc == 1)
            rc = item.type != '$' || item.text.len < SERIAL_DIGITS
                     ? RQ_E_MALFORMED
                     : keep(&tokens[i], rq_slice(item.text.ptr, SERIAL_DIGITS));
        if (rc != 1)
            return rc;
    }
    return 1;
}

static long list_reply(struct talk *t, enum verb verb, unsigned n, struct rq_slice in,
                       struct answer *out)
{
    struct rq_slice rest = in;
    int rc;

    (void)t;
    out->count = n;
    if (verb == VERB_GET)
        rc = list_take(&rest, n, out->tokens);
    else
        rc = take_replies(&rest, verb == VERB_DONE ? n : 1, false);
    return rc == 1 ? (long)(in.len - rest.len) : rc;
}

const struct dialect dialect_lists = {.name = "redis-lists",
                                      .port = "6379",
                                      .open = list_open,
                                      .put = list_put,
                                      .get = list_get,
                                      .done = list_done,
                                      .reply = list_reply};

/* ---- Streams ---- */

static int stream_open(struct talk *t, struct rq_buf *out)
{
    return resp_argc(out, 6) | resp_word(out, "XGROUP") | resp_word(out, "CREATE") |
           resp_word(out, t->queue) | resp_word(out, "g") | resp_word(out, "0") |
           resp_word(out, "MKSTREAM");
}

static int stream_put(struct talk *t, struct rq_buf *out, unsigned n)
{
    int rc = 0;

    for (unsigned i = 0; i < n; i++)
        rc |= resp_argc(out, 5) | resp_word(out, "XADD") | resp_word(out, t->queue) |
              resp_word(out, "*") | resp_word(out, "b") | body(t, out);
    return rc;
}

static int stream_get(struct talk *t, struct rq_buf *out, unsigned n)
{
    return resp_argc(out, 11) | resp_word(out, "XREADGROUP") | resp_word(out, "GROUP") |
           resp_word(out, "g") | resp_word(out, t->consumer) | resp_word(out, "COUNT") |
           resp_number(out, n) | resp_word(out, "BLOCK") | resp_word(out, "0") |
           resp_word(out, "STREAMS") | resp_word(out, t->queue) | resp_word(out, ">");
}

static int stream_done(struct talk *t, struct rq_buf *out, const struct token *tokens,
                       unsigned n)
{
    int rc = resp_argc(out, 3 + n) | resp_word(out, "XACK") | resp_word(out, t->queue) |
             resp_word(out, "g");

    for (unsigned i = 0; i < n; i++)
        rc |= resp_bulk(out, rq_slice(tokens[i].text, tokens[i].len));
    rc |= resp_argc(out, 2 + n) | resp_word(out, "XDEL") | resp_word(out, t->queue);
    for (unsigned i = 0; i < n; i++)
        rc |= resp_bulk(out, rq_slice(tokens[i].text, tokens[i].len));
    return rc;
}

/* [[stream, [[id, [field, value]]...]]] */
static int stream_take(struct rq_slice *in, unsigned n, struct answer *out)
{
    struct resp_item list, item;
    int rc = 1;

    for (int i = 0; i < 2 && rc == 1; i++)
        rc = resp_item(in, &item);
    if (rc == 1)
        rc = resp_item(in, &item); /* the stream's name */
    if (rc == 1)
        rc = resp_item(in, &list);
    if (rc != 1)
        return rc;
    if (list.type != '*' || list.number < 1 || list.number > n)
        return RQ_E_MALFORMED;
    for (out->count = 0; out->count < (unsigned)list.number; out->count++) {
        struct resp_item entry, id;

        rc = resp_item(in, &entry);
        if (rc == 1)
            rc = resp_item(in, &id);
        if (rc == 1)
            rc = keep(&out->tokens[out->count], id.text);
        if (rc == 1)
            rc = resp_item(in, &item);
        if (rc == 1)
            rc = resp_skip(in, &item);
        if (rc != 1)
            return rc;
    }
    return 1;
}

static long stream_reply(struct talk *t, enum verb verb, unsigned n, struct rq_slice in,
                         struct answer *out)
{
    struct rq_slice rest = in;
    int rc;

    (void)t;
    out->count = n;
    if (verb == VERB_GET)
        rc = stream_take(&rest, n, out);
    else if (verb == VERB_OPEN)
        rc = take_replies(&rest, 1, true); /* the group may be there */
    else
        rc = take_replies(&rest, verb == VERB_DONE ? 2 : n, false);
    return rc == 1 ? (long)(in.len - rest.len) : rc;
}

const struct dialect dialect_streams = {.name = "redis-streams",
                                        .port = "6379",
                                        .open = stream_open,
                                        .put = stream_put,
                                        .get = stream_get,
                                        .done = stream_done,
                                        .reply = stream_reply};
