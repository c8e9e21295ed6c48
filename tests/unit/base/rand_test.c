/* rand_test - the seeded generator is the published one; the kernel's differs.
 * SPDX-License-Identifier: MIT */
#include "base/rand.h"

#include <string.h>

#include "support/test.h"

static void the_sequence_is_xoshiro256(void **state)
{
    /* From the state 1, 2, 3, 4; as other implementations publish it. */
    static const uint64_t expected[] = {11520, 0, 1509978240,
                                        UINT64_C(1215971899390074240)};
    struct rq_rand r = {{1, 2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(rq_rand_u64(&r), expected[i]);
}

static void a_seed_is_spread_by_splitmix64(void **state)
{
    struct rq_rand r;

    (void)state;
    rq_rand_seed(&r, 0);
    assert_int_equal(r.s[0], UINT64_C(0xe220a8397b1dcdaf));
    assert_int_equal(r.s[1], UINT64_C(0x6e789e6aa1b965f4));
    assert_int_equal(r.s[2], UINT64_C(0x06c45d188009454f));
    assert_int_equal(r.s[3], UINT64_C(0xf88bb8a8724c81ec));
}

static void one_seed_is_one_history(void **state)
{
    struct rq_rand a, b, c;

    (void)state;
    rq_rand_seed(&a, 5);
    rq_rand_seed(&b, 5);
    rq_rand_seed(&c, 6);
    assert_int_not_equal(rq_rand_u64(&c), rq_rand_u64(&a));
    rq_rand_u64(&b);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rq_rand_u64(&a), rq_rand_u64(&b));
}

static void small_numbers_come_equally_often(void **state)
{
    enum { ROUNDS = 70000 };
    unsigned seen[7] = {0};
    struct rq_rand r;

    (void)state;
    rq_rand_seed(&r, 1);
    for (int i = 0; i < ROUNDS; i++)
        seen[rq_rand_below(&r, 7)]++;
    for (size_t i = 0; i < 7; i++)
        assert_in_range(seen[i], 9500, 10500);
}

static void the_bound_is_never_reached(void **state)
{
    struct rq_rand r;

    (void)state;
    rq_rand_seed(&r, 1);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rq_rand_below(&r, 1), 0);
        assert_true(rq_rand_below(&r, 3) < 3);
        assert_true(rq_rand_below(&r, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
}

static void the_kernel_fills_exactly_what_is_asked(void **state)
{
    uint8_t a[400], b[400];

    (void)state;
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    rq_rand_system(a, sizeof a - 8);
    rq_rand_system(b, sizeof b - 8);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_equal(a + sizeof a - 8, "\0\0\0\0\0\0\0\0", 8);
    rq_rand_system(a, 0);
}

TEST_MAIN(cmocka_unit_test(the_sequence_is_xoshiro256),
          cmocka_unit_test(a_seed_is_spread_by_splitmix64),
          cmocka_unit_test(one_seed_is_one_history),
          cmocka_unit_test(small_numbers_come_equally_often),
          cmocka_unit_test(the_bound_is_never_reached),
          cmocka_unit_test(the_kernel_fills_exactly_what_is_asked))
