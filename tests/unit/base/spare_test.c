/* spare_test - blocks that are kept, by size, and not too many.
 * SPDX-License-Identifier: MIT */
#include "base/spare.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static struct rq_spares s;

/* Under AddressSanitizer nothing is kept. */
static bool keeps(void)
{
    rq_spares_put(&s, malloc(24), 24);

    bool kept = s.bytes > 0;
    rq_spares_fini(&s);
    return kept;
}

static void what_was_put_back_is_given_again(void **state)
{
    (void)state;
    void *block = rq_spares_get(&s, 100);
    assert_non_null(block);
    rq_spares_put(&s, block, 100);
    void *again = rq_spares_get(&s, 100);
    if (keeps())
        assert_ptr_equal(again, block);
    assert_int_equal(s.bytes, 0);
    free(again);
}

static void sizes_that_malloc_does_not_tell_apart_share_blocks(void **state)
{
    (void)state;
    void *block = rq_spares_get(&s, 89); /* 89 .. 104 take 112 with malloc's own 8 */
    rq_spares_put(&s, block, 89);
    void *other = rq_spares_get(&s, 105), *same = rq_spares_get(&s, 104);
    memset(same, 1, 104);
    if (keeps())
        assert_true(same == block && other != block);
    free(other);
    free(same);
}

static void a_block_in_use_is_no_larger_than_malloc_would_make_it(void **state)
{
    (void)state;
    for (size_t size = 1; size < 1000; size++) {
        void *ours = rq_spares_get(&s, size), *mallocs = malloc(size);

        assert_true(malloc_usable_size(ours) >= size);
        assert_int_equal(malloc_usable_size(ours), malloc_usable_size(mallocs));
        free(ours);
        free(mallocs);
    }
}

static void large_blocks_are_not_kept(void **state)
{
    (void)state;
    rq_spares_put(&s, malloc(488), 488);
    bool kept = s.bytes > 0;
    rq_spares_fini(&s);
    assert_int_equal(kept, keeps());
    rq_spares_put(&s, malloc(489), 489);
    assert_int_equal(s.bytes, 0);
}

static void no_more_than_a_megabyte_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20000; i++)
        rq_spares_put(&s, malloc(i % 2 == 0 ? 100 : 300), i % 2 == 0 ? 100 : 300);
    assert_true(s.bytes <= RQ_SPARE_BYTES_MAX);
    if (s.bytes > 0)
        assert_true(s.bytes > RQ_SPARE_BYTES_MAX - 512);
    rq_spares_fini(&s);
    assert_int_equal(s.bytes, 0);
}

TEST_MAIN(cmocka_unit_test(what_was_put_back_is_given_again),
          cmocka_unit_test(sizes_that_malloc_does_not_tell_apart_share_blocks),
          cmocka_unit_test(a_block_in_use_is_no_larger_than_malloc_would_make_it),
          cmocka_unit_test(large_blocks_are_not_kept),
          cmocka_unit_test(no_more_than_a_megabyte_is_kept))
