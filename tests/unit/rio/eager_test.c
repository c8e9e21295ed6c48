/* eager_test - eager starts beside the cases of EAGER: deep, first of all, failing.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

static rio_task *eagerly(rio_fn *fn, void *arg)
{
    return rio_create_task_ex(fn, arg, 0, &(rio_task_opts){.flags = RIO_EAGER});
}

static long nests(void *arg)
{
    int *depth = arg;
    rio_task *t;

    if (--*depth == 0)
        return await(rio_sleep(RIO_MS));
    t = eagerly(nests, depth);
    RIO_TRY(await(rio_yield()));
    return await(rio_join_unref(t));
}

LOOP_TEST(eager_starts_nest)
{
    int depth = 20;

    EXPECT_EQ(await(rio_join_unref(eagerly(nests, &depth))), 0);
    EXPECT_EQ(depth, 0);
    return 0;
}

struct start {
    rio_task *t;
    int answer;
};

static long answers(void *arg)
{
    ((struct start *)arg)->answer = 42;
    return await(rio_yield());
}

static long from_a_callback(void *arg)
{
    struct start *s = arg;

    s->t = eagerly(answers, s);
    return s->answer == 42 && rio_current_task() == NULL ? 0 : -EIO;
}

static long stop_it(void *unused)
{
    (void)unused;
    rio_loop_stop(rio_get_running_loop());
    return 0;
}

/* The very first task of a loop, from its own stack. */
static long first_of_all(void *arg)
{
    long rc = from_a_callback(arg);

    return rc < 0 || rio_call_later(RIO_MS, stop_it, NULL) == 0 ? -EIO : 0;
}

static long calls_it(rio_loop *l, void *arg)
{
    return rio_call_soon_threadsafe(l, first_of_all, arg);
}

static void the_first_task_of_a_loop_may_be_eager(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io());
    struct start s = {0};

    (void)state;
    assert_non_null(r);
    assert_int_equal(calls_it(rio_runner_get_loop(r), &s), 0);
    assert_int_equal(rio_runner_run_forever(r), 0);
    assert_int_equal(s.answer, 42);
    assert_int_equal(rio_future_result(s.t), 0);
    rio_unref(s.t);
    rio_runner_free(r);
}

static long fails(void *unused)
{
    (void)unused;
    return -EIO;
}

static int reports;

static long count_report(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l, (void)what, (void)err, (void)arg;
    reports++;
    return 0;
}

LOOP_TEST(an_error_is_kept_for_whoever_asks)
{
    rio_task *t = eagerly(fails, NULL);

    reports = 0;
    rio_set_exception_handler(count_report, NULL);
    EXPECT_EQ(await(rio_join_unref(t)), -EIO);
    EXPECT_EQ(reports, 0);
    rio_unref(eagerly(fails, NULL));
    EXPECT_EQ(reports, 1);
    return 0;
}

TEST_MAIN(cmocka_unit_test(eager_starts_nest),
          cmocka_unit_test(the_first_task_of_a_loop_may_be_eager),
          cmocka_unit_test(an_error_is_kept_for_whoever_asks))
