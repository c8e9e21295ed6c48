/* link - one pipelined connection to Redis.
 *
 * hiredis' reader calls make_*() for every element in reading order; they append
 * tokens.  It hands us strings inside its own buffer, which moves, so they are copied
 * once, into `bytes`.  The value that a make_*() returns only has to be something other
 * than NULL.
 * SPDX-License-Identifier: MIT */
#include "store/link.h"

#include <errno.h>
#include <hiredis/read.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/num.h"
#include "store/errors.h"

enum {
    INPUT_MAX = 1 << 20,    /* bytes received ahead: about a page of recovery */
    OUTPUT_MAX = 512 << 20, /* one command; Redis takes values up to this */
    SCRATCH_KEEP = 2 << 20, /* memory kept between two commands or replies */
    TOKENS_KEEP = 1 << 16,
};

struct token {
    enum { TOKEN_ARRAY, TOKEN_BYTES, TOKEN_ERROR, TOKEN_INTEGER, TOKEN_NIL } type;
    int64_t value; /* elements of an array, an integer, or where bytes begin */
    size_t len;    /* of bytes */
};

struct link {
    rio_stream *stream;
    redisReader *reader;
    int64_t timeout_ns;
    struct rq_buf out; /* the command being written */
    int out_rc;        /* its first failure */
    struct token *tokens;
    size_t token_count, token_cap, taken;
    struct rq_buf bytes; /* of the reply at hand */
    bool complete;       /* the reply at hand is */
    bool is_over_limit;  /* Redis sends more than we take */
};

/* ---- the codec ---- */

static void *add_token(struct link *l, struct token token)
{
    if (l->token_count == l->token_cap) {
        size_t cap = l->token_cap == 0 ? 64 : l->token_cap * 2;
        struct token *tokens = realloc(l->tokens, cap * sizeof *tokens);

        if (tokens == NULL)
            return NULL;
        l->tokens = tokens;
        l->token_cap = cap;
    }
    l->tokens[l->token_count++] = token;
    return l;
}

static void *make_string(const redisReadTask *task, char *text, size_t len)
{
    struct link *l = task->privdata;
    bool is_error = task->type == REDIS_REPLY_ERROR;
    size_t at = l->bytes.len;

    if (rq_buf_append(&l->bytes, text, len) < 0)
        return NULL;
    return add_token(
        l, (struct token){is_error ? TOKEN_ERROR : TOKEN_BYTES, (int64_t)at, len});
}

static void *make_array(const redisReadTask *task, int count)
{
    struct link *l = task->privdata;

    if (count < 0 || count > LINK_ELEMENTS_MAX) {
        l->is_over_limit = true;
        return NULL;
    }
    return add_token(l, (struct token){TOKEN_ARRAY, count, 0});
}

static void *make_integer(const redisReadTask *task, long long value)
{
    return add_token(task->privdata, (struct token){TOKEN_INTEGER, value, 0});
}

static void *make_nil(const redisReadTask *task)
{
    return add_token(task->privdata, (struct token){TOKEN_NIL, 0, 0});
}

static void free_nothing(void *object)
{
    (void)object;
}

static redisReplyObjectFunctions functions = {make_string, make_array, make_integer,
                                              make_nil, free_nothing};

/* ---- life ---- */

static void free_link(struct link *l)
{
    if (l->reader != NULL)
        redisReaderFree(l->reader);
    rio_stream_free(l->stream);
    rq_buf_fini(&l->out);
    rq_buf_fini(&l->bytes);
    free(l->tokens);
    free(l);
}

/* A host that is gone without a word is found by the kernel too. */
static void set_socket_options(int fd, bool is_tcp)
{
    int on = 1;

    if (!is_tcp)
        return;
    rq_ignore(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    rq_ignore(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
}

RIO_AWAITS static int connect_within(const struct url *url, int64_t timeout_ns,
                                     rio_stream **out)
{
    rio_timeout limit;

    int entered = rio_timeout_enter(&limit, timeout_ns);
    if (entered < 0)
        return entered;
    long rc = await(rio_open_connection(url->host, url->port, out));
    return (int)rio_timeout_exit(&limit, rc);
}

int link_open(const struct url *url, int64_t timeout_ns, int64_t connect_ns,
              struct link **out)
{
    struct link *l = calloc(1, sizeof *l);

    if (l == NULL)
        return -ENOMEM;
    l->timeout_ns = timeout_ns;
    rq_buf_init(&l->out, OUTPUT_MAX);
    rq_buf_init(&l->bytes, LINK_REPLY_MAX);
    l->reader = redisReaderCreateWithFunctions(&functions);
    if (l->reader == NULL) {
        free_link(l);
        return -ENOMEM;
    }
    l->reader->privdata = l;
    l->reader->maxbuf = SCRATCH_KEEP;

    int rc = await(connect_within(url, connect_ns, &l->stream));
    if (rc < 0) {
        l->stream = NULL;
        free_link(l);
        return rc;
    }
    rio_stream_set_limits(l->stream, INPUT_MAX, INPUT_MAX);
    set_socket_options(rio_stream_fd(l->stream), url->port[0] != '\0');
    l->complete = true; /* nothing is at hand */
    *out = l;
    return 0;
}

int link_close(struct link *l)
{
    if (l == NULL)
        return 0;

    int mask = rio_cancel_mask(1);
    rio_stream_abort(l->stream);
    rq_ignore(await(rio_stream_wait_closed(l->stream))); /* what broke it is known */
    rq_ignore(rio_cancel_mask(mask));
    free_link(l);
    return 0;
}

int64_t link_timeout(const struct link *l)
{
    return l->timeout_ns;
}

/* ---- writing ---- */

static void out_text(struct link *l, const void *text, size_t len)
{
    if (l->out_rc == 0)
        l->out_rc = rq_buf_append(&l->out, text, len);
}

/* "*12\r\n" or "$12\r\n" */
static void out_head(struct link *l, char kind, size_t number)
{
    char head[1 + RQ_NUM_DIGITS + 2];
    size_t len = 1;

    head[0] = kind;
    len += rq_num_format(number, head + 1);
    head[len++] = '\r';
    head[len++] = '\n';
    out_text(l, head, len);
}

void link_begin(struct link *l, size_t argc)
{
    rq_buf_clear(&l->out);
    l->out_rc = 0;
    out_head(l, '*', argc);
}

void link_arg(struct link *l, struct rq_slice arg)
{
    out_head(l, '$', arg.len);
    out_text(l, arg.ptr, arg.len);
    out_text(l, "\r\n", 2);
}

void link_arg_str(struct link *l, const char *arg)
{
    link_arg(l, rq_slice_str(arg));
}

uint8_t *link_arg_room(struct link *l, size_t len)
{
    out_head(l, '$', len);
    if (l->out_rc == 0)
        l->out_rc = rq_buf_reserve(&l->out, len + 2);
    if (l->out_rc < 0)
        return NULL;

    uint8_t *room = rq_buf_tail(&l->out);
    memcpy(room + len, "\r\n", 2);
    rq_buf_commit(&l->out, len + 2);
    return room;
}

int link_end(struct link *l)
{
    struct rq_slice command = rq_buf_slice(&l->out);

    int rc = l->out_rc;
    if (rc == 0)
        rc = rio_stream_write(l->stream, command.ptr, command.len);
    rq_buf_shrink(&l->out, SCRATCH_KEEP);
    return rc;
}

int link_send(struct link *l, const char *const *argv)
{
    size_t argc = 0;

    while (argv[argc] != NULL)
        argc++;
    link_begin(l, argc);
    for (size_t i = 0; i < argc; i++)
        link_arg_str(l, argv[i]);
    return link_end(l);
}

size_t link_unsent(const struct link *l)
{
    return rio_stream_unsent(l->stream);
}

/* ---- reading ---- */

static void drop_reply(struct link *l)
{
    l->complete = false;
    l->token_count = l->taken = 0;
    rq_buf_shrink(&l->bytes, SCRATCH_KEEP);
    if (l->token_cap > TOKENS_KEEP) {
        free(l->tokens);
        l->tokens = NULL;
        l->token_cap = 0;
    }
}

/* What was taken of a reply that is still arriving need not be kept. */
static void drop_taken(struct link *l)
{
    if (l->taken < l->token_count)
        return;
    l->token_count = l->taken = 0;
    rq_buf_shrink(&l->bytes, SCRATCH_KEEP);
}

/* Parses what the reader has been fed.  Returns  1 when the reply is complete, else 0
 */
static int parse(struct link *l)
{
    void *reply = NULL;

    if (redisReaderGetReply(l->reader, &reply) != REDIS_OK)
        return l->reader->err == REDIS_ERR_OOM && !l->is_over_limit ? -ENOMEM : -EPROTO;
    l->complete = reply != NULL;
    return l->complete ? 1 : 0;
}

/* Hands what has arrived to the reader. */
static int feed(struct link *l)
{
    const void *bytes;
    size_t len = rio_stream_peek(l->stream, &bytes);

    if (l->reader->len - l->reader->pos > LINK_REPLY_MAX)
        return -EPROTO;
    if (redisReaderFeed(l->reader, bytes, len) != REDIS_OK)
        return -ENOMEM;
    rio_stream_consume(l->stream, len);
    return 0;
}

RIO_AWAITS static int fill_within(struct link *l, int64_t limit_ns)
{
    rio_timeout limit;
    const void *bytes;

    /* Came in the very turn in which the last wait for them ended. */
    if (rio_stream_peek(l->stream, &bytes) > 0)
        return 0;
    int entered = rio_timeout_enter(&limit, limit_ns);
    if (entered < 0)
        return entered;
    long n = await(rio_stream_fill(l->stream));
    bool is_silence = rio_timeout_expired(&limit) && n == -ECANCELED;
    n = rio_timeout_exit(&limit, n);
    if (n == -ETIMEDOUT && is_silence)
        return -EAGAIN;
    if (n == 0)
        return -ECONNRESET;
    return n < 0 ? (int)n : 0;
}

int link_receive(struct link *l, int64_t limit_ns)
{
    if (l->complete) {
        drop_reply(l);
        int rc = parse(l); /* the next one may have come with the last */
        if (rc != 0)
            return rc;
    }
    drop_taken(l);

    int rc = await(fill_within(l, limit_ns));
    if (rc == 0)
        rc = feed(l);
    return rc < 0 ? rc : parse(l);
}

int link_reply(struct link *l)
{
    int rc;

    do
        rc = await(link_receive(l, l->timeout_ns));
    while (rc == 0);
    if (rc == -EAGAIN)
        return -ETIMEDOUT;
    return rc < 0 ? rc : 0;
}

static const struct token *next_token(const struct link *l)
{
    return l->taken < l->token_count ? &l->tokens[l->taken] : NULL;
}

static struct rq_slice bytes_of(const struct link *l, const struct token *t)
{
    struct rq_slice all = rq_buf_slice(&l->bytes);

    return rq_slice(all.ptr + t->value, t->len);
}

/* Redis' words for our log: printable, and no longer than a line. */
static void quote(struct rq_slice text, char *why)
{
    size_t len = (size_t)snprintf(why, LINK_WHY, "Redis says: ");

    for (size_t i = 0; i < text.len && len + 1 < LINK_WHY; i++)
        why[len++] = text.ptr[i] >= ' ' && text.ptr[i] < 0x7f ? (char)text.ptr[i] : '?';
    why[len] = '\0';
}

int link_refusal(struct link *l, char *why)
{
    const struct token *t = next_token(l);

    if (t == NULL || t->type != TOKEN_ERROR)
        return 0;
    l->taken++;
    if (why != NULL)
        quote(bytes_of(l, t), why);
    return errors_classify(bytes_of(l, t));
}

int link_take_array(struct link *l, size_t *out_count)
{
    const struct token *t = next_token(l);

    if (t == NULL || t->type != TOKEN_ARRAY)
        return -EBADMSG;
    l->taken++;
    *out_count = (size_t)t->value;
    return 0;
}

int link_take_integer(struct link *l, int64_t *out)
{
    const struct token *t = next_token(l);

    if (t == NULL || t->type != TOKEN_INTEGER)
        return -EBADMSG;
    l->taken++;
    *out = t->value;
    return 0;
}

int link_take_bytes(struct link *l, struct rq_slice *out)
{
    const struct token *t = next_token(l);

    if (t == NULL || t->type != TOKEN_BYTES)
        return -EBADMSG;
    l->taken++;
    *out = bytes_of(l, t);
    return 0;
}

int link_take_mutable(struct link *l, uint8_t **out, size_t *out_len)
{
    struct rq_slice bytes = {0};

    int rc = link_take_bytes(l, &bytes);
    if (rc < 0)
        return rc;
    *out = l->bytes.ptr + l->bytes.start + (bytes.ptr - rq_buf_slice(&l->bytes).ptr);
    *out_len = bytes.len;
    return 0;
}

int link_take_nil(struct link *l)
{
    const struct token *t = next_token(l);

    if (t == NULL || t->type != TOKEN_NIL)
        return -EBADMSG;
    l->taken++;
    return 0;
}

int link_skip(struct link *l)
{
    for (size_t owed = 1; owed > 0; owed--) {
        const struct token *t = next_token(l);

        if (t == NULL)
            return -EBADMSG;
        l->taken++;
        if (t->type == TOKEN_ARRAY)
            owed += (size_t)t->value;
    }
    return 0;
}

size_t link_tokens(const struct link *l)
{
    return l->token_count - l->taken;
}

int link_peek_bytes(const struct link *l, size_t ahead, struct rq_slice *out)
{
    if (ahead >= link_tokens(l) || l->tokens[l->taken + ahead].type != TOKEN_BYTES)
        return -EBADMSG;
    *out = bytes_of(l, &l->tokens[l->taken + ahead]);
    return 0;
}

int link_expect(struct link *l, const char *text, char *why)
{
    struct rq_slice bytes = {0};

    int rc = await(link_reply(l));
    if (rc == 0)
        rc = link_refusal(l, why);
    if (rc == 0)
        rc = link_take_bytes(l, &bytes);
    if (rc < 0)
        return rc;
    return rq_slice_eq(bytes, rq_slice_str(text)) ? 0 : -EBADMSG;
}

/* ---- the greeting ---- */

static int send_auth(struct link *l, const struct url *url)
{
    const char *with_user[] = {"AUTH", url->user, url->pass, NULL};
    const char *without[] = {"AUTH", url->pass, NULL};

    int rc = link_send(l, url->user[0] != '\0' ? with_user : without);
    if (l->out.ptr != NULL)
        sodium_memzero(l->out.ptr, l->out.cap);
    return rc;
}

int link_greet(struct link *l, const struct url *url, char *why)
{
    char db[RQ_NUM_DIGITS + 1];
    int rc = 0;

    if (url->pass[0] != '\0') {
        rc = send_auth(l, url);
        if (rc == 0)
            rc = await(link_expect(l, "OK", why));
    }
    if (rc == 0 && url->db != 0) {
        db[rq_num_format(url->db, db)] = '\0';
        rc = link_send(l, (const char *[]){"SELECT", db, NULL});
        if (rc == 0)
            rc = await(link_expect(l, "OK", why));
    }
    if (rc < 0)
        return rc;

    rc = link_send(l, (const char *[]){"CLIENT", "SETNAME", "ringqd", NULL});
    if (rc < 0)
        return rc;
    rc = await(link_expect(l, "OK", why));
    if (rc != -EPERM)
        return rc;
    why[0] = '\0'; /* an ACL without CLIENT: a name is only a convenience */
    return 0;
}
