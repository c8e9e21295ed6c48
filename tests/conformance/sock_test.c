/* sock_test - SOCK: sockets, one call at a time.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>

#include "sockets.h"

enum { MEGABYTE = 1 << 20 };

struct acceptor {
    int listener, fd;
    struct sockaddr_in peer;
    socklen_t len;
};

static long accept_one(void *arg)
{
    struct acceptor *a = arg;

    a->len = sizeof a->peer;
    a->fd = await(rio_accept(a->listener, (struct sockaddr *)&a->peer, &a->len));
    return a->fd < 0 ? a->fd : 0;
}

/* A connected pair of TCP sockets: fd[0] has connected, fd[1] was accepted. */
RIO_AWAITS static long tcp_pair(int fd[2], struct acceptor *a)
{
    struct sockaddr_in sa;
    rio_task *t;

    *a = (struct acceptor){.listener = listening_socket(&sa), .fd = -1};
    fd[0] = tcp_socket();
    EXPECT(a->listener >= 0 && fd[0] >= 0);
    t = rio_create_task(accept_one, a);
    EXPECT_EQ(await(rio_connect(fd[0], (struct sockaddr *)&sa, sizeof sa)), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    fd[1] = a->fd;
    return await(rio_close(a->listener));
}

static long echo_all(void *arg)
{
    struct transfer *t = arg;

    for (;;) {
        ssize_t n = await(rio_recv(t->fd, t->bytes, t->n, 0));

        if (n <= 0)
            return n;
        RIO_TRY(await(rio_sendall(t->fd, t->bytes, (size_t)n)));
    }
}

static long send_and_end(void *arg)
{
    struct transfer *t = arg;

    RIO_TRY(await(send_bytes(t)));
    return shutdown(t->fd, SHUT_WR) < 0 ? -errno : 0;
}

LOOP_TEST(test_SOCK_01)
{
    unsigned char *out = malloc(MEGABYTE), *in = calloc(1, MEGABYTE);
    unsigned char piece[1000];
    struct acceptor a;
    int fd[2];
    rio_group g;

    EXPECT(out != NULL && in != NULL);
    for (size_t i = 0; i < MEGABYTE; i++)
        out[i] = (unsigned char)(i * 7 + i / 256);
    EXPECT_EQ(await(tcp_pair(fd, &a)), 0);
    EXPECT_EQ(rio_group_enter(&g), 0);
    rio_group_spawn(&g, echo_all,
                    &(struct transfer){.fd = fd[1], .bytes = piece, .n = sizeof piece});
    rio_group_spawn(&g, send_and_end,
                    &(struct transfer){.fd = fd[0], .bytes = out, .n = MEGABYTE});
    rio_group_spawn(&g, receive_bytes,
                    &(struct transfer){.fd = fd[0], .bytes = in, .n = MEGABYTE});
    EXPECT_EQ(await(rio_group_exit(&g, 0)), 0);
    rio_group_destroy(&g);
    EXPECT(memcmp(in, out, MEGABYTE) == 0);
    EXPECT_EQ(await(rio_close(fd[0])), 0);
    EXPECT_EQ(await(rio_close(fd[1])), 0);
    free(out);
    free(in);
    return 0;
}

/* A receive is cancelled, before the bytes or just when they come: either it has them,
 * or the next one gets all of them. */
RIO_AWAITS static long race_recv(int fd[2], bool send_first)
{
    unsigned char one[8], two[8];
    struct transfer t = {.fd = fd[0], .bytes = one, .n = sizeof one};
    rio_task *first = rio_create_task(receive_some, &t);

    EXPECT_EQ(await(settle()), 0);
    if (send_first)
        EXPECT_EQ(await(rio_sendall(fd[1], "abcd", 4)), 4);
    rio_task_cancel(first);
    RIO_IGNORE(await(rio_join_unref(first)));
    if (!send_first)
        EXPECT_EQ(await(rio_sendall(fd[1], "abcd", 4)), 4);
    if (send_first && t.rc == 4) {
        EXPECT(memcmp(one, "abcd", 4) == 0);
        return 0;
    }
    EXPECT_EQ(t.rc, -ECANCELED);
    EXPECT_EQ(await(rio_recv(fd[0], two, sizeof two, 0)), 4);
    EXPECT(memcmp(two, "abcd", 4) == 0);
    return 0;
}

LOOP_TEST(test_SOCK_02)
{
    int fd[2];

    EXPECT_EQ(unix_pair(fd), 0);
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(await(race_recv(fd, false)), 0);
        EXPECT_EQ(await(race_recv(fd, true)), 0);
    }
    EXPECT_EQ(await(rio_close(fd[0])), 0);
    EXPECT_EQ(await(rio_close(fd[1])), 0);
    return 0;
}

/* Whether n bytes are zeros, a beginning of "hello", and "world". */
static bool ends_in_world(const unsigned char *bytes, size_t n)
{
    size_t i = 0, hello = 0;

    while (i < n && bytes[i] == 0)
        i++;
    while (i < n && hello < 5 && bytes[i] == (unsigned char)"hello"[hello])
        i++, hello++;
    return n - i == 5 && memcmp(bytes + i, "world", 5) == 0;
}

LOOP_TEST(test_SOCK_03)
{
    enum { MORE_THAN_FITS = 8 * MEGABYTE };
    unsigned char *bytes = calloc(1, MORE_THAN_FITS + 16), world[] = "world";
    unsigned char hello[] = "hello";
    struct transfer big, h, w, all;
    rio_task *t;
    long rc;
    int fd[2];

    EXPECT(bytes != NULL);
    EXPECT_EQ(unix_pair(fd), 0);
    big = (struct transfer){.fd = fd[0], .bytes = bytes, .n = MORE_THAN_FITS};
    h = (struct transfer){.fd = fd[0], .bytes = hello, .n = 5};
    w = (struct transfer){.fd = fd[0], .bytes = world, .n = 5};
    t = rio_create_task(send_bytes, &big);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(!rio_future_done(t)); /* the buffer is full */
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    t = rio_create_task(send_bytes, &h);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(t);
    rc = await(rio_join_unref(t));
    EXPECT(rc == -ECANCELED || rc == 5);
    t = rio_create_task(send_and_end, &w);
    all = (struct transfer){.fd = fd[1], .bytes = bytes, .n = MORE_THAN_FITS + 16};
    rc = await(receive_bytes(&all));
    EXPECT(rc >= 5);
    EXPECT(ends_in_world(bytes, (size_t)rc));
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(await(rio_close(fd[0])), 0);
    EXPECT_EQ(await(rio_close(fd[1])), 0);
    free(bytes);
    return 0;
}

LOOP_TEST(test_SOCK_05)
{
    struct sockaddr_in sa;
    int taken = bound_socket(SOCK_STREAM, &sa), fd = tcp_socket();

    /* Bound, so that nobody else has the port; and nobody listens. */
    EXPECT(taken >= 0 && fd >= 0);
    EXPECT_EQ(await(rio_connect(fd, (struct sockaddr *)&sa, sizeof sa)), -ECONNREFUSED);
    EXPECT_EQ(await(rio_close(fd)), 0);
    EXPECT_EQ(await(rio_close(taken)), 0);
    return 0;
}

LOOP_TEST(test_SOCK_06)
{
    struct sockaddr_in here;
    socklen_t len = sizeof here;
    struct acceptor a;
    unsigned char buf[8];
    int fd[2];

    EXPECT_EQ(await(tcp_pair(fd, &a)), 0);
    EXPECT(fcntl(fd[1], F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(a.len, sizeof a.peer);
    EXPECT_EQ(getsockname(fd[0], (struct sockaddr *)&here, &len), 0);
    EXPECT(same_address(&a.peer, &here));
    /* It does not block the loop, in whatever mode it is. */
    EXPECT_EQ(await(rio_wait_for_call(
                  receive_some,
                  &(struct transfer){.fd = fd[1], .bytes = buf, .n = sizeof buf},
                  2 * RIO_MS)),
              -ETIMEDOUT);
    EXPECT_EQ(await(rio_sendall(fd[0], "hello", 5)), 5);
    EXPECT_EQ(await(rio_recv(fd[1], buf, sizeof buf, 0)), 5);
    EXPECT(memcmp(buf, "hello", 5) == 0);
    EXPECT_EQ(await(rio_close(fd[0])), 0);
    EXPECT_EQ(await(rio_recv(fd[1], buf, sizeof buf, 0)), 0);
    EXPECT_EQ(await(rio_close(fd[1])), 0);
    return 0;
}

LOOP_TEST(test_SOCK_07)
{
    struct sockaddr_in sa;
    struct acceptor a = {.listener = listening_socket(&sa)};
    int fd = tcp_socket();

    EXPECT(a.listener >= 0 && fd >= 0);
    EXPECT_EQ(await(rio_wait_for_call(accept_one, &a, 10 * RIO_MS)), -ETIMEDOUT);
    EXPECT_EQ(await(rio_close(a.listener)), 0);
    EXPECT_EQ(await(rio_connect(fd, (struct sockaddr *)&sa, sizeof sa)), -ECONNREFUSED);
    EXPECT_EQ(await(rio_close(fd)), 0);
    return 0;
}

enum { DATAGRAM = 4096 };

struct datagrams {
    int fd;
    struct sockaddr_in peer; /* of the last one */
    char bytes[DATAGRAM + 1];
};

static long echo_datagram(void *arg)
{
    struct datagrams *d = arg;
    socklen_t len = sizeof d->peer;
    ssize_t n =
        await(rio_recvfrom(d->fd, d->bytes, sizeof d->bytes, (void *)&d->peer, &len));

    if (n < 0)
        return n;
    if (len != sizeof d->peer)
        return -EPROTO;
    return await(rio_sendto(d->fd, d->bytes, (size_t)n, (void *)&d->peer, len));
}

LOOP_TEST(test_SOCK_09)
{
    struct sockaddr_in here, there, from;
    static struct datagrams server;
    static char out[DATAGRAM], in[DATAGRAM + 1];
    socklen_t len = sizeof from;
    int fd = bound_socket(SOCK_DGRAM, &here);
    rio_task *t;

    server.fd = bound_socket(SOCK_DGRAM, &there);
    EXPECT(fd >= 0 && server.fd >= 0);
    for (size_t i = 0; i < DATAGRAM; i++)
        out[i] = (char)(i * 31);
    t = rio_create_task(echo_datagram, &server);
    EXPECT_EQ(await(rio_sendto(fd, out, DATAGRAM, (void *)&there, sizeof there)),
              DATAGRAM);
    EXPECT_EQ(await(rio_recvfrom(fd, in, sizeof in, (void *)&from, &len)), DATAGRAM);
    EXPECT_EQ(len, sizeof from);
    EXPECT(same_address(&from, &there));
    EXPECT(memcmp(in, out, DATAGRAM) == 0);
    EXPECT_EQ(await(rio_join_unref(t)), DATAGRAM);
    EXPECT(same_address(&server.peer, &here));
    EXPECT_EQ(await(rio_close(fd)), 0);
    EXPECT_EQ(await(rio_close(server.fd)), 0);
    return 0;
}

LOOP_TEST(test_SOCK_10)
{
    enum { N = 4096 };
    unsigned char *bytes = malloc(N), *kept = malloc(N), second[8];
    struct transfer t;
    rio_task *first;
    int fd[2];

    EXPECT(bytes != NULL && kept != NULL);
    memset(bytes, 0x5A, N);
    EXPECT_EQ(unix_pair(fd), 0);
    t = (struct transfer){.fd = fd[0], .bytes = bytes, .n = N};
    first = rio_create_task(receive_some, &t);
    EXPECT_EQ(await(settle()), 0);
    rio_task_cancel(first);
    EXPECT_EQ(await(rio_join_unref(first)), -ECANCELED);
    memcpy(kept, bytes, N);
    /* The call has returned: the memory is ours, and what comes goes elsewhere. */
    EXPECT_EQ(await(rio_sendall(fd[1], "secret", 6)), 6);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(memcmp(bytes, kept, N) == 0);
    free(bytes);
    EXPECT_EQ(await(rio_recv(fd[0], second, sizeof second, 0)), 6);
    EXPECT(memcmp(second, "secret", 6) == 0);
    free(kept);
    EXPECT_EQ(await(rio_close(fd[0])), 0);
    EXPECT_EQ(await(rio_close(fd[1])), 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_SOCK_01), cmocka_unit_test(test_SOCK_02),
          cmocka_unit_test(test_SOCK_03), cmocka_unit_test(test_SOCK_05),
          cmocka_unit_test(test_SOCK_06), cmocka_unit_test(test_SOCK_07),
          cmocka_unit_test(test_SOCK_09), cmocka_unit_test(test_SOCK_10))
