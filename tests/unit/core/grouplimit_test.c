/* grouplimit_test - GROUPLIMIT: how many of a group are leased at once.
 * SPDX-License-Identifier: MIT */
#include "named.h"
#include "support/test.h"

static void at_most_so_many_of_a_group_are_leased_at_once(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 2);
    put_all(&w, "a1 a2 a3 a4");
    struct taken a1 = take(&w, "a1");
    take(&w, "a2");
    assert_nothing(&w);
    assert_int_equal(world_done(&w, a1.id, a1.lease), 0);
    take(&w, "a3");
    assert_nothing(&w);
    world_fini(&w);
}

static void a_full_group_is_passed_over_and_blocks_nobody(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2 a3 b1 b2 -1 -2 -3");
    put_pri(&w, "a4", 0);
    assert_order(&w, "a4 -1 b1 -2 -3"); /* without a group: without a limit */
    assert_int_equal(world_queue(&w, "q")->ready, 4);
    world_fini(&w);
}

static void a_get_of_many_takes_no_more_of_a_group_than_is_allowed(void **state)
{
    struct waiter *waiter;
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 2);
    put_all(&w, "a1 a2 a3 a4 b1 b2 b3");
    assert_int_equal(world_get_more(&w, w.holder, "q", 10, 0, NULL, &waiter), 0);
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 4);
    world_fini(&w);
}

typedef void end_lease(struct world *w, struct taken t);

static void the_end_of_a_lease_wakes_a_getter_that_waits(void **state)
{
    static end_lease *const ends[] = {end_done, end_fail, end_dead, end_release_later,
                                      end_cancelled};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct world w;

        world_init(&w);
        set_limit(&w, 1);
        put_all(&w, "a1 a2 b1");
        struct taken a1 = take(&w, "a1");
        take(&w, "b1");
        world_wait(&w, "q", -1, &w);
        assert_none_is_served(&w);
        ends[i](&w, a1);
        served(&w, "a2");
        world_fini(&w);
    }
}

static void a_job_that_comes_back_to_a_full_group_wakes_a_getter_itself(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2");
    struct taken a1 = take(&w, "a1");
    world_wait(&w, "q", -1, &w);
    assert_int_equal(world_release(&w, a1.id, a1.lease, 0), 0);
    a1 = served(&w, "a1");

    world_wait(&w, "q", -1, &w);
    world_undeliver(&w, a1.id, a1.lease);
    served(&w, "a1");

    world_wait(&w, "q", -1, &w);
    world_sleep(&w, 1000); /* its TTR */
    served(&w, "a1");
    world_fini(&w);
}

static void a_lost_connection_makes_room_in_the_group(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2");
    struct holder *other = world_holder(&w);
    assert_int_not_equal(world_get_as(&w, other, "q", NULL), 0);
    world_wait(&w, "q", -1, &w);
    world_lose(&w, other);
    served(&w, "a1");
    world_fini(&w);
}

static void who_comes_back_does_not_overtake_the_better_of_its_group(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1");
    struct taken a1 = take(&w, "a1");
    world_wait(&w, "q", -1, &w);
    put_pri(&w, "a2", 0);
    assert_none_is_served(&w);
    assert_int_equal(world_release(&w, a1.id, a1.lease, 0), 0);
    served(&w, "a2");
    world_fini(&w);
}

static void what_becomes_ready_goes_to_a_getter_unless_its_group_is_full(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2");
    take(&w, "a1");
    world_wait(&w, "q", -1, &w);
    put(&w, "a3");
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 0);
    struct job_id b1 = put(&w, "b1");
    assert_int_equal(world_view(&w, b1)->state, JOB_LEASED);
    world_fini(&w);
}

static void a_higher_limit_wakes_and_a_lower_one_takes_nothing_away(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2 a3 a4 a5");
    take(&w, "a1");
    world_wait(&w, "q", -1, &w);
    world_set(&w, (struct record_settings){.grouplimit = 2});
    struct taken a2 = served(&w, "a2");
    set_limit(&w, 0);
    take(&w, "a3");
    set_limit(&w, 1);
    assert_nothing(&w);
    assert_int_equal(world_done(&w, a2.id, a2.lease), 0);
    assert_nothing(&w); /* two are leased yet */
    set_limit(&w, 3);
    assert_order(&w, "a4");
    world_fini(&w);
}

static void the_greatest_limit_is_one(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, UINT32_MAX);
    put_all(&w, "a1 a2 b1");
    assert_order(&w, "a1 b1 a2");
    world_fini(&w);
}

TEST_MAIN(
    cmocka_unit_test(at_most_so_many_of_a_group_are_leased_at_once),
    cmocka_unit_test(a_full_group_is_passed_over_and_blocks_nobody),
    cmocka_unit_test(a_get_of_many_takes_no_more_of_a_group_than_is_allowed),
    cmocka_unit_test(the_end_of_a_lease_wakes_a_getter_that_waits),
    cmocka_unit_test(a_job_that_comes_back_to_a_full_group_wakes_a_getter_itself),
    cmocka_unit_test(a_lost_connection_makes_room_in_the_group),
    cmocka_unit_test(who_comes_back_does_not_overtake_the_better_of_its_group),
    cmocka_unit_test(what_becomes_ready_goes_to_a_getter_unless_its_group_is_full),
    cmocka_unit_test(a_higher_limit_wakes_and_a_lower_one_takes_nothing_away),
    cmocka_unit_test(the_greatest_limit_is_one))
