/* sig_test - SIG: signals and fork.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

struct heard {
    int n;
    rio_event event;
};

static long hear(void *arg)
{
    struct heard *h = arg;

    h->n++;
    rio_event_set(&h->event);
    return 0;
}

LOOP_TEST(test_SIG_01)
{
    struct heard h = {0};

    EXPECT_EQ(rio_add_signal_handler(0, hear, &h), -EINVAL);
    EXPECT_EQ(rio_add_signal_handler(-1, hear, &h), -EINVAL);
    EXPECT_EQ(rio_add_signal_handler(NSIG + 1, hear, &h), -EINVAL);
    EXPECT_EQ(rio_add_signal_handler(SIGKILL, hear, &h), -EINVAL);
    EXPECT_EQ(rio_add_signal_handler(SIGINT, hear, &h), 0);
    EXPECT_EQ(raise(SIGINT), 0);
    EXPECT_EQ(await(rio_event_wait(&h.event)), 0);
    EXPECT_EQ(h.n, 1);
    EXPECT_EQ(rio_remove_signal_handler(SIGINT), 1);
    EXPECT_EQ(rio_remove_signal_handler(SIGINT), 0);
    return 0;
}

LOOP_TEST(test_SIG_02)
{
    struct heard h = {0};
    struct itimerval soon = {.it_value.tv_usec = 10000};

    EXPECT_EQ(rio_add_signal_handler(SIGALRM, hear, &h), 0);
    EXPECT_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
    EXPECT_EQ(await(rio_event_wait(&h.event)), 0);
    EXPECT_EQ(await(rio_sleep(5 * RIO_MS)), 0);
    EXPECT_EQ(h.n, 1);
    EXPECT_EQ(rio_remove_signal_handler(SIGALRM), 1);
    return 0;
}

LOOP_TEST(test_SIG_03)
{
    struct heard a = {0}, b = {0};

    EXPECT_EQ(rio_add_signal_handler(SIGUSR1, hear, &a), 0);
    EXPECT_EQ(rio_add_signal_handler(SIGUSR2, hear, &b), 0);
    EXPECT_EQ(raise(SIGUSR2), 0);
    EXPECT_EQ(await(rio_event_wait(&b.event)), 0);
    EXPECT_EQ(a.n, 0);
    EXPECT_EQ(b.n, 1);
    EXPECT_EQ(rio_remove_signal_handler(SIGUSR1), 1);
    EXPECT_EQ(rio_remove_signal_handler(SIGUSR2), 1);
    return 0;
}

LOOP_TEST(test_SIG_05)
{
    struct heard h = {0};
    int status = 0;
    pid_t pid;

    EXPECT_EQ(rio_add_signal_handler(SIGTERM, hear, &h), 0);
    pid = fork();
    if (pid == 0)
        for (;;)
            (void)pause();
    EXPECT(pid > 0);
    EXPECT_EQ(kill(pid, SIGTERM), 0);
    EXPECT_EQ(await(rio_sleep(10 * RIO_MS)), 0);
    EXPECT_EQ(h.n, 0);
    EXPECT_EQ(kill(pid, SIGKILL), 0);
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(raise(SIGTERM), 0); /* the loop still hears its own */
    EXPECT_EQ(await(rio_event_wait(&h.event)), 0);
    EXPECT_EQ(rio_remove_signal_handler(SIGTERM), 1);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_SIG_01), cmocka_unit_test(test_SIG_02),
          cmocka_unit_test(test_SIG_03), cmocka_unit_test(test_SIG_05))
