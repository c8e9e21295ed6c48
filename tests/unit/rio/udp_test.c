/* udp_test - datagrams with their addresses.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

/* A datagram socket on a free port of the loopback. */
static int bound(struct sockaddr_in *sa, int flags)
{
    socklen_t len = sizeof *sa;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);

    *sa = (struct sockaddr_in){.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)sa, sizeof *sa) < 0 ||
        getsockname(fd, (struct sockaddr *)sa, &len) < 0)
        return -1;
    return fd;
}

static bool same_address(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_family == b->sin_family && a->sin_port == b->sin_port &&
           a->sin_addr.s_addr == b->sin_addr.s_addr;
}

enum { BYTES = 4096 };

static long echo(void *arg)
{
    int fd = *(int *)arg;
    static char bytes[BYTES + 1];
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    ssize_t n = await(rio_recvfrom(fd, bytes, sizeof bytes, (void *)&peer, &len));

    if (n < 0)
        return n;
    if (len != sizeof peer)
        return -EPROTO;
    return await(rio_sendto(fd, bytes, (size_t)n, (void *)&peer, len));
}

LOOP_TEST(a_non_blocking_socket_waits_all_the_same)
{
    struct sockaddr_in here, there, from = {0};
    socklen_t len = sizeof from;
    int fd = bound(&here, SOCK_NONBLOCK), server = bound(&there, SOCK_NONBLOCK);
    rio_task *t = rio_create_task(echo, &server);
    static char out[BYTES], in[BYTES + 1];

    EXPECT(fd >= 0 && server >= 0);
    for (int i = 0; i < BYTES; i++)
        out[i] = (char)(i * 31);
    EXPECT_EQ(await(loop_test_settle()), 0); /* the server waits */
    EXPECT_EQ(await(rio_sendto(fd, out, BYTES, (void *)&there, sizeof there)), BYTES);
    EXPECT_EQ(await(rio_recvfrom(fd, in, sizeof in, (void *)&from, &len)), BYTES);
    EXPECT_EQ(len, sizeof from);
    EXPECT(same_address(&from, &there));
    EXPECT(memcmp(in, out, BYTES) == 0);
    EXPECT_EQ(await(rio_join_unref(t)), BYTES);
    EXPECT_EQ(await(rio_close(fd)), 0);
    EXPECT_EQ(await(rio_close(server)), 0);
    return 0;
}

LOOP_TEST(each_call_takes_one_datagram_and_cuts_it)
{
    struct sockaddr_in sa;
    int fd = bound(&sa, 0);
    char buf[3];

    EXPECT_EQ(await(rio_sendto(fd, "hello", 5, (void *)&sa, sizeof sa)), 5);
    EXPECT_EQ(await(rio_sendto(fd, "", 0, (void *)&sa, sizeof sa)), 0);
    EXPECT_EQ(await(rio_sendto(fd, "ab", 2, (void *)&sa, sizeof sa)), 2);
    EXPECT_EQ(await(rio_recvfrom(fd, buf, sizeof buf, NULL, NULL)), 3);
    EXPECT(memcmp(buf, "hel", 3) == 0);
    EXPECT_EQ(await(rio_recvfrom(fd, buf, sizeof buf, NULL, NULL)), 0);
    EXPECT_EQ(await(rio_recvfrom(fd, buf, sizeof buf, NULL, NULL)), 2);
    EXPECT(memcmp(buf, "ab", 2) == 0);
    close(fd);
    return 0;
}

RIO_AWAITS static long receive(void *arg)
{
    char buf[8];

    return await(rio_recvfrom(*(int *)arg, buf, sizeof buf, NULL, NULL));
}

LOOP_TEST(a_cancelled_receive_takes_nothing)
{
    struct sockaddr_in sa;
    int fd = bound(&sa, 0);
    rio_task *t = rio_create_task(receive, &fd);

    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(await(rio_sendto(fd, "xyz", 3, (void *)&sa, sizeof sa)), 3);
    EXPECT_EQ(await(receive(&fd)), 3);
    close(fd);
    return 0;
}

LOOP_TEST(errors_are_those_of_the_kernel)
{
    struct sockaddr_in sa;
    int fd = bound(&sa, 0);
    static char huge[1 << 17];

    EXPECT_EQ(await(rio_sendto(fd, huge, sizeof huge, (void *)&sa, sizeof sa)),
              -EMSGSIZE);
    EXPECT_EQ(await(rio_sendto(fd, "x", 1, NULL, 0)), -EDESTADDRREQ);
    close(fd);
    EXPECT_EQ(await(rio_sendto(fd, "x", 1, (void *)&sa, sizeof sa)), -EBADF);
    EXPECT_EQ(await(rio_recvfrom(fd, huge, sizeof huge, NULL, NULL)), -EBADF);
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_non_blocking_socket_waits_all_the_same),
          cmocka_unit_test(each_call_takes_one_datagram_and_cuts_it),
          cmocka_unit_test(a_cancelled_receive_takes_nothing),
          cmocka_unit_test(errors_are_those_of_the_kernel))
