/* group_play_test - random plays: whose turn it is, by the rules in their simplest
 * form. SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/rand.h"
#include "named.h"
#include "support/test.h"

enum { PLAYS = 40, STEPS = 400, GROUPS = 4, JOBS = 600 }; /* group 0: none */

struct played {
    char group;
    uint8_t pri;
    bool is_leased, is_gone;
    struct taken taken;
    uint64_t turn; /* of the group before it was taken */
};

struct play {
    struct world w;
    struct rq_rand rand;
    struct record_settings settings;
    struct played jobs[JOBS]; /* by number */
    uint64_t count, turn, turns[GROUPS];
};

static bool is_empty(const struct play *p, int group)
{
    for (uint64_t i = 0; i < p->count; i++)
        if (!p->jobs[i].is_gone &&
            (group < 0 ? p->jobs[i].group > 0 : p->jobs[i].group == group))
            return false;
    return true;
}

static bool is_full(const struct play *p, int group)
{
    uint64_t leased = 0;

    for (uint64_t i = 0; i < p->count; i++)
        leased +=
            !p->jobs[i].is_gone && p->jobs[i].is_leased && p->jobs[i].group == group;
    return group > 0 && p->settings.grouplimit > 0 && leased >= p->settings.grouplimit;
}

static bool goes_before(const struct play *p, uint64_t a, uint64_t b)
{
    const struct played *x = &p->jobs[a], *y = &p->jobs[b];

    if (x->pri != y->pri)
        return x->pri < y->pri;
    if (x->group != y->group)
        return p->turns[(int)x->group] < p->turns[(int)y->group];
    return p->settings.order == RECORD_LIFO ? a > b : a < b;
}

/* Returns  p->count: none */
static uint64_t next_of(const struct play *p)
{
    uint64_t best = p->count;

    for (uint64_t i = 0; i < p->count; i++)
        if (!p->jobs[i].is_gone && !p->jobs[i].is_leased &&
            !is_full(p, p->jobs[i].group) &&
            (best == p->count || goes_before(p, i, best)))
            best = i;
    return best;
}

static void play_put(struct play *p)
{
    static const char *const names[GROUPS] = {"-", "a", "b", "c"};
    struct job_policy policy = world_policy();
    struct played *job = &p->jobs[p->count];
    size_t group = rq_rand_below(&p->rand, GROUPS);

    *job = (struct played){.group = (char)group,
                           .pri = (uint8_t)rq_rand_below(&p->rand, 3)};
    if (group > 0 && is_empty(p, -1))
        p->turns[0] = ++p->turn;
    if (group > 0 && is_empty(p, (int)group))
        p->turns[group] = ++p->turn;
    policy.pri = job->pri;
    policy.tries = 1000;
    job->taken.id = put_as(&p->w, "q", names[group], policy, 0);
    assert_int_equal(job->taken.id.number, ++p->count);
}

static void play_get(struct play *p)
{
    uint64_t next = next_of(p);
    struct job_id id;
    uint64_t lease = world_get(&p->w, "q", &id);

    if (next == p->count) {
        assert_int_equal(lease, 0);
        return;
    }
    struct played *job = &p->jobs[next];
    assert_int_equal(id.number, job->taken.id.number);
    job->taken.lease = lease;
    job->is_leased = true;
    job->turn = is_empty(p, -1) ? 0 : p->turns[(int)job->group];
    p->turns[(int)job->group] = ++p->turn;
}

static void play_end(struct play *p)
{
    struct played *job = &p->jobs[rq_rand_below(&p->rand, p->count)];
    uint64_t *turn = &p->turns[(int)job->group];

    if (job->is_gone || !job->is_leased)
        return;
    job->is_leased = false;
    switch (rq_rand_below(&p->rand, 3)) {
    case 0:
        end_done(&p->w, job->taken);
        world_land(&p->w);
        job->is_gone = true;
        break;
    case 1:
        assert_int_equal(world_release(&p->w, job->taken.id, job->taken.lease, 0), 0);
        break;
    default:
        world_undeliver(&p->w, job->taken.id, job->taken.lease);
        if (job->turn != 0 && job->turn < *turn)
            *turn = job->turn;
        break;
    }
    world_tick(&p->w);
}

static void play_set(struct play *p)
{
    p->settings.grouplimit = (uint32_t)rq_rand_below(&p->rand, 4);
    p->settings.order = rq_rand_below(&p->rand, 2) > 0 ? RECORD_LIFO : RECORD_FIFO;
    world_set(&p->w, p->settings);
    world_tick(&p->w);
}

static void play(struct play *p, uint64_t seed, size_t memory)
{
    memset(p, 0, sizeof *p);
    rq_rand_seed(&p->rand, seed);
    world_init(&p->w);
    world_set_memory(&p->w, memory);
    play_put(p);
    for (int i = 0; i < STEPS; i++) {
        uint64_t what = rq_rand_below(&p->rand, 100);

        if (what < 30)
            play_put(p);
        else if (what < 62)
            play_get(p);
        else if (what < 97)
            play_end(p);
        else
            play_set(p);
    }
    world_fini(&p->w);
}

static void every_job_is_the_one_whose_turn_it_is(void **state)
{
    static struct play p;

    (void)state;
    for (uint64_t seed = 1; seed <= PLAYS; seed++)
        play(&p, seed, 0);
}

static void so_it_is_while_only_two_bodies_are_in_memory(void **state)
{
    static struct play p;

    (void)state;
    for (uint64_t seed = 1; seed <= PLAYS; seed++)
        play(&p, seed, 2);
}

TEST_MAIN(cmocka_unit_test(every_job_is_the_one_whose_turn_it_is),
          cmocka_unit_test(so_it_is_while_only_two_bodies_are_in_memory))
