/* dialect_beanstalkd - put, reserve, delete; and echo, which sends bodies back.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/num.h"
#include "load/dialect.h"

static int text(struct rq_buf *out, const char *words)
{
    return rq_buf_append_slice(out, rq_slice_str(words));
}

static int number(struct rq_buf *out, uint64_t n)
{
    char digits[RQ_NUM_DIGITS];

    return rq_buf_append(out, digits, rq_num_format(n, digits));
}

static int bean_open(struct talk *t, struct rq_buf *out)
{
    return text(out, "use ") | text(out, t->queue) | text(out, "\r\nwatch ") |
           text(out, t->queue) | text(out, "\r\nignore default\r\n");
}

static int bean_put(struct talk *t, struct rq_buf *out, unsigned n)
{
    int rc = 0;

    for (unsigned i = 0; i < n; i++)
        rc |= text(out, "put 0 0 60 ") | number(out, t->body.len) | text(out, "\r\n") |
              dialect_body(t, out) | text(out, "\r\n");
    return rc;
}

static int bean_get(struct talk *t, struct rq_buf *out, unsigned n)
{
    int rc = 0;

    (void)t;
    for (unsigned i = 0; i < n; i++)
        rc |= text(out, "reserve\r\n");
    return rc;
}

static int bean_done(struct talk *t, struct rq_buf *out, const struct token *tokens,
                     unsigned n)
{
    int rc = 0;

    (void)t;
    for (unsigned i = 0; i < n; i++)
        rc |= text(out, "delete ") | rq_buf_append(out, tokens[i].text, tokens[i].len) |
              text(out, "\r\n");
    return rc;
}

/* The next line, which begins with `word`.  Returns  as reply(); *out is what is behind
 * the word and a blank */
static int take_line(struct rq_slice *in, const char *word, struct rq_slice *out)
{
    const uint8_t *end = in->len == 0 ? NULL : memchr(in->ptr, '\n', in->len);
    size_t len = strlen(word);

    if (end == NULL)
        return 0;
    size_t line = (size_t)(end - in->ptr) + 1;
    if (line < len + 2 || memcmp(in->ptr, word, len) != 0)
        return RQ_E_MALFORMED;
    *out = line > len + 2 ? rq_slice(in->ptr + len + 1, line - len - 3) : RQ_LIT("");
    *in = rq_slice(in->ptr + line, in->len - line);
    return 1;
}

/* RESERVED id bytes, and the body. */
static int take_job(struct rq_slice *in, struct token *out)
{
    struct rq_slice rest = *in, words;
    uint64_t bytes;
    int rc = take_line(&rest, "RESERVED", &words);

    if (rc != 1)
        return rc;
    const uint8_t *blank = words.len == 0 ? NULL : memchr(words.ptr, ' ', words.len);
    if (blank == NULL)
        return RQ_E_MALFORMED;
    size_t id = (size_t)(blank - words.ptr);
    if (id > RQ_NUM_DIGITS ||
        rq_num_u64(rq_slice(blank + 1, words.len - id - 1), 0, UINT32_MAX, &bytes) < 0)
        return RQ_E_MALFORMED;
    if (rest.len < bytes + 2)
        return 0;
    out->len = (uint8_t)id;
    memcpy(out->text, words.ptr, id);
    *in = rq_slice(rest.ptr + bytes + 2, rest.len - (size_t)bytes - 2);
    return 1;
}

static int take_lines(struct rq_slice *in, const char *const *words, unsigned n)
{
    struct rq_slice rest;
    int rc = 1;

    for (unsigned i = 0; i < n && rc == 1; i++)
        rc = take_line(in, words[i], &rest);
    return rc;
}

static long bean_reply(struct talk *t, enum verb verb, unsigned n, struct rq_slice in,
                       struct answer *out)
{
    static const char *const opened[] = {"USING", "WATCHING", "WATCHING"};
    struct rq_slice rest = in, words;
    int rc = 1;

    (void)t;
    out->count = n;
    if (verb == VERB_OPEN)
        rc = take_lines(&rest, opened, 3);
    for (unsigned i = 0; i < n && rc == 1 && verb != VERB_OPEN; i++)
        rc = verb == VERB_GET
                 ? take_job(&rest, &out->tokens[i])
                 : take_line(&rest, verb == VERB_PUT ? "INSERTED" : "DELETED", &words);
    return rc == 1 ? (long)(in.len - rest.len) : rc;
}

const struct dialect dialect_beanstalkd = {.name = "beanstalkd",
                                           .port = "11300",
                                           .open = bean_open,
                                           .put = bean_put,
                                           .get = bean_get,
                                           .done = bean_done,
                                           .reply = bean_reply};

/* ---- echo ---- */

static int echo_put(struct talk *t, struct rq_buf *out, unsigned n)
{
    int rc = 0;

    for (unsigned i = 0; i < n; i++)
        rc |= dialect_body(t, out);
    return rc;
}

static int echo_open(struct talk *t, struct rq_buf *out)
{
    return echo_put(t, out, 1);
}

static long echo_reply(struct talk *t, enum verb verb, unsigned n, struct rq_slice in,
                       struct answer *out)
{
    (void)verb;
    out->count = n;
    return in.len < n * t->body.len ? 0 : (long)(n * t->body.len);
}

/* Puts only. */
const struct dialect dialect_echo = {.name = "echo",
                                     .port = "7",
                                     .open = echo_open,
                                     .put = echo_put,
                                     .reply = echo_reply};
