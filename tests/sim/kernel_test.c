/* kernel_test - the simulated kernel does what the real one does: the same calls, one
 * after the other, on both.
 * SPDX-License-Identifier: MIT */
#include "sim/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/rand.h"
#include "sim/kernel_calls.h"
#include "support/test.h"

enum { SIMULATED, REAL, KERNELS, PLAYS = 3000, CALLS = 24 };

static char dir[] = "ringq-kernel-XXXXXX", path[sizeof dir + 8]; /* in the build */

/* The same socket in both. */
struct twin {
    int fd[KERNELS];
};

static int enter(void **state)
{
    (void)state;
    kernel_start();
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/socket", dir);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    __real_unlink(path);
    rmdir(dir);
    return kernel_stop() == 0 ? 0 : -1;
}

/* What a call gave, with its error. */
static long said(long rc)
{
    return rc < 0 ? -errno : rc;
}

static struct sockaddr_un address(void)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    memcpy(sa.sun_path, path, strlen(path) + 1);
    return sa;
}

static struct twin open_twin(void)
{
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

    return (struct twin){
        {__wrap_socket(AF_UNIX, type, 0), __real_socket(AF_UNIX, type, 0)}};
}

static struct twin open_listener(void)
{
    struct sockaddr_un sa = address();
    const struct sockaddr *at = (const struct sockaddr *)&sa;
    struct twin t = open_twin();

    assert_int_equal(__wrap_bind(t.fd[SIMULATED], at, sizeof sa), 0);
    assert_int_equal(__real_bind(t.fd[REAL], at, sizeof sa), 0);
    assert_int_equal(__wrap_listen(t.fd[SIMULATED], 2), 0);
    assert_int_equal(__real_listen(t.fd[REAL], 2), 0);
    return t;
}

static long both_connect(struct twin t)
{
    struct sockaddr_un sa = address();
    const struct sockaddr *at = (const struct sockaddr *)&sa;
    long mine = said(__wrap_connect(t.fd[SIMULATED], at, sizeof sa));

    assert_int_equal(mine, said(__real_connect(t.fd[REAL], at, sizeof sa)));
    return mine;
}

static struct twin both_accept(struct twin t)
{
    return (struct twin){{__wrap_accept4(t.fd[SIMULATED], NULL, NULL, SOCK_CLOEXEC),
                          __real_accept4(t.fd[REAL], NULL, NULL, SOCK_CLOEXEC)}};
}

static void both_close(struct twin *t)
{
    if (t->fd[REAL] < 0)
        return;
    assert_int_equal(__wrap_close(t->fd[SIMULATED]), 0);
    __real_close(t->fd[REAL]);
    t->fd[REAL] = -1;
}

static void both_unlink(void)
{
    assert_int_equal(__wrap_unlink(path), 0);
    assert_int_equal(__real_unlink(path), 0);
}

static void both_send(struct twin t, size_t len)
{
    static const char bytes[] = "a few bytes that mean nothing";
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

    assert_int_equal(said(__wrap_send(t.fd[SIMULATED], bytes, len, flags)),
                     said(__real_send(t.fd[REAL], bytes, len, flags)));
}

static void both_recv(struct twin t, size_t len, int flags)
{
    char got[KERNELS][64];
    long mine =
        said(__wrap_recv(t.fd[SIMULATED], got[SIMULATED], len, flags | MSG_DONTWAIT));

    assert_int_equal(
        mine, said(__real_recv(t.fd[REAL], got[REAL], len, flags | MSG_DONTWAIT)));
    if (mine > 0)
        assert_memory_equal(got[SIMULATED], got[REAL], (size_t)mine);
}

static void compare_polls(struct twin t)
{
    struct pollfd mine = {t.fd[SIMULATED], POLLIN | POLLOUT | POLLRDHUP, 0}, its = mine;

    its.fd = t.fd[REAL];
    assert_int_equal(__wrap_poll(&mine, 1, 0), __real_poll(&its, 1, 0));
    assert_int_equal(mine.revents, its.revents);
}

static void act(struct rq_rand *chance, struct twin *t)
{
    if (t->fd[REAL] < 0)
        return;
    switch (rq_rand_below(chance, 12)) {
    case 0:
        both_close(t);
        return;
    case 1: {
        int how = (int)rq_rand_below(chance, 3);

        assert_int_equal(said(__wrap_shutdown(t->fd[SIMULATED], how)),
                         said(__real_shutdown(t->fd[REAL], how)));
        break;
    }
    case 2:
        both_recv(*t, 1 + rq_rand_below(chance, 60), MSG_PEEK);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        both_recv(*t, 1 + rq_rand_below(chance, 60), 0);
        break;
    default:
        both_send(*t, 1 + rq_rand_below(chance, 28));
        break;
    }
    compare_polls(*t);
}

static void any_calls_on_a_connection_give_the_same_in_both_kernels(void **state)
{
    struct twin listener = open_listener();
    struct rq_rand chance;

    (void)state;
    rq_rand_seed(&chance, 1);
    for (int play = 0; play < PLAYS; play++) {
        struct twin ends[2] = {open_twin(), {{0}}};

        assert_int_equal(both_connect(ends[0]), 0);
        ends[1] = both_accept(listener);
        for (int i = 0; i < CALLS; i++)
            act(&chance, &ends[rq_rand_below(&chance, 2)]);
        both_close(&ends[0]);
        both_close(&ends[1]);
    }
    both_close(&listener);
    both_unlink();
}

static void who_is_never_accepted_is_told_when_the_listener_goes(void **state)
{
    struct twin listener = open_listener(), client = open_twin(), late = open_twin();

    (void)state;
    assert_int_equal(both_connect(client), 0);
    both_send(client, 5);
    both_close(&listener);
    compare_polls(client);
    both_recv(client, 10, 0); /* it is told once */
    both_recv(client, 10, 0);
    both_send(client, 5);
    assert_int_equal(both_connect(late), -ECONNREFUSED); /* the path is still there */
    both_unlink();
    assert_int_equal(both_connect(late), -ENOENT);
    both_close(&client);
    both_close(&late);
}

static void a_listener_whose_queue_is_full_says_again(void **state)
{
    struct twin listener = open_listener(), clients[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        clients[i] = open_twin();
        assert_int_equal(both_connect(clients[i]), i < 3 ? 0 : -EAGAIN);
        compare_polls(clients[i]);
    }
    compare_polls(listener);
    for (size_t i = 0; i < 3; i++) {
        struct twin accepted = both_accept(listener);

        both_close(&accepted);
    }
    compare_polls(listener);
    for (size_t i = 0; i < 4; i++)
        both_close(&clients[i]);
    both_close(&listener);
    both_unlink();
}

static void a_reader_that_is_slow_stops_the_writer_until_it_reads(void **state)
{
    struct twin listener = open_listener(), client = open_twin();
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
    struct timespec now = {0, 0};
    static char much[1 << 20];
    int epoll = __wrap_epoll_create1(0);
    long sent;

    (void)state;
    assert_int_equal(both_connect(client), 0);
    struct twin accepted = both_accept(listener);
    int fd = client.fd[SIMULATED];
    sent = __wrap_send(fd, much, sizeof much, MSG_DONTWAIT);
    assert_in_range(sent, 1 << 16, sizeof much - 1);
    assert_int_equal(said(__wrap_send(fd, much, 1, MSG_DONTWAIT)), -EAGAIN);
    assert_int_equal(__wrap_epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    assert_int_equal(__wrap_epoll_pwait2(epoll, &event, 1, &now, NULL), 0);
    assert_int_equal(__wrap_recv(accepted.fd[SIMULATED], much, 4096, MSG_DONTWAIT),
                     4096);
    assert_int_equal(__wrap_epoll_pwait2(epoll, &event, 1, &now, NULL), 1);
    assert_int_equal(__wrap_epoll_pwait2(epoll, &event, 1, &now, NULL),
                     0); /* told once */
    assert_int_equal(__wrap_send(fd, much, sizeof much, MSG_DONTWAIT), 4096);
    __wrap_close(epoll);
    both_close(&client);
    both_close(&accepted);
    both_close(&listener);
    both_unlink();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_calls_on_a_connection_give_the_same_in_both_kernels),
        cmocka_unit_test(who_is_never_accepted_is_told_when_the_listener_goes),
        cmocka_unit_test(a_listener_whose_queue_is_full_says_again),
        cmocka_unit_test(a_reader_that_is_slow_stops_the_writer_until_it_reads),
    };

    return cmocka_run_group_tests_name("sim.kernel", tests, enter, leave);
}
