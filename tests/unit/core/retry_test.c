/* retry_test - backoff and jitter.
 * SPDX-License-Identifier: MIT */
#include "core/retry.h"

#include "support/test.h"

static struct rq_rand rand_of(uint64_t seed)
{
    struct rq_rand r;

    rq_rand_seed(&r, seed);
    return r;
}

static void each_backoff_grows_as_it_says(void **state)
{
    static const struct {
        enum job_backoff backoff;
        uint32_t failures, base_ms, max_ms, want_ms;
    } rows[] = {
        /* clang-format off */
        {JOB_BACKOFF_FIXED,  1,          100, 1000, 100},
        {JOB_BACKOFF_FIXED,  9,          100, 1000, 100},
        {JOB_BACKOFF_FIXED,  1,          100,   99,  99},
        {JOB_BACKOFF_LINEAR, 1,          100, 1000, 100},
        {JOB_BACKOFF_LINEAR, 3,          100, 1000, 300},
        {JOB_BACKOFF_LINEAR, 10,         100, 1000, 1000},
        {JOB_BACKOFF_LINEAR, 11,         100, 1000, 1000},
        {JOB_BACKOFF_LINEAR, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
        {JOB_BACKOFF_EXP,    1,          100, 1000, 100},
        {JOB_BACKOFF_EXP,    2,          100, 1000, 200},
        {JOB_BACKOFF_EXP,    4,          100, 1000, 800},
        {JOB_BACKOFF_EXP,    5,          100, 1000, 1000},
        {JOB_BACKOFF_EXP,    32,         1, UINT32_MAX, UINT32_C(1) << 31},
        {JOB_BACKOFF_EXP,    33,         1, UINT32_MAX, UINT32_MAX},
        {JOB_BACKOFF_EXP,    34,         1, UINT32_MAX, UINT32_MAX},
        {JOB_BACKOFF_EXP,    65535,      1, UINT32_MAX, UINT32_MAX},
        {JOB_BACKOFF_EXP,    UINT32_MAX, UINT32_MAX, 5, 5},
        {JOB_BACKOFF_EXP,    7,          0, 1000, 0},
        {JOB_BACKOFF_LINEAR, 7,          9, 0, 0},
        /* clang-format on */
    };
    struct rq_rand r = rand_of(1);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct job_policy policy = {.backoff = (uint8_t)rows[i].backoff,
                                          .backoff_base_ms = rows[i].base_ms,
                                          .backoff_max_ms = rows[i].max_ms};

        assert_int_equal(retry_delay_ms(&policy, rows[i].failures, &r),
                         rows[i].want_ms);
    }
}

static void jitter_reaches_both_ends_and_no_further(void **state)
{
    const struct job_policy policy = {
        .backoff_base_ms = 100, .backoff_max_ms = 1000, .jitter_pct = 10};
    struct rq_rand r = rand_of(2);
    bool low = false, high = false;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint32_t delay = retry_delay_ms(&policy, 1, &r);

        assert_in_range(delay, 90, 110);
        low = low || delay == 90;
        high = high || delay == 110;
    }
    assert_true(low && high);
}

static void full_jitter_goes_down_to_zero(void **state)
{
    const struct job_policy policy = {
        .backoff_base_ms = 2, .backoff_max_ms = 1000, .jitter_pct = 100};
    struct rq_rand r = rand_of(3);
    bool seen[5] = {false};

    (void)state;
    for (int i = 0; i < 500; i++)
        seen[retry_delay_ms(&policy, 1, &r)] = true;
    for (size_t i = 0; i < 5; i++)
        assert_true(seen[i]);
}

static void jitter_never_passes_the_max(void **state)
{
    const struct job_policy policy = {
        .backoff_base_ms = 1000, .backoff_max_ms = 1000, .jitter_pct = 50};
    struct rq_rand r = rand_of(4);

    (void)state;
    for (int i = 0; i < 500; i++)
        assert_in_range(retry_delay_ms(&policy, 1, &r), 500, 1000);
}

static void equal_seeds_give_equal_delays(void **state)
{
    const struct job_policy policy = {
        .backoff_base_ms = 100000, .backoff_max_ms = UINT32_MAX, .jitter_pct = 100};
    struct rq_rand a = rand_of(5), b = rand_of(5);

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(retry_delay_ms(&policy, 1, &a),
                         retry_delay_ms(&policy, 1, &b));
}

static void without_jitter_no_chance_is_used_up(void **state)
{
    const struct job_policy policy = {.backoff_base_ms = 9, .backoff_max_ms = 9};
    const struct job_policy tiny = {
        .backoff_base_ms = 9, .backoff_max_ms = 9, .jitter_pct = 10};
    struct rq_rand a = rand_of(6), b = rand_of(6);

    (void)state;
    assert_int_equal(retry_delay_ms(&policy, 1, &a), 9);
    assert_int_equal(retry_delay_ms(&tiny, 1, &a), 9); /* a tenth of 9 ms */
    assert_int_equal(rq_rand_u64(&a), rq_rand_u64(&b));
}

TEST_MAIN(cmocka_unit_test(each_backoff_grows_as_it_says),
          cmocka_unit_test(jitter_reaches_both_ends_and_no_further),
          cmocka_unit_test(full_jitter_goes_down_to_zero),
          cmocka_unit_test(jitter_never_passes_the_max),
          cmocka_unit_test(equal_seeds_give_equal_delays),
          cmocka_unit_test(without_jitter_no_chance_is_used_up))
