/* run_test - RUN: the runner: entry, end, Ctrl-C.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

static long returns_42(void *unused)
{
    (void)unused;
    RIO_TRY(await(rio_yield()));
    return 42;
}

static void test_RUN_01(void **state)
{
    (void)state;
    assert_int_equal(loop_test_main(returns_42, NULL), 42);
    assert_null(rio_get_running_loop());
}

static long fails_with_spam(void *unused)
{
    (void)unused;
    RIO_TRY(await(rio_yield()));
    return rio_error(ERR, "spam");
}

static void test_RUN_02(void **state)
{
    (void)state;
    assert_int_equal(loop_test_main(fails_with_spam, NULL), ERR);
    assert_string_equal(rio_task_error(NULL), "spam");
}

static void test_RUN_03(void **state)
{
    (void)state;
    assert_int_equal(loop_test_main(NULL, NULL), -EINVAL);
    assert_null(rio_get_running_loop());
    assert_int_equal(loop_test_main(returns_42, NULL), 42);
}

struct hanging {
    struct job job;
    rio_task *t;
    struct reports reports;
};

static long leaves_a_task(void *arg)
{
    struct hanging *h = arg;

    rio_set_exception_handler(count_reports, &h->reports);
    h->t = rio_create_task(work, &h->job);
    RIO_TRY(await(rio_yield()));
    return 123;
}

static void test_RUN_05(void **state)
{
    struct hanging h = {.job.delay = LONG_SLEEP};
    int64_t start = rio_now();

    (void)state;
    assert_int_equal(loop_test_main(leaves_a_task, &h), 123);
    assert_true(rio_now() - start < LONG_SLEEP);
    assert_true(rio_future_done(h.t));
    assert_true(rio_future_cancelled(h.t));
    assert_true(h.job.cancelled);
    assert_int_equal(h.reports.count, 0);
    rio_unref(h.t);
}

static void test_RUN_06(void **state)
{
    struct hanging h = {.job = {.delay = LONG_SLEEP, .answer = ERR}};

    (void)state;
    assert_int_equal(loop_test_main(leaves_a_task, &h), 123);
    assert_int_equal(h.reports.count, 1);
    assert_int_equal(h.reports.err, ERR);
    assert_non_null(strstr(h.reports.what, "during shutdown"));
    rio_unref(h.t);
    assert_int_equal(h.reports.count, 1);
}

struct numbers {
    struct reports reports;
    rio_task *t;
    bool closed;
};

static long endless(void *arg)
{
    struct numbers *n = arg;
    long rc = 0;

    for (int i = 0; rc == 0; i++)
        rc = await(rio_gen_yield(&i));
    n->closed = rc == -EPIPE;
    return rc;
}

static long iterates(void *arg)
{
    rio_gen *g = rio_gen_new(endless, arg, sizeof(int));
    long rc = 0;
    int v;

    while (rc == 0) {
        rc = await(rio_next(rio_gen_iter(g), &v));
        rc = rc == 1 ? await(rio_sleep(0)) : ERR2;
    }
    return rc == -ECANCELED ? ERR : rc; /* and leaves the generator as it is */
}

static long fails_with_a_generator(void *arg)
{
    struct numbers *n = arg;

    rio_set_exception_handler(count_reports, &n->reports);
    n->t = rio_create_task(iterates, n);
    RIO_TRY(await(settle()));
    return ERR2;
}

static void test_RUN_07(void **state)
{
    struct numbers n = {0};

    (void)state;
    assert_int_equal(loop_test_main(fails_with_a_generator, &n), ERR2);
    assert_int_equal(rio_future_result(n.t), ERR);
    assert_true(n.closed);
    rio_unref(n.t);
}

static long tells_loop(void *arg)
{
    *(rio_loop **)arg = rio_get_running_loop();
    return 1;
}

static void test_RUN_09(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    rio_loop *a = NULL, *b = NULL;

    (void)state;
    assert_int_equal(rio_runner_run(r, tells_loop, &a), 1);
    assert_int_equal(rio_runner_run(r, tells_loop, &b), 1);
    assert_non_null(a);
    assert_ptr_equal(a, b);
    assert_ptr_equal(rio_runner_get_loop(r), a);
    assert_int_equal(rio_runner_close(r), 0);
    assert_null(rio_runner_get_loop(r));
    assert_int_equal(errno, EBADF);
    assert_int_equal(rio_runner_run(r, tells_loop, &a), -EBADF);
    rio_runner_free(r);
}

static void test_RUN_10(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());

    (void)state;
    assert_int_equal(rio_runner_close(r), 0);
    assert_int_equal(rio_runner_close(r), 0);
    rio_runner_free(r);
    rio_runner_free(NULL);
}

static long counts(void *arg)
{
    return ++*(int *)arg;
}

static void test_RUN_11(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    int ran = 0;

    (void)state;
    assert_int_equal(rio_runner_run(r, counts, &ran), 1);
    assert_int_equal(rio_runner_close(r), 0);
    assert_int_equal(rio_runner_run(r, counts, &ran), -EBADF);
    assert_int_equal(ran, 1);
    rio_runner_free(r);
}

static const rio_ctxvar number = {NULL};

static long swaps_number(void *value)
{
    long old = (long)(intptr_t)rio_ctxvar_get(&number);

    RIO_TRY(await(rio_yield()));
    RIO_TRY(rio_ctxvar_set(&number, value));
    return old;
}

static void test_RUN_13(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io()),
               *other = rio_runner_new(loop_test_io());

    (void)state;
    for (intptr_t i = 0; i < 3; i++)
        assert_int_equal(rio_runner_run(r, swaps_number, (void *)(i + 1)), i);
    assert_int_equal(rio_runner_run(other, swaps_number, NULL), 0);
    rio_runner_free(r);
    rio_runner_free(other);
}

static long interrupt(void *unused)
{
    (void)unused;
    return raise(SIGINT);
}

static long loops_for_ever(void *arg)
{
    long *rc = arg;

    (void)rio_call_later(10 * RIO_MS, interrupt, NULL);
    do
        *rc = await(rio_sleep(0));
    while (*rc == 0);
    return *rc;
}

static void test_RUN_14(void **state)
{
    long rc = 0;

    (void)state;
    assert_int_equal(loop_test_main(loops_for_ever, &rc), -EINTR);
    assert_int_equal(rc, -ECANCELED);
}

static long waits_for_ever(void *arg)
{
    rio_future **f = arg;

    *f = rio_future_new();
    (void)rio_call_later(10 * RIO_MS, interrupt, NULL);
    return await(rio_join(*f));
}

static void test_RUN_15(void **state)
{
    rio_future *f = NULL;

    (void)state;
    assert_int_equal(loop_test_main(waits_for_ever, &f), -EINTR);
    assert_true(rio_future_cancelled(f));
    rio_unref(f);
}

static long ignores_the_first(void *unused)
{
    (void)unused;
    (void)rio_call_soon(interrupt, NULL);
    if (await(rio_sleep(LONG_SLEEP)) != -ECANCELED)
        return 1;
    (void)rio_task_uncancel(rio_current_task());
    (void)raise(SIGINT); /* its default action ends the process */
    return 2;
}

static void test_RUN_17(void **state)
{
    int status = 0;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit((int)loop_test_main(ignores_the_first, NULL));
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static volatile sig_atomic_t own_interrupts;

static void on_own_interrupt(int signo)
{
    (void)signo;
    own_interrupts++;
}

static long interrupts_itself(void *unused)
{
    (void)unused;
    (void)raise(SIGINT);
    return await(settle());
}

static void test_RUN_18(void **state)
{
    struct sigaction own = {.sa_handler = on_own_interrupt}, old, now;

    (void)state;
    assert_int_equal(sigaction(SIGINT, &own, &old), 0);
    own_interrupts = 0;
    assert_int_equal(loop_test_main(interrupts_itself, NULL), 0);
    assert_int_equal(own_interrupts, 1);
    assert_int_equal(sigaction(SIGINT, &old, &now), 0);
    assert_ptr_equal(now.sa_handler, on_own_interrupt);
    assert_int_equal(loop_test_main(returns_42, NULL), 42);
    assert_int_equal(sigaction(SIGINT, NULL, &now), 0);
    assert_ptr_equal(now.sa_handler, old.sa_handler);
}

static long sleeps_20_ms(void *unused)
{
    int64_t start = rio_now();

    (void)unused;
    RIO_TRY(await(rio_sleep(20 * RIO_MS)));
    return rio_now() - start >= 20 * RIO_MS ? 0 : ERR;
}

static void test_RUN_19(void **state)
{
    (void)state;
    assert_int_equal(loop_test_main(sleeps_20_ms, NULL), 0);
}

struct nested {
    rio_runner *r;
    int ran;
};

static long runs_again(void *arg)
{
    struct nested *n = arg;

    if (rio_run(counts, &n->ran) != -EBUSY)
        return ERR;
    return rio_runner_run(n->r, counts, &n->ran);
}

static void test_RUN_21(void **state)
{
    struct nested n = {.r = rio_runner_new(loop_test_io())};

    (void)state;
    assert_int_equal(rio_runner_run(n.r, runs_again, &n), -EBUSY);
    assert_int_equal(n.ran, 0);
    rio_runner_free(n.r);
}

struct stops {
    rio_task *t;
    int turns;
};

static long stops_in_the_second(void *arg)
{
    struct stops *s = arg;

    s->t = rio_ref(rio_current_task());
    for (int i = 0; i < 10; i++) {
        RIO_TRY(await(rio_sleep(2 * RIO_MS)));
        if (++s->turns == 2)
            rio_loop_stop(rio_get_running_loop());
    }
    return 0;
}

static long cancels(void *arg)
{
    rio_task_cancel(arg);
    return await(rio_join_unref(arg));
}

static void test_RUN_22(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct stops s = {0};

    (void)state;
    assert_int_equal(rio_runner_run(r, stops_in_the_second, &s), -EINTR);
    assert_false(rio_future_done(s.t));
    assert_int_equal(s.turns, 2);
    assert_int_equal(rio_runner_run(r, cancels, s.t), -ECANCELED);
    assert_int_equal(s.turns, 2);
    rio_runner_free(r);
}

static long stop_the_loop(void *unused)
{
    (void)unused;
    rio_loop_stop(rio_get_running_loop());
    return 0;
}

static long is_broken_off(void *unused)
{
    (void)unused;
    (void)rio_call_soon(stop_the_loop, NULL);
    return await(rio_sleep(LONG_SLEEP));
}

static void test_RUN_23(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());

    (void)state;
    assert_int_equal(rio_runner_run(r, is_broken_off, NULL), -EINTR);
    assert_int_equal(rio_runner_run(r, sleeps_20_ms, NULL), 0);
    assert_int_equal(rio_runner_run(r, returns_42, NULL), 42);
    rio_runner_free(r);
}

static long closes_its_loop(void *runner)
{
    if (rio_runner_close(runner) != -EBUSY)
        return ERR;
    RIO_TRY(await(rio_sleep(RIO_MS)));
    return 7;
}

static void test_RUN_25(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());

    (void)state;
    assert_int_equal(rio_runner_run(r, closes_its_loop, r), 7);
    rio_runner_free(r);
}

static void test_RUN_26(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct job j = {0};

    (void)state;
    assert_int_equal(rio_runner_close(r), 0);
    assert_int_equal(rio_runner_run(r, work, &j), -EBADF);
    errno = 0;
    assert_null(rio_create_task(work, &j));
    assert_int_equal(errno, EPERM);
    assert_null(rio_create_task_copy(work, &j, sizeof j));
    assert_false(j.started);
    rio_runner_free(r);
}

TEST_MAIN(cmocka_unit_test(test_RUN_01), cmocka_unit_test(test_RUN_02),
          cmocka_unit_test(test_RUN_03), cmocka_unit_test(test_RUN_05),
          cmocka_unit_test(test_RUN_06), cmocka_unit_test(test_RUN_07),
          cmocka_unit_test(test_RUN_09), cmocka_unit_test(test_RUN_10),
          cmocka_unit_test(test_RUN_11), cmocka_unit_test(test_RUN_13),
          cmocka_unit_test(test_RUN_14), cmocka_unit_test(test_RUN_15),
          cmocka_unit_test(test_RUN_17), cmocka_unit_test(test_RUN_18),
          cmocka_unit_test(test_RUN_19), cmocka_unit_test(test_RUN_21),
          cmocka_unit_test(test_RUN_22), cmocka_unit_test(test_RUN_23),
          cmocka_unit_test(test_RUN_25), cmocka_unit_test(test_RUN_26))
