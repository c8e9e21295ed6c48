/* hist_test - quantiles within a sixteenth, in fixed memory.
 * SPDX-License-Identifier: MIT */
#include "base/hist.h"

#include "support/test.h"

static struct rq_hist h;

static int clear(void **state)
{
    (void)state;
    rq_hist_fini(&h);
    return 0;
}

static void an_empty_histogram_says_zero(void **state)
{
    (void)state;
    assert_int_equal(rq_hist_quantile_us(&h, 500), 0);
    assert_int_equal(rq_hist_quantile_us(&h, 1000), 0);
}

static void values_below_32_are_exact(void **state)
{
    (void)state;
    for (uint64_t us = 0; us < 32; us++) {
        clear(state);
        rq_hist_add(&h, 1000); /* the greatest must not hide the answer */
        rq_hist_add(&h, us);
        assert_int_equal(rq_hist_quantile_us(&h, 500), us);
    }
}

/* Both ends of every bucket: the answer is never below the value and less than a
 * sixteenth above it. */
static void the_error_is_less_than_a_sixteenth(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 40; bits++) {
        for (uint64_t sub = 0; sub < 64; sub++) {
            uint64_t us = (UINT64_C(1) << bits) + (sub << bits) / 64;

            clear(state);
            rq_hist_add(&h, us);
            rq_hist_add(&h, (UINT64_C(1) << 40) - 1);
            uint64_t answer = rq_hist_quantile_us(&h, 500);
            assert_true(answer >= us);
            assert_true(answer - us <= us / 16);
        }
    }
}

static void the_greatest_value_is_kept_exactly(void **state)
{
    (void)state;
    rq_hist_add(&h, 123457);
    rq_hist_add(&h, 5);
    assert_int_equal(h.max_us, 123457);
    assert_int_equal(rq_hist_quantile_us(&h, 1000), 123457);
    assert_int_equal(rq_hist_quantile_us(&h, 5000), 123457);
}

static void what_is_beyond_the_range_counts_as_its_end(void **state)
{
    (void)state;
    rq_hist_add(&h, UINT64_C(1) << 40);
    rq_hist_add(&h, UINT64_MAX);
    assert_int_equal(h.count, 2);
    assert_int_equal(h.max_us, (UINT64_C(1) << 40) - 1);
    assert_int_equal(rq_hist_quantile_us(&h, 500), (UINT64_C(1) << 40) - 1);
}

static void quantiles_of_a_ramp_are_where_they_should(void **state)
{
    (void)state;
    for (uint64_t us = 1; us <= 10000; us++)
        rq_hist_add(&h, us);
    assert_in_range(rq_hist_quantile_us(&h, 500), 5000, 5000 + 5000 / 16);
    assert_in_range(rq_hist_quantile_us(&h, 990), 9900, 10000);
    assert_in_range(rq_hist_quantile_us(&h, 999), 9990, 10000);
    assert_int_equal(rq_hist_quantile_us(&h, 0), 1);
    assert_int_equal(rq_hist_quantile_us(&h, 1), 10);
}

static void a_full_bucket_halves_all_and_keeps_the_shape(void **state)
{
    (void)state;
    rq_hist_add(&h, 10);
    rq_hist_add(&h, 20);
    h.octave[0][10] = UINT32_MAX;
    h.octave[1][20 - 16] = UINT32_MAX;
    h.count = UINT64_C(2) * UINT32_MAX;
    rq_hist_add(&h, 10);
    assert_int_equal(h.octave[0][10], UINT32_MAX / 2 + 1);
    assert_int_equal(h.octave[1][20 - 16], UINT32_MAX / 2);
    assert_int_equal(h.count, UINT64_C(2) * UINT32_MAX + 1);
    assert_int_equal(rq_hist_quantile_us(&h, 500), 10);
    assert_int_equal(rq_hist_quantile_us(&h, 501), 20);
}

static void memory_is_for_the_octaves_that_were_met(void **state)
{
    (void)state;
    rq_hist_add(&h, 1000);
    assert_int_equal(h.octaves, 1);
    rq_hist_add(&h, 1023);
    assert_int_equal(h.octaves, 1);
    rq_hist_add(&h, 1024);
    assert_int_equal(h.octaves, 2);
    rq_hist_add(&h, 255); /* two below */
    assert_int_equal(h.octaves, 4);
    rq_hist_add(&h, 0);
    rq_hist_add(&h, UINT64_MAX);
    assert_int_equal(h.octaves, RQ_HIST_OCTAVES);
    assert_int_equal(h.count, 6);
    assert_int_equal(rq_hist_quantile_us(&h, 1), 0);
    assert_in_range(rq_hist_quantile_us(&h, 500), 1000, 1000 + 1000 / 16);
}

#define CLEARED(test) cmocka_unit_test_setup_teardown(test, clear, clear)

TEST_MAIN(CLEARED(an_empty_histogram_says_zero), CLEARED(values_below_32_are_exact),
          CLEARED(the_error_is_less_than_a_sixteenth),
          CLEARED(the_greatest_value_is_kept_exactly),
          CLEARED(what_is_beyond_the_range_counts_as_its_end),
          CLEARED(quantiles_of_a_ramp_are_where_they_should),
          CLEARED(a_full_bucket_halves_all_and_keeps_the_shape),
          CLEARED(memory_is_for_the_octaves_that_were_met))
