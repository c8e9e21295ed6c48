/* lease_test - the numbers of leases: equal ones never occur twice.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/state.h"
#include "support/test.h"
#include "world.h"

enum { EPOCH_STEP = 3 };

static void a_number_holds_the_epochs_and_the_delivery(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(world_get(&w, "q", &id), 1);
    assert_int_equal(world_release(&w, id, 1, 0), 0);
    assert_int_equal(world_get(&w, "q", &id), 2);
    assert_int_equal(world_release(&w, id, 2, 0), 0);
    core_set_epoch(w.core, 7 + EPOCH_STEP);
    assert_true(world_get(&w, "q", &id) == ((uint64_t)EPOCH_STEP << 32 | 1));
    assert_int_equal(id.epoch, 7);
    world_fini(&w);
}

static void deliveries_of_an_earlier_epoch_do_not_count(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    assert_int_equal(world_get(&w, "q", &id), 1);
    assert_int_equal(world_fail(&w, id, 1, "kept", 0, false, NULL), 0);
    world_tick(&w);
    core_set_epoch(w.core, 8);
    assert_true(world_get(&w, "q", &id) == (UINT64_C(1) << 32 | 1));
    assert_true(rq_slice_eq(world_view(&w, id)->error, RQ_LIT("kept")));
    world_fini(&w);
}

static void a_current_lease_stays_good_under_a_new_epoch(void **state)
{
    struct world w;
    struct job_id id;
    struct core_touched touched;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    core_set_epoch(w.core, 8);
    assert_int_equal(core_touch(w.core, id, lease, 0, w.now, &touched), 0);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_fini(&w);
}

static void deliveries_are_counted_through_all_that_returns_a_job(void **state)
{
    struct world w;
    struct job_id id;
    struct job_policy policy = world_policy();

    (void)state;
    world_init(&w);
    policy.tries = 100;
    world_put_more(&w, "q", "x", policy, 0);
    world_land(&w);
    for (uint64_t k = 1; k < 20; k++) {
        struct holder *holder = world_holder(&w);

        assert_int_equal(world_get_as(&w, holder, "q", &id), k);
        switch (k % 5) {
        case 0:
            world_undeliver(&w, id, k);
            break;
        case 1:
            assert_int_equal(world_release(&w, id, k, 0), 0);
            break;
        case 2:
            assert_int_equal(world_fail(&w, id, k, "", 0, false, NULL), 0);
            world_tick(&w);
            break;
        case 3:
            world_sleep(&w, 1000);
            world_tick(&w);
            break;
        default:
            break; /* lost */
        }
        world_lose(&w, holder);
    }
    world_fini(&w);
}

static void a_restart_never_repeats_a_number(void **state)
{
    struct world w;
    struct job_id id;
    uint64_t last = 0;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    for (int i = 0; i < 10; i++) {
        uint64_t lease = world_get(&w, "q", &id);

        assert_true(lease > last);
        last = lease;
        world_restart(&w); /* the LEASE record was never in the log */
        assert_int_equal(world_done(&w, id, lease), RQ_E_STALE);
        assert_int_equal(world_view(&w, id)->attempts, 0);
    }
    world_fini(&w);
}

/* ---- no number left ---- */

static struct job *job_of(struct world *w, struct job_id id)
{
    return (struct job *)(uintptr_t)core_find_job(w->core, id);
}

/* The job has been delivered 2^32 - 1 times; it is ready. */
static struct job_id put_worn_out(struct world *w)
{
    struct job_id id;

    world_put_landed(w, "q");
    uint64_t lease = world_get(w, "q", &id);
    assert_int_equal(world_release(w, id, lease, 0), 0);
    job_extra(job_of(w, id))->deliveries = UINT32_MAX;
    return id;
}

static void the_last_number_is_used_and_then_the_job_is_dead(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_worn_out(&w);
    job_extra(job_of(&w, id))->deliveries = UINT32_MAX - 1;
    assert_int_equal(world_get(&w, "q", NULL), UINT32_MAX);
    assert_int_equal(world_release(&w, id, UINT32_MAX, 0), 0);

    assert_int_equal(world_get(&w, "q", NULL), 0);
    const struct event *e = world_record(&w, RECORD_STATE);
    assert_int_equal(e->state, RECORD_DEAD);
    assert_string_equal(e->error, "leases");
    assert_true(e->confirm);
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    world_land(&w);
    assert_int_equal(world_view(&w, id)->state, JOB_DEAD);
    world_fini(&w);
}

static void a_worn_out_job_becomes_good_under_a_new_epoch(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_worn_out(&w);
    core_set_epoch(w.core, 8);
    assert_true(world_get(&w, "q", NULL) == (UINT64_C(1) << 32 | 1));
    world_fini(&w);
}

static void a_getter_passes_over_the_worn_out(void **state)
{
    struct world w;
    struct job_id id, worn_out;
    int cookie;

    (void)state;
    world_init(&w);
    worn_out = put_worn_out(&w);
    struct job_id good = world_put_landed(&w, "q");
    assert_int_equal(world_get(&w, "q", &id) != 0, 1);
    assert_int_equal(id.number, good.number);
    assert_int_equal(world_view(&w, worn_out)->state, JOB_ENDING);

    /* or waits */
    put_worn_out(&w);
    struct waiter *waiter;
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, -1, &cookie, &waiter), 0);
    assert_non_null(waiter);
    assert_int_equal(world_count(&w, EFFECT_TIMEOUT), 0);
    world_fini(&w);
}

static void a_waiter_is_not_given_the_worn_out(void **state)
{
    struct world w;
    struct job_id id;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "q");
    uint64_t lease = world_get(&w, "q", &id);
    struct waiter *waiter = world_wait(&w, "q", -1, NULL);
    job_extra(job_of(&w, id))->deliveries = UINT32_MAX;
    job_extra(job_of(&w, id))->lease = lease = UINT32_MAX;
    assert_int_equal(world_release(&w, id, lease, 0), 0);
    assert_int_equal(world_count(&w, EFFECT_DELIVER), 0);
    assert_int_equal(world_view(&w, id)->state, JOB_ENDING);
    assert_int_equal(world_queue(&w, "q")->waiting_getters, 1);
    world_cancel(&w, waiter);
    world_fini(&w);
}

static void a_job_older_than_2_to_the_32_epochs_is_dead(void **state)
{
    struct world w;
    struct job_id first, second;

    (void)state;
    world_init(&w);
    first = world_put_landed(&w, "q");
    second = world_put_landed(&w, "r");
    core_set_epoch(w.core, 7 + (uint64_t)UINT32_MAX);
    assert_true(world_get(&w, "q", NULL) == ((uint64_t)UINT32_MAX << 32 | 1));
    assert_int_equal(world_view(&w, first)->state, JOB_LEASED);
    core_set_epoch(w.core, 8 + (uint64_t)UINT32_MAX);
    assert_int_equal(world_get(&w, "r", NULL), 0);
    assert_int_equal(world_view(&w, second)->state, JOB_ENDING);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_number_holds_the_epochs_and_the_delivery),
          cmocka_unit_test(deliveries_of_an_earlier_epoch_do_not_count),
          cmocka_unit_test(a_current_lease_stays_good_under_a_new_epoch),
          cmocka_unit_test(deliveries_are_counted_through_all_that_returns_a_job),
          cmocka_unit_test(a_restart_never_repeats_a_number),
          cmocka_unit_test(the_last_number_is_used_and_then_the_job_is_dead),
          cmocka_unit_test(a_worn_out_job_becomes_good_under_a_new_epoch),
          cmocka_unit_test(a_getter_passes_over_the_worn_out),
          cmocka_unit_test(a_waiter_is_not_given_the_worn_out),
          cmocka_unit_test(a_job_older_than_2_to_the_32_epochs_is_dead))
