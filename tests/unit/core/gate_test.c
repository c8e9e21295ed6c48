/* gate_test - what bounds a queue, and who waits before it.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "support/test.h"
#include "world.h"

static void set(struct world *w, struct record_settings settings)
{
    world_set(w, settings);
    world_tick(w);
}

static int admits(struct world *w, uint64_t count)
{
    return core_admits(w->core, RQ_LIT("q"), count);
}

/* The order in which getters are served by the tick. */
static const void *served(struct world *w)
{
    world_tick(w);
    return world_event(w, EFFECT_DELIVER)->cookie;
}

/* ---- settings ---- */

static void settings_survive_a_restart(void **state)
{
    static const struct record_settings said = {1, 2, 3000, 4, 5, 6, 7, 1, 3, 1};
    struct world w;

    (void)state;
    world_init(&w);
    set(&w, said);
    world_land(&w);
    world_restart(&w);
    const struct record_settings *s = &world_queue(&w, "q")->settings;
    assert_memory_equal(s, &said, sizeof said);
    world_fini(&w);
}

static void new_settings_let_go_of_the_old_ones(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_set(&w, (struct record_settings){.maxsize = 1});
    assert_int_equal(world_count(&w, EFFECT_FORGET), 0);
    world_set(&w, (struct record_settings){.maxsize = 2});
    assert_int_equal(world_event(&w, EFFECT_FORGET)->home, 1);
    world_fini(&w);
}

static void old_settings_are_written_anew_with_the_totals(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1});
    while (core_totals(w.core, 1000, &w.fx) > 0)
        ;
    size_t settings = 0;
    for (size_t i = 0; i < w.fx.count; i++)
        settings += w.fx.items[i].kind == EFFECT_RECORD &&
                    w.fx.items[i].u.log.record.type == RECORD_QUEUE;
    assert_int_equal(settings, 1);
    world_fini(&w);
}

/* The server ended before the TOTALS that belong to them were written. */
static void settings_without_totals_do_not_hold_the_log(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1});
    world_land(&w);
    world_restart(&w);
    while (core_totals(w.core, 1000, &w.fx) > 0)
        ;
    size_t settings = 0;
    for (size_t i = 0; i < w.fx.count; i++)
        settings += w.fx.items[i].kind == EFFECT_RECORD &&
                    w.fx.items[i].u.log.record.type == RECORD_QUEUE;
    assert_int_equal(settings, 1);
    world_fini(&w);
}

/* ---- PAUSE OUT ---- */

static void a_paused_queue_hands_nothing_out(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    set(&w, (struct record_settings){.paused = RECORD_PAUSED_OUT});
    assert_int_equal(world_get(&w, "q", NULL), 0);
    world_wait(&w, "q", -1, &cookie);
    world_put_landed(&w, "q");
    assert_int_equal(world_queue(&w, "q")->ready, 2);
    assert_int_equal(admits(&w, 1), 0); /* it takes jobs all the same */

    world_set(&w, (struct record_settings){0});
    assert_ptr_equal(served(&w), &cookie);
    assert_int_equal(world_queue(&w, "q")->ready, 1);
    world_fini(&w);
}

static void those_who_waited_longest_are_served_first(void **state)
{
    struct world w;
    int first, second;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.paused = RECORD_PAUSED_OUT});
    world_wait(&w, "q", -1, &first);
    world_wait(&w, "q", -1, &second);
    struct job_id a = world_put_landed(&w, "q");
    struct job_id b = world_put_landed(&w, "q");
    world_set(&w, (struct record_settings){0});
    assert_int_equal(world_get(&w, "q", NULL), 0); /* nobody overtakes them */
    struct job_id c = world_put(&w, "q", "x");
    world_land_one(&w);
    assert_int_equal(world_view(&w, c)->state, JOB_READY);
    world_tick(&w);
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 2);
    const struct event *e = w.events;
    while (e->kind != EFFECT_DELIVER)
        e++;
    assert_ptr_equal(e->cookie, &first);
    assert_int_equal(e->job.number, a.number);
    assert_int_equal(world_view(&w, b)->state, JOB_LEASED);
    world_fini(&w);
}

/* ---- CONCURRENCY ---- */

static void as_many_leases_as_are_allowed(void **state)
{
    struct job_id ids[2];
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 4; i++)
        world_put_landed(&w, "q");
    set(&w, (struct record_settings){.concurrency = 2});
    uint64_t lease = world_get(&w, "q", &ids[0]);
    assert_int_not_equal(world_get(&w, "q", &ids[1]), 0);
    assert_int_equal(world_get(&w, "q", NULL), 0);

    world_wait(&w, "q", -1, &cookie);
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    assert_int_equal(world_done(&w, ids[0], lease), 0); /* it counts when it is over */
    assert_ptr_equal(served(&w), &cookie);
    world_fini(&w);
}

static void a_get_of_many_takes_no_more_than_is_allowed(void **state)
{
    struct waiter *waiter;
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 5; i++)
        world_put_landed(&w, "q");
    set(&w, (struct record_settings){.concurrency = 3});
    assert_int_equal(world_get_more(&w, w.holder, "q", 10, 0, NULL, &waiter), 0);
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 3);
    world_fini(&w);
}

/* ---- RATE ---- */

static void a_rate_allows_one_second_of_it_at_once(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 6; i++)
        world_put_landed(&w, "q");
    set(&w, (struct record_settings){.rate = 4});
    for (int i = 0; i < 4; i++)
        assert_int_not_equal(world_get(&w, "q", NULL), 0);
    assert_int_equal(world_get(&w, "q", NULL), 0);

    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(core_next_due(w.core), 0); /* a look at the gate, then its time */
    world_tick(&w);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 250000000);
    world_sleep(&w, 249);
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    world_sleep(&w, 1);
    assert_ptr_equal(served(&w), &cookie);
    world_sleep(&w, 100000); /* a long rest buys one second, not more */
    world_tick(&w);
    for (int i = 0; i < 3; i++)
        world_put_landed(&w, "q");
    for (int i = 0; i < 4; i++)
        assert_int_not_equal(world_get(&w, "q", NULL), 0);
    world_fini(&w);
}

static void one_a_second_is_one_a_second(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        world_put_landed(&w, "q");
    set(&w, (struct record_settings){.rate = 1});
    assert_int_not_equal(world_get(&w, "q", NULL), 0);
    assert_int_equal(world_get(&w, "q", NULL), 0);
    world_sleep(&w, 999);
    world_tick(&w);
    assert_int_equal(world_get(&w, "q", NULL), 0);
    world_sleep(&w, 1);
    world_tick(&w);
    assert_int_not_equal(world_get(&w, "q", NULL), 0);
    world_fini(&w);
}

/* ---- ORDER ---- */

static void lifo_serves_the_youngest_first(void **state)
{
    struct job_id ids[4], got;
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        ids[i] = world_put_landed(&w, "q");
    set(&w, (struct record_settings){.order = RECORD_LIFO});
    ids[3] = world_put_landed(&w, "q");
    for (int i = 3; i >= 2; i--) {
        assert_int_not_equal(world_get(&w, "q", &got), 0);
        assert_int_equal(got.number, ids[i].number);
    }
    set(&w, (struct record_settings){.order = RECORD_FIFO});
    assert_int_not_equal(world_get(&w, "q", &got), 0);
    assert_int_equal(got.number, ids[0].number);
    world_fini(&w);
}

/* Jobs that come back in the order in which they were taken are in the list, too. */
static void lifo_survives_a_restart_with_jobs_leased(void **state)
{
    struct job_id ids[3], got;
    struct world w;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.order = RECORD_LIFO});
    for (int i = 0; i < 3; i++)
        ids[i] = world_put_landed(&w, "q");
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(world_get(&w, "q", &got), 0);
    world_land(&w);
    world_restart(&w);
    for (int i = 2; i >= 0; i--) {
        assert_int_not_equal(world_get(&w, "q", &got), 0);
        assert_int_equal(got.number, ids[i].number);
    }
    world_fini(&w);
}

/* ---- MAXSIZE ---- */

static void a_full_queue_lets_nobody_in(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 2});
    assert_int_equal(admits(&w, 2), 0);
    assert_int_equal(admits(&w, 3), RQ_E_BADARG); /* three never fit */
    world_put_landed(&w, "q");
    world_put(&w, "q", "pending counts");
    assert_int_equal(admits(&w, 1), RQ_E_FULL);
    world_land(&w);
    assert_int_not_equal(world_get(&w, "q", &id), 0); /* leased ones do not */
    assert_int_equal(admits(&w, 1), 0);
    world_fini(&w);
}

static void a_putter_is_let_in_when_there_is_room(void **state)
{
    struct world w;
    int first, second;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1});
    world_put_landed(&w, "q");
    world_wait_for_room(&w, 1, -1, &first);
    world_wait_for_room(&w, 1, -1, &second);
    world_get(&w, "q", NULL);
    assert_int_equal(admits(&w, 1), RQ_E_FULL); /* nobody overtakes those who wait */
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_ADMITTED)->cookie, &first);
    assert_int_equal(admits(&w, 1), RQ_E_FULL); /* and the room is kept */
    core_room_used(w.core, RQ_LIT("q"), 1);
    world_put_landed(&w, "q");
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    assert_int_equal(world_queue(&w, "q")->waiting_putters, 1);
    world_fini(&w);
}

static void room_that_is_not_used_goes_to_the_next(void **state)
{
    struct world w;
    int first, second;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1});
    world_put_landed(&w, "q");
    world_wait_for_room(&w, 1, -1, &first);
    world_wait_for_room(&w, 1, -1, &second);
    world_get(&w, "q", NULL);
    world_tick(&w);
    core_room_used(w.core, RQ_LIT("q"), 1);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_ADMITTED)->cookie, &second);
    core_room_used(w.core, RQ_LIT("q"), 1);
    world_fini(&w);
}

static void a_large_putter_that_leaves_lets_a_small_one_pass(void **state)
{
    struct waiter *large;
    struct world w;
    int first, second;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 3});
    world_put_landed(&w, "q");
    large = world_wait_for_room(&w, 3, -1, &first);
    world_wait_for_room(&w, 1, -1, &second);
    world_tick(&w);
    assert_int_equal(w.event_count, 0); /* in their order */
    world_cancel(&w, large);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_ADMITTED)->cookie, &second);
    core_room_used(w.core, RQ_LIT("q"), 1);
    world_fini(&w);
}

static void a_putter_waits_no_longer_than_it_said(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1});
    world_put_landed(&w, "q");
    world_wait_for_room(&w, 1, 100, &cookie);
    world_sleep(&w, 100);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    assert_int_equal(world_queue(&w, "q")->waiting_putters, 0);
    world_fini(&w);
}

static void jobs_that_return_always_fit(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1});
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    world_put_landed(&w, "q");
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    assert_int_equal(world_queue(&w, "q")->ready, 2);
    assert_int_equal(admits(&w, 1), RQ_E_FULL);
    world_fini(&w);
}

static void a_queue_without_a_bound_lets_all_putters_in(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1});
    world_put_landed(&w, "q");
    world_wait_for_room(&w, 1, -1, &cookie);
    set(&w, (struct record_settings){0});
    assert_ptr_equal(world_event(&w, EFFECT_ADMITTED)->cookie, &cookie);
    core_room_used(w.core, RQ_LIT("q"), 1);
    world_fini(&w);
}

/* ---- PAUSE IN ---- */

static void a_paused_queue_takes_nothing_in(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1, .paused = RECORD_PAUSED_IN});
    assert_int_equal(admits(&w, 1), RQ_E_PAUSED);
    world_put_landed(&w, "q"); /* one that was on its way */
    world_wait_for_room(&w, 1, -1, &cookie);
    world_get(&w, "q", NULL); /* and it hands out */
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    set(&w, (struct record_settings){.maxsize = 1});
    assert_ptr_equal(world_event(&w, EFFECT_ADMITTED)->cookie, &cookie);
    core_room_used(w.core, RQ_LIT("q"), 1);
    world_fini(&w);
}

/* ---- SHUTDOWN ---- */

static void a_shut_queue_is_emptied_then_turns_getters_away(void **state)
{
    struct waiter *waiter;
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    set(&w, (struct record_settings){.shut = RECORD_SHUT});
    assert_int_equal(admits(&w, 1), RQ_E_SHUTDOWN);
    assert_int_not_equal(world_get(&w, "q", NULL), 0);
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, -1, NULL, &waiter),
                     RQ_E_SHUTDOWN);
    world_fini(&w);
}

static void those_who_wait_are_turned_away_at_once(void **state)
{
    struct world w;
    int getter, putter;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.maxsize = 1, .paused = RECORD_PAUSED_OUT});
    world_put_landed(&w, "q");
    world_wait_for_room(&w, 1, -1, &putter);
    set(&w, (struct record_settings){
                .maxsize = 1, .paused = RECORD_PAUSED_OUT, .shut = RECORD_SHUT});
    assert_ptr_equal(world_event(&w, EFFECT_REFUSED)->cookie, &putter);
    assert_int_equal(world_event(&w, EFFECT_REFUSED)->code, RQ_E_SHUTDOWN);

    world_wait(&w, "q", -1, &getter); /* there is a job, behind the pause */
    assert_int_equal(world_purge(&w, "q", JOB_READY, 9), 1);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_REFUSED)->cookie, &getter);
    world_fini(&w);
}

static void a_getter_of_two_queues_waits_for_the_other(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.shut = RECORD_SHUT});
    world_wait(&w, "q,r", -1, &cookie);
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    world_put(&w, "r", "x");
    world_land_one(&w);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    world_fini(&w);
}

static void shut_now_ends_what_was_on_its_way(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put(&w, "q", "x");
    set(&w, (struct record_settings){.shut = RECORD_SHUT_NOW});
    world_land_one(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 1);
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    world_fini(&w);
}

static void a_job_that_returns_to_a_shut_queue_is_served(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    set(&w, (struct record_settings){.shut = RECORD_SHUT});
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    assert_int_not_equal(world_get(&w, "q", NULL), 0);
    world_fini(&w);
}

/* ---- DEADMAX ---- */

static void the_first_to_die_make_room_for_the_last(void **state)
{
    struct core_failed out;
    struct job_id ids[3];
    struct world w;

    (void)state;
    world_init(&w);
    set(&w, (struct record_settings){.deadmax = 2});
    for (int i = 0; i < 3; i++) {
        world_put_landed(&w, "q");
        uint64_t lease = world_get(&w, "q", &ids[i]);
        assert_int_equal(world_fail(&w, ids[i], lease, "", -1, true, &out), 0);
        world_land(&w);
        world_tick(&w);
    }
    assert_int_equal(world_view(&w, ids[0])->state, JOB_ENDING);
    world_land(&w);
    assert_false(world_has(&w, ids[0]));
    assert_int_equal(world_queue(&w, "q")->dead, 2);
    assert_int_equal(world_queue(&w, "q")->totals.cancelled, 1);
    world_fini(&w);
}

/* ---- DRAIN ---- */

/* The server ended before those that were too many had gone. */
static void too_many_dead_go_after_a_restart(void **state)
{
    struct core_failed failed;
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++) {
        world_put_landed(&w, "q");
        uint64_t lease = world_get(&w, "q", &id);
        assert_int_equal(world_fail(&w, id, lease, "", -1, true, &failed), 0);
        world_land(&w);
    }
    world_set(&w, (struct record_settings){.deadmax = 1});
    world_land(&w);
    world_restart(&w);
    world_tick(&w);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->dead, 1);
    world_fini(&w);
}

static void a_draining_server_neither_takes_nor_gives(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    core_drain(w.core, true);
    assert_true(core_is_draining(w.core));
    world_tick(&w);
    assert_int_equal(admits(&w, 1), RQ_E_SHUTDOWN);
    assert_int_equal(world_get(&w, "q", NULL), 0);
    world_wait(&w, "q", -1, &cookie);
    core_drain(w.core, false);
    assert_ptr_equal(served(&w), &cookie);
    world_fini(&w);
}

static void while_held_nothing_is_handed_out_and_all_else_goes_on(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_wait(&w, "q", -1, &cookie);
    core_hold(w.core, true);
    assert_true(core_is_held(w.core));
    assert_int_equal(admits(&w, 1), 0);
    world_put_landed(&w, "q");
    world_tick(&w);
    assert_int_equal(world_queue(&w, "q")->ready, 1);
    core_hold(w.core, false);
    assert_ptr_equal(served(&w), &cookie);
    world_fini(&w);
}

static void a_lease_that_times_out_while_held_waits_for_the_end_of_that(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(world_get(&w, "q", NULL), 1);
    world_wait(&w, "q", -1, &cookie);
    core_hold(w.core, true);
    w.now.mono_ns += INT64_C(3600) * 1000000000;
    world_tick(&w);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->leased, 0);
    assert_int_equal(world_queue(&w, "q")->ready + world_queue(&w, "q")->delayed, 1);
    w.now.mono_ns += INT64_C(3600) * 1000000000;
    world_tick(&w);
    assert_int_equal(world_queue(&w, "q")->ready, 1);
    core_hold(w.core, false);
    assert_ptr_equal(served(&w), &cookie);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(settings_survive_a_restart),
          cmocka_unit_test(while_held_nothing_is_handed_out_and_all_else_goes_on),
          cmocka_unit_test(a_lease_that_times_out_while_held_waits_for_the_end_of_that),
          cmocka_unit_test(new_settings_let_go_of_the_old_ones),
          cmocka_unit_test(old_settings_are_written_anew_with_the_totals),
          cmocka_unit_test(settings_without_totals_do_not_hold_the_log),
          cmocka_unit_test(a_paused_queue_hands_nothing_out),
          cmocka_unit_test(those_who_waited_longest_are_served_first),
          cmocka_unit_test(as_many_leases_as_are_allowed),
          cmocka_unit_test(a_get_of_many_takes_no_more_than_is_allowed),
          cmocka_unit_test(a_rate_allows_one_second_of_it_at_once),
          cmocka_unit_test(one_a_second_is_one_a_second),
          cmocka_unit_test(lifo_serves_the_youngest_first),
          cmocka_unit_test(lifo_survives_a_restart_with_jobs_leased),
          cmocka_unit_test(a_full_queue_lets_nobody_in),
          cmocka_unit_test(a_putter_is_let_in_when_there_is_room),
          cmocka_unit_test(room_that_is_not_used_goes_to_the_next),
          cmocka_unit_test(a_large_putter_that_leaves_lets_a_small_one_pass),
          cmocka_unit_test(a_putter_waits_no_longer_than_it_said),
          cmocka_unit_test(jobs_that_return_always_fit),
          cmocka_unit_test(a_queue_without_a_bound_lets_all_putters_in),
          cmocka_unit_test(a_paused_queue_takes_nothing_in),
          cmocka_unit_test(a_shut_queue_is_emptied_then_turns_getters_away),
          cmocka_unit_test(those_who_wait_are_turned_away_at_once),
          cmocka_unit_test(a_getter_of_two_queues_waits_for_the_other),
          cmocka_unit_test(shut_now_ends_what_was_on_its_way),
          cmocka_unit_test(a_job_that_returns_to_a_shut_queue_is_served),
          cmocka_unit_test(the_first_to_die_make_room_for_the_last),
          cmocka_unit_test(too_many_dead_go_after_a_restart),
          cmocka_unit_test(a_draining_server_neither_takes_nor_gives))
