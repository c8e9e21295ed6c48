/* dialect_ringq - PUT or MPUT, GET, DONE.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "load/dialect.h"
#include "load/resp.h"

enum { WORDS_MAX = 16 };

static int open_nothing(struct talk *t, struct rq_buf *out)
{
    (void)t;
    return resp_argc(out, 1) < 0 ? -1 : resp_word(out, "PING");
}

/* The words of "DURABLE memory" and the like. */
static size_t split(const char *text, struct rq_slice *out)
{
    size_t n = 0;

    while (n < WORDS_MAX) {
        text += strspn(text, " ");
        size_t len = strcspn(text, " ");
        if (len == 0)
            break;
        out[n++] = rq_slice(text, len);
        text += len;
    }
    return n;
}

static int body(struct talk *t, struct rq_buf *out)
{
    int rc = resp_bulk_begin(out, t->body.len);

    if (rc == 0)
        rc = dialect_body(t, out);
    return rc < 0 ? rc : rq_buf_append(out, "\r\n", 2);
}

static int put_one(struct talk *t, struct rq_buf *out, const struct rq_slice *words,
                   size_t count)
{
    int rc = resp_argc(out, 3 + count);

    rc |= resp_word(out, "PUT") | resp_word(out, t->queue) | body(t, out);
    for (size_t i = 0; i < count; i++)
        rc |= resp_bulk(out, words[i]);
    return rc;
}

static int put_many(struct talk *t, struct rq_buf *out, unsigned n,
                    const struct rq_slice *words, size_t count)
{
    int rc = resp_argc(out, 4 + count + n);

    rc |= resp_word(out, "MPUT") | resp_word(out, t->queue);
    for (size_t i = 0; i < count; i++)
        rc |= resp_bulk(out, words[i]);
    rc |= resp_word(out, "BODIES") | resp_number(out, n);
    for (unsigned i = 0; i < n; i++)
        rc |= body(t, out);
    return rc;
}

static int put(struct talk *t, struct rq_buf *out, unsigned n)
{
    struct rq_slice words[WORDS_MAX];
    size_t count = split(t->put_options, words);
    int rc = 0;

    if (n > 1 && t->by_count)
        return put_many(t, out, n, words, count);
    for (unsigned i = 0; i < n; i++)
        rc |= put_one(t, out, words, count);
    return rc;
}

static int get(struct talk *t, struct rq_buf *out, unsigned n)
{
    if (n == 1)
        return resp_argc(out, 2) | resp_word(out, "GET") | resp_word(out, t->queue);
    return resp_argc(out, 4) | resp_word(out, "GET") | resp_word(out, t->queue) |
           resp_word(out, "COUNT") | resp_number(out, n);
}

static int done(struct talk *t, struct rq_buf *out, const struct token *tokens,
                unsigned n)
{
    int rc = resp_argc(out, 1 + n) | resp_word(out, "DONE");

    (void)t;
    for (unsigned i = 0; i < n; i++)
        rc |= resp_bulk(out, rq_slice(tokens[i].text, tokens[i].len));
    return rc;
}

/* A job map, whose head was taken: keeps the lease.  Returns  as resp_item() */
static int take_job(struct rq_slice *in, int64_t items, struct token *out)
{
    struct resp_item name, value;

    for (int64_t i = 0; i + 1 < items; i += 2) {
        int rc = resp_item(in, &name);
        if (rc == 1)
            rc = resp_item(in, &value);
        if (rc == 1)
            rc = resp_skip(in, &value);
        if (rc != 1)
            return rc;
        if (!rq_slice_eq(name.text, RQ_LIT("lease")))
            continue;
        if (value.text.len > TOKEN_MAX)
            return RQ_E_MALFORMED;
        out->len = (uint8_t)value.text.len;
        memcpy(out->text, value.text.ptr, value.text.len);
    }
    return 1;
}

static int take_jobs(struct rq_slice *in, unsigned n, struct answer *out)
{
    struct resp_item item;
    int rc = resp_item(in, &item);

    if (rc != 1)
        return rc;
    if (item.type != '*' || item.number < 1)
        return RQ_E_MALFORMED;
    if (n == 1) {
        out->count = 1;
        return take_job(in, item.number, out->tokens);
    }
    out->count = 0;
    for (int64_t jobs = item.number; jobs > 0; jobs--) {
        rc = resp_item(in, &item);
        if (rc == 1 && (item.type != '*' || out->count == n))
            rc = RQ_E_MALFORMED;
        if (rc == 1)
            rc = take_job(in, item.number, &out->tokens[out->count++]);
        if (rc != 1)
            return rc;
    }
    return 1;
}

static int take_one(struct rq_slice *in, char type, int64_t *number)
{
    struct resp_item item;
    int rc = resp_item(in, &item);

    if (rc == 1 && item.type != type)
        return RQ_E_MALFORMED;
    if (rc == 1)
        *number = item.number;
    return rc == 1 ? resp_skip(in, &item) : rc;
}

static long reply(struct talk *t, enum verb verb, unsigned n, struct rq_slice in,
                  struct answer *out)
{
    struct rq_slice rest = in;
    int64_t number = 0;
    int rc = 1;

    out->count = n;
    switch (verb) {
    case VERB_OPEN:
        rc = take_one(&rest, '+', &number);
        break;
    case VERB_PUT:
        for (unsigned i = t->by_count ? 1 : n; i > 0 && rc == 1; i--)
            rc = take_one(&rest, '*', &number);
        break;
    case VERB_GET:
        rc = take_jobs(&rest, n, out);
        break;
    case VERB_DONE:
        rc = take_one(&rest, ':', &number);
        break;
    }
    return rc == 1 ? (long)(in.len - rest.len) : rc;
}

const struct dialect dialect_ringq = {.name = "ringq",
                                      .port = "7766",
                                      .open = open_nothing,
                                      .put = put,
                                      .get = get,
                                      .done = done,
                                      .reply = reply};
