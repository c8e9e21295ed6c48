/* batch_test - jobs that end together: when JOIN BATCH is answered, and with what.
 * SPDX-License-Identifier: MIT */
#include "core/batch.h"

#include <errno.h>

#include "base/err.h"
#include "core/attrs.h"
#include "core/limits.h"
#include "support/test.h"
#include "world.h"

enum { KEEP = 5000 };

static int cookie;

/* A PUT into a batch, not landed yet.  Returns  as core_put() */
static int put_into(struct world *w, const char *queue, struct job_id batch,
                    struct job_id *out)
{
    struct rq_buf attrs;

    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    assert_int_equal(attrs_add_batch(&attrs, batch), 0);
    int rc = world_put_attrs(w, queue, "x", rq_buf_slice(&attrs), 0, 0, out);
    rq_buf_fini(&attrs);
    return rc;
}

static struct job_id put(struct world *w, const char *queue, struct job_id batch)
{
    struct job_id id;

    assert_int_equal(put_into(w, queue, batch, &id), 0);
    world_land(w);
    return id;
}

/* An open batch in the log, of a world that begins. */
static struct job_id begin(struct world *w)
{
    world_init(w);
    struct job_id batch = world_batch(w, KEEP);
    world_land(w);
    return batch;
}

static void close_landed(struct world *w, struct job_id batch)
{
    assert_int_equal(world_close(w, batch), 1);
    world_land(w);
}

static void finish(struct world *w, const char *queue)
{
    struct job_id id;
    uint64_t lease = world_get(w, queue, &id);

    assert_int_equal(world_done(w, id, lease), 0);
}

/* Takes a job and lets it die. */
static struct job_id kill_one(struct world *w)
{
    struct core_failed failed;
    struct job_id id;
    uint64_t lease = world_get(w, "q", &id);

    assert_int_equal(world_fail(w, id, lease, "no", -1, true, &failed), 0);
    world_land(w);
    return id;
}

/* JOIN BATCH that waits. */
static void wait_for(struct world *w, struct job_id batch)
{
    struct waiter *waiter;

    assert_int_equal(world_join_batch(w, batch, -1, &cookie, &waiter), 0);
    assert_non_null(waiter);
    assert_int_equal(world_count(w, EFFECT_JOINED), 0);
}

static void assert_counts(const struct event *e, struct join_counts want)
{
    assert_int_equal(e->counts.done, want.done);
    assert_int_equal(e->counts.dead, want.dead);
    assert_int_equal(e->counts.expired, want.expired);
    assert_int_equal(e->counts.cancelled, want.cancelled);
}

/* It is over: JOIN BATCH BLOCK 0 says so. */
static void assert_over(struct world *w, struct job_id batch, struct join_counts want)
{
    struct waiter *waiter;

    assert_int_equal(world_join_batch(w, batch, 0, &cookie, &waiter), 0);
    assert_counts(world_event(w, EFFECT_JOINED), want);
}

static void assert_not_over(struct world *w, struct job_id batch)
{
    struct waiter *waiter;

    assert_int_equal(world_join_batch(w, batch, 0, &cookie, &waiter), 0);
    assert_int_equal(world_count(w, EFFECT_JOINED), 0);
    assert_int_equal(world_count(w, EFFECT_TIMEOUT), 1);
}

static int join_code(struct world *w, struct job_id batch)
{
    struct waiter *waiter;

    return world_join_batch(w, batch, 0, &cookie, &waiter);
}

/* ---- when it is over ---- */

static void a_join_is_answered_by_the_last_end(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    put(&w, "other", batch); /* a batch may span queues */
    close_landed(&w, batch);
    wait_for(&w, batch);
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    finish(&w, "other");
    assert_int_equal(world_count(&w, EFFECT_JOINED),
                     0); /* not before it is in the log */
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &cookie);
    assert_counts(world_event(&w, EFFECT_JOINED), (struct join_counts){.done = 2});
    world_fini(&w);
}

static void an_open_batch_is_not_over(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    assert_not_over(&w, batch);
    put(&w, "q", batch);
    finish(&w, "q");
    world_land(&w);
    wait_for(&w, batch);
    assert_int_equal(world_close(&w, batch), 1);
    assert_int_equal(world_count(&w, EFFECT_JOINED),
                     0); /* a crash could open it again */
    assert_not_over(&w, batch);
    world_land(&w);
    assert_counts(world_event(&w, EFFECT_JOINED), (struct join_counts){.done = 1});
    world_fini(&w);
}

static void an_empty_batch_is_over_when_it_is_closed(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    close_landed(&w, batch);
    assert_over(&w, batch, (struct join_counts){0});
    world_fini(&w);
}

static void a_put_that_is_pending_counts(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    assert_int_equal(put_into(&w, "q", batch, &id), 0);
    assert_int_equal(world_close(&w, batch), 1);
    wait_for(&w, batch);
    world_land_one(&w); /* the PUT */
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    finish(&w, "q");
    world_land(&w);
    assert_counts(world_event(&w, EFFECT_JOINED), (struct join_counts){.done = 1});
    world_fini(&w);
}

static void a_put_that_is_refused_was_never_in_it(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    assert_int_equal(put_into(&w, "q", batch, &id), 0);
    assert_int_equal(world_close(&w, batch), 1);
    wait_for(&w, batch);
    world_refuse_one(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    assert_counts(world_event(&w, EFFECT_JOINED), (struct join_counts){0});
    world_fini(&w);
}

static void every_way_to_end_is_counted(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    put(&w, "q", batch);
    put(&w, "q", batch);
    struct job_id other = put(&w, "other", batch);
    close_landed(&w, batch);
    kill_one(&w);
    finish(&w, "q");
    assert_int_equal(world_purge(&w, "q", JOB_READY, 1), 1);
    assert_int_equal(world_cancel_job(&w, other), 1);
    world_land(&w);
    assert_over(&w, batch, (struct join_counts){.done = 1, .dead = 1, .cancelled = 2});
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
    struct job_id batch = begin(&w);
    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    assert_int_equal(attrs_add_batch(&attrs, batch), 0);
    put_.attrs = rq_buf_slice(&attrs);
    put_.policy.ttl_ms = 100;
    assert_int_equal(core_put(w.core, &put_, w.now, &w.fx, &job, &exists), 0);
    world_carry(&w);
    world_land(&w);
    close_landed(&w, batch);
    world_sleep(&w, 100);
    world_tick(&w);
    assert_not_over(&w, batch);
    world_land(&w);
    assert_over(&w, batch, (struct join_counts){.expired = 1});
    rq_buf_fini(&attrs);
    world_fini(&w);
}

static void a_job_that_is_tried_again_has_not_ended(void **state)
{
    struct core_failed failed;
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    close_landed(&w, batch);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "no", 0, false, &failed), 0);
    world_land(&w);
    assert_not_over(&w, batch);
    world_fini(&w);
}

/* ---- dead jobs ---- */

static void a_dead_job_that_is_kicked_is_unfinished_again(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    close_landed(&w, batch);
    struct job_id id = kill_one(&w);
    assert_over(&w, batch, (struct join_counts){.dead = 1});
    assert_int_equal(world_kick(&w, id), 1);
    wait_for(&w, batch);
    world_sleep(&w, KEEP * 2); /* nothing of the KEEP that had begun */
    world_tick(&w);
    finish(&w, "q");
    world_land(&w);
    assert_counts(world_event(&w, EFFECT_JOINED), (struct join_counts){.done = 1});
    world_sleep(&w, KEEP - 1);
    world_tick(&w);
    assert_over(&w, batch, (struct join_counts){.done = 1});
    world_fini(&w);
}

static void a_dead_job_that_is_purged_stays_dead(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    close_landed(&w, batch);
    kill_one(&w);
    assert_int_equal(world_purge(&w, "q", JOB_DEAD, 1), 1);
    assert_over(&w, batch, (struct join_counts){.dead = 1});
    world_land(&w);
    assert_over(&w, batch, (struct join_counts){.dead = 1});
    world_totals(&w);
    world_land(&w);
    world_restart(&w);
    assert_over(&w, batch, (struct join_counts){.dead = 1});
    world_fini(&w);
}

static void a_dead_job_outlives_its_batch(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    close_landed(&w, batch);
    struct job_id id = kill_one(&w);
    world_sleep(&w, KEEP);
    world_tick(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    assert_int_equal(world_kick(&w, id), 1);
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

/* ---- what a batch takes ---- */

static void a_closed_batch_takes_nothing(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    assert_int_equal(world_close(&w, batch), 1);
    assert_int_equal(put_into(&w, "q", batch, &id), -EPIPE); /* at once */
    world_land(&w);
    assert_int_equal(put_into(&w, "q", batch, &id), -EPIPE);
    assert_int_equal(world_close(&w, batch), 0);
    world_fini(&w);
}

static void an_unknown_batch_takes_nothing(void **state)
{
    const struct job_id never = {7, 99};
    struct job_id id;
    struct world w;

    (void)state;
    begin(&w);
    assert_int_equal(put_into(&w, "q", never, &id), RQ_E_NOJOB);
    assert_int_equal(world_close(&w, never), RQ_E_NOJOB);
    assert_int_equal(join_code(&w, never), RQ_E_NOJOB);
    world_fini(&w);
}

static void a_body_that_is_replaced_stays_in_the_batch(void **state)
{
    struct job_id batch, id;
    struct world w;

    (void)state;
    batch = begin(&w);
    id = put(&w, "q", batch);
    assert_int_equal(core_replace(w.core, id, RQ_LIT("other"), RQ_LIT(""), &w.fx), 1);
    world_carry(&w);
    close_landed(&w, batch);
    assert_not_over(&w, batch);
    world_restart(&w);
    assert_not_over(&w, batch);
    finish(&w, "q");
    world_land(&w);
    assert_over(&w, batch, (struct join_counts){.done = 1});
    world_fini(&w);
}

/* ---- how long there is one ---- */

static void it_can_be_asked_for_as_long_as_its_keep(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    close_landed(&w, batch);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + KEEP * 1000000LL);
    world_sleep(&w, KEEP - 1);
    world_tick(&w);
    assert_over(&w, batch, (struct join_counts){0});
    world_sleep(&w, 1);
    world_tick(&w);
    assert_false(world_record(&w, RECORD_BATCH)->homes); /* it says that it is gone */
    assert_int_equal(world_count(&w, EFFECT_FORGET), 1);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void an_open_batch_goes_after_a_day_without_jobs(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS - 1);
    world_tick(&w);
    put(&w, "q", batch);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS);
    world_tick(&w);
    finish(&w, "q");
    world_land(&w);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS - 1);
    world_tick(&w);
    assert_not_over(&w, batch);
    world_sleep(&w, 1);
    world_tick(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void an_open_batch_stays_while_somebody_waits(void **state)
{
    struct waiter *waiter;
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    assert_int_equal(world_join_batch(&w, batch, -1, &cookie, &waiter), 0);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS);
    world_tick(&w);
    assert_not_over(&w, batch);
    world_cancel(&w, waiter);
    world_sleep(&w, LIMIT_BATCH_IDLE_MS);
    world_tick(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
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
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    assert_int_equal(world_join_batch(&w, batch, 50, &cookie, &waiter), 0);
    world_sleep(&w, 50);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    world_fini(&w);
}

/* ---- the log ---- */

static void a_batch_comes_back_with_its_jobs(void **state)
{
    struct batch_view view;
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    put(&w, "q", batch);
    finish(&w, "q");
    world_land(&w);
    world_restart(&w);
    assert_int_equal(core_batch_view(w.core, batch, &view), 0);
    assert_false(view.is_closed);
    assert_int_equal(view.unfinished, 1);
    close_landed(&w, batch);
    world_restart(&w);
    finish(&w, "q");
    world_land(&w);
    assert_over(&w, batch, (struct join_counts){.done = 2});
    world_fini(&w);
}

static void what_is_not_in_the_log_has_not_happened(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    close_landed(&w, batch);
    finish(&w, "q");
    world_restart(&w); /* the DONE is lost */
    assert_not_over(&w, batch);

    struct job_id open = world_batch(&w, KEEP);
    world_land(&w);
    assert_int_equal(world_close(&w, open), 1);
    world_restart(&w); /* the CLOSE is lost */
    put(&w, "q", open);
    world_fini(&w);
}

static void ends_are_counted_when_their_jobs_are_trimmed(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    put(&w, "q", batch);
    finish(&w, "q");
    finish(&w, "q"); /* in flight while the records are written */
    world_totals(&w);
    world_land(&w);
    world_totals(&w);
    world_land(&w);
    assert_true(world_low(&w) > 5); /* behind NEW, the PUTs and the DONEs */
    world_restart(&w);
    close_landed(&w, batch);
    assert_over(&w, batch, (struct join_counts){.done = 2});
    world_restart(&w);
    assert_over(&w, batch, (struct join_counts){.done = 2});
    world_fini(&w);
}

static void no_end_is_counted_twice(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    put(&w, "q", batch);
    finish(&w, "q");
    world_land(&w);
    world_totals(&w); /* counts it; its PUT may still be in the log */
    world_land(&w);
    for (int i = 0; i < 3; i++)
        world_restart(&w);
    finish(&w, "q");
    close_landed(&w, batch);
    assert_over(&w, batch, (struct join_counts){.done = 2});
    world_fini(&w);
}

static void its_keep_goes_on_over_a_restart(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    close_landed(&w, batch);
    world_totals(&w);
    world_land(&w);
    world_sleep(&w, KEEP - 1);
    world_restart(&w);
    world_tick(&w);
    assert_over(&w, batch, (struct join_counts){0});
    world_sleep(&w, 1);
    world_tick(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void a_wall_clock_that_was_set_back_keeps_it_no_longer(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    close_landed(&w, batch);
    world_totals(&w);
    world_land(&w);
    w.now.wall_ms -= 1000;
    world_restart(&w);
    world_sleep(&w, KEEP);
    world_tick(&w);
    assert_int_equal(join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void old_records_are_written_again(void **state)
{
    struct batch_view view;
    struct world w;

    (void)state;
    struct job_id batch = begin(&w);
    put(&w, "q", batch);
    uint64_t before = w.log_count + 1;
    world_move(&w, before);
    while (world_totals_before(&w, before))
        world_land(&w);
    world_land(&w);
    world_totals_before(&w, before);
    world_land(&w);
    assert_int_equal(core_batch_view(w.core, batch, &view), 0);
    assert_true(view.home >= before);
    assert_true(world_low(&w) >= before);
    world_restart(&w);
    close_landed(&w, batch);
    assert_not_over(&w, batch);
    finish(&w, "q");
    world_land(&w);
    assert_over(&w, batch, (struct join_counts){.done = 1});
    world_fini(&w);
}

static void more_batches_than_fit_into_one_go_are_written_in_several(void **state)
{
    enum { MANY = 1500 };
    struct job_id batch = {0};
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < MANY; i++)
        batch = world_batch(&w, KEEP);
    world_land(&w);
    uint64_t before = w.log_count + 1;
    assert_true(world_totals_before(&w, before));
    assert_false(world_totals_before(&w, before));
    world_land(&w);
    assert_true(world_low(&w) >= before);
    world_restart(&w);
    assert_int_equal(core_batch_count(w.core), MANY);
    assert_not_over(&w, batch);
    world_fini(&w);
}

static void a_record_out_of_range_is_corruption(void **state)
{
    static const struct record_batch bad[] = {
        {.state = RECORD_BATCH_GONE + 1},
        {.keep_ms = LIMIT_KEEP_MS + 1},
        {.kept_wall_ms = -1},
    };
    struct world w;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct record r = {.type = RECORD_BATCH, .job = {1, 1}, .batch = bad[i]};

        world_init(&w);
        world_replay(&w);
        assert_int_equal(world_replay_one(&w, &r, 1), RQ_E_MALFORMED);
        world_fini(&w);
    }
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
          cmocka_unit_test(it_can_be_asked_for_as_long_as_its_keep),
          cmocka_unit_test(an_open_batch_goes_after_a_day_without_jobs),
          cmocka_unit_test(an_open_batch_stays_while_somebody_waits),
          cmocka_unit_test(there_are_so_many_batches_and_no_more),
          cmocka_unit_test(a_join_waits_as_long_as_its_block),
          cmocka_unit_test(a_batch_comes_back_with_its_jobs),
          cmocka_unit_test(what_is_not_in_the_log_has_not_happened),
          cmocka_unit_test(ends_are_counted_when_their_jobs_are_trimmed),
          cmocka_unit_test(no_end_is_counted_twice),
          cmocka_unit_test(its_keep_goes_on_over_a_restart),
          cmocka_unit_test(a_wall_clock_that_was_set_back_keeps_it_no_longer),
          cmocka_unit_test(old_records_are_written_again),
          cmocka_unit_test(more_batches_than_fit_into_one_go_are_written_in_several),
          cmocka_unit_test(a_record_out_of_range_is_corruption))
