/* fake - a scripted server behind a ringq_transport.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"

enum { NS_PER_MS = 1000000, BODY_MAX = 16 << 20 };

static void differ(struct fake *f, const char *what, const char *got)
{
    if (f->failure[0] == '\0')
        (void)snprintf(f->failure, sizeof f->failure,
                       "step wants %d \"%.150s\": %s %.200s", (int)f->at->what,
                       f->at->text != NULL ? f->at->text : "", what, got);
}

/* ---- what the client sends ---- */

static void words_of(const struct rq_cmd *cmd, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < cmd->argc && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%.*s", i > 0 ? " " : "",
                                (int)cmd->argv[i].len, (const char *)cmd->argv[i].ptr);
}

static bool matches(const char *expected, const char *words, size_t size)
{
    size_t len = strlen(expected);

    if (len > 0 && expected[len - 1] == '*')
        return strncmp(expected, words, len - 1) == 0;
    return strncmp(expected, words, size - 1) == 0; /* `words` may be cut */
}

static void take_commands(struct fake *f)
{
    for (;;) {
        char words[512];
        struct rq_cmd cmd;
        long n = rq_resp_read(&f->reader, rq_buf_slice(&f->in), &cmd);

        if (n == 0)
            return;
        if (n < 0) {
            differ(f, "sent", "a malformed command");
            return;
        }
        words_of(&cmd, words, sizeof words);
        rq_buf_consume(&f->in, (size_t)n);
        if (f->at->what != FAKE_EXPECT || !matches(f->at->text, words, sizeof words)) {
            differ(f, "sent", words);
            return;
        }
        f->at++;
    }
}

static long fake_send(void *socket, const void *bytes, size_t len)
{
    struct fake *f = socket;

    if (f->full)
        return -EAGAIN;
    if (f->at->what == FAKE_BLOCK) {
        if (len > f->at->n)
            len = f->at->n;
        f->at++;
        f->full = true;
        return len > 0 ? (long)len : -EAGAIN;
    }
    if (f->send_chunk > 0 && len > f->send_chunk) {
        len = f->send_chunk;
        f->full = true;
    }
    if (rq_buf_append(&f->in, bytes, len) < 0)
        return -ENOMEM;
    take_commands(f);
    return f->failure[0] != '\0' ? -EIO : (long)len;
}

/* ---- what it receives ---- */

static bool is_readable(const struct fake *f)
{
    return f->at->what == FAKE_REPLY || f->at->what == FAKE_CLOSE ||
           f->at->what == FAKE_RESET;
}

static long fake_recv(void *socket, void *bytes, size_t len)
{
    struct fake *f = socket;
    size_t left;

    if (f->failure[0] != '\0')
        return -EIO;
    if (f->at->what == FAKE_CLOSE || f->at->what == FAKE_RESET)
        return (f->at++)->what == FAKE_CLOSE ? 0 : -ECONNRESET;
    if (f->at->what != FAKE_REPLY)
        return -EAGAIN;
    left = strlen(f->at->text) - f->reply_at;
    if (len > left)
        len = left;
    if (f->recv_chunk > 0 && len > f->recv_chunk)
        len = f->recv_chunk;
    memcpy(bytes, f->at->text + f->reply_at, len);
    f->reply_at += len;
    if (f->at->text[f->reply_at] == '\0') {
        f->at++;
        f->reply_at = 0;
    }
    return (long)len;
}

/* ---- what takes time ---- */

static int fake_open(void *ctx, const ringq_address *to, int timeout_ms,
                     void **out_socket, char *why, size_t why_size)
{
    struct fake *f = ctx;

    (void)timeout_ms;
    (void)why;
    (void)why_size;
    if ((to->host == NULL) == (to->path == NULL))
        differ(f, "opened", "an address with neither or both of host and path");
    if (f->at->what == FAKE_REFUSE) {
        f->at++;
        return -ECONNREFUSED;
    }
    if (f->at->what != FAKE_OPEN) {
        differ(f, "opened", "a connection");
        return -EIO;
    }
    f->at++;
    f->full = false;
    f->open_sockets++;
    rq_buf_clear(&f->in);
    rq_resp_reader_fini(&f->reader);
    rq_resp_reader_init(&f->reader, BODY_MAX, 4 * BODY_MAX);
    *out_socket = f;
    return 0;
}

static void fake_close(void *socket)
{
    struct fake *f = socket;

    f->open_sockets--;
}

static int fake_wait(void *socket, int want, int timeout_ms)
{
    struct fake *f = socket;

    f->waits++;
    if (f->at->what == FAKE_CANCEL) {
        f->at++;
        return -ECANCELED;
    }
    if (f->at->what == FAKE_PATIENCE && timeout_ms < 0) {
        f->at++;
        return 0;
    }
    f->full = false;
    if (is_readable(f) || f->failure[0] != '\0')
        return RINGQ_READABLE | (want & RINGQ_WRITABLE);
    if (want & RINGQ_WRITABLE)
        return RINGQ_WRITABLE;
    if (timeout_ms < 0) {
        differ(f, "would wait", "for ever");
        return -EIO;
    }
    f->now_ns += (int64_t)timeout_ms * NS_PER_MS;
    return 0;
}

static int fake_pause(void *ctx, int pause_ms)
{
    struct fake *f = ctx;

    if (f->at->what == FAKE_CANCEL) {
        f->at++;
        return -ECANCELED;
    }
    f->pauses++;
    f->paused_ms += pause_ms;
    f->now_ns += (int64_t)pause_ms * NS_PER_MS;
    return 0;
}

static int64_t fake_now(void *ctx)
{
    struct fake *f = ctx;

    return f->now_ns;
}

const ringq_transport fake_transport = {
    .size = sizeof(ringq_transport),
    .open = fake_open,
    .close = fake_close,
    .send = fake_send,
    .recv = fake_recv,
    .wait = fake_wait,
    .pause = fake_pause,
    .now_ns = fake_now,
};

void fake_begin(struct fake *f, const struct fake_step *script)
{
    *f = (struct fake){.at = script, .now_ns = NS_PER_MS};
    rq_buf_init(&f->in, SIZE_MAX / 4);
    rq_resp_reader_init(&f->reader, BODY_MAX, 4 * BODY_MAX);
}

void fake_skip_refusals(struct fake *f)
{
    while (f->at->what == FAKE_REFUSE)
        f->at++;
}

void fake_end(struct fake *f)
{
    rq_buf_fini(&f->in);
    rq_resp_reader_fini(&f->reader);
    assert_string_equal(f->failure, "");
    assert_int_equal(f->at->what, FAKE_END);
    assert_int_equal(f->open_sockets, 0);
}

ringq *fake_connect(struct fake *f, int reconnect_ms)
{
    const ringq_options options = {.size = sizeof options,
                                   .reconnect_ms = reconnect_ms};
    ringq *q = ringq_connect_over(&fake_transport, f, "ringq://fake", &options);

    assert_non_null(q);
    return q;
}
