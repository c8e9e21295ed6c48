/* strm_test - STRM: streams.
 * SPDX-License-Identifier: MIT */
#include "servers.h"

/* ---- reading ---- */

LOOP_TEST(test_STRM_01)
{
    struct later hello;
    rio_stream *s;
    void *all = NULL;
    char buf[16];
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    EXPECT_EQ(await(rio_stream_read(s, buf, 0)), 0);
    hello = (struct later){fd, "hello", RIO_MS};
    rio_unref(rio_create_task(send_later, &hello));
    EXPECT_EQ(await(rio_stream_read(s, buf, 3)), 3);
    EXPECT(memcmp(buf, "hel", 3) == 0);
    EXPECT_EQ(await(rio_stream_read(s, buf, sizeof buf)), 2); /* it stayed buffered */
    EXPECT(memcmp(buf, "lo", 2) == 0);
    EXPECT(!rio_stream_at_eof(s));
    EXPECT_EQ(await(send_text(fd, "line1\nline2\n")), 0);
    EXPECT_EQ(await(rio_stream_read(s, buf, 4)), 4);
    EXPECT_EQ(await(send_text(fd, "line3")), 0);
    EXPECT_EQ(shutdown(fd, SHUT_WR), 0);
    EXPECT_EQ(await(rio_stream_readall(s, 13, &all)), 13);
    EXPECT(strcmp(all, "1\nline2\nline3") == 0);
    free(all);
    EXPECT(rio_stream_at_eof(s));
    EXPECT_EQ(await(rio_stream_read(s, buf, sizeof buf)), 0);
    EXPECT_EQ(await(rio_stream_readall(s, 0, &all)), 0);
    EXPECT(strcmp(all, "") == 0);
    free(all);
    return await(close_both(s, fd));
}

LOOP_TEST(test_STRM_02)
{
    struct later rest;
    rio_stream *s;
    char buf[16];
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    EXPECT_EQ(await(send_text(fd, "chu")), 0);
    rest = (struct later){fd, "nk\nsecond\nthird", RIO_MS};
    rio_unref(rio_create_task(send_later, &rest));
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), 6);
    EXPECT(strcmp(buf, "chunk\n") == 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), 7);
    EXPECT(strcmp(buf, "second\n") == 0);
    EXPECT_EQ(await(rio_stream_read(s, buf, 2)), 2); /* right after the line */
    EXPECT(memcmp(buf, "th", 2) == 0);
    EXPECT_EQ(shutdown(fd, SHUT_WR), 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), 3);
    EXPECT(strcmp(buf, "ird") == 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), 0);
    return await(close_both(s, fd));
}

LOOP_TEST(test_STRM_03)
{
    rio_stream *s;
    char buf[9]; /* seven letters, the end of the line and a NUL */
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    EXPECT_EQ(await(send_text(fd, "1234567\n12345678\ngood\n")), 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), 8);
    EXPECT(strcmp(buf, "1234567\n") == 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), -EMSGSIZE);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), 5);
    EXPECT(strcmp(buf, "good\n") == 0);
    EXPECT_EQ(await(send_text(fd, "12345678")), 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), -EMSGSIZE);
    EXPECT_EQ(await(send_text(fd, "fine\n")), 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, sizeof buf)), 5);
    EXPECT(strcmp(buf, "fine\n") == 0);
    EXPECT_EQ(await(rio_stream_readline(s, buf, 1)), -EINVAL);
    return await(close_both(s, fd));
}

LOOP_TEST(test_STRM_05)
{
    rio_stream *s;
    char buf[16];
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    EXPECT_EQ(await(send_text(fd, "a part")), 0);
    EXPECT_EQ(shutdown(fd, SHUT_WR), 0);
    EXPECT_EQ(await(rio_stream_readuntil(s, "\r\n", 2, buf, sizeof buf)), -ENODATA);
    EXPECT_EQ(await(rio_stream_read(s, buf, sizeof buf)), 6); /* the partial bytes */
    EXPECT(memcmp(buf, "a part", 6) == 0);
    return await(close_both(s, fd));
}

LOOP_TEST(test_STRM_06)
{
    struct later rest;
    rio_stream *s;
    char buf[8], many[64];
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    /* The separator comes in two pieces. */
    EXPECT_EQ(await(send_text(fd, "a\r")), 0);
    rest = (struct later){fd, "\nbcdefghi", RIO_MS};
    rio_unref(rio_create_task(send_later, &rest));
    EXPECT_EQ(await(rio_stream_readuntil(s, "\r\n", 2, buf, sizeof buf)), 3);
    EXPECT(memcmp(buf, "a\r\n", 3) == 0);
    /* Without a separator, and with one beyond the limit. */
    EXPECT_EQ(await(rio_stream_readuntil(s, "\r\n", 2, buf, sizeof buf)), -EMSGSIZE);
    EXPECT_EQ(await(send_text(fd, "\r\n")), 0);
    EXPECT_EQ(await(rio_stream_readuntil(s, "\r\n", 2, buf, sizeof buf)), -EMSGSIZE);
    EXPECT_EQ(await(rio_stream_readuntil(s, "\r\n", 2, many, sizeof many)), 10);
    EXPECT(memcmp(many, "bcdefghi\r\n", 10) == 0);
    EXPECT_EQ(await(rio_stream_readuntil(s, "", 0, buf, sizeof buf)), -EINVAL);
    /* The stream's own limit. */
    rio_stream_set_limits(s, 4, 4);
    EXPECT_EQ(await(send_text(fd, "123456")), 0);
    EXPECT_EQ(await(rio_stream_readuntil(s, "\n", 1, many, sizeof many)), -EMSGSIZE);
    EXPECT_EQ(await(rio_stream_readexactly(s, buf, 6, NULL)), 6);
    EXPECT(memcmp(buf, "123456", 6) == 0);
    return await(close_both(s, fd));
}

LOOP_TEST(test_STRM_07)
{
    struct later rest;
    rio_stream *s;
    char buf[16];
    size_t got = 99;
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    rio_stream_set_limits(s, 4, 4);
    EXPECT_EQ(await(send_text(fd, "abc")), 0);
    rest = (struct later){fd, "defgh", RIO_MS};
    rio_unref(rio_create_task(send_later, &rest));
    EXPECT_EQ(await(rio_stream_readexactly(s, buf, 0, &got)), 0);
    EXPECT_EQ(await(rio_stream_readexactly(s, buf, (size_t)-1, &got)), -EINVAL);
    EXPECT_EQ(got, 0);
    EXPECT_EQ(await(rio_stream_readexactly(s, buf, 6, &got)), 6);
    EXPECT_EQ(got, 6);
    EXPECT(memcmp(buf, "abcdef", 6) == 0);
    EXPECT_EQ(shutdown(fd, SHUT_WR), 0);
    EXPECT_EQ(await(rio_stream_readexactly(s, buf, 5, &got)), -ENODATA);
    EXPECT_EQ(got, 2);
    EXPECT(memcmp(buf, "gh", 2) == 0);
    EXPECT_EQ(await(rio_stream_readexactly(s, buf, 1, &got)), -ENODATA);
    EXPECT_EQ(got, 0);
    return await(close_both(s, fd));
}

RIO_AWAITS static long read_byte(void *arg)
{
    char byte;

    return await(rio_stream_read(arg, &byte, 1));
}

/* A peer that goes without reading what it was sent: a reset. */
RIO_AWAITS static long break_connection(rio_stream *s, int fd)
{
    EXPECT_EQ(rio_stream_write(s, "unread", 6), 0);
    while (rio_stream_unsent(s) > 0)
        EXPECT_EQ(await(rio_yield()), 0);
    return await(rio_close(fd));
}

enum reader { WAITS, COMES_LATER, WAS_CANCELLED };

RIO_AWAITS static long read_broken(enum reader reader)
{
    rio_stream *s;
    rio_task *t = NULL;
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    if (reader != COMES_LATER) {
        t = rio_create_task(read_byte, s);
        EXPECT_EQ(await(settle()), 0);
    }
    if (reader == WAS_CANCELLED) {
        rio_task_cancel(t);
        EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    }
    EXPECT_EQ(await(break_connection(s, fd)), 0);
    if (reader == WAITS)
        EXPECT_EQ(await(rio_join(t)), -ECONNRESET);
    rio_unref(t);
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(await(read_byte(s)), -ECONNRESET);
    EXPECT_EQ(rio_stream_write(s, "x", 1), -ECONNRESET);
    EXPECT_EQ(await(rio_stream_drain(s)), -ECONNRESET);
    return await(close_stream(s));
}

LOOP_TEST(test_STRM_09)
{
    EXPECT_EQ(await(read_broken(WAITS)), 0);
    EXPECT_EQ(await(read_broken(COMES_LATER)), 0);
    return await(read_broken(WAS_CANCELLED));
}

LOOP_TEST(test_STRM_10)
{
    rio_stream *s;
    rio_task *t;
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    t = rio_create_task(read_byte, s);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(await(read_byte(s)), -EBUSY);
    EXPECT_EQ(await(send_text(fd, "x")), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 1); /* the first one is none the worse */
    return await(close_both(s, fd));
}

LOOP_TEST(test_STRM_18)
{
    static const char *const want[] = {"line1\n", "line2\n", "line3"};
    rio_stream *s;
    char line[16];
    int fd = -1, n = 0;
    ssize_t rc;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    EXPECT_EQ(await(send_text(fd, "line1\nline2\nline3")), 0);
    EXPECT_EQ(shutdown(fd, SHUT_WR), 0);
    while ((rc = await(rio_stream_readline(s, line, sizeof line))) > 0) {
        EXPECT(n < 3);
        EXPECT(strcmp(line, want[n++]) == 0);
    }
    EXPECT_EQ(rc, 0);
    EXPECT_EQ(n, 3);
    return await(close_both(s, fd));
}

/* ---- writing and closing ---- */

struct drainers {
    rio_stream *s;
    int through;
};

static long drain(void *arg)
{
    struct drainers *d = arg;
    int rc = await(rio_stream_drain(d->s));

    d->through++;
    return rc;
}

LOOP_TEST(test_STRM_11)
{
    enum { MORE_THAN_FITS = 4 << 20 };
    struct drainers d = {0};
    unsigned char *big = calloc(1, MORE_THAN_FITS);
    struct transfer all = {.bytes = big, .n = MORE_THAN_FITS};
    rio_group g;

    EXPECT(big != NULL);
    EXPECT_EQ(stream_and_fd(&d.s, &all.fd), 0);
    EXPECT_EQ(await(rio_stream_drain(d.s)), 0); /* nothing to wait for */
    EXPECT_EQ(rio_stream_write(d.s, big, MORE_THAN_FITS), 0);
    EXPECT_EQ(rio_group_enter(&g), 0);
    for (int i = 0; i < 10; i++)
        rio_group_spawn(&g, drain, &d);
    EXPECT_EQ(await(rio_sleep(10 * RIO_MS)), 0);
    EXPECT_EQ(d.through, 0);
    EXPECT_EQ(await(receive_bytes(&all)), MORE_THAN_FITS);
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    EXPECT_EQ(d.through, 10);
    free(big);
    return await(close_both(d.s, all.fd));
}

RIO_AWAITS static long close_it(bool unread)
{
    rio_stream *s;
    char buf[16];
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    if (unread) {
        EXPECT_EQ(await(send_text(fd, "unread")), 0);
        EXPECT_EQ(await(settle()), 0);
    }
    EXPECT_EQ(rio_stream_write(s, "last words", 10), 0);
    EXPECT(!rio_stream_is_closing(s));
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT(rio_stream_is_closing(s));
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
    EXPECT_EQ(await(rio_recv(fd, buf, sizeof buf, 0)), 10);
    EXPECT_EQ(await(rio_recv(fd, buf, sizeof buf, 0)), 0);
    rio_stream_free(s);
    return await(rio_close(fd));
}

LOOP_TEST(test_STRM_14)
{
    EXPECT_EQ(await(close_it(false)), 0);
    return await(close_it(true));
}

LOOP_TEST(test_STRM_15)
{
    rio_stream *s;
    char byte;
    int fd = -1;

    EXPECT_EQ(stream_and_fd(&s, &fd), 0);
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT_EQ(rio_stream_write(s, "x", 1), -EBADF);
    EXPECT_EQ(await(rio_stream_drain(s)), -EBADF);
    EXPECT_EQ(rio_stream_write_eof(s), -EBADF);
    EXPECT_EQ(await(rio_stream_read(s, &byte, 1)), -EBADF);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
    EXPECT_EQ(rio_stream_write(s, "x", 1), -EBADF);
    EXPECT_EQ(await(rio_stream_drain(s)), -EBADF);
    rio_stream_free(s);
    return await(rio_close(fd));
}

/* ---- servers ---- */

static long echo_line(rio_stream *s, void *arg)
{
    char line[16];
    ssize_t n = await(rio_stream_readline(s, line, sizeof line));

    ++*(int *)arg;
    return n < 0 ? n : rio_stream_write(s, line, (size_t)n);
}

LOOP_TEST(test_STRM_13)
{
    struct reports r = {0};
    struct place place;
    rio_server *s;
    int lines = 0;

    rio_set_exception_handler(count_reports, &r);
    EXPECT(place_make(&place));
    EXPECT_EQ(await(rio_start_server(echo_line, &lines, "127.0.0.1", "0", &s)), 0);
    EXPECT_EQ(await(say_hello("127.0.0.1", port_of(s).text)), 0);
    EXPECT_EQ(await(say_hello("localhost", port_of(s).text)), 0);
    EXPECT_EQ(await(close_server(s)), 0);
    EXPECT_EQ(await(rio_start_server(echo_line, &lines, place.address, NULL, &s)), 0);
    EXPECT_EQ(await(say_hello(place.address, NULL)), 0);
    EXPECT_EQ(await(close_server(s)), 0);
    EXPECT_EQ(lines, 3);
    EXPECT_EQ(r.count, 0);
    EXPECT(place_remove(&place));
    return 0;
}

struct handler {
    long end; /* what it returns; 0: it waits to be cancelled */
    rio_task *task;
};

static long handle(rio_stream *s, void *arg)
{
    struct handler *h = arg;

    RIO_TRY(rio_stream_write(s, "here", 4));
    h->task = rio_ref(rio_current_task());
    return h->end != 0 ? h->end : await(rio_sleep(LONG_SLEEP));
}

RIO_AWAITS static long meet_handler(struct handler *h)
{
    struct place place;
    rio_server *server;
    rio_stream *s;
    char buf[8];

    EXPECT(place_make(&place));
    EXPECT_EQ(await(rio_start_server(handle, h, place.address, NULL, &server)), 0);
    EXPECT_EQ(await(rio_open_connection(place.address, NULL, &s)), 0);
    EXPECT_EQ(await(rio_stream_readexactly(s, buf, 4, NULL)), 4);
    if (h->end == 0)
        rio_task_cancel(h->task);
    EXPECT_EQ(await(rio_stream_read(s, buf, 1)), 0); /* the connection is closed */
    rio_unref(h->task);
    EXPECT_EQ(await(close_stream(s)), 0);
    EXPECT_EQ(await(close_server(server)), 0);
    EXPECT(place_remove(&place));
    return 0;
}

LOOP_TEST(test_STRM_17)
{
    struct reports r = {0};
    struct handler fails = {.end = ERR}, waits = {0};

    rio_set_exception_handler(count_reports, &r);
    EXPECT_EQ(await(meet_handler(&fails)), 0);
    EXPECT_EQ(r.count, 1);
    EXPECT_EQ(r.err, ERR);
    EXPECT_EQ(await(meet_handler(&waits)), 0);
    EXPECT_EQ(r.count, 1);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_STRM_01), cmocka_unit_test(test_STRM_02),
          cmocka_unit_test(test_STRM_03), cmocka_unit_test(test_STRM_05),
          cmocka_unit_test(test_STRM_06), cmocka_unit_test(test_STRM_07),
          cmocka_unit_test(test_STRM_09), cmocka_unit_test(test_STRM_10),
          cmocka_unit_test(test_STRM_11), cmocka_unit_test(test_STRM_13),
          cmocka_unit_test(test_STRM_14), cmocka_unit_test(test_STRM_15),
          cmocka_unit_test(test_STRM_17), cmocka_unit_test(test_STRM_18))
