/* wait_test - ends that are kept, and those who wait for them.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/limits.h"
#include "support/test.h"
#include "world.h"

static struct job_policy kept_for(uint64_t ms)
{
    struct job_policy policy = world_policy();

    policy.keep_ms = ms;
    return policy;
}

static struct job_id put_kept(struct world *w, uint64_t ms)
{
    struct job_id id = world_put_more(w, "q", "x", kept_for(ms), 0);

    world_land(w);
    return id;
}

/* Takes a job that is expected, and finishes it.  Returns  its lease */
static uint64_t finish(struct world *w, struct job_id want)
{
    struct job_id id;
    uint64_t lease = world_get(w, "q", &id);

    assert_int_equal(id.number, want.number);
    assert_int_equal(world_done(w, id, lease), 0);
    return lease;
}

static struct core_outcome outcome_of(struct world *w, struct job_id id)
{
    struct core_outcome outcome = {0};

    assert_int_equal(core_outcome(w->core, id, &outcome), 0);
    return outcome;
}

static int wait_for(struct world *w, struct job_id id, void *cookie)
{
    struct waiter *waiter;

    return world_wait_jobs(w, &id, 1, false, -1, cookie, &waiter);
}

/* ---- KEEP ---- */

static void an_end_is_kept_as_long_as_was_asked(void **state)
{
    struct core_outcome outcome;
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_kept(&w, 500);
    finish(&w, id);
    assert_false(outcome_of(&w, id).is_over); /* not before it is in the log */
    world_land(&w);
    assert_false(world_has(&w, id));
    outcome = outcome_of(&w, id);
    assert_true(outcome.is_over && outcome.has_result);
    assert_string_equal(outcome.state, "done");
    assert_true(rq_slice_eq(outcome.result, RQ_LIT("result")));
    assert_true(rq_slice_eq(outcome.queue, RQ_LIT("q")));

    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 500000000);
    world_sleep(&w, 500);
    world_tick(&w);
    assert_int_equal(world_event(&w, EFFECT_FORGET)->home, 3); /* the DONE record's */
    assert_int_equal(core_outcome(w.core, id, &outcome), RQ_E_NOJOB);
    world_fini(&w);
}

static void an_end_that_nobody_wants_is_forgotten(void **state)
{
    struct core_outcome outcome;
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    finish(&w, id);
    world_land(&w);
    assert_int_equal(core_outcome(w.core, id, &outcome), RQ_E_NOJOB);
    world_fini(&w);
}

static void every_end_has_its_name(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id cancelled = put_kept(&w, 500);
    assert_int_equal(world_cancel_job(&w, cancelled), 1);
    struct job_policy policy = kept_for(500);
    policy.ttl_ms = 100;
    struct job_id expired = world_put_more(&w, "q", "x", policy, 0);
    world_land(&w);
    world_sleep(&w, 100);
    world_tick(&w);
    world_land(&w);
    assert_string_equal(outcome_of(&w, cancelled).state, "cancelled");
    assert_false(outcome_of(&w, cancelled).has_result);
    assert_string_equal(outcome_of(&w, expired).state, "expired");
    world_fini(&w);
}

static void the_same_done_again_is_good_while_it_is_known(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_kept(&w, 500);
    uint64_t lease = finish(&w, id);
    world_land(&w);
    assert_int_equal(world_done(&w, id, lease), 0);
    assert_int_equal(w.event_count, 0);
    assert_int_equal(world_done(&w, id, lease + 1), RQ_E_NOJOB);
    assert_int_equal(world_queue(&w, "q")->totals.done, 1);
    world_sleep(&w, 500);
    world_tick(&w);
    assert_int_equal(world_done(&w, id, lease), RQ_E_NOJOB);
    world_fini(&w);
}

static void an_end_survives_a_restart_for_what_is_left_of_its_time(void **state)
{
    struct core_outcome outcome;
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_kept(&w, 500);
    uint64_t lease = finish(&w, id);
    world_land(&w);
    world_sleep(&w, 200);
    world_restart(&w);
    outcome = outcome_of(&w, id);
    assert_string_equal(outcome.state, "done");
    assert_true(rq_slice_eq(outcome.result, RQ_LIT("result")));
    assert_int_equal(world_done(&w, id, lease), 0);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 300000000);
    world_sleep(&w, 300);
    world_restart(&w);
    assert_int_equal(core_outcome(w.core, id, &outcome), RQ_E_NOJOB);
    world_fini(&w);
}

static void a_put_that_is_refused_leaves_nothing(void **state)
{
    struct core_outcome outcome;
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_more(&w, "q", "x", kept_for(500), 0);
    world_refuse_one(&w);
    assert_int_equal(core_outcome(w.core, id, &outcome), RQ_E_NOJOB);
    world_fini(&w);
}

/* ---- WAIT ---- */

static void a_wait_is_answered_when_the_end_is_in_the_log(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q"); /* without KEEP */
    assert_int_equal(wait_for(&w, id, &cookie), 0);
    assert_int_equal(w.event_count, 0);
    finish(&w, id);
    assert_int_equal(world_count(&w, EFFECT_WAITED), 0);
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_WAITED)->cookie, &cookie);
    assert_string_equal(outcome_of(&w, id).state, "done"); /* for a minute */
    world_fini(&w);
}

static void what_is_over_is_not_waited_for(void **state)
{
    struct core_failed out;
    struct job_id dead;
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    struct job_id id = put_kept(&w, 500);
    finish(&w, id);
    world_land(&w);
    assert_int_equal(wait_for(&w, id, &cookie), 0);
    assert_int_equal(world_count(&w, EFFECT_WAITED), 1);

    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &dead);
    assert_int_equal(world_fail(&w, dead, lease, "", -1, true, &out), 0);
    world_land(&w);
    assert_int_equal(wait_for(&w, dead, &cookie), 0);
    assert_int_equal(world_count(&w, EFFECT_WAITED), 1);
    assert_string_equal(outcome_of(&w, dead).state, "dead");
    world_fini(&w);
}

static void an_unknown_job_is_named(void **state)
{
    const struct job_id ids[] = {{7, 1}, {7, 99}};
    const struct core_wait wait = {ids, 2, false, -1};
    struct waiter *waiter;
    struct world w;
    size_t bad = 0;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(
        core_wait(w.core, &wait, w.holder, NULL, w.now, &w.fx, &waiter, &bad),
        RQ_E_NOJOB);
    assert_int_equal(bad, 1);
    struct job_id pending = world_put(&w, "q", "x");
    assert_int_equal(wait_for(&w, pending, NULL), RQ_E_NOJOB);
    world_fini(&w);
}

static void all_waits_for_the_last_and_any_for_the_first(void **state)
{
    struct waiter *waiter;
    struct job_id ids[3];
    struct world w;
    int all, any;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        ids[i] = world_put_landed(&w, "q");
    assert_int_equal(world_wait_jobs(&w, ids, 3, false, -1, &all, &waiter), 0);
    assert_int_equal(world_wait_jobs(&w, ids, 3, true, -1, &any, &waiter), 0);
    finish(&w, ids[0]);
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_WAITED)->cookie, &any);
    finish(&w, ids[1]);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_WAITED), 0);
    finish(&w, ids[2]);
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_WAITED)->cookie, &all);
    world_fini(&w);
}

static void a_death_is_an_end(void **state)
{
    struct core_failed out;
    struct job_id id;
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(wait_for(&w, id, &cookie), 0);
    assert_int_equal(world_fail(&w, id, lease, "", -1, true, &out), 0);
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_WAITED)->cookie, &cookie);
    assert_int_equal(world_kick(&w, id), 1); /* and what comes then is another wait's */
    world_fini(&w);
}

static void what_is_waited_for_stays_until_all_are_over(void **state)
{
    struct waiter *waiter;
    struct job_id ids[2];
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 2; i++)
        ids[i] = put_kept(&w, 100);
    assert_int_equal(world_wait_jobs(&w, ids, 2, false, -1, &cookie, &waiter), 0);
    finish(&w, ids[0]);
    world_land(&w);
    world_sleep(&w, 120000); /* both its own time and the minute */
    world_tick(&w);
    world_tick(&w);
    finish(&w, ids[1]);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_WAITED), 1);
    assert_string_equal(outcome_of(&w, ids[0]).state, "done");
    assert_string_equal(outcome_of(&w, ids[1]).state, "done");
    assert_int_equal(core_next_due(w.core), w.now.mono_ns - 60000000000);
    world_tick(&w); /* nobody waits any more */
    struct core_outcome outcome;
    assert_int_equal(core_outcome(w.core, ids[0], &outcome), RQ_E_NOJOB);
    world_fini(&w);
}

static void what_was_over_before_stays_as_well(void **state)
{
    struct core_failed failed;
    struct waiter *waiter;
    struct job_id ids[3];
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    ids[0] = put_kept(&w, 100);
    finish(&w, ids[0]);
    world_land(&w);
    ids[1] = world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &ids[1]);
    assert_int_equal(world_fail(&w, ids[1], lease, "", -1, true, &failed), 0);
    ids[2] = world_put_landed(&w, "q");
    assert_int_equal(world_wait_jobs(&w, ids, 3, false, -1, &cookie, &waiter), 0);
    assert_int_equal(world_purge(&w, "q", JOB_DEAD, 1), 1);
    world_land(&w);
    world_sleep(&w, 120000);
    world_tick(&w);
    finish(&w, ids[2]);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_WAITED), 1);
    assert_string_equal(outcome_of(&w, ids[0]).state, "done");
    assert_string_equal(outcome_of(&w, ids[1]).state, "cancelled");
    world_fini(&w);
}

static void what_nobody_waits_for_any_more_goes(void **state)
{
    struct core_outcome outcome;
    struct waiter *waiter;
    struct job_id ids[2];
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 2; i++)
        ids[i] = put_kept(&w, 100);
    assert_int_equal(world_wait_jobs(&w, ids, 2, false, -1, &cookie, &waiter), 0);
    finish(&w, ids[0]);
    world_land(&w);
    world_cancel(&w, waiter);
    world_sleep(&w, 60000);
    world_tick(&w);
    assert_int_equal(core_outcome(w.core, ids[0], &outcome), RQ_E_NOJOB);
    world_fini(&w);
}

static struct record kept_record(uint64_t number, int64_t until_wall_ms)
{
    return (struct record){.type = RECORD_DONE,
                           .job = {6, number},
                           .end = RECORD_END_DONE,
                           .queue = RQ_LIT("q"),
                           .kept_wall_ms = until_wall_ms};
}

/* A burst of ends does not outrun the limit: all that is too much goes, and what is
 * waited for does not stand in its way. */
static void the_ends_that_are_kept_have_a_bound(void **state)
{
    enum { MORE = 100 };
    struct core_sums sums;
    struct world w;

    (void)state;
    world_init(&w);
    core_free(w.core);
    w.core = core_new(1);
    for (uint64_t i = 1; i <= LIMIT_KEPT + MORE; i++) {
        const struct record r = kept_record(i, 2000000 + (int64_t)i);

        assert_int_equal(core_replay(w.core, &r, i, w.now, &w.fx), 0);
    }
    core_set_epoch(w.core, 7);
    assert_int_equal(core_replay_end(w.core, w.now, &w.fx), 0);
    assert_int_equal(core_next_due(w.core), 0);
    w.fx.count = 0;
    assert_int_equal(core_tick(w.core, w.now, SIZE_MAX, &w.fx), 0);
    assert_int_equal(w.fx.count, MORE); /* their homes */
    core_sums(w.core, &sums);
    assert_int_equal(sums.kept, LIMIT_KEPT);
    assert_true(core_next_due(w.core) > w.now.mono_ns);
    core_check(w.core);
    world_fini(&w);
}

static void a_wait_gives_up_or_is_given_up(void **state)
{
    struct waiter *waiter;
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_wait_jobs(&w, &id, 1, false, 0, &cookie, &waiter), 0);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    assert_int_equal(world_wait_jobs(&w, &id, 1, false, 100, &cookie, &waiter), 0);
    world_sleep(&w, 100);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    assert_int_equal(world_wait_jobs(&w, &id, 1, false, -1, &cookie, &waiter), 0);
    world_cancel(&w, waiter);
    assert_int_equal(world_cancel_job(&w, id), 1);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_WAITED), 0);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(an_end_is_kept_as_long_as_was_asked),
          cmocka_unit_test(an_end_that_nobody_wants_is_forgotten),
          cmocka_unit_test(every_end_has_its_name),
          cmocka_unit_test(the_same_done_again_is_good_while_it_is_known),
          cmocka_unit_test(an_end_survives_a_restart_for_what_is_left_of_its_time),
          cmocka_unit_test(a_put_that_is_refused_leaves_nothing),
          cmocka_unit_test(a_wait_is_answered_when_the_end_is_in_the_log),
          cmocka_unit_test(what_is_over_is_not_waited_for),
          cmocka_unit_test(an_unknown_job_is_named),
          cmocka_unit_test(all_waits_for_the_last_and_any_for_the_first),
          cmocka_unit_test(a_death_is_an_end),
          cmocka_unit_test(what_is_waited_for_stays_until_all_are_over),
          cmocka_unit_test(what_was_over_before_stays_as_well),
          cmocka_unit_test(what_nobody_waits_for_any_more_goes),
          cmocka_unit_test(the_ends_that_are_kept_have_a_bound),
          cmocka_unit_test(a_wait_gives_up_or_is_given_up))
