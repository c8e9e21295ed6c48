/* executor_test - executors, abandoned work, and coroutines for other threads.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "support/rio_test.h"
#include "support/test.h"

/* ---- run_in_executor ---- */

struct sum {
    long a, b;
};

static long add(void *arg)
{
    struct sum *s = arg;

    return s->a + s->b;
}

static long say_no(void *arg)
{
    (void)arg;
    return rio_error(-EIO, "thread %d says no", 7);
}

static long is_thread(void *arg)
{
    return !pthread_equal(*(pthread_t *)arg, pthread_self());
}

LOOP_TEST(a_function_runs_in_an_executor_with_its_own_copy)
{
    rio_executor *e = rio_executor_new(1);
    pthread_t self = pthread_self();
    struct sum s = {40, 2};
    rio_future *f = rio_run_in_executor(e, add, &s, sizeof s);

    s = (struct sum){0, 0};
    EXPECT_EQ(await(rio_join_unref(f)), 42);
    EXPECT_EQ(await(rio_join_unref(rio_run_in_executor(e, is_thread, &self, 0))), 1);
    EXPECT_EQ(await(rio_executor_shutdown(e, RIO_FOREVER)), 0);
    return 0;
}

LOOP_TEST(an_error_comes_with_its_message)
{
    rio_future *f = rio_run_in_executor(NULL, say_no, NULL, 0);

    EXPECT_EQ(await(rio_join(f)), -EIO);
    EXPECT(strcmp(rio_task_error(f), "thread 7 says no") == 0);
    rio_unref(f);
    return 0;
}

LOOP_TEST(nonsense_is_refused)
{
    struct sum s = {1, 2};

    EXPECT(rio_run_in_executor(NULL, NULL, NULL, 0) == NULL && errno == EINVAL);
    EXPECT(rio_run_in_executor(NULL, add, NULL, 1) == NULL && errno == EINVAL);
    EXPECT(rio_run_in_executor(NULL, add, &s, SIZE_MAX) == NULL && errno == ENOMEM);
    EXPECT(rio_executor_new(1025) == NULL && errno == EINVAL);
    EXPECT_EQ(await(rio_executor_shutdown(NULL, 0)), 0); /* none was made yet */
    return 0;
}

static void executors_need_a_loop(void **state)
{
    (void)state;
    assert_null(rio_executor_new(1));
    assert_int_equal(errno, EPERM);
    assert_null(rio_run_in_executor(NULL, say_no, NULL, 0));
    assert_int_equal(errno, EPERM);
}

/* ---- work that is held up until the test lets it go ---- */

struct gate {
    sem_t entered, go;
    atomic_int passed;
};

static void gate_init(struct gate *g)
{
    (void)sem_init(&g->entered, 0, 0);
    (void)sem_init(&g->go, 0, 0);
    atomic_store(&g->passed, 0);
}

static long pass_gate(void *arg)
{
    struct gate *g = *(struct gate **)arg;

    (void)sem_post(&g->entered);
    while (sem_wait(&g->go) < 0)
        continue;
    return atomic_fetch_add(&g->passed, 1) + 1;
}

static rio_future *send_to_gate(rio_executor *e, struct gate *g)
{
    return rio_run_in_executor(e, pass_gate, &g, sizeof(struct gate *));
}

static struct gate gate;

LOOP_TEST(what_no_thread_has_taken_is_withdrawn)
{
    rio_executor *e = rio_executor_new(1);
    rio_future *running, *queued;

    gate_init(&gate);
    running = send_to_gate(e, &gate);
    queued = send_to_gate(e, &gate);
    (void)sem_wait(&gate.entered);
    EXPECT(rio_task_cancel(queued));
    EXPECT_EQ(await(rio_join_unref(queued)), -ECANCELED);
    (void)sem_post(&gate.go);
    EXPECT_EQ(await(rio_join_unref(running)), 1);
    EXPECT_EQ(await(rio_executor_shutdown(e, RIO_FOREVER)), 0);
    EXPECT_EQ(atomic_load(&gate.passed), 1);
    return 0;
}

static unsigned reports;

static long count_reports(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l;
    (void)what;
    (void)arg;
    reports += err == -ETIMEDOUT;
    return 0;
}

static long abandon(void *unused)
{
    rio_executor *e = rio_executor_new(1);
    rio_future *f = send_to_gate(e, &gate);

    (void)unused;
    rio_set_exception_handler(count_reports, NULL);
    (void)sem_wait(&gate.entered);
    EXPECT(rio_task_cancel(f));
    EXPECT_EQ(await(rio_join_unref(f)), -ECANCELED); /* at once: fn still runs */
    EXPECT_EQ(atomic_load(&gate.passed), 0);
    EXPECT_EQ(await(rio_executor_shutdown(e, 0)), -ETIMEDOUT);
    (void)sem_post(&gate.go);
    return 0;
}

static void abandoned_work_ends_with_the_loop(void **state)
{
    (void)state;
    gate_init(&gate);
    reports = 0;
    assert_int_equal(loop_test_main(abandon, NULL), 0);
    assert_int_equal(atomic_load(&gate.passed), 1);
    assert_int_equal(reports, 1);
}

LOOP_TEST(a_shut_down_executor_finishes_its_work_and_takes_no_more)
{
    rio_executor *e = rio_executor_new(1);
    rio_future *f[3];

    gate_init(&gate);
    for (int i = 0; i < 3; i++) {
        f[i] = send_to_gate(e, &gate);
        (void)sem_post(&gate.go);
    }
    EXPECT_EQ(await(rio_executor_shutdown(e, RIO_FOREVER)), 0);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(f[i])), i + 1);
    return 0;
}

static long shut_down(void *arg)
{
    return await(rio_executor_shutdown(arg, RIO_FOREVER));
}

LOOP_TEST(an_executor_that_shuts_down_refuses)
{
    rio_executor *e = rio_executor_new(2);
    rio_future *f;
    rio_task *t;

    gate_init(&gate);
    rio_set_default_executor(e);
    f = send_to_gate(NULL, &gate);
    t = rio_create_task(shut_down, NULL); /* the default one is e */
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(send_to_gate(e, &gate) == NULL && errno == ESHUTDOWN);
    EXPECT_EQ(await(rio_executor_shutdown(e, 0)), -EINVAL); /* it is already */
    (void)sem_post(&gate.go);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(await(rio_join_unref(f)), 1);
    EXPECT_EQ(await(rio_to_thread(say_no, NULL)), -EIO); /* in a new default one */
    return 0;
}

static long leave_work(void *unused)
{
    rio_executor *e = rio_executor_new(1);

    (void)unused;
    for (int i = 0; i < 5; i++) {
        rio_unref(send_to_gate(e, &gate));
        (void)sem_post(&gate.go);
    }
    return 0;
}

static void work_left_in_the_queue_is_done_before_the_end(void **state)
{
    (void)state;
    gate_init(&gate);
    assert_int_equal(loop_test_main(leave_work, NULL), 0);
    assert_int_equal(atomic_load(&gate.passed), 5);
}

LOOP_TEST(a_pool_grows_to_its_limit)
{
    enum { THREADS = 3, JOBS = 9 };
    rio_executor *e = rio_executor_new(THREADS);
    rio_future *f[JOBS];
    int entered = 0;

    gate_init(&gate);
    for (int i = 0; i < JOBS; i++)
        f[i] = send_to_gate(e, &gate);
    for (int i = 0; i < THREADS; i++)
        (void)sem_wait(&gate.entered);
    EXPECT_EQ(sem_getvalue(&gate.entered, &entered), 0);
    EXPECT_EQ(entered, 0);
    for (int i = 0; i < JOBS; i++)
        (void)sem_post(&gate.go);
    EXPECT_EQ(await(rio_gather(f, JOBS, NULL, 0)), 0);
    for (int i = 0; i < JOBS; i++)
        rio_unref(f[i]);
    EXPECT_EQ(await(rio_executor_shutdown(e, RIO_FOREVER)), 0);
    return 0;
}

/* ---- run_coroutine_threadsafe ---- */

static long double_it(void *arg)
{
    RIO_TRY(await(rio_sleep(RIO_MS)));
    return *(long *)arg < 0 ? rio_error(*(long *)arg, "so be it") : *(long *)arg * 2;
}

struct asker {
    rio_loop *loop;
    rio_fn *fn;
    void *arg;
    int64_t timeout;
    long rc;
    char msg[32];
};

static long ask(void *arg)
{
    struct asker *a = arg;
    const char *msg;

    a->rc = rio_run_coroutine_threadsafe(a->loop, a->fn, a->arg, a->timeout);
    msg = rio_task_error(NULL);
    (void)snprintf(a->msg, sizeof a->msg, "%s", msg == NULL ? "" : msg);
    return 0;
}

LOOP_TEST(a_thread_gets_what_a_coroutine_returns)
{
    long three = 3, bad = -EPROTO;
    struct asker a = {rio_get_running_loop(), double_it, &three, RIO_FOREVER, 0, ""};

    EXPECT_EQ(await(rio_to_thread(ask, &a)), 0);
    EXPECT_EQ(a.rc, 6);
    EXPECT_EQ(a.msg[0], 0);
    a.arg = &bad;
    EXPECT_EQ(await(rio_to_thread(ask, &a)), 0);
    EXPECT_EQ(a.rc, -EPROTO);
    EXPECT(strcmp(a.msg, "so be it") == 0);
    EXPECT_EQ(rio_run_coroutine_threadsafe(a.loop, double_it, &three, 0), -EDEADLK);
    EXPECT_EQ(rio_run_coroutine_threadsafe(a.loop, NULL, &three, 0), -EINVAL);
    return 0;
}

static long sleep_long(void *arg)
{
    long rc = await(rio_sleep(3600 * RIO_SEC));

    atomic_fetch_add((atomic_int *)arg, rc == -ECANCELED);
    return rc;
}

static long sleep_stubbornly(void *arg)
{
    (void)arg;
    RIO_IGNORE(await(rio_sleep(3600 * RIO_SEC)));
    rio_task_uncancel(rio_current_task());
    return 11;
}

LOOP_TEST(a_late_coroutine_is_cancelled_and_waited_for)
{
    atomic_int cancelled = 0;
    struct asker a = {
        rio_get_running_loop(), sleep_long, &cancelled, 20 * RIO_MS, 0, ""};
    size_t tasks;

    EXPECT_EQ(await(rio_to_thread(ask, &a)), 0);
    EXPECT_EQ(a.rc, -ETIMEDOUT);
    tasks = rio_all_tasks(NULL, 0);
    EXPECT_EQ(tasks, 1);
    a.timeout = 0; /* it may, or may not, have started */
    EXPECT_EQ(await(rio_to_thread(ask, &a)), 0);
    EXPECT_EQ(a.rc, -ETIMEDOUT);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_all_tasks(NULL, 0), 1);
    return 0;
}

LOOP_TEST(a_result_beats_the_limit)
{
    struct asker a = {
        rio_get_running_loop(), sleep_stubbornly, NULL, 20 * RIO_MS, 0, ""};

    EXPECT_EQ(await(rio_to_thread(ask, &a)), 0);
    EXPECT(a.rc == 11 || a.rc == -ETIMEDOUT); /* the latter: not started in time */
    return 0;
}

static void *ask_in_thread(void *arg)
{
    (void)ask(arg);
    return NULL;
}

static void a_closing_loop_lets_the_thread_go(void **state)
{
    atomic_int cancelled = 0;
    rio_runner *r = rio_runner_new(loop_test_io());
    struct asker a = {
        rio_runner_get_loop(r), sleep_long, &cancelled, RIO_FOREVER, 0, ""};
    pthread_t t;

    (void)state;
    assert_int_equal(pthread_create(&t, NULL, ask_in_thread, &a), 0);
    assert_int_equal(rio_runner_run_once(r, RIO_SEC), 0); /* it arrives */
    assert_int_equal(rio_runner_close(r), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_true(a.rc == -ECANCELED || a.rc == -EBADF);
    (void)ask(&a);
    assert_int_equal(a.rc, -EDEADLK); /* our own thread */
    assert_int_equal(pthread_create(&t, NULL, ask_in_thread, &a), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(a.rc, -EBADF);
    rio_runner_free(r);
}

TEST_MAIN(cmocka_unit_test(a_function_runs_in_an_executor_with_its_own_copy),
          cmocka_unit_test(an_error_comes_with_its_message),
          cmocka_unit_test(nonsense_is_refused),
          cmocka_unit_test(executors_need_a_loop),
          cmocka_unit_test(what_no_thread_has_taken_is_withdrawn),
          cmocka_unit_test(abandoned_work_ends_with_the_loop),
          cmocka_unit_test(a_shut_down_executor_finishes_its_work_and_takes_no_more),
          cmocka_unit_test(an_executor_that_shuts_down_refuses),
          cmocka_unit_test(work_left_in_the_queue_is_done_before_the_end),
          cmocka_unit_test(a_pool_grows_to_its_limit),
          cmocka_unit_test(a_thread_gets_what_a_coroutine_returns),
          cmocka_unit_test(a_late_coroutine_is_cancelled_and_waited_for),
          cmocka_unit_test(a_result_beats_the_limit),
          cmocka_unit_test(a_closing_loop_lets_the_thread_go))
