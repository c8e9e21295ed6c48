/* settle_test - rows 9 to 15: what a worker says, and what happens when it says
 * nothing. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "core/limits.h"
#include "support/test.h"
#include "world.h"

/* A world with one job, leased. */
struct leased {
    struct world w;
    struct job_id id;
    uint64_t lease;
};

static void leased_init(struct leased *l, struct job_policy policy)
{
    world_init(&l->w);
    world_put_more(&l->w, "q", "x", policy, 0);
    world_land(&l->w);
    l->lease = world_get(&l->w, "q", &l->id);
    assert_int_not_equal(l->lease, 0);
}

/* ---- row 10 ---- */

static void a_done_job_counts_when_its_commit_is_in_the_log(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_done(w, l.id, l.lease), 0);
    const struct event *e = world_record(w, RECORD_DONE);
    assert_true(e->confirm);
    assert_int_equal(e->end, RECORD_END_DONE);
    assert_int_equal(world_view(w, l.id)->state, JOB_ENDING);
    assert_int_equal(world_view(w, l.id)->lease, 0);
    assert_int_equal(world_queue(w, "q")->unfinished, 1);
    assert_int_equal(world_queue(w, "q")->leased, 0);
    assert_int_equal(world_queue(w, "q")->totals.done, 0);
    assert_int_equal(core_holder_leases(w->holder), 0);

    world_land(w);
    assert_false(world_has(w, l.id));
    assert_int_equal(world_event(w, EFFECT_FORGET)->home, 1);
    assert_int_equal(world_queue(w, "q")->unfinished, 0);
    assert_int_equal(world_queue(w, "q")->totals.done, 1);
    world_fini(w);
}

static void the_result_goes_into_the_record(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(
        core_done(w->core, l.id, l.lease, RQ_LIT("42"), true, w->now, &w->fx), 0);
    assert_true(rq_slice_eq(w->fx.items[0].u.log.record.result, RQ_LIT("42")));
    world_fini(w);
}

static void the_lease_of_an_ending_job_cannot_run_out(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_done(w, l.id, l.lease), 0);
    assert_int_equal(core_next_due(w->core), INT64_MAX);
    world_sleep(w, 5000);
    world_tick(w);
    assert_int_equal(w->event_count, 0);
    struct holder *holder = w->holder;
    world_lose(w, holder);
    assert_int_equal(w->event_count, 0);
    assert_int_equal(world_view(w, l.id)->state, JOB_ENDING);
    world_fini(w);
}

/* ---- rows 11 and 12 ---- */

static void a_failed_job_waits_for_its_backoff(void **state)
{
    struct leased l;
    struct world *w = &l.w;
    struct core_failed out;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_fail(w, l.id, l.lease, "boom", -1, false, &out), 0);
    const struct event *e = world_record(w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_DELAYED);
    assert_int_equal(e->attempts, 1);
    assert_int_equal(e->due_wall_ms, w->now.wall_ms + 100);
    assert_string_equal(e->error, "boom");
    assert_false(e->confirm);
    assert_false(out.dead);
    assert_int_equal(out.retry_wall_ms, w->now.wall_ms + 100);

    const struct job_view *v = world_view(w, l.id);
    assert_int_equal(v->state, JOB_DELAYED);
    assert_int_equal(v->due_wall_ms, w->now.wall_ms + 100);
    assert_int_equal(v->attempts, 1);
    assert_true(rq_slice_eq(v->error, RQ_LIT("boom")));
    assert_int_equal(world_queue(w, "q")->unfinished, 1);
    assert_int_equal(world_queue(w, "q")->totals.failed, 1);
    assert_int_equal(world_queue(w, "q")->totals.retried, 1);

    world_sleep(w, 100);
    world_tick(w);
    assert_int_equal(world_get(w, "q", NULL), 2);
    assert_true(rq_slice_eq(world_view(w, l.id)->error, RQ_LIT("boom")));
    assert_int_equal(world_queue(w, "q")->totals.redelivered, 1);
    world_fini(w);
}

static void a_failed_job_may_name_its_delay(void **state)
{
    struct leased l;
    struct core_failed out;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_fail(&l.w, l.id, l.lease, "", 7, false, &out), 0);
    assert_int_equal(out.retry_wall_ms, l.w.now.wall_ms + 7);
    world_sleep(&l.w, 7);
    world_tick(&l.w);
    assert_int_equal(world_view(&l.w, l.id)->state, JOB_READY);
    world_fini(&l.w);
}

static void an_endless_delay_saturates(void **state)
{
    struct leased l;
    struct core_failed out;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_fail(&l.w, l.id, l.lease, "", INT64_MAX, false, &out), 0);
    assert_int_equal(out.retry_wall_ms, INT64_MAX);
    assert_int_equal(core_next_due(l.w.core), INT64_MAX);
    world_fini(&l.w);
}

static void a_job_fails_as_often_as_it_has_tries(void **state)
{
    struct world w;
    struct job_id id;
    struct core_failed out;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    for (int attempt = 1; attempt <= 3; attempt++) {
        uint64_t lease = world_get(&w, "q", &id);

        assert_int_equal(lease, attempt);
        assert_int_equal(world_fail(&w, id, lease, "no", -1, false, &out), 0);
        assert_int_equal(out.dead, attempt == 3);
        world_sleep(&w, 100);
        world_tick(&w);
    }
    assert_int_equal(out.retry_wall_ms, 0);
    world_fini(&w);
}

static void the_death_of_a_job_counts_when_its_commit_is_in_the_log(void **state)
{
    struct leased l;
    struct world *w = &l.w;
    struct job_policy once = world_policy();
    struct core_failed out;

    (void)state;
    once.tries = 1;
    leased_init(&l, once);
    assert_int_equal(world_fail(w, l.id, l.lease, "bad", -1, false, &out), 0);
    assert_true(out.dead);
    const struct event *e = world_record(w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_DEAD);
    assert_true(e->confirm);
    assert_string_equal(e->error, "bad");
    assert_int_equal(world_view(w, l.id)->state, JOB_ENDING);
    assert_int_equal(world_queue(w, "q")->unfinished, 1);
    assert_int_equal(world_queue(w, "q")->dead, 0);

    world_land(w);
    assert_int_equal(w->event_count, 0); /* its body is still needed */
    const struct job_view *v = world_view(w, l.id);
    assert_int_equal(v->state, JOB_DEAD);
    assert_true(rq_slice_eq(v->error, RQ_LIT("bad")));
    assert_int_equal(v->attempts, 1);
    assert_int_equal(world_queue(w, "q")->unfinished, 0);
    assert_int_equal(world_queue(w, "q")->dead, 1);
    assert_int_equal(world_queue(w, "q")->totals.dead, 1);
    assert_int_equal(world_queue(w, "q")->totals.failed, 1);
    assert_int_equal(world_queue(w, "q")->totals.retried, 0);
    assert_int_equal(world_get(w, "q", NULL), 0);
    world_fini(w);
}

static void fail_dead_does_not_wait_for_the_last_try(void **state)
{
    struct leased l;
    struct core_failed out;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_fail(&l.w, l.id, l.lease, "", -1, true, &out), 0);
    assert_true(out.dead);
    world_land(&l.w);
    assert_int_equal(world_view(&l.w, l.id)->state, JOB_DEAD);
    world_fini(&l.w);
}

static void an_error_text_is_cut_at_its_limit(void **state)
{
    struct leased l;
    struct world *w = &l.w;
    struct core_failed out;
    struct rq_slice text = rq_slice(calloc(1, LIMIT_ERROR_BYTES + 1), 0);

    (void)state;
    assert_non_null(text.ptr);
    leased_init(&l, world_policy());
    text.len = LIMIT_ERROR_BYTES;
    assert_int_equal(
        core_fail(w->core, l.id, l.lease, text, 0, false, w->now, &w->fx, &out), 0);
    assert_int_equal(world_view(w, l.id)->error.len, LIMIT_ERROR_BYTES);
    w->fx.count = 0;

    world_tick(w);
    l.lease = world_get(w, "q", NULL);
    text.len = LIMIT_ERROR_BYTES + 1;
    assert_int_equal(
        core_fail(w->core, l.id, l.lease, text, 0, false, w->now, &w->fx, &out), 0);
    assert_int_equal(world_view(w, l.id)->error.len, LIMIT_ERROR_BYTES);
    assert_int_equal(w->fx.items[0].u.log.record.error.len, LIMIT_ERROR_BYTES);
    w->fx.count = 0;
    free((void *)(uintptr_t)text.ptr);
    world_fini(w);
}

static void a_new_failure_replaces_the_old_error(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_fail(w, l.id, l.lease, "one", 0, false, NULL), 0);
    world_tick(w);
    l.lease = world_get(w, "q", NULL);
    assert_int_equal(world_fail(w, l.id, l.lease, "", 0, false, NULL), 0);
    assert_int_equal(world_view(w, l.id)->error.len, 0);
    world_fini(w);
}

/* ---- row 13 ---- */

static void a_released_job_is_ready_and_the_attempt_not_counted(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_release(w, l.id, l.lease, 0), 0);
    const struct event *e = world_record(w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_READY);
    assert_int_equal(e->attempts, 0);
    assert_int_equal(e->due_wall_ms, 0);
    assert_int_equal(world_view(w, l.id)->state, JOB_READY);
    assert_int_equal(world_queue(w, "q")->unfinished, 1);
    assert_int_equal(world_queue(w, "q")->totals.failed, 0);
    assert_int_equal(world_get(w, "q", NULL), 2);
    assert_int_equal(world_view(w, l.id)->attempts, 1);
    world_fini(w);
}

static void a_release_may_delay(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    assert_int_equal(world_release(w, l.id, l.lease, 30), 0);
    const struct event *e = world_record(w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_DELAYED);
    assert_int_equal(e->due_wall_ms, w->now.wall_ms + 30);
    assert_int_equal(e->attempts, 0);
    assert_int_equal(world_view(w, l.id)->state, JOB_DELAYED);
    world_sleep(w, 30);
    world_tick(w);
    assert_int_equal(world_view(w, l.id)->state, JOB_READY);
    world_fini(w);
}

static void a_released_job_serves_a_waiter(void **state)
{
    struct leased l;
    int cookie;

    (void)state;
    leased_init(&l, world_policy());
    world_wait(&l.w, "q", -1, &cookie);
    assert_int_equal(world_release(&l.w, l.id, l.lease, 0), 0);
    assert_ptr_equal(world_event(&l.w, EFFECT_DELIVER)->cookie, &cookie);
    assert_int_equal(world_event(&l.w, EFFECT_DELIVER)->lease, 2);
    world_fini(&l.w);
}

static void a_released_job_goes_back_to_its_place(void **state)
{
    struct world w;
    struct job_id first, id;

    (void)state;
    world_init(&w);
    first = world_put(&w, "q", "1");
    world_put(&w, "q", "2");
    world_put(&w, "q", "3");
    world_land(&w);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    assert_int_equal(world_get(&w, "q", &id), 2);
    assert_int_equal(id.number, first.number);
    world_fini(&w);
}

/* ---- row 14 ---- */

static void a_lease_runs_out_at_its_deadline(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    world_sleep(w, 999);
    world_tick(w);
    assert_int_equal(w->event_count, 0);
    world_sleep(w, 1);
    world_tick(w);
    const struct event *e = world_record(w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_READY);
    assert_int_equal(e->attempts, 1); /* used up */
    assert_string_equal(e->error, "the lease ran out");
    assert_int_equal(world_view(w, l.id)->state, JOB_READY);
    assert_int_equal(world_done(w, l.id, l.lease), RQ_E_STALE);
    assert_int_equal(world_queue(w, "q")->unfinished, 1);
    assert_int_equal(world_get(w, "q", NULL), 2);
    assert_int_equal(world_view(w, l.id)->attempts, 2);
    world_fini(w);
}

static void the_last_attempt_that_runs_out_is_death(void **state)
{
    struct leased l;
    struct world *w = &l.w;
    struct job_policy once = world_policy();

    (void)state;
    once.tries = 1;
    leased_init(&l, once);
    world_sleep(w, 1000);
    world_tick(w);
    assert_int_equal(world_record(w, RECORD_STATE)->state, RECORD_DEAD);
    assert_true(world_record(w, RECORD_STATE)->confirm);
    assert_int_equal(world_view(w, l.id)->state, JOB_ENDING);
    world_land(w);
    assert_int_equal(world_view(w, l.id)->state, JOB_DEAD);
    assert_int_equal(world_queue(w, "q")->totals.failed, 1);
    assert_int_equal(world_queue(w, "q")->totals.dead, 1);
    world_fini(w);
}

static void a_lost_holder_gives_all_its_leases_back(void **state)
{
    struct world w;
    struct job_id ids[3];
    struct job_policy once = world_policy();
    struct holder *other;

    (void)state;
    world_init(&w);
    once.tries = 1;
    world_put(&w, "q", "1");
    world_put_more(&w, "q", "2", once, 0);
    world_put(&w, "q", "3");
    world_land(&w);
    other = world_holder(&w);
    world_get_as(&w, other, "q", &ids[0]);
    world_get_as(&w, other, "q", &ids[1]);
    world_get(&w, "q", &ids[2]);
    assert_int_equal(core_holder_leases(other), 2);
    world_lose(&w, other);
    assert_int_equal(w.event_count, 2);
    assert_int_equal(w.events[0].state, RECORD_READY);
    assert_string_equal(w.events[0].error, "the connection was lost");
    assert_int_equal(w.events[1].state, RECORD_DEAD);
    assert_int_equal(world_view(&w, ids[0])->state, JOB_READY);
    assert_int_equal(world_view(&w, ids[1])->state, JOB_ENDING);
    assert_int_equal(world_view(&w, ids[2])->state, JOB_LEASED);
    world_fini(&w);
}

static void a_lost_job_serves_a_waiter(void **state)
{
    struct world w;
    struct job_id id;
    int cookie;

    (void)state;
    world_init(&w);
    struct holder *other = world_holder(&w);
    world_put_landed(&w, "q");
    world_get_as(&w, other, "q", &id);
    world_wait(&w, "q", -1, &cookie);
    world_lose(&w, other);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    world_fini(&w);
}

/* ---- row 9 ---- */

static void touch_moves_the_deadline(void **state)
{
    struct leased l;
    struct world *w = &l.w;
    struct core_touched touched;

    (void)state;
    leased_init(&l, world_policy());
    world_sleep(w, 900);
    assert_int_equal(core_touch(w->core, l.id, l.lease, 0, w->now, &w->fx, &touched),
                     0);
    assert_int_equal(touched.deadline_wall_ms, w->now.wall_ms + 1000);
    assert_int_equal(world_view(w, l.id)->deadline_wall_ms, touched.deadline_wall_ms);
    world_sleep(w, 999);
    world_tick(w);
    assert_int_equal(world_view(w, l.id)->state, JOB_LEASED);

    assert_int_equal(core_touch(w->core, l.id, l.lease, 5, w->now, &w->fx, &touched),
                     0);
    assert_int_equal(touched.deadline_wall_ms, w->now.wall_ms + 5);
    assert_int_equal(world_view(w, l.id)->lease_ttr_ms, 1000);
    assert_int_equal(core_next_due(w->core), w->now.mono_ns + 5000000);
    assert_int_equal(core_touch(w->core, l.id, l.lease, 0, w->now, &w->fx, &touched),
                     0);
    assert_int_equal(touched.deadline_wall_ms, w->now.wall_ms + 1000);
    assert_int_equal(core_touch(w->core, l.id, 99, 0, w->now, &w->fx, &touched),
                     RQ_E_STALE);
    world_fini(w);
}

static void expect_progress(struct leased *l, int percent, struct rq_slice note)
{
    const struct job_view *view = world_view(&l->w, l->id);

    assert_int_equal(view->progress, percent);
    assert_true(rq_slice_eq(view->note, note));
    core_check(l->w.core);
}

static int say_progress(struct leased *l, uint8_t percent, struct rq_slice note)
{
    return core_progress(l->w.core, l->id, l->lease, percent, note);
}

static void progress_is_seen_until_the_lease_ends(void **state)
{
    struct leased l;

    (void)state;
    leased_init(&l, world_policy());
    expect_progress(&l, -1, RQ_LIT(""));
    l.w.fx.count = 0;
    assert_int_equal(say_progress(&l, 40, RQ_LIT("page 4")), 0);
    expect_progress(&l, 40, RQ_LIT("page 4"));
    assert_int_equal(say_progress(&l, 0, RQ_LIT("")), 0);
    expect_progress(&l, 0, RQ_LIT(""));
    assert_int_equal(l.w.fx.count, 0); /* none of it is for the log */

    assert_int_equal(world_release(&l.w, l.id, l.lease, 0), 0);
    expect_progress(&l, -1, RQ_LIT(""));
    assert_int_equal(say_progress(&l, 50, RQ_LIT("")), RQ_E_STALE);
    l.lease = world_get(&l.w, "q", NULL);
    expect_progress(&l, -1, RQ_LIT(""));
    assert_int_equal(say_progress(&l, 50, RQ_LIT("")), 0);
    world_fini(&l.w); /* with a job in hand */
}

static void a_note_is_cut_at_its_limit(void **state)
{
    static uint8_t text[LIMIT_NOTE_BYTES + 1];
    struct leased l;

    (void)state;
    leased_init(&l, world_policy());
    for (size_t len = LIMIT_NOTE_BYTES; len <= sizeof text; len++) {
        assert_int_equal(say_progress(&l, 1, rq_slice(text, len)), 0);
        expect_progress(&l, 1, rq_slice(text, LIMIT_NOTE_BYTES));
    }
    world_fini(&l.w);
}

struct seen {
    size_t count;
    uint64_t numbers;
    int64_t deadline;
};

static void note_touch(void *arg, const struct job *job,
                       const struct core_touched *touched)
{
    struct seen *t = arg;
    struct job_view view;

    job_view(job, &view);
    t->count++;
    t->numbers = t->numbers * 10 + view.id.number;
    t->deadline = touched->deadline_wall_ms;
}

static void touch_all_moves_those_of_the_holder_alone(void **state)
{
    struct world w;
    struct job_id id;
    struct seen t = {0, 0, 0};

    (void)state;
    world_init(&w);
    struct holder *other = world_holder(&w);
    for (int i = 0; i < 3; i++)
        world_put_landed(&w, "q");
    world_get(&w, "q", &id);
    world_get_as(&w, other, "q", &id);
    world_get(&w, "q", &id);
    world_sleep(&w, 500);
    assert_int_equal(core_touch_all(w.core, w.holder, 0, w.now, &w.fx, note_touch, &t),
                     2);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.numbers, 13);
    assert_int_equal(t.deadline, w.now.wall_ms + 1000);
    world_sleep(&w, 500);
    world_tick(&w);
    assert_int_equal(world_queue(&w, "q")->leased, 2);
    world_fini(&w);
}

/* ---- row 15 ---- */

static void expect(struct world *w, struct job_id id, uint64_t lease, int code)
{
    struct core_touched touched;

    assert_int_equal(world_done(w, id, lease), code);
    assert_int_equal(world_fail(w, id, lease, "x", -1, false, NULL), code);
    assert_int_equal(world_fail(w, id, lease, "x", -1, true, NULL), code);
    assert_int_equal(world_release(w, id, lease, 0), code);
    assert_int_equal(core_touch(w->core, id, lease, 0, w->now, &w->fx, &touched), code);
    assert_int_equal(core_progress(w->core, id, lease, 1, RQ_LIT("x")), code);
}

static void only_the_current_lease_entitles(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    expect(w, l.id, l.lease + 1, RQ_E_STALE);
    expect(w, l.id, 0, RQ_E_STALE);
    expect(w, (struct job_id){7, 99}, 1, RQ_E_NOJOB);
    expect(w, (struct job_id){8, l.id.number}, 1, RQ_E_NOJOB);
    assert_int_equal(world_view(w, l.id)->state, JOB_LEASED);
    world_fini(w);
}

static void a_lost_lease_stays_lost(void **state)
{
    struct leased l;
    struct world *w = &l.w;

    (void)state;
    leased_init(&l, world_policy());
    world_sleep(w, 1000);
    world_tick(w);
    expect(w, l.id, l.lease, RQ_E_STALE); /* ready */
    assert_int_equal(world_get(w, "q", NULL), 2);
    expect(w, l.id, l.lease, RQ_E_STALE); /* another's */
    assert_int_equal(world_done(w, l.id, 2), 0);
    expect(w, l.id, l.lease, RQ_E_STALE); /* ending */
    expect(w, l.id, 2, RQ_E_STALE);
    world_land(w);
    expect(w, l.id, 2, RQ_E_NOJOB);
    world_fini(w);
}

static void a_job_without_a_lease_takes_no_zero(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put(&w, "q", "x");
    expect(&w, id, 0, RQ_E_STALE);
    world_land(&w);
    expect(&w, id, 0, RQ_E_STALE);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_done_job_counts_when_its_commit_is_in_the_log),
          cmocka_unit_test(the_result_goes_into_the_record),
          cmocka_unit_test(the_lease_of_an_ending_job_cannot_run_out),
          cmocka_unit_test(a_failed_job_waits_for_its_backoff),
          cmocka_unit_test(a_failed_job_may_name_its_delay),
          cmocka_unit_test(an_endless_delay_saturates),
          cmocka_unit_test(a_job_fails_as_often_as_it_has_tries),
          cmocka_unit_test(the_death_of_a_job_counts_when_its_commit_is_in_the_log),
          cmocka_unit_test(fail_dead_does_not_wait_for_the_last_try),
          cmocka_unit_test(an_error_text_is_cut_at_its_limit),
          cmocka_unit_test(a_new_failure_replaces_the_old_error),
          cmocka_unit_test(a_released_job_is_ready_and_the_attempt_not_counted),
          cmocka_unit_test(a_release_may_delay),
          cmocka_unit_test(a_released_job_serves_a_waiter),
          cmocka_unit_test(a_released_job_goes_back_to_its_place),
          cmocka_unit_test(a_lease_runs_out_at_its_deadline),
          cmocka_unit_test(the_last_attempt_that_runs_out_is_death),
          cmocka_unit_test(a_lost_holder_gives_all_its_leases_back),
          cmocka_unit_test(a_lost_job_serves_a_waiter),
          cmocka_unit_test(touch_moves_the_deadline),
          cmocka_unit_test(progress_is_seen_until_the_lease_ends),
          cmocka_unit_test(a_note_is_cut_at_its_limit),
          cmocka_unit_test(touch_all_moves_those_of_the_holder_alone),
          cmocka_unit_test(only_the_current_lease_entitles),
          cmocka_unit_test(a_lost_lease_stays_lost),
          cmocka_unit_test(a_job_without_a_lease_takes_no_zero))
