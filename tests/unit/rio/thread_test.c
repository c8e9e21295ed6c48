/* thread_test - blocking code in threads, and callbacks from them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

static void block(int64_t ns)
{
    struct timespec ts = {ns / RIO_SEC, ns % RIO_SEC};

    (void)nanosleep(&ts, NULL);
}

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

static long thread_id(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return rio_current_task() == NULL && rio_get_running_loop() == NULL;
}

LOOP_TEST(a_function_runs_in_a_thread)
{
    struct sum s = {40, 2};
    pthread_t id;

    EXPECT_EQ(await(rio_to_thread(add, &s)), 42);
    EXPECT_EQ(await(rio_to_thread(say_no, NULL)), -EIO);
    EXPECT(strcmp(rio_task_error(NULL), "thread 7 says no") == 0);
    EXPECT_EQ(await(rio_to_thread(thread_id, &id)), 1);
    EXPECT(!pthread_equal(id, pthread_self()));
    EXPECT_EQ(await(rio_to_thread(NULL, NULL)), -EINVAL);
    return 0;
}

struct call {
    atomic_int *running, *most;
    int calls;
};

static long blocking_call(void *arg)
{
    struct call *c = arg;
    int now = atomic_fetch_add(c->running, 1) + 1;

    c->calls++;
    if (now > atomic_load(c->most))
        atomic_store(c->most, now);
    block(2 * RIO_MS);
    atomic_fetch_sub(c->running, 1);
    return 0;
}

static long in_thread(void *arg)
{
    return await(rio_to_thread(blocking_call, arg));
}

LOOP_TEST(calls_run_side_by_side_once_each)
{
    enum { N = 100 };
    static struct call c[N];
    atomic_int running = 0, most = 0;

    for (int i = 0; i < N; i++)
        c[i] = (struct call){&running, &most, 0};
    EXPECT_EQ(RIO_GATHER_ARRAY(in_thread, c), 0);
    for (int i = 0; i < N; i++)
        EXPECT_EQ(c[i].calls, 1);
    EXPECT(most > 1 && most <= 16);
    return 0;
}

struct slow {
    atomic_bool *go;
    atomic_bool started, ended;
};

static long be_slow(void *arg)
{
    struct slow *s = arg;

    atomic_store(&s->started, true);
    while (!atomic_load(s->go))
        block(100 * RIO_US);
    atomic_store(&s->ended, true);
    return 5;
}

static long call_slow(void *arg)
{
    struct slow *s = arg;
    long rc = await(rio_to_thread(be_slow, s));

    if (rc == -ECANCELED)
        return rc; /* withdrawn */
    if (!atomic_load(&s->ended))
        return -EPROTO; /* the thread still uses *s */
    return await(rio_yield()) == -ECANCELED ? rc : -EPROTO;
}

LOOP_TEST(a_cancelled_call_returns_when_the_function_has_ended)
{
    atomic_bool go = false;
    struct slow s = {.go = &go};
    rio_task *t = rio_create_task(call_slow, &s);

    while (!atomic_load(&s.started))
        EXPECT_EQ(await(rio_sleep(100 * RIO_US)), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_sleep(2 * RIO_MS)), 0);
    EXPECT(!rio_future_done(t));
    atomic_store(&go, true);
    EXPECT_EQ(await(rio_join_unref(t)), 5); /* and the cancel came at the yield */
    return 0;
}

LOOP_TEST(a_call_that_no_thread_has_taken_is_withdrawn)
{
    enum { N = 40, THREADS = 16 };
    static struct slow s[N];
    static atomic_bool go;
    rio_task *t[N];
    int started = 0, withdrawn = 0;

    for (int i = 0; i < N; i++) {
        s[i].go = &go;
        t[i] = rio_create_task(call_slow, &s[i]);
    }
    while (started < THREADS) {
        EXPECT_EQ(await(rio_sleep(100 * RIO_US)), 0);
        started = 0;
        for (int i = 0; i < N; i++)
            started += atomic_load(&s[i].started);
    }
    for (int i = 0; i < N; i++)
        rio_task_cancel(t[i]);
    EXPECT_EQ(await(loop_test_settle()), 0);
    for (int i = 0; i < N; i++)
        withdrawn += rio_future_cancelled(t[i]);
    EXPECT_EQ(withdrawn, N - THREADS);
    atomic_store(&go, true);
    for (int i = 0; i < N; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])),
                  atomic_load(&s[i].ended) ? 5 : -ECANCELED);
    return 0;
}

/* ---- callbacks from other threads ---- */

struct caller {
    rio_loop *loop;
    atomic_int calls;
    int n;
};

static long called(void *arg)
{
    atomic_fetch_add(&((struct caller *)arg)->calls, 1);
    return 0;
}

static void *call_often(void *arg)
{
    struct caller *c = arg;

    for (int i = 0; i < c->n; i++) {
        if (rio_call_soon_threadsafe(c->loop, called, c) < 0)
            return c;
        if (i % 16 == 0)
            block(50 * RIO_US);
    }
    return NULL;
}

LOOP_TEST(no_callback_of_a_thread_is_lost) /* LOOP-13, LOOP-15 */
{
    enum { THREADS = 4 };
    struct caller c = {.loop = rio_get_running_loop(), .n = 2000};
    pthread_t t[THREADS];
    void *failed;

    for (int i = 0; i < THREADS; i++)
        EXPECT_EQ(pthread_create(&t[i], NULL, call_often, &c), 0);
    while (atomic_load(&c.calls) < THREADS * 2000)
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    for (int i = 0; i < THREADS; i++) {
        EXPECT_EQ(pthread_join(t[i], &failed), 0);
        EXPECT(failed == NULL);
    }
    return 0;
}

static long set_event(void *arg)
{
    rio_event_set(arg);
    return 0;
}

struct waker {
    rio_loop *loop;
    rio_event *event;
};

static void *wake_later(void *arg)
{
    struct waker *w = arg;

    block(5 * RIO_MS);
    return rio_call_soon_threadsafe(w->loop, set_event, w->event) < 0 ? w : NULL;
}

LOOP_TEST(a_thread_wakes_a_loop_that_has_nothing_else)
{
    rio_event e = {0};
    struct waker w = {rio_get_running_loop(), &e};
    pthread_t t;

    EXPECT_EQ(pthread_create(&t, NULL, wake_later, &w), 0);
    EXPECT_EQ(await(rio_event_wait(&e)), 0);
    EXPECT_EQ(pthread_join(t, NULL), 0);
    return 0;
}

static void *call_while_it_stops(void *arg)
{
    struct caller *c = arg;

    while (atomic_load(&c->calls) >= 0) {
        if (rio_call_soon_threadsafe(c->loop, called, c) == -EBADF)
            return NULL; /* the loop is closed */
        block(200 * RIO_US);
    }
    return NULL;
}

static long yield_a_bit(void *arg)
{
    (void)arg;
    return await(rio_sleep(300 * RIO_US));
}

static void a_loop_that_stops_and_starts_loses_no_callback(void **state) /* LOOP-15 */
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct caller c = {.loop = rio_runner_get_loop(r)};
    pthread_t t;

    (void)state;
    assert_int_equal(pthread_create(&t, NULL, call_while_it_stops, &c), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rio_runner_run(r, yield_a_bit, NULL), 0);
    assert_true(atomic_load(&c.calls) > 0);
    assert_int_equal(rio_runner_close(r), 0);
    assert_int_equal(pthread_join(t, NULL), 0); /* it saw -EBADF */
    assert_int_equal(rio_call_soon_threadsafe(c.loop, called, &c), -EBADF);
    rio_runner_free(r);
}

struct foreign {
    rio_runner *runner;
    int run, once, soon, close;
};

static void *use_from_elsewhere(void *arg)
{
    struct foreign *f = arg;

    f->run = (int)rio_runner_run(f->runner, yield_a_bit, NULL);
    f->once = rio_runner_run_once(f->runner, 0);
    f->soon = rio_call_soon(called, NULL) == 0 ? errno : 0;
    f->close = rio_runner_close(f->runner);
    return NULL;
}

static void another_thread_may_not_run_the_loop(void **state) /* LOOP-14 */
{
    struct foreign f = {.runner = rio_runner_new(loop_test_io())};
    pthread_t t;

    (void)state;
    assert_int_equal(pthread_create(&t, NULL, use_from_elsewhere, &f), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(f.run, -EXDEV);
    assert_int_equal(f.once, -EXDEV);
    assert_int_equal(f.soon, EPERM);
    assert_int_equal(f.close, -EXDEV);
    rio_runner_free(f.runner);
}

TEST_MAIN(cmocka_unit_test(a_function_runs_in_a_thread),
          cmocka_unit_test(calls_run_side_by_side_once_each),
          cmocka_unit_test(a_cancelled_call_returns_when_the_function_has_ended),
          cmocka_unit_test(a_call_that_no_thread_has_taken_is_withdrawn),
          cmocka_unit_test(no_callback_of_a_thread_is_lost),
          cmocka_unit_test(a_thread_wakes_a_loop_that_has_nothing_else),
          cmocka_unit_test(a_loop_that_stops_and_starts_loses_no_callback),
          cmocka_unit_test(another_thread_may_not_run_the_loop))
