/* group_test - GROUP: jobs of a queue that take turns.
 * SPDX-License-Identifier: MIT */
#include "core/state.h"
#include "named.h"
#include "support/test.h"

/* ---- turns ---- */

static void groups_take_turns(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 a2 a3 a4 b1 b2 c1");
    assert_order(&w, "a1 b1 c1 a2 b2 a3 a4");
    world_fini(&w);
}

static void jobs_without_a_group_take_turns_as_one_more(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "-1 -2 -3 a1 a2 b1");
    assert_order(&w, "-1 a1 b1 -2 a2 -3");
    world_fini(&w);
}

static void a_group_that_comes_waits_for_one_turn_of_each_other(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 a2 a3 b1 b2 b3");
    take(&w, "a1");
    put_all(&w, "c1");
    assert_order(&w, "b1 a2 c1 b2 a3 b3"); /* a was served before c came */
    world_fini(&w);
}

static void a_group_that_had_no_job_for_a_while_has_not_lost_its_turn(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 b1 b2 b3");
    take(&w, "a1"); /* leased: the group is still there */
    take(&w, "b1");
    take(&w, "b2");
    put_all(&w, "a2");
    assert_order(&w, "a2 b3");
    world_fini(&w);
}

static void a_better_pri_goes_first_whatever_its_group(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 b1 -1");
    put_pri(&w, "a2", 5);
    put_pri(&w, "a3", 5);
    put_pri(&w, "-2", 7);
    put_pri(&w, "b2", 7);
    assert_order(&w, "a2 a3 -2 b2 a1 -1 b1");
    world_fini(&w);
}

static void in_a_group_lifo_turns_the_order_round(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 a2 b1 -1 a3 b2 -2");
    world_set(&w, (struct record_settings){.order = RECORD_LIFO});
    put_all(&w, "a4");
    assert_order(&w, "-2 a4 b2 -1 a3 b1 a2 a1");
    put_all(&w, "c1 c2");
    world_set(&w, (struct record_settings){.order = RECORD_FIFO});
    assert_order(&w, "c1 c2");
    world_fini(&w);
}

static void a_job_that_comes_back_takes_its_old_place_in_its_group(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 a2 a3 b1 b2");
    struct taken a1 = take(&w, "a1"), b1 = take(&w, "b1");
    assert_int_equal(world_release(&w, a1.id, a1.lease, 0), 0);
    assert_int_equal(
        world_fail(&w, b1.id, b1.lease, "x", 0, false, &(struct core_failed){0}), 0);
    world_tick(&w);
    assert_order(&w, "a1 b1 a2 b2 a3");
    world_fini(&w);
}

static void a_hand_over_that_is_undone_gives_the_turn_back(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 a2 b1 b2 -1 -2");
    struct taken rest = take(&w, "-1"), a1 = take(&w, "a1"), b1 = take(&w, "b1");
    world_undeliver(&w, rest.id, rest.lease);
    world_undeliver(&w, a1.id, a1.lease);
    world_undeliver(&w, b1.id, b1.lease);
    assert_order(&w, "-1 a1 b1 -2 a2 b2");
    world_fini(&w);
}

static void a_name_is_another_group_in_another_queue(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2");
    put_as(&w, "r", "a3", world_policy(), 0);
    take(&w, "a1");
    assert_nothing(&w);
    assert_int_not_equal(world_get(&w, "r", NULL), 0);
    world_fini(&w);
}

static void a_group_goes_with_its_last_job(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "-1 a1 b1");
    assert_int_equal(queue(&w)->groups->by_key.count, 2);
    for (int i = 0; i < 3; i++) {
        struct job_id id;
        uint64_t lease = world_get(&w, "q", &id);

        assert_int_equal(world_done(&w, id, lease), 0);
        world_land(&w);
    }
    assert_null(queue(&w)->groups);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(groups_take_turns),
          cmocka_unit_test(jobs_without_a_group_take_turns_as_one_more),
          cmocka_unit_test(a_group_that_comes_waits_for_one_turn_of_each_other),
          cmocka_unit_test(a_group_that_had_no_job_for_a_while_has_not_lost_its_turn),
          cmocka_unit_test(a_better_pri_goes_first_whatever_its_group),
          cmocka_unit_test(in_a_group_lifo_turns_the_order_round),
          cmocka_unit_test(a_job_that_comes_back_takes_its_old_place_in_its_group),
          cmocka_unit_test(a_hand_over_that_is_undone_gives_the_turn_back),
          cmocka_unit_test(a_name_is_another_group_in_another_queue),
          cmocka_unit_test(a_group_goes_with_its_last_job))
