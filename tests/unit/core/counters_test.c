/* counters_test - totals and their records, rates, histograms, ages.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "support/test.h"
#include "world.h"

static void finish_one(struct world *w, const char *queue)
{
    struct job_id id;
    uint64_t lease = world_get(w, queue, &id);

    assert_int_not_equal(lease, 0);
    assert_int_equal(world_done(w, id, lease), 0);
    world_land(w);
}

static void totals_are_written_for_queues_that_changed(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_totals(&w);
    assert_int_equal(w.event_count, 0);
    world_put_landed(&w, "a");
    world_put_landed(&w, "b");
    world_totals(&w);
    assert_int_equal(w.event_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(w.events[i].type, RECORD_TOTALS);
        assert_int_equal(w.events[i].totals.put, 1);
        assert_true(w.events[i].homes);
        assert_false(w.events[i].confirm);
    }
    world_totals(&w);
    assert_int_equal(w.event_count, 0);
    finish_one(&w, "b");
    world_totals(&w);
    assert_int_equal(world_record(&w, RECORD_TOTALS)->totals.done, 1);
    world_fini(&w);
}

static void the_old_home_is_forgotten_after_the_new_one_is_there(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_totals(&w);
    uint64_t old = w.log_count;
    finish_one(&w, "q");
    world_totals(&w);
    assert_int_equal(world_count(&w, EFFECT_FORGET), 0);
    world_totals(&w);
    assert_int_equal(w.event_count, 1);
    assert_int_equal(world_event(&w, EFFECT_FORGET)->home, old);
    world_totals(&w);
    assert_int_equal(w.event_count, 0);
    world_fini(&w);
}

static void totals_without_a_home_yet_are_not_overtaken(void **state)
{
    struct world w;
    struct effect written;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(core_totals(w.core, 0, &w.fx), 0);
    assert_int_equal(w.fx.count, 1);
    written = w.fx.items[0];
    w.fx.count = 0;
    finish_one(&w, "q");
    world_totals(&w);
    assert_int_equal(w.event_count, 0);
    core_set_home(w.core, &written, w.log_count);
    world_totals(&w);
    assert_int_equal(world_record(&w, RECORD_TOTALS)->totals.done, 1);
    world_fini(&w);
}

/* In the log it stands behind their records: a replay has counted them by then.  But a
 * PUT may still be refused. */
static void totals_count_the_ends_that_are_in_flight(void **state)
{
    struct job_policy once = world_policy();
    struct world w;
    struct job_id id;
    struct core_failed failed;

    (void)state;
    once.tries = 1;
    world_init(&w);
    world_put_landed(&w, "q");
    world_put_more(&w, "q", "last", once, 0);
    world_land(&w);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_done(&w, id, lease), 0);
    lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "no", -1, false, &failed), 0);
    assert_true(failed.dead);
    world_put(&w, "q", "new");
    world_totals(&w);

    const struct event *totals = world_record(&w, RECORD_TOTALS);
    assert_int_equal(totals->totals.put, 2);
    assert_int_equal(totals->totals.done, 1);
    assert_int_equal(totals->totals.dead, 1);
    assert_int_equal(world_queue(&w, "q")->totals.put, 2);
    world_restart(&w);
    world_fini(&w);
}

static void the_old_totals_of_a_quiet_queue_are_written_anew(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "quiet");
    world_totals(&w);
    uint64_t old = w.log_count;
    assert_int_equal(core_totals(w.core, old, &w.fx), 0);
    assert_int_equal(w.fx.count, 0); /* not older than that */
    assert_int_equal(core_totals(w.core, old + 1, &w.fx), 0);
    assert_int_equal(w.fx.count, 1);
    assert_int_equal(w.fx.items[0].u.log.record.type, RECORD_TOTALS);
    core_set_home(w.core, &w.fx.items[0], old + 1);
    w.fx.count = 0;
    assert_int_equal(core_totals(w.core, old + 1, &w.fx), 0);
    assert_int_equal(w.fx.count, 1);
    assert_int_equal(w.fx.items[0].u.forget.home, old);
    w.fx.count = 0;
    world_fini(&w);
}

static void a_call_writes_no_more_than_a_part_of_a_commit(void **state)
{
    struct world w;
    struct job *job;
    char name[24];
    size_t written = 0, calls = 0;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < 1500; i++) {
        snprintf(name, sizeof name, "q%zu", i);
        const struct core_put put = {.queue = rq_slice_str(name),
                                     .policy = world_policy()};

        assert_int_equal(
            core_put(w.core, &put, w.now, &w.fx, &job, &(struct job_id){0}), 0);
        assert_int_equal(core_confirmed(w.core, job, w.now, &w.fx), 0);
        w.fx.count = 0;
    }
    do {
        assert_int_equal(world_totals(&w), calls == 0);
        written += w.event_count;
        assert_true(w.event_count <= 1024);
        calls++;
    } while (w.event_count > 0);
    assert_int_equal(written, 1500);
    assert_int_equal(calls, 3);
    world_fini(&w);
}

static void every_total_counts_what_it_says(void **state)
{
    struct world w;
    struct job_id id;
    struct job_policy twice = world_policy();

    (void)state;
    world_init(&w);
    twice.tries = 2;
    world_put_more(&w, "q", "x", twice, 0);
    world_land(&w);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "", 0, false, NULL), 0);
    world_tick(&w);
    lease = world_get(&w, "q", &id);
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "", 0, false, NULL), 0);
    world_land(&w);
    world_put_landed(&w, "q");
    finish_one(&w, "q");

    const struct record_totals *t = &world_queue(&w, "q")->totals;
    assert_int_equal(t->put, 2);
    assert_int_equal(t->delivered, 4);
    assert_int_equal(t->redelivered, 2);
    assert_int_equal(t->failed, 2);
    assert_int_equal(t->retried, 1);
    assert_int_equal(t->dead, 1);
    assert_int_equal(t->done, 1);
    assert_int_equal(t->expired, 0);
    assert_int_equal(t->cancelled, 0);
    world_fini(&w);
}

static void rates_are_of_the_last_full_seconds(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 4; i++)
        world_put_landed(&w, "q");
    for (int i = 0; i < 3; i++)
        world_get(&w, "q", NULL);
    const struct queue_view *v = world_queue(&w, "q");
    assert_int_equal(v->rate_put_milli[0], 0); /* this second is not full */
    world_sleep(&w, 1000);
    v = world_queue(&w, "q");
    assert_int_equal(v->rate_put_milli[0], 4000);
    assert_int_equal(v->rate_put_milli[1], 400);
    assert_int_equal(v->rate_put_milli[2], 66);
    assert_int_equal(v->rate_delivered_milli[0], 3000);
    assert_int_equal(v->rate_done_milli[0], 0);
    world_sleep(&w, 1000);
    v = world_queue(&w, "q");
    assert_int_equal(v->rate_put_milli[0], 0);
    assert_int_equal(v->rate_put_milli[1], 400);
    world_fini(&w);
}

static void the_histograms_measure_waits_and_runs(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    assert_int_equal(world_put_landed(&w, "q").number, 1);
    assert_int_equal(world_queue(&w, "q")->wait->count, 0); /* no NULLs */
    assert_int_equal(world_queue(&w, "q")->run->count, 0);
    world_sleep(&w, 20);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_queue(&w, "q")->wait->count, 1);
    assert_int_equal(world_queue(&w, "q")->wait->max_us, 20000);
    world_sleep(&w, 300);
    assert_int_equal(world_done(&w, id, lease), 0);
    assert_int_equal(world_queue(&w, "q")->run->max_us, 300000);
    world_fini(&w);
}

static void a_delayed_job_waits_from_its_due_time_on(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    world_sleep(&w, 700);
    world_tick(&w);
    world_get(&w, "q", NULL);
    assert_int_equal(world_queue(&w, "q")->wait->max_us, 200000);
    world_fini(&w);
}

static void the_oldest_ready_job_is_found(void **state)
{
    struct world w;
    struct job_policy urgent = world_policy();
    struct job_id id;

    (void)state;
    world_init(&w);
    urgent.pri = 0;
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 0);
    world_put_landed(&w, "q");
    world_sleep(&w, 100);
    world_put_more(&w, "q", "x", urgent, 0); /* is served first, but is younger */
    world_land(&w);
    world_sleep(&w, 10);
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 110);
    world_get(&w, "q", &id);
    assert_int_equal(id.number, 2);
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 110);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 0);

    world_put_landed(&w, "q");
    world_sleep(&w, 50);
    world_undeliver(&w, id, lease); /* keeps its time */
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 160);
    world_fini(&w);
}

static void a_job_that_returned_waits_since_then(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_sleep(&w, 100);
    uint64_t lease = world_get(&w, "q", &id);
    world_sleep(&w, 100);
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    world_sleep(&w, 30);
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 30);
    world_get(&w, "q", &id);
    world_sleep(&w, 1000);
    world_tick(&w); /* the lease has run out */
    world_sleep(&w, 40);
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 40);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_job_that_returned_waits_since_then),
          cmocka_unit_test(totals_are_written_for_queues_that_changed),
          cmocka_unit_test(the_old_home_is_forgotten_after_the_new_one_is_there),
          cmocka_unit_test(totals_without_a_home_yet_are_not_overtaken),
          cmocka_unit_test(totals_count_the_ends_that_are_in_flight),
          cmocka_unit_test(the_old_totals_of_a_quiet_queue_are_written_anew),
          cmocka_unit_test(a_call_writes_no_more_than_a_part_of_a_commit),
          cmocka_unit_test(every_total_counts_what_it_says),
          cmocka_unit_test(rates_are_of_the_last_full_seconds),
          cmocka_unit_test(the_histograms_measure_waits_and_runs),
          cmocka_unit_test(a_delayed_job_waits_from_its_due_time_on),
          cmocka_unit_test(the_oldest_ready_job_is_found))
