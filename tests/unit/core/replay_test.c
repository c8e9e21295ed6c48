/* replay_test - section 4: what a restart makes of the log.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/away.h"
#include "core/limits.h"
#include "support/test.h"
#include "world.h"

/* ---- whole lives ---- */

static void a_landed_put_is_ready_after_a_restart(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id kept = world_put_landed(&w, "q");
    struct job_id lost = world_put(&w, "q", "never landed");
    world_sleep(&w, 40);
    world_restart(&w);
    assert_false(world_has(&w, lost));
    const struct job_view *v = world_view(&w, kept);
    assert_int_equal(v->state, JOB_READY);
    assert_true(rq_slice_eq(v->body, RQ_LIT("body")));
    assert_int_equal(v->policy.tries, 3);
    assert_int_equal(v->put_wall_ms, 1000000);
    assert_int_equal(v->home, 1);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 40);
    assert_int_equal(world_put(&w, "q", "x").epoch, 8);
    world_fini(&w);
}

static void a_delayed_put_waits_for_what_is_left(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id =
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    struct job_id over =
        world_put_more(&w, "q", "y", world_policy(), w.now.wall_ms + 100);
    world_land(&w);
    world_sleep(&w, 200);
    world_restart(&w);
    assert_int_equal(world_view(&w, over)->state, JOB_READY);
    assert_int_equal(world_view(&w, id)->state, JOB_DELAYED);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 300000000);
    world_fini(&w);
}

static void a_wall_clock_set_back_delays_no_longer_than_asked(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    w.now.wall_ms -= 900000;
    world_restart(&w);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 500000000);
    world_fini(&w);
}

static void a_leased_job_goes_back_and_its_attempt_is_used_up(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    world_land(&w);
    world_restart(&w);
    const struct event *e = world_record(&w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_READY);
    assert_int_equal(e->attempts, 1);
    assert_string_equal(e->error, "the server was restarted");
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_view(&w, id)->attempts, 1);
    assert_int_equal(world_done(&w, id, lease), RQ_E_STALE);
    assert_true(world_get(&w, "q", NULL) == (UINT64_C(1) << 32 | 1));
    world_fini(&w);
}

static void the_last_attempt_before_a_restart_is_death(void **state)
{
    struct world w;
    struct job_policy once = world_policy();

    (void)state;
    world_init(&w);
    once.tries = 1;
    struct job_id id = world_put_more(&w, "q", "x", once, 0);
    world_land(&w);
    world_get(&w, "q", NULL);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_record(&w, RECORD_STATE)->state, RECORD_DEAD);
    assert_true(world_record(&w, RECORD_STATE)->confirm);
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1); /* until it is in the log */
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    world_restart(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    world_fini(&w);
}

static void a_failed_job_keeps_its_error_attempts_and_time(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "boom", 400, false, NULL), 0);
    world_land(&w);
    world_sleep(&w, 100);
    world_restart(&w);
    const struct job_view *v = world_view(&w, id);
    assert_int_equal(v->state, JOB_DELAYED);
    assert_int_equal(v->attempts, 1);
    assert_true(rq_slice_eq(v->error, RQ_LIT("boom")));
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 300000000);
    assert_int_equal(world_queue(&w, "q")->totals.failed, 1);
    assert_int_equal(world_queue(&w, "q")->totals.retried, 1);
    assert_int_equal(world_queue(&w, "q")->totals.delivered, 1);

    world_sleep(&w, 300);
    world_restart(&w); /* due while it was down */
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_true(rq_slice_eq(world_view(&w, id)->error, RQ_LIT("boom")));
    world_fini(&w);
}

static void a_released_job_is_not_a_failure(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_view(&w, id)->attempts, 0);
    assert_int_equal(world_queue(&w, "q")->totals.failed, 0);
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
    assert_int_equal(world_fail(&w, id, lease, "bad", -1, true, NULL), 0);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    assert_true(rq_slice_eq(world_view(&w, id)->error, RQ_LIT("bad")));
    assert_int_equal(world_queue(&w, "q")->unfinished, 0);
    assert_int_equal(world_queue(&w, "q")->dead, 1);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    world_fini(&w);
}

static void a_done_that_landed_is_gone_and_one_that_did_not_is_not(void **state)
{
    struct world w;
    struct job_id first, second;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &first);
    assert_int_equal(world_done(&w, first, lease), 0);
    world_land(&w);
    lease = world_get(&w, "q", &second);
    assert_int_equal(world_done(&w, second, lease), 0);
    world_restart(&w);
    assert_false(world_has(&w, first));
    assert_int_equal(world_view(&w, second)->state, JOB_READY);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_queue(&w, "q")->totals.done, 0); /* trimmed with it */
    assert_int_equal(world_done(&w, second, lease), RQ_E_STALE);
    world_fini(&w);
}

static void order_survives(void **state)
{
    struct world w;
    struct job_id id;
    struct job_policy urgent = world_policy();

    (void)state;
    world_init(&w);
    world_put(&w, "q", "1");
    world_put(&w, "q", "2");
    urgent.pri = 1;
    world_put_more(&w, "q", "3", urgent, 0);
    world_land(&w);
    world_get(&w, "q", NULL);
    world_land(&w);
    world_restart(&w); /* 3 was leased, and returns to its place */
    for (uint64_t want = 3; want > 0; want = want == 3 ? 1 : want == 1 ? 2 : 0) {
        assert_int_not_equal(world_get(&w, "q", &id), 0);
        assert_int_equal(id.number, want);
    }
    world_fini(&w);
}

/* ---- totals ---- */

static void totals_survive_what_was_trimmed(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++) {
        world_put_landed(&w, "q");
        uint64_t lease = world_get(&w, "q", &id);
        assert_int_equal(world_done(&w, id, lease), 0);
        world_land(&w);
    }
    world_totals(&w);
    world_put_landed(&w, "q");
    world_restart(&w);
    assert_int_equal(world_queue(&w, "q")->totals.put, 4);
    assert_int_equal(world_queue(&w, "q")->totals.done, 3);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);

    struct core_sums sums;
    core_sums(w.core, &sums);
    assert_int_equal(sums.totals.put, 4);
    world_fini(&w);
}

static void a_job_counted_as_put_whose_end_was_trimmed_was_done(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_totals(&w);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_land(&w);
    world_restart(&w); /* the PUT is trimmed: DONE names an unknown job */
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    assert_int_equal(world_queue(&w, "q")->totals.done, 1);
    world_fini(&w);
}

static void a_put_in_flight_with_the_totals_is_counted(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_put(&w, "q", "in flight");
    world_totals(&w); /* says 1: only what is confirmed */
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_queue(&w, "q")->totals.put, 2);
    world_fini(&w);
}

static void a_put_refused_behind_the_totals_is_not_counted(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_put(&w, "q", "in flight");
    world_totals(&w);
    world_refuse_one(&w);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    assert_int_equal(world_queue(&w, "q")->totals.done, 0);
    world_fini(&w);
}

static void a_death_in_flight_with_the_totals_is_counted(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "", -1, true, NULL), 0);
    world_totals(&w);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    world_fini(&w);
}

static void the_newest_totals_count(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_totals(&w);
    world_put_landed(&w, "q");
    world_totals(&w);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_queue(&w, "q")->totals.put, 2);
    world_totals(&w);
    assert_int_equal(world_queue(&w, "q")->totals.put, 2);
    world_fini(&w);
}

/* ---- single records ---- */

static struct record put_record(uint64_t number)
{
    return (struct record){.type = RECORD_PUT,
                           .job = {3, number},
                           .queue = RQ_LIT("q"),
                           .body = RQ_LIT("abc"),
                           .policy = world_policy(),
                           .put_wall_ms = 999000};
}

/* A world whose core has read nothing yet. */
static void blank(struct world *w)
{
    world_init(w);
    world_replay(w);
}

static void records_of_unknown_jobs_are_ignored(void **state)
{
    struct world w;
    struct record r = {.type = RECORD_LEASE, .job = {3, 1}, .attempts = 1};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &r, 5), 0);
    r.type = RECORD_STATE;
    r.state = RECORD_READY;
    assert_int_equal(world_replay_one(&w, &r, 5), 0);
    r.type = RECORD_DONE;
    r.end = RECORD_END_CANCELLED;
    assert_int_equal(world_replay_one(&w, &r, 5), 0);
    assert_int_equal(w.event_count, 0);
    world_end_replay(&w);
    struct core_sums sums;
    core_sums(w.core, &sums);
    assert_int_equal(sums.queues, 0);
    world_fini(&w);
}

static void every_end_is_counted_as_what_it_was(void **state)
{
    struct world w;
    struct record done = {.type = RECORD_DONE};

    (void)state;
    blank(&w);
    for (uint64_t i = 1; i <= 3; i++) {
        struct record put = put_record(i);

        assert_int_equal(world_replay_one(&w, &put, 1), 0);
    }
    for (uint64_t i = 1; i <= 3; i++) {
        done.job = (struct job_id){3, i};
        done.end = (enum record_end)i;
        assert_int_equal(core_replay(w.core, &done, 2, w.now, &w.fx), 0);
        assert_int_equal(w.fx.count, 1);
        assert_int_equal(w.fx.items[0].kind, EFFECT_FORGET);
        assert_int_equal(w.fx.items[0].u.forget.home, 1);
        w.fx.count = 0;
    }
    world_end_replay(&w);
    assert_int_equal(world_queue(&w, "q")->totals.done, 1);
    assert_int_equal(world_queue(&w, "q")->totals.expired, 1);
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 1);
    world_fini(&w);
}

/* The single effect of a record: FORGET of `home`. */
static void expect_forget(struct world *w, const struct record *r, uint64_t new_home,
                          uint64_t home)
{
    assert_int_equal(core_replay(w->core, r, new_home, w->now, &w->fx), 0);
    core_check(w->core);
    assert_int_equal(w->fx.count, 1);
    assert_int_equal(w->fx.items[0].kind, EFFECT_FORGET);
    assert_int_equal(w->fx.items[0].u.forget.home, home);
    w->fx.count = 0;
}

static struct record move_record(uint64_t number, enum record_state state)
{
    struct record r = put_record(number);

    r.type = RECORD_MOVE;
    r.state = state;
    r.attempts = 2;
    r.error = RQ_LIT("moved");
    r.queue = RQ_LIT("r");
    return r;
}

static void a_move_replaces_the_job(void **state)
{
    struct world w;
    struct record put = put_record(1), move = move_record(1, RECORD_READY);
    const struct job_id id = {3, 1};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    expect_forget(&w, &move, 2, 1);
    const struct job_view *v = world_view(&w, id);
    assert_int_equal(v->state, JOB_READY);
    assert_int_equal(v->attempts, 2);
    assert_int_equal(v->home, 2);
    assert_true(rq_slice_eq(v->error, RQ_LIT("moved")));
    assert_true(rq_slice_eq(v->queue, RQ_LIT("r")));

    move.state = RECORD_DELAYED;
    move.due_wall_ms = w.now.wall_ms + 50;
    expect_forget(&w, &move, 3, 2);
    assert_int_equal(world_view(&w, id)->state, JOB_DELAYED);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 50000000);
    move.state = RECORD_DEAD;
    expect_forget(&w, &move, 4, 3);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    world_end_replay(&w);
    assert_int_equal(world_queue(&w, "r")->totals.put, 1); /* the queue it is in now */
    world_fini(&w);
}

static void a_move_of_a_leased_job_takes_its_lease(void **state)
{
    struct world w;
    struct record put = put_record(1), move = move_record(1, RECORD_READY);
    struct record lease = {.type = RECORD_LEASE, .job = {3, 1}, .attempts = 1};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    assert_int_equal(world_replay_one(&w, &lease, 2), 0);
    expect_forget(&w, &move, 3, 1);
    world_end_replay(&w);
    assert_int_equal(w.event_count, 0);
    world_fini(&w);
}

static void a_move_makes_a_job_whose_put_is_trimmed(void **state)
{
    struct world w;
    struct record move = move_record(9, RECORD_READY);

    (void)state;
    blank(&w);
    move.error = rq_slice(NULL, 0);
    assert_int_equal(world_replay_one(&w, &move, 4), 0);
    world_end_replay(&w);
    assert_int_equal(world_view(&w, (struct job_id){3, 9})->state, JOB_READY);
    assert_int_equal(world_queue(&w, "r")->totals.put, 1);
    world_fini(&w);
}

static void the_same_put_again_only_moves_its_home(void **state)
{
    struct world w;
    struct record put = put_record(1);
    struct record lease = {.type = RECORD_LEASE, .job = {3, 1}, .attempts = 2};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    assert_int_equal(world_replay_one(&w, &lease, 2), 0);
    expect_forget(&w, &put, 3, 1);
    assert_int_equal(world_view(&w, (struct job_id){3, 1})->attempts, 2);
    assert_int_equal(world_view(&w, (struct job_id){3, 1})->home, 3);
    put.queue = RQ_LIT("other");
    assert_int_equal(world_replay_one(&w, &put, 4), RQ_E_MALFORMED);
    world_fini(&w);
}

/* An end is final: what is read again after a repair of the log makes no new job. */
static void a_job_whose_end_is_kept_does_not_come_back(void **state)
{
    struct record r = put_record(1);
    struct core_outcome outcome;
    struct world w;

    (void)state;
    blank(&w);
    r.policy.keep_ms = 1000;
    assert_int_equal(world_replay_one(&w, &r, 1), 0);
    r.type = RECORD_DONE;
    r.end = RECORD_END_DONE;
    r.kept_wall_ms = w.now.wall_ms + 1000;
    expect_forget(&w, &r, 2, 1);
    r.type = RECORD_PUT;
    expect_forget(&w, &r, 3, 3);
    r = move_record(1, RECORD_READY);
    expect_forget(&w, &r, 4, 4);
    assert_false(world_has(&w, r.job));
    assert_int_equal(core_outcome(w.core, r.job, &outcome), 0);
    assert_string_equal(outcome.state, "done");
    world_fini(&w);
}

static void newer_totals_take_the_home_of_older_ones(void **state)
{
    struct world w;
    struct record totals = {
        .type = RECORD_TOTALS, .queue = RQ_LIT("q"), .totals = {.put = 5, .done = 5}};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &totals, 3), 0);
    assert_int_equal(w.event_count, 0);
    totals.totals = (struct record_totals){.put = 6, .done = 6};
    expect_forget(&w, &totals, 4, 3);
    world_end_replay(&w);
    assert_int_equal(world_queue(&w, "q")->totals.put, 6);
    world_fini(&w);
}

static void a_kicked_job_is_ready_again(void **state)
{
    struct world w;
    struct record put = put_record(1);
    struct record r = {.type = RECORD_STATE, .job = {3, 1}, .state = RECORD_DEAD};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    assert_int_equal(world_replay_one(&w, &r, 2), 0);
    assert_int_equal(world_replay_one(&w, &r, 3), 0); /* dead twice counts once */
    r.state = RECORD_READY;
    assert_int_equal(world_replay_one(&w, &r, 4), 0);
    world_end_replay(&w);
    assert_int_equal(world_view(&w, (struct job_id){3, 1})->state, JOB_READY);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    world_fini(&w);
}

static void nobody_has_the_lease_of_a_replayed_job(void **state)
{
    struct world w;
    struct record put = put_record(1);
    struct record lease = {.type = RECORD_LEASE, .job = {3, 1}, .attempts = 1};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    assert_int_equal(world_replay_one(&w, &lease, 2), 0);
    assert_int_equal(world_view(&w, put.job)->state, JOB_LEASED);
    assert_int_equal(world_view(&w, put.job)->lease, 0);
    assert_int_equal(world_done(&w, put.job, 0), RQ_E_STALE);
    world_fini(&w);
}

static void an_age_beyond_all_clocks_is_none(void **state)
{
    struct world w;
    struct record put = put_record(1);

    (void)state;
    blank(&w);
    w.now.wall_ms = INT64_MAX / 1000;
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    world_end_replay(&w);
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, w.now.mono_ns / 1000000);
    world_fini(&w);
}

/* ---- bodies that stand apart ---- */

/* Three jobs whose bodies are not in their records, of `len` bytes each. */
static void read_apart(struct world *w, uint64_t len)
{
    static struct record put;

    for (uint64_t number = 1; number <= 3; number++) {
        put = put_record(number);
        put.body = RQ_LIT("");
        put.apart = (struct record_apart){3, number, len};
        assert_int_equal(world_replay_one(w, &put, number), 0);
    }
    world_end_replay(w);
}

static void bodies_that_stand_apart_are_away_and_come_back_unasked(void **state)
{
    struct core_want wants[4];
    struct world w;

    (void)state;
    blank(&w);
    read_apart(&w, 5);
    const struct job_view *v = world_view(&w, (struct job_id){3, 1});
    assert_true(v->is_away && v->size == 5 && v->body.len == 0);
    assert_int_equal(v->state, JOB_READY);
    assert_true(core_wants_bodies(w.core));
    assert_int_equal(core_wanted(w.core, wants, 4), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wants[i].home, wants[i].job.number);
        w.fx.count = 0;
        assert_int_equal(core_body(w.core, &wants[i], RQ_LIT("hello"), false, &w.fx),
                         0);
    }
    core_check(w.core);
    assert_true(
        rq_slice_eq(world_view(&w, (struct job_id){3, 2})->body, RQ_LIT("hello")));
    assert_false(core_wants_bodies(w.core));
    world_fini(&w);
}

static void no_more_bodies_come_back_than_there_is_room_for(void **state)
{
    struct core_want wants[4];
    struct world w;

    (void)state;
    blank(&w);
    core_set_body_memory(w.core, 16);
    read_apart(&w, 8);
    assert_int_equal(core_wanted(w.core, wants, 1), 1);
    assert_int_equal(core_body(w.core, &wants[0], RQ_LIT("01234567"), false, &w.fx), 0);
    assert_int_equal(core_wanted(w.core, wants, 1), 1);
    assert_int_equal(core_body(w.core, &wants[0], RQ_LIT("01234567"), false, &w.fx), 0);
    assert_false(core_wants_bodies(w.core)); /* the last comes when it is needed */
    world_fini(&w);
}

/* ---- corruption ---- */

static void refuse(struct world *w, const struct record *r)
{
    assert_int_equal(world_replay_one(w, r, 9), RQ_E_MALFORMED);
}

static void a_record_that_cannot_be_is_corruption(void **state)
{
    struct world w;
    static struct record good, r;
    char long_name[130];

    (void)state;
    blank(&w);
    good = put_record(1);
    assert_int_equal(world_replay_one(&w, &good, 1), 0);

    r = put_record(0);
    refuse(&w, &r);
    r = put_record(2);
    r.job.epoch = 0;
    refuse(&w, &r);
    r = put_record(2);
    r.queue = RQ_LIT("");
    refuse(&w, &r);
    r.queue = RQ_LIT("a b");
    refuse(&w, &r);
    memset(long_name, 'a', sizeof long_name);
    r.queue = rq_slice(long_name, 129);
    refuse(&w, &r);
    r.queue.len = 128;
    assert_int_equal(world_replay_one(&w, &r, 9), 0);
    r = put_record(3);
    r.policy.tries = 0;
    refuse(&w, &r);
    r = put_record(3);
    r.policy.ttr_ms = 0;
    refuse(&w, &r);
    r = put_record(3);
    r.policy.backoff = 3;
    refuse(&w, &r);
    r = put_record(3);
    r.policy.jitter_pct = 101;
    refuse(&w, &r);
    r = put_record(3);
    r.put_wall_ms = -1;
    refuse(&w, &r);
    r = put_record(3);
    r.due_wall_ms = -1;
    refuse(&w, &r);
    r = put_record(3);
    r.body.len = (size_t)UINT32_MAX + 1;
    refuse(&w, &r);
    r = put_record(3);
    r.attrs = RQ_LIT("\1");
    refuse(&w, &r);
    r = put_record(3);
    r.policy.ttl_ms = LIMIT_TTL_MS + 1;
    refuse(&w, &r);
    r.policy.ttl_ms = LIMIT_TTL_MS;
    assert_int_equal(world_replay_one(&w, &r, 9), 0);
    r.type = (enum record_type)7;
    refuse(&w, &r);
    r = (struct record){.type = RECORD_TOTALS, .queue = RQ_LIT("?")};
    refuse(&w, &r);
    world_fini(&w);
}

static void a_job_that_is_not_leased_cannot_be_marked(void **state)
{
    struct world w;
    struct record put = put_record(1);
    struct record mark = {
        .type = RECORD_STATE, .job = {3, 1}, .state = RECORD_CANCELLING, .attempts = 1};

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &mark, 1), 0); /* of a job long gone */
    assert_int_equal(world_replay_one(&w, &put, 2), 0);
    refuse(&w, &mark);
    world_fini(&w);
}

static void a_state_that_cannot_be_is_corruption(void **state)
{
    struct world w;
    struct record put = put_record(1), r;

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    r = (struct record){.type = RECORD_LEASE, .job = {3, 1}};
    refuse(&w, &r);
    r.attempts = UINT16_MAX + 1;
    refuse(&w, &r);
    r.attempts = UINT16_MAX;
    assert_int_equal(world_replay_one(&w, &r, 2), 0);
    r = (struct record){.type = RECORD_STATE, .job = {3, 1}};
    refuse(&w, &r);
    r.state = (enum record_state)5;
    refuse(&w, &r);
    r.state = RECORD_READY;
    r.attempts = UINT16_MAX + 1;
    refuse(&w, &r);
    r.attempts = 1;
    r.due_wall_ms = -1;
    refuse(&w, &r);
    world_fini(&w);
}

static void a_move_that_cannot_be_is_corruption(void **state)
{
    struct world w;
    struct record r = move_record(1, (enum record_state)0);

    (void)state;
    blank(&w);
    refuse(&w, &r);
    r.state = RECORD_READY;
    r.policy.tries = 0;
    refuse(&w, &r);
    world_fini(&w);
}

static void an_end_that_cannot_be_is_corruption(void **state)
{
    struct world w;
    struct record put = put_record(1), r;

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    r = (struct record){.type = RECORD_DONE, .job = {3, 1}};
    refuse(&w, &r);
    r.end = (enum record_end)4;
    refuse(&w, &r);
    r = (struct record){.type = RECORD_STATE, .job = {3, 1}, .state = RECORD_DEAD};
    assert_int_equal(world_replay_one(&w, &r, 2), 0);
    r = (struct record){.type = RECORD_LEASE, .job = {3, 1}, .attempts = 1};
    refuse(&w, &r); /* the dead are not leased */
    world_fini(&w);
}

static void a_job_of_our_own_epoch_is_corruption(void **state)
{
    struct world w;
    struct record put = put_record(1);

    (void)state;
    blank(&w);
    core_set_epoch(w.core, 3);
    assert_int_equal(world_replay_one(&w, &put, 1), RQ_E_MALFORMED);
    put.job.epoch = 2;
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    world_fini(&w);
}

static void the_latest_attempt_count_of_a_saturated_job_stays(void **state)
{
    struct world w;
    struct record put = put_record(1);
    struct record r = {.type = RECORD_STATE,
                       .job = {3, 1},
                       .state = RECORD_READY,
                       .attempts = UINT16_MAX};
    struct job_id id;

    (void)state;
    blank(&w);
    assert_int_equal(world_replay_one(&w, &put, 1), 0);
    assert_int_equal(world_replay_one(&w, &r, 2), 0);
    world_end_replay(&w);
    assert_int_not_equal(world_get(&w, "q", &id), 0);
    assert_int_equal(world_view(&w, id)->attempts, UINT16_MAX);
    world_fini(&w);
}

static int64_t put_time_kept(int64_t said)
{
    struct record r = put_record(1);
    struct world w;

    blank(&w);
    r.put_wall_ms = said;
    assert_int_equal(world_replay_one(&w, &r, 1), 0);
    int64_t kept = world_view(&w, r.job)->put_wall_ms;
    world_fini(&w);
    return kept;
}

/* A job keeps 48 bits of it. */
static void a_job_of_the_year_10889_is_as_old_as_can_be(void **state)
{
    const int64_t last = (INT64_C(1) << 48) - 1;

    (void)state;
    assert_int_equal(put_time_kept(last), last);
    assert_int_equal(put_time_kept(last + 1), last);
    assert_int_equal(put_time_kept(INT64_MAX), last);
}

TEST_MAIN(cmocka_unit_test(a_landed_put_is_ready_after_a_restart),
          cmocka_unit_test(a_delayed_put_waits_for_what_is_left),
          cmocka_unit_test(a_wall_clock_set_back_delays_no_longer_than_asked),
          cmocka_unit_test(a_leased_job_goes_back_and_its_attempt_is_used_up),
          cmocka_unit_test(the_last_attempt_before_a_restart_is_death),
          cmocka_unit_test(a_failed_job_keeps_its_error_attempts_and_time),
          cmocka_unit_test(a_released_job_is_not_a_failure),
          cmocka_unit_test(a_dead_job_stays_dead),
          cmocka_unit_test(a_done_that_landed_is_gone_and_one_that_did_not_is_not),
          cmocka_unit_test(order_survives),
          cmocka_unit_test(totals_survive_what_was_trimmed),
          cmocka_unit_test(a_job_counted_as_put_whose_end_was_trimmed_was_done),
          cmocka_unit_test(a_put_in_flight_with_the_totals_is_counted),
          cmocka_unit_test(a_put_refused_behind_the_totals_is_not_counted),
          cmocka_unit_test(a_death_in_flight_with_the_totals_is_counted),
          cmocka_unit_test(the_newest_totals_count),
          cmocka_unit_test(records_of_unknown_jobs_are_ignored),
          cmocka_unit_test(every_end_is_counted_as_what_it_was),
          cmocka_unit_test(a_move_replaces_the_job),
          cmocka_unit_test(a_move_of_a_leased_job_takes_its_lease),
          cmocka_unit_test(a_move_makes_a_job_whose_put_is_trimmed),
          cmocka_unit_test(the_same_put_again_only_moves_its_home),
          cmocka_unit_test(a_job_whose_end_is_kept_does_not_come_back),
          cmocka_unit_test(newer_totals_take_the_home_of_older_ones),
          cmocka_unit_test(a_kicked_job_is_ready_again),
          cmocka_unit_test(nobody_has_the_lease_of_a_replayed_job),
          cmocka_unit_test(an_age_beyond_all_clocks_is_none),
          cmocka_unit_test(bodies_that_stand_apart_are_away_and_come_back_unasked),
          cmocka_unit_test(no_more_bodies_come_back_than_there_is_room_for),
          cmocka_unit_test(a_record_that_cannot_be_is_corruption),
          cmocka_unit_test(a_job_that_is_not_leased_cannot_be_marked),
          cmocka_unit_test(a_state_that_cannot_be_is_corruption),
          cmocka_unit_test(a_move_that_cannot_be_is_corruption),
          cmocka_unit_test(an_end_that_cannot_be_is_corruption),
          cmocka_unit_test(a_job_of_the_year_10889_is_as_old_as_can_be),
          cmocka_unit_test(a_job_of_our_own_epoch_is_corruption),
          cmocka_unit_test(the_latest_attempt_count_of_a_saturated_job_stays))
