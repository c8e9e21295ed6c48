/* model_test - thousands of random commands, crashes and confirmations, each compared
 * with the model: every effect, every job's state, the next due time.
 *
 * Even seeds are busy; odd ones are quiet: few jobs and many joins, so that the number
 * of unfinished jobs really reaches 0 often. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "base/rand.h"
#include "model.h"
#include "support/test.h"

enum { SEEDS = 60, STEPS = 1200, JOBS_BUSY = 60, JOBS_QUIET = 4 };

static const char *const queue_names[MODEL_QUEUES] = {"a", "b", "c"};

struct play {
    struct world w;
    struct model m;
    struct rq_rand rand;
    uint64_t seed;
    struct holder *holders[MODEL_HOLDERS];
    size_t jobs_max;
    size_t joined, restarts, deliveries; /* how much has been tried */
};

static uint64_t below(struct play *p, uint64_t bound)
{
    return rq_rand_below(&p->rand, bound);
}

/* ---- comparing ---- */

static bool is_same_record(const struct event *a, const struct event *b)
{
    return a->type == b->type && model_same_id(a->job, b->job) &&
           a->state == b->state && a->end == b->end && a->attempts == b->attempts &&
           a->due_wall_ms == b->due_wall_ms && a->confirm == b->confirm;
}

static bool is_same_delivery(const struct event *a, const struct event *b)
{
    return model_same_id(a->job, b->job) && a->lease == b->lease &&
           a->cookie == b->cookie;
}

static bool is_same_answer(const struct event *a, const struct event *b)
{
    return a->cookie == b->cookie && a->counts.done == b->counts.done &&
           a->counts.dead == b->counts.dead && a->counts.expired == 0 &&
           a->counts.cancelled == b->counts.cancelled;
}

static bool is_equal(const struct event *a, const struct event *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case EFFECT_RECORD:
        return is_same_record(a, b);
    case EFFECT_DELIVER:
        return is_same_delivery(a, b);
    case EFFECT_TIMEOUT:
        return a->cookie == b->cookie;
    case EFFECT_JOINED:
        return is_same_answer(a, b);
    case EFFECT_ADMITTED:
    case EFFECT_REFUSED:
    case EFFECT_WAITED:
        return false; /* no queue of the model has bounds; nobody waits for one job */
    case EFFECT_FORGET:
        break; /* the world checks them */
    }
    return true;
}

static int by_cookie(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

/* Keeps what is (or is not) a JOINED, in its order. */
static size_t filter(const struct event *from, size_t n, struct event *out, bool joined)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (from[i].kind != EFFECT_FORGET && (from[i].kind == EFFECT_JOINED) == joined)
            out[kept++] = from[i];
    return kept;
}

/* All effects in their order; who is joined at the same instant has none. */
static void compare_effects(struct play *p)
{
    static struct event got[WORLD_EVENTS], want[WORLD_EVENTS];

    for (int joined = 0; joined < 2; joined++) {
        size_t got_count = filter(p->w.events, p->w.event_count, got, joined);
        size_t want_count = filter(p->m.expected, p->m.expected_count, want, joined);

        assert_int_equal(got_count, want_count);
        if (joined) {
            qsort(got, got_count, sizeof *got, by_cookie);
            qsort(want, want_count, sizeof *want, by_cookie);
        }
        for (size_t i = 0; i < got_count; i++) {
            assert_true(is_equal(&got[i], &want[i]));
            p->joined += joined != 0;
            p->deliveries += got[i].kind == EFFECT_DELIVER;
        }
    }
    p->m.expected_count = 0;
}

static void compare_jobs(struct play *p)
{
    struct core_sums sums;
    size_t jobs = 0;

    for (size_t i = 0; i < MODEL_JOBS; i++) {
        const struct model_job *job = &p->m.jobs[i];

        if (!job->is_used)
            continue;
        jobs++;
        const struct job_view *v = world_view(&p->w, job->id);
        assert_int_equal(v->state, job->state);
        assert_int_equal(v->attempts, job->attempts);
        assert_int_equal(v->lease, job->lease);
        if (job->state == JOB_DELAYED)
            assert_int_equal(v->due_wall_ms, job->due_wall_ms);
    }
    core_sums(p->w.core, &sums);
    assert_int_equal(sums.jobs, jobs);
    for (int q = 0; q < MODEL_QUEUES; q++)
        assert_int_equal(world_queue(&p->w, queue_names[q])->unfinished,
                         model_unfinished(&p->m, q, false));
    assert_int_equal(core_next_due(p->w.core), model_next_due(&p->m));
}

static void compare(struct play *p)
{
    compare_effects(p);
    compare_jobs(p);
}

/* ---- choices ---- */

static size_t pick_queues(struct play *p, int out[MODEL_QUEUES], char *text,
                          size_t text_size)
{
    size_t n = 1 + below(p, MODEL_QUEUES), len = 0;
    int first = (int)below(p, MODEL_QUEUES);

    for (size_t i = 0; i < n; i++) {
        out[i] = (first + (int)i) % MODEL_QUEUES;
        len += (size_t)snprintf(text + len, text_size - len, "%s%s", i > 0 ? "," : "",
                                queue_names[out[i]]);
    }
    return n;
}

/* A leased job, or NULL. */
static struct model_job *pick_leased(struct play *p)
{
    size_t from = below(p, MODEL_JOBS);

    for (size_t i = 0; i < MODEL_JOBS; i++) {
        struct model_job *job = &p->m.jobs[(from + i) % MODEL_JOBS];

        if (job->is_used && job->state == JOB_LEASED)
            return job;
    }
    return NULL;
}

static int64_t pick_block(struct play *p)
{
    uint64_t way = below(p, 4);

    return way == 0 ? -1 : way == 1 ? 0 : (int64_t)below(p, 60) + 1;
}

static size_t count_waiters(const struct play *p)
{
    size_t n = 0;

    for (size_t i = 0; i < MODEL_WAITERS; i++)
        n += p->m.waiters[i].is_used;
    return n;
}

static size_t count_jobs(const struct play *p)
{
    size_t n = 0;

    for (size_t i = 0; i < MODEL_JOBS; i++)
        n += p->m.jobs[i].is_used;
    return n;
}

/* ---- commands ---- */

static void do_put(struct play *p)
{
    struct job_policy policy = {.ttr_ms = (uint32_t)below(p, 50) + 1,
                                .backoff_base_ms = (uint32_t)below(p, 20),
                                .backoff_max_ms = (uint32_t)below(p, 100),
                                .tries = (uint16_t)(below(p, 4) + 1),
                                .backoff = (uint8_t)below(p, 3),
                                .jitter_pct = below(p, 2) == 0 ? 0 : 50,
                                .pri = (uint8_t)below(p, 3)};
    int queue = (int)below(p, MODEL_QUEUES);
    int64_t due_ms =
        below(p, 3) > 0 ? 0 : p->m.now.wall_ms + (int64_t)below(p, 60) - 10;

    if (count_jobs(p) >= p->jobs_max)
        return;
    struct job_id id =
        world_put_more(&p->w, queue_names[queue], "body", policy, due_ms);
    struct model_job *job = model_put(&p->m, queue, policy, due_ms);
    assert_true(model_same_id(id, job->id));
}

static void do_get(struct play *p)
{
    int queues[MODEL_QUEUES];
    char text[16];
    size_t n = pick_queues(p, queues, text, sizeof text);
    int holder = (int)below(p, MODEL_HOLDERS);
    uint32_t count = below(p, 3) == 0 ? (uint32_t)below(p, 5) + 1 : 1;
    int64_t block_ms = count_waiters(p) < MODEL_WAITERS ? pick_block(p) : 0;
    struct waiter *handle;

    struct model_waiter *w = model_get(&p->m, holder, queues, n, count, block_ms);
    assert_int_equal(
        world_get_more(&p->w, p->holders[holder], text, count, block_ms, w, &handle),
        0);
    assert_int_equal(handle == NULL, w == NULL);
    if (w != NULL)
        w->handle = handle;
}

static void do_join(struct play *p)
{
    int queues[MODEL_QUEUES];
    char text[16];
    size_t n = pick_queues(p, queues, text, sizeof text);
    int holder = (int)below(p, MODEL_HOLDERS);
    bool strict = below(p, 3) == 0, barrier = below(p, 2) == 0;
    int64_t block_ms = count_waiters(p) < MODEL_WAITERS ? pick_block(p) : 0;
    struct waiter *handle;

    struct model_waiter *w =
        model_join(&p->m, holder, queues, n, block_ms, strict, barrier);
    p->w.holder = p->holders[holder];
    assert_int_equal((barrier ? world_join_barrier : world_join)(&p->w, text, block_ms,
                                                                 strict, w, &handle),
                     0);
    assert_int_equal(handle == NULL, w == NULL);
    if (w != NULL)
        w->handle = handle;
}

static void do_cancel(struct play *p)
{
    struct model_waiter *w = &p->m.waiters[below(p, MODEL_WAITERS)];

    if (!w->is_used)
        return;
    world_cancel(&p->w, w->handle);
    w->is_used = false;
}

static void do_done(struct play *p)
{
    struct model_job *job = pick_leased(p);

    if (job == NULL)
        return;
    assert_int_equal(world_done(&p->w, job->id, job->lease), 0);
    model_done(&p->m, job);
}

static void do_fail(struct play *p)
{
    struct model_job *job = pick_leased(p);
    bool dead = below(p, 10) == 0;
    int64_t delay_ms = below(p, 2) == 0 ? -1 : (int64_t)below(p, 30);
    struct core_failed out;

    if (job == NULL)
        return;
    bool is_last = job->is_cancelled || model_fail_is_last(job, dead);
    assert_int_equal(
        world_fail(&p->w, job->id, job->lease, "oops", delay_ms, dead, &out), 0);
    assert_int_equal(out.cancelled, job->is_cancelled);
    assert_int_equal(out.dead, is_last && !job->is_cancelled);
    int64_t chosen_ms = out.retry_wall_ms - p->m.now.wall_ms;
    if (!is_last && delay_ms < 0) {
        int64_t base_ms = (int64_t)model_backoff_ms(job);
        int64_t span_ms = base_ms * job->policy.jitter_pct / 100;

        assert_in_range(chosen_ms, base_ms - span_ms, base_ms + span_ms);
        assert_true(chosen_ms <= job->policy.backoff_max_ms);
    } else if (!is_last) {
        assert_int_equal(chosen_ms, delay_ms);
    }
    model_fail(&p->m, job, dead, chosen_ms);
}

static void do_release(struct play *p)
{
    struct model_job *job = pick_leased(p);
    int64_t delay_ms = below(p, 2) == 0 ? 0 : (int64_t)below(p, 30);

    if (job == NULL)
        return;
    assert_int_equal(world_release(&p->w, job->id, job->lease, delay_ms), 0);
    model_release(&p->m, job, delay_ms);
}

static void do_undeliver(struct play *p)
{
    struct model_job *job = pick_leased(p);

    if (job == NULL)
        return;
    world_undeliver(&p->w, job->id, job->lease);
    model_undeliver(&p->m, job);
}

static void do_touch(struct play *p)
{
    struct model_job *job = pick_leased(p);
    struct core_touched touched;

    if (job == NULL)
        return;
    assert_int_equal(
        core_touch(p->w.core, job->id, job->lease, 0, p->w.now, &p->w.fx, &touched), 0);
    assert_int_equal(touched.deadline_wall_ms, p->m.now.wall_ms + job->policy.ttr_ms);
    assert_int_equal(touched.cancel, job->is_cancelled);
    model_touch(&p->m, job);
}

/* Any job that there is, or NULL. */
static struct model_job *pick_job(struct play *p, enum job_state state, bool any)
{
    size_t from = below(p, MODEL_JOBS);

    for (size_t i = 0; i < MODEL_JOBS; i++) {
        struct model_job *job = &p->m.jobs[(from + i) % MODEL_JOBS];

        if (job->is_used && (any || job->state == state))
            return job;
    }
    return NULL;
}

static void do_cancel_job(struct play *p)
{
    struct model_job *job = pick_job(p, JOB_READY, below(p, 2) == 0);

    if (job == NULL)
        return;
    int rc = world_cancel_job(&p->w, job->id);
    assert_int_equal(rc, model_cancel(&p->m, job));
}

static void do_kick(struct play *p)
{
    struct model_job *job = pick_job(p, JOB_DEAD, false);

    if (job == NULL)
        return;
    assert_int_equal(world_kick(&p->w, job->id), 1);
    model_kick(&p->m, job);
}

static void do_purge(struct play *p)
{
    int queue = (int)below(p, MODEL_QUEUES);

    long n = world_purge(&p->w, queue_names[queue], JOB_DEAD, MODEL_JOBS);
    assert_int_equal(n, model_purge_dead(&p->m, queue));
}

/* Row 15: whatever is not the current lease changes nothing. */
static void do_stale(struct play *p)
{
    struct model_job *job = &p->m.jobs[below(p, MODEL_JOBS)];
    uint64_t lease = below(p, 4);

    if (job->id.number == 0)
        return;
    bool is_known = job->is_used;
    if (is_known && lease == job->lease)
        lease++;
    int code = is_known ? RQ_E_STALE : RQ_E_NOJOB;
    assert_int_equal(world_done(&p->w, job->id, lease), code);
    assert_int_equal(world_release(&p->w, job->id, lease, 0), code);
    assert_int_equal(world_fail(&p->w, job->id, lease, "", 0, true, NULL), code);
}

static void cancel_waiters_of(struct play *p, int holder)
{
    for (size_t i = 0; i < MODEL_WAITERS; i++) {
        struct model_waiter *w = &p->m.waiters[i];

        if (!w->is_used || w->holder != holder)
            continue;
        world_cancel(&p->w, w->handle);
        w->is_used = false;
    }
}

static void do_lose(struct play *p)
{
    int holder = (int)below(p, MODEL_HOLDERS);

    cancel_waiters_of(p, holder);
    world_lose(&p->w, p->holders[holder]);
    p->holders[holder] = world_holder(&p->w);
    model_lose(&p->m, holder);
}

static void do_tick(struct play *p)
{
    int64_t ms = (int64_t)below(p, 12);

    world_sleep(&p->w, ms);
    if (below(p, 20) == 0) /* somebody sets the clock */
        p->w.now.wall_ms += (int64_t)below(p, 200) - 100;
    p->m.now = p->w.now;
    world_tick(&p->w);
    model_tick(&p->m);
}

static void do_land(struct play *p)
{
    world_land_one(&p->w);
    model_land_one(&p->m);
}

static void do_refuse(struct play *p)
{
    bool was_there = model_refuse_one(&p->m);

    world_refuse_one(&p->w);
    if (!was_there)
        assert_int_equal(p->w.event_count, 0);
}

static void do_epoch(struct play *p)
{
    core_set_epoch(p->w.core, ++p->w.epoch);
    p->m.epoch++;
    p->m.number = 0;
    p->w.event_count = 0;
}

/* Totals change nothing; they must land before the older ones are forgotten. */
static void do_totals(struct play *p)
{
    world_totals(&p->w);
    for (size_t i = 0; i < p->w.event_count; i++)
        if (p->w.events[i].kind == EFFECT_RECORD)
            model_totals(&p->m, -1);
    p->w.event_count = 0;
    while (p->m.landed < p->m.log_count) {
        do_land(p);
        compare(p);
    }
    p->w.event_count = 0;
}

static int by_job(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->job.epoch != y->job.epoch)
        return x->job.epoch < y->job.epoch ? -1 : 1;
    return (x->job.number > y->job.number) - (x->job.number < y->job.number);
}

static void do_restart(struct play *p)
{
    struct model *m = &p->m;

    world_restart(&p->w);
    model_restart(m);
    /* Leased jobs come back queue by queue: any order is as good. */
    struct model_record *tail = &m->log[m->landed];
    assert_int_equal(m->log_count - m->landed, p->w.event_count);
    for (size_t i = 0; i < p->w.event_count; i++) {
        const struct event *e = &p->w.events[i];

        tail[i] = (struct model_record){.type = e->type,
                                        .job = e->job,
                                        .queue = model_find(m, e->job)->queue,
                                        .state = e->state,
                                        .end = e->end,
                                        .attempts = e->attempts,
                                        .confirm = e->confirm};
    }
    qsort(p->w.events, p->w.event_count, sizeof *p->w.events, by_job);
    qsort(m->expected, m->expected_count, sizeof *m->expected, by_job);
    for (int i = 0; i < MODEL_HOLDERS; i++)
        p->holders[i] = i == 0 ? p->w.holder : world_holder(&p->w);
    p->restarts++;
}

/* ---- the play ---- */

static const struct {
    void (*run)(struct play *p);
    unsigned busy, quiet; /* weights */
} acts[] = {
    /* clang-format off */
    {do_put,       20, 10}, {do_get,       18, 14}, {do_join,       2,  8},
    {do_cancel,     1,  1}, {do_done,      12, 14}, {do_fail,       5,  4},
    {do_release,    2,  1}, {do_undeliver,  2,  1}, {do_touch,      2,  1},
    {do_stale,      1,  1}, {do_lose,       1,  1}, {do_tick,      10, 12},
    {do_land,      26, 26}, {do_refuse,     1,  2}, {do_epoch,      1,  1},
    {do_totals,     1,  1}, {do_restart,    1,  2}, {do_cancel_job, 2,  2},
    {do_kick,       2,  1}, {do_purge,      1,  1},
    /* clang-format on */
};

static void act(struct play *p, void (*run)(struct play *p))
{
    p->w.event_count = 0;
    run(p);
    compare(p);
}

static void step(struct play *p, bool is_busy)
{
    uint64_t sum = 0, at;

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        sum += is_busy ? acts[i].busy : acts[i].quiet;
    at = below(p, sum);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        unsigned weight = is_busy ? acts[i].busy : acts[i].quiet;

        if (at < weight) {
            act(p, acts[i].run);
            return;
        }
        at -= weight;
    }
}

/* Faults stop; workers take whatever comes: everything ends, and every JOIN with it. */
static void drain(struct play *p)
{
    for (int i = 0; i < MODEL_HOLDERS; i++)
        cancel_waiters_of(p, i);
    for (int round = 0; round < 10000 && count_jobs(p) > 0; round++) {
        size_t unfinished = 0;

        act(p, do_get);
        act(p, do_done);
        act(p, do_land);
        act(p, do_tick);
        for (int q = 0; q < MODEL_QUEUES; q++)
            unfinished += model_unfinished(&p->m, q, false);
        if (unfinished == 0)
            break;
    }
    for (int q = 0; q < MODEL_QUEUES; q++)
        assert_int_equal(model_unfinished(&p->m, q, false), 0);
}

static void play(struct play *p)
{
    bool is_busy = p->seed % 2 == 0;

    memset(&p->m, 0, sizeof p->m);
    rq_rand_seed(&p->rand, p->seed);
    world_init(&p->w);
    p->m.now = p->w.now;
    p->m.epoch = p->w.epoch;
    p->jobs_max = is_busy ? JOBS_BUSY : JOBS_QUIET;
    for (int i = 0; i < MODEL_HOLDERS; i++)
        p->holders[i] = i == 0 ? p->w.holder : world_holder(&p->w);
    for (int i = 0; i < STEPS; i++)
        step(p, is_busy);
    drain(p);
    world_fini(&p->w);
}

/* RINGQ_SEED=n plays that one alone. */
static uint64_t chosen_seed(void)
{
    const char *text = getenv("RINGQ_SEED");
    uint64_t seed = 0;

    if (text != NULL)
        assert_int_equal(rq_num_u64(rq_slice_str(text), 1, UINT64_MAX, &seed), 0);
    return seed;
}

static void the_core_does_what_the_model_does(void **state)
{
    struct play *p = *state;
    uint64_t chosen = chosen_seed();

    if (chosen != 0) {
        p->seed = chosen;
        play(p);
        return;
    }
    for (p->seed = 1; p->seed <= SEEDS; p->seed++)
        play(p);
    /* The plays must have tried what they are for. */
    assert_true(p->joined > 10 * SEEDS);
    assert_true(p->restarts > 5 * SEEDS);
    assert_true(p->deliveries > 100 * SEEDS);
}

static int begin(void **state)
{
    *state = calloc(1, sizeof(struct play));
    return *state == NULL;
}

static int end(void **state)
{
    struct play *p = *state;

    print_message("last seed %llu: %zu deliveries, %zu joins, %zu restarts\n",
                  (unsigned long long)p->seed, p->deliveries, p->joined, p->restarts);
    free(p);
    return 0;
}

TEST_MAIN(cmocka_unit_test_setup_teardown(the_core_does_what_the_model_does, begin,
                                          end))
