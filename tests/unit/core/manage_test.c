/* manage_test - rows 17 to 19: KICK, CANCEL, PURGE, and new times.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "support/test.h"
#include "world.h"

/* A world with one dead job. */
static struct job_id bury_one(struct world *w)
{
    struct core_failed out;
    struct job_id id;
    uint64_t lease;

    world_put_landed(w, "q");
    lease = world_get(w, "q", &id);
    assert_int_equal(world_fail(w, id, lease, "boom", -1, true, &out), 0);
    world_land(w);
    assert_int_equal(world_view(w, id)->state, JOB_DEAD);
    return id;
}

/* ---- row 17 ---- */

static void a_kicked_job_is_ready_and_has_all_its_tries(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = bury_one(&w);
    assert_int_equal(world_kick(&w, id), 1);
    const struct event *e = world_record(&w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_READY);
    assert_int_equal(e->attempts, 0);
    assert_false(e->confirm);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_view(&w, id)->attempts, 0);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_queue(&w, "q")->dead, 0);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    world_fini(&w);
}

static void a_kicked_job_goes_to_whoever_waits(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    struct job_id id = bury_one(&w);
    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(world_kick(&w, id), 1);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    assert_int_equal(world_view(&w, id)->attempts, 1);
    world_fini(&w);
}

static void only_the_dead_are_kicked(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_kick(&w, id), 0);
    assert_int_equal(w.event_count, 0);
    assert_int_equal(world_kick(&w, (struct job_id){7, 99}), RQ_E_NOJOB);
    struct job_id pending = world_put(&w, "q", "x");
    assert_int_equal(world_kick(&w, pending), RQ_E_NOJOB);
    world_fini(&w);
}

static void those_that_died_first_are_kicked_first(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id first = bury_one(&w), second = bury_one(&w), third = bury_one(&w);
    assert_int_equal(world_kick_some(&w, "q", 2), 2);
    assert_int_equal(world_view(&w, first)->state, JOB_READY);
    assert_int_equal(world_view(&w, second)->state, JOB_READY);
    assert_int_equal(world_view(&w, third)->state, JOB_DEAD);
    assert_int_equal(world_kick_some(&w, "q", 2), 1);
    assert_int_equal(world_kick_some(&w, "q", 2), 0);
    assert_int_equal(world_kick_some(&w, "nowhere", 2), 0);
    world_fini(&w);
}

static void a_kick_survives_a_restart(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = bury_one(&w);
    assert_int_equal(world_kick(&w, id), 1);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_view(&w, id)->attempts, 0);
    world_fini(&w);
}

/* ---- row 18 ---- */

static void a_cancelled_job_counts_when_its_commit_is_in_the_log(void **state)
{
    struct world w;
    struct waiter *waiter;
    int cookie;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_join(&w, "q", -1, false, &cookie, &waiter), 0);
    assert_int_equal(world_cancel_job(&w, id), 1);
    const struct event *e = world_record(&w, RECORD_DONE);
    assert_int_equal(e->end, RECORD_END_CANCELLED);
    assert_true(e->confirm);
    assert_int_equal(world_queue(&w, "q")->ready, 0);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_get(&w, "q", NULL), 0);

    world_land(&w);
    assert_false(world_has(&w, id));
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.cancelled, 1);
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 1);
    assert_int_equal(world_queue(&w, "q")->totals.done, 0);
    world_fini(&w);
}

static void a_delayed_job_can_be_cancelled(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id =
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    assert_int_equal(world_cancel_job(&w, id), 1);
    assert_int_equal(core_next_due(w.core), INT64_MAX);
    world_land(&w);
    assert_false(world_has(&w, id));
    world_fini(&w);
}

static void what_is_dead_or_ending_is_not_cancelled(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id dead = bury_one(&w);
    assert_int_equal(world_cancel_job(&w, dead), 0);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_cancel_job(&w, id), 1);
    assert_int_equal(world_cancel_job(&w, id), 0);
    assert_int_equal(world_cancel_job(&w, (struct job_id){7, 99}), RQ_E_NOJOB);
    world_fini(&w);
}

static void a_purge_takes_one_state(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        world_put_landed(&w, "q");
    world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    assert_int_equal(world_purge(&w, "q", JOB_READY, 2), 2);
    assert_int_equal(world_queue(&w, "q")->ready, 1);
    assert_int_equal(world_purge(&w, "q", JOB_READY, 2), 1);
    assert_int_equal(world_purge(&w, "q", JOB_READY, 2), 0);
    assert_int_equal(world_queue(&w, "q")->delayed, 1);
    assert_int_equal(world_purge(&w, "q", JOB_DELAYED, 2), 1);
    assert_int_equal(world_purge(&w, "nowhere", JOB_DELAYED, 2), 0);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 4);
    assert_int_equal(world_queue(&w, "q")->unfinished, 0);
    world_fini(&w);
}

static void purging_the_dead_concerns_strict_joiners_alone(void **state)
{
    struct world w;
    struct waiter *waiter;
    int plain, strict;

    (void)state;
    world_init(&w);
    struct job_id id = bury_one(&w);
    assert_int_equal(world_join(&w, "q", -1, true, &strict, &waiter), 0);
    assert_non_null(waiter);
    assert_int_equal(world_purge(&w, "q", JOB_DEAD, 9), 1);
    assert_int_equal(world_queue(&w, "q")->unfinished, 0); /* it was not counted */
    assert_int_equal(world_join(&w, "q", -1, false, &plain, &waiter), 0);
    assert_null(waiter);

    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &strict);
    assert_false(world_has(&w, id));
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 1);
    world_fini(&w);
}

static void a_cancel_that_is_not_in_the_log_is_undone_by_a_crash(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_cancel_job(&w, id), 1);
    world_restart(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_cancel_job(&w, id), 1);
    world_land(&w);
    world_restart(&w);
    assert_false(world_has(&w, id));
    world_fini(&w);
}

/* ---- row 19 ---- */

/* A leased job that was cancelled.  Returns  its lease */
static uint64_t lease_and_cancel(struct world *w, struct job_id *out)
{
    world_put_landed(w, "q");
    uint64_t lease = world_get(w, "q", out);

    assert_int_equal(world_cancel_job(w, *out), 1);
    assert_int_equal(world_record(w, RECORD_STATE)->state, RECORD_CANCELLING);
    return lease;
}

static void assert_is_cancelled(struct world *w, struct job_id id)
{
    assert_int_equal(world_record(w, RECORD_DONE)->end, RECORD_END_CANCELLED);
    assert_int_equal(world_view(w, id)->state, JOB_ENDING);
    world_land(w);
    assert_false(world_has(w, id));
    assert_int_equal(world_queue(w, "q")->totals.cancelled, 1);
    assert_int_equal(world_queue(w, "q")->totals.failed, 0);
}

static void the_worker_of_a_cancelled_job_hears_it_at_its_touch(void **state)
{
    struct core_touched touched;
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(core_touch(w.core, id, lease, 0, w.now, &w.fx, &touched), 0);
    assert_false(touched.cancel);
    assert_int_equal(world_cancel_job(&w, id), 1);
    assert_int_equal(core_touch(w.core, id, lease, 0, w.now, &w.fx, &touched), 0);
    assert_true(touched.cancel);
    assert_int_equal(world_view(&w, id)->state, JOB_LEASED);
    assert_int_equal(world_cancel_job(&w, id), 1); /* again is harmless, */
    assert_int_equal(w.event_count, 0);            /* and writes nothing */
    world_fini(&w);
}

static void a_cancelled_job_may_still_be_done(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    uint64_t lease = lease_and_cancel(&w, &id);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->totals.done, 1);
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 0);
    world_fini(&w);
}

static void a_cancelled_job_ends_when_it_fails(void **state)
{
    struct core_failed out;
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    uint64_t lease = lease_and_cancel(&w, &id);
    assert_int_equal(world_fail(&w, id, lease, "gave up", -1, false, &out), 0);
    assert_true(out.cancelled);
    assert_is_cancelled(&w, id);
    world_fini(&w);
}

static void a_cancelled_job_ends_when_it_is_released(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    uint64_t lease = lease_and_cancel(&w, &id);
    assert_int_equal(world_release(&w, id, lease, 1000), 0);
    assert_is_cancelled(&w, id);
    world_fini(&w);
}

static void a_cancelled_job_ends_when_its_lease_runs_out(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    lease_and_cancel(&w, &id);
    world_sleep(&w, 1000);
    world_tick(&w);
    assert_is_cancelled(&w, id);
    world_fini(&w);
}

static void a_cancelled_job_ends_when_its_worker_is_lost(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    lease_and_cancel(&w, &id);
    world_lose(&w, w.holder);
    assert_is_cancelled(&w, id);
    world_fini(&w);
}

static void a_cancelled_job_ends_when_its_hand_over_is_undone(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    uint64_t lease = lease_and_cancel(&w, &id);
    world_undeliver(&w, id, lease);
    assert_is_cancelled(&w, id);
    world_fini(&w);
}

static void a_cancelled_job_ends_at_a_restart(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    lease_and_cancel(&w, &id);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    world_land(&w);
    assert_false(world_has(&w, id));
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 1);
    world_fini(&w);
}

/* ---- new times ---- */

static void a_ready_job_can_be_put_off(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_reschedule(&w, id, w.now.wall_ms + 300), 0);
    const struct event *e = world_record(&w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_DELAYED);
    assert_int_equal(e->due_wall_ms, w.now.wall_ms + 300);
    assert_int_equal(world_get(&w, "q", NULL), 0);
    world_sleep(&w, 300);
    world_tick(&w);
    assert_int_not_equal(world_get(&w, "q", NULL), 0);
    world_fini(&w);
}

static void a_delayed_job_can_be_moved_either_way(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id =
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    assert_int_equal(world_reschedule(&w, id, w.now.wall_ms + 900), 0);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 900000000);
    assert_int_equal(world_view(&w, id)->due_wall_ms, w.now.wall_ms + 900);
    assert_int_equal(world_reschedule(&w, id, w.now.wall_ms - 1), 0);
    assert_int_equal(world_record(&w, RECORD_STATE)->state, RECORD_READY);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_reschedule(&w, id, 0), 0);
    assert_int_equal(w.event_count, 0); /* it is ready as it is */
    world_fini(&w);
}

static void only_what_waits_gets_a_new_time(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    struct job_id dead = bury_one(&w);
    assert_int_equal(world_reschedule(&w, dead, 0), RQ_E_BADARG);
    world_put_landed(&w, "q");
    world_get(&w, "q", &id);
    assert_int_equal(world_reschedule(&w, id, 0), RQ_E_BADARG);
    assert_int_equal(world_reschedule(&w, (struct job_id){7, 99}, 0), RQ_E_NOJOB);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_kicked_job_is_ready_and_has_all_its_tries),
          cmocka_unit_test(a_kicked_job_goes_to_whoever_waits),
          cmocka_unit_test(only_the_dead_are_kicked),
          cmocka_unit_test(those_that_died_first_are_kicked_first),
          cmocka_unit_test(a_kick_survives_a_restart),
          cmocka_unit_test(a_cancelled_job_counts_when_its_commit_is_in_the_log),
          cmocka_unit_test(a_delayed_job_can_be_cancelled),
          cmocka_unit_test(what_is_dead_or_ending_is_not_cancelled),
          cmocka_unit_test(a_purge_takes_one_state),
          cmocka_unit_test(purging_the_dead_concerns_strict_joiners_alone),
          cmocka_unit_test(a_cancel_that_is_not_in_the_log_is_undone_by_a_crash),
          cmocka_unit_test(the_worker_of_a_cancelled_job_hears_it_at_its_touch),
          cmocka_unit_test(a_cancelled_job_may_still_be_done),
          cmocka_unit_test(a_cancelled_job_ends_when_it_fails),
          cmocka_unit_test(a_cancelled_job_ends_when_it_is_released),
          cmocka_unit_test(a_cancelled_job_ends_when_its_lease_runs_out),
          cmocka_unit_test(a_cancelled_job_ends_when_its_worker_is_lost),
          cmocka_unit_test(a_cancelled_job_ends_when_its_hand_over_is_undone),
          cmocka_unit_test(a_cancelled_job_ends_at_a_restart),
          cmocka_unit_test(a_ready_job_can_be_put_off),
          cmocka_unit_test(a_delayed_job_can_be_moved_either_way),
          cmocka_unit_test(only_what_waits_gets_a_new_time))
