/* net_test - one call, one operation.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
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
    int listener, fd;
};

static long accept_one(void *arg)
{
    struct end *e = arg;

    e->fd = await(rio_accept(e->listener, NULL, NULL));
    return e->fd;
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
    struct end server = {.listener = fd};
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

TEST_MAIN(cmocka_unit_test(poll_says_which_events_hold),
          cmocka_unit_test(non_blocking_descriptors_wait_all_the_same))
