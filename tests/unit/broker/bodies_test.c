/* bodies_test - bodies that are read from the log again.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "support/test.h"
#include "unit/broker/rig.h"

enum { JOBS = 10 };

/* Ten jobs with the body "body", two of which may be in memory. */
RIO_AWAITS static long up_with_jobs(struct rig *rig)
{
    struct answer a;

    rig->config.body_memory = 8;
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT_EQ(put(rig, "q", JOBS, &a), 0);
    EXPECT_EQ(await(answer_wait(&a)), DONE);
    EXPECT(sums(rig).away >= JOBS - 2);
    return 0;
}

RIO_AWAITS static long take_all(struct rig *rig)
{
    struct member *m = member_new(rig->broker);
    struct answer take, end;

    for (uint64_t next = 1; next <= JOBS;) {
        EXPECT_EQ(get(m, "q", 0, &take), 0);
        EXPECT_EQ(await(answer_wait(&take)), DELIVERED);
        for (size_t i = 0; i < take.count; i++) { /* those that are in memory */
            EXPECT_EQ(take.leases[i].id.number, next++);
            EXPECT_EQ(done(rig, &take.leases[i], &end), 0);
            EXPECT_EQ(await(answer_wait(&end)), DONE);
        }
    }
    EXPECT_EQ(get(m, "q", 0, &take), 0);
    EXPECT_EQ(await(answer_wait(&take)), TIMED_OUT);
    EXPECT_EQ(sums(rig).body_bytes, 0);
    member_leave(m);
    return 0;
}

static long jobs_that_are_away_are_delivered_in_order_body(struct rig *rig)
{
    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    return await(take_all(rig));
}

static long they_are_away_after_a_restart_too_body(struct rig *rig)
{
    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT_EQ(await(rig_down(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT(sums(rig).away >= JOBS - 2);
    return await(take_all(rig));
}

static int look_at(struct rig *rig, const uint64_t *numbers, size_t count,
                   struct answer *a)
{
    struct job_id ids[4];

    for (size_t i = 0; i < count; i++)
        ids[i] = (struct job_id){1, numbers[i]};
    answer_init(a);
    return broker_look(rig->broker, ids, count, &a->promise);
}

static long who_looks_is_given_bodies_and_memory_stays_small_body(struct rig *rig)
{
    struct answer a;

    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    EXPECT_EQ(look_at(rig, (uint64_t[]){5, 7}, 2, &a), 0);
    EXPECT_EQ(await(answer_wait(&a)), LOOKED);
    EXPECT_EQ(a.count, 2);
    EXPECT(sums(rig).away >= JOBS - 2);
    return 0;
}

static long a_job_that_never_was_has_no_body_body(struct rig *rig)
{
    struct answer a;

    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    EXPECT_EQ(look_at(rig, (uint64_t[]){99}, 1, &a), 0);
    EXPECT_EQ(await(answer_wait(&a)), LOOKED);
    EXPECT_EQ(a.count, 0);
    return 0;
}

static long who_looks_at_the_end_is_told_once_body(struct rig *rig)
{
    struct answer a;

    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    EXPECT_EQ(look_at(rig, (uint64_t[]){5}, 1, &a), 0);
    EXPECT_EQ(await(rig_down(rig)), 0);
    EXPECT_EQ(a.how, FAILED);
    EXPECT_EQ(a.code, RQ_E_SHUTDOWN);
    EXPECT_EQ(a.kept, 1);
    return 0;
}

static int requeue(struct rig *rig, uint64_t number, struct answer *a)
{
    struct job_id exists;

    answer_init(a);
    return broker_requeue(rig->broker, (struct job_id){1, number}, RQ_LIT("r"),
                          &a->promise, &exists);
}

static long a_job_that_is_away_goes_to_another_queue_with_its_body_body(struct rig *rig)
{
    struct answer a;

    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    EXPECT_EQ(requeue(rig, 7, &a), 0);
    EXPECT_EQ(look(rig, "r").ready, 0); /* its body is read first */
    EXPECT_EQ(await(answer_wait(&a)), DONE);
    EXPECT_EQ(look(rig, "q").ready, JOBS - 1);
    EXPECT_EQ(await(rig_down(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT_EQ(look_at(rig, (uint64_t[]){7}, 1, &a), 0);
    EXPECT_EQ(await(answer_wait(&a)), LOOKED);
    EXPECT_EQ(a.count, 1); /* from its new home */
    struct member *m = member_new(rig->broker);
    EXPECT_EQ(get(m, "r", 0, &a), 0);
    EXPECT_EQ(await(answer_wait(&a)), DELIVERED);
    EXPECT_EQ(a.leases[0].id.number, 7);
    member_leave(m);
    return 0;
}

static long who_sends_a_job_away_at_the_end_is_told_once_body(struct rig *rig)
{
    struct answer a;

    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    EXPECT_EQ(requeue(rig, 7, &a), 0);
    EXPECT_EQ(await(rig_down(rig)), 0);
    EXPECT_EQ(a.how, FAILED);
    EXPECT_EQ(a.code, RQ_E_SHUTDOWN);
    EXPECT_EQ(a.kept, 1);
    return 0;
}

static long one_that_ends_before_its_body_is_read_does_not_go_body(struct rig *rig)
{
    struct broker_changed changed;
    struct answer a, cancel;

    EXPECT_EQ(await(up_with_jobs(rig)), 0);
    EXPECT_EQ(requeue(rig, 7, &a), 0);
    answer_init(&cancel);
    EXPECT_EQ(broker_cancel(rig->broker, &(struct job_id){1, 7}, 1, &cancel.promise,
                            &changed),
              0);
    EXPECT_EQ(await(answer_wait(&a)), FAILED);
    EXPECT(a.code == RQ_E_NOJOB || a.code == RQ_E_BADARG); /* gone, or ending */
    EXPECT_EQ(await(answer_wait(&cancel)), DONE);
    return 0;
}

static long at_level_memory_nothing_is_away_body(struct rig *rig)
{
    struct answer a;

    rig->config.body_memory = 8;
    rig->store.wanted = STORE_MEMORY;
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT_EQ(put(rig, "q", JOBS, &a), 0);
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT_EQ(sums(rig).away, 0);
    return 0;
}

/* clang-format off */
#define SCENARIO(name) \
    static void name(void **state) \
    { \
        (void)state; \
        rig_run(name##_body, rig_no_aof); \
    }
SCENARIO(jobs_that_are_away_are_delivered_in_order)
SCENARIO(they_are_away_after_a_restart_too)
SCENARIO(who_looks_is_given_bodies_and_memory_stays_small)
SCENARIO(a_job_that_never_was_has_no_body)
SCENARIO(who_looks_at_the_end_is_told_once)
SCENARIO(a_job_that_is_away_goes_to_another_queue_with_its_body)
SCENARIO(who_sends_a_job_away_at_the_end_is_told_once)
SCENARIO(one_that_ends_before_its_body_is_read_does_not_go)
SCENARIO(at_level_memory_nothing_is_away)

TEST_MAIN(cmocka_unit_test(jobs_that_are_away_are_delivered_in_order),
          cmocka_unit_test(they_are_away_after_a_restart_too),
          cmocka_unit_test(who_looks_is_given_bodies_and_memory_stays_small),
          cmocka_unit_test(a_job_that_never_was_has_no_body),
          cmocka_unit_test(who_looks_at_the_end_is_told_once),
          cmocka_unit_test(a_job_that_is_away_goes_to_another_queue_with_its_body),
          cmocka_unit_test(who_sends_a_job_away_at_the_end_is_told_once),
          cmocka_unit_test(one_that_ends_before_its_body_is_read_does_not_go),
          cmocka_unit_test(at_level_memory_nothing_is_away))
/* clang-format on */
