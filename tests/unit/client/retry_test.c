/* retry_test - pauses between attempts.
 * SPDX-License-Identifier: MIT */
#include "lib/retry.h"

#include "support/test.h"

#define MS INT64_C(1000000)

static void the_second_attempt_comes_at_once(void **state)
{
    struct rq_retry r = {.failures = 0};
    struct rq_rand rand;

    (void)state;
    rq_rand_seed(&rand, 1);
    assert_int_equal(rq_retry_after(&r, 10000, 5 * MS, &rand), 0);
}

static void pauses_grow_to_a_ceiling_with_jitter(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct rq_retry r = {.failures = 0};
        struct rq_rand rand;
        int full = RQ_RETRY_FIRST_MS;

        rq_rand_seed(&rand, seed);
        assert_int_equal(rq_retry_after(&r, 1000000, 0, &rand), 0);
        for (int i = 0; i < 20; i++) {
            int pause = rq_retry_after(&r, 1000000, 0, &rand);

            assert_in_range(pause, full - full / 2, full);
            full = full * 2 > RQ_RETRY_MAX_MS ? RQ_RETRY_MAX_MS : full * 2;
        }
    }
}

static void two_clients_do_not_pause_alike(void **state)
{
    struct rq_retry a = {.failures = 0}, b = {.failures = 0};
    struct rq_rand ra, rb;
    int differences = 0;

    (void)state;
    rq_rand_seed(&ra, 1);
    rq_rand_seed(&rb, 2);
    for (int i = 0; i < 20; i++)
        differences +=
            rq_retry_after(&a, 1000000, 0, &ra) != rq_retry_after(&b, 1000000, 0, &rb);
    assert_true(differences > 10);
}

static void the_window_ends_it(void **state)
{
    struct rq_retry r = {.failures = 0};
    struct rq_rand rand;
    int64_t now = 77 * MS;
    int pause;

    (void)state;
    rq_rand_seed(&rand, 3);
    while ((pause = rq_retry_after(&r, 500, now, &rand)) >= 0)
        now += pause * MS;
    assert_int_equal(now, (77 + 500) * MS); /* the last pause is cut to fit */
    assert_in_range(r.failures, 4, 12);
    assert_int_equal(rq_retry_after(&r, 500, now + 1, &rand), -1);
}

static void no_window_means_no_second_attempt(void **state)
{
    struct rq_retry r = {.failures = 0};
    struct rq_rand rand;

    (void)state;
    rq_rand_seed(&rand, 4);
    assert_int_equal(rq_retry_after(&r, -1, 0, &rand), -1);
}

TEST_MAIN(cmocka_unit_test(the_second_attempt_comes_at_once),
          cmocka_unit_test(pauses_grow_to_a_ceiling_with_jitter),
          cmocka_unit_test(two_clients_do_not_pause_alike),
          cmocka_unit_test(the_window_ends_it),
          cmocka_unit_test(no_window_means_no_second_attempt))
