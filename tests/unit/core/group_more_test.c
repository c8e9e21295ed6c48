/* group_more_test - groups, and what else happens to jobs: operators, the log, looking.
 * SPDX-License-Identifier: MIT */
#include "core/attrs.h"
#include "core/limits.h"
#include "core/state.h"
#include "named.h"
#include "support/test.h"

/* ---- with the other commands ---- */

static void a_purge_takes_what_full_groups_hold_back_too(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2 a3 b1");
    take(&w, "a1");
    put_all(&w, "-1");
    assert_int_equal(world_purge(&w, "q", JOB_READY, 10), 4);
    world_land(&w);
    assert_int_equal(world_queue(&w, "q")->ready, 0);
    world_fini(&w);
}

static void dead_delayed_and_cancelled_jobs_do_not_fill_a_group(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2 a3");
    struct job_id a4 = put(&w, "a4");
    struct taken a1 = take(&w, "a1");
    end_dead(&w, a1);
    world_land(&w);
    struct taken a2 = take(&w, "a2");
    assert_int_equal(world_kick(&w, a1.id), 1); /* in front */
    assert_nothing(&w);
    end_fail(&w, a2);
    struct taken again = take(&w, "a1");
    assert_int_equal(world_reschedule(&w, a4, w.now.wall_ms + 60000), 0);
    assert_int_equal(world_cancel_job(&w, a2.id), 1);
    end_done(&w, again);
    assert_order(&w, "a3");
    world_fini(&w);
}

static void a_delayed_job_waits_for_its_group_when_it_is_due(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1");
    put_as(&w, "q", "a2", world_policy(), w.now.wall_ms + 100);
    put_as(&w, "q", "b1", world_policy(), w.now.wall_ms + 100);
    struct taken a1 = take(&w, "a1");
    world_wait(&w, "q", -1, &w);
    world_sleep(&w, 100);
    served(&w, "b1");
    world_wait(&w, "q", -1, &w);
    end_done(&w, a1);
    served(&w, "a2");
    world_fini(&w);
}

static void a_replaced_job_goes_to_the_group_of_the_new_put(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1");
    struct job_id a2 = put(&w, "a2"), a3 = put(&w, "a3"), a4 = put(&w, "a4");
    take(&w, "a1");
    world_wait(&w, "q", -1, &w);
    assert_none_is_served(&w);
    assert_int_equal(replace(&w, a2, "b2"), 1);
    served(&w, "b2");
    assert_int_equal(replace(&w, a3, "a5"), 1); /* the same group */
    assert_nothing(&w);
    assert_int_equal(replace(&w, a4, "-6"), 1); /* none */
    world_land(&w);
    take(&w, "-6");
    assert_nothing(&w);
    world_restart(&w);
    assert_int_equal(queue(&w)->groups->by_key.count, 2);
    assert_order(&w, "-6 a1 b2");
    world_fini(&w);
}

/* ---- the log ---- */

static void a_restart_keeps_groups_and_gives_leases_back(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2 b1 b2");
    take(&w, "a1");
    take(&w, "b1");
    world_land(&w);
    world_restart(&w);
    struct taken a1 = take(&w, "a1");
    assert_order(&w, "b1");
    end_done(&w, a1);
    assert_order(&w, "a2");
    world_fini(&w);
}

static void a_limit_below_what_is_leased_is_replayed(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 a2 a3 b1");
    assert_order(&w, "a1 b1 a2 a3");
    set_limit(&w, 1);
    world_land(&w);
    world_restart(&w);
    assert_order(&w, "a1 b1");
    world_fini(&w);
}

static void a_compaction_keeps_groups(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2 b1 -1");
    take(&w, "-1");
    take(&w, "a1");
    world_land(&w);
    assert_true(world_move(&w, 1000) > 0);
    world_land(&w);
    world_restart(&w);
    assert_order(&w, "-1 a1 b1");
    world_fini(&w);
}

static void a_key_is_any_bytes_of_the_greatest_length(void **state)
{
    static uint8_t bytes[LIMIT_KEY_BYTES];
    const struct attr attr = {.kind = ATTR_GROUP,
                              .value = rq_slice(bytes, sizeof bytes)};
    struct job_id ids[2];
    struct rq_buf attrs;
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    for (size_t i = 0; i < 2; i++) {
        rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
        assert_int_equal(attrs_add(&attrs, &attr), 0);
        assert_int_equal(
            world_put_attrs(&w, "q", "x", rq_buf_slice(&attrs), 0, 0, &ids[i]), 0);
        rq_buf_fini(&attrs);
    }
    world_land(&w);
    assert_int_not_equal(world_get(&w, "q", NULL), 0);
    assert_nothing(&w);
    world_restart(&w);
    assert_int_not_equal(world_get(&w, "q", NULL), 0);
    assert_nothing(&w);
    world_fini(&w);
}

/* ---- looking ---- */

static void a_page_of_ready_jobs_has_them_by_pri_and_id(void **state)
{
    static const char *const order[] = {"b5", "a1", "a2", "b3", "-4", "c6"};
    const struct job *jobs[8];
    struct job_id after = {0, 0};
    struct world w;

    (void)state;
    world_init(&w);
    put_all(&w, "a1 a2 b3 -4");
    put_pri(&w, "b5", 0);
    put_all(&w, "c6");
    for (size_t i = 0; i < 6; i += 2) { /* page by page */
        size_t work = SIZE_MAX;
        const struct core_peek what = {
            .queue = RQ_LIT("q"), .state = JOB_READY, .after = after, .work = &work};
        struct job_view view;

        assert_int_equal(core_peek(w.core, &what, 2, jobs), 2);
        for (size_t j = 0; j < 2; j++) {
            job_view(jobs[j], &view);
            assert_string_equal(name_of(&w, view.id), order[i + j]);
        }
        after = view.id;
    }
    world_fini(&w);
}

static void the_oldest_job_is_found_in_any_group(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    set_limit(&w, 1);
    put_all(&w, "a1 a2");
    world_sleep(&w, 100);
    put_all(&w, "b1");
    struct taken a1 = take(&w, "a1");
    world_sleep(&w, 100);
    put_all(&w, "-1");
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 200);
    end_done(&w, a1);
    take(&w, "-1");
    take(&w, "b1");
    take(&w, "a2");
    assert_int_equal(world_queue(&w, "q")->oldest_ready_ms, 0);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_purge_takes_what_full_groups_hold_back_too),
          cmocka_unit_test(dead_delayed_and_cancelled_jobs_do_not_fill_a_group),
          cmocka_unit_test(a_delayed_job_waits_for_its_group_when_it_is_due),
          cmocka_unit_test(a_replaced_job_goes_to_the_group_of_the_new_put),
          cmocka_unit_test(a_restart_keeps_groups_and_gives_leases_back),
          cmocka_unit_test(a_limit_below_what_is_leased_is_replayed),
          cmocka_unit_test(a_compaction_keeps_groups),
          cmocka_unit_test(a_key_is_any_bytes_of_the_greatest_length),
          cmocka_unit_test(a_page_of_ready_jobs_has_them_by_pri_and_id),
          cmocka_unit_test(the_oldest_job_is_found_in_any_group))
