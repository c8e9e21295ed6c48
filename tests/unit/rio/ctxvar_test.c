/* ctxvar_test - variables of a task, and what its children see of them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/rio_test.h"
#include "support/test.h"

static char nope[] = "nope", yes[] = "yes", no[] = "no";
static const rio_ctxvar var = {nope}, other = {NULL};

static long read_and_set(void *arg)
{
    EXPECT(rio_ctxvar_get(&var) == arg);
    EXPECT_EQ(rio_ctxvar_set(&var, no), 0);
    EXPECT(rio_ctxvar_get(&var) == no);
    return 0;
}

LOOP_TEST(a_child_sees_what_held_when_it_was_made) /* CTX-01 */
{
    rio_task *t = rio_create_task(read_and_set, nope);

    EXPECT(rio_ctxvar_get(&var) == nope);
    EXPECT_EQ(rio_ctxvar_set(&var, yes), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(rio_ctxvar_get(&var) == yes);
    t = rio_create_task(read_and_set, yes);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT(rio_ctxvar_get(&var) == yes);
    return 0;
}

static void set_in_callback(rio_future *f, void *arg)
{
    (void)f;
    *(int *)arg = rio_ctxvar_set(&var, no);
}

LOOP_TEST(a_callback_has_the_defaults_and_cannot_set) /* CTX-02 */
{
    rio_future *f = rio_future_new();
    int rc = 0;

    EXPECT_EQ(rio_ctxvar_set(&var, yes), 0);
    EXPECT_EQ(rio_future_add_done_callback(f, set_in_callback, &rc), 0);
    EXPECT_EQ(rio_future_set_result(f, 0), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rc, -EPERM);
    EXPECT(rio_ctxvar_get(&var) == yes);
    rio_unref(f);
    return 0;
}

static long keep_own(void *arg)
{
    EXPECT_EQ(rio_ctxvar_set(&var, arg), 0);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(await(rio_sleep((int64_t)((uintptr_t)arg >> i & 7) * RIO_US)), 0);
        EXPECT(rio_ctxvar_get(&var) == arg);
        EXPECT(rio_ctxvar_get(&other) == yes);
    }
    return 0;
}

LOOP_TEST(nobody_sees_the_value_of_another) /* CTX-03, CTX-05 */
{
    char args[100];

    EXPECT_EQ(rio_ctxvar_set(&other, yes), 0);
    return await(rio_gather_map(keep_own, args, sizeof args, 1, NULL, 0));
}

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

TEST_MAIN(cmocka_unit_test(a_child_sees_what_held_when_it_was_made),
          cmocka_unit_test(a_callback_has_the_defaults_and_cannot_set),
          cmocka_unit_test(nobody_sees_the_value_of_another),
          cmocka_unit_test(a_value_can_be_set_again_and_to_null),
          cmocka_unit_test(the_body_of_a_generator_has_its_consumers_values),
          cmocka_unit_test(outside_a_task_there_are_the_defaults))
