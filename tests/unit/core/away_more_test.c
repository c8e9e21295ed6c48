/* away_more_test - bodies that are not in memory, and groups, REQUEUE and kept leases.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/err.h"
#include "core/away.h"
#include "core/state.h"
#include "named.h"
#include "support/test.h"

enum { MEMORY = 4 }; /* two bodies, like "a1" */

static void init(struct world *w)
{
    world_init(w);
    world_set_memory(w, MEMORY);
}

static struct core_sums sums(const struct world *w)
{
    struct core_sums s;

    core_sums(w->core, &s);
    return s;
}

/* Fills memory, so that what comes now is away. */
static void fill(struct world *w)
{
    put_as(w, "full", "-1", world_policy(), 0);
    put_as(w, "full", "-2", world_policy(), 0);
}

static struct job_id put_away(struct world *w, const char *name)
{
    fill(w);
    struct job_id id = put(w, name);
    assert_true(world_view(w, id)->is_away);
    return id;
}

static void expect_away(struct world *w, struct job_id id, bool is_away)
{
    assert_int_equal(world_view(w, id)->is_away, is_away);
}

/* ---- groups ---- */

static void groups_take_turns_without_bodies_in_memory(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    fill(&w);
    put_all(&w, "a1 a2 a3 b1 -1 -2 c1 c2");
    assert_int_equal(sums(&w).away, 8);
    assert_order(&w, "-1 a1 b1 c1 -2 a2 c2 a3");
    world_fini(&w);
}

static void a_getter_waits_for_the_body_of_the_group_whose_turn_it_is(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    struct job_id a1 = put_away(&w, "a1");
    assert_int_equal(
        world_get_more(&w, w.holder, "q", 1, -1, &w, &(struct waiter *){0}), 0);
    put(&w, "b1"); /* is here, but behind it */
    assert_none_is_served(&w);
    expect_away(&w, a1, true);
    assert_in_range(world_fetch_some(&w, 8), 1, 2);
    served(&w, "a1");
    world_fini(&w);
}

static void a_full_group_is_not_waited_for(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1");
    struct taken a1 = take(&w, "a1");
    put_away(&w, "a2");
    assert_nothing(&w); /* at once, nothing can be read for it */
    assert_false(core_wants_bodies(w.core));
    put_all(&w, "b1");
    take(&w, "b1");
    end_done(&w, a1);
    world_land(&w);
    take(&w, "a2");
    world_fini(&w);
}

static void who_would_not_wait_is_told_when_the_group_becomes_full(void **state)
{
    struct waiter *waiter;
    struct world w;

    (void)state;
    init(&w);
    put_all(&w, "a1");
    take(&w, "a1");
    put_away(&w, "a2");
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, &w, &waiter), 0);
    assert_non_null(waiter);
    world_set(&w, (struct record_settings){.grouplimit = 1});
    world_tick(&w);
    assert_int_equal(world_count(&w, EFFECT_TIMEOUT), 1);
    world_fini(&w);
}

static void the_groups_that_are_next_share_what_is_read_ahead(void **state)
{
    struct world w;
    size_t wanted = 0, n;
    struct core_want wants[8];

    (void)state;
    init(&w);
    fill(&w);
    put_all(&w, "a1 a2 a3 a4 a5 a6 b1 b2 c1");
    world_set_memory(&w, 104); /* with attributes; an eighth of it is read ahead */
    assert_int_equal(
        world_get_more(&w, w.holder, "q", 1, -1, &w, &(struct waiter *){0}), 0);
    world_tick(&w);
    bool groups[3] = {false};
    while ((n = core_wanted(w.core, wants, 8)) > 0)
        for (size_t i = 0; i < n; i++, wanted++) {
            struct rq_slice attrs = world_view(&w, wants[i].job)->attrs;

            groups[attrs.ptr[attrs.len - 1] - 'a'] = true;
        }
    assert_int_equal(wanted, 5); /* a1 a2 b1 b2 c1 */
    assert_true(groups[0] && groups[1] && groups[2]);
    world_fini(&w);
}

static void more_groups_than_are_looked_at_are_all_served(void **state)
{
    struct world w;
    char name[3] = {0};

    (void)state;
    init(&w);
    fill(&w);
    for (int i = 0; i < 200; i++) {
        name[0] = (char)('0' + i % 100), name[1] = (char)('0' + i / 100);
        put(&w, name);
    }
    world_set_memory(&w, 1000);
    for (int i = 0; i < 200; i++) {
        name[0] = (char)('0' + i % 100), name[1] = (char)('0' + i / 100);
        take(&w, name);
    }
    assert_nothing(&w);
    world_fini(&w);
}

static void replace_brings_a_job_that_is_away_into_another_group(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1");
    take(&w, "a1");
    struct job_id id = put_away(&w, "a2");
    assert_nothing(&w);
    assert_int_equal(replace(&w, id, "b2"), 1);
    expect_away(&w, id, false);
    take(&w, "b2");
    world_land(&w);
    world_restart(&w);
    assert_order(&w, "a1 b2"); /* they were not done */
    world_fini(&w);
}

/* ---- REQUEUE ---- */

static struct core_read read_of(struct world *w, struct job_id id, const char *body)
{
    return (struct core_read){world_view(w, id)->home, rq_slice_str(body)};
}

static int requeue_with(struct world *w, struct job_id id, const struct core_read *read)
{
    struct job_id exists;
    int rc = core_requeue(w->core, id, RQ_LIT("r"), read, w->now, &w->fx, &exists);

    world_carry(w);
    core_check(w->core);
    return rc;
}

static void a_job_that_is_away_goes_with_its_body(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    struct job_id id = put_away(&w, "a1"), taken;
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    world_record(&w, RECORD_MOVE);
    assert_int_equal(world_count(&w, EFFECT_FORGET), 1);
    expect_away(&w, id, true);
    world_land(&w);
    world_restart(&w);
    assert_int_not_equal(world_get(&w, "r", &taken), 0);
    assert_int_equal(taken.number, id.number);
    assert_string_equal(name_of(&w, id), "a1");
    assert_nothing(&w);
    world_fini(&w);
}

static void without_its_own_body_it_does_not_go(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    struct job_id id = put_away(&w, "a1");
    struct core_read read = read_of(&w, id, "a1");
    assert_int_equal(requeue_with(&w, id, NULL), -EAGAIN);
    read.home--;
    assert_int_equal(requeue_with(&w, id, &read), -EAGAIN); /* of an older commit */
    read = read_of(&w, id, "a");
    assert_int_equal(requeue_with(&w, id, &read), -EAGAIN);
    assert_int_equal(world_queue(&w, "r")->ready, 0);
    take(&w, "a1");
    world_fini(&w);
}

static void one_that_is_being_read_is_wanted_again_where_it_goes(void **state)
{
    struct core_want want;
    struct world w;

    (void)state;
    init(&w);
    struct job_id id = put_away(&w, "a1");
    world_wait(&w, "r", -1, &w);
    assert_int_equal(
        world_get_more(&w, w.holder, "q", 1, 10, &w, &(struct waiter *){0}), 0);
    world_tick(&w);
    assert_int_equal(core_wanted(w.core, &want, 1), 1); /* for "q" */
    assert_int_equal(world_requeue(&w, id, "r", NULL), 0);
    assert_int_equal(core_body(w.core, &want, RQ_LIT("a1"), false, &w.fx), 0);
    world_carry(&w);
    expect_away(&w, id, true);
    world_tick(&w);
    assert_int_equal(world_fetch_some(&w, 8), 1);
    served(&w, "a1");
    world_fini(&w);
}

static void one_whose_body_is_lost_stays_where_it_is(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    struct job_id id = put_away(&w, "a1");
    world_flush(&w);
    assert_nothing(&w);
    world_land(&w);
    assert_true(world_view(&w, id)->is_lost);
    assert_int_equal(world_requeue(&w, id, "r", NULL), RQ_E_BADARG);
    world_fini(&w);
}

/* ---- a lease that is kept over a restart ---- */

static struct taken take_kept(struct world *w)
{
    struct holder *h = world_holder(w);
    struct taken t;

    assert_int_equal(core_holder_keep(w->core, h, RQ_LIT("worker")), 0);
    put(w, "a1");
    fill(w);
    t.lease = world_get_as(w, h, "q", &t.id);
    world_land(w);
    world_restart(w);
    assert_int_equal(world_view(w, t.id)->state, JOB_LEASED);
    return t;
}

static void its_job_may_be_away_and_is_moved(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    world_set_memory(&w, 1);
    struct taken t = take_kept(&w);
    expect_away(&w, t.id, true);
    uint64_t end = w.log_count + 1;
    world_move(&w, end);
    world_land(&w);
    assert_true(world_low(&w) >= end);
    world_restart(&w);
    assert_int_equal(world_view(&w, t.id)->state, JOB_LEASED);
    assert_int_equal(world_release(&w, t.id, t.lease, 0), 0);
    world_land(&w);
    take(&w, "a1");
    world_fini(&w);
}

static void its_job_dies_when_the_mover_finds_its_body_lost(void **state)
{
    struct world w;

    (void)state;
    init(&w);
    world_set_memory(&w, 1);
    struct taken t = take_kept(&w);
    world_flush(&w);
    world_move(&w, w.log_count + 1);
    world_land(&w);
    assert_int_equal(world_view(&w, t.id)->state, JOB_DEAD);
    assert_true(world_view(&w, t.id)->is_lost);
    assert_int_equal(world_done(&w, t.id, t.lease), RQ_E_STALE);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(groups_take_turns_without_bodies_in_memory),
          cmocka_unit_test(a_getter_waits_for_the_body_of_the_group_whose_turn_it_is),
          cmocka_unit_test(a_full_group_is_not_waited_for),
          cmocka_unit_test(who_would_not_wait_is_told_when_the_group_becomes_full),
          cmocka_unit_test(the_groups_that_are_next_share_what_is_read_ahead),
          cmocka_unit_test(more_groups_than_are_looked_at_are_all_served),
          cmocka_unit_test(replace_brings_a_job_that_is_away_into_another_group),
          cmocka_unit_test(a_job_that_is_away_goes_with_its_body),
          cmocka_unit_test(without_its_own_body_it_does_not_go),
          cmocka_unit_test(one_that_is_being_read_is_wanted_again_where_it_goes),
          cmocka_unit_test(one_whose_body_is_lost_stays_where_it_is),
          cmocka_unit_test(its_job_may_be_away_and_is_moved),
          cmocka_unit_test(its_job_dies_when_the_mover_finds_its_body_lost))
