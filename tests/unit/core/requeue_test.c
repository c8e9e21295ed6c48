/* requeue_test - a job goes to another queue: counts, keys, joins, crashes.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/attrs.h"
#include "core/limits.h"
#include "support/test.h"
#include "world.h"

static void assert_in(struct world *w, struct job_id id, const char *queue,
                      enum job_state state)
{
    const struct job_view *v = world_view(w, id);

    assert_true(rq_slice_eq(v->queue, rq_slice_str(queue)));
    assert_int_equal(v->state, state);
}

static void assert_unfinished(struct world *w, uint64_t in_q, uint64_t in_r)
{
    assert_int_equal(world_queue(w, "q")->unfinished, in_q);
    assert_int_equal(world_queue(w, "r")->unfinished, in_r);
}

static struct job_id bury_one(struct world *w, const char *queue)
{
    struct job_id id;

    world_put_landed(w, queue);
    uint64_t lease = world_get(w, queue, &id);
    assert_int_equal(world_fail(w, id, lease, "oops", -1, true, NULL), 0);
    world_land(w);
    return id;
}

static void a_ready_job_goes_as_it_is(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    world_release(&w, id, world_get(&w, "q", NULL), 0);
    world_fail(&w, id, world_get(&w, "q", NULL), "oops", 0, false, NULL);
    world_tick(&w);
    world_land(&w);
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    const struct event *e = world_record(&w, RECORD_MOVE);
    assert_true(e->homes && e->state == RECORD_READY && e->attempts == 1);
    assert_int_equal(world_count(&w, EFFECT_FORGET), 1);
    assert_in(&w, id, "r", JOB_READY);
    assert_int_equal(world_view(&w, id)->attempts, 1);
    assert_int_equal(world_get(&w, "q", NULL), 0);
    assert_int_not_equal(world_get(&w, "r", NULL), 0);
    world_fini(&w);
}

static void a_getter_there_is_served_at_once(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    world_wait(&w, "r", -1, &w);
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    assert_int_equal(world_event(&w, EFFECT_DELIVER)->job.number, id.number);
    assert_in(&w, id, "r", JOB_LEASED);
    world_fini(&w);
}

static void a_delayed_job_keeps_its_time(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id =
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    assert_int_equal(world_record(&w, RECORD_MOVE)->due_wall_ms, w.now.wall_ms + 500);
    assert_in(&w, id, "r", JOB_DELAYED);
    world_sleep(&w, 500);
    world_tick(&w);
    assert_int_not_equal(world_get(&w, "r", NULL), 0);
    world_fini(&w);
}

static void a_dead_job_stays_dead(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = bury_one(&w, "q");
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    assert_in(&w, id, "r", JOB_DEAD);
    assert_unfinished(&w, 0, 0);
    assert_int_equal(world_kick(&w, id), 1);
    assert_unfinished(&w, 0, 1);
    world_land(&w);
    world_restart(&w);
    assert_in(&w, id, "r", JOB_READY);
    world_fini(&w);
}

static void it_counts_there_at_once_and_here_until_the_log_has_it(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    world_requeue(&w, id, "r", NULL);
    assert_unfinished(&w, 1, 1);
    world_land(&w);
    assert_unfinished(&w, 0, 1);
    world_fini(&w);
}

static void a_join_here_is_answered_when_the_log_has_it(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_join(&w, "q", -1, false, &w, &(struct waiter *){NULL}), 0);
    world_requeue(&w, id, "r", NULL);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    const struct event *e = world_event(&w, EFFECT_JOINED);
    assert_int_equal(e->counts.done + e->counts.dead + e->counts.cancelled, 0);
    world_fini(&w);
}

static void a_strict_join_waits_for_a_dead_job_to_be_gone(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = bury_one(&w, "q");
    assert_int_equal(world_join(&w, "q", -1, true, &w, &(struct waiter *){NULL}), 0);
    world_requeue(&w, id, "r", NULL);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);
    world_fini(&w);
}

static void a_barrier_counts_who_comes_and_who_goes(void **state)
{
    struct world w;
    struct waiter *waiter;
    struct job_id id;

    (void)state;
    world_init(&w);
    struct job_id first = world_put_landed(&w, "q");
    struct job_id second = world_put_landed(&w, "r");
    world_join_barrier(&w, "q", -1, false, &w, &waiter);
    world_requeue(&w, second, "q", NULL); /* put before the JOIN: it counts */
    world_requeue(&w, first, "r", NULL);
    world_land(&w);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 0);
    world_done(&w, second, world_get(&w, "q", &id));
    world_land(&w);
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.done, 1);
    world_fini(&w);
}

static void a_crash_before_the_log_has_it_leaves_it_here(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "older"); /* holds the log */
    struct job_id id = world_put_landed(&w, "q");
    world_requeue(&w, id, "r", NULL);
    world_restart(&w);
    assert_in(&w, id, "q", JOB_READY);
    assert_unfinished(&w, 1, 0);
    world_fini(&w);
}

static void a_crash_after_that_finds_it_there_and_every_total_right(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "older"); /* holds the log */
    struct job_id id = world_put_landed(&w, "q");
    world_requeue(&w, id, "r", NULL);
    world_land(&w);
    for (int i = 0; i < 2; i++) { /* from the records, and from TOTALS */
        world_restart(&w);
        assert_in(&w, id, "r", JOB_READY);
        const struct record_totals q = world_queue(&w, "q")->totals;
        const struct record_totals r = world_queue(&w, "r")->totals;
        assert_true(q.put == 1 && q.requeued == 1 && q.done == 0);
        assert_true(r.put == 1 && r.requeued == 0 && r.done == 0);
        world_totals(&w);
        world_land(&w);
    }
    world_fini(&w);
}

static void totals_written_on_the_way_count_it_as_gone(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "older"); /* holds the log */
    struct job_id id = world_put_landed(&w, "q");
    world_requeue(&w, id, "r", NULL);
    world_totals(&w);
    for (size_t i = 0; i < w.event_count; i++)
        assert_true(w.events[i].type != RECORD_TOTALS || w.events[i].totals.put == 1);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(world_queue(&w, "q")->totals.requeued, 1);
    assert_in(&w, id, "r", JOB_READY);
    world_fini(&w);
}

static void there_and_back_before_the_log_has_either(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    world_requeue(&w, id, "r", NULL);
    world_requeue(&w, id, "q", NULL);
    assert_unfinished(&w, 2, 1);
    world_land_one(&w);
    assert_unfinished(&w, 1, 1);
    world_land_one(&w);
    assert_unfinished(&w, 1, 0);
    world_restart(&w);
    assert_in(&w, id, "q", JOB_READY);
    world_fini(&w);
}

static void a_job_that_ends_on_the_way_counts_until_both_are_in_the_log(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    world_requeue(&w, id, "r", NULL);
    world_done(&w, id, world_get(&w, "r", NULL));
    assert_unfinished(&w, 1, 1);
    world_land_one(&w);
    assert_unfinished(&w, 0, 1);
    world_land_one(&w);
    assert_unfinished(&w, 0, 0);
    assert_false(world_has(&w, id));
    world_fini(&w);
}

static void what_is_leased_or_unknown_stays(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_requeue(&w, id, "r", NULL), RQ_E_BADARG);
    world_done(&w, id, lease);
    assert_int_equal(world_requeue(&w, id, "r", NULL), RQ_E_BADARG);
    world_land(&w);
    assert_int_equal(world_requeue(&w, id, "r", NULL), RQ_E_NOJOB);
    struct job_id pending = world_put(&w, "q", "x");
    assert_int_equal(world_requeue(&w, pending, "r", NULL), RQ_E_NOJOB);
    world_fini(&w);
}

static void to_its_own_queue_it_need_not_go(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(world_requeue(&w, id, "q", NULL), 0);
    assert_int_equal(w.event_count, 0);
    world_fini(&w);
}

static void a_queue_that_takes_no_put_takes_no_requeue(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "r");
    world_set(&w, (struct record_settings){.paused = RECORD_PAUSED_IN});
    assert_int_equal(world_requeue(&w, id, "q", NULL), RQ_E_PAUSED);
    world_set(&w, (struct record_settings){.shut = RECORD_SHUT});
    assert_int_equal(world_requeue(&w, id, "q", NULL), RQ_E_SHUTDOWN);
    world_set(&w, (struct record_settings){.maxsize = 1});
    struct job_id other = world_put_landed(&w, "q");
    assert_int_equal(world_requeue(&w, id, "q", NULL), RQ_E_FULL);
    assert_int_equal(world_requeue(&w, other, "r", NULL), 0);
    world_tick(&w);
    assert_int_equal(world_requeue(&w, id, "q", NULL), 0);
    world_fini(&w);
}

static void a_putter_gets_the_room_that_is_left(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_set(&w, (struct record_settings){.maxsize = 1});
    struct job_id id = world_put_landed(&w, "q");
    world_wait_for_room(&w, 1, -1, &w);
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    world_tick(&w);
    assert_int_equal(world_count(&w, EFFECT_ADMITTED), 1);
    core_room_used(w.core, RQ_LIT("q"), 1);
    world_tick(&w);
    world_fini(&w);
}

/* ---- keys ---- */

static int put_unique(struct world *w, const char *queue, struct job_id *out)
{
    const struct attr attr = {.kind = ATTR_UNIQUE, .value = RQ_LIT("k")};
    struct rq_buf attrs;

    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    assert_int_equal(attrs_add(&attrs, &attr), 0);
    int rc = world_put_attrs(w, queue, "x", rq_buf_slice(&attrs), 0, 0, out);
    rq_buf_fini(&attrs);
    world_land(w);
    return rc;
}

static void its_key_goes_with_it(void **state)
{
    struct world w;
    struct job_id id, other;

    (void)state;
    world_init(&w);
    assert_int_equal(put_unique(&w, "q", &id), 0);
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    world_land(&w);
    world_restart(&w);
    assert_int_equal(put_unique(&w, "r", &other), 1);
    assert_int_equal(other.number, id.number);
    assert_int_equal(put_unique(&w, "q", &other), 0);
    world_fini(&w);
}

static void a_key_that_is_taken_there_keeps_it_here(void **state)
{
    struct world w;
    struct job_id id, other, exists;

    (void)state;
    world_init(&w);
    assert_int_equal(put_unique(&w, "q", &id), 0);
    assert_int_equal(put_unique(&w, "r", &other), 0);
    assert_int_equal(world_requeue(&w, id, "r", &exists), 1);
    assert_int_equal(exists.number, other.number);
    assert_int_equal(w.event_count, 0);
    assert_in(&w, id, "q", JOB_READY);
    world_fini(&w);
}

/* ---- the log ---- */

static void its_old_commit_is_let_go(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    world_requeue(&w, id, "r", NULL);
    world_land(&w);
    assert_int_equal(world_low(&w), 2); /* the MOVE */
    assert_in(&w, id, "r", JOB_READY);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_ready_job_goes_as_it_is),
          cmocka_unit_test(a_getter_there_is_served_at_once),
          cmocka_unit_test(a_delayed_job_keeps_its_time),
          cmocka_unit_test(a_dead_job_stays_dead),
          cmocka_unit_test(it_counts_there_at_once_and_here_until_the_log_has_it),
          cmocka_unit_test(a_join_here_is_answered_when_the_log_has_it),
          cmocka_unit_test(a_strict_join_waits_for_a_dead_job_to_be_gone),
          cmocka_unit_test(a_barrier_counts_who_comes_and_who_goes),
          cmocka_unit_test(a_crash_before_the_log_has_it_leaves_it_here),
          cmocka_unit_test(a_crash_after_that_finds_it_there_and_every_total_right),
          cmocka_unit_test(totals_written_on_the_way_count_it_as_gone),
          cmocka_unit_test(there_and_back_before_the_log_has_either),
          cmocka_unit_test(a_job_that_ends_on_the_way_counts_until_both_are_in_the_log),
          cmocka_unit_test(what_is_leased_or_unknown_stays),
          cmocka_unit_test(to_its_own_queue_it_need_not_go),
          cmocka_unit_test(a_queue_that_takes_no_put_takes_no_requeue),
          cmocka_unit_test(a_putter_gets_the_room_that_is_left),
          cmocka_unit_test(its_key_goes_with_it),
          cmocka_unit_test(a_key_that_is_taken_there_keeps_it_here),
          cmocka_unit_test(its_old_commit_is_let_go))
