/* socket_test - the transport of plain sockets.
 * SPDX-License-Identifier: MIT */
#include "lib/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/test.h"

static const ringq_transport *const T = &rq_socket_transport;

/* ---- listeners ---- */

struct door {
    int fd;
    char dir[64], path[80], port[8];
};

static void door_unix(struct door *d, int backlog)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    (void)snprintf(d->dir, sizeof d->dir, "/tmp/ringq-test-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    (void)snprintf(d->path, sizeof d->path, "%s/s", d->dir);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", d->path);
    d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(d->fd, (struct sockaddr *)&at, sizeof at), errno);
    assert_return_code(listen(d->fd, backlog), errno);
}

static void door_tcp(struct door *d)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;

    *d = (struct door){.dir = ""};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(d->fd, (struct sockaddr *)&at, sizeof at), errno);
    assert_return_code(listen(d->fd, 4), errno);
    assert_return_code(getsockname(d->fd, (struct sockaddr *)&at, &len), errno);
    (void)snprintf(d->port, sizeof d->port, "%u", ntohs(at.sin_port));
}

static void door_close(struct door *d)
{
    (void)close(d->fd);
    if (d->dir[0] != '\0') {
        (void)unlink(d->path);
        (void)rmdir(d->dir);
    }
}

static int open_path(const char *path, void *ctx, int timeout_ms, void **out)
{
    const ringq_address to = {.path = path};
    char why[64] = "";

    return T->open(ctx, &to, timeout_ms, out, why, sizeof why);
}

/* ---- tests ---- */

static void bytes_go_both_ways(void **state)
{
    struct door d;
    void *s;
    char bytes[8];
    int peer;

    (void)state;
    door_unix(&d, 1);
    assert_int_equal(open_path(d.path, NULL, 1000, &s), 0);
    peer = accept(d.fd, NULL, NULL);
    assert_int_equal(T->recv(s, bytes, sizeof bytes), -EAGAIN);
    assert_int_equal(T->send(s, "ping", 4), 4);
    assert_int_equal(read(peer, bytes, sizeof bytes), 4);
    assert_int_equal(write(peer, "pong", 4), 4);
    assert_int_equal(T->wait(s, RINGQ_READABLE, -1), RINGQ_READABLE);
    assert_int_equal(T->recv(s, bytes, sizeof bytes), 4);
    assert_memory_equal(bytes, "pong", 4);
    assert_int_equal(T->wait(s, RINGQ_READABLE | RINGQ_WRITABLE, 5000), RINGQ_WRITABLE);
    (void)close(peer);
    assert_true(T->wait(s, RINGQ_READABLE, 5000) & RINGQ_READABLE);
    assert_int_equal(T->recv(s, bytes, sizeof bytes), 0);
    assert_int_equal(T->send(s, "x", 1), -EPIPE); /* and no SIGPIPE */
    T->close(s);
    door_close(&d);
}

static void a_full_socket_takes_no_more(void **state)
{
    struct door d;
    static char bytes[1 << 20];
    void *s;
    long n;

    (void)state;
    door_unix(&d, 1);
    assert_int_equal(open_path(d.path, NULL, 1000, &s), 0);
    do
        n = T->send(s, bytes, sizeof bytes);
    while (n > 0);
    assert_int_equal(n, -EAGAIN);
    assert_int_equal(T->wait(s, RINGQ_WRITABLE, 0), 0);
    T->close(s);
    door_close(&d);
}

static void a_wait_ends_when_its_time_is_over(void **state)
{
    struct door d;
    void *s;
    int64_t before;

    (void)state;
    door_unix(&d, 1);
    assert_int_equal(open_path(d.path, NULL, 1000, &s), 0);
    before = T->now_ns(NULL);
    assert_int_equal(T->wait(s, RINGQ_READABLE, 30), 0);
    assert_true(T->now_ns(NULL) - before >= 30 * INT64_C(1000000));
    T->close(s);
    door_close(&d);
}

static void tcp_is_connected_by_number_and_by_name(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    struct door d;

    (void)state;
    door_tcp(&d);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        const ringq_address to = {.host = hosts[i], .port = d.port};
        char why[64] = "";
        void *s;

        assert_int_equal(T->open(NULL, &to, 5000, &s, why, sizeof why), 0);
        T->close(s);
    }
    door_close(&d);
}

static void nobody_there_is_refused(void **state)
{
    struct door d;
    ringq_address to;
    char why[64] = "";
    void *s;

    (void)state;
    door_tcp(&d);
    (void)close(d.fd);
    to = (ringq_address){.host = "127.0.0.1", .port = d.port};
    assert_int_equal(T->open(NULL, &to, 5000, &s, why, sizeof why), -ECONNREFUSED);
    assert_string_equal(why, "");
    assert_int_equal(open_path("/nonexistent/ringq.sock", NULL, 100, &s), -ENOENT);
}

static void a_name_without_an_address_says_so(void **state)
{
    const ringq_address to = {.host = "no-such-host.invalid", .port = "7766"};
    char why[96] = "";
    void *s;

    (void)state;
    assert_int_equal(T->open(NULL, &to, 5000, &s, why, sizeof why), -EHOSTUNREACH);
    assert_non_null(strstr(why, "has no address"));
}

static void a_path_past_the_limit_is_refused(void **state)
{
    char path[200];
    void *s;

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(open_path(path, NULL, 100, &s), -ENAMETOOLONG);
}

/* Fills the backlog, so that the next connect has to wait. */
static void fill(const struct door *d, void *sockets[2])
{
    assert_int_equal(open_path(d->path, NULL, 1000, &sockets[0]), 0);
    sockets[1] = NULL;
    (void)open_path(d->path, NULL, 0, &sockets[1]);
}

static void a_server_that_does_not_accept_is_a_timeout(void **state)
{
    struct door d;
    void *full[2], *s;

    (void)state;
    door_unix(&d, 0);
    fill(&d, full);
    assert_int_equal(open_path(d.path, NULL, 40, &s), -ETIMEDOUT);
    T->close(full[0]);
    if (full[1] != NULL)
        T->close(full[1]);
    door_close(&d);
}

static void a_stop_interrupts_connecting_and_pausing(void **state)
{
    struct rq_socket_ctx ctx = {.stop_fd = eventfd(1, EFD_CLOEXEC)};
    struct door d;
    void *full[2], *s;

    (void)state;
    door_unix(&d, 0);
    fill(&d, full);
    assert_int_equal(open_path(d.path, &ctx, 60000, &s), -ECANCELED);
    assert_int_equal(T->pause(&ctx, 60000), -ECANCELED);
    assert_int_equal(T->pause(NULL, 1), 0);
    T->close(full[0]);
    if (full[1] != NULL)
        T->close(full[1]);
    (void)close(ctx.stop_fd);
    door_close(&d);
}

TEST_MAIN(cmocka_unit_test(bytes_go_both_ways),
          cmocka_unit_test(a_full_socket_takes_no_more),
          cmocka_unit_test(a_wait_ends_when_its_time_is_over),
          cmocka_unit_test(tcp_is_connected_by_number_and_by_name),
          cmocka_unit_test(nobody_there_is_refused),
          cmocka_unit_test(a_name_without_an_address_says_so),
          cmocka_unit_test(a_path_past_the_limit_is_refused),
          cmocka_unit_test(a_server_that_does_not_accept_is_a_timeout),
          cmocka_unit_test(a_stop_interrupts_connecting_and_pausing))
