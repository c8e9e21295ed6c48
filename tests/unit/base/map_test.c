/* map_test - hash map from bytes to pointers.
 * SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "support/test.h"

struct item {
    char name[16];
    bool is_in; /* the model */
};

static struct rq_slice name_of(const void *value)
{
    return rq_slice_str(((const struct item *)value)->name);
}

static struct item *new_items(size_t count)
{
    struct item *items = calloc(count, sizeof *items);

    assert_non_null(items);
    for (size_t i = 0; i < count; i++)
        rq_ignore(snprintf(items[i].name, sizeof items[i].name, "k%zu", i) < 0);
    return items;
}

/* Outputs for the key 00 01 .. 0f and the inputs "", 00, 00 01, 00 01 02, ...
 * Source  the vectors published with SipHash's reference implementation; that of 15
 *         bytes also stands in the paper, appendix A */
/* clang-format off */
static const uint64_t vectors[64] = {
    UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
    UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
    UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
    UINT64_C(0x9e0082df0ba9e4b0), UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
    UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90), UINT64_C(0xf723ca908e7af2ee),
    UINT64_C(0xa129ca6149be45e5), UINT64_C(0x3f2acc7f57c29bdb), UINT64_C(0x699ae9f52cbe4794),
    UINT64_C(0x4bc1b3f0968dd39c), UINT64_C(0xbb6dc91da77961bd), UINT64_C(0xbed65cf21aa2ee98),
    UINT64_C(0xd0f2cbb02e3b67c7), UINT64_C(0x93536795e3a33e88), UINT64_C(0xa80c038ccd5ccec8),
    UINT64_C(0xb8ad50c6f649af94), UINT64_C(0xbce192de8a85b8ea), UINT64_C(0x17d835b85bbb15f3),
    UINT64_C(0x2f2e6163076bcfad), UINT64_C(0xde4daaaca71dc9a5), UINT64_C(0xa6a2506687956571),
    UINT64_C(0xad87a3535c49ef28), UINT64_C(0x32d892fad841c342), UINT64_C(0x7127512f72f27cce),
    UINT64_C(0xa7f32346f95978e3), UINT64_C(0x12e0b01abb051238), UINT64_C(0x15e034d40fa197ae),
    UINT64_C(0x314dffbe0815a3b4), UINT64_C(0x027990f029623981), UINT64_C(0xcadcd4e59ef40c4d),
    UINT64_C(0x9abfd8766a33735c), UINT64_C(0x0e3ea96b5304a7d0), UINT64_C(0xad0c42d6fc585992),
    UINT64_C(0x187306c89bc215a9), UINT64_C(0xd4a60abcf3792b95), UINT64_C(0xf935451de4f21df2),
    UINT64_C(0xa9538f0419755787), UINT64_C(0xdb9acddff56ca510), UINT64_C(0xd06c98cd5c0975eb),
    UINT64_C(0xe612a3cb9ecba951), UINT64_C(0xc766e62cfcadaf96), UINT64_C(0xee64435a9752fe72),
    UINT64_C(0xa192d576b245165a), UINT64_C(0x0a8787bf8ecb74b2), UINT64_C(0x81b3e73d20b49b6f),
    UINT64_C(0x7fa8220ba3b2ecea), UINT64_C(0x245731c13ca42499), UINT64_C(0xb78dbfaf3a8d83bd),
    UINT64_C(0xea1ad565322a1a0b), UINT64_C(0x60e61c23a3795013), UINT64_C(0x6606d7e446282b93),
    UINT64_C(0x6ca4ecb15c5f91e1), UINT64_C(0x9f626da15c9625f3), UINT64_C(0xe51b38608ef25f57),
    UINT64_C(0x958a324ceb064572),
};
/* clang-format on */

static void the_hash_is_siphash_2_4(void **state)
{
    uint8_t key[16], data[64];

    (void)state;
    for (uint8_t i = 0; i < 64; i++) {
        data[i] = i;
        if (i < 16)
            key[i] = i;
    }
    rq_map_set_key(key);
    for (size_t len = 0; len < 64; len++)
        assert_int_equal(rq_map_hash(rq_slice(data, len)), vectors[len]);
    assert_int_equal(rq_map_hash(rq_slice(NULL, 0)), vectors[0]);
}

static void an_empty_map_knows_nothing(void **state)
{
    struct rq_map m;
    size_t cursor = 0;

    (void)state;
    rq_map_init(&m, name_of);
    assert_null(rq_map_get(&m, RQ_LIT("k0")));
    assert_null(rq_map_remove(&m, RQ_LIT("k0")));
    assert_null(rq_map_next(&m, &cursor));
    rq_map_fini(&m);
}

static void a_second_value_of_a_key_is_refused(void **state)
{
    struct item first = {.name = "same"}, second = {.name = "same"};
    struct rq_map m;

    (void)state;
    rq_map_init(&m, name_of);
    assert_int_equal(rq_map_put(&m, &first), 0);
    assert_int_equal(rq_map_put(&m, &second), -EEXIST);
    assert_ptr_equal(rq_map_get(&m, RQ_LIT("same")), &first);
    assert_int_equal(m.count, 1);
    rq_map_fini(&m);
}

static void any_bytes_are_a_key(void **state)
{
    struct item empty = {.name = ""}, other = {.name = "\xff\x01"};
    struct rq_map m;

    (void)state;
    rq_map_init(&m, name_of);
    assert_int_equal(rq_map_put(&m, &empty), 0);
    assert_int_equal(rq_map_put(&m, &other), 0);
    assert_ptr_equal(rq_map_get(&m, rq_slice(NULL, 0)), &empty);
    assert_ptr_equal(rq_map_get(&m, RQ_LIT("\xff\x01")), &other);
    assert_null(rq_map_get(&m, RQ_LIT("\xff")));
    rq_map_fini(&m);
}

static void a_hundred_thousand_keys_are_found_again(void **state)
{
    enum { N = 100000 };
    struct item *items = new_items(N);
    struct rq_map m;

    (void)state;
    rq_map_init(&m, name_of);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(rq_map_put(&m, &items[i]), 0);
    assert_int_equal(m.count, N);
    for (size_t i = 0; i < N; i++)
        assert_ptr_equal(rq_map_get(&m, name_of(&items[i])), &items[i]);
    assert_null(rq_map_get(&m, RQ_LIT("k100000")));
    for (size_t i = 0; i < N; i += 2)
        assert_ptr_equal(rq_map_remove(&m, name_of(&items[i])), &items[i]);
    for (size_t i = 0; i < N; i++)
        assert_ptr_equal(rq_map_get(&m, name_of(&items[i])), i % 2 ? &items[i] : NULL);
    rq_map_fini(&m);
    free(items);
}

static void a_walk_meets_each_value_once(void **state)
{
    enum { N = 1000 };
    struct item *items = new_items(N);
    struct rq_map m;
    size_t cursor = 0, met = 0;
    struct item *item;

    (void)state;
    rq_map_init(&m, name_of);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(rq_map_put(&m, &items[i]), 0);
    while ((item = rq_map_next(&m, &cursor)) != NULL) {
        assert_false(item->is_in);
        item->is_in = true;
        met++;
    }
    assert_int_equal(met, N);
    rq_map_fini(&m);
    free(items);
}

/* A small table at its greatest load has long runs that wrap around; every removal
 * must leave all others within reach. */
static void removals_break_no_chain(void **state)
{
    enum { N = 24 };
    struct item *items = new_items(N);
    struct rq_rand rand;

    (void)state;
    rq_rand_seed(&rand, 11);
    for (int round = 0; round < 200; round++) {
        struct rq_map m;
        uint8_t key[16];

        /* Another key each round: other runs. */
        for (size_t i = 0; i < sizeof key; i++)
            key[i] = (uint8_t)rq_rand_u64(&rand);
        rq_map_set_key(key);
        rq_map_init(&m, name_of);
        for (size_t i = 0; i < N; i++)
            items[i].is_in = false;
        for (int step = 0; step < 300; step++) {
            struct item *item = &items[rq_rand_below(&rand, N)];

            if (item->is_in)
                assert_ptr_equal(rq_map_remove(&m, name_of(item)), item);
            else
                assert_int_equal(rq_map_put(&m, item), 0);
            item->is_in = !item->is_in;
            for (size_t i = 0; i < N; i++)
                assert_ptr_equal(rq_map_get(&m, name_of(&items[i])),
                                 items[i].is_in ? &items[i] : NULL);
        }
        assert_int_equal(m.cap, 32); /* 24 of 32 is the greatest load */
        rq_map_fini(&m);
    }
    free(items);
}

TEST_MAIN(cmocka_unit_test(an_empty_map_knows_nothing),
          cmocka_unit_test(a_second_value_of_a_key_is_refused),
          cmocka_unit_test(any_bytes_are_a_key),
          cmocka_unit_test(a_hundred_thousand_keys_are_found_again),
          cmocka_unit_test(a_walk_meets_each_value_once),
          cmocka_unit_test(removals_break_no_chain),
          cmocka_unit_test(the_hash_is_siphash_2_4))
