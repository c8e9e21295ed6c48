/* move_test - what lives is written again, and is the same after a restart from that.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/move.h"
#include "support/test.h"
#include "world.h"

/* Moves all that is in the log, twice writes the totals, and begins anew from what is
 * left: nothing of the old log may be needed. */
static void move_all(struct world *w)
{
    uint64_t before = w->log_count + 1;

    world_move(w, before);
    while (world_totals_before(w, before))
        ;
    world_land(w);
    while (world_totals_before(w, before))
        ;
    world_land(w);
    assert_true(world_low(w) >= before);
    world_restart(w);
}

static void a_ready_job_stays_what_it_was(void **state)
{
    struct world w;
    struct job_policy policy = world_policy();

    (void)state;
    world_init(&w);
    policy.pri = 7;
    policy.ttl_ms = 5000;
    struct job_id id = world_put_more(&w, "q", "text", policy, 0);
    world_land(&w);
    move_all(&w);
    const struct job_view *v = world_view(&w, id);
    assert_int_equal(v->state, JOB_READY);
    assert_true(rq_slice_eq(v->body, RQ_LIT("text")));
    assert_int_equal(v->policy.pri, 7);
    assert_int_equal(v->put_wall_ms, 1000000);
    assert_int_equal(v->expires_wall_ms, 1005000);
    assert_int_equal(v->attempts, 0);
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    world_sleep(&w, 5001);
    world_tick(&w);
    world_land(&w);
    assert_false(world_has(&w, id)); /* expired */
    world_fini(&w);
}

static void a_delayed_job_keeps_its_time_attempts_and_error(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "broken", 700, false, NULL), 0);
    world_land(&w);
    move_all(&w);
    const struct job_view *v = world_view(&w, id);
    assert_int_equal(v->state, JOB_DELAYED);
    assert_int_equal(v->due_wall_ms, w.now.wall_ms + 700);
    assert_int_equal(v->attempts, 1);
    assert_true(rq_slice_eq(v->error, RQ_LIT("broken")));
    assert_int_equal(world_queue(&w, "q")->totals.failed, 1);
    world_fini(&w);
}

static void a_dead_job_stays_dead(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "poison", -1, true, NULL), 0);
    world_land(&w);
    move_all(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    world_fini(&w);
}

/* Its lease goes on where it is; after a restart its attempt is used up, once. */
static void a_leased_job_is_moved_with_its_lease(void **state)
{
    struct world w;
    struct job_id id, other;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    world_get(&w, "q", &other);
    world_land(&w);
    assert_int_equal(world_move(&w, w.log_count + 1), 2);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_land(&w);
    move_all(&w);
    assert_false(world_has(&w, id));
    assert_int_equal(world_view(&w, other)->state, JOB_READY);
    assert_int_equal(world_view(&w, other)->attempts, 1);
    assert_int_equal(world_queue(&w, "q")->totals.delivered, 2);
    assert_int_equal(world_queue(&w, "q")->totals.failed, 1);
    world_fini(&w);
}

/* ... and a log that ends behind the move, before any totals, says the same. */
static void a_moved_lease_is_no_delivery(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_get(&w, "q", &id);
    world_totals(&w);
    world_move(&w, w.log_count + 1);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_view(&w, id)->attempts, 1);
    assert_int_equal(world_queue(&w, "q")->totals.delivered, 1);
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    world_fini(&w);
}

static void a_cancelled_lease_ends_its_job_after_the_move(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_get(&w, "q", &id);
    world_cancel_job(&w, id);
    world_land(&w);
    move_all(&w);
    world_land(&w);
    assert_false(world_has(&w, id));
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 1);
    world_fini(&w);
}

static void an_end_that_is_kept_is_kept(void **state)
{
    struct world w;
    struct job_policy policy = world_policy();
    struct core_outcome outcome;
    struct job_id id;

    (void)state;
    world_init(&w);
    policy.keep_ms = 60000;
    world_put_more(&w, "q", "x", policy, 0);
    world_land(&w);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_land(&w);
    move_all(&w);
    assert_int_equal(core_outcome(w.core, id, &outcome), 0);
    assert_true(outcome.is_over);
    assert_string_equal(outcome.state, "done");
    assert_int_equal(outcome.kept_wall_ms, 1060000);
    world_fini(&w);
}

static void settings_are_moved(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_set(&w, (struct record_settings){.maxsize = 5, .concurrency = 2});
    world_land(&w);
    move_all(&w);
    assert_int_equal(world_queue(&w, "q")->settings.maxsize, 5);
    assert_int_equal(world_queue(&w, "q")->settings.concurrency, 2);
    world_fini(&w);
}

/* Only what is older: the newer half stays where it is. */
static void what_is_new_enough_is_not_moved(void **state)
{
    struct world w;
    struct job_id ids[40];

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < 40; i++)
        ids[i] = world_put_landed(&w, "q");
    assert_int_equal(world_move(&w, 21), 20);
    assert_int_equal(world_view(&w, ids[20])->home, 21);
    assert_true(world_view(&w, ids[19])->home > 40);
    assert_int_equal(world_move(&w, 21), 0);
    assert_int_equal(world_low(&w), 21);
    world_land(&w);
    world_restart(&w);
    for (size_t i = 0; i < 40; i++) { /* in their old order */
        struct job_id id;

        assert_true(world_get(&w, "q", &id) > 0);
        assert_true(id.number == ids[i].number);
    }
    world_fini(&w);
}

/* A job on its way to death is not there yet when the walk passes. */
static void a_job_that_dies_meanwhile_is_moved(void **state)
{
    struct world w;
    struct core_mover mover;
    struct job_id id;
    int more;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    world_land(&w);
    assert_int_equal(world_fail(&w, id, lease, "poison", -1, true, NULL), 0);
    core_move_begin(&mover, w.log_count + 1);
    for (int i = 0; i < 5; i++) /* it goes on looking */
        assert_int_equal(core_move_some(w.core, &mover, 1000, 1000, &w.fx), 1);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    more = core_move_some(w.core, &mover, 1000, 1000, &w.fx);
    assert_int_equal(more, 1);
    assert_int_equal(mover.moved, 1);
    assert_int_equal(w.fx.items[0].u.log.record.state, RECORD_DEAD);
    w.fx.count = 0;
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_ready_job_stays_what_it_was),
          cmocka_unit_test(a_delayed_job_keeps_its_time_attempts_and_error),
          cmocka_unit_test(a_dead_job_stays_dead),
          cmocka_unit_test(a_leased_job_is_moved_with_its_lease),
          cmocka_unit_test(a_moved_lease_is_no_delivery),
          cmocka_unit_test(a_cancelled_lease_ends_its_job_after_the_move),
          cmocka_unit_test(an_end_that_is_kept_is_kept),
          cmocka_unit_test(settings_are_moved),
          cmocka_unit_test(what_is_new_enough_is_not_moved),
          cmocka_unit_test(a_job_that_dies_meanwhile_is_moved))
