/* options_test - options structs of older and newer programs.
 * SPDX-License-Identifier: MIT */
#include "lib/options.h"

#include <ringq/ringq.h>

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

struct now {
    size_t size;
    int first, second;
};
struct later {
    size_t size;
    int first, second;
    int third, fourth;
};

/* Copies from a block of exactly its size. */
static int copy(struct now *to, const void *from, size_t size)
{
    void *block = malloc(size);
    int rc;

    assert_non_null(block);
    memcpy(block, from, size);
    rc = rq_options_copy(to, sizeof *to, block);
    free(block);
    return rc;
}

static void none_means_all_zero(void **state)
{
    struct now to;

    (void)state;
    assert_int_equal(rq_options_copy(&to, sizeof to, NULL), 0);
    assert_int_equal(to.size, sizeof to);
    assert_int_equal(to.first, 0);
    assert_int_equal(to.second, 0);
}

static void a_shorter_struct_leaves_the_rest_zero(void **state)
{
    struct now from = {.size = sizeof(size_t) + sizeof(int), .first = 5, .second = 6},
               to;

    (void)state;
    assert_int_equal(copy(&to, &from, from.size), 0);
    assert_int_equal(to.first, 5);
    assert_int_equal(to.second, 0);
    assert_int_equal(to.size, sizeof to);
}

static void a_longer_struct_is_fine_while_its_rest_is_zero(void **state)
{
    struct later from = {.size = sizeof from, .first = 5, .second = 6};
    struct now to;

    (void)state;
    assert_int_equal(copy(&to, &from, sizeof from), 0);
    assert_int_equal(to.second, 6);
    from.fourth = 1;
    assert_int_equal(copy(&to, &from, sizeof from), RINGQ_USAGE);
}

static void a_size_that_cannot_be_is_refused(void **state)
{
    struct now from = {.size = 0}, to;

    (void)state;
    assert_int_equal(copy(&to, &from, sizeof from), RINGQ_USAGE);
    from.size = sizeof(size_t) - 1;
    assert_int_equal(copy(&to, &from, sizeof from), RINGQ_USAGE);
    from.size = SIZE_MAX;
    assert_int_equal(copy(&to, &from, sizeof from), RINGQ_USAGE);
}

TEST_MAIN(cmocka_unit_test(none_means_all_zero),
          cmocka_unit_test(a_shorter_struct_leaves_the_rest_zero),
          cmocka_unit_test(a_longer_struct_is_fine_while_its_rest_is_zero),
          cmocka_unit_test(a_size_that_cannot_be_is_refused))
