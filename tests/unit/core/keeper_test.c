/* keeper_test - KEEPLEASES: leases that outlive their holders, and the process.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/state.h"
#include "support/test.h"
#include "world.h"

static struct holder *keeping(struct world *w, const char *name)
{
    struct holder *h = world_holder(w);

    assert_int_equal(core_holder_keep(w->core, h, rq_slice_str(name)), 0);
    core_check(w->core);
    return h;
}

struct taken {
    struct job_id id;
    uint64_t lease;
};

static struct taken take(struct world *w, struct holder *h)
{
    struct taken t;

    world_put_landed(w, "q");
    t.lease = world_get_as(w, h, "q", &t.id);
    assert_int_not_equal(t.lease, 0);
    return t;
}

static enum job_state state_of(struct world *w, struct taken t)
{
    return world_view(w, t.id)->state;
}

static int touch(struct world *w, struct taken t, uint32_t ttr_ms)
{
    struct core_touched touched;
    int rc = core_touch(w->core, t.id, t.lease, ttr_ms, w->now, &w->fx, &touched);

    w->event_count = 0;
    world_carry(w);
    return rc;
}

static void count_touch(void *arg, const struct job *job,
                        const struct core_touched *touched)
{
    (void)job;
    (void)touched;
    ++*(long *)arg;
}

static long touch_all(struct world *w, struct holder *h)
{
    long each = 0;
    long n = core_touch_all(w->core, h, 0, w->now, &w->fx, count_touch, &each);

    assert_int_equal(n, each);
    world_carry(w);
    return n;
}

static void a_kept_lease_runs_on_to_its_deadline(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct holder *h = keeping(&w, "one");
    struct taken t = take(&w, h);
    world_lose(&w, h);
    assert_int_equal(w.event_count, 0);
    world_sleep(&w, 999);
    world_tick(&w);
    assert_int_equal(state_of(&w, t), JOB_LEASED);
    world_sleep(&w, 1);
    world_tick(&w);
    assert_int_equal(touch(&w, t, 0), RQ_E_STALE);
    world_land(&w);
    assert_int_equal(state_of(&w, t), JOB_READY);
    world_fini(&w);
}

static void the_token_alone_finishes_it(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct holder *h = keeping(&w, "one");
    struct taken t = take(&w, h);
    world_lose(&w, h);
    assert_int_equal(touch(&w, t, 0), 0);
    assert_int_equal(world_done(&w, t.id, t.lease), 0);
    world_land(&w);
    assert_false(world_has(&w, t.id));
    world_fini(&w);
}

static void the_next_of_the_name_takes_it_over(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct holder *h = keeping(&w, "one");
    struct taken t = take(&w, h);
    world_lose(&w, h);
    assert_int_equal(touch_all(&w, keeping(&w, "other")), 0);
    h = keeping(&w, "one");
    assert_int_equal(touch_all(&w, h), 1);
    world_lose(&w, h);
    assert_int_equal(state_of(&w, t), JOB_LEASED);
    world_fini(&w);
}

static void another_holder_of_the_name_inherits_at_once(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct holder *first = keeping(&w, "one"), *second = keeping(&w, "one");
    take(&w, first);
    assert_int_equal(touch_all(&w, second), 0);
    world_lose(&w, first);
    assert_int_equal(touch_all(&w, second), 1);
    world_fini(&w);
}

static void what_was_taken_before_is_not_kept(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct holder *h = world_holder(&w);
    struct taken before = take(&w, h);
    assert_int_equal(core_holder_keep(w.core, h, RQ_LIT("one")), 0);
    struct taken kept = take(&w, h);
    assert_int_equal(core_holder_keep(w.core, h, RQ_LIT("")), 0);
    struct taken after = take(&w, h);
    world_lose(&w, h);
    assert_int_equal(state_of(&w, before), JOB_READY);
    assert_int_equal(state_of(&w, kept), JOB_LEASED);
    assert_int_equal(state_of(&w, after), JOB_READY);
    world_fini(&w);
}

static void after_a_restart_it_has_a_whole_ttr(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, keeping(&w, "one"));
    assert_int_equal(world_record(&w, RECORD_LEASE)->attempts, 1);
    world_land(&w);
    world_sleep(&w, 600);
    world_restart(&w);
    assert_int_equal(state_of(&w, t), JOB_LEASED);
    assert_true(world_view(&w, t.id)->lease == t.lease);
    world_sleep(&w, 999);
    world_tick(&w);
    assert_int_equal(state_of(&w, t), JOB_LEASED);
    assert_int_equal(touch_all(&w, keeping(&w, "one")), 1);
    world_sleep(&w, 999);
    world_tick(&w);
    assert_int_equal(world_done(&w, t.id, t.lease), 0);
    world_fini(&w);
}

static void after_a_restart_it_ends_like_any_other(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, keeping(&w, "one"));
    world_land(&w);
    world_restart(&w);
    world_sleep(&w, 1000);
    world_tick(&w);
    world_land(&w);
    assert_int_equal(state_of(&w, t), JOB_READY);
    uint64_t again = world_get(&w, "q", NULL);
    assert_true(again > t.lease);
    assert_int_equal(world_done(&w, t.id, t.lease), RQ_E_STALE);
    assert_int_equal(world_done(&w, t.id, again), 0);
    world_fini(&w);
}

static void a_lease_whose_record_was_lost_is_stale(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, keeping(&w, "one"));
    world_restart(&w); /* before its LEASE has landed */
    assert_int_equal(state_of(&w, t), JOB_READY);
    assert_int_equal(world_done(&w, t.id, t.lease), RQ_E_STALE);
    world_fini(&w);
}

static void what_ended_before_the_crash_is_not_leased_after_it(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct holder *h = keeping(&w, "one");
    struct taken given = take(&w, h), cancelled = take(&w, h);
    assert_int_equal(world_fail(&w, given.id, given.lease, "oops", 0, false, NULL), 0);
    assert_int_equal(world_cancel_job(&w, cancelled.id), 1);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(state_of(&w, given), JOB_READY);
    assert_int_equal(state_of(&w, cancelled), JOB_LEASED); /* its worker hears of it */
    assert_int_equal(world_release(&w, cancelled.id, cancelled.lease, 0), 0);
    world_land(&w);
    assert_false(world_has(&w, cancelled.id));
    world_fini(&w);
}

/* Else a crash that forgets both would bring the first lease back. */
static void nobody_else_gets_it_before_the_log_knows(void **state)
{
    struct world w;

    (void)state;
    for (int how = 0; how < 4; how++) {
        world_init(&w);
        struct taken t = take(&w, keeping(&w, "one"));
        world_land(&w);
        if (how == 0)
            world_sleep(&w, 1000);
        if (how == 0)
            world_tick(&w);
        else if (how == 1)
            assert_int_equal(world_release(&w, t.id, t.lease, 0), 0);
        else if (how == 2)
            assert_int_equal(world_release(&w, t.id, t.lease, 100), 0);
        else
            assert_int_equal(world_fail(&w, t.id, t.lease, "", 100, false, NULL), 0);
        assert_true(world_record(&w, RECORD_STATE)->confirm);
        world_sleep(&w, 200);
        world_tick(&w);
        assert_int_equal(state_of(&w, t), JOB_ENDING);
        assert_int_equal(world_queue(&w, "q")->unfinished, 1);
        assert_int_equal(world_get(&w, "q", NULL), 0);
        world_wait(&w, "q", -1, &w);
        world_land(&w);
        assert_int_equal(world_event(&w, EFFECT_DELIVER)->job.number, t.id.number);
        world_fini(&w);
    }
}

static void a_return_that_is_not_due_yet_is_delayed(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, keeping(&w, "one"));
    assert_int_equal(world_release(&w, t.id, t.lease, 500), 0);
    world_land(&w);
    assert_int_equal(state_of(&w, t), JOB_DELAYED);
    world_sleep(&w, 500);
    world_tick(&w);
    assert_int_equal(state_of(&w, t), JOB_READY);
    world_fini(&w);
}

static void a_longer_ttr_is_logged_and_a_shorter_one_is_not(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, keeping(&w, "one"));
    assert_int_equal(touch(&w, t, 500), 0);
    assert_int_equal(w.event_count, 0);
    assert_int_equal(touch(&w, t, 5000), 0);
    assert_int_equal(world_record(&w, RECORD_LEASE)->attempts, 1);
    assert_int_equal(touch(&w, t, 5000), 0);
    assert_int_equal(w.event_count, 0);
    world_land(&w);
    world_restart(&w);
    world_sleep(&w, 4999);
    world_tick(&w);
    assert_int_equal(state_of(&w, t), JOB_LEASED);
    assert_int_equal(world_queue(&w, "q")->totals.delivered, 1);
    world_fini(&w);
}

static void a_lease_that_is_not_kept_writes_no_record_at_touch(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, w.holder);
    assert_int_equal(touch(&w, t, 5000), 0);
    assert_int_equal(w.event_count, 0);
    world_fini(&w);
}

static void it_survives_that_its_job_is_written_again(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, keeping(&w, "one"));
    world_land(&w);
    world_move(&w, w.log_count + 1);
    world_land(&w);
    assert_true(world_low(&w) > 2); /* neither PUT nor the first LEASE is needed */
    world_restart(&w);
    assert_int_equal(state_of(&w, t), JOB_LEASED);
    assert_int_equal(world_done(&w, t.id, t.lease), 0);
    world_fini(&w);
}

static void it_survives_many_restarts(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct taken t = take(&w, keeping(&w, "one"));
    world_land(&w);
    for (int i = 0; i < 3; i++) {
        world_restart(&w);
        assert_int_equal(world_view(&w, t.id)->attempts, 1);
    }
    assert_int_equal(world_done(&w, t.id, t.lease), 0);
    world_fini(&w);
}

static void a_record_that_cannot_be_is_malformed(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    world_replay(&w);
    struct record r = {.type = RECORD_LEASE,
                       .job = id,
                       .attempts = 1,
                       .hold = {.n = 1, .worker = RQ_LIT("w")}};
    assert_int_equal(world_replay_one(&w, &r, 9), RQ_E_MALFORMED); /* no TTR */
    r.hold.ttr_ms = 1000;
    r.hold.n = UINT64_C(1) << 32;
    assert_int_equal(world_replay_one(&w, &r, 9), RQ_E_MALFORMED); /* delivery 0 */
    r.hold.n = 1;
    r.hold.worker = RQ_LIT("no name");
    assert_int_equal(world_replay_one(&w, &r, 9), RQ_E_MALFORMED);
    r.hold.worker = RQ_LIT("w");
    assert_int_equal(world_replay_one(&w, &r, 9), 0);
    world_end_replay(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_LEASED);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_kept_lease_runs_on_to_its_deadline),
          cmocka_unit_test(the_token_alone_finishes_it),
          cmocka_unit_test(the_next_of_the_name_takes_it_over),
          cmocka_unit_test(another_holder_of_the_name_inherits_at_once),
          cmocka_unit_test(what_was_taken_before_is_not_kept),
          cmocka_unit_test(after_a_restart_it_has_a_whole_ttr),
          cmocka_unit_test(after_a_restart_it_ends_like_any_other),
          cmocka_unit_test(a_lease_whose_record_was_lost_is_stale),
          cmocka_unit_test(what_ended_before_the_crash_is_not_leased_after_it),
          cmocka_unit_test(nobody_else_gets_it_before_the_log_knows),
          cmocka_unit_test(a_return_that_is_not_due_yet_is_delayed),
          cmocka_unit_test(a_longer_ttr_is_logged_and_a_shorter_one_is_not),
          cmocka_unit_test(a_lease_that_is_not_kept_writes_no_record_at_touch),
          cmocka_unit_test(it_survives_that_its_job_is_written_again),
          cmocka_unit_test(it_survives_many_restarts),
          cmocka_unit_test(a_record_that_cannot_be_is_malformed))
