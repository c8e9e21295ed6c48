/* peek_test - pages of jobs, in order.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "support/test.h"
#include "world.h"

enum { MAX = 16 };

struct page {
    long count;
    uint64_t numbers[MAX];
};

static struct page peek(struct world *w, enum job_state state, struct job_id after,
                        size_t max)
{
    size_t work = SIZE_MAX;
    const struct core_peek what = {
        .queue = RQ_LIT("q"), .state = state, .after = after, .work = &work};
    const struct job *jobs[MAX];
    struct page p = {.count = core_peek(w->core, &what, max, jobs)};

    for (long i = 0; i < p.count; i++) {
        struct job_view view;

        job_view(jobs[i], &view);
        p.numbers[i] = view.id.number;
    }
    return p;
}

static void put_pri(struct world *w, uint8_t pri)
{
    struct job_policy policy = world_policy();

    policy.pri = pri;
    world_put_more(w, "q", "x", policy, 0);
    world_land(w);
}

static void ready_jobs_come_in_the_order_of_service(void **state)
{
    static const uint8_t pri[] = {5, 1, 5, 3, 1, 9};
    static const uint64_t order[] = {2, 5, 4, 1, 3, 6};
    struct job_id after = {0, 0};
    struct world w;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < 6; i++)
        put_pri(&w, pri[i]);
    struct page all = peek(&w, JOB_READY, after, MAX);
    assert_int_equal(all.count, 6);
    assert_memory_equal(all.numbers, order, sizeof order);

    for (size_t i = 0; i < 6; i += 2) { /* and page by page */
        struct page two = peek(&w, JOB_READY, after, 2);
        assert_int_equal(two.count, 2);
        assert_memory_equal(two.numbers, order + i, 2 * sizeof *order);
        after = (struct job_id){7, two.numbers[1]};
    }
    assert_int_equal(peek(&w, JOB_READY, after, 2).count, 0);
    world_fini(&w);
}

static void nothing_comes_after_a_job_that_is_not_ready(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    world_put_landed(&w, "q");
    world_get(&w, "q", &id);
    assert_int_equal(peek(&w, JOB_READY, id, 1).count, RQ_E_NOJOB);
    assert_int_equal(peek(&w, JOB_READY, (struct job_id){7, 99}, 1).count, RQ_E_NOJOB);
    world_fini(&w);
}

static void other_states_come_in_the_order_of_their_ids(void **state)
{
    static const int64_t due_ms[] = {300, 100, 200};
    static const uint64_t order[] = {1, 2, 3};
    struct world w;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < 3; i++)
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + due_ms[i]);
    world_land(&w);
    struct page all = peek(&w, JOB_DELAYED, (struct job_id){0, 0}, MAX);
    assert_int_equal(all.count, 3);
    assert_memory_equal(all.numbers, order, sizeof order);
    /* A job that is gone still marks a place. */
    assert_int_equal(world_cancel_job(&w, (struct job_id){7, 2}), 1);
    struct page rest = peek(&w, JOB_DELAYED, (struct job_id){7, 2}, MAX);
    assert_int_equal(rest.count, 1);
    assert_int_equal(rest.numbers[0], 3);
    world_fini(&w);
}

static void leased_and_dead_jobs_can_be_looked_at(void **state)
{
    struct core_failed out;
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    assert_int_equal(peek(&w, JOB_LEASED, (struct job_id){0, 0}, 1).count, 1);
    assert_int_equal(world_fail(&w, id, lease, "", -1, true, &out), 0);
    assert_int_equal(peek(&w, JOB_LEASED, (struct job_id){0, 0}, 1).count, 0);
    world_land(&w);
    assert_int_equal(peek(&w, JOB_DEAD, (struct job_id){0, 0}, 1).count, 1);
    world_fini(&w);
}

static bool is_odd(void *arg, const struct job *job)
{
    struct job_view view;

    (void)arg;
    job_view(job, &view);
    return view.id.number % 2 == 1;
}

static void what_is_not_wanted_is_passed_over(void **state)
{
    size_t work = SIZE_MAX;
    const struct core_peek what = {
        .queue = RQ_LIT("q"), .state = JOB_READY, .wants = is_odd, .work = &work};
    const struct job *jobs[MAX];
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 5; i++)
        world_put_landed(&w, "q");
    assert_int_equal(core_peek(w.core, &what, MAX, jobs), 3);
    assert_int_equal(core_peek(w.core, &what, 2, jobs), 2);
    const struct core_peek nowhere = {.queue = RQ_LIT("nowhere"), .state = JOB_READY};
    assert_int_equal(core_peek(w.core, &nowhere, 2, jobs), 0);
    world_fini(&w);
}

static bool tires(void *arg, const struct job *job)
{
    (void)job;
    *(size_t *)arg = 0; /* a MATCH that costs all that is left */
    return true;
}

static void no_more_is_looked_at_than_may_be(void **state)
{
    size_t work = 3 * CORE_PEEK_LOOK;
    struct core_peek what = {
        .queue = RQ_LIT("q"), .state = JOB_DELAYED, .work = &work, .arg = &work};
    const struct job *jobs[MAX];
    struct world w;

    (void)state;
    world_init(&w);
    for (int i = 0; i < 4; i++)
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 1000);
    world_land(&w);
    assert_int_equal(core_peek(w.core, &what, MAX, jobs), 3); /* better than nothing */
    what.wants = is_odd;
    work = 4 * CORE_PEEK_LOOK;
    assert_int_equal(core_peek(w.core, &what, MAX, jobs), RQ_E_LIMIT); /* to the bone */
    work = 4 * CORE_PEEK_LOOK + 1;
    assert_int_equal(core_peek(w.core, &what, MAX, jobs), 2);
    what.wants = tires;
    work = SIZE_MAX;
    assert_int_equal(core_peek(w.core, &what, MAX, jobs), RQ_E_LIMIT);
    what.wants = NULL;
    what.after = (struct job_id){7, 1};
    work = 3 * CORE_PEEK_LOOK;
    assert_int_equal(core_peek(w.core, &what, MAX, jobs), RQ_E_LIMIT);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(ready_jobs_come_in_the_order_of_service),
          cmocka_unit_test(nothing_comes_after_a_job_that_is_not_ready),
          cmocka_unit_test(no_more_is_looked_at_than_may_be),
          cmocka_unit_test(other_states_come_in_the_order_of_their_ids),
          cmocka_unit_test(leased_and_dead_jobs_can_be_looked_at),
          cmocka_unit_test(what_is_not_wanted_is_passed_over))
