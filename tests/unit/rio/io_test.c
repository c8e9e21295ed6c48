/* io_test.c - which backend a loop gets, and what the epoll backend alone has to do.
 *
 * What a machine forbids is forbidden here by a seccomp filter, in a child: a filter
 * cannot be taken back.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

/* ---- forbidden system calls ---- */

/* From here on this process's calls of `number` fail with `err`. */
static bool forbid(long number, int err)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* seccomp_data.nr */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* Runs `look` in a child that may not make that call, and fails unless it says 0. */
static void without(long number, int err, int (*look)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(forbid(number, err) ? look() : 100);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static long sleep_a_bit(void *unused)
{
    int64_t start = rio_now();

    (void)unused;
    RIO_TRY(await(rio_sleep(2 * RIO_MS + 1)));
    return rio_now() - start >= 2 * RIO_MS + 1 ? 7 : -ERANGE;
}

/* Returns  0 the loop is epoll's, works, and gives a reason that begins so */
static int falls_back(const char *reason)
{
    rio_runner *r = rio_runner_new(0);
    rio_stats stats;

    if (r == NULL)
        return 1;
    rio_loop_stats(rio_runner_get_loop(r), &stats);
    if (strcmp(stats.io, "epoll") != 0)
        return 2;
    if (strncmp(stats.io_reason, reason, strlen(reason)) != 0)
        return 3;
    if (rio_runner_run(r, sleep_a_bit, NULL) != 7)
        return 4;
    rio_runner_free(r);
    return 0;
}

static int falls_back_on_eperm(void)
{
    return falls_back("io_uring_setup: EPERM; ");
}

static int falls_back_on_enosys(void)
{
    return falls_back("io_uring_setup: ENOSYS; ");
}

static int falls_back_on_einval(void)
{
    return falls_back("io_uring_setup: EINVAL; ");
}

static int falls_back_when_buffers_are_refused(void)
{
    return falls_back("io_uring_register: EOPNOTSUPP; ");
}

static void epoll_takes_over_where_io_uring_is_refused(void **state)
{
    (void)state;
    without(SYS_io_uring_setup, EPERM, falls_back_on_eperm);
    without(SYS_io_uring_setup, ENOSYS, falls_back_on_enosys);
    without(SYS_io_uring_setup, EINVAL, falls_back_on_einval);
    without(SYS_io_uring_register, EOPNOTSUPP, falls_back_when_buffers_are_refused);
}

static int is_out_of_memory(void)
{
    return rio_runner_new(0) == NULL && errno == ENOMEM ? 0 : 1;
}

static int insists_in_vain(void)
{
    return rio_runner_new(RIO_IO_URING) == NULL && errno == EPERM ? 0 : 1;
}

static void
no_memory_is_an_error_and_so_is_a_refusal_of_what_was_asked_for(void **state)
{
    (void)state;
    without(SYS_io_uring_setup, ENOMEM, is_out_of_memory);
    without(SYS_io_uring_setup, EPERM, insists_in_vain);
}

static int sleeps_on_epoll(void)
{
    rio_runner *r = rio_runner_new(RIO_IO_EPOLL);
    long rc = r == NULL ? -errno : rio_runner_run(r, sleep_a_bit, NULL);

    rio_runner_free(r);
    return rc == 7 ? 0 : 1;
}

static void an_old_epoll_never_wakes_too_early(void **state)
{
    (void)state;
    without(SYS_epoll_pwait2, ENOSYS, sleeps_on_epoll);
    without(SYS_epoll_pwait2, EPERM, sleeps_on_epoll);
}

static void a_backend_can_be_asked_for(void **state)
{
    rio_runner *r = rio_runner_new(RIO_IO_EPOLL);
    rio_stats stats;

    (void)state;
    assert_non_null(r);
    rio_loop_stats(rio_runner_get_loop(r), &stats);
    assert_string_equal(stats.io, "epoll");
    assert_string_equal(stats.io_reason, "");
    rio_runner_free(r);
    errno = 0;
    assert_null(rio_runner_new(RIO_IO_EPOLL | RIO_IO_URING));
    assert_int_equal(errno, EINVAL);
}

/* ---- what a call that does not wait makes difficult ---- */

static int listen_small(struct sockaddr_un *out)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof *out;

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (fd >= 0 && bind(fd, (struct sockaddr *)out, sizeof(sa_family_t)) == 0 &&
        listen(fd, 0) == 0 && getsockname(fd, (struct sockaddr *)out, &len) == 0)
        return fd;
    return -1;
}

struct caller {
    const struct sockaddr_un *to;
    int fd;
};

static long call(void *arg)
{
    struct caller *c = arg;

    /* A name that the kernel has chosen: a zero byte and five digits. */
    return await(
        rio_connect(c->fd, (const struct sockaddr *)c->to, sizeof(sa_family_t) + 6));
}

LOOP_TEST(a_connect_waits_for_room_in_the_queue)
{
    struct sockaddr_un name;
    int listener = listen_small(&name);
    struct caller callers[4];
    rio_task *tasks[4];

    EXPECT(listener >= 0);
    for (int i = 0; i < 4; i++) {
        callers[i] = (struct caller){&name, socket(AF_UNIX, SOCK_STREAM, 0)};
        tasks[i] = rio_create_task(call, &callers[i]);
    }
    for (int i = 0; i < 4; i++) {
        int fd = await(rio_accept(listener, NULL, NULL));

        EXPECT(fd >= 0);
        close(fd);
    }
    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(await(rio_join_unref(tasks[i])), 0);
        close(callers[i].fd);
    }
    close(listener);
    return 0;
}

enum { MUCH = 4 << 20 };

static long send_much(void *arg)
{
    char *bytes = calloc(1, MUCH);
    long rc = bytes == NULL ? -ENOMEM : await(rio_sendall(*(int *)arg, bytes, MUCH));

    free(bytes);
    return rc;
}

/* Both directions of one socket wait at the same time, and news of the one may not be
 * taken for news of the other. */
static long receive_all(void *arg)
{
    char *bytes = malloc(MUCH);
    long rc = bytes == NULL ? -ENOMEM
                            : await(rio_recv(*(int *)arg, bytes, MUCH, MSG_WAITALL));

    free(bytes);
    return rc;
}

LOOP_TEST(a_socket_is_full_in_both_directions)
{
    rio_task *tasks[4];
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < 2; i++)
        tasks[i] = rio_create_task(send_much, &fd[i]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    for (int i = 0; i < 2; i++)
        tasks[2 + i] = rio_create_task(receive_all, &fd[i]);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(await(rio_join_unref(tasks[i])), MUCH);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

static long receive_one(void *arg)
{
    char byte;

    return await(rio_recv(*(int *)arg, &byte, 1, 0));
}

LOOP_TEST(one_of_two_can_be_cancelled_and_the_other_goes_on)
{
    rio_task *gone, *stays;
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    gone = rio_create_task(receive_one, &fd[0]);
    stays = rio_create_task(receive_one, &fd[0]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_task_cancel(gone));
    EXPECT_EQ(await(rio_join_unref(gone)), -ECANCELED);
    EXPECT_EQ(await(rio_sendall(fd[1], "x", 1)), 1);
    EXPECT_EQ(await(rio_join_unref(stays)), 1);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

LOOP_TEST(a_number_that_is_used_again_is_another_descriptor)
{
    int before[2], after[2];
    rio_task *t;

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, before), 0);
    t = rio_create_task(receive_one, &before[0]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_sendall(before[1], "x", 1)), 1);
    EXPECT_EQ(await(rio_join_unref(t)), 1);
    close(before[0]);
    close(before[1]);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, after), 0);
    EXPECT_EQ(after[0], before[0]);
    t = rio_create_task(receive_one, &after[0]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(await(rio_sendall(after[1], "x", 1)), 1);
    EXPECT_EQ(await(rio_join_unref(t)), 1);
    close(after[0]);
    close(after[1]);
    return 0;
}

TEST_MAIN(
    cmocka_unit_test(epoll_takes_over_where_io_uring_is_refused),
    cmocka_unit_test(no_memory_is_an_error_and_so_is_a_refusal_of_what_was_asked_for),
    cmocka_unit_test(an_old_epoll_never_wakes_too_early),
    cmocka_unit_test(a_backend_can_be_asked_for),
    cmocka_unit_test(a_connect_waits_for_room_in_the_queue),
    cmocka_unit_test(a_socket_is_full_in_both_directions),
    cmocka_unit_test(one_of_two_can_be_cancelled_and_the_other_goes_on),
    cmocka_unit_test(a_number_that_is_used_again_is_another_descriptor))
