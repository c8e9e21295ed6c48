/* batch_log_test - what of batches stands in the log, and what comes back.
 * SPDX-License-Identifier: MIT */
#include "batch_rig.h"

#include "base/err.h"
#include "core/limits.h"
#include "support/test.h"

static void a_batch_comes_back_with_its_jobs(void **state)
{
    struct batch_view view;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_put(&w, "q", batch);
    batch_finish(&w, "q");
    world_land(&w);
    world_restart(&w);
    assert_int_equal(core_batch_view(w.core, batch, &view), 0);
    assert_false(view.is_closed);
    assert_int_equal(view.unfinished, 1);
    batch_close_landed(&w, batch);
    world_restart(&w);
    batch_finish(&w, "q");
    world_land(&w);
    batch_assert_over(&w, batch, (struct join_counts){.done = 2});
    world_fini(&w);
}

static void what_is_not_in_the_log_has_not_happened(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_close_landed(&w, batch);
    batch_finish(&w, "q");
    world_restart(&w); /* the DONE is lost */
    batch_assert_not_over(&w, batch);

    struct job_id open = world_batch(&w, BATCH_KEEP);
    world_land(&w);
    assert_int_equal(world_close(&w, open), 1);
    world_restart(&w); /* the CLOSE is lost */
    batch_put(&w, "q", open);
    world_fini(&w);
}

static void ends_are_counted_when_their_jobs_are_trimmed(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_put(&w, "q", batch);
    batch_finish(&w, "q");
    batch_finish(&w, "q"); /* in flight while the records are written */
    world_totals(&w);
    world_land(&w);
    world_totals(&w);
    world_land(&w);
    assert_true(world_low(&w) > 5); /* behind NEW, the PUTs and the DONEs */
    world_restart(&w);
    batch_close_landed(&w, batch);
    batch_assert_over(&w, batch, (struct join_counts){.done = 2});
    world_restart(&w);
    batch_assert_over(&w, batch, (struct join_counts){.done = 2});
    world_fini(&w);
}

static void no_end_is_counted_twice(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
    batch_put(&w, "q", batch);
    batch_finish(&w, "q");
    world_land(&w);
    world_totals(&w); /* counts it; its PUT may still be in the log */
    world_land(&w);
    for (int i = 0; i < 3; i++)
        world_restart(&w);
    batch_finish(&w, "q");
    batch_close_landed(&w, batch);
    batch_assert_over(&w, batch, (struct join_counts){.done = 2});
    world_fini(&w);
}

static void its_keep_goes_on_over_a_restart(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_close_landed(&w, batch);
    world_totals(&w);
    world_land(&w);
    world_sleep(&w, BATCH_KEEP - 1);
    world_restart(&w);
    world_tick(&w);
    batch_assert_over(&w, batch, (struct join_counts){0});
    world_sleep(&w, 1);
    world_tick(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void a_wall_clock_that_was_set_back_keeps_it_no_longer(void **state)
{
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_close_landed(&w, batch);
    world_totals(&w);
    world_land(&w);
    w.now.wall_ms -= 1000;
    world_restart(&w);
    world_sleep(&w, BATCH_KEEP);
    world_tick(&w);
    assert_int_equal(batch_join_code(&w, batch), RQ_E_NOJOB);
    world_fini(&w);
}

static void old_records_are_written_again(void **state)
{
    struct batch_view view;
    struct world w;

    (void)state;
    struct job_id batch = batch_begin(&w);
    batch_put(&w, "q", batch);
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
    batch_close_landed(&w, batch);
    batch_assert_not_over(&w, batch);
    batch_finish(&w, "q");
    world_land(&w);
    batch_assert_over(&w, batch, (struct join_counts){.done = 1});
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
        batch = world_batch(&w, BATCH_KEEP);
    world_land(&w);
    uint64_t before = w.log_count + 1;
    assert_true(world_totals_before(&w, before));
    assert_false(world_totals_before(&w, before));
    world_land(&w);
    assert_true(world_low(&w) >= before);
    world_restart(&w);
    assert_int_equal(core_batch_count(w.core), MANY);
    batch_assert_not_over(&w, batch);
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

TEST_MAIN(cmocka_unit_test(a_batch_comes_back_with_its_jobs),
          cmocka_unit_test(what_is_not_in_the_log_has_not_happened),
          cmocka_unit_test(ends_are_counted_when_their_jobs_are_trimmed),
          cmocka_unit_test(no_end_is_counted_twice),
          cmocka_unit_test(its_keep_goes_on_over_a_restart),
          cmocka_unit_test(a_wall_clock_that_was_set_back_keeps_it_no_longer),
          cmocka_unit_test(old_records_are_written_again),
          cmocka_unit_test(more_batches_than_fit_into_one_go_are_written_in_several),
          cmocka_unit_test(a_record_out_of_range_is_corruption))
