/* park_test - clients of a server that wait without a task.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "support/rio_test.h"
#include "support/test.h"

/* What the clients' functions have seen. */
struct log {
    rio_server *server;
    rio_stream *peer; /* of a test that leaves it */
    char text[32];
    long last; /* what the last read returned */
    int started;
};

static long reads_one(rio_stream *s, void *arg)
{
    struct log *l = arg;
    char byte;

    l->started++;
    l->last = await(rio_stream_read(s, &byte, 1));
    if (l->last <= 0)
        return l->last;
    l->text[strlen(l->text)] = byte;
    if (byte == '!')
        return rio_stream_park(s, reads_one, l) == 0 ? -EPROTO : -EIO;
    if (byte == '.')
        return 0; /* without parking: the end */
    if (byte == '-') {
        RIO_TRY(rio_stream_close(s));
        l->last = rio_stream_park(s, reads_one, l);
        return 0;
    }
    return rio_stream_park(s, reads_one, l);
}

static long parks_at_once(rio_stream *s, void *arg)
{
    struct log *l = arg;

    l->started++;
    return rio_stream_park(s, reads_one, l);
}

RIO_AWAITS static long start(struct log *l, rio_stream **out)
{
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    char port[8];

    RIO_TRY(await(rio_start_server(parks_at_once, l, "127.0.0.1", "0", &l->server)));
    if (getsockname(rio_server_fd(l->server), (struct sockaddr *)&sa, &len) < 0)
        return -errno;
    (void)snprintf(port, sizeof port, "%u", ntohs(sa.sin_port));
    RIO_TRY(await(rio_open_connection("127.0.0.1", port, out)));
    return 0;
}

RIO_AWAITS static long stop(struct log *l, rio_stream *s)
{
    RIO_IGNORE(rio_stream_close(s));
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    rio_server_close(l->server);
    return await(rio_server_wait_closed(l->server));
}

static rio_stats stats(void)
{
    rio_stats s;

    rio_loop_stats(rio_get_running_loop(), &s);
    return s;
}

/* Until n functions have started and no client has a task. */
RIO_AWAITS static long until_parked(const struct log *l, int n)
{
    for (int i = 0; i < 5000 && (l->started < n || stats().tasks > 1); i++)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    return l->started == n && stats().tasks == 1 && stats().stacks == 1 ? 0 : -ETIME;
}

LOOP_TEST(a_parked_client_has_no_task_until_a_byte_comes)
{
    struct log l = {0};
    rio_stream *s;

    EXPECT_EQ(await(start(&l, &s)), 0);
    EXPECT_EQ(await(until_parked(&l, 1)), 0);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(rio_stream_write(s, &"abc"[i], 1), 0);
        EXPECT_EQ(await(until_parked(&l, i + 2)), 0);
    }
    EXPECT(strcmp(l.text, "abc") == 0);
    return await(stop(&l, s));
}

LOOP_TEST(unread_bytes_start_it_at_once)
{
    struct log l = {0};
    rio_stream *s;

    EXPECT_EQ(await(start(&l, &s)), 0);
    EXPECT_EQ(rio_stream_write(s, "hello", 5), 0);
    EXPECT_EQ(await(until_parked(&l, 6)), 0);
    EXPECT(strcmp(l.text, "hello") == 0);
    return await(stop(&l, s));
}

LOOP_TEST(the_end_of_the_input_wakes_it)
{
    struct log l = {.last = 99};
    rio_stream *s;

    EXPECT_EQ(await(start(&l, &s)), 0);
    EXPECT_EQ(await(until_parked(&l, 1)), 0);
    EXPECT_EQ(await(stop(&l, s)), 0);
    EXPECT_EQ(l.started, 2);
    EXPECT_EQ(l.last, 0);
    return 0;
}

LOOP_TEST(who_returns_without_parking_is_closed)
{
    struct log l = {0};
    rio_stream *s;
    char byte;

    EXPECT_EQ(await(start(&l, &s)), 0);
    EXPECT_EQ(await(until_parked(&l, 1)), 0);
    EXPECT_EQ(rio_stream_write(s, ".", 1), 0);
    EXPECT_EQ(await(rio_stream_read(s, &byte, 1)), 0);
    return await(stop(&l, s));
}

LOOP_TEST(a_stream_that_closes_cannot_park)
{
    struct log l = {0};
    rio_stream *s;
    char byte;

    EXPECT_EQ(await(start(&l, &s)), 0);
    EXPECT_EQ(rio_stream_write(s, "-", 1), 0);
    EXPECT_EQ(await(rio_stream_read(s, &byte, 1)), 0);
    EXPECT_EQ(l.last, -EBADF);
    return await(stop(&l, s));
}

static long reported;

static long keep_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)what, (void)arg;
    reported = err;
    return 0;
}

LOOP_TEST(an_error_ends_the_client_though_it_has_parked)
{
    struct log l = {0};
    rio_stream *s;
    char byte;

    reported = 0;
    rio_set_exception_handler(keep_report, NULL);
    EXPECT_EQ(await(start(&l, &s)), 0);
    EXPECT_EQ(rio_stream_write(s, "!", 1), 0);
    EXPECT_EQ(await(rio_stream_read(s, &byte, 1)), 0);
    EXPECT_EQ(reported, -EPROTO);
    return await(stop(&l, s));
}

LOOP_TEST(closing_the_clients_wakes_the_parked_ones)
{
    struct log l = {0};
    rio_stream *s;

    rio_set_exception_handler(keep_report, NULL);
    for (int abort = 0; abort < 2; abort++) {
        l = (struct log){0};
        EXPECT_EQ(await(start(&l, &s)), 0);
        EXPECT_EQ(await(until_parked(&l, 1)), 0);
        rio_server_close(l.server);
        if (abort)
            rio_server_abort_clients(l.server);
        else
            rio_server_close_clients(l.server);
        EXPECT_EQ(await(rio_server_wait_closed(l.server)), 0);
        EXPECT_EQ(l.started, 2);
        EXPECT_EQ(l.last, -EBADF);
        EXPECT_EQ(await(stop(&l, s)), 0);
    }
    return 0;
}

static long leaves_one_parked(void *arg)
{
    struct log *l = arg;

    EXPECT_EQ(await(start(l, &l->peer)), 0);
    return await(until_parked(l, 1));
}

static void the_end_of_the_run_ends_the_parked_ones(void **state)
{
    struct log l = {0};

    (void)state;
    assert_int_equal(loop_test_run_leaky(leaves_one_parked, &l), 0);
    assert_int_equal(l.started, 1);
    rio_stream_free(l.peer);
}

LOOP_TEST(only_clients_of_a_server_can_park)
{
    rio_stream *s;
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    EXPECT_EQ(rio_stream_from_fd(fd[0], &s), 0);
    EXPECT_EQ(rio_stream_park(s, reads_one, NULL), -EINVAL);
    EXPECT_EQ(rio_stream_park(s, NULL, NULL), -EINVAL);
    EXPECT_EQ(rio_stream_park(NULL, reads_one, NULL), -EINVAL);
    rio_stream_free(s);
    return await(rio_close(fd[1]));
}

TEST_MAIN(cmocka_unit_test(a_parked_client_has_no_task_until_a_byte_comes),
          cmocka_unit_test(unread_bytes_start_it_at_once),
          cmocka_unit_test(the_end_of_the_input_wakes_it),
          cmocka_unit_test(who_returns_without_parking_is_closed),
          cmocka_unit_test(a_stream_that_closes_cannot_park),
          cmocka_unit_test(an_error_ends_the_client_though_it_has_parked),
          cmocka_unit_test(closing_the_clients_wakes_the_parked_ones),
          cmocka_unit_test(the_end_of_the_run_ends_the_parked_ones),
          cmocka_unit_test(only_clients_of_a_server_can_park))
