/* tick_test - what is due when, in which order, and how much of it at once.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"
#include "world.h"

static void nothing_is_due_in_an_idle_core(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    assert_int_equal(core_next_due(w.core), INT64_MAX);
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    world_fini(&w);
}

static void the_next_due_is_the_earliest_of_all(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    int64_t now = w.now.mono_ns;
    struct waiter *waiter = world_wait(&w, "q", 300, NULL);
    assert_int_equal(core_next_due(w.core), now + 300000000);
    world_put_more(&w, "r", "x", world_policy(), w.now.wall_ms + 200);
    world_land(&w);
    assert_int_equal(core_next_due(w.core), now + 200000000);
    world_put_landed(&w, "s");
    world_get(&w, "s", NULL);
    world_wait(&w, "q", 100, NULL);
    assert_int_equal(core_next_due(w.core), now + 100000000);
    world_cancel(&w, waiter);
    world_fini(&w);
}

static void what_is_due_fires_in_the_order_of_time_then_of_arming(void **state)
{
    static const int64_t due_ms[] = {30, 10, 20, 10};
    static const uint64_t order[] = {2, 4, 3, 1};
    struct world w;
    int cookies[4];

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < 4; i++)
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + due_ms[i]);
    world_land(&w);
    for (size_t i = 0; i < 4; i++)
        world_wait(&w, "q", -1, &cookies[i]);
    world_sleep(&w, 30);
    world_tick(&w);
    size_t served = 0;
    for (size_t i = 0; i < w.event_count; i++) {
        if (w.events[i].kind != EFFECT_DELIVER)
            continue;
        assert_ptr_equal(w.events[i].cookie, &cookies[served]);
        assert_int_equal(w.events[i].job.number, order[served]);
        served++;
    }
    assert_int_equal(served, 4);
    world_fini(&w);
}

static void job_and_timeout_in_the_same_turn_the_job_wins(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_wait(&w, "q", 10, &cookie);
    world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 20);
    world_land(&w);
    world_sleep(&w, 20); /* the wait was over first, but it is the same turn */
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    assert_int_equal(world_count(&w, EFFECT_TIMEOUT), 0);
    world_fini(&w);
}

static void a_lease_that_runs_out_serves_a_waiter_whose_time_is_over(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_get(&w, "q", NULL);
    world_wait(&w, "q", 999, &cookie);
    world_sleep(&w, 1000);
    world_tick(&w);
    assert_int_equal(world_event(&w, EFFECT_DELIVER)->lease, 2);
    assert_int_equal(world_count(&w, EFFECT_TIMEOUT), 0);
    world_fini(&w);
}

static void a_tick_fires_no_more_than_it_may(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 5; i++)
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 1);
    world_wait(&w, "r", 1, NULL);
    world_land(&w);
    world_sleep(&w, 1);
    assert_int_equal(core_tick(w.core, w.now, 0, &w.fx), 0);
    assert_int_equal(world_queue(&w, "q")->ready, 0);
    assert_int_equal(core_tick(w.core, w.now, 3, &w.fx), 0);
    assert_int_equal(world_queue(&w, "q")->ready, 3);
    assert_true(core_next_due(w.core) <= w.now.mono_ns);
    assert_int_equal(core_tick(w.core, w.now, 3, &w.fx), 0);
    assert_int_equal(world_queue(&w, "q")->ready, 5);
    assert_int_equal(w.fx.count, 1); /* and the waiter */
    assert_int_equal(w.fx.items[0].kind, EFFECT_TIMEOUT);
    assert_int_equal(core_next_due(w.core), INT64_MAX);
    world_fini(&w);
}

static void those_who_are_served_at_a_gate_count_as_well(void **state)
{
    static const char *const queues[] = {"q", "r"};
    struct world w;

    (void)state;
    world_init(&w);
    core_drain(w.core, true);
    for (int i = 0; i < 6; i++) {
        world_put_landed(&w, queues[i % 2]);
        world_wait(&w, queues[i % 2], -1, NULL);
    }
    core_drain(w.core, false);
    for (uint64_t ready = 6; ready > 0; ready -= 2) {
        w.fx.count = 0;
        assert_int_equal(core_next_due(w.core), 0);
        assert_int_equal(core_tick(w.core, w.now, 2, &w.fx), 0);
        assert_int_equal(w.fx.count, 2 * 2); /* a record and a delivery each */
    }
    world_fini(&w);
}

static void a_job_that_ran_out_can_be_served_but_not_run_out_again(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_get(&w, "q", NULL);
    world_wait(&w, "q", -1, &cookie);
    world_sleep(&w, 3600000);
    world_tick(&w); /* ends: the new lease begins now */
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 1);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 1000000000);
    world_fini(&w);
}

/* Jobs 1, 2, ... with these TTRs, leased one by one in that order. */
static void lease_all(struct world *w, const uint32_t *ttr_ms, uint64_t *leases,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct job_policy policy = world_policy();

        policy.ttr_ms = ttr_ms[i];
        world_put_more(w, "q", "x", policy, 0);
    }
    world_land(w);
    for (size_t i = 0; i < count; i++)
        leases[i] = world_get(w, "q", NULL);
}

/* Ticks at each time that is due next, until nothing is: jobs in `order` come back. */
static void expect_back(struct world *w, const uint64_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t due_ns = core_next_due(w->core);

        assert_true(due_ns < INT64_MAX);
        if (due_ns > w->now.mono_ns)
            world_sleep(w, (due_ns - w->now.mono_ns) / 1000000);
        assert_int_equal(w->now.mono_ns, due_ns);
        assert_int_equal(core_tick(w->core, w->now, 1, &w->fx), 0);
        assert_int_equal(w->fx.items[0].u.log.record.job.number, order[i]);
        w->fx.count = 0;
        core_check(w->core);
    }
    assert_int_equal(core_next_due(w->core), INT64_MAX);
}

static void leases_run_out_by_time_whatever_their_ttr(void **state)
{
    /* 1000 and 600 are within the same power of two, 300 and 2000 are not. */
    static const uint32_t ttr_ms[] = {1000, 600, 2000, 300, 1000, 600};
    static const uint64_t order[] = {4, 2, 6, 1, 5, 3};
    uint64_t leases[6];
    struct world w;

    (void)state;
    world_init(&w);
    lease_all(&w, ttr_ms, leases, 6);
    expect_back(&w, order, 6);
    world_fini(&w);
}

static void a_lease_that_is_held_on_to_goes_behind_the_others(void **state)
{
    static const uint32_t ttr_ms[] = {1000, 1000, 1000};
    static const uint64_t order[] = {3, 2, 1};
    uint64_t leases[3];
    struct core_touched out;
    struct world w;

    (void)state;
    world_init(&w);
    lease_all(&w, ttr_ms, leases, 3);
    world_sleep(&w, 500);
    /* Job 2 to the end of the line; job 1 to that of another, behind it. */
    assert_int_equal(
        core_touch(w.core, (struct job_id){7, 2}, leases[1], 0, w.now, &w.fx, &out), 0);
    assert_int_equal(
        core_touch(w.core, (struct job_id){7, 1}, leases[0], 5000, w.now, &w.fx, &out),
        0);
    core_check(w.core);
    expect_back(&w, order, 3);
    world_fini(&w);
}

static void a_lease_may_be_cut_short(void **state)
{
    static const uint32_t ttr_ms[] = {1000, 1000, 1000};
    static const uint64_t order[] = {3, 1, 2};
    uint64_t leases[3];
    struct core_touched out;
    struct world w;

    (void)state;
    world_init(&w);
    lease_all(&w, ttr_ms, leases, 3);
    assert_int_equal(
        core_touch(w.core, (struct job_id){7, 3}, leases[2], 999, w.now, &w.fx, &out),
        0);
    core_check(w.core);
    expect_back(&w, order, 3);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(nothing_is_due_in_an_idle_core),
          cmocka_unit_test(the_next_due_is_the_earliest_of_all),
          cmocka_unit_test(what_is_due_fires_in_the_order_of_time_then_of_arming),
          cmocka_unit_test(job_and_timeout_in_the_same_turn_the_job_wins),
          cmocka_unit_test(a_lease_that_runs_out_serves_a_waiter_whose_time_is_over),
          cmocka_unit_test(a_tick_fires_no_more_than_it_may),
          cmocka_unit_test(those_who_are_served_at_a_gate_count_as_well),
          cmocka_unit_test(a_job_that_ran_out_can_be_served_but_not_run_out_again),
          cmocka_unit_test(leases_run_out_by_time_whatever_their_ttr),
          cmocka_unit_test(a_lease_that_is_held_on_to_goes_behind_the_others),
          cmocka_unit_test(a_lease_may_be_cut_short))
