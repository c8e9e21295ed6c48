/* away_test - bodies that are not in memory: the budget holds, and nobody notices.
 * SPDX-License-Identifier: MIT */
#include "core/away.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "core/state.h"
#include "support/test.h"
#include "world.h"

enum { BODY_BYTES = 100, MEMORY = 1000, IN_MEMORY = MEMORY / BODY_BYTES };

/* ---- help ---- */

/* A body that tells one job from the others. */
static const char *body_of(size_t i)
{
    static char text[BODY_BYTES + 1];

    memset(text, 'a' + (int)(i % 26), BODY_BYTES);
    snprintf(text, 10, "%08zu", i);
    text[8] = ':';
    return text;
}

static void init(struct world *w, size_t memory)
{
    world_init(w);
    world_set_memory(w, memory);
}

static struct job_id put(struct world *w, const char *queue, size_t i)
{
    struct job_id id = world_put(w, queue, body_of(i));

    world_land(w);
    return id;
}

static void put_many(struct world *w, const char *queue, size_t count,
                     struct job_id *ids)
{
    for (size_t i = 0; i < count; i++) {
        struct job_id id = put(w, queue, i);

        if (ids != NULL)
            ids[i] = id;
    }
}

static struct core_sums sums(const struct world *w)
{
    struct core_sums s;

    core_sums(w->core, &s);
    return s;
}

static void expect_body(struct world *w, struct job_id id, size_t i)
{
    const struct job_view *v = world_view(w, id);

    assert_false(v->is_away);
    assert_int_equal(v->body.len, BODY_BYTES);
    assert_memory_equal(v->body.ptr, body_of(i), BODY_BYTES);
}

/* GET BLOCK 0, and whatever has to be read for it.  Returns  0: nothing */
static uint64_t get(struct world *w, const char *queues, struct job_id *out)
{
    struct waiter *waiter;

    assert_int_equal(world_get_more(w, w->holder, queues, 1, 0, w, &waiter), 0);
    while (waiter != NULL && world_count(w, EFFECT_DELIVER) == 0 &&
           world_count(w, EFFECT_TIMEOUT) == 0) {
        assert_true(core_wants_bodies(w->core) || core_next_due(w->core) == 0);
        if (world_fetch_some(w, 8) == 0)
            world_tick(w);
        else if (core_next_due(w->core) == 0)
            world_tick(w);
    }
    if (world_count(w, EFFECT_DELIVER) == 0)
        return 0;
    const struct event *e = world_event(w, EFFECT_DELIVER);
    *out = e->job;
    return e->lease;
}

static void finish(struct world *w, struct job_id id, uint64_t lease)
{
    assert_int_equal(world_done(w, id, lease), 0);
    world_land(w);
}

/* All of them come, in this order. */
static void expect_all(struct world *w, const char *queue, const struct job_id *ids,
                       size_t count)
{
    struct job_id id;

    for (size_t i = 0; i < count; i++) {
        uint64_t lease = get(w, queue, &id);

        assert_int_not_equal(lease, 0);
        assert_int_equal(id.number, ids[i].number);
        assert_false(world_view(w, id)->is_away);
        finish(w, id, lease);
    }
    assert_int_equal(get(w, queue, &id), 0);
}

/* ---- the budget ---- */

static void bodies_beyond_the_budget_leave_memory(void **state)
{
    static struct job_id ids[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", IN_MEMORY, ids);
    assert_int_equal(sums(&w).body_bytes, MEMORY);
    assert_int_equal(sums(&w).away, 0);
    put_many(&w, "q", 40, ids + IN_MEMORY);
    assert_int_equal(sums(&w).body_bytes, MEMORY);
    assert_int_equal(sums(&w).away, 40);
    assert_int_equal(world_queue(&w, "q")->ready, 50);
    expect_body(&w, ids[0], 0);
    const struct job_view *v = world_view(&w, ids[49]);
    assert_true(v->is_away);
    assert_int_equal(v->size, BODY_BYTES);
    assert_int_equal(v->body.len, 0);
    world_fini(&w);
}

static void without_a_budget_they_stay(void **state)
{
    struct world w;

    (void)state;
    init(&w, 0);
    put_many(&w, "q", 50, NULL);
    assert_int_equal(sums(&w).away, 0);
    world_set_memory(&w, MEMORY); /* one that comes later counts for all */
    world_tick(&w);
    assert_in_range(sums(&w).body_bytes, 1, MEMORY);
    world_fini(&w);
}

static void what_is_not_in_the_log_yet_stays(void **state)
{
    struct world w;

    (void)state;
    init(&w, MEMORY);
    for (size_t i = 0; i < 50; i++)
        world_put(&w, "q", body_of(i));
    world_tick(&w);
    assert_int_equal(sums(&w).away, 0);
    world_land(&w);
    assert_in_range(sums(&w).body_bytes, 1, MEMORY);
    world_fini(&w);
}

static void an_empty_body_is_always_here(void **state)
{
    struct world w;

    (void)state;
    init(&w, 10);
    put(&w, "q", 1);
    struct job_id id = world_put(&w, "q", "");
    world_land(&w);
    assert_false(world_view(&w, id)->is_away);
    world_fini(&w);
}

static void the_walk_takes_what_came_back_from_workers(void **state)
{
    static struct job_id ids[40];
    static uint64_t leases[40];
    struct world w;

    (void)state;
    init(&w, 0);
    put_many(&w, "q", 40, NULL);
    for (size_t i = 0; i < 40; i++)
        leases[i] = world_get(&w, "q", &ids[i]);
    world_set_memory(&w, MEMORY);
    world_tick(&w);
    assert_int_equal(sums(&w).away, 0); /* what is leased has its body */
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(world_fail(&w, ids[i], leases[i], "", 5000, false, NULL), 0);
    for (size_t i = 20; i < 40; i++)
        assert_int_equal(world_fail(&w, ids[i], leases[i], "e", -1, true, NULL), 0);
    world_land(&w);
    world_tick(&w);
    assert_in_range(sums(&w).body_bytes, 1, MEMORY);
    assert_int_equal(world_queue(&w, "q")->delayed, 20);
    assert_int_equal(world_queue(&w, "q")->dead, 20);
    world_fini(&w);
}

/* ---- order ---- */

static void they_come_out_in_order(void **state)
{
    static struct job_id ids[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 50, ids);
    expect_all(&w, "q", ids, 50);
    world_fini(&w);
}

static void byte_for_byte(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 50, NULL);
    for (size_t i = 0; i < 50; i++) {
        uint64_t lease = get(&w, "q", &id);

        expect_body(&w, id, i);
        finish(&w, id, lease);
        assert_in_range(sums(&w).body_bytes, 0, MEMORY);
    }
    world_fini(&w);
}

static void the_last_comes_first_in_a_lifo_queue(void **state)
{
    static struct job_id ids[50], turned[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    world_set(&w, (struct record_settings){.order = RECORD_LIFO});
    put_many(&w, "q", 50, ids);
    for (size_t i = 0; i < 50; i++)
        turned[i] = ids[49 - i];
    assert_int_equal(sums(&w).away, 40);
    expect_all(&w, "q", turned, 50);
    world_fini(&w);
}

static void priorities_count(void **state)
{
    struct job_policy policy = world_policy();
    static struct job_id ids[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    for (size_t i = 0; i < 50; i++) {
        size_t place = (i * 7) % 50;

        policy.pri = (uint8_t)place;
        ids[place] = world_put_more(&w, "q", body_of(i), policy, 0);
        world_land(&w);
    }
    expect_all(&w, "q", ids, 50);
    world_fini(&w);
}

static void a_delayed_job_may_be_away_when_it_is_due(void **state)
{
    struct job_id later, id;
    struct world w;
    int cookie;

    (void)state;
    init(&w, BODY_BYTES);
    put(&w, "other", 0);
    later = world_put_more(&w, "q", body_of(1), world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    assert_true(world_view(&w, later)->is_away);
    world_wait(&w, "q", -1, &cookie);
    world_sleep(&w, 500);
    world_tick(&w);
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 0);
    assert_int_equal(world_fetch(&w), 1);
    id = world_event(&w, EFFECT_DELIVER)->job;
    assert_int_equal(id.number, later.number);
    expect_body(&w, id, 1);
    world_fini(&w);
}

/* ---- GET ---- */

/* A queue with one job, which is away. */
static struct job_id away_job(struct world *w, const char *queue)
{
    init(w, BODY_BYTES);
    put(w, "full", 0);
    struct job_id id = put(w, queue, 1);
    assert_true(world_view(w, id)->is_away);
    return id;
}

static void a_get_waits_until_the_body_is_back(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    struct job_id id = away_job(&w, "q");
    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(world_fetch(&w), 1);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    expect_body(&w, id, 1);
    world_fini(&w);
}

static void a_get_that_would_not_wait_does(void **state)
{
    struct waiter *waiter;
    struct world w;
    int cookie;

    (void)state;
    struct job_id id = away_job(&w, "q");
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &cookie, &waiter), 0);
    assert_non_null(waiter);
    assert_int_equal(w.event_count, 0);
    world_sleep(&w, 1000000);
    world_tick(&w);
    assert_int_equal(w.event_count, 0); /* however long it takes */
    assert_int_equal(world_fetch(&w), 1);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    expect_body(&w, id, 1);
    world_fini(&w);
}

static void it_hears_that_nothing_is_left(void **state)
{
    struct waiter *waiter;
    struct world w;
    int first, second;

    (void)state;
    struct job_id id = away_job(&w, "q");
    assert_int_equal(world_get_more(&w, w.holder, "q,r", 1, 0, &first, &waiter), 0);
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &second, &waiter), 0);
    assert_non_null(waiter);
    assert_int_equal(world_cancel_job(&w, id), 1);
    world_tick(&w);
    assert_int_equal(world_count(&w, EFFECT_TIMEOUT), 2);
    world_fini(&w);
}

static void as_many_as_there_are_jobs_are_served(void **state)
{
    struct waiter *waiter;
    struct world w;
    int first, second;

    (void)state;
    away_job(&w, "q");
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &first, &waiter), 0);
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &second, &waiter), 0);
    world_fetch(&w);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &first);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &second);
    world_fini(&w);
}

static void a_pause_sends_it_away(void **state)
{
    struct waiter *waiter;
    struct world w;
    int cookie;

    (void)state;
    away_job(&w, "q");
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &cookie, &waiter), 0);
    world_set(&w, (struct record_settings){.paused = RECORD_PAUSED_OUT});
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    world_fini(&w);
}

static void a_hold_does_not_send_it_away(void **state)
{
    struct waiter *waiter;
    struct world w;
    int cookie;

    (void)state;
    struct job_id id = away_job(&w, "q");
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &cookie, &waiter), 0);
    core_hold(w.core, true);
    world_tick(&w);
    assert_int_equal(w.event_count, 0);
    world_fetch(&w); /* nor is it served when the body comes */
    assert_int_equal(w.event_count, 0);
    core_hold(w.core, false);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    expect_body(&w, id, 1);
    world_fini(&w);
}

static void a_block_that_runs_out_is_over(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    away_job(&w, "q");
    world_wait(&w, "q", 100, &cookie);
    world_sleep(&w, 100);
    world_tick(&w);
    assert_ptr_equal(world_event(&w, EFFECT_TIMEOUT)->cookie, &cookie);
    world_fini(&w);
}

static void other_queues_go_on(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    away_job(&w, "q");
    assert_int_not_equal(world_get(&w, "q,full", &id), 0); /* the second has its body */
    assert_string_equal((const char *)world_view(&w, id)->queue.ptr, "full");
    world_fini(&w);
}

static void a_new_job_overtakes_only_by_priority(void **state)
{
    struct job_policy urgent = world_policy();
    struct world w;
    int cookie;

    (void)state;
    struct job_id old = away_job(&w, "q");
    world_wait(&w, "q", -1, &cookie);
    put(&w, "q", 2);
    world_fetch(&w);
    assert_int_equal(world_event(&w, EFFECT_DELIVER)->job.number, old.number);

    urgent.pri = 1;
    struct job_id first = world_put_more(&w, "q", body_of(3), urgent, 0);
    world_land(&w);
    world_wait(&w, "q", -1, &cookie);
    world_fetch(&w);
    assert_int_equal(world_event(&w, EFFECT_DELIVER)->job.number, first.number);
    world_fini(&w);
}

static void a_getter_that_goes_leaves_no_trace(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    struct job_id id = away_job(&w, "q");
    world_cancel(&w, world_wait(&w, "q", -1, &cookie));
    assert_int_equal(world_fetch(&w), 1);
    assert_int_equal(w.event_count, 0);
    assert_int_equal(world_view(&w, id)->state, JOB_READY);
    world_fini(&w);
}

/* ---- reading ahead ---- */

static void a_thousand_are_read_ahead(void **state)
{
    static struct core_want wants[2000];
    struct world w;
    int cookie;

    (void)state;
    init(&w, 1);
    for (size_t i = 0; i < 1500; i++)
        put(&w, "q", i);
    world_set_memory(&w, 100 << 20);
    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(core_wanted(w.core, wants, 2000), 1000);
    assert_false(core_wants_bodies(w.core));
    world_fini(&w);
}

static void no_more_than_an_eighth_of_the_budget(void **state)
{
    static struct core_want wants[2000];
    struct world w;
    int cookie;

    (void)state;
    init(&w, 1);
    for (size_t i = 0; i < 200; i++)
        put(&w, "q", i);
    world_set_memory(&w, 8 * 50 * BODY_BYTES);
    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(core_wanted(w.core, wants, 2000), 50);
    world_fini(&w);
}

static void what_is_wanted_is_asked_for_once(void **state)
{
    struct core_want want;
    struct world w;
    int cookies[2];

    (void)state;
    away_job(&w, "q");
    world_wait(&w, "q", -1, &cookies[0]);
    assert_int_equal(core_wanted(w.core, &want, 1), 1);
    world_wait(&w, "q", -1, &cookies[1]);
    assert_false(core_wants_bodies(w.core));
    world_fini(&w);
}

static void what_nobody_could_read_is_asked_for_again(void **state)
{
    struct core_want want;
    struct world w;
    int cookie;

    (void)state;
    away_job(&w, "q");
    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(core_wanted(w.core, &want, 1), 1);
    core_unfetched(w.core, &want);
    world_tick(&w);
    assert_int_equal(world_fetch(&w), 1);
    assert_ptr_equal(world_event(&w, EFFECT_DELIVER)->cookie, &cookie);
    world_fini(&w);
}

/* ---- what else happens to them ---- */

static void they_can_be_cancelled_and_purged(void **state)
{
    static struct job_id ids[30];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 30, ids);
    assert_int_equal(world_cancel_job(&w, ids[25]), 1);
    assert_int_equal(world_purge(&w, "q", JOB_READY, 100), 29);
    world_land(&w);
    assert_int_equal(sums(&w).jobs, 0);
    assert_int_equal(sums(&w).away, 0);
    assert_int_equal(sums(&w).body_bytes, 0);
    world_fini(&w);
}

static void a_dead_one_can_be_kicked(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    init(&w, BODY_BYTES);
    put(&w, "q", 7);
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(world_fail(&w, id, lease, "e", -1, true, NULL), 0);
    put(&w, "full", 0);
    world_land(&w);
    world_tick(&w);
    world_set_memory(&w, 1);
    world_tick(&w);
    assert_true(world_view(&w, id)->is_away);
    assert_int_equal(world_kick(&w, id), 1);
    assert_int_not_equal(get(&w, "q", &id), 0);
    expect_body(&w, id, 7);
    world_fini(&w);
}

static void attributes_stay(void **state)
{
    struct rq_slice attrs = rq_slice("\1\0\3abc", 6);
    struct job_id id;
    struct world w;

    (void)state;
    init(&w, 10);
    put(&w, "q", 1);
    assert_int_equal(world_put_attrs(&w, "q", body_of(2), attrs, 0, 0, &id), 0);
    world_land(&w);
    const struct job_view *v = world_view(&w, id);
    assert_true(v->is_away);
    assert_true(rq_slice_eq(v->attrs, attrs));
    world_fini(&w);
}

static void one_that_is_replaced_is_here_again(void **state)
{
    struct core_want want;
    struct world w;
    int cookie;

    (void)state;
    struct job_id id = away_job(&w, "q");
    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(core_wanted(w.core, &want, 1), 1);
    assert_int_equal(
        core_replace(w.core, id, rq_slice_str(body_of(9)), RQ_LIT(""), &w.fx), 1);
    world_carry(&w);
    assert_int_equal(core_body(w.core, &want, rq_slice_str(body_of(1)), true, &w.fx),
                     0);
    world_carry(&w);
    expect_body(&w, id, 9); /* what was read is the old one */
    world_fini(&w);
}

/* ---- lost ---- */

static void a_body_that_the_log_has_lost_buries_its_job(void **state)
{
    struct world w;
    int cookie;

    (void)state;
    struct job_id id = away_job(&w, "q");
    world_flush(&w);
    world_wait(&w, "q", 100, &cookie);
    assert_int_equal(world_fetch_some(&w, 1), 1);
    const struct event *e = world_record(&w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_DEAD);
    assert_string_equal(e->error, "lost");
    assert_int_equal(world_count(&w, EFFECT_FORGET), 1);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    assert_int_equal(sums(&w).lost, 1);
    world_fini(&w);
}

static void the_next_one_is_served_then(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    away_job(&w, "q");
    world_flush(&w);
    put(&w, "q", 2);
    assert_int_not_equal(get(&w, "q", &id), 0);
    expect_body(&w, id, 2);
    world_fini(&w);
}

static void a_lost_one_cannot_be_kicked(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    struct job_id lost = away_job(&w, "q");
    world_flush(&w);
    assert_int_equal(get(&w, "q", &id), 0);
    world_land(&w);
    assert_true(world_view(&w, lost)->is_lost);
    assert_int_equal(world_kick(&w, lost), 0);
    assert_int_equal(world_kick_some(&w, "q", 10), 0);
    assert_int_equal(world_view(&w, lost)->state, JOB_DEAD);
    assert_int_equal(world_purge(&w, "q", JOB_DEAD, 10), 1);
    world_land(&w);
    assert_false(world_has(&w, lost));
    world_fini(&w);
}

static void a_body_of_another_length_is_refused(void **state)
{
    struct core_want want;
    struct world w;
    int cookie;

    (void)state;
    struct job_id id = away_job(&w, "q");
    world_wait(&w, "q", -1, &cookie);
    assert_int_equal(core_wanted(w.core, &want, 1), 1);
    assert_int_equal(core_body(w.core, &want, RQ_LIT("short"), true, &w.fx),
                     RQ_E_MALFORMED);
    assert_true(world_view(&w, id)->is_away);
    world_fini(&w);
}

/* ---- the log ---- */

static void a_mover_has_them_read_and_writes_them(void **state)
{
    static struct job_id ids[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 50, ids);
    uint64_t before = w.log_count + 1;
    world_move(&w, before);
    world_totals_before(&w, before);
    world_totals(&w);
    world_totals(&w);
    assert_true(world_low(&w) >= before);
    assert_in_range(sums(&w).body_bytes, 1, MEMORY);
    for (size_t i = 0; i < 50; i++)
        assert_true(world_view(&w, ids[i])->home >= before);
    expect_all(&w, "q", ids, 50);
    world_fini(&w);
}

static void a_mover_is_not_held_up_by_what_is_lost(void **state)
{
    static struct job_id ids[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 50, ids);
    world_flush(&w);
    world_move(&w, w.log_count + 1);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->dead, 40);
    assert_int_equal(sums(&w).lost, 40);
    world_restart(&w);
    expect_all(&w, "q", ids, IN_MEMORY); /* those that were in memory live on */
    world_fini(&w);
}

static void a_restart_keeps_the_budget(void **state)
{
    static struct job_id ids[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 50, ids);
    world_restart(&w);
    assert_int_equal(sums(&w).body_bytes, MEMORY);
    assert_int_equal(sums(&w).away, 40);
    expect_all(&w, "q", ids, 50);
    world_fini(&w);
}

static void what_was_moved_comes_back_after_a_restart(void **state)
{
    static struct job_id ids[50];
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 50, ids);
    world_move(&w, w.log_count + 1);
    world_land(&w);
    world_restart(&w);
    assert_in_range(sums(&w).body_bytes, 1, MEMORY);
    expect_all(&w, "q", ids, 50);
    world_fini(&w);
}

/* Level `memory`: the client has his answer, and the commit may still be refused. */
static void what_redis_may_yet_refuse_stays(void **state)
{
    struct world w;

    (void)state;
    init(&w, MEMORY);
    put_many(&w, "q", 2 * IN_MEMORY, NULL);
    struct job_id id = world_put(&w, "q", body_of(7));
    world_take(&w);
    put_many(&w, "q", IN_MEMORY, NULL);
    expect_body(&w, id, 7);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(bodies_beyond_the_budget_leave_memory),
          cmocka_unit_test(without_a_budget_they_stay),
          cmocka_unit_test(what_is_not_in_the_log_yet_stays),
          cmocka_unit_test(an_empty_body_is_always_here),
          cmocka_unit_test(the_walk_takes_what_came_back_from_workers),
          cmocka_unit_test(they_come_out_in_order), cmocka_unit_test(byte_for_byte),
          cmocka_unit_test(the_last_comes_first_in_a_lifo_queue),
          cmocka_unit_test(priorities_count),
          cmocka_unit_test(a_delayed_job_may_be_away_when_it_is_due),
          cmocka_unit_test(a_get_waits_until_the_body_is_back),
          cmocka_unit_test(a_get_that_would_not_wait_does),
          cmocka_unit_test(it_hears_that_nothing_is_left),
          cmocka_unit_test(as_many_as_there_are_jobs_are_served),
          cmocka_unit_test(a_pause_sends_it_away),
          cmocka_unit_test(a_hold_does_not_send_it_away),
          cmocka_unit_test(a_block_that_runs_out_is_over),
          cmocka_unit_test(other_queues_go_on),
          cmocka_unit_test(a_new_job_overtakes_only_by_priority),
          cmocka_unit_test(a_getter_that_goes_leaves_no_trace),
          cmocka_unit_test(a_thousand_are_read_ahead),
          cmocka_unit_test(no_more_than_an_eighth_of_the_budget),
          cmocka_unit_test(what_is_wanted_is_asked_for_once),
          cmocka_unit_test(what_nobody_could_read_is_asked_for_again),
          cmocka_unit_test(they_can_be_cancelled_and_purged),
          cmocka_unit_test(a_dead_one_can_be_kicked), cmocka_unit_test(attributes_stay),
          cmocka_unit_test(one_that_is_replaced_is_here_again),
          cmocka_unit_test(a_body_that_the_log_has_lost_buries_its_job),
          cmocka_unit_test(the_next_one_is_served_then),
          cmocka_unit_test(a_lost_one_cannot_be_kicked),
          cmocka_unit_test(a_body_of_another_length_is_refused),
          cmocka_unit_test(a_mover_has_them_read_and_writes_them),
          cmocka_unit_test(a_mover_is_not_held_up_by_what_is_lost),
          cmocka_unit_test(a_restart_keeps_the_budget),
          cmocka_unit_test(what_was_moved_comes_back_after_a_restart),
          cmocka_unit_test(what_redis_may_yet_refuse_stays))
