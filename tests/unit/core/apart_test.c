/* apart_test - bodies that do not stand in their records: recovery brings them when all
 * records are read, or row 22.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/err.h"
#include "core/move.h"
#include "support/test.h"
#include "world.h"

static const struct job_id the_job = {3, 1};

static struct record put_apart(uint64_t len)
{
    return (struct record){.type = RECORD_PUT,
                           .job = the_job,
                           .queue = RQ_LIT("q"),
                           .apart = {3, 9, len},
                           .attrs = RQ_LIT("\1\1\0\0\0\0n"),
                           .policy = world_policy(),
                           .put_wall_ms = 999000};
}

/* A world that has read the record of one such job. */
static void read_one(struct world *w, uint64_t len)
{
    struct record put = put_apart(len);

    world_init(w);
    world_replay(w);
    assert_int_equal(world_replay_one(w, &put, 1), 0);
}

static int lose(struct world *w, struct job_id id)
{
    w->fx.count = 0;
    int rc = core_lose_body(w->core, id, RQ_LIT("corrupt"), w->now, &w->fx);
    if (rc == 0)
        world_carry(w);
    return rc;
}

static void the_body_comes_behind_the_records(void **state)
{
    struct world w;

    (void)state;
    read_one(&w, 5);
    assert_int_equal(core_give_body(w.core, the_job, RQ_LIT("hello")), 0);
    world_end_replay(&w);
    const struct job_view *v = world_view(&w, the_job);
    assert_true(rq_slice_eq(v->body, RQ_LIT("hello")));
    assert_true(rq_slice_eq(v->attrs, RQ_LIT("\1\1\0\0\0\0n")));
    assert_int_equal(v->state, JOB_READY);
    world_fini(&w);
}

static void a_body_of_another_length_or_job_is_not_taken(void **state)
{
    struct world w;

    (void)state;
    read_one(&w, 5);
    assert_int_equal(core_give_body(w.core, the_job, RQ_LIT("hell")), RQ_E_MALFORMED);
    assert_int_equal(core_give_body(w.core, the_job, RQ_LIT("hello!")), RQ_E_MALFORMED);
    assert_int_equal(core_give_body(w.core, (struct job_id){3, 2}, RQ_LIT("hello")),
                     -ENOENT);
    assert_int_equal(lose(&w, (struct job_id){3, 2}), -ENOENT);
    assert_int_equal(core_give_body(w.core, the_job, RQ_LIT("hello")), 0);
    world_end_replay(&w);
    world_fini(&w);
}

static void a_job_without_its_body_is_dead_and_cannot_be_kicked(void **state)
{
    struct core_failed failed;
    struct world w;
    struct record put;

    (void)state;
    read_one(&w, 5);
    put = put_apart(0);
    put.job.number = 2;
    put.apart.epoch = 0;
    assert_int_equal(world_replay_one(&w, &put, 2), 0);
    assert_int_equal(lose(&w, the_job), 0);
    assert_int_equal(world_record(&w, RECORD_STATE)->state, RECORD_DEAD);
    assert_string_equal(world_record(&w, RECORD_STATE)->error, "corrupt");
    world_end_replay(&w);
    core_check(w.core);
    const struct job_view *v = world_view(&w, the_job);
    assert_int_equal(v->state, JOB_DEAD);
    assert_true(rq_slice_eq(v->error, RQ_LIT("corrupt")));
    assert_int_equal(v->body.len, 0);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    assert_int_equal(world_queue(&w, "q")->unfinished, 1);
    assert_int_equal(world_kick(&w, the_job), 0);
    assert_int_equal(world_kick_some(&w, "q", 10), 0);

    uint64_t lease = world_get(&w, "q", NULL); /* the other one */
    assert_int_equal(world_fail(&w, put.job, lease, "why", -1, true, &failed), 0);
    world_land(&w);
    assert_int_equal(world_kick_some(&w, "q", 10), 1); /* it is passed over */
    world_fini(&w);
}

static void a_job_that_was_dead_already_dies_no_second_time(void **state)
{
    struct world w;
    struct record died = {.type = RECORD_STATE,
                          .job = {3, 1},
                          .state = RECORD_DEAD,
                          .error = RQ_LIT("poison")};

    (void)state;
    read_one(&w, 5);
    assert_int_equal(world_replay_one(&w, &died, 2), 0);
    assert_int_equal(lose(&w, the_job), 0);
    assert_int_equal(world_count(&w, EFFECT_RECORD), 0);
    world_end_replay(&w);
    assert_int_equal(world_queue(&w, "q")->totals.dead, 1);
    assert_true(rq_slice_eq(world_view(&w, the_job)->error, RQ_LIT("poison")));
    assert_int_equal(world_kick(&w, the_job), 0);
    world_fini(&w);
}

static void a_leased_job_without_its_body_dies_too(void **state)
{
    struct world w;
    struct record lease = {.type = RECORD_LEASE, .job = {3, 1}, .attempts = 1};

    (void)state;
    read_one(&w, 5);
    assert_int_equal(world_replay_one(&w, &lease, 2), 0);
    assert_int_equal(lose(&w, the_job), 0);
    world_end_replay(&w);
    core_check(w.core);
    assert_int_equal(world_view(&w, the_job)->state, JOB_DEAD);
    assert_int_equal(world_view(&w, the_job)->attempts, 1);
    world_fini(&w);
}

static void more_dead_than_the_queue_keeps_are_cancelled(void **state)
{
    struct world w;
    static struct record put, settings;
    const struct record died = {
        .type = RECORD_STATE, .job = {3, 2}, .state = RECORD_DEAD};

    (void)state;
    read_one(&w, 5);
    settings = (struct record){
        .type = RECORD_QUEUE, .queue = RQ_LIT("q"), .settings = {.deadmax = 1}};
    put = put_apart(5);
    put.job.number = 2;
    assert_int_equal(world_replay_one(&w, &put, 2), 0);
    assert_int_equal(world_replay_one(&w, &died, 2), 0);
    assert_int_equal(world_replay_one(&w, &settings, 3), 0);
    assert_int_equal(core_give_body(w.core, put.job, RQ_LIT("hello")), 0);
    assert_int_equal(lose(&w, the_job), 0);
    world_end_replay(&w);
    core_check(w.core);
    w.fx.count = 0;
    assert_int_equal(core_tick(w.core, w.now, 10, &w.fx), 0);
    assert_int_equal(w.fx.items[0].u.log.record.type, RECORD_DONE);
    assert_int_equal(w.fx.items[0].u.log.record.job.number, 2); /* the older death */
    assert_int_equal(world_queue(&w, "q")->dead, 1);
    world_fini(&w);
}

/* What compaction writes may refer to the body that the log has; a job without one has
 * nothing to write. */
static void a_move_says_that_the_body_is_the_same(void **state)
{
    static struct core_mover mover;
    struct world w;
    int moves = 0;

    (void)state;
    read_one(&w, 5);
    assert_int_equal(core_give_body(w.core, the_job, RQ_LIT("hello")), 0);
    world_end_replay(&w);
    core_move_begin(&mover, UINT64_MAX);
    w.fx.count = 0;
    assert_true(core_move_some(w.core, &mover, 1 << 20, 1 << 20, &w.fx) >= 0);
    for (size_t i = 0; i < w.fx.count; i++)
        if (w.fx.items[i].kind == EFFECT_RECORD &&
            w.fx.items[i].u.log.record.type == RECORD_MOVE) {
            assert_true(w.fx.items[i].u.log.record.same_body);
            assert_int_equal(w.fx.items[i].u.log.record.body.len, 5);
            moves++;
        }
    assert_int_equal(moves, 1);
    world_carry(&w);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(the_body_comes_behind_the_records),
          cmocka_unit_test(a_body_of_another_length_or_job_is_not_taken),
          cmocka_unit_test(a_job_without_its_body_is_dead_and_cannot_be_kicked),
          cmocka_unit_test(a_job_that_was_dead_already_dies_no_second_time),
          cmocka_unit_test(a_leased_job_without_its_body_dies_too),
          cmocka_unit_test(more_dead_than_the_queue_keeps_are_cancelled),
          cmocka_unit_test(a_move_says_that_the_body_is_the_same))
