/* stream_test - buffers on both sides of a socket.  Each test has a stream on one end
 * of a socket pair and the bare descriptor at the other. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

static long open_pair(rio_stream **s, int *peer)
{
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    *peer = fd[1];
    return rio_stream_from_fd(fd[0], s);
}

RIO_AWAITS static long close_pair(rio_stream *s, int peer)
{
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
    rio_stream_free(s);
    close(peer);
    return 0;
}

static bool put(int fd, const char *text)
{
    size_t n = strlen(text);

    return write(fd, text, n) == (ssize_t)n;
}

struct delayed {
    int fd;
    const char *text;
};

static long write_it(void *arg)
{
    struct delayed *d = arg;

    return put(d->fd, d->text) ? 0 : -EIO;
}

/* ---- reading ---- */

struct reader {
    rio_stream *s;
    char buf[8];
    size_t got;
};

RIO_AWAITS static long read_six(void *arg)
{
    struct reader *r = arg;

    return await(rio_stream_readexactly(r->s, r->buf, 6, &r->got));
}

LOOP_TEST(a_cancelled_reader_has_taken_nothing)
{
    rio_stream *s;
    int peer;
    struct reader r = {0};
    rio_task *t;

    EXPECT_EQ(open_pair(&s, &peer), 0);
    r.s = s;
    EXPECT(put(peer, "abc"));
    t = rio_create_task(read_six, &r);
    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(r.got, 0);
    EXPECT(put(peer, "def"));
    EXPECT_EQ(await(read_six(&r)), 6);
    EXPECT(memcmp(r.buf, "abcdef", 6) == 0);
    return await(close_pair(s, peer));
}

LOOP_TEST(what_came_before_a_reset_is_read_first)
{
    rio_stream *s;
    int peer;
    char buf[8];
    struct linger now = {.l_onoff = 1};
    int fd[2], listener;
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    /* A reset needs TCP. */
    listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(listen(listener, 1), 0);
    EXPECT_EQ(getsockname(listener, (struct sockaddr *)&sa, &len), 0);
    fd[0] = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(connect(fd[0], (struct sockaddr *)&sa, len), 0);
    peer = fd[1] = accept(listener, NULL, NULL);
    close(listener);
    EXPECT_EQ(rio_stream_from_fd(fd[0], &s), 0);
    EXPECT(put(peer, "last"));
    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT_EQ(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(peer);
    EXPECT_EQ(await(rio_stream_read(s, buf, sizeof buf)), 4);
    EXPECT_EQ(await(rio_stream_read(s, buf, sizeof buf)), -ECONNRESET);
    EXPECT_EQ(await(rio_stream_read(s, buf, sizeof buf)), -ECONNRESET);
    EXPECT_EQ(rio_stream_write(s, "x", 1), -ECONNRESET);
    EXPECT_EQ(await(rio_stream_drain(s)), -ECONNRESET);
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
    rio_stream_free(s);
    return 0;
}

/* ---- peek, consume, fill ---- */

LOOP_TEST(input_can_be_used_in_place)
{
    rio_stream *s;
    int peer;
    const void *bytes;
    struct delayed later;

    EXPECT_EQ(open_pair(&s, &peer), 0);
    EXPECT_EQ(rio_stream_peek(s, &bytes), 0);
    EXPECT(put(peer, "abc"));
    EXPECT_EQ(await(rio_stream_fill(s)), 3);
    EXPECT_EQ(rio_stream_peek(s, &bytes), 3);
    EXPECT(memcmp(bytes, "abc", 3) == 0);
    rio_stream_consume(s, 1);
    later = (struct delayed){peer, "de"};
    rio_call_later(RIO_MS, write_it, &later);
    EXPECT_EQ(await(rio_stream_fill(s)), 2); /* more than the two that were there */
    EXPECT_EQ(rio_stream_peek(s, &bytes), 4);
    EXPECT(memcmp(bytes, "bcde", 4) == 0);
    rio_stream_consume(s, 4);
    EXPECT_EQ(rio_stream_peek(s, &bytes), 0);
    EXPECT_EQ(shutdown(peer, SHUT_WR), 0);
    EXPECT_EQ(await(rio_stream_fill(s)), 0);
    return await(close_pair(s, peer));
}

LOOP_TEST(receiving_pauses_at_the_input_limit)
{
    enum { LIMIT = 8192, TOTAL = 40 << 20 };
    rio_stream *s;
    int peer;
    const void *bytes;
    size_t seen = 0, most = 0;
    unsigned char *chunk = malloc(65536);

    /* A peer that never stops: what is buffered stays bounded, and no byte is lost. */
    EXPECT_EQ(open_pair(&s, &peer), 0);
    rio_stream_set_limits(s, LIMIT, LIMIT);
    for (size_t i = 0; i < 65536; i++)
        chunk[i] = (unsigned char)(i % 251);
    for (size_t sent = 0; seen < TOTAL;) {
        size_t n;

        while (sent < TOTAL) {
            size_t from = sent % 251;
            ssize_t rc = send(peer, chunk + from, 65536 - 256, MSG_DONTWAIT);

            if (rc < 0)
                break;
            sent += (size_t)rc;
        }
        EXPECT_EQ(await(rio_yield()), 0);
        n = rio_stream_peek(s, &bytes);
        if (n == 0)
            continue;
        most = n > most ? n : most;
        for (size_t i = 0; i < n; i += 97)
            EXPECT_EQ(((const unsigned char *)bytes)[i], (seen + i) % 251);
        rio_stream_consume(s, n);
        seen += n;
    }
    EXPECT(seen >= TOTAL);
    EXPECT(most <= LIMIT + (4 << 20));
    free(chunk);
    return await(close_pair(s, peer));
}

LOOP_TEST(a_full_input_is_an_error_of_fill)
{
    rio_stream *s;
    int peer;
    const void *bytes;
    size_t n;

    EXPECT_EQ(open_pair(&s, &peer), 0);
    rio_stream_set_limits(s, 4, 4);
    EXPECT(put(peer, "123456"));
    EXPECT(await(rio_stream_fill(s)) > 0);
    EXPECT_EQ(await(rio_stream_fill(s)), -ENOBUFS);
    EXPECT_EQ(await(rio_stream_readuntil(s, "\n", 1, (char[64]){0}, 64)), -EMSGSIZE);
    n = rio_stream_peek(s, &bytes);
    EXPECT_EQ(n, 6);
    rio_stream_consume(s, n);
    EXPECT(put(peer, "78"));
    EXPECT_EQ(await(rio_stream_fill(s)), 2);
    return await(close_pair(s, peer));
}

struct pour {
    int fd;
    const unsigned char *bytes;
    size_t n;
};

static long pour(void *arg)
{
    struct pour *p = arg;

    return await(rio_sendall(p->fd, p->bytes, p->n));
}

LOOP_TEST(more_than_the_limit_can_be_read_exactly)
{
    enum { N = 1 << 20 };
    rio_stream *s;
    int peer;
    unsigned char *out = malloc(N), *in = malloc(N);
    struct pour p;
    size_t got;
    rio_task *t;

    EXPECT_EQ(open_pair(&s, &peer), 0);
    for (int i = 0; i < N; i++)
        out[i] = (unsigned char)(i * 31 + i / 1000);
    p = (struct pour){peer, out, N};
    t = rio_create_task(pour, &p);
    EXPECT_EQ(await(rio_stream_readexactly(s, in, N, &got)), N);
    EXPECT_EQ(got, N);
    EXPECT(memcmp(in, out, N) == 0);
    EXPECT_EQ(await(rio_join_unref(t)), N);
    free(out);
    free(in);
    return await(close_pair(s, peer));
}

/* ---- writing ---- */

RIO_AWAITS static long read_peer(int peer, char *buf, size_t n)
{
    return await(rio_recv(peer, buf, n, 0));
}

LOOP_TEST(the_writes_of_one_turn_leave_in_one_send)
{
    rio_stream *s;
    int peer;
    char buf[64];

    EXPECT_EQ(open_pair(&s, &peer), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(rio_stream_write(s, "abc", 3), 0);
    EXPECT_EQ(rio_stream_unsent(s), 30);
    EXPECT_EQ(recv(peer, buf, sizeof buf, MSG_DONTWAIT), -1); /* not before its end */
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(recv(peer, buf, sizeof buf, MSG_DONTWAIT), 30);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_stream_unsent(s), 0);
    return await(close_pair(s, peer));
}

static long write_at_turn_end(void *arg)
{
    return rio_stream_write(arg, "commit", 6);
}

LOOP_TEST(a_turn_end_callback_still_writes_in_this_turn)
{
    rio_stream *s;
    int peer;
    char buf[16];

    EXPECT_EQ(open_pair(&s, &peer), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_call_turn_end(write_at_turn_end, s) != 0);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(recv(peer, buf, sizeof buf, MSG_DONTWAIT), 6);
    return await(close_pair(s, peer));
}

LOOP_TEST(write_eof_follows_what_was_written)
{
    rio_stream *s;
    int peer;
    char buf[16];

    EXPECT_EQ(open_pair(&s, &peer), 0);
    EXPECT_EQ(rio_stream_write(s, "bye", 3), 0);
    EXPECT_EQ(rio_stream_write_eof(s), 0);
    EXPECT_EQ(rio_stream_write(s, "x", 1), -EPIPE);
    EXPECT_EQ(await(read_peer(peer, buf, sizeof buf)), 3);
    EXPECT_EQ(await(read_peer(peer, buf, sizeof buf)), 0);
    EXPECT(put(peer, "still here"));
    EXPECT_EQ(await(rio_stream_read(s, buf, sizeof buf)), 10);
    return await(close_pair(s, peer));
}

LOOP_TEST(a_peer_that_has_gone_is_a_broken_pipe)
{
    rio_stream *s;
    int peer;
    int rc = 0;

    EXPECT_EQ(open_pair(&s, &peer), 0);
    close(peer);
    for (int i = 0; i < 10 && rc == 0; i++) {
        rc = rio_stream_write(s, "x", 1);
        EXPECT_EQ(await(rio_yield()), 0);
    }
    EXPECT_EQ(rc, -EPIPE);
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), -EPIPE); /* a byte was lost */
    rio_stream_free(s);
    return 0;
}

/* ---- closing ---- */

static long wait_closed(void *arg)
{
    return await(rio_stream_wait_closed(arg));
}

LOOP_TEST(abort_ends_a_send_that_the_peer_does_not_take)
{
    enum { N = 8 << 20 };
    rio_stream *s;
    int peer;
    char *big = calloc(1, N);

    EXPECT_EQ(open_pair(&s, &peer), 0);
    EXPECT_EQ(rio_stream_write(s, big, N), 0);
    free(big);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT_EQ(await(rio_wait_for_call(wait_closed, s, 5 * RIO_MS)), -ETIMEDOUT);
    rio_stream_abort(s);
    rio_stream_abort(s);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
    rio_stream_free(s);
    close(peer);
    return 0;
}

static long read_byte(void *arg)
{
    char byte;

    return await(rio_stream_read(arg, &byte, 1));
}

LOOP_TEST(closing_ends_a_waiting_reader)
{
    for (int aborts = 0; aborts < 2; aborts++) {
        rio_stream *s;
        int peer;
        rio_task *t;

        EXPECT_EQ(open_pair(&s, &peer), 0);
        t = rio_create_task(read_byte, s);
        EXPECT_EQ(await(rio_yield()), 0);
        if (aborts)
            rio_stream_abort(s);
        else
            EXPECT_EQ(rio_stream_close(s), 0);
        EXPECT_EQ(await(rio_join_unref(t)), -EBADF);
        EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
        rio_stream_free(s);
        close(peer);
    }
    return 0;
}

LOOP_TEST(a_stream_freed_too_early_closes_in_the_background)
{
    rio_stream *s;
    int peer;
    char byte;

    EXPECT_EQ(open_pair(&s, &peer), 0);
    EXPECT_EQ(rio_stream_write(s, "dropped", 7), 0);
    rio_stream_free(s);
    EXPECT_EQ(await(read_peer(peer, &byte, 1)), 0);
    close(peer);
    rio_stream_free(NULL);
    return 0;
}

static long leave_open(void *arg)
{
    int peer;

    RIO_TRY(open_pair(arg, &peer));
    close(peer);
    return rio_stream_write(*(rio_stream **)arg, "x", 1);
}

static void the_end_of_a_run_closes_what_is_open(void **state)
{
    rio_stream *s = NULL;

    (void)state;
    assert_int_equal(loop_test_run_leaky(leave_open, &s), 0);
    rio_stream_free(s); /* after the run: the memory alone */
}

static long leave_at_its_end(void *arg)
{
    char byte;
    int peer;

    RIO_TRY(open_pair(arg, &peer));
    close(peer);
    return await(rio_stream_read(*(rio_stream **)arg, &byte, 1));
}

/* It has no operation under way then. */
static void the_end_of_a_run_closes_what_has_ended(void **state)
{
    rio_stream *s = NULL;

    (void)state;
    assert_int_equal(loop_test_run_leaky(leave_at_its_end, &s), 0);
    rio_stream_free(s);
}

static void a_stream_needs_a_loop(void **state)
{
    rio_stream *s;
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(rio_stream_from_fd(fd[0], &s), -EPERM);
    assert_int_equal(close(fd[0]), -1); /* consumed all the same */
    close(fd[1]);
}

/* ---- many ---- */

enum { STREAMS = 300, MESSAGES = 50 };

struct echo {
    rio_stream *s;
    unsigned seed;
    unsigned char out[9000], in[9000];
};

static long echo_back(void *arg)
{
    struct echo *e = arg;

    for (;;) {
        const void *bytes;
        size_t n;
        ssize_t rc = await(rio_stream_fill(e->s));

        if (rc <= 0)
            break;
        n = rio_stream_peek(e->s, &bytes);
        RIO_TRY(rio_stream_write(e->s, bytes, n));
        rio_stream_consume(e->s, n);
        RIO_TRY(await(rio_stream_drain(e->s)));
    }
    RIO_TRY(rio_stream_close(e->s));
    RIO_TRY(await(rio_stream_wait_closed(e->s)));
    rio_stream_free(e->s);
    return 0;
}

static long talk(void *arg)
{
    struct echo *e = arg;
    static const size_t sizes[] = {1, 100, 4096, 9000};

    for (int i = 0; i < MESSAGES; i++) {
        size_t n = sizes[(e->seed + (unsigned)i) % 4];

        memset(e->out, (int)(e->seed + (unsigned)i) & 0xFF, n);
        RIO_TRY(rio_stream_write(e->s, e->out, n));
        RIO_TRY(await(rio_stream_readexactly(e->s, e->in, n, NULL)));
        if (memcmp(e->in, e->out, n) != 0)
            return -EPROTO;
    }
    RIO_TRY(rio_stream_close(e->s));
    RIO_TRY(await(rio_stream_wait_closed(e->s)));
    rio_stream_free(e->s);
    return 0;
}

LOOP_TEST(many_streams_share_the_buffers_of_the_ring)
{
    static struct echo ends[STREAMS][2];
    rio_group g;

    rio_group_enter(&g);
    for (int i = 0; i < STREAMS; i++) {
        int fd[2];

        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
        for (int k = 0; k < 2; k++) {
            ends[i][k].seed = (unsigned)i;
            EXPECT_EQ(rio_stream_from_fd(fd[k], &ends[i][k].s), 0);
        }
        rio_group_spawn(&g, echo_back, &ends[i][0]);
        rio_group_spawn(&g, talk, &ends[i][1]);
    }
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_cancelled_reader_has_taken_nothing),
          cmocka_unit_test(what_came_before_a_reset_is_read_first),
          cmocka_unit_test(input_can_be_used_in_place),
          cmocka_unit_test(receiving_pauses_at_the_input_limit),
          cmocka_unit_test(a_full_input_is_an_error_of_fill),
          cmocka_unit_test(more_than_the_limit_can_be_read_exactly),
          cmocka_unit_test(the_writes_of_one_turn_leave_in_one_send),
          cmocka_unit_test(a_turn_end_callback_still_writes_in_this_turn),
          cmocka_unit_test(write_eof_follows_what_was_written),
          cmocka_unit_test(a_peer_that_has_gone_is_a_broken_pipe),
          cmocka_unit_test(abort_ends_a_send_that_the_peer_does_not_take),
          cmocka_unit_test(closing_ends_a_waiting_reader),
          cmocka_unit_test(a_stream_freed_too_early_closes_in_the_background),
          cmocka_unit_test(the_end_of_a_run_closes_what_is_open),
          cmocka_unit_test(the_end_of_a_run_closes_what_has_ended),
          cmocka_unit_test(a_stream_needs_a_loop),
          cmocka_unit_test(many_streams_share_the_buffers_of_the_ring))
