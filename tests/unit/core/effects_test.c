/* effects_test - the list of what a command caused.
 * SPDX-License-Identifier: MIT */
#include "core/effects.h"

#include <errno.h>

#include "support/test.h"

static void an_effect_is_zeroed_and_of_its_kind(void **state)
{
    struct effects fx;

    (void)state;
    effects_init(&fx);
    assert_int_equal(effects_reserve(&fx, 1), 0);
    struct effect *e = effects_add(&fx, EFFECT_DELIVER);
    assert_int_equal(e->kind, EFFECT_DELIVER);
    assert_null(e->u.deliver.job);
    assert_false(e->u.deliver.more);
    e->u.deliver.lease = 7;
    fx.count = 0;
    assert_int_equal(effects_add(&fx, EFFECT_DELIVER)->u.deliver.lease, 0);
    effects_fini(&fx);
}

static void room_grows_and_keeps_what_is_there(void **state)
{
    struct effects fx;

    (void)state;
    effects_init(&fx);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(effects_reserve(&fx, 1), 0);
        effects_add(&fx, EFFECT_FORGET)->u.forget.home = i;
    }
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(fx.items[i].u.forget.home, i);
    effects_fini(&fx);
    assert_int_equal(fx.count, 0);
    assert_int_equal(fx.cap, 0);
}

static void room_is_for_what_is_added_not_for_all(void **state)
{
    struct effects fx;

    (void)state;
    effects_init(&fx);
    assert_int_equal(effects_reserve(&fx, 100), 0);
    size_t cap = fx.cap;
    assert_true(cap >= 100);
    for (int i = 0; i < 50; i++)
        effects_add(&fx, EFFECT_FORGET);
    assert_int_equal(effects_reserve(&fx, cap - 50), 0);
    assert_int_equal(fx.cap, cap);
    assert_int_equal(effects_reserve(&fx, cap - 49), 0);
    assert_true(fx.cap > cap);
    effects_fini(&fx);
}

static void room_beyond_all_memory_is_refused(void **state)
{
    struct effects fx;

    (void)state;
    effects_init(&fx);
    assert_int_equal(effects_reserve(&fx, SIZE_MAX), -ENOMEM);
    assert_int_equal(effects_reserve(&fx, SIZE_MAX / 2), -ENOMEM);
    assert_int_equal(fx.cap, 0);
    effects_fini(&fx);
}

TEST_MAIN(cmocka_unit_test(an_effect_is_zeroed_and_of_its_kind),
          cmocka_unit_test(room_grows_and_keeps_what_is_there),
          cmocka_unit_test(room_is_for_what_is_added_not_for_all),
          cmocka_unit_test(room_beyond_all_memory_is_refused))
