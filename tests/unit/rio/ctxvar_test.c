/* ctxvar_test - what variables do beside the cases CTX-01 to CTX-06.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

static char nope[] = "nope", yes[] = "yes", no[] = "no";
static const rio_ctxvar var = {nope}, other = {NULL};

LOOP_TEST(a_value_can_be_set_again_and_to_null)
{
    EXPECT_EQ(rio_ctxvar_set(&var, yes), 0);
    EXPECT_EQ(rio_ctxvar_set(&other, no), 0);
    EXPECT_EQ(rio_ctxvar_set(&var, NULL), 0);
    EXPECT(rio_ctxvar_get(&var) == NULL);
    EXPECT(rio_ctxvar_get(&other) == no);
    EXPECT_EQ(rio_ctxvar_set(NULL, yes), -EINVAL);
    return 0;
}

static long hold(void *arg)
{
    (void)arg;
    EXPECT(rio_ctxvar_get(&var) == nope);
    EXPECT_EQ(rio_ctxvar_set(&var, yes), 0);
    RIO_TRY(await(rio_gen_yield(&(int){1})));
    EXPECT(rio_ctxvar_get(&var) == no);
    return 0;
}

LOOP_TEST(the_body_of_a_generator_has_its_consumers_values)
{
    rio_gen *g = rio_gen_new(hold, NULL, sizeof(int));
    int v;

    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 1);
    EXPECT(rio_ctxvar_get(&var) == yes);
    EXPECT_EQ(rio_ctxvar_set(&var, no), 0);
    EXPECT_EQ(await(rio_next(rio_gen_iter(g), &v)), 0);
    return await(rio_gen_free(g));
}

static void outside_a_task_there_are_the_defaults(void **state)
{
    (void)state;
    assert_ptr_equal(rio_ctxvar_get(&var), nope);
    assert_int_equal(rio_ctxvar_set(&var, yes), -EPERM);
}

TEST_MAIN(cmocka_unit_test(a_value_can_be_set_again_and_to_null),
          cmocka_unit_test(the_body_of_a_generator_has_its_consumers_values),
          cmocka_unit_test(outside_a_task_there_are_the_defaults))
