/* loop_test - LOOP: callbacks, timers, other threads, the exception handler.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

/* A callback that counts, and remembers the turn in which it ran. */
struct call {
    int n;
    uint64_t turn;
    struct call *next; /* scheduled by it */
};

static long called(void *arg)
{
    struct call *c = arg;

    c->n++;
    c->turn = stats_now().turns;
    if (c->next != NULL)
        (void)rio_call_soon(called, c->next);
    return 0;
}

LOOP_TEST(test_LOOP_01)
{
    struct call c = {0};

    EXPECT(rio_call_soon(called, &c) != 0);
    EXPECT_EQ(c.n, 0);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(c.n, 1);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(c.n, 1);
    return 0;
}

LOOP_TEST(test_LOOP_02)
{
    struct call second = {0}, first = {.next = &second};

    EXPECT(rio_call_later(0, called, &first) != 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(first.n, 1);
    EXPECT_EQ(second.n, 1);
    EXPECT_EQ(second.turn, first.turn + 1);
    return 0;
}

LOOP_TEST(test_LOOP_03)
{
    int64_t start = rio_now();
    struct call c = {0};

    EXPECT(rio_call_later(10 * RIO_MS, called, &c) != 0);
    while (c.n == 0)
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT(rio_now() - start >= 10 * RIO_MS);
    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT_EQ(c.n, 1);
    return 0;
}

struct stop {
    int64_t when, late; /* how late it came; < 0: too early */
};

static long stop(void *arg)
{
    struct stop *s = arg;

    s->late = rio_now() - s->when;
    rio_loop_stop(rio_get_running_loop());
    return 0;
}

static long stops_soon(void *arg)
{
    struct stop *s = arg;

    s->when = rio_now() + 10 * RIO_MS;
    return rio_call_at(s->when, stop, s) == 0 ? -errno : 0;
}

static void test_LOOP_05(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct stop s = {.late = -1};

    (void)state;
    assert_int_equal(rio_runner_run(r, stops_soon, &s), 0);
    assert_int_equal(rio_runner_run_forever(r), 0);
    assert_true(s.late >= 0);
    rio_runner_free(r);
}

LOOP_TEST(test_LOOP_06)
{
    struct call never = {0};
    uint64_t turns = stats_now().turns;
    rio_handle h = rio_call_later(2 * RIO_MS, called, &never);

    rio_handle_cancel(h);
    EXPECT_EQ(await(rio_sleep(30 * RIO_MS)), 0);
    EXPECT_EQ(never.n, 0);
    EXPECT_EQ(stats_now().turns, turns + 1); /* one wake-up, and that was ours */
    return 0;
}

LOOP_TEST(test_LOOP_07)
{
    struct call live = {0}, never = {0};
    static rio_handle h[500];

    EXPECT(rio_call_later(5 * RIO_MS, called, &live) != 0);
    for (int i = 0; i < 500; i++)
        h[i] = rio_call_later(LONG_SLEEP, called, &never);
    EXPECT_EQ(stats_now().timers, 501);
    for (int i = 0; i < 500; i++)
        rio_handle_cancel(h[i]);
    EXPECT_EQ(stats_now().timers, 1);
    while (live.n == 0)
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT_EQ(never.n, 0);
    return 0;
}

LOOP_TEST(test_LOOP_09)
{
    struct call never = {0}, once = {0};
    rio_handle h = rio_call_later(RIO_MS, called, &never);

    rio_handle_cancel(h);
    rio_handle_cancel(h);
    h = rio_call_soon(called, &once);
    EXPECT_EQ(await(rio_sleep(5 * RIO_MS)), 0);
    rio_handle_cancel(h);
    EXPECT_EQ(never.n, 0);
    EXPECT_EQ(once.n, 1);
    return 0;
}

static struct trail order;

static long leaves_letter(void *arg)
{
    leave(&order, *(const char *)arg);
    return 0;
}

LOOP_TEST(test_LOOP_10)
{
    static const char letters[] = "0123456789";
    int64_t when = rio_now() + 5 * RIO_MS;

    order = (struct trail){0};
    for (size_t i = 0; i < 10; i++)
        EXPECT(rio_call_at(when, leaves_letter, (void *)(uintptr_t)&letters[i]) != 0);
    EXPECT_EQ(await(rio_sleep_until(when)), 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&order, letters));
    return 0;
}

LOOP_TEST(test_LOOP_11)
{
    static const int64_t naps[] = {10 * RIO_MS, 100 * RIO_US, RIO_US, 10, 1};
    uint64_t turns = stats_now().turns;

    for (size_t i = 0; i < sizeof naps / sizeof naps[0]; i++)
        EXPECT_EQ(await(rio_sleep(naps[i])), 0);
    EXPECT(stats_now().turns - turns <= 20);
    return 0;
}

LOOP_TEST(test_LOOP_13)
{
    order = (struct trail){0};
    EXPECT_EQ(rio_call_soon_threadsafe(rio_get_running_loop(), leaves_letter,
                                       (void *)(uintptr_t) "1"),
              0);
    EXPECT(rio_call_soon(leaves_letter, (void *)(uintptr_t) "2") != 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(trail_is(&order, "12"));
    return 0;
}

static void *calls_from_outside(void *arg)
{
    bool *refused = arg;
    struct call c = {0};

    errno = 0;
    *refused = rio_call_soon(called, &c) == 0 && errno == EPERM &&
               rio_call_later(0, called, &c) == 0 && errno == EPERM &&
               rio_call_at(0, called, &c) == 0 && errno == EPERM && c.n == 0;
    return NULL;
}

LOOP_TEST(test_LOOP_14)
{
    for (int debug = 0; debug < 2; debug++) {
        bool refused = false;
        pthread_t t;

        rio_set_debug(rio_get_running_loop(), debug == 1);
        EXPECT_EQ(pthread_create(&t, NULL, calls_from_outside, &refused), 0);
        EXPECT_EQ(pthread_join(t, NULL), 0);
        EXPECT(refused);
    }
    return 0;
}

enum { CALLS = 50, RESTARTS = 300 };

struct caller {
    rio_loop *loop;
    int received;
    atomic_int refused;
};

static long receive(void *arg)
{
    struct caller *c = arg;

    c->received++;
    return 0;
}

static void *calls_again_and_again(void *arg)
{
    struct caller *c = arg;

    for (int i = 0; i < CALLS; i++) {
        if (rio_call_soon_threadsafe(c->loop, receive, c) < 0)
            atomic_fetch_add(&c->refused, 1);
        (void)nanosleep(&(struct timespec){.tv_nsec = 100 * RIO_US}, NULL);
    }
    return NULL;
}

static long one_turn(void *unused)
{
    (void)unused;
    return await(rio_yield());
}

static long has_received_all(void *arg)
{
    struct caller *c = arg;

    while (c->received < CALLS)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    return 0;
}

static void test_LOOP_15(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct caller c = {.loop = rio_runner_get_loop(r)};
    pthread_t t;

    (void)state;
    assert_int_equal(pthread_create(&t, NULL, calls_again_and_again, &c), 0);
    for (int i = 0; i < RESTARTS; i++)
        assert_int_equal(rio_runner_run(r, one_turn, NULL), 0);
    assert_int_equal(rio_runner_run(r, has_received_all, &c), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(atomic_load(&c.refused), 0);
    assert_int_equal(c.received, CALLS);
    rio_runner_free(r);
}

static long fails(void *unused)
{
    (void)unused;
    return ERR;
}

LOOP_TEST(test_LOOP_17)
{
    struct reports r = {0};

    rio_set_exception_handler(count_reports, &r);
    EXPECT(rio_call_soon(fails, NULL) != 0);
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(r.count, 1);
    EXPECT_EQ(r.err, ERR);
    EXPECT(strstr(r.what, "callback") != NULL);
    rio_set_exception_handler(NULL, NULL);
    EXPECT(rio_call_soon(fails, NULL) != 0); /* one line on stderr */
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(r.count, 1);
    return 0;
}

LOOP_TEST(test_LOOP_18)
{
    struct reports r = {.answer = ERR2};

    rio_set_exception_handler(count_reports, &r);
    EXPECT(rio_call_soon(fails, NULL) != 0); /* one line on stderr */
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(r.count, 1);
    EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    return 0;
}

LOOP_TEST(test_LOOP_19)
{
    struct reports r = {0};
    struct job j = {.result = ERR};

    rio_set_exception_handler(count_reports, &r);
    rio_unref(rio_create_task(work, &j));
    EXPECT_EQ(await(settle()), 0);
    EXPECT_EQ(r.count, 1);
    EXPECT_EQ(r.err, ERR);
    EXPECT(strstr(r.what, "never retrieved") != NULL);
    return 0;
}

struct reader {
    int fd[2];
    rio_task *t;
    int events;
    char byte;
};

static long reads_one(void *arg)
{
    struct reader *r = arg;
    ssize_t n = await(rio_recv(r->fd[0], &r->byte, 1, 0));

    r->events++;
    return n;
}

static long sends_and_stops(void *arg)
{
    struct reader *r = arg;

    rio_loop_stop(rio_get_running_loop());
    return write(r->fd[1], "x", 1) == 1 ? 0 : ERR;
}

static long starts_reader(void *arg)
{
    struct reader *r = arg;

    r->t = rio_create_task(reads_one, r);
    RIO_TRY(await(settle()));
    (void)rio_call_soon(sends_and_stops, r);
    return await(rio_sleep(LONG_SLEEP));
}

static long joins_reader(void *arg)
{
    struct reader *r = arg;
    long rc = await(rio_join_unref(r->t));

    RIO_TRY(await(settle()));
    return rc;
}

static void test_LOOP_21(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct reader reader = {.byte = '-'};

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, reader.fd), 0);
    assert_int_equal(rio_runner_run(r, starts_reader, &reader), -EINTR);
    assert_int_equal(rio_runner_run(r, joins_reader, &reader), 1);
    assert_int_equal(reader.events, 1);
    assert_int_equal(reader.byte, 'x');
    rio_runner_free(r);
    close(reader.fd[0]);
    close(reader.fd[1]);
}

static long sees_loop(void *arg)
{
    rio_loop **l = arg;

    if (*l != NULL)
        return ERR; /* a second time */
    *l = rio_get_running_loop();
    return 0;
}

static long schedules(void *arg)
{
    return rio_call_later(0, sees_loop, arg) == 0 ? -errno : 0;
}

static void test_LOOP_22(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    rio_loop *seen = NULL;

    (void)state;
    assert_int_equal(rio_runner_run(r, schedules, &seen), 0);
    for (int i = 0; i < 10; i++) {
        assert_null(rio_get_running_loop());
        assert_int_equal(rio_runner_run_once(r, 0), 0);
    }
    assert_null(rio_get_running_loop());
    assert_ptr_equal(seen, rio_runner_get_loop(r));
    rio_runner_free(r);
}

LOOP_TEST(test_LOOP_23)
{
    struct reader r = {.byte = '-'};

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, r.fd), 0);
    r.t = rio_create_task(reads_one, &r);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(stats_now().ops >= 1);
    rio_task_cancel(r.t);
    EXPECT_EQ(await(rio_join_unref(r.t)), -ECANCELED);
    EXPECT_EQ(stats_now().ops, 0);
    close(r.fd[0]);
    close(r.fd[1]);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_LOOP_01), cmocka_unit_test(test_LOOP_02),
          cmocka_unit_test(test_LOOP_03), cmocka_unit_test(test_LOOP_05),
          cmocka_unit_test(test_LOOP_06), cmocka_unit_test(test_LOOP_07),
          cmocka_unit_test(test_LOOP_09), cmocka_unit_test(test_LOOP_10),
          cmocka_unit_test(test_LOOP_11), cmocka_unit_test(test_LOOP_13),
          cmocka_unit_test(test_LOOP_14), cmocka_unit_test(test_LOOP_15),
          cmocka_unit_test(test_LOOP_17), cmocka_unit_test(test_LOOP_18),
          cmocka_unit_test(test_LOOP_19), cmocka_unit_test(test_LOOP_21),
          cmocka_unit_test(test_LOOP_22), cmocka_unit_test(test_LOOP_23))
