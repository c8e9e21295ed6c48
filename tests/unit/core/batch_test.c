/* batch_test - jobs that end together: when JOIN BATCH is answered, and with what.
 * SPDX-License-Identifier: MIT */
#include "batch_rig.h"

#include <errno.h>

#include "base/err.h"
#include "core/attrs.h"
#include "core/limits.h"
#include "support/test.h"

/* ---- when it is over ---- */

static void a_join_is_answered_by_the_last_end(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_put(&w, "other", batch); /* a batch may span queues */
    batch_close_landed(&w, batch);
    batch_wait_for(&w, batch);
    batch_finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    batch_finish(&w, "other");
    assert_int_equal(world_count(&w, EFFECT_JOINED),
                     0); /* not before it is in the log */
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &batch_cookie);
    batch_assert_counts(world_event(&w, EFFECT_JOINED),
                        (struct join_counts){.done = 2});
    world_fini(&w);
}

static void an_open_batch_is_not_over(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_assert_not_over(&w, batch);
    batch_put(&w, "q", batch);
    batch_finish(&w, "q");
    world_land(&w);
    batch_wait_for(&w, batch);
    assert_int_equal(world_close(&w, batch), 1);
    assert_int_equal(world_count(&w, EFFECT_JOINED),
                     0); /* a crash could open it again */
    batch_assert_not_over(&w, batch);
    world_land(&w);
    batch_assert_counts(world_event(&w, EFFECT_JOINED),
                        (struct join_counts){.done = 1});
    world_fini(&w);
}

static void an_empty_batch_is_over_when_it_is_closed(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_close_landed(&w, batch);
    batch_assert_over(&w, batch, (struct join_counts){0});
    world_fini(&w);
}

static void a_put_that_is_pending_counts(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    assert_int_equal(batch_put_into(&w, "q", batch, &id), 0);
    assert_int_equal(world_close(&w, batch), 1);
    batch_wait_for(&w, batch);
    world_land_one(&w); /* the PUT */
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    batch_finish(&w, "q");
    world_land(&w);
    batch_assert_counts(world_event(&w, EFFECT_JOINED),
                        (struct join_counts){.done = 1});
    world_fini(&w);
}

static void a_put_that_is_refused_was_never_in_it(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    assert_int_equal(batch_put_into(&w, "q", batch, &id), 0);
    assert_int_equal(world_close(&w, batch), 1);
    batch_wait_for(&w, batch);
    world_refuse_one(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    batch_assert_counts(world_event(&w, EFFECT_JOINED), (struct join_counts){0});
    world_fini(&w);
}

static void every_way_to_end_is_counted(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_put(&w, "q", batch);
    batch_put(&w, "q", batch);
    struct job_id other = batch_put(&w, "other", batch);
    batch_close_landed(&w, batch);
    batch_kill_one(&w);
    batch_finish(&w, "q");
    assert_int_equal(world_purge(&w, "q", JOB_READY, 1), 1);
    assert_int_equal(world_cancel_job(&w, other), 1);
    world_land(&w);
    batch_assert_over(&w, batch,
                      (struct join_counts){.done = 1, .dead = 1, .cancelled = 2});
    world_fini(&w);
}

static void an_expired_job_has_ended(void **state)
{
    struct core_put put_ = {.queue = RQ_LIT("q"), .policy = world_policy()};
    struct job_id exists;
    struct rq_buf attrs;
    struct world w;
    struct job *job;

    (void)state;
    struct job_id batch = batch_begin(&w);
    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    assert_int_equal(attrs_add_batch(&attrs, batch), 0);
    put_.attrs = rq_buf_slice(&attrs);
    put_.policy.ttl_ms = 100;
    assert_int_equal(core_put(w.core, &put_, w.now, &w.fx, &job, &exists), 0);
    world_carry(&w);
    world_land(&w);
    batch_close_landed(&w, batch);
    world_sleep(&w, 100);
    world_tick(&w);
    batch_assert_not_over(&w, batch);
    world_land(&w);
    batch_assert_over(&w, batch, (struct join_counts){.expired = 1});
    rq_buf_fini(&attrs);
    world_fini(&w);
}

static void a_job_that_is_tried_again_has_not_ended(void **state)
{
    struct core_failed failed;
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_close_landed(&w, batch);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "no", 0, false, &failed), 0);
    world_land(&w);
    batch_assert_not_over(&w, batch);
    world_fini(&w);
}

/* ---- dead jobs ---- */

static void a_dead_job_that_is_kicked_is_unfinished_again(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_close_landed(&w, batch);
    struct job_id id = batch_kill_one(&w);
    batch_assert_over(&w, batch, (struct join_counts){.dead = 1});
    assert_int_equal(world_kick(&w, id), 1);
    batch_wait_for(&w, batch);
    world_sleep(&w, BATCH_KEEP * 2); /* nothing of the BATCH_KEEP that had begun */
    world_tick(&w);
    batch_finish(&w, "q");
    world_land(&w);
    batch_assert_counts(world_event(&w, EFFECT_JOINED),
                        (struct join_counts){.done = 1});
    world_sleep(&w, BATCH_KEEP - 1);
    world_tick(&w);
    batch_assert_over(&w, batch, (struct join_counts){.done = 1});
    world_fini(&w);
}

static void a_dead_job_that_is_purged_stays_dead(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_close_landed(&w, batch);
    batch_kill_one(&w);
    assert_int_equal(world_purge(&w, "q", JOB_DEAD, 1), 1);
    batch_assert_over(&w, batch, (struct join_counts){.dead = 1});
    world_land(&w);
    batch_assert_over(&w, batch, (struct join_counts){.dead = 1});
    world_totals(&w);
    world_land(&w);
    world_restart(&w);
    batch_assert_over(&w, batch, (struct join_counts){.dead = 1});
    world_fini(&w);
}

static void a_dead_job_outlives_its_batch(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_close_landed(&w, batch);
    struct job_id id = batch_kill_one(&w);
    world_sleep(&w, BATCH_KEEP);
    world_tick(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    assert_int_equal(world_kick(&w, id), 1);
    batch_finish(&w, "q");
    world_land(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

/* ---- what a batch takes ---- */

static void a_closed_batch_takes_nothing(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    assert_int_equal(world_close(&w, batch), 1);
    assert_int_equal(batch_put_into(&w, "q", batch, &id), -EPIPE); /* at once */
    world_land(&w);
    assert_int_equal(batch_put_into(&w, "q", batch, &id), -EPIPE);
    assert_int_equal(world_close(&w, batch), 0);
    world_fini(&w);
}

static void an_unknown_batch_takes_nothing(void **state)
{
    const struct job_id never = {7, 99};
    struct job_id id;
    struct world w;

    (void)state;
    batch_begin(&w);
    assert_int_equal(batch_put_into(&w, "q", never, &id), RQ_E_NOJOB);
    assert_int_equal(world_close(&w, never), RQ_E_NOJOB);
    assert_int_equal(batch_join_code(&w, never), RQ_E_NOJOB);
    world_fini(&w);
}

static void a_body_that_is_replaced_stays_in_the_batch(void **state)
{
    struct job_id batch, id;
    struct world w;

    (void)state;
    batch = batch_begin(&w);
    id = batch_put(&w, "q", batch);
    assert_int_equal(core_replace(w.core, id, RQ_LIT("other"), RQ_LIT(""), &w.fx), 1);
    world_carry(&w);
    batch_close_landed(&w, batch);
    batch_assert_not_over(&w, batch);
    world_restart(&w);
    batch_assert_not_over(&w, batch);
    batch_finish(&w, "q");
    world_land(&w);
    batch_assert_over(&w, batch, (struct join_counts){.done = 1});
    world_fini(&w);
}

static void attributes_that_leave_no_room_for_the_batch_replace_nothing(void **state)
{
    static uint8_t
        text[LIMIT_ATTRS_BYTES - 6]; /* with its head it is as long as they get */
    const struct attr header = {.kind = ATTR_HEADER,
                                .value = rq_slice(text, sizeof text)};
    struct rq_buf attrs;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w), id = batch_put(&w, "q", batch);
    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    assert_int_equal(attrs_add(&attrs, &header), 0);
    assert_int_equal(
        core_replace(w.core, id, RQ_LIT("other"), rq_buf_slice(&attrs), &w.fx),
        -ENOBUFS);
    assert_int_equal(w.fx.count, 0);
    assert_true(rq_slice_eq(world_view(&w, id)->body, RQ_LIT("x")));
    rq_buf_fini(&attrs);
    world_fini(&w);
}

/* ---- how long there is one ---- */

static void it_can_be_asked_for_as_long_as_its_keep(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_close_landed(&w, batch);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + BATCH_KEEP * 1000000LL);
    world_sleep(&w, BATCH_KEEP - 1);
    world_tick(&w);
    batch_assert_over(&w, batch, (struct join_counts){0});
    world_sleep(&w, 1);
    world_tick(&w);
    assert_false(world_record(&w, RECORD_BATCH)->homes); /* it says that it is gone */
    assert_int_equal(world_count(&w, EFFECT_FORGET), 1);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void an_open_batch_goes_after_a_day_without_jobs(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS - 1);
    world_tick(&w);
    batch_put(&w, "q", batch);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS);
    world_tick(&w);
    batch_finish(&w, "q");
    world_land(&w);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS - 1);
    world_tick(&w);
    batch_assert_not_over(&w, batch);
    world_sleep(&w, 1);
    world_tick(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void an_open_batch_stays_while_somebody_waits(void **state)
{
    struct waiter *waiter;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    assert_int_equal(world_join_batch(&w, batch, -1, &batch_cookie, &waiter), 0);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS);
    world_tick(&w);
    batch_assert_not_over(&w, batch);
    world_cancel(&w, waiter);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS);
    world_tick(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void there_are_so_many_batches_and_no_more(void **state)
{
    struct effects fx;
    struct core_now now = {1, 1};
    struct core *core = core_new(1);
    struct job_id id;

    (void)state;
    effects_init(&fx);
    core_set_epoch(core, 1);
    for (int i = 0; i < LIMIT_BATCHES; i++) {
        fx.count = 0;
        assert_int_equal(core_batch_new(core, 0, now, &fx, &id), 0);
        core_set_home(core, &fx.items[0], (uint64_t)i + 1);
    }
    fx.count = 0;
    assert_int_equal(core_batch_new(core, 0, now, &fx, &id), RQ_E_LIMIT);
    assert_int_equal(fx.count, 0);
    assert_int_equal(core_batch_count(core), LIMIT_BATCHES);

    assert_int_equal(core_batch_close(core, id, &fx), 1);
    assert_int_equal(core_batch_closed(core, id, now, &fx), 0);
    now.mono_ns++;
    assert_int_equal(core_tick(core, now, 10, &fx), 0);
    assert_int_equal(core_batch_new(core, 0, now, &fx, &id), 0);
    core_check(core);
    core_free(core);
    effects_fini(&fx);
}

static void a_join_waits_as_long_as_its_block(void **state)
{
    struct waiter *waiter;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    assert_int_equal(world_join_batch(&w, batch, 50, &batch_cookie, &waiter), 0);
    world_sleep(&w, 50);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &batch_cookie);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_join_is_answered_by_the_last_end),
          cmocka_unit_test(an_open_batch_is_not_over),
          cmocka_unit_test(an_empty_batch_is_over_when_it_is_closed),
          cmocka_unit_test(a_put_that_is_pending_counts),
          cmocka_unit_test(a_put_that_is_refused_was_never_in_it),
          cmocka_unit_test(every_way_to_end_is_counted),
          cmocka_unit_test(an_expired_job_has_ended),
          cmocka_unit_test(a_job_that_is_tried_again_has_not_ended),
          cmocka_unit_test(a_dead_job_that_is_kicked_is_unfinished_again),
          cmocka_unit_test(a_dead_job_that_is_purged_stays_dead),
          cmocka_unit_test(a_dead_job_outlives_its_batch),
          cmocka_unit_test(a_closed_batch_takes_nothing),
          cmocka_unit_test(an_unknown_batch_takes_nothing),
          cmocka_unit_test(a_body_that_is_replaced_stays_in_the_batch),
          cmocka_unit_test(attributes_that_leave_no_room_for_the_batch_replace_nothing),
          cmocka_unit_test(it_can_be_asked_for_as_long_as_its_keep),
          cmocka_unit_test(an_open_batch_goes_after_a_day_without_jobs),
          cmocka_unit_test(an_open_batch_stays_while_somebody_waits),
          cmocka_unit_test(there_are_so_many_batches_and_no_more),
          cmocka_unit_test(a_join_waits_as_long_as_its_block))
