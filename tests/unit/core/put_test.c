/* put_test - rows 1 to 4: a PUT, and what its commit brings.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"
#include "world.h"

static void a_put_is_pending_until_its_commit_is_in_the_log(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put(&w, "q", "hello");
    const struct event *e = world_record(&w, RECORD_PUT);
    assert_int_equal(id.epoch, 7);
    assert_int_equal(id.number, 1);
    assert_true(e->confirm);
    assert_true(e->homes);
    assert_int_equal(world_view(&w, id)->state, JOB_PENDING);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_queue(&w, "q")->ready, 0);
    assert_int_equal(world_get(&w, "q", NULL), 0);

    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(world_queue(&w, "q")->ready, 1);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_queue(&w, "q")->totals.put, 1);
    world_fini(&w);
}

static void the_record_says_all_about_the_job(void **state)
{
    struct world w;
    struct core_put put = {.queue = RQ_LIT("q"),
                           .body = RQ_LIT("a\0b"),
                           .policy = world_policy(),
                           .due_wall_ms = 1000500};
    struct job *job;

    (void)state;
    world_init(&w);
    put.policy.pri = 3;
    assert_int_equal(core_put(w.core, &put, w.now, &w.fx, &job, &(struct job_id){0}),
                     0);
    assert_int_equal(w.fx.count, 1);
    const struct record *r = &w.fx.items[0].u.log.record;
    assert_ptr_equal(w.fx.items[0].u.log.job, job);
    assert_true(rq_slice_eq(r->queue, RQ_LIT("q")));
    assert_true(rq_slice_eq(r->body, RQ_LIT("a\0b")));
    assert_int_equal(r->policy.pri, 3);
    assert_int_equal(r->policy.tries, 3);
    assert_int_equal(r->policy.ttr_ms, 1000);
    assert_int_equal(r->put_wall_ms, 1000000);
    assert_int_equal(r->due_wall_ms, 1000500);
    assert_int_equal(r->attempts, 0);
    world_fini(&w);
}

static void the_view_says_all_about_the_job(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_more(&w, "q", "hello", world_policy(), 1000500);
    const struct job_view *v = world_view(&w, id);
    assert_int_equal(v->id.number, id.number);
    assert_true(rq_slice_eq(v->queue, RQ_LIT("q")));
    assert_true(rq_slice_eq(v->body, RQ_LIT("hello")));
    assert_int_equal(v->put_wall_ms, 1000000);
    assert_int_equal(v->due_wall_ms, 1000500);
    assert_int_equal(v->home, 1);
    assert_int_equal(v->lease, 0);
    assert_int_equal(v->error.len, 0);
    world_fini(&w);
}

static void each_state_has_the_word_of_the_protocol(void **state)
{
    static const char *const words[] = {"pending", "delayed", "ready",
                                        "leased",  "ending",  "dead"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_string_equal(job_state_name((enum job_state)i), words[i]);
}

static void numbers_count_up_and_begin_anew_in_each_epoch(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    assert_int_equal(world_put(&w, "a", "").number, 1);
    assert_int_equal(world_put(&w, "b", "").number, 2);
    core_set_epoch(w.core, 9);
    struct job_id id = world_put(&w, "a", "");
    assert_int_equal(id.epoch, 9);
    assert_int_equal(id.number, 1);
    world_fini(&w);
}

static void a_refused_put_never_was(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put(&w, "q", "x");
    world_refuse_one(&w);
    assert_false(world_has(&w, id));
    assert_int_equal(world_event(&w, EFFECT_FORGET)->home, 1);
    assert_null(core_find_queue(w.core, RQ_LIT("q"))); /* nor was its queue */
    world_fini(&w);
}

static void a_put_without_a_home_forgets_nothing(void **state)
{
    struct world w;
    const struct core_put put = {.queue = RQ_LIT("q"), .policy = world_policy()};
    struct job *job;

    (void)state;
    world_init(&w);
    assert_int_equal(core_put(w.core, &put, w.now, &w.fx, &job, &(struct job_id){0}),
                     0);
    w.fx.count = 0; /* the store would not take it */
    assert_int_equal(core_refused(w.core, job, w.now, &w.fx), 0);
    assert_int_equal(w.fx.count, 0);
    core_check(w.core);
    world_fini(&w);
}

static void a_refusal_can_end_a_join(void **state)
{
    struct world w;
    struct waiter *waiter;
    int cookie;

    (void)state;
    world_init(&w);
    world_put(&w, "q", "x");
    assert_int_equal(world_join(&w, "q", -1, false, &cookie, &waiter), 0);
    assert_non_null(waiter);
    world_refuse_one(&w);
    assert_ptr_equal(world_event(&w, EFFECT_JOINED)->cookie, &cookie);
    assert_int_equal(world_event(&w, EFFECT_JOINED)->counts.done, 0);
    world_fini(&w);
}

static void a_due_time_delays_until_then(void **state)
{
    struct world w;
    struct job_id id, got;

    (void)state;
    world_init(&w);
    id = world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DELAYED);
    assert_int_equal(world_queue(&w, "q")->delayed, 1);
    assert_int_equal(world_get(&w, "q", NULL), 0);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 500000000);

    world_sleep(&w, 499);
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DELAYED);
    world_sleep(&w, 1);
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    assert_int_equal(core_next_due(w.core), INT64_MAX);
    assert_int_not_equal(world_get(&w, "q", &got), 0);
    assert_int_equal(got.number, id.number);
    world_fini(&w);
}

static void a_due_time_that_passes_before_the_commit_delays_nothing(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id =
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_sleep(&w, 500);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    world_fini(&w);
}

static void a_due_time_in_the_past_delays_nothing(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    id = world_put_more(&w, "q", "x", world_policy(), INT64_MIN);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    world_fini(&w);
}

static void a_due_time_beyond_all_clocks_is_never(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_more(&w, "q", "x", world_policy(), INT64_MAX);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DELAYED);
    assert_int_equal(core_next_due(w.core), INT64_MAX);
    world_fini(&w);
}

static void a_step_of_the_wall_clock_moves_no_delay(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id =
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    w.now.wall_ms += 3600000;
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DELAYED);
    w.now.wall_ms -= 7200000;
    w.now.mono_ns += 500000000;
    world_tick(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    world_fini(&w);
}

static void a_put_serves_the_getter_that_waits(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    world_init(&w);
    world_wait(&w, "q", -1, &cookie);
    struct job_id id = world_put(&w, "q", "x");
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 0);
    world_land(&w);
    const struct event *e = world_event(&w, EFFECT_DELIVER);
    assert_ptr_equal(e->cookie, &cookie);
    assert_int_equal(e->job.number, id.number);
    assert_int_equal(e->lease, 1);
    assert_false(e->more);
    assert_int_equal(world_record(&w, RECORD_LEASE)->attempts, 1);
    assert_int_equal(world_queue(&w, "q")->waiting_getters, 0);
    world_fini(&w);
}

static void queues_of_any_policies_share_what_is_equal(void **state)
{
    struct world w;
    struct job_policy odd = world_policy();
    struct job_id ids[4];

    (void)state;
    world_init(&w);
    odd.ttr_ms = 5000;
    ids[0] = world_put(&w, "q", "1");
    ids[1] = world_put_more(&w, "q", "2", odd, 0);
    ids[2] = world_put(&w, "q", "3");
    ids[3] = world_put_more(&w, "r", "4", odd, 0);
    assert_int_equal(world_view(&w, ids[0])->policy.ttr_ms, 1000);
    assert_int_equal(world_view(&w, ids[1])->policy.ttr_ms, 5000);
    assert_int_equal(world_view(&w, ids[2])->policy.ttr_ms, 1000);
    assert_int_equal(world_view(&w, ids[3])->policy.ttr_ms, 5000);
    assert_true(rq_slice_eq(world_view(&w, ids[3])->queue, RQ_LIT("r")));
    world_fini(&w);
}

static void policies_that_differ_in_one_field_are_kept_apart(void **state)
{
    struct world w;
    struct job_policy p[8];
    struct job_id ids[8];

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < 8; i++)
        p[i] = world_policy();
    p[1].ttr_ms++;
    p[2].backoff_base_ms++;
    p[3].backoff_max_ms++;
    p[4].tries++;
    p[5].backoff = JOB_BACKOFF_EXP;
    p[6].jitter_pct = 1;
    p[7].pri++;
    for (size_t i = 0; i < 8; i++) {
        world_put(&w, "q", ""); /* the queue remembers the plain one */
        ids[i] = world_put_more(&w, "q", "", p[i], 0);
    }
    for (size_t i = 0; i < 8; i++) {
        const struct job_policy *got = &world_view(&w, ids[i])->policy;

        assert_int_equal(got->ttr_ms, p[i].ttr_ms);
        assert_int_equal(got->backoff_base_ms, p[i].backoff_base_ms);
        assert_int_equal(got->backoff_max_ms, p[i].backoff_max_ms);
        assert_int_equal(got->tries, p[i].tries);
        assert_int_equal(got->backoff, p[i].backoff);
        assert_int_equal(got->jitter_pct, p[i].jitter_pct);
        assert_int_equal(got->pri, p[i].pri);
    }
    world_fini(&w);
}

static void the_sums_are_over_all_queues(void **state)
{
    struct world w;
    struct core_sums s;
    struct waiter *waiter;
    size_t cursor = 0, queues = 0;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "a");
    world_put_landed(&w, "b");
    world_put(&w, "b", "xyz");
    world_wait(&w, "c", -1, NULL);
    assert_int_equal(world_join(&w, "a", -1, false, NULL, &waiter), 0);
    core_sums(w.core, &s);
    assert_int_equal(s.queues, 3);
    assert_int_equal(s.jobs, 3);
    assert_int_equal(s.ready, 2);
    assert_int_equal(s.unfinished, 3);
    assert_int_equal(s.getters, 1);
    assert_int_equal(s.joiners, 1);
    assert_int_equal(s.body_bytes, 4 + 4 + 3);
    assert_int_equal(s.totals.put, 2);
    while (core_next_queue(w.core, &cursor) != NULL)
        queues++;
    assert_int_equal(queues, 3);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_put_is_pending_until_its_commit_is_in_the_log),
          cmocka_unit_test(the_record_says_all_about_the_job),
          cmocka_unit_test(the_view_says_all_about_the_job),
          cmocka_unit_test(each_state_has_the_word_of_the_protocol),
          cmocka_unit_test(numbers_count_up_and_begin_anew_in_each_epoch),
          cmocka_unit_test(a_refused_put_never_was),
          cmocka_unit_test(a_put_without_a_home_forgets_nothing),
          cmocka_unit_test(a_refusal_can_end_a_join),
          cmocka_unit_test(a_due_time_delays_until_then),
          cmocka_unit_test(a_due_time_that_passes_before_the_commit_delays_nothing),
          cmocka_unit_test(a_due_time_in_the_past_delays_nothing),
          cmocka_unit_test(a_due_time_beyond_all_clocks_is_never),
          cmocka_unit_test(a_step_of_the_wall_clock_moves_no_delay),
          cmocka_unit_test(a_put_serves_the_getter_that_waits),
          cmocka_unit_test(queues_of_any_policies_share_what_is_equal),
          cmocka_unit_test(policies_that_differ_in_one_field_are_kept_apart),
          cmocka_unit_test(the_sums_are_over_all_queues))
