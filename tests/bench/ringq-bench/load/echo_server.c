/* echo_server - the yardstick: a plain TCP echo on one epoll, as fast as such a loop
 * gets. SPDX-License-Identifier: MIT */
#include "load/echo_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, BYTES = 1 << 16 };

static int watch(int ep, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static void welcome(int ep, int listener)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (watch(ep, fd) < 0)
        (void)close(fd);
}

static void echo(int fd)
{
    static char bytes[BYTES];
    ssize_t n = read(fd, bytes, sizeof bytes), sent = 0;

    while (n > 0 && sent < n) {
        ssize_t rc = write(fd, bytes + sent, (size_t)(n - sent));
        if (rc < 0)
            break;
        sent += rc;
    }
    if (n <= 0 || sent < n)
        (void)close(fd);
}

static int listen_on(const char *port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned number;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (sscanf(port, "%u", &number) != 1 || number > UINT16_MAX)
        return -1;
    sa.sin_port = htons((uint16_t)number);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, 1024) < 0)
        return -1;
    return fd;
}

int echo_serve(const char *port)
{
    static struct epoll_event ready[EVENTS];
    int listener = listen_on(port), ep = epoll_create1(EPOLL_CLOEXEC);

    if (listener < 0 || ep < 0 || watch(ep, listener) < 0) {
        perror("ringq-bench echo");
        return 1;
    }
    for (;;) {
        int n = epoll_wait(ep, ready, EVENTS, -1);

        if (n < 0 && errno != EINTR)
            return 1;
        for (int i = 0; i < n; i++)
            if (ready[i].data.fd == listener)
                welcome(ep, listener);
            else
                echo(ready[i].data.fd);
    }
}
