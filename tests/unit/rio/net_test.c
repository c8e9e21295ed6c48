/* net_test - one call, one operation.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

/* A listening socket on a free port of the loopback. */
static int listener(struct sockaddr_in *sa)
{
    socklen_t len = sizeof *sa;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *sa = (struct sockaddr_in){.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)sa, sizeof *sa) < 0 ||
        listen(fd, 8) < 0 || getsockname(fd, (struct sockaddr *)sa, &len) < 0)
        return -1;
    return fd;
}

struct end {
    int fd;
    const struct sockaddr_in *sa;
    unsigned char *bytes;
    size_t n;
};

static long accept_one(void *arg)
{
    struct end *e = arg;
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;

    e->fd = await(rio_accept(e->fd, (struct sockaddr *)&peer, &len));
    if (e->fd >= 0 && (len != sizeof peer || peer.sin_family != AF_INET))
        return -EPROTO;
    return e->fd;
}

LOOP_TEST(accept_and_connect_meet) /* SOCK-06 */
{
    struct sockaddr_in sa;
    int fd = listener(&sa), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct end server = {.fd = fd};
    rio_task *t = rio_create_task(accept_one, &server);
    char buf[8];

    EXPECT(fd >= 0);
    EXPECT_EQ(await(rio_connect(client, (struct sockaddr *)&sa, sizeof sa)), 0);
    EXPECT(await(rio_join_unref(t)) >= 0);
    EXPECT(fcntl(server.fd, F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(await(rio_sendall(client, "hello", 5)), 5);
    EXPECT_EQ(await(rio_recv(server.fd, buf, sizeof buf, 0)), 5);
    EXPECT(memcmp(buf, "hello", 5) == 0);
    EXPECT_EQ(await(rio_close(client)), 0);
    EXPECT_EQ(await(rio_recv(server.fd, buf, sizeof buf, 0)), 0);
    EXPECT_EQ(await(rio_close(server.fd)), 0);
    EXPECT_EQ(await(rio_close(fd)), 0);
    EXPECT_EQ(await(rio_close(fd)), -EBADF);
    return 0;
}

LOOP_TEST(a_closed_port_refuses) /* SOCK-05 */
{
    struct sockaddr_in sa;
    int fd = listener(&sa), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    close(fd);
    EXPECT_EQ(await(rio_connect(client, (struct sockaddr *)&sa, sizeof sa)),
              -ECONNREFUSED);
    close(client);
    return 0;
}

LOOP_TEST(a_timed_out_accept_does_not_keep_the_port) /* SOCK-07 */
{
    struct sockaddr_in sa;
    int fd = listener(&sa), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct end server = {.fd = fd};

    EXPECT_EQ(await(rio_wait_for_call(accept_one, &server, 2 * RIO_MS)), -ETIMEDOUT);
    close(fd);
    EXPECT_EQ(await(rio_connect(client, (struct sockaddr *)&sa, sizeof sa)),
              -ECONNREFUSED);
    close(client);
    return 0;
}

enum { MEGABYTE = 1 << 20 };

static long send_all(void *arg)
{
    struct end *e = arg;

    return await(rio_sendall(e->fd, e->bytes, e->n));
}

static long receive_all(void *arg)
{
    struct end *e = arg;

    for (size_t got = 0; got < e->n;) {
        ssize_t rc = await(rio_recv(e->fd, e->bytes + got, e->n - got, 0));

        if (rc <= 0)
            return rc;
        got += (size_t)rc;
    }
    return (long)e->n;
}

LOOP_TEST(a_megabyte_in_both_directions_at_once) /* SOCK-01 */
{
    unsigned char *out = malloc(MEGABYTE), *in = calloc(2, MEGABYTE);
    int fd[2];
    struct end e[4];
    rio_group g;

    EXPECT(out != NULL && in != NULL);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < MEGABYTE; i++)
        out[i] = (unsigned char)(i * 7 + i / 256);
    rio_group_enter(&g);
    for (int i = 0; i < 2; i++) {
        e[i] = (struct end){.fd = fd[i], .bytes = out, .n = MEGABYTE};
        e[2 + i] = (struct end){.fd = fd[i], .bytes = in + i * MEGABYTE, .n = MEGABYTE};
        rio_group_spawn(&g, send_all, &e[i]);
        rio_group_spawn(&g, receive_all, &e[2 + i]);
    }
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    EXPECT(memcmp(in, out, MEGABYTE) == 0);
    EXPECT(memcmp(in + MEGABYTE, out, MEGABYTE) == 0);
    close(fd[0]);
    close(fd[1]);
    free(out);
    free(in);
    return 0;
}

LOOP_TEST(a_cancelled_send_lets_the_next_one_follow) /* SOCK-03 */
{
    int fd[2];
    unsigned char *big = calloc(1, 4 * MEGABYTE);
    struct end e;
    rio_task *t;
    char last[5] = "";
    ssize_t n;

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    e = (struct end){.fd = fd[0], .bytes = big, .n = 4 * MEGABYTE};
    t = rio_create_task(send_all, &e);
    EXPECT_EQ(await(rio_sleep(2 * RIO_MS)), 0);
    EXPECT(!rio_future_done(t)); /* the peer's buffer is full */
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    /* A part has gone; what follows comes after it. */
    e = (struct end){.fd = fd[0], .bytes = (unsigned char *)"world", .n = 5};
    t = rio_create_task(send_all, &e);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(await(rio_yield()), 0);
    do {
        n = await(rio_recv(fd[1], big, 4 * MEGABYTE, 0));
        EXPECT(n > 0);
        memcpy(last, big + (n >= 5 ? n - 5 : 0), 5);
    } while (memcmp(last, "world", 5) != 0);
    EXPECT_EQ(await(rio_join_unref(t)), 5);
    close(fd[0]);
    close(fd[1]);
    free(big);
    return 0;
}

static long write_later(void *arg)
{
    return write(*(int *)arg, "x", 1) == 1 ? 0 : -errno;
}

LOOP_TEST(poll_says_which_events_hold)
{
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    EXPECT_EQ(await(rio_poll_fd(fd[0], POLLOUT)), POLLOUT);
    rio_call_later(RIO_MS, write_later, &fd[1]);
    EXPECT_EQ(await(rio_poll_fd(fd[0], POLLIN)), POLLIN);
    close(fd[1]);
    EXPECT(await(rio_poll_fd(fd[0], POLLIN)) & POLLHUP);
    close(fd[0]);
    EXPECT_EQ(await(rio_poll_fd(fd[0], POLLIN)), -EBADF);
    return 0;
}

LOOP_TEST(non_blocking_descriptors_wait_all_the_same)
{
    struct sockaddr_in sa;
    int fd = listener(&sa), pair[2], client;
    struct end server = {.fd = fd};
    char buf[4];
    rio_task *t;

    EXPECT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    t = rio_create_task(accept_one, &server);
    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT_EQ(await(rio_connect(client, (struct sockaddr *)&sa, sizeof sa)), 0);
    EXPECT(await(rio_join_unref(t)) >= 0);
    close(server.fd);
    close(client);
    close(fd);

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    rio_call_later(RIO_MS, write_later, &pair[1]);
    EXPECT_EQ(await(rio_recv(pair[0], buf, sizeof buf, 0)), 1);
    EXPECT_EQ(await(rio_recv(pair[0], buf, sizeof buf, MSG_DONTWAIT)), -EAGAIN);
    close(pair[0]);
    close(pair[1]);
    return 0;
}

TEST_MAIN(cmocka_unit_test(accept_and_connect_meet),
          cmocka_unit_test(a_closed_port_refuses),
          cmocka_unit_test(a_timed_out_accept_does_not_keep_the_port),
          cmocka_unit_test(a_megabyte_in_both_directions_at_once),
          cmocka_unit_test(a_cancelled_send_lets_the_next_one_follow),
          cmocka_unit_test(poll_says_which_events_hold),
          cmocka_unit_test(non_blocking_descriptors_wait_all_the_same))
