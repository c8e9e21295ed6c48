/* server_test - listening, clients as tasks, closing.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

static char dir[] = "/tmp/rio-server-XXXXXX";
static char address[64]; /* "unix:" and the path of a socket in dir */
static const char *path = address + 5;

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(address, sizeof address, "unix:%s/s", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

struct clients {
    int started, ended;
    long result;
    rio_event go;
    bool wait;
};

static long echo_line(rio_stream *s, void *arg)
{
    struct clients *c = arg;
    char line[64];
    ssize_t n;

    c->started++;
    if (c->wait)
        RIO_TRY(await(rio_event_wait(&c->go)));
    n = await(rio_stream_readline(s, line, sizeof line));
    if (n > 0)
        RIO_TRY(rio_stream_write(s, line, (size_t)n));
    c->ended++;
    return n < 0 ? n : c->result;
}

RIO_AWAITS static long say(const char *host, const char *port)
{
    rio_stream *s;
    char line[64];
    ssize_t n;

    RIO_TRY(await(rio_open_connection(host, port, &s)));
    n = rio_stream_write(s, "hello\n", 6);
    if (n == 0)
        n = await(rio_stream_readline(s, line, sizeof line));
    if (n == 6 && memcmp(line, "hello\n", 6) != 0)
        n = -EPROTO;
    RIO_IGNORE(rio_stream_close(s));
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    return n;
}

static int port_of(const rio_server *s, char *out, size_t n)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    uint16_t port;

    if (getsockname(rio_server_fd(s), (struct sockaddr *)&sa, &len) < 0)
        return -errno;
    port = sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port
                                    : ((struct sockaddr_in *)&sa)->sin_port;
    (void)snprintf(out, n, "%u", ntohs(port));
    return 0;
}

RIO_AWAITS static long close_server(rio_server *s)
{
    rio_server_close(s);
    return await(rio_server_wait_closed(s));
}

LOOP_TEST(names_are_resolved_in_a_thread)
{
    struct clients c = {0};
    rio_server *s;
    char port[8];

    EXPECT_EQ(await(rio_start_server(echo_line, &c, "localhost", "0", &s)), 0);
    EXPECT_EQ(port_of(s, port, sizeof port), 0);
    EXPECT_EQ(await(say("localhost", port)), 6);
    EXPECT_EQ(await(close_server(s)), 0);
    return 0;
}

LOOP_TEST(addresses_that_cannot_be_are_refused)
{
    struct clients c = {0};
    rio_server *s;
    rio_stream *stream;
    char endless[200];

    memset(endless, 'a', sizeof endless);
    memcpy(endless, "unix:/", 6);
    endless[199] = '\0';
    EXPECT_EQ(await(rio_start_server(echo_line, &c, endless, NULL, &s)), -ENAMETOOLONG);
    EXPECT_EQ(await(rio_start_server(echo_line, &c, "unix:", NULL, &s)), -EINVAL);
    EXPECT_EQ(await(rio_start_server(echo_line, &c, "127.0.0.1", NULL, &s)), -EINVAL);
    EXPECT_EQ(await(rio_start_server(echo_line, &c, "127.0.0.1", "99999", &s)),
              -EINVAL);
    EXPECT_EQ(await(rio_start_server(echo_line, &c, "127.0.0.1", "http", &s)), -EINVAL);
    EXPECT_EQ(await(rio_start_server(NULL, &c, "127.0.0.1", "0", &s)), -EINVAL);
    EXPECT_EQ(await(rio_open_connection(NULL, "1", &stream)), -EINVAL);
    EXPECT_EQ(await(rio_open_connection(address, NULL, &stream)), -ENOENT);
    EXPECT_EQ(await(rio_open_connection("no-such-host.invalid", "1", &stream)) < 0, 1);
    return 0;
}

LOOP_TEST(a_socket_of_the_callers_is_served)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct clients c = {0};
    rio_server *s;
    char port[8];

    EXPECT_EQ(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    EXPECT_EQ(listen(fd, 8), 0);
    EXPECT_EQ(rio_start_server_fd(echo_line, &c, fd, &s), 0);
    EXPECT_EQ(port_of(s, port, sizeof port), 0);
    EXPECT_EQ(await(say("127.0.0.1", port)), 6);
    EXPECT_EQ(await(close_server(s)), 0);
    EXPECT_EQ(rio_server_fd(s), -EBADF);
    EXPECT_EQ(await(say("127.0.0.1", port)), -ECONNREFUSED);
    EXPECT_EQ(rio_start_server_fd(echo_line, &c, -1, &s), -EBADF);
    return 0;
}

static int reports;

static long count_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)what, (void)arg;
    reports += err == -EIO ? 1 : 100;
    return 0;
}

LOOP_TEST(bad_options_are_refused)
{
    const rio_server_opts bad[] = {{.backlog = -1}, {.flags = 8}};
    struct clients c = {0};
    rio_server *s;

    for (int i = 0; i < 2; i++)
        EXPECT_EQ(
            await(rio_start_server_ex(echo_line, &c, "127.0.0.1", "0", &bad[i], &s)),
            -EINVAL);
    return 0;
}

static long serve(void *arg)
{
    return await(rio_server_serve_forever(arg));
}

LOOP_TEST(closing_ends_serving_forever)
{
    struct clients c = {0};
    rio_server *s;
    rio_task *t;

    EXPECT_EQ(await(rio_start_server(echo_line, &c, address, NULL, &s)), 0);
    EXPECT_EQ(rio_server_start_serving(s), 0); /* it does already */
    t = rio_create_task(serve, s);
    EXPECT_EQ(await(say(address, NULL)), 6);
    rio_server_close(s);
    EXPECT_EQ(await(rio_join_unref(t)), -EBADF);
    EXPECT_EQ(await(say(address, NULL)), -ENOENT);
    return 0;
}

LOOP_TEST(clients_can_be_closed_and_aborted)
{
    for (int aborts = 0; aborts < 2; aborts++) {
        struct clients c = {0};
        rio_server *s;
        rio_stream *stream;
        char byte;

        EXPECT_EQ(await(rio_start_server(echo_line, &c, address, NULL, &s)), 0);
        EXPECT_EQ(await(rio_open_connection(address, NULL, &stream)), 0);
        while (c.started == 0)
            EXPECT_EQ(await(rio_yield()), 0);
        reports = 0;
        rio_set_exception_handler(count_report, NULL);
        rio_server_close(s);
        if (aborts)
            rio_server_abort_clients(s);
        else
            rio_server_close_clients(s);
        EXPECT_EQ(await(rio_stream_read(stream, &byte, 1)), 0);
        EXPECT_EQ(await(rio_server_wait_closed(s)), 0);
        EXPECT_EQ(rio_stream_close(stream), 0);
        EXPECT_EQ(await(rio_stream_wait_closed(stream)), 0);
        rio_stream_free(stream);
    }
    return 0;
}

LOOP_TEST(accepting_goes_on_when_descriptors_are_free_again)
{
    struct clients c = {0};
    rio_server *s;
    struct rlimit old, low;
    static int fds[512];
    int n = 0, client;
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    rio_stream *stream;
    char line[16];

    EXPECT_EQ(await(rio_start_server(echo_line, &c, address, NULL, &s)), 0);
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = 128;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (n < 512 && (fds[n] = dup(0)) >= 0)
        n++;
    memcpy(sun.sun_path, path, strlen(path));
    EXPECT_EQ(connect(client, (struct sockaddr *)&sun, sizeof sun), 0);
    EXPECT_EQ(await(rio_sleep(20 * RIO_MS)), 0);
    EXPECT_EQ(c.started, 0); /* EMFILE */
    while (n > 0)
        close(fds[--n]);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    EXPECT_EQ(rio_stream_from_fd(client, &stream), 0);
    EXPECT_EQ(rio_stream_write(stream, "hi\n", 3), 0);
    EXPECT_EQ(await(rio_stream_readline(stream, line, sizeof line)), 3);
    EXPECT_EQ(rio_stream_close(stream), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(stream)), 0);
    rio_stream_free(stream);
    EXPECT_EQ(await(close_server(s)), 0);
    return 0;
}

static long never_reads(rio_stream *s, void *arg)
{
    static char big[1 << 16];

    ++*(int *)arg;
    for (int i = 0; i < 64; i++)
        RIO_TRY(rio_stream_write(s, big, sizeof big));
    return await(rio_sleep(RIO_FOREVER));
}

static long leave_everything_open(void *arg)
{
    int *started = arg;
    rio_server *s;
    rio_stream *stream[3];

    RIO_TRY(await(rio_start_server(never_reads, started, address, NULL, &s)));
    for (int i = 0; i < 3; i++) {
        RIO_TRY(await(rio_open_connection(address, NULL, &stream[i])));
        rio_stream_free(stream[i]);
        RIO_TRY(await(rio_open_connection(address, NULL, &stream[i])));
        rio_stream_set_limits(stream[i], 1, 1);
    }
    while (*started < 6)
        RIO_TRY(await(rio_yield()));
    /* What is still referenced here is lost on purpose; the run closes it. */
    for (int i = 0; i < 3; i++)
        rio_stream_free(stream[i]);
    return 0;
}

static void the_end_of_a_run_ends_servers_and_clients(void **state)
{
    int started = 0;

    (void)state;
    assert_int_equal(loop_test_run_leaky(leave_everything_open, &started), 0);
    assert_int_equal(started, 6);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_resolved_in_a_thread),
        cmocka_unit_test(addresses_that_cannot_be_are_refused),
        cmocka_unit_test(a_socket_of_the_callers_is_served),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(closing_ends_serving_forever),
        cmocka_unit_test(clients_can_be_closed_and_aborted),
        cmocka_unit_test(accepting_goes_on_when_descriptors_are_free_again),
        cmocka_unit_test(the_end_of_a_run_ends_servers_and_clients),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
