/* unique_test - row 5: keys that no second job may have; bodies that are replaced.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/attrs.h"
#include "core/limits.h"
#include "support/test.h"
#include "world.h"

struct asked {
    const char *queue, *key, *body;
    uint64_t window_ms;
    int64_t due_wall_ms;
};

/* A PUT with a key.  Returns  as core_put(); *out: its id, or that of the job which has
 * the key */
static int put(struct world *w, struct asked a, struct job_id *out)
{
    const struct attr attr = {.kind = ATTR_UNIQUE, .value = rq_slice_str(a.key)};
    struct rq_buf attrs;

    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    assert_int_equal(attrs_add(&attrs, &attr), 0);
    int rc = world_put_attrs(w, a.queue, a.body, rq_buf_slice(&attrs), a.window_ms,
                             a.due_wall_ms, out);
    rq_buf_fini(&attrs);
    return rc;
}

static struct job_id put_new(struct world *w, const char *key)
{
    struct job_id id;

    assert_int_equal(put(w, (struct asked){"q", key, "x", 0, 0}, &id), 0);
    return id;
}

static void assert_taken(struct world *w, const char *key, struct job_id by)
{
    struct job_id id;

    assert_int_equal(put(w, (struct asked){"q", key, "y", 0, 0}, &id), 1);
    assert_true(id.epoch == by.epoch && id.number == by.number);
    assert_int_equal(w->event_count, 0);
}

static uint64_t lease_of(struct world *w, struct job_id want)
{
    struct job_id id;
    uint64_t lease = world_get(w, "q", &id);

    assert_int_equal(id.number, want.number);
    return lease;
}

static void a_key_is_taken_as_long_as_its_job_is_there(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_new(&w, "k");
    assert_taken(&w, "k", id); /* pending */
    world_land(&w);
    assert_taken(&w, "k", id); /* ready */
    uint64_t lease = lease_of(&w, id);
    assert_taken(&w, "k", id); /* leased */
    assert_int_equal(world_done(&w, id, lease), 0);
    assert_taken(&w, "k", id); /* ending */
    world_land(&w);
    put_new(&w, "k");
    world_fini(&w);
}

static void another_key_or_queue_is_another_matter(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    put_new(&w, "k");
    put_new(&w, "l");
    assert_int_equal(put(&w, (struct asked){"r", "k", "x", 0, 0}, &id), 0);
    world_fini(&w);
}

static void a_dead_job_keeps_its_key_until_it_is_purged(void **state)
{
    struct core_failed out;
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_new(&w, "k");
    world_land(&w);
    uint64_t lease = lease_of(&w, id);
    assert_int_equal(world_fail(&w, id, lease, "", -1, true, &out), 0);
    world_land(&w);
    assert_taken(&w, "k", id);
    assert_int_equal(world_purge(&w, "q", JOB_DEAD, 1), 1);
    world_land(&w);
    put_new(&w, "k");
    world_fini(&w);
}

static void a_put_that_is_refused_frees_its_key(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    put_new(&w, "k");
    world_refuse_one(&w);
    put_new(&w, "k");
    world_fini(&w);
}

static void a_window_keeps_the_key_after_the_end(void **state)
{
    struct job_id id;
    struct world w;

    (void)state;
    world_init(&w);
    assert_int_equal(put(&w, (struct asked){"q", "k", "x", 500, 0}, &id), 0);
    world_land(&w);
    uint64_t lease = lease_of(&w, id);
    assert_int_equal(world_done(&w, id, lease), 0);
    world_land(&w);
    world_sleep(&w, 499);
    assert_taken(&w, "k", id);
    world_sleep(&w, 1);
    put_new(&w, "k"); /* before anything ticks */
    world_tick(&w);
    world_fini(&w);
}

static void keys_survive_a_restart(void **state)
{
    struct job_id live, over;
    struct world w;

    (void)state;
    world_init(&w);
    assert_int_equal(put(&w, (struct asked){"q", "over", "x", 500, 0}, &over), 0);
    world_land(&w);
    uint64_t lease = lease_of(&w, over);
    assert_int_equal(world_done(&w, over, lease), 0);
    live = put_new(&w, "live");
    world_land(&w);
    world_sleep(&w, 200);
    world_restart(&w);
    assert_taken(&w, "live", live);
    assert_taken(&w, "over", over);
    world_sleep(&w, 300);
    put_new(&w, "over");
    world_fini(&w);
}

/* ---- REPLACE ---- */

static int replace(struct world *w, struct job_id id, const char *body)
{
    int rc = core_replace(w->core, id, rq_slice_str(body), RQ_LIT(""), &w->fx);

    world_carry(w);
    return rc;
}

static void a_waiting_job_gets_another_body(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id first = world_put_landed(&w, "q"), second = world_put_landed(&w, "q");
    assert_int_equal(replace(&w, first, "a longer body"), 1);
    assert_int_equal(world_record(&w, RECORD_MOVE)->job.number, first.number);
    assert_int_equal(world_event(&w, EFFECT_FORGET)->home, 1);
    assert_true(rq_slice_eq(world_view(&w, first)->body, RQ_LIT("a longer body")));
    lease_of(&w, first); /* it has kept its place */
    lease_of(&w, second);
    world_fini(&w);
}

static void a_delayed_job_keeps_its_time(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id =
        world_put_more(&w, "q", "x", world_policy(), w.now.wall_ms + 500);
    world_land(&w);
    assert_int_equal(replace(&w, id, "y"), 1);
    assert_int_equal(core_next_due(w.core), w.now.mono_ns + 500000000);
    assert_int_equal(world_view(&w, id)->due_wall_ms, w.now.wall_ms + 500);
    world_fini(&w);
}

static void what_is_leased_or_gone_is_not_replaced(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = world_put_landed(&w, "q");
    lease_of(&w, id);
    assert_int_equal(replace(&w, id, "y"), 0);
    assert_int_equal(replace(&w, (struct job_id){7, 99}, "y"), 0);
    assert_int_equal(w.event_count, 0);
    world_fini(&w);
}

static void a_replaced_body_survives_a_restart(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct job_id id = put_new(&w, "k");
    world_land(&w);
    assert_int_equal(replace(&w, id, "new"), 1);
    world_land(&w);
    world_restart(&w);
    assert_true(rq_slice_eq(world_view(&w, id)->body, RQ_LIT("new")));
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_key_is_taken_as_long_as_its_job_is_there),
          cmocka_unit_test(another_key_or_queue_is_another_matter),
          cmocka_unit_test(a_dead_job_keeps_its_key_until_it_is_purged),
          cmocka_unit_test(a_put_that_is_refused_frees_its_key),
          cmocka_unit_test(a_window_keeps_the_key_after_the_end),
          cmocka_unit_test(keys_survive_a_restart),
          cmocka_unit_test(a_waiting_job_gets_another_body),
          cmocka_unit_test(a_delayed_job_keeps_its_time),
          cmocka_unit_test(what_is_leased_or_gone_is_not_replaced),
          cmocka_unit_test(a_replaced_body_survives_a_restart))
