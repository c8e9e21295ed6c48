/* play_test - thousands of random commands on a queue with bounds, with waiting
 * getters, putters and WAITs, crashes and confirmations.
 *
 * There is no second implementation here, as in model_test.c: core_check() recounts
 * everything after each call, and after each tick this file looks for somebody who
 * could be served and is not (L3), for what was answered twice or wrongly, and for what
 * a bound should have stopped. RINGQ_SEED=n plays that one alone.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "base/rand.h"
#include "core/attrs.h"
#include "support/test.h"
#include "world.h"

enum { SEEDS = 60, STEPS = 1000, JOBS = 400, LIVE_MAX = 30, SLOTS = 24, IDS = 3 };
enum { GROUPS = 4 }; /* 0: none */

enum slot_kind { GETTER, PUTTER, WAIT };

struct slot {
    bool is_used;
    enum slot_kind kind;
    uint64_t since;
    uint64_t count; /* PUTTER */
    bool wants_r;   /* GETTER: "q,r", else "q" */
    bool any;       /* WAIT */
    struct job_id ids[IDS];
    size_t id_count;
    struct waiter *handle;
};

struct known {
    struct job_id id;
    bool is_in_q;
    unsigned group;
    int64_t expires_wall_ms; /* 0: never */
    uint64_t lease;
};

struct play {
    struct world w;
    struct rq_rand rand;
    uint64_t seed, order;
    struct record_settings settings; /* of "q" */
    bool is_draining, is_held;
    struct known jobs[JOBS];
    size_t job_count;
    struct slot slots[SLOTS];
    size_t delivered, admitted, refused, waited, expired, restarts; /* tried */
};

static uint64_t below(struct play *p, uint64_t bound)
{
    return rq_rand_below(&p->rand, bound);
}

static struct known *find(struct play *p, struct job_id id)
{
    for (size_t i = 0; i < p->job_count; i++)
        if (p->jobs[i].id.epoch == id.epoch && p->jobs[i].id.number == id.number)
            return &p->jobs[i];
    return NULL;
}

/* Jobs of "q" in a state. */
static size_t count_in(struct play *p, enum job_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < p->job_count; i++)
        n += p->jobs[i].is_in_q && world_has(&p->w, p->jobs[i].id) &&
             world_view(&p->w, p->jobs[i].id)->state == state;
    return n;
}

static bool is_full(struct play *p, unsigned group)
{
    size_t leased = 0;

    if (group == 0 || p->settings.grouplimit == 0)
        return false;
    for (size_t i = 0; i < p->job_count; i++)
        leased += p->jobs[i].is_in_q && p->jobs[i].group == group &&
                  world_has(&p->w, p->jobs[i].id) &&
                  world_view(&p->w, p->jobs[i].id)->state == JOB_LEASED;
    return leased >= p->settings.grouplimit;
}

/* Jobs of "q" that are ready, and whose group is not full. */
static size_t count_ready(struct play *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->job_count; i++)
        n += p->jobs[i].is_in_q && world_has(&p->w, p->jobs[i].id) &&
             world_view(&p->w, p->jobs[i].id)->state == JOB_READY &&
             !is_full(p, p->jobs[i].group);
    return n;
}

static size_t count_live(struct play *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->job_count; i++)
        n += world_has(&p->w, p->jobs[i].id);
    return n;
}

static size_t size_of_q(struct play *p)
{
    return count_in(p, JOB_PENDING) + count_in(p, JOB_DELAYED) + count_in(p, JOB_READY);
}

static struct slot *oldest(struct play *p, enum slot_kind kind)
{
    struct slot *first = NULL;

    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *s = &p->slots[i];

        if (s->is_used && s->kind == kind && (first == NULL || s->since < first->since))
            first = s;
    }
    return first;
}

/* ---- what was caused ---- */

static void put(struct play *p, const char *queue);

static void see_delivery(struct play *p, const struct event *e)
{
    struct known *job = find(p, e->job);

    assert_non_null(job);
    assert_true(e->lease > job->lease || e->lease >> 32 > job->lease >> 32);
    job->lease = e->lease;
    p->delivered++;
    if (world_view(&p->w, e->job)->attempts == 1 && job->expires_wall_ms != 0)
        assert_true(p->w.now.wall_ms < job->expires_wall_ms);
    if (!job->is_in_q)
        return;
    assert_false(p->settings.paused & RECORD_PAUSED_OUT);
    if (p->settings.concurrency > 0)
        assert_true(count_in(p, JOB_LEASED) <= p->settings.concurrency);
    p->settings.grouplimit += p->settings.grouplimit > 0; /* one more is too many */
    assert_true(p->settings.grouplimit == 0 || !is_full(p, job->group));
    p->settings.grouplimit -= p->settings.grouplimit > 0;
}

static void see_end_of_wait(struct play *p, const struct slot *s)
{
    struct core_outcome outcome;
    bool is_one_over = false;

    for (size_t i = 0; i < s->id_count; i++) {
        assert_int_equal(core_outcome(p->w.core, s->ids[i], &outcome), 0);
        is_one_over |= outcome.is_over;
    }
    assert_true(is_one_over);
    p->waited++;
}

static void see(struct play *p, const struct event *e, size_t *to_put)
{
    struct slot *s = e->cookie;

    if (e->kind == EFFECT_RECORD) {
        p->expired += e->type == RECORD_DONE && e->end == RECORD_END_EXPIRED;
        return;
    }
    if (e->kind == EFFECT_FORGET)
        return;
    if (e->kind == EFFECT_DELIVER)
        see_delivery(p, e);
    if (s == NULL)
        return;              /* it did not wait */
    assert_true(s->is_used); /* nobody is answered twice */
    if (e->kind == EFFECT_WAITED)
        see_end_of_wait(p, s);
    if (e->kind == EFFECT_ADMITTED) {
        assert_ptr_equal(s, oldest(p, PUTTER));
        *to_put += s->count;
        p->admitted++;
    }
    if (e->kind == EFFECT_REFUSED) {
        assert_true(e->code == RQ_E_SHUTDOWN || e->code == RQ_E_BADARG);
        p->refused++;
    }
    s->is_used = false;
}

/* Looks at all that the last call has caused; those who were let in put. */
static void look(struct play *p)
{
    static struct event events[WORLD_EVENTS];
    size_t count = p->w.event_count, to_put = 0;

    memcpy(events, p->w.events, count * sizeof *events);
    p->w.event_count = 0;
    for (size_t i = 0; i < count; i++)
        see(p, &events[i], &to_put);
    if (to_put == 0)
        return;
    core_room_used(p->w.core, RQ_LIT("q"), to_put);
    while (to_put-- > 0)
        put(p, "q");
    if (p->settings.maxsize > 0 && size_of_q(p) > p->settings.maxsize)
        assert_true(count_in(p, JOB_PENDING) <= p->settings.maxsize);
}

/* Nobody waits who could be served. */
static void check_quiet(struct play *p)
{
    const struct slot *putter = oldest(p, PUTTER), *getter = oldest(p, GETTER);
    const struct record_settings *s = &p->settings;
    bool is_shut = s->shut != RECORD_OPEN;

    if (s->deadmax > 0)
        assert_true(count_in(p, JOB_DEAD) <= s->deadmax);
    if (putter != NULL) {
        assert_false(p->is_draining || is_shut);
        if (!(s->paused & RECORD_PAUSED_IN))
            assert_true(s->maxsize > 0 && size_of_q(p) + putter->count > s->maxsize);
    }
    if (getter == NULL || p->is_draining || p->is_held)
        return;
    bool is_closed = s->paused & RECORD_PAUSED_OUT || s->rate > 0 ||
                     (s->concurrency > 0 && count_in(p, JOB_LEASED) >= s->concurrency);
    if (!is_closed)
        assert_int_equal(count_ready(p), 0);
    for (size_t i = 0; i < SLOTS && is_shut && size_of_q(p) == 0; i++)
        assert_false(p->slots[i].is_used && p->slots[i].kind == GETTER &&
                     !p->slots[i].wants_r);
}

/* ---- commands ---- */

static void put(struct play *p, const char *queue)
{
    uint8_t attr[] = {ATTR_GROUP, 0, 1, 0, 0, 0, 0};
    struct core_put job = {.queue = rq_slice_str(queue), .body = RQ_LIT("x")};
    struct job_policy policy = world_policy();
    unsigned group = (unsigned)below(p, GROUPS);
    struct job_id id;

    assert_true(p->job_count < JOBS);
    policy.pri = (uint8_t)below(p, 3);
    policy.tries = (uint16_t)(1 + below(p, 3));
    policy.ttr_ms = (uint32_t)below(p, 40) + 1;
    policy.ttl_ms = below(p, 3) == 0 ? 1 + below(p, 60) : 0;
    policy.keep_ms = below(p, 3) == 0 ? 1 + below(p, 60) : 0;
    int64_t due_ms = below(p, 3) > 0 ? 0 : p->w.now.wall_ms + (int64_t)below(p, 40);
    int64_t expires_ms =
        policy.ttl_ms == 0 ? 0 : p->w.now.wall_ms + (int64_t)policy.ttl_ms;
    attr[6] = (uint8_t)group;
    job.attrs = rq_slice(attr, group > 0 ? sizeof attr : 0);
    job.policy = policy;
    job.due_wall_ms = due_ms;
    assert_int_equal(world_put_full(&p->w, &job, &id), 0);
    p->jobs[p->job_count++] = (struct known){.id = id,
                                             .is_in_q = queue[0] == 'q',
                                             .group = group,
                                             .expires_wall_ms = expires_ms};
}

/* Forgets jobs that are gone, but for their ends. */
static void sweep(struct play *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->job_count; i++)
        if (world_has(&p->w, p->jobs[i].id))
            p->jobs[kept++] = p->jobs[i];
    p->job_count = kept;
}

static struct slot *free_slot(struct play *p, enum slot_kind kind)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (p->slots[i].is_used)
            continue;
        p->slots[i] = (struct slot){.is_used = true, .kind = kind, .since = ++p->order};
        return &p->slots[i];
    }
    return NULL;
}

/* The call has been made; NULL: it was answered at once. */
static void keep_or_drop(struct slot *s, struct waiter *handle)
{
    s->handle = handle;
}

static int64_t pick_block(struct play *p)
{
    return below(p, 2) == 0 ? -1 : (int64_t)below(p, 80) + 1;
}

static void do_put(struct play *p)
{
    uint64_t count = 1 + below(p, 3);
    struct slot *s;

    if (count_live(p) >= LIVE_MAX)
        return;
    if (below(p, 3) == 0) {
        put(p, "r");
        return;
    }
    int rc = core_admits(p->w.core, RQ_LIT("q"), count);
    if (rc == RQ_E_FULL && (s = free_slot(p, PUTTER)) != NULL) {
        s->count = count;
        keep_or_drop(s, world_wait_for_room(&p->w, count, pick_block(p), s));
    }
    for (; rc == 0 && count > 0; count--)
        put(p, "q");
}

static void do_get(struct play *p)
{
    bool wants_r = below(p, 2) == 0;
    struct slot *s = free_slot(p, GETTER);
    struct waiter *handle = NULL;

    if (s == NULL)
        return;
    s->wants_r = wants_r;
    int rc = world_get_more(&p->w, p->w.holder, wants_r ? "q,r" : "q",
                            1 + (uint32_t)below(p, 2), pick_block(p), s, &handle);
    if (rc == RQ_E_SHUTDOWN)
        s->is_used = false;
    else
        assert_int_equal(rc, 0);
    for (size_t i = 0; handle == NULL && i < p->w.event_count; i++)
        if (p->w.events[i].kind == EFFECT_DELIVER)
            p->w.events[i].cookie = NULL; /* perhaps two */
    if (handle == NULL)
        s->is_used = false;
    keep_or_drop(s, handle);
}

static struct known *pick(struct play *p, enum job_state state)
{
    size_t from = p->job_count == 0 ? 0 : below(p, p->job_count);

    for (size_t i = 0; i < p->job_count; i++) {
        struct known *job = &p->jobs[(from + i) % p->job_count];

        if (world_has(&p->w, job->id) && world_view(&p->w, job->id)->state == state)
            return job;
    }
    return NULL;
}

static void do_wait(struct play *p)
{
    struct slot *s = free_slot(p, WAIT);
    struct waiter *handle = NULL;
    size_t want = 1 + below(p, IDS);

    if (s == NULL)
        return;
    for (size_t tries = 0; tries < 20 && s->id_count < want && p->job_count > 0;
         tries++) {
        struct known *job = &p->jobs[below(p, p->job_count)];
        struct core_outcome outcome;
        bool is_new = core_outcome(p->w.core, job->id, &outcome) == 0;

        for (size_t i = 0; i < s->id_count; i++)
            is_new &=
                s->ids[i].epoch != job->id.epoch || s->ids[i].number != job->id.number;
        if (is_new)
            s->ids[s->id_count++] = job->id;
    }
    s->any = below(p, 2) == 0;
    if (s->id_count > 0)
        assert_int_equal(world_wait_jobs(&p->w, s->ids, s->id_count, s->any,
                                         below(p, 3) == 0 ? 100000 : pick_block(p), s,
                                         &handle),
                         0);
    else
        s->is_used = false;
    keep_or_drop(s, handle);
}

static void do_give_up(struct play *p)
{
    struct slot *s = &p->slots[below(p, SLOTS)];

    if (!s->is_used)
        return;
    world_cancel(&p->w, s->handle);
    s->is_used = false;
}

static void do_settle(struct play *p)
{
    struct known *job = pick(p, JOB_LEASED);
    struct core_failed out;

    if (job == NULL)
        return;
    switch (below(p, 5)) {
    case 0:
        assert_int_equal(world_fail(&p->w, job->id, job->lease, "oops",
                                    (int64_t)below(p, 20), below(p, 2) == 0, &out),
                         0);
        break;
    case 1:
        assert_int_equal(
            world_release(&p->w, job->id, job->lease, (int64_t)below(p, 20)), 0);
        break;
    case 2:
        world_undeliver(&p->w, job->id, job->lease);
        break;
    default:
        assert_int_equal(world_done(&p->w, job->id, job->lease), 0);
    }
}

static void do_manage(struct play *p)
{
    static const enum job_state states[] = {JOB_READY, JOB_DELAYED, JOB_DEAD,
                                            JOB_LEASED};
    enum job_state state = states[below(p, 4)];
    struct known *job = pick(p, state);

    if (job == NULL)
        return;
    if (state == JOB_DEAD && below(p, 3) > 0) {
        assert_int_equal(world_kick(&p->w, job->id), 1);
    } else if (state != JOB_LEASED && below(p, 6) == 0) {
        world_purge(&p->w, "q", state, 1 + below(p, 5));
    } else if (state == JOB_READY || (state == JOB_DELAYED && below(p, 2) == 0)) {
        assert_int_equal(
            world_reschedule(&p->w, job->id, p->w.now.wall_ms + (int64_t)below(p, 30)),
            0);
    } else {
        assert_int_equal(world_cancel_job(&p->w, job->id), state != JOB_DEAD);
    }
}

/* From "q" to "r", or back. */
static void do_requeue(struct play *p)
{
    static const enum job_state states[] = {JOB_READY, JOB_DELAYED, JOB_DEAD};
    struct known *job = pick(p, states[below(p, 3)]);

    if (job == NULL)
        return;
    int expected = job->is_in_q ? core_admits(p->w.core, RQ_LIT("r"), 1)
                                : core_admits(p->w.core, RQ_LIT("q"), 1);
    assert_int_equal(world_requeue(&p->w, job->id, job->is_in_q ? "r" : "q", NULL),
                     expected);
    job->is_in_q ^= expected == 0;
}

static void do_set(struct play *p)
{
    struct record_settings *s = &p->settings;

    switch (below(p, 9)) {
    case 0:
        s->maxsize = below(p, 5);
        break;
    case 1:
        s->concurrency = (uint32_t)below(p, 4);
        break;
    case 2:
        s->paused = (uint8_t)below(p, 4);
        break;
    case 3:
        s->deadmax = below(p, 4);
        break;
    case 4:
        s->rate = below(p, 2) == 0 ? 0 : 1 + (uint32_t)below(p, 200);
        break;
    case 5:
        s->order = (uint8_t)below(p, 2);
        break;
    case 6:
        s->shut = (uint8_t)below(p, 3);
        break;
    case 7:
        s->grouplimit = (uint32_t)below(p, 3);
        break;
    default: /* open, at last */
        *s = (struct record_settings){
            .maxsize = s->maxsize, .order = s->order, .grouplimit = s->grouplimit};
    }
    world_set(&p->w, *s);
}

static void do_drain(struct play *p)
{
    p->is_draining = !p->is_draining && below(p, 4) == 0;
    core_drain(p->w.core, p->is_draining);
}

static void do_hold(struct play *p)
{
    p->is_held = !p->is_held && below(p, 4) == 0;
    core_hold(p->w.core, p->is_held);
}

static void tick(struct play *p)
{
    do { /* those who were let in may make others due */
        world_tick(&p->w);
        look(p);
    } while (core_next_due(p->w.core) <= p->w.now.mono_ns);
    check_quiet(p);
}

static void do_tick(struct play *p)
{
    world_sleep(&p->w, (int64_t)below(p, below(p, 50) == 0 ? 100000 : 12));
    tick(p);
}

static void do_land(struct play *p)
{
    if (below(p, 4) == 0)
        world_land(&p->w);
    else
        world_land_one(&p->w);
}

static void do_refuse(struct play *p)
{
    world_refuse_one(&p->w);
}

static void do_totals(struct play *p)
{
    world_totals(&p->w);
    look(p);
    world_land(&p->w);
}

static void do_lose(struct play *p)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (p->slots[i].is_used)
            world_cancel(&p->w, p->slots[i].handle);
        p->slots[i].is_used = false;
    }
    struct holder *lost = p->w.holder;
    p->w.holder = world_holder(&p->w);
    world_lose(&p->w, lost);
}

static void do_restart(struct play *p)
{
    world_land(&p->w); /* settings, too: what is said below holds */
    look(p);
    memset(p->slots, 0, sizeof p->slots);
    p->is_draining = p->is_held = false;
    world_restart(&p->w);
    look(p);
    p->restarts++;
}

/* ---- the play ---- */

static const struct {
    void (*run)(struct play *p);
    unsigned weight;
} acts[] = {
    /* clang-format off */
    {do_put,    20}, {do_get,    16}, {do_wait,    8}, {do_give_up, 3},
    {do_settle, 16}, {do_manage,  6}, {do_set,     6}, {do_drain,   1},
    {do_tick,   20}, {do_land,   20}, {do_refuse,  1}, {do_totals,  2},
    {do_lose,    1}, {do_restart, 1}, {do_requeue, 3}, {do_hold, 1},
    /* clang-format on */
};

static void step(struct play *p)
{
    uint64_t sum = 0, at;
    size_t i = 0;

    for (size_t k = 0; k < sizeof acts / sizeof *acts; k++)
        sum += acts[k].weight;
    for (at = below(p, sum); at >= acts[i].weight; i++)
        at -= acts[i].weight;
    p->w.event_count = 0;
    acts[i].run(p);
    if (p->is_held)
        assert_int_equal(world_count(&p->w, EFFECT_DELIVER), 0);
    look(p);
    if (p->job_count > JOBS / 2)
        sweep(p);
}

/* Faults and bounds go: everything ends. */
static void wind_up(struct play *p)
{
    do_lose(p);
    look(p);
    p->settings = (struct record_settings){0};
    world_set(&p->w, p->settings);
    core_drain(p->w.core, p->is_draining = false);
    core_hold(p->w.core, p->is_held = false);
    for (int i = 0; i < 5000 && count_live(p) > count_in(p, JOB_DEAD); i++) {
        sweep(p);
        world_land(&p->w);
        look(p);
        do_get(p);
        look(p);
        while (pick(p, JOB_LEASED) != NULL) {
            struct known *job = pick(p, JOB_LEASED);

            assert_int_equal(world_done(&p->w, job->id, job->lease), 0);
        }
        do_tick(p);
    }
    assert_int_equal(world_queue(&p->w, "q")->unfinished, 0);
}

static void play(struct play *p)
{
    memset(p->slots, 0, sizeof p->slots);
    p->settings = (struct record_settings){0};
    p->is_draining = p->is_held = false;
    p->job_count = 0;
    rq_rand_seed(&p->rand, p->seed);
    world_init(&p->w);
    for (int i = 0; i < STEPS; i++)
        step(p);
    wind_up(p);
    world_fini(&p->w);
}

static void nobody_waits_who_could_be_served(void **state)
{
    const char *text = getenv("RINGQ_SEED");
    struct play *p = *state;

    if (text != NULL) {
        assert_int_equal(rq_num_u64(rq_slice_str(text), 1, UINT64_MAX, &p->seed), 0);
        play(p);
        return;
    }
    for (p->seed = 1; p->seed <= SEEDS; p->seed++)
        play(p);
    /* The plays must have tried what they are for. */
    assert_true(p->delivered > 40 * SEEDS);
    assert_true(p->admitted > 3 * SEEDS);
    assert_true(p->refused > SEEDS);
    assert_true(p->waited > 5 * SEEDS);
    assert_true(p->expired > 5 * SEEDS);
    assert_true(p->restarts > 2 * SEEDS);
}

static int begin(void **state)
{
    *state = calloc(1, sizeof(struct play));
    return *state == NULL;
}

static int end(void **state)
{
    struct play *p = *state;

    print_message("last seed %llu: %zu delivered, %zu admitted, %zu refused, "
                  "%zu waits, %zu expired, %zu restarts\n",
                  (unsigned long long)p->seed, p->delivered, p->admitted, p->refused,
                  p->waited, p->expired, p->restarts);
    free(p);
    return 0;
}

TEST_MAIN(cmocka_unit_test_setup_teardown(nobody_waits_who_could_be_served, begin, end))
