/* nomem_test - no memory: whatever allocation fails, in whatever call, the call fails
 * with -ENOMEM and has changed nothing, and succeeds when there is memory again.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/attrs.h"
#include "core/away.h"
#include "core/batch.h"
#include "core/cron.h"
#include "core/group.h"
#include "core/move.h"
#include "core/state.h"
#include "support/alloc.h"
#include "support/test.h"

enum { ROUNDS = 40 };

struct scene {
    struct core *core;
    struct core_now now;
    struct effects fx;
    struct holder *holder, *loser;
    struct job *job; /* what the steps are about */
    struct job_id id;
    uint64_t lease, home;
    struct waiter *waiter;
    struct job_id batch;
    struct core_want want;
    int round;
    char queue[16];
    struct job_policy policy;
    size_t refusals; /* allocations that failed and were survived */
};

/* ---- everything that a failed call must not change ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 31;
}

static uint64_t digest_job(const struct job *job)
{
    struct job_view v;
    uint64_t h = 1;

    job_view(job, &v);
    h = mix(h, v.id.epoch);
    h = mix(h, v.id.number);
    h = mix(h, v.state);
    h = mix(h, v.attempts);
    h = mix(h, v.lease);
    h = mix(h, v.home);
    h = mix(h, (uint64_t)v.due_wall_ms);
    h = mix(h, (uint64_t)v.deadline_wall_ms);
    for (size_t i = 0; i < v.error.len; i++)
        h = mix(h, v.error.ptr[i]);
    return h;
}

static uint64_t digest_groups(const struct queue *q)
{
    uint64_t h = q->groups == NULL ? 0 : q->groups->by_key.count;
    const struct group *g;
    size_t cursor = 0;

    while ((g = groups_each(q, &cursor)) != NULL)
        h += mix(mix(mix(3, g->refs), g->leased), line_has(&g->by_turn));
    return h;
}

static uint64_t digest(const struct scene *s)
{
    uint64_t jobs = 0, queues = 0, h;
    struct core_sums sums;
    size_t cursor = 0;
    const struct queue *q;

    for (const struct job *job = index_next(&s->core->index, NULL); job != NULL;
         job = index_next(&s->core->index, job))
        jobs += digest_job(job);
    while ((q = core_next_queue(s->core, &cursor)) != NULL) {
        h = 2;
        for (size_t i = 0; i < JOB_STATES; i++)
            h = mix(h, q->count[i]);
        h = mix(h, q->getter_count);
        h = mix(h, q->totals.delivered);
        h = mix(h, q->totals.put);
        h = mix(h, q->totals_home);
        queues += h + digest_groups(q);
    }
    core_sums(s->core, &sums);
    h = mix(jobs, queues);
    h = mix(h, sums.getters);
    h = mix(h, sums.joiners);
    h = mix(h, core_batch_count(s->core));
    h = mix(h, s->core->batch_timers.count);
    h = mix(h, sums.totals.failed);
    h = mix(h, s->core->number);
    h = mix(h, s->core->rand.s[0]);
    h = mix(h, core_holder_leases(s->holder));
    h = mix(h, s->loser == NULL ? 0 : core_holder_leases(s->loser));
    return mix(h, s->fx.count);
}

/* ---- steps ---- */

static struct core_put put_of(const struct scene *s, int64_t due_wall_ms)
{
    return (struct core_put){.queue = rq_slice_str(s->queue),
                             .body = RQ_LIT("body"),
                             .policy = s->policy,
                             .due_wall_ms = due_wall_ms};
}

static int do_put(struct scene *s)
{
    const struct core_put put = put_of(s, 0);

    return core_put(s->core, &put, s->now, &s->fx, &s->job, &(struct job_id){0});
}

static int do_put_delayed(struct scene *s)
{
    const struct core_put put = put_of(s, s->now.wall_ms + 1000);

    return core_put(s->core, &put, s->now, &s->fx, &s->job, &(struct job_id){0});
}

static int do_confirm(struct scene *s)
{
    return core_confirmed(s->core, s->job, s->now, &s->fx);
}

/* The job is gone, or dead, when these succeed. */
static int do_refuse(struct scene *s)
{
    int rc = core_refused(s->core, s->job, s->now, &s->fx);

    if (rc == 0)
        s->job = NULL;
    return rc;
}

static int do_confirm_end(struct scene *s)
{
    int rc = do_confirm(s);

    if (rc == 0)
        s->job = NULL;
    return rc;
}

static int get(struct scene *s, const char *queue, int64_t block_ms,
               struct holder *holder)
{
    const struct rq_slice names[] = {rq_slice_str("nothing"), rq_slice_str(queue)};
    const struct core_get get = {.queues = names,
                                 .queue_count = 2,
                                 .count = 1,
                                 .bytes_max = 100,
                                 .block_ms = block_ms};

    int rc = core_get(s->core, &get, holder, NULL, s->now, &s->fx, &s->waiter);
    for (size_t i = 0; i < s->fx.count; i++) {
        if (s->fx.items[i].kind != EFFECT_DELIVER)
            continue;
        s->job = s->fx.items[i].u.deliver.job;
        s->lease = s->fx.items[i].u.deliver.lease;
    }
    return rc;
}

static int do_get(struct scene *s)
{
    return get(s, s->queue, -1, s->holder);
}

static int do_get_to_lose(struct scene *s)
{
    return get(s, s->queue, -1, s->loser);
}

static int do_get_nothing(struct scene *s)
{
    return get(s, "nothing", 0, s->holder);
}

static int do_wait(struct scene *s)
{
    return get(s, "nothing", 5, s->holder);
}

static int do_join(struct scene *s)
{
    const struct rq_slice names[] = {rq_slice_str("nothing"), rq_slice_str(s->queue)};
    const struct core_join join = {.queues = names, .queue_count = 2, .block_ms = 5};

    return core_join(s->core, &join, s->holder, NULL, s->now, &s->fx, &s->waiter);
}

static int do_done(struct scene *s)
{
    return core_done(s->core, s->id, s->lease, RQ_LIT("r"), true, s->now, &s->fx);
}

static int do_fail(struct scene *s)
{
    struct core_failed out;

    return core_fail(s->core, s->id, s->lease, RQ_LIT("an error text"), -1, false,
                     s->now, &s->fx, &out);
}

static int do_fail_dead(struct scene *s)
{
    struct core_failed out;

    return core_fail(s->core, s->id, s->lease, RQ_LIT("dead"), -1, true, s->now, &s->fx,
                     &out);
}

static int do_release(struct scene *s)
{
    return core_release(s->core, s->id, s->lease, 0, s->now, &s->fx);
}

static int do_undeliver(struct scene *s)
{
    return core_undeliver(s->core, s->id, s->lease, s->now, &s->fx);
}

static int do_tick(struct scene *s)
{
    return core_tick(s->core, s->now, 1, &s->fx);
}

static int do_lose(struct scene *s)
{
    int rc = core_holder_lost(s->core, s->loser, s->now, &s->fx);

    if (rc == 0)
        s->loser = NULL;
    return rc;
}

static int do_new_holder(struct scene *s)
{
    s->loser = core_holder_new(s->core);
    return s->loser == NULL ? -ENOMEM : 0;
}

/* Under a name of its own, which comes and goes. */
static int do_keep(struct scene *s)
{
    char name[16];

    snprintf(name, sizeof name, "w%d", s->round);
    return core_holder_keep(s->core, s->loser, rq_slice_str(name));
}

static int do_touch_longer(struct scene *s)
{
    struct core_touched touched;

    return core_touch(s->core, s->id, s->lease, 5000 + (uint32_t)s->round, s->now,
                      &s->fx, &touched);
}

static int do_progress(struct scene *s)
{
    return core_progress(s->core, s->id, s->lease, (uint8_t)s->round, RQ_LIT("a note"));
}

static void ignore_touch(void *arg, const struct job *job,
                         const struct core_touched *touched)
{
    (void)arg;
    (void)job;
    (void)touched;
}

static int do_touch_all(struct scene *s)
{
    long n =
        core_touch_all(s->core, s->loser, 9000, s->now, &s->fx, ignore_touch, NULL);

    return n < 0 ? (int)n : 0;
}

static int do_totals(struct scene *s)
{
    return core_totals(s->core, 0, &s->fx);
}

static int do_move(struct scene *s)
{
    struct core_mover mover;

    core_move_begin(&mover, s->home + 1);
    int rc = core_move_some(s->core, &mover, 100000, 1 << 20, &s->fx);
    return rc < 0 ? rc : 0; /* a part of it is good */
}

/* Lets more and more allocations succeed until the step does.  Each number is tried
 * three times: what a failed call has reserved it keeps, so that the next one gets
 * further. */
static void run(struct scene *s, int (*step)(struct scene *s))
{
    int rc = -ENOMEM;

    for (long n = 0; rc == -ENOMEM; n++) {
        uint64_t before = digest(s);

        assert_true(n < 150);
        alloc_fail_after(n / 3);
        rc = step(s);
        bool refused = alloc_has_failed();
        alloc_fail_after(-1);
        if (rc == -ENOMEM) {
            assert_true(refused);
            assert_int_equal(digest(s), before);
            s->refusals++;
        }
        core_check(s->core);
    }
    assert_int_equal(rc, 0);
    if (s->job != NULL) {
        struct job_view v;

        job_view(s->job, &v);
        s->id = v.id;
    }
    for (size_t i = 0; i < s->fx.count; i++) {
        const struct effect *e = &s->fx.items[i];

        if (e->kind == EFFECT_RECORD && e->u.log.homes)
            core_set_home(s->core, e, ++s->home);
    }
    /* Each step grows its own list. */
    effects_fini(&s->fx);
}

static void put_and_take(struct scene *s)
{
    run(s, do_put);
    run(s, do_confirm);
    run(s, do_get);
}

/* A lease that goes from one holder to the next. */
static void keep_and_lose(struct scene *s)
{
    run(s, do_new_holder);
    run(s, do_keep);
    run(s, do_get_to_lose);
    run(s, do_release);
    run(s, do_confirm); /* kept: it comes back once that is in the log */
    run(s, do_get_to_lose);
    run(s, do_touch_longer);
    run(s, do_progress);
    run(s, do_progress);
    run(s, do_lose);
    run(s, do_new_holder);
    run(s, do_keep);
    run(s, do_touch_all);
    run(s, do_move);
    run(s, do_done);
    run(s, do_confirm_end);
    run(s, do_lose);
}

static void play_round(struct scene *s)
{
    /* out of order from the second round on: heaps grow, too */
    s->policy.pri = (uint8_t)(200 - s->round);
    s->policy.ttr_ms = 1000 + (uint32_t)s->round; /* a kind of its own */
    snprintf(s->queue, sizeof s->queue, "q%d", s->round % 3);

    run(s, do_put);
    run(s, do_refuse);

    put_and_take(s);
    run(s, do_fail);
    run(s, do_put_delayed);
    run(s, do_confirm);
    put_and_take(s);
    run(s, do_undeliver);
    run(s, do_get);
    run(s, do_release);
    run(s, do_get);
    run(s, do_join);
    struct waiter *joiner = s->waiter;
    run(s, do_get_nothing);
    run(s, do_fail_dead);
    run(s, do_confirm_end);
    core_waiter_cancel(s->core, joiner);

    put_and_take(s);
    run(s, do_done);
    run(s, do_confirm_end);
    run(s, do_new_holder);
    run(s, do_put);
    run(s, do_confirm);
    run(s, do_get_to_lose);
    run(s, do_lose);
    keep_and_lose(s);
    run(s, do_wait);
    s->now.mono_ns += 100000000;
    s->now.wall_ms += 100;
    run(s, do_tick);
    while (core_next_due(s->core) <= s->now.mono_ns)
        run(s, do_tick);
    run(s, do_totals);
    run(s, do_move);
}

static void no_call_of_a_long_life_minds(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .policy = {.ttr_ms = 1000,
                                 .backoff_base_ms = 100,
                                 .backoff_max_ms = 100,
                                 .tries = 9,
                                 .jitter_pct = 50}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    for (s.round = 0; s.round < ROUNDS; s.round++)
        play_round(&s);
    assert_true(s.refusals > 20 * ROUNDS);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* ---- operators, bounds, WAIT ---- */

static int do_put_kept(struct scene *s)
{
    static const uint8_t key[] = {ATTR_UNIQUE, 0, 1, 0, 0, 0, 'k'};
    struct core_put put = put_of(s, 0);

    put.policy.keep_ms = 50;
    put.policy.ttl_ms = 60000;
    put.attrs = rq_slice(key, sizeof key);
    return core_put(s->core, &put, s->now, &s->fx, &s->job, &(struct job_id){0});
}

static int do_replace(struct scene *s)
{
    int rc = core_replace(s->core, s->id, RQ_LIT("another body"), RQ_LIT(""), &s->fx);

    if (rc == 1)
        s->job = s->fx.items[0].u.log.job;
    return rc > 0 ? 0 : rc;
}

static int do_put_in_a_group(struct scene *s)
{
    uint8_t attr[] = {ATTR_GROUP, 0, 1, 0, 0, 0, (uint8_t)s->round};
    struct core_put put = put_of(s, 0);

    put.attrs = rq_slice(attr, sizeof attr);
    return core_put(s->core, &put, s->now, &s->fx, &s->job, &(struct job_id){0});
}

static int do_replace_in_another_group(struct scene *s)
{
    uint8_t attr[] = {ATTR_GROUP, 0, 2, 0, 0, 0, (uint8_t)s->round, 'b'};
    int rc =
        core_replace(s->core, s->id, RQ_LIT("x"), rq_slice(attr, sizeof attr), &s->fx);

    if (rc == 1)
        s->job = s->fx.items[0].u.log.job;
    return rc > 0 ? 0 : rc;
}

static int set(struct scene *s, struct record_settings settings)
{
    return core_queue_set(s->core, rq_slice_str(s->queue), &settings, &s->fx);
}

static int do_bound(struct scene *s)
{
    return set(s, (struct record_settings){.maxsize = 1, .deadmax = 1, .paused = 2});
}

static int do_turn(struct scene *s)
{
    return set(s, (struct record_settings){.order = RECORD_LIFO, .concurrency = 1});
}

static int do_limit_groups(struct scene *s)
{
    return set(s, (struct record_settings){.order = RECORD_FIFO, .grouplimit = 1});
}

static int do_open(struct scene *s)
{
    return set(s, (struct record_settings){0});
}

static int do_wait_for_room(struct scene *s)
{
    const struct core_room room = {rq_slice_str(s->queue), 1, -1};

    return core_wait_for_room(s->core, &room, s->holder, NULL, s->now, &s->waiter);
}

static int do_wait_for_jobs(struct scene *s)
{
    const struct core_wait wait = {&s->id, 1, false, -1};
    size_t bad;

    return core_wait(s->core, &wait, s->holder, NULL, s->now, &s->fx, &s->waiter, &bad);
}

static int do_kick(struct scene *s)
{
    int rc = core_kick(s->core, s->id, s->now, &s->fx);

    return rc > 0 ? 0 : rc;
}

static int do_cancel(struct scene *s)
{
    int rc = core_cancel(s->core, s->id, s->now, &s->fx);

    return rc > 0 ? 0 : rc;
}

static int do_reschedule(struct scene *s)
{
    return core_reschedule(s->core, s->id, s->now.wall_ms + 1000, s->now, &s->fx);
}

static int do_reschedule_to_now(struct scene *s)
{
    return core_reschedule(s->core, s->id, 0, s->now, &s->fx);
}

static int do_requeue(struct scene *s)
{
    char elsewhere[24];
    struct job_id exists;

    snprintf(elsewhere, sizeof elsewhere, "%s.else", s->queue);
    return core_requeue(s->core, s->id, rq_slice_str(elsewhere), NULL, s->now, &s->fx,
                        &exists);
}

static int do_depart(struct scene *s)
{
    struct departure *d =
        RQ_LIST_ENTRY(s->core->departures.next, struct departure, link);

    return core_departed(s->core, d, &s->fx);
}

/* Back to the queue that the other steps are about. */
static int do_return(struct scene *s)
{
    return core_requeue(s->core, s->id, rq_slice_str(s->queue), NULL, s->now, &s->fx,
                        &(struct job_id){0});
}

static int do_purge(struct scene *s)
{
    long n =
        core_purge_some(s->core, rq_slice_str(s->queue), JOB_DEAD, 1, s->now, &s->fx);

    return n > 0 ? 0 : (int)n;
}

static void serve_all(struct scene *s)
{
    while (core_next_due(s->core) <= s->now.mono_ns)
        run(s, do_tick);
}

/* A job that is replaced, put off, waited for, done, and kept. */
static void live_and_be_kept(struct scene *s)
{
    run(s, do_put_kept);
    run(s, do_confirm);
    run(s, do_replace);
    run(s, do_reschedule);
    run(s, do_requeue);
    run(s, do_depart);
    run(s, do_return);
    run(s, do_reschedule_to_now);
    run(s, do_depart);
    run(s, do_wait_for_jobs);
    run(s, do_get);
    run(s, do_cancel);
    run(s, do_done);
    run(s, do_confirm_end);
}

/* One that is kicked, and purged at last. */
static void die_twice(struct scene *s)
{
    put_and_take(s);
    run(s, do_fail_dead);
    run(s, do_confirm);
    run(s, do_kick);
    run(s, do_get);
    run(s, do_fail_dead);
    run(s, do_confirm);
    run(s, do_wait_for_jobs); /* answered at once: it is dead */
    run(s, do_purge);
    run(s, do_confirm_end);
}

/* Two jobs of a group, of which one at a time is leased; one goes to another group. */
static void take_turns(struct scene *s)
{
    struct job *first;
    struct job_id id;

    run(s, do_limit_groups);
    run(s, do_put_in_a_group);
    run(s, do_confirm);
    run(s, do_get);
    first = s->job;
    id = s->id;
    uint64_t lease = s->lease;
    run(s, do_put_in_a_group);
    run(s, do_confirm);
    run(s, do_get); /* it waits: the group is full */
    run(s, do_replace_in_another_group);
    serve_all(s);
    s->lease = job_extra(s->job)->lease;
    run(s, do_undeliver);
    run(s, do_cancel);
    run(s, do_confirm_end);
    s->job = first;
    s->id = id;
    s->lease = lease;
    run(s, do_done);
    run(s, do_confirm_end);
}

static void operate(struct scene *s)
{
    s->policy.pri = (uint8_t)(200 - s->round);
    s->policy.ttr_ms = 1000 + (uint32_t)s->round;
    snprintf(s->queue, sizeof s->queue, "q%d", s->round);
    live_and_be_kept(s);
    die_twice(s);
    run(s, do_put);
    run(s, do_confirm);
    run(s, do_bound);
    run(s, do_wait_for_room);
    serve_all(s); /* it is full, and paused */
    run(s, do_turn);
    serve_all(s); /* the putter is let in */
    core_room_used(s->core, rq_slice_str(s->queue), 1);
    run(s, do_open);
    serve_all(s);
    run(s, do_cancel);
    run(s, do_confirm_end);
    take_turns(s);
    run(s, do_totals);
    s->now.mono_ns += 60000000000;
    s->now.wall_ms += 60000;
    serve_all(s); /* what was kept goes */
}

static void no_call_of_an_operator_minds(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .policy = {.ttr_ms = 1000, .tries = 9}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    for (s.round = 0; s.round < ROUNDS; s.round++)
        operate(&s);
    assert_true(s.refusals > 20 * ROUNDS);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* ---- batches ---- */

static int do_batch(struct scene *s)
{
    return core_batch_new(s->core, 1000, s->now, &s->fx, &s->batch);
}

static int do_put_into(struct scene *s)
{
    struct core_put put = put_of(s, 0);
    struct rq_buf attrs;

    rq_buf_init(&attrs, 100);
    int rc = attrs_add_batch(&attrs, s->batch);
    put.attrs = rq_buf_slice(&attrs);
    if (rc == 0)
        rc = core_put(s->core, &put, s->now, &s->fx, &s->job, &(struct job_id){0});
    rq_buf_fini(&attrs);
    return rc;
}

static int do_join_batch(struct scene *s)
{
    return core_batch_join(s->core, s->batch, -1, s->holder, NULL, s->now, &s->fx,
                           &s->waiter);
}

static int do_close(struct scene *s)
{
    int rc = core_batch_close(s->core, s->batch, &s->fx);

    return rc > 0 ? 0 : rc;
}

static int do_confirm_close(struct scene *s)
{
    return core_batch_closed(s->core, s->batch, s->now, &s->fx);
}

static void end_together(struct scene *s)
{
    s->policy.ttr_ms = 1000 + (uint32_t)s->round;
    snprintf(s->queue, sizeof s->queue, "q%d", s->round);
    run(s, do_batch);
    run(s, do_join_batch);
    run(s, do_put_into);
    run(s, do_confirm);
    run(s, do_replace);
    run(s, do_put_into);
    run(s, do_refuse);
    run(s, do_get);
    run(s, do_close);
    run(s, do_confirm_close);
    run(s, do_done);
    run(s, do_confirm_end); /* it is over: answers the join */
    assert_int_equal(s->core->joiner_count, 0);
    run(s, do_totals);
    s->now.mono_ns += 1000000000;
    s->now.wall_ms += 1000;
    run(s, do_tick);
    assert_int_equal(core_batch_count(s->core), 0);
}

static void no_call_of_a_batch_minds(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .policy = {.ttr_ms = 1000, .tries = 9}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    for (s.round = 0; s.round < ROUNDS; s.round++)
        end_together(&s);
    assert_true(s.refusals > 10 * ROUNDS);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* ---- hand-overs ---- */

static void a_hand_over_without_memory_leaves_job_and_waiter(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .queue = "nothing",
                      .policy = {.ttr_ms = 1000, .tries = 9}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);

    run(&s, do_wait);
    run(&s, do_put);
    run(&s, do_confirm); /* to the waiter */
    assert_int_equal(core_holder_leases(s.holder), 1);
    s.lease = 1;
    run(&s, do_wait);
    run(&s, do_release); /* to the next */
    assert_int_equal(core_holder_leases(s.holder), 1);
    run(&s, do_wait);
    run(&s, do_put_delayed);
    run(&s, do_confirm);
    s.now.mono_ns += 1000000000;
    s.now.wall_ms += 1000;
    run(&s, do_tick); /* the lease runs out: to the third */
    assert_true(s.refusals > 10);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* What has fired has fired; the rest is still due. */
static void a_tick_fires_as_much_as_there_is_memory_for(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .queue = "q",
                      .policy = {.ttr_ms = 1000, .tries = 9}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    for (int i = 0; i < 20; i++)
        run(&s, do_wait);
    s.now.mono_ns += 1000000000;
    alloc_fail_after(0);
    assert_int_equal(core_tick(s.core, s.now, 100, &s.fx), -ENOMEM);
    alloc_fail_after(1);
    assert_int_equal(core_tick(s.core, s.now, 100, &s.fx), 0);
    alloc_fail_after(-1);
    assert_int_equal(s.fx.count, 16); /* the first allocation of a list */
    assert_true(core_next_due(s.core) <= s.now.mono_ns);
    assert_int_equal(core_tick(s.core, s.now, 100, &s.fx), 0);
    assert_int_equal(s.fx.count, 20);
    core_check(s.core);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* What has been taken is good, whatever fails after it. */
static void a_get_of_many_takes_as_many_as_there_is_memory_for(void **state)
{
    const struct rq_slice q = RQ_LIT("q");
    const struct core_get get = {
        .queues = &q, .queue_count = 1, .count = 100, .bytes_max = SIZE_MAX};
    struct scene s = {.now = {1000000000, 1000000},
                      .queue = "q",
                      .policy = {.ttr_ms = 1000, .tries = 9}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    for (int i = 0; i < 100; i++) {
        run(&s, do_put);
        run(&s, do_confirm);
    }
    for (long n = 0; core_holder_leases(s.holder) < 100; n++) {
        size_t before = core_holder_leases(s.holder), taken = 0;

        assert_true(n < 200);
        alloc_fail_after(n);
        int rc = core_get(s.core, &get, s.holder, NULL, s.now, &s.fx, &s.waiter);
        alloc_fail_after(-1);
        for (size_t i = 0; i < s.fx.count; i++)
            taken += s.fx.items[i].kind == EFFECT_DELIVER;
        assert_int_equal(rc, taken > 0 ? 0 : -ENOMEM);
        assert_int_equal(core_holder_leases(s.holder), before + taken);
        assert_int_equal(s.fx.count, 2 * taken);
        core_check(s.core);
        effects_fini(&s.fx);
    }
    core_free(s.core);
}

/* A burial cannot be taken back: a GET that then cannot wait is told that there is
 * nothing. */
static void a_get_that_has_buried_does_not_fail(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .queue = "q",
                      .policy = {.ttr_ms = 1000, .tries = 9}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    put_and_take(&s);
    run(&s, do_release);
    job_extra(s.job)->deliveries = UINT32_MAX;
    assert_int_equal(effects_reserve(&s.fx, 1), 0);
    alloc_fail_after(0);
    assert_int_equal(get(&s, "q", 5, s.holder), 0);
    alloc_fail_after(-1);
    assert_null(s.waiter);
    assert_int_equal(s.fx.count, 2);
    assert_int_equal(s.fx.items[0].u.log.record.state, RECORD_DEAD);
    assert_int_equal(s.fx.items[1].kind, EFFECT_TIMEOUT);
    core_check(s.core);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* ---- replay ---- */

struct replay_scene {
    struct core *core;
    struct effects fx;
    struct core_now now;
    size_t refusals;
};

static uint64_t digest_core(const struct core *core)
{
    struct scene s = {.core = (struct core *)(uintptr_t)core};
    struct holder none = {.lease_count = 0};

    s.holder = &none;
    return digest(&s);
}

static void replay(struct replay_scene *s, struct record r)
{
    int rc = -ENOMEM;

    for (long n = 0; rc == -ENOMEM; n++) {
        uint64_t before = digest_core(s->core);

        assert_true(n < 150);
        alloc_fail_after(n / 3);
        rc = core_replay(s->core, &r, 1, s->now, &s->fx);
        alloc_fail_after(-1);
        if (rc == -ENOMEM) {
            assert_int_equal(digest_core(s->core), before);
            assert_int_equal(s->fx.count, 0);
            s->refusals++;
        }
        core_check(s->core);
    }
    assert_int_equal(rc, 0);
    effects_fini(&s->fx);
}

static void replay_round(struct replay_scene *s, uint64_t i)
{
    uint8_t attr[] = {ATTR_GROUP, 0, 1, 0, 0, 0, (uint8_t)(i % 7)};
    char name[16];
    struct record r = {.type = RECORD_PUT,
                       .job = {1, 1000 - i},
                       .queue = i % 2 == 0 ? RQ_LIT("a") : RQ_LIT("b"),
                       .body = RQ_LIT("body"),
                       .attrs = rq_slice(attr, i % 4 == 0 ? 0 : sizeof attr),
                       .policy = {.ttr_ms = 1000 + (uint32_t)i, .tries = 2},
                       .due_wall_ms = i % 3 == 0 ? 2000000 : 0};

    replay(s, r);
    r.type = RECORD_LEASE;
    r.attempts = 1;
    if (i % 4 == 0) {
        r.hold.n = i + 1;
        r.hold.ttr_ms = 1000;
        r.hold.worker = i % 8 == 0 ? RQ_LIT("one") : RQ_LIT("two");
    }
    replay(s, r);
    r.type = RECORD_STATE;
    r.state = i % 2 == 0 ? RECORD_READY : RECORD_DELAYED;
    r.error = RQ_LIT("failed");
    replay(s, r);
    r.type = RECORD_MOVE;
    replay(s, r);
    r.type = RECORD_TOTALS;
    snprintf(name, sizeof name, "q%u", (unsigned)i);
    r.queue = rq_slice_str(name); /* a queue that comes with its totals */
    replay(s, r);
    r.type = RECORD_QUEUE;
    r.settings = (struct record_settings){.order = RECORD_LIFO};
    replay(s, r);
    r.type = i % 5 == 0 ? RECORD_DONE : RECORD_LEASE;
    r.end = RECORD_END_DONE;
    r.totals = (struct record_totals){0}; /* and what else is in the union */
    replay(s, r);
    r.type = RECORD_DONE;
    r.job.number += 5000; /* of which only the end is left */
    snprintf(name, sizeof name, "k%u", (unsigned)i);
    r.key = i % 2 == 0 ? RQ_LIT("") : RQ_LIT("key");
    r.kept_wall_ms = r.window_wall_ms = 2000000;
    r.result = RQ_LIT("result");
    replay(s, r);
}

static void no_record_of_a_replay_minds(void **state)
{
    struct replay_scene s = {.now = {1000000000, 1000000}};
    int rc = -ENOMEM;

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    for (uint64_t i = 0; i < ROUNDS; i++)
        replay_round(&s, i);
    core_set_epoch(s.core, 2);
    for (long n = 0; rc == -ENOMEM; n++) {
        uint64_t before = digest_core(s.core);

        alloc_fail_after(n);
        rc = core_replay_end(s.core, s.now, &s.fx);
        alloc_fail_after(-1);
        if (rc == -ENOMEM) {
            assert_int_equal(digest_core(s.core), before);
            assert_int_equal(s.fx.count, 0);
            s.refusals++;
        }
        core_check(s.core);
    }
    assert_int_equal(rc, 0);
    assert_true(s.refusals > 4 * ROUNDS);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* ---- CRON ---- */

static int add_cron(struct core *core, struct core_now now, struct effects *fx)
{
    const struct core_cron said = {.name = RQ_LIT("a"),
                                   .queue = RQ_LIT("q"),
                                   .spec = RQ_LIT("@every 1s"),
                                   .zone = RQ_LIT("UTC"),
                                   .body = RQ_LIT("body"),
                                   .policy = {.ttr_ms = 1000, .tries = 1}};
    const char *why;

    return core_cron_add(core, &said, now, fx, &why);
}

static void an_entry_of_cron_is_whole_or_not_there(void **state)
{
    struct core_now now = {1000000000, 1000000};
    struct effects fx;
    int rc = -ENOMEM, refusals = -1;

    (void)state;
    alloc_fail_after(-1);
    effects_init(&fx);
    struct core *core = core_new(1);
    assert_non_null(core);
    core_set_epoch(core, 1);
    for (long n = 0; rc == -ENOMEM; n++) {
        assert_int_equal(core_cron_count(core), 0);
        alloc_fail_after(n);
        rc = add_cron(core, now, &fx);
        alloc_fail_after(-1);
        refusals++;
        core_check(core);
    }
    assert_int_equal(rc, 0);
    assert_true(refusals >= 3);
    assert_int_equal(fx.count, 1);
    now.wall_ms += 1000;
    effects_fini(&fx); /* no room any more */
    struct cron *due = core_cron_due(core, now);
    alloc_fail_after(0);
    assert_int_equal(core_cron_ran(core, due, now, &fx), -ENOMEM);
    assert_int_equal(core_cron_skipped(core, due, now, &fx), -ENOMEM);
    assert_int_equal(core_cron_del(core, RQ_LIT("a"), &fx), -ENOMEM);
    assert_int_equal(add_cron(core, now, &fx), -ENOMEM);
    alloc_fail_after(-1);
    assert_ptr_equal(core_cron_due(core, now), due);
    core_free(core);
    effects_fini(&fx);
}

/* ---- the rest ---- */

static void a_core_needs_memory(void **state)
{
    struct core *core = NULL;

    (void)state;
    for (long n = 0; core == NULL; n++) {
        assert_true(n < 10);
        alloc_fail_after(n);
        core = core_new(1);
        assert_int_equal(core == NULL, alloc_has_failed());
    }
    alloc_fail_after(-1);
    core_free(core);
    core_free(NULL);
}

/* Statistics are not worth a refusal: they miss a sample. */
static void a_histogram_that_cannot_be_is_none(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .queue = "q",
                      .policy = {.ttr_ms = 1000, .tries = 9}};
    struct queue_view v;

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    assert_int_equal(do_put(&s), 0);
    alloc_fail_after(0);
    assert_int_equal(do_confirm(&s), 0);
    alloc_fail_after(-1);
    queue_view(job_queue(s.job), s.now.mono_ns + 1000000000, &v);
    assert_int_equal(v.rate_put_milli[0], 0);
    assert_int_equal(v.totals.put, 1);
    core_free(s.core);
    effects_fini(&s.fx);
}

/* Without memory the index does not grow, but it takes every job. */
static void an_index_that_cannot_grow_still_finds(void **state)
{
    enum { MANY = 500 };
    struct job *jobs = calloc(MANY, sizeof *jobs);
    struct job_kind kind = {.key.epoch = 1};
    struct job_index x;

    (void)state;
    alloc_fail_after(-1);
    assert_non_null(jobs);
    assert_int_equal(index_init(&x, 1), 0);
    alloc_fail_after(0);
    for (size_t i = 0; i < MANY; i++) {
        jobs[i].number = i + 1;
        jobs[i].kind = &kind;
        index_add(&x, &jobs[i]);
    }
    assert_int_equal(x.cap, 64);
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(index_get(&x, (struct job_id){1, i + 1}), &jobs[i]);
    alloc_fail_after(-1);
    index_remove(&x, &jobs[0]);
    index_add(&x, &jobs[0]);
    assert_int_equal(x.cap, 128);
    alloc_fail_after(0); /* nor shrink */
    for (size_t i = 0; i < MANY; i++)
        index_remove(&x, &jobs[i]);
    assert_int_equal(x.cap, 128);
    assert_int_equal(x.count, 0);
    alloc_fail_after(-1);
    index_fini(&x);
    free(jobs);
}

/* ---- bodies ---- */

static int do_body(struct scene *s)
{
    return core_body(s->core, &s->want, RQ_LIT("body"), true, &s->fx);
}

static int do_lose_body(struct scene *s)
{
    int rc = core_lost(s->core, &s->want, RQ_LIT("lost"), &s->fx);

    return rc == 1 ? 0 : rc;
}

static size_t count_away(const struct scene *s)
{
    struct core_sums sums;

    core_sums(s->core, &sums);
    return sums.away;
}

/* A job that is away and wanted by somebody who waits. */
static void want_one(struct scene *s)
{
    run(s, do_put);
    run(s, do_confirm);
    s->job = NULL; /* it will be in another struct */
    core_set_body_memory(s->core, 1);
    alloc_fail_after(0);
    assert_int_equal(core_tick(s->core, s->now, 100, &s->fx), 0);
    alloc_fail_after(-1);
    assert_int_equal(count_away(s), 0); /* without memory it stays */
    core_check(s->core);
    core_set_body_memory(s->core, 1);
    assert_int_equal(core_tick(s->core, s->now, 100, &s->fx), 0);
    assert_int_equal(count_away(s), 1);
    run(s, do_get);
    assert_int_equal(core_wanted(s->core, &s->want, 1), 1);
}

static int do_tick_now(struct scene *s)
{
    return core_tick(s->core, s->now, 100, &s->fx);
}

static void a_body_that_cannot_come_back_now_does_later(void **state)
{
    struct scene s = {.now = {1000000000, 1000000},
                      .queue = "q",
                      .policy = {.ttr_ms = 1000, .tries = 9}};

    (void)state;
    alloc_fail_after(-1);
    effects_init(&s.fx);
    s.core = core_new(1);
    assert_non_null(s.core);
    core_set_epoch(s.core, 1);
    s.holder = core_holder_new(s.core);
    assert_non_null(s.holder);
    want_one(&s);
    run(&s, do_body);
    assert_int_equal(count_away(&s), 0);
    run(&s, do_tick_now);
    assert_int_equal(core_holder_leases(s.holder), 1);

    core_set_body_memory(s.core, 0);
    want_one(&s);
    run(&s, do_lose_body);
    assert_int_equal(s.core->count[JOB_ENDING], 1);
    assert_true(s.refusals > 5);
    core_free(s.core);
}

TEST_MAIN(cmocka_unit_test(a_tick_fires_as_much_as_there_is_memory_for),
          cmocka_unit_test(no_call_of_a_long_life_minds),
          cmocka_unit_test(no_call_of_an_operator_minds),
          cmocka_unit_test(no_call_of_a_batch_minds),
          cmocka_unit_test(a_hand_over_without_memory_leaves_job_and_waiter),
          cmocka_unit_test(a_get_of_many_takes_as_many_as_there_is_memory_for),
          cmocka_unit_test(a_get_that_has_buried_does_not_fail),
          cmocka_unit_test(a_body_that_cannot_come_back_now_does_later),
          cmocka_unit_test(no_record_of_a_replay_minds),
          cmocka_unit_test(an_entry_of_cron_is_whole_or_not_there),
          cmocka_unit_test(a_core_needs_memory),
          cmocka_unit_test(a_histogram_that_cannot_be_is_none),
          cmocka_unit_test(an_index_that_cannot_grow_still_finds))
