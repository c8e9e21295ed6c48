/* expire_test - row 20: a job that nobody starts in time.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"
#include "world.h"

static struct job_policy short_lived(void)
{
    struct job_policy policy = world_policy();

    policy.ttl_ms = 200;
    return policy;
}

/* A ready job that lives for 200 ms. */
static struct job_id put_short_lived(struct world *w)
{
    struct job_id id = world_put_more(w, "q", "x", short_lived(), 0);

    world_land(w);
    return id;
}

static void assert_is_expired(struct world *w, struct job_id id)
{
    assert_int_equal(world_record(w, RECORD_DONE)->end, RECORD_END_EXPIRED);
    assert_int_equal(world_queue(w, "q")->unfinished, 1);
    world_land(w);
    assert_false(world_has(w, id));
    assert_int_equal(world_queue(w, "q")->totals.expired, 1);
    assert_int_equal(world_queue(w, "q")->unfinished, 0);
}

static void a_ready_job_expires(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_short_lived(&w);
    assert_int_equal(world_view(&w, id)->expires_wall_ms, w.now.wall_ms + 200);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 200000000);
    world_sleep(&w, 199);
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    world_sleep(&w, 1);
    world_tick(&w);
    assert_is_expired(&w, id);
    world_fini(&w);
}

static void a_job_that_was_started_does_not_expire(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    put_short_lived(&w);
    uint64_t lease = world_get(&w, "q", &id);
    world_sleep(&w, 500);
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_LEASED);
    struct core_failed out;
    assert_int_equal(world_fail(&w, id, lease, "", 0, false, &out), 0);
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_view(&w, id)->expires_wall_ms, 0);
    world_fini(&w);
}

static void a_job_given_back_unstarted_expires_after_all(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    put_short_lived(&w);
    uint64_t lease = world_get(&w, "q", &id);
    world_sleep(&w, 300);
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->totals.expired, 1);
    world_fini(&w);
}

static void a_get_does_not_hand_out_what_is_over(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_short_lived(&w);
    world_sleep(&w, 200);
    assert_int_equal(world_get(&w, "q", NULL), 0); /* before the tick */
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->totals.expired, 1);
    world_fini(&w);
}

static void a_job_expires_while_its_put_is_on_the_way(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_wait(&w, "q", -1, &cookie);
    struct job_id id = world_put_more(&w, "q", "x", short_lived(), 0);
    world_sleep(&w, 200);
    world_land_one(&w);
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 0);
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    world_fini(&w);
}

static void a_delayed_job_expires_before_it_is_due(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_more(&w, "q", "x", short_lived(), w.now.wall_ms + 500);
    world_land(&w);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 200000000);
    world_sleep(&w, 200);
    world_tick(&w);
    assert_is_expired(&w, id);
    world_fini(&w);
}

static void a_delayed_job_that_is_due_first_is_ready(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_more(&w, "q", "x", short_lived(), w.now.wall_ms + 100);
    world_land(&w);
    world_sleep(&w, 100);
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    world_sleep(&w, 100);
    world_tick(&w);
    assert_is_expired(&w, id);
    world_fini(&w);
}

static void a_restart_leaves_a_job_what_is_left_of_its_life(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_short_lived(&w);
    world_sleep(&w, 150);
    world_restart(&w);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 50000000);
    world_sleep(&w, 50);
    world_tick(&w);
    assert_is_expired(&w, id);
    world_fini(&w);
}

static void a_wall_clock_set_back_makes_no_life_longer(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_short_lived(&w);
    w.now.wall_ms -= 500000;
    world_restart(&w);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 200000000);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_ready_job_expires),
          cmocka_unit_test(a_job_that_was_started_does_not_expire),
          cmocka_unit_test(a_job_given_back_unstarted_expires_after_all),
          cmocka_unit_test(a_get_does_not_hand_out_what_is_over),
          cmocka_unit_test(a_job_expires_while_its_put_is_on_the_way),
          cmocka_unit_test(a_delayed_job_expires_before_it_is_due),
          cmocka_unit_test(a_delayed_job_that_is_due_first_is_ready),
          cmocka_unit_test(a_restart_leaves_a_job_what_is_left_of_its_life),
          cmocka_unit_test(a_wall_clock_set_back_makes_no_life_longer))
