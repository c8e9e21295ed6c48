/* get_test - rows 7 and 8: a job for whoever asks, now or later, and taken back.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "support/test.h"
#include "world.h"

static void a_get_leases_the_job_and_counts_the_attempt(void **state)
{
    struct world w;
    struct job_id id = {0, 0}, put;

    (void)state;
    world_init(&w);
    put = world_put_landed(&w, "q");
    assert_int_equal(world_get(&w, "q", &id), 1);
    assert_int_equal(id.number, put.number);
    const struct event *e = world_record(&w, RECORD_LEASE);
    assert_false(e->confirm);
    assert_false(e->homes);
    assert_int_equal(e->attempts, 1);

    const struct job_view *v = world_view(&w, id);
    assert_int_equal(v->state, JOB_LEASED);
    assert_int_equal(v->attempts, 1);
    assert_int_equal(v->lease, 1);
    assert_int_equal(v->lease_ttr_ms, 1000);
    assert_int_equal(v->deadline_wall_ms, w.now.wall_ms + 1000);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 1000000000);
    assert_int_equal(world_queue(&w, "q")->leased, 1);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_queue(&w, "q")->totals.delivered, 1);
    assert_int_equal(core_holder_leases(w.holder), 1);
    world_fini(&w);
}

static void a_get_may_choose_its_own_ttr(void **state)
{
    struct world w;
    const struct rq_slice q = RQ_LIT("q");
    const struct core_get get = {
        .queues = &q, .queue_count = 1, .count = 1, .bytes_max = 1, .ttr_ms = 250};
    struct waiter *waiter;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    assert_int_equal(core_get(w.core, &get, w.holder, NULL, w.now, &w.fx, &waiter), 0);
    assert_int_equal(world_view(&w, id)->lease_ttr_ms, 250);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 250000000);
    struct core_touched touched;
    assert_int_equal(core_touch(w.core, id, 1, 0, w.now, &w.fx, &touched), 0);
    assert_int_equal(touched.deadline_wall_ms,
                     w.now.wall_ms + 250); /* the one it was taken with */
    world_fini(&w);
}

static void block_zero_and_nothing_there_times_out_at_once(void **state)
{
    struct world w;
    struct waiter *waiter;
    int cookie;

    (void)state;
    world_init(&w);
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &cookie, &waiter), 0);
    assert_null(waiter);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    assert_null(core_find_queue(w.core, RQ_LIT("q"))); /* asking makes no queue */
    world_fini(&w);
}

static void jobs_come_by_priority_then_by_id(void **state)
{
    static const uint8_t pri[] = {5, 0, 5, 9, 0};
    static const uint64_t order[] = {2, 5, 1, 3, 4};
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < 5; i++) {
        struct job_policy policy = world_policy();

        policy.pri = pri[i];
        world_put_more(&w, "q", "x", policy, 0);
    }
    world_land(&w);
    for (size_t i = 0; i < 5; i++) {
        assert_int_not_equal(world_get(&w, "q", &id), 0);
        assert_int_equal(id.number, order[i]);
    }
    world_fini(&w);
}

static void several_queues_are_served_in_strict_order(void **state)
{
    struct world w;
    struct job_id low, high, id;

    (void)state;
    world_init(&w);
    low = world_put_landed(&w, "low");
    high = world_put_landed(&w, "high");
    assert_int_not_equal(world_get(&w, "none,high,low", &id), 0);
    assert_int_equal(id.number, high.number);
    assert_int_not_equal(world_get(&w, "none,high,low", &id), 0);
    assert_int_equal(id.number, low.number);
    world_fini(&w);
}

static void count_takes_what_is_there(void **state)
{
    struct world w;
    struct waiter *waiter;
    int cookie;

    (void)state;
    world_init(&w);
    world_put(&w, "a", "1");
    world_put(&w, "b", "2");
    world_put(&w, "b", "3");
    world_land(&w);
    assert_int_equal(world_get_more(&w, w.holder, "b,a", 5, -1, &cookie, &waiter), 0);
    assert_null(waiter);
    assert_int_equal(w.event_count, 6);
    /* records first, then the deliveries together */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(w.events[i].kind, EFFECT_RECORD);
    assert_int_equal(w.events[3].job.number, 2);
    assert_int_equal(w.events[4].job.number, 3);
    assert_int_equal(w.events[5].job.number, 1);
    assert_true(w.events[3].more);
    assert_true(w.events[4].more);
    assert_false(w.events[5].more);
    for (size_t i = 3; i < 6; i++)
        assert_ptr_equal(w.events[i].cookie, &cookie);
    world_fini(&w);
}

static void count_stops_at_count(void **state)
{
    struct world w;
    struct waiter *waiter;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        world_put(&w, "q", "x");
    world_land(&w);
    assert_int_equal(world_get_more(&w, w.holder, "q", 2, -1, NULL, &waiter), 0);
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 2);
    assert_int_equal(world_queue(&w, "q")->ready, 1);
    world_fini(&w);
}

static void what_no_longer_fits_ends_a_get_of_all_its_queues(void **state)
{
    const struct rq_slice names[] = {RQ_LIT("a"), RQ_LIT("b")};
    const struct core_get get = {
        .queues = names, .queue_count = 2, .count = 9, .bytes_max = 3};
    struct waiter *waiter;
    struct world w;

    (void)state;
    world_init(&w);
    world_put(&w, "a", "22");
    world_put(&w, "a", "22");
    world_put(&w, "b", "1");
    world_land(&w);
    assert_int_equal(core_get(w.core, &get, w.holder, NULL, w.now, &w.fx, &waiter), 0);
    assert_int_equal(w.fx.count, 2); /* a record, a delivery */
    w.fx.count = 0;
    assert_int_equal(world_queue(&w, "a")->ready, 1);
    assert_int_equal(world_queue(&w, "b")->ready, 1);
    world_fini(&w);
}

static size_t take_bytes(struct world *w, size_t bytes_max)
{
    const struct rq_slice q = RQ_LIT("q");
    const struct core_get get = {
        .queues = &q, .queue_count = 1, .count = 9, .bytes_max = bytes_max};
    struct waiter *waiter;
    size_t n = 0;

    assert_int_equal(core_get(w->core, &get, w->holder, NULL, w->now, &w->fx, &waiter),
                     0);
    for (size_t i = 0; i < w->fx.count; i++)
        n += w->fx.items[i].kind == EFFECT_DELIVER;
    w->fx.count = 0;
    core_check(w->core);
    return n;
}

static void bytes_stop_a_count_but_never_the_first_job(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 7; i++)
        world_put(&w, "q", "12345");
    world_land(&w);
    assert_int_equal(take_bytes(&w, 0), 1);
    assert_int_equal(take_bytes(&w, 4), 1);
    assert_int_equal(take_bytes(&w, 9), 1);
    assert_int_equal(take_bytes(&w, 10), 2);
    assert_int_equal(take_bytes(&w, SIZE_MAX), 2);
    world_fini(&w);
}

static void getters_are_served_first_come_first_served(void **state)
{
    struct world w;
    int cookies[3];

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        world_wait(&w, "q", -1, &cookies[i]);
    assert_int_equal(world_queue(&w, "q")->waiting_getters, 3);
    for (int i = 0; i < 3; i++) {
        world_put_landed(&w, "q");
        assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookies[i]);
    }
    world_fini(&w);
}

static void a_getter_of_many_queues_is_served_once(void **state)
{
    struct world w;
    int first, second;

    (void)state;
    world_init(&w);
    world_wait(&w, "a,b", -1, &first);
    world_wait(&w, "b", -1, &second);
    world_put_landed(&w, "b");
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &first);
    assert_null(core_find_queue(w.core, RQ_LIT("a"))); /* nobody waits there now */
    world_put_landed(&w, "b");
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &second);
    world_put_landed(&w, "a");
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 0);
    assert_int_equal(world_queue(&w, "a")->ready, 1);
    world_fini(&w);
}

static void a_queue_named_twice_is_waited_for_once(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_wait(&w, "q,q,r,q", -1, &cookie);
    assert_int_equal(world_queue(&w, "q")->waiting_getters, 1);
    world_put_landed(&w, "q");
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    world_fini(&w);
}

static void a_waiting_get_takes_one_job_whatever_its_count(void **state)
{
    struct world w;
    struct waiter *waiter;

    (void)state;
    world_init(&w);
    assert_int_equal(world_get_more(&w, w.holder, "q", 9, -1, NULL, &waiter), 0);
    assert_non_null(waiter);
    world_put(&w, "q", "x");
    world_put(&w, "q", "y");
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->ready, 1);
    assert_int_equal(world_queue(&w, "q")->leased, 1);
    world_fini(&w);
}

static void block_runs_out(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_wait(&w, "q", 100, &cookie);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 100000000);
    world_sleep(&w, 99);
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    world_sleep(&w, 1);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    assert_null(core_find_queue(w.core, RQ_LIT("q")));
    world_fini(&w);
}

static void a_cancelled_getter_gets_nothing(void **state)
{
    struct world w;
    int second;

    (void)state;
    world_init(&w);
    struct waiter *first = world_wait(&w, "q,r", 100, NULL);
    world_wait(&w, "q", -1, &second);
    world_cancel(&w, first);
    assert_int_equal(core_next_due(w.core), INT64_MAX);
    world_put_landed(&w, "q");
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &second);
    world_fini(&w);
}

/* ---- row 8 ---- */

static void an_undone_delivery_is_back_in_its_place_and_not_counted(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    struct job_id first = world_put_landed(&w, "q");
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    world_undeliver(&w, id, lease);
    const struct event *e = world_record(&w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_READY);
    assert_int_equal(e->attempts, 0);
    assert_false(e->confirm);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_view(&w, id)->attempts, 0);
    assert_int_equal(world_queue(&w, "q")->totals.delivered, 0);

    assert_int_equal(world_get(&w, "q", &id), 2); /* its number is not used again */
    assert_int_equal(id.number, first.number);
    assert_int_equal(world_view(&w, id)->attempts, 1);
    world_fini(&w);
}

static void an_undone_delivery_serves_the_next_waiter(void **state)
{
    struct world w;
    struct job_id id;
    int cookie;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    world_wait(&w, "q", -1, &cookie);
    world_undeliver(&w, id, lease);
    const struct event *e = world_event(&w, EFFECT_DELIVER);
    assert_ptr_equal(e->cookie, &cookie);
    assert_int_equal(e->lease, 2);
    assert_int_equal(world_view(&w, id)->attempts, 1);
    world_fini(&w);
}

static void undoing_a_lease_that_is_not_current_changes_nothing(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    world_undeliver(&w, id, lease + 1);
    assert_int_equal(w.event_count, 0);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_undeliver(&w, id, lease); /* ending */
    assert_int_equal(w.event_count, 0);
    world_land(&w);
    world_undeliver(&w, id, lease); /* gone */
    assert_int_equal(w.event_count, 0);
    world_fini(&w);
}

static void an_undone_second_delivery_is_not_a_redelivery(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "", 0, false, NULL), 0);
    world_tick(&w);
    lease = world_get(&w, "q", &id);
    assert_int_equal(world_queue(&w, "q")->totals.redelivered, 1);
    world_undeliver(&w, id, lease);
    assert_int_equal(world_queue(&w, "q")->totals.redelivered, 0);
    assert_int_equal(world_queue(&w, "q")->totals.delivered, 1);
    assert_int_equal(world_view(&w, id)->attempts, 1);
    world_fini(&w);
}

/* ---- weights ---- */

/* How many of 400 single GETs of "a:3,b:1" take from "a". */
static void queues_with_weights_take_turns(void **state)
{
    static const uint16_t weights[] = {3, 1};
    const struct rq_slice names[] = {RQ_LIT("a"), RQ_LIT("b")};
    const struct core_get get = {
        .queues = names, .queue_count = 2, .weights = weights, .count = 1};
    struct waiter *waiter;
    struct world w;
    int from_a = 0;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 400; i++) {
        world_put_landed(&w, "a");
        world_put_landed(&w, "b");
    }
    for (int i = 0; i < 400; i++) {
        assert_int_equal(core_get(w.core, &get, w.holder, NULL, w.now, &w.fx, &waiter),
                         0);
        assert_int_equal(w.fx.count, 2);
        struct job_view view;
        job_view(w.fx.items[1].u.deliver.job, &view);
        from_a += rq_slice_eq(view.queue, RQ_LIT("a"));
        w.fx.count = 0;
    }
    assert_in_range(from_a, 260, 340); /* 300; one world, one seed */
    world_fini(&w);
}

static void an_empty_queue_gives_its_turn_on(void **state)
{
    static const uint16_t weights[] = {1000, 1, 1000};
    const struct rq_slice names[] = {RQ_LIT("a"), RQ_LIT("b"), RQ_LIT("c")};
    const struct core_get get = {.queues = names,
                                 .queue_count = 3,
                                 .weights = weights,
                                 .count = 5,
                                 .bytes_max = 99};
    struct waiter *waiter;
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        world_put_landed(&w, "b");
    assert_int_equal(core_get(w.core, &get, w.holder, NULL, w.now, &w.fx, &waiter), 0);
    assert_int_equal(w.fx.count, 6); /* three records, three deliveries */
    w.fx.count = 0;
    assert_int_equal(core_get(w.core, &get, w.holder, NULL, w.now, &w.fx, &waiter), 0);
    assert_int_equal(w.fx.items[0].kind, EFFECT_TIMEOUT);
    w.fx.count = 0;
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(what_no_longer_fits_ends_a_get_of_all_its_queues),
          cmocka_unit_test(a_get_leases_the_job_and_counts_the_attempt),
          cmocka_unit_test(a_get_may_choose_its_own_ttr),
          cmocka_unit_test(block_zero_and_nothing_there_times_out_at_once),
          cmocka_unit_test(jobs_come_by_priority_then_by_id),
          cmocka_unit_test(several_queues_are_served_in_strict_order),
          cmocka_unit_test(count_takes_what_is_there),
          cmocka_unit_test(count_stops_at_count),
          cmocka_unit_test(bytes_stop_a_count_but_never_the_first_job),
          cmocka_unit_test(getters_are_served_first_come_first_served),
          cmocka_unit_test(a_getter_of_many_queues_is_served_once),
          cmocka_unit_test(a_queue_named_twice_is_waited_for_once),
          cmocka_unit_test(a_waiting_get_takes_one_job_whatever_its_count),
          cmocka_unit_test(block_runs_out),
          cmocka_unit_test(a_cancelled_getter_gets_nothing),
          cmocka_unit_test(an_undone_delivery_is_back_in_its_place_and_not_counted),
          cmocka_unit_test(an_undone_delivery_serves_the_next_waiter),
          cmocka_unit_test(undoing_a_lease_that_is_not_current_changes_nothing),
          cmocka_unit_test(an_undone_second_delivery_is_not_a_redelivery),
          cmocka_unit_test(queues_with_weights_take_turns),
          cmocka_unit_test(an_empty_queue_gives_its_turn_on))
