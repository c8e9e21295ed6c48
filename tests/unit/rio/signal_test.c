/* signal_test - signals as events of the loop.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>

#include "support/rio_test.h"
#include "support/test.h"

static long count(void *arg)
{
    ++*(int *)arg;
    return 0;
}

LOOP_TEST(bad_numbers_are_refused)
{
    int n = 0;
    int bad[] = {0, -1, NSIG, SIGKILL, SIGSTOP};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT_EQ(rio_add_signal_handler(bad[i], count, &n), -EINVAL);
        EXPECT_EQ(rio_remove_signal_handler(bad[i]), -EINVAL);
        EXPECT_EQ(await(rio_signal_wait(bad[i])), -EINVAL);
    }
    EXPECT_EQ(rio_add_signal_handler(SIGUSR1, NULL, &n), -EINVAL);
    return 0;
}

LOOP_TEST(what_has_a_handler_cannot_be_waited_for)
{
    int n = 0;

    EXPECT_EQ(rio_add_signal_handler(SIGINT, count, &n), 0);
    EXPECT_EQ(raise(SIGINT), 0);
    EXPECT_EQ(n, 0); /* not before its turn */
    EXPECT_EQ(await(rio_signal_wait(SIGINT)), -EBUSY);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(n, 1);
    EXPECT_EQ(rio_remove_signal_handler(SIGINT), 1);
    return 0;
}

static long wait_usr1(void *arg)
{
    (void)arg;
    return await(rio_signal_wait(SIGUSR1));
}

static long send_usr1(void *arg)
{
    (void)arg;
    return raise(SIGUSR1) == 0 ? 0 : -errno;
}

LOOP_TEST(tasks_wait_for_a_signal)
{
    rio_task *a = rio_create_task(wait_usr1, NULL),
             *b = rio_create_task(wait_usr1, NULL);

    rio_call_later(RIO_MS, send_usr1, NULL);
    EXPECT_EQ(await(rio_join_unref(a)), SIGUSR1);
    EXPECT_EQ(await(rio_join_unref(b)), SIGUSR1);
    return 0;
}

LOOP_TEST(a_signal_between_two_waits_is_kept)
{
    rio_call_later(RIO_MS, send_usr1, NULL);
    EXPECT_EQ(await(rio_signal_wait(SIGUSR1)), SIGUSR1);
    EXPECT_EQ(raise(SIGUSR1), 0); /* nobody waits: its default would end the process */
    EXPECT_EQ(await(rio_signal_wait(SIGUSR1)), SIGUSR1);
    EXPECT_EQ(await(rio_wait_for_call(wait_usr1, NULL, 2 * RIO_MS)), -ETIMEDOUT);
    return 0;
}

static long leave_a_handler(void *arg)
{
    return rio_add_signal_handler(SIGUSR2, count, arg);
}

static void the_end_of_a_run_unblocks_its_signals(void **state)
{
    int n = 0;
    sigset_t set;

    (void)state;
    assert_int_equal(loop_test_run_leaky(leave_a_handler, &n), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
    assert_int_equal(sigismember(&set, SIGUSR2), 0);
}

TEST_MAIN(cmocka_unit_test(bad_numbers_are_refused),
          cmocka_unit_test(what_has_a_handler_cannot_be_waited_for),
          cmocka_unit_test(tasks_wait_for_a_signal),
          cmocka_unit_test(a_signal_between_two_waits_is_kept),
          cmocka_unit_test(the_end_of_a_run_unblocks_its_signals))
