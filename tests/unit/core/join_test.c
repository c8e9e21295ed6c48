/* join_test - section 5 of the job model: never early, never forgotten.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"
#include "world.h"

static struct waiter *join(struct world *w, const char *queues, bool strict,
                           void *cookie)
{
    struct waiter *waiter;

    assert_int_equal(world_join(w, queues, -1, strict, cookie, &waiter), 0);
    return waiter;
}

static struct job_id take(struct world *w, const char *queue, uint64_t *lease)
{
    struct job_id id;

    *lease = world_get(w, queue, &id);
    assert_int_not_equal(*lease, 0);
    return id;
}

static void bury(struct world *w, const char *queue)
{
    uint64_t lease;
    struct job_id id = take(w, queue, &lease);

    assert_int_equal(world_fail(w, id, lease, "dead", -1, true, NULL), 0);
}

static void finish(struct world *w, const char *queue)
{
    uint64_t lease;
    struct job_id id = take(w, queue, &lease);

    assert_int_equal(world_done(w, id, lease), 0);
}

static void nothing_to_do_answers_at_once(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    assert_null(join(&w, "never.used", false, &cookie));
    const struct event *e = world_event(&w, EFFECT_JOINED);
    assert_ptr_equal(e->cookie, &cookie);
    assert_int_equal(e->counts.done + e->counts.dead, 0);
    assert_null(core_find_queue(w.core, RQ_LIT("never.used")));

    world_put_landed(&w, "q");
    finish(&w, "q");
    world_land(&w);
    assert_null(join(&w, "q", true, &cookie));
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.done, 0);
    world_fini(&w);
}

static void a_join_waits_through_every_unfinished_state(void **state)
{
    struct world w;
    struct job_id id;
    uint64_t lease;
    int cookie;

    (void)state;
    world_init(&w);
    world_put(&w, "q", "x");
    assert_non_null(join(&w, "q", false, &cookie));
    world_land(&w); /* ready */
    assert_int_equal(w.event_count, 0);
    id = take(&w, "q", &lease);
    assert_int_equal(world_release(&w, id, lease, 50), 0); /* delayed */
    world_sleep(&w, 50);
    world_tick(&w);
    id = take(&w, "q", &lease);
    assert_int_equal(world_fail(&w, id, lease, "", 0, false, NULL), 0);
    world_tick(&w);
    id = take(&w, "q", &lease);
    world_sleep(&w, 1000);
    world_tick(&w); /* ran out */
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    id = take(&w, "q", &lease);
    assert_int_equal(world_done(&w, id, lease), 0); /* ending */
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &cookie);
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.done, 1);
    world_fini(&w);
}

static void the_counts_are_those_since_the_call(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 5; i++)
        world_put(&w, "q", "x");
    world_land(&w);
    finish(&w, "q");
    bury(&w, "q");
    world_land(&w);
    assert_non_null(join(&w, "q", false, &cookie));
    finish(&w, "q");
    finish(&w, "q");
    bury(&w, "q");
    world_land(&w);
    const struct event *e = world_event(&w, EFFECT_JOINED);
    assert_int_equal(e->counts.done, 2);
    assert_int_equal(e->counts.dead, 1);
    assert_int_equal(e->counts.expired, 0);
    assert_int_equal(e->counts.cancelled, 0);
    world_fini(&w);
}

static void the_last_death_answers_a_join_but_not_a_strict_one(void **state)
{
    struct world w;
    struct waiter *strict;
    int relaxed_cookie, strict_cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    strict = join(&w, "q", true, &strict_cookie);
    assert_non_null(join(&w, "q", false, &relaxed_cookie));
    bury(&w, "q");
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0); /* not in the log yet */
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &relaxed_cookie);
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.dead, 1);
    assert_null(join(&w, "q", false, NULL));
    world_cancel(&w, strict);
    world_fini(&w);
}

static void a_strict_join_that_never_saw_the_dead_waits_for_them(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    bury(&w, "q");
    world_land(&w);
    assert_non_null(join(&w, "q", true, NULL));
    world_put_landed(&w, "q");
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_fini(&w);
}

static void a_strict_join_is_answered_by_the_last_done(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_non_null(join(&w, "q", true, NULL));
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    world_fini(&w);
}

static void the_first_instant_counts_even_if_the_next_put_is_there(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_non_null(join(&w, "q", false, NULL));
    finish(&w, "q");
    world_put(&w, "q", "later"); /* pending: it is counted */
    world_land_one(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    finish(&w, "q");
    world_land_one(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.done, 2);
    world_fini(&w);
}

static void several_queues_must_be_empty_together(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "a");
    assert_non_null(join(&w, "a,b,c", false, &cookie));
    world_put_landed(&w, "c"); /* did not exist at the call */
    finish(&w, "a");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_put_landed(&w, "a");
    finish(&w, "c");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_put_landed(&w, "b");
    finish(&w, "a");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    finish(&w, "b");
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &cookie);
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.done, 4);
    world_fini(&w);
}

static void a_queue_named_twice_counts_once(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_non_null(join(&w, "q,q", false, NULL));
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.done, 1);
    world_fini(&w);
}

static void all_joiners_of_an_empty_queue_are_answered(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_put_landed(&w, "r");
    for (int i = 0; i < 5; i++)
        assert_non_null(join(&w, i == 2 ? "q,r" : "q", i % 2 == 0, NULL));
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 4);
    finish(&w, "r");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    world_fini(&w);
}

static void block_zero_tells_whether_all_is_finished(void **state)
{
    struct world w;
    struct waiter *waiter;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(world_join(&w, "q", 0, false, &cookie, &waiter), 0);
    assert_null(waiter);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_join(&w, "q", 0, false, &cookie, &waiter), 0);
    assert_null(waiter);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    world_fini(&w);
}

static void a_join_runs_out(void **state)
{
    struct world w;
    struct waiter *waiter;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(world_join(&w, "q,r", 20, false, &cookie, &waiter), 0);
    assert_non_null(waiter);
    world_sleep(&w, 20);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    assert_null(core_find_queue(w.core, RQ_LIT("r")));
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_fini(&w);
}

static void a_cancelled_join_is_not_answered(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_cancel(&w, join(&w, "r,q", false, NULL));
    finish(&w, "q");
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_fini(&w);
}

static void the_queue_goes_with_its_last_joiner(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put(&w, "q", "x");
    assert_non_null(join(&w, "q", false, NULL));
    assert_non_null(join(&w, "q", true, NULL));
    world_refuse_one(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 2);
    assert_null(core_find_queue(w.core, RQ_LIT("q")));
    world_fini(&w);
}

/* ---- BARRIER ---- */

static void a_barrier_does_not_wait_for_what_comes_later(void **state)
{
    struct waiter *waiter;
    struct job_id id;
    struct world w;
    int plain, barrier;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(world_join(&w, "q", -1, false, &plain, &waiter), 0);
    assert_int_equal(world_join_barrier(&w, "q", -1, false, &barrier, &waiter), 0);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &barrier);
    world_fini(&w);
}

static void a_later_job_that_ends_first_does_not_lower_a_barrier(void **state)
{
    struct waiter *waiter;
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    struct job_id first = world_put_landed(&w, "q");
    assert_int_equal(world_join_barrier(&w, "q", -1, false, &cookie, &waiter), 0);
    struct job_id later = world_put_landed(&w, "q");
    assert_int_equal(world_cancel_job(&w, later), 1);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    assert_int_equal(world_cancel_job(&w, first), 1);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    world_fini(&w);
}

static void a_kicked_job_counts_again_for_a_barrier(void **state)
{
    struct core_failed out;
    struct waiter *waiter;
    struct job_id id;
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "", -1, true, &out), 0);
    world_land(&w);
    struct job_id other = world_put_landed(&w, "q");
    assert_int_equal(world_join_barrier(&w, "q", -1, false, &cookie, &waiter), 0);
    assert_int_equal(world_kick(&w, id), 1);
    assert_int_equal(world_cancel_job(&w, other), 1);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    assert_int_equal(world_cancel_job(&w, id), 1);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    world_fini(&w);
}

static void a_barrier_over_two_queues_waits_for_both(void **state)
{
    struct waiter *waiter;
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    struct job_id a = world_put_landed(&w, "q"), b = world_put(&w, "r", "pending");
    assert_int_equal(world_join_barrier(&w, "q,r", -1, false, &cookie, &waiter), 0);
    assert_int_equal(world_cancel_job(&w, a), 1);
    world_land(&w); /* b is ready now */
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    assert_int_equal(world_cancel_job(&w, b), 1);
    world_land(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &cookie);
    world_fini(&w);
}

static void a_barrier_before_nothing_is_passed_at_once(void **state)
{
    struct waiter *waiter;
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    assert_int_equal(world_join_barrier(&w, "q", -1, false, &cookie, &waiter), 0);
    assert_null(waiter);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(nothing_to_do_answers_at_once),
          cmocka_unit_test(a_join_waits_through_every_unfinished_state),
          cmocka_unit_test(the_counts_are_those_since_the_call),
          cmocka_unit_test(the_last_death_answers_a_join_but_not_a_strict_one),
          cmocka_unit_test(a_strict_join_that_never_saw_the_dead_waits_for_them),
          cmocka_unit_test(a_strict_join_is_answered_by_the_last_done),
          cmocka_unit_test(the_first_instant_counts_even_if_the_next_put_is_there),
          cmocka_unit_test(several_queues_must_be_empty_together),
          cmocka_unit_test(a_queue_named_twice_counts_once),
          cmocka_unit_test(all_joiners_of_an_empty_queue_are_answered),
          cmocka_unit_test(block_zero_tells_whether_all_is_finished),
          cmocka_unit_test(a_join_runs_out),
          cmocka_unit_test(a_cancelled_join_is_not_answered),
          cmocka_unit_test(the_queue_goes_with_its_last_joiner),
          cmocka_unit_test(a_barrier_does_not_wait_for_what_comes_later),
          cmocka_unit_test(a_later_job_that_ends_first_does_not_lower_a_barrier),
          cmocka_unit_test(a_kicked_job_counts_again_for_a_barrier),
          cmocka_unit_test(a_barrier_over_two_queues_waits_for_both),
          cmocka_unit_test(a_barrier_before_nothing_is_passed_at_once))
