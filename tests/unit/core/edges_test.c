/* edges_test - paths that a whole life seldom takes: memory that ends in the middle of
 * a call for many jobs, and a job behind a gate that is past saving when the gate
 * opens. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "core/attrs.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/state.h"
#include "support/alloc.h"
#include "support/test.h"

enum { QUEUES = 64, JOBS = 20, PLENTY = 400 };

static struct scene {
    struct core *core;
    struct core_now now;
    struct effects fx;
    struct holder *holder;
    struct job *job;
    struct waiter *waiter;
} s;

static int begin(void **state)
{
    (void)state;
    alloc_fail_after(-1);
    s = (struct scene){.now = {1000000000, 1000000}};
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    alloc_fail_after(-1);
    core_check(s.core);
    core_free(s.core);
    effects_fini(&s.fx);
    return 0;
}

/* ---- steps ---- */

static const struct job_policy policy = {.ttr_ms = 1000, .tries = 9};

/* A confirmed job.  Returns  its id */
static struct job_id put(const char *queue, struct job_policy p)
{
    const struct core_put what = {
        .queue = rq_slice_str(queue), .body = RQ_LIT("body"), .policy = p};
    struct job_view v;

    assert_int_equal(
        core_put(s.core, &what, s.now, &s.fx, &s.job, &(struct job_id){0, 0}), 0);
    job_view(s.job, &v);
    assert_int_equal(core_confirmed(s.core, s.job, s.now, &s.fx), 0);
    effects_fini(&s.fx);
    return v.id;
}

static int get(const struct core_get *what)
{
    return core_get(s.core, what, s.holder, NULL, s.now, &s.fx, &s.waiter);
}

/* How many were delivered since the last time. */
static size_t take_deliveries(void)
{
    size_t n = 0;

    for (size_t i = 0; i < s.fx.count; i++)
        n += s.fx.items[i].kind == EFFECT_DELIVER;
    effects_fini(&s.fx);
    return n;
}

static void set_paused(const char *queue, uint8_t paused)
{
    const struct record_settings settings = {.paused = paused};

    assert_int_equal(core_queue_set(s.core, rq_slice_str(queue), &settings, &s.fx), 0);
    effects_fini(&s.fx);
}

/* A ready job behind a closed gate, and a getter who waits for it. */
static struct job_id put_behind_gate(struct job_policy p)
{
    const struct rq_slice q = RQ_LIT("q");
    const struct core_get what = {
        .queues = &q, .queue_count = 1, .count = 1, .bytes_max = 100, .block_ms = -1};

    set_paused("q", RECORD_PAUSED_OUT);
    struct job_id id = put("q", p);
    assert_int_equal(get(&what), 0);
    assert_non_null(s.waiter);
    effects_fini(&s.fx);
    return id;
}

/* ---- memory that ends in the middle ---- */

/* With little memory the GET takes fewer, with none nothing; never is one lost. */
static void take_all(const struct core_get *what, size_t jobs)
{
    size_t left = jobs, refused = 0;

    for (long n = 0; left > 0; n++) {
        assert_true(n < PLENTY);
        alloc_fail_after(n / 2);
        int rc = get(what);
        alloc_fail_after(-1);
        size_t taken = take_deliveries();
        assert_int_equal(rc, taken > 0 ? 0 : -ENOMEM);
        refused += taken == 0;
        left -= taken;
        assert_int_equal(core_holder_leases(s.holder), jobs - left);
        core_check(s.core);
    }
    assert_true(refused > 0);
}

static void a_get_of_two_queues_takes_what_there_is_memory_for(void **state)
{
    const struct rq_slice names[] = {RQ_LIT("a"), RQ_LIT("b")};
    const struct core_get what = {
        .queues = names, .queue_count = 2, .count = JOBS, .bytes_max = SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < JOBS; i++)
        put(i % 2 == 0 ? "a" : "b", policy);
    take_all(&what, JOBS);
}

static void a_get_by_turns_takes_what_there_is_memory_for(void **state)
{
    static const uint16_t weights[] = {3, 1};
    const struct rq_slice names[] = {RQ_LIT("a"), RQ_LIT("b")};
    const struct core_get what = {.queues = names,
                                  .queue_count = 2,
                                  .weights = weights,
                                  .count = JOBS,
                                  .bytes_max = SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < JOBS; i++)
        put(i % 2 == 0 ? "a" : "b", policy);
    take_all(&what, JOBS);
}

static void a_kick_of_many_kicks_what_there_is_memory_for(void **state)
{
    const struct rq_slice q = RQ_LIT("q");
    const struct core_get what = {
        .queues = &q, .queue_count = 1, .count = 1, .bytes_max = 100};
    struct core_failed failed;
    long left = JOBS, refused = 0;

    (void)state;
    for (size_t i = 0; i < JOBS; i++) {
        struct job_id id = put("q", policy);

        assert_int_equal(get(&what), 0);
        uint64_t lease = job_extra(s.job)->lease;
        assert_int_equal(
            core_fail(s.core, id, lease, RQ_LIT("no"), -1, true, s.now, &s.fx, &failed),
            0);
        assert_int_equal(core_confirmed(s.core, s.job, s.now, &s.fx), 0);
        effects_fini(&s.fx);
    }
    for (long n = 0; left > 0; n++) {
        assert_true(n < PLENTY);
        alloc_fail_after(n / 2);
        long kicked = core_kick_some(s.core, q, PLENTY, s.now, &s.fx);
        alloc_fail_after(-1);
        effects_fini(&s.fx);
        assert_true(kicked > 0 || kicked == -ENOMEM);
        refused += kicked < 0;
        left -= kicked > 0 ? kicked : 0;
        core_check(s.core);
    }
    assert_true(refused > 0);
}

/* ---- a gate that opens ---- */

static void a_hand_over_at_a_gate_waits_for_memory(void **state)
{
    int rc = -ENOMEM;

    (void)state;
    put_behind_gate(policy);
    for (long n = 0; rc == -ENOMEM; n++) {
        assert_true(n < PLENTY);
        alloc_fail_after(n);
        rc = hand_ready(s.core, s.job, s.now, &s.fx);
        alloc_fail_after(-1);
        core_check(s.core);
    }
    assert_int_equal(rc, 1);
    assert_int_equal(take_deliveries(), 1);
}

static void a_job_that_has_expired_at_a_gate_ends(void **state)
{
    struct job_policy short_lived = policy;

    (void)state;
    short_lived.ttl_ms = 1000;
    put_behind_gate(short_lived);
    s.now.mono_ns += 2000000000;
    s.now.wall_ms += 2000;
    assert_int_equal(hand_ready(s.core, s.job, s.now, &s.fx), 1);
    assert_int_equal(s.fx.items[0].u.log.record.end, RECORD_END_EXPIRED);
    assert_int_equal(take_deliveries(), 0);
}

static void a_job_without_numbers_for_leases_is_buried_at_a_gate(void **state)
{
    (void)state;
    put_behind_gate(policy);
    assert_int_equal(job_need_extra(s.core, s.job), 0);
    job_extra(s.job)->deliveries = UINT32_MAX;
    job_extra(s.job)->deliveries_epoch = s.core->epoch;
    assert_int_equal(hand_ready(s.core, s.job, s.now, &s.fx), 1);
    assert_int_equal(s.fx.items[0].u.log.record.state, RECORD_DEAD);
    assert_int_equal(take_deliveries(), 0);
}

/* ---- the rest ---- */

static void a_get_by_turns_may_name_64_queues(void **state)
{
    static uint16_t weights[QUEUES];
    static char text[QUEUES][8];
    static struct rq_slice names[QUEUES];
    const struct core_get what = {.queues = names,
                                  .queue_count = QUEUES,
                                  .weights = weights,
                                  .count = QUEUES,
                                  .bytes_max = SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < QUEUES; i++) {
        weights[i] = 1;
        snprintf(text[i], sizeof text[i], "q%zu", i);
        names[i] = rq_slice_str(text[i]);
        put(text[i], policy);
    }
    assert_int_equal(get(&what), 0);
    assert_int_equal(take_deliveries(), QUEUES);
}

static void a_key_is_of_a_queue_that_there_is(void **state)
{
    static const uint8_t key[] = {ATTR_UNIQUE, 0, 1, 0, 0, 0, 'k'};
    struct core_put what = {
        .queue = RQ_LIT("q"), .body = RQ_LIT("b"), .policy = policy};

    (void)state;
    what.attrs = rq_slice(key, sizeof key);
    assert_false(core_has_key(s.core, &what, s.now));
    put("q", policy);
    assert_false(core_has_key(s.core, &what, s.now));
    assert_int_equal(
        core_put(s.core, &what, s.now, &s.fx, &s.job, &(struct job_id){0, 0}), 0);
    assert_true(core_has_key(s.core, &what, s.now));
    assert_int_equal(core_confirmed(s.core, s.job, s.now, &s.fx), 0);
    effects_fini(&s.fx);
}

/* DONE of an end that is kept, but was no DONE. */
static void a_job_that_was_cancelled_is_not_done_again(void **state)
{
    struct job_policy kept = policy;

    (void)state;
    kept.keep_ms = 60000;
    struct job_id id = put("q", kept);
    assert_int_equal(core_cancel(s.core, id, s.now, &s.fx), 1);
    assert_int_equal(core_confirmed(s.core, s.job, s.now, &s.fx), 0);
    assert_int_equal(core_done(s.core, id, 1, RQ_LIT(""), false, s.now, &s.fx),
                     RQ_E_NOJOB);
    effects_fini(&s.fx);
}

/* A kept end whose record names no lease is nobody's. */
static void no_lease_is_not_the_lease_that_ended_a_job(void **state)
{
    const struct record done = {.type = RECORD_DONE,
                                .job = {1, 5},
                                .end = RECORD_END_DONE,
                                .queue = RQ_LIT("q"),
                                .kept_wall_ms = 2000000};

    (void)state;
    end(NULL);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    assert_int_equal(core_replay(s.core, &done, 1, s.now, &s.fx), 0);
    core_set_epoch(s.core, 2);
    assert_int_equal(core_replay_end(s.core, s.now, &s.fx), 0);
    assert_int_equal(core_done(s.core, done.job, 0, RQ_LIT(""), false, s.now, &s.fx),
                     RQ_E_NOJOB);
    effects_fini(&s.fx);
}

#define EDGE(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN(EDGE(a_get_of_two_queues_takes_what_there_is_memory_for),
          EDGE(a_get_by_turns_takes_what_there_is_memory_for),
          EDGE(a_kick_of_many_kicks_what_there_is_memory_for),
          EDGE(a_hand_over_at_a_gate_waits_for_memory),
          EDGE(a_job_that_has_expired_at_a_gate_ends),
          EDGE(a_job_without_numbers_for_leases_is_buried_at_a_gate),
          EDGE(a_get_by_turns_may_name_64_queues),
          EDGE(a_key_is_of_a_queue_that_there_is),
          EDGE(a_job_that_was_cancelled_is_not_done_again),
          EDGE(no_lease_is_not_the_lease_that_ended_a_job))
