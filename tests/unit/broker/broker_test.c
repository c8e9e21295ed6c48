/* broker_test - promises: kept once, and not before they are true.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "support/test.h"
#include "unit/broker/rig.h"

/* Redis has been given the commit that the last command went into. */
static bool is_sent(void *arg)
{
    struct rig *rig = arg;
    struct store_stats stats;

    broker_store_stats(rig->broker, &stats);
    return stats.commits_in_flight > 0 && rig->proxy.commands > 0;
}

/* From now on Redis' answers are lost; waits until the commit has been passed on. */
RIO_AWAITS static bool lose_answer(struct rig *rig, struct answer *a)
{
    rig->proxy.keeps_replies = true;
    rig->proxy.commands = 0;
    return put(rig, "q", 1, a) == 0 && await(until(is_sent, rig));
}

/* ---- PUT ---- */

static long a_put_is_answered_after_its_commit_only_body(struct rig *rig)
{
    struct answer a;

    EXPECT_EQ(await(rig_proxy(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT(await(lose_answer(rig, &a)));
    EXPECT_EQ(await(rio_sleep(50 * RIO_MS)), 0);
    EXPECT_EQ(a.kept, 0);
    EXPECT_EQ(look(rig, "q").ready, 0);
    EXPECT_EQ(look(rig, "q").unfinished, 1);
    rig->proxy.keeps_replies = false;
    proxy_cut(&rig->proxy);
    EXPECT_EQ(await(answer_wait(&a)), DONE);
    EXPECT_EQ(a.put.count, 1);
    EXPECT_EQ(look(rig, "q").ready, 1);
    return 0;
}

static long
a_sent_put_is_unknown_and_becomes_ready_when_it_had_landed_body(struct rig *rig)
{
    struct answer a;

    rig->config.store_wait_ns = 100 * RIO_MS;
    EXPECT_EQ(await(rig_proxy(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT(await(lose_answer(rig, &a)));
    EXPECT_EQ(await(answer_wait(&a)), FAILED);
    EXPECT_EQ(a.code, RQ_E_UNKNOWN);
    EXPECT_EQ(look(rig, "q").unfinished, 1);
    EXPECT_EQ(look(rig, "q").ready, 0);
    rig->proxy.keeps_replies = false;
    proxy_cut(&rig->proxy);
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT_EQ(look(rig, "q").ready, 1);
    EXPECT_EQ(a.kept, 1);
    return 0;
}

static long an_unsent_put_is_refused_after_store_wait_and_gone_body(struct rig *rig)
{
    struct answer sent, unsent;

    rig->config.store_wait_ns = 200 * RIO_MS;
    EXPECT_EQ(await(rig_proxy(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT(await(lose_answer(rig, &sent)));
    EXPECT_EQ(put(rig, "q", 100, &unsent), 0); /* behind the one in flight */
    EXPECT_EQ(look(rig, "q").unfinished, 101);
    EXPECT_EQ(await(answer_wait(&unsent)), FAILED);
    EXPECT_EQ(unsent.code, RQ_E_STORE);
    EXPECT_EQ(sent.code, RQ_E_UNKNOWN);
    EXPECT_EQ(look(rig, "q").unfinished, 1);
    rig->proxy.keeps_replies = false;
    proxy_cut(&rig->proxy);
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT_EQ(look(rig, "q").ready, 1);
    return 0;
}

static long a_full_redis_refuses_every_put_and_takes_every_done_body(struct rig *rig)
{
    enum { PUTS = 150 }; /* told in batches of 64 */
    struct answer *puts = calloc(PUTS, sizeof *puts);
    struct answer many, take, end;
    struct member *m;
    int told = 0;

    EXPECT(puts != NULL);
    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(get(m, "q", 0, &take), 0);
    EXPECT_EQ(take.how, DELIVERED);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");

    for (int i = 0; i < PUTS; i++)
        EXPECT_EQ(put(rig, "q", 1, &puts[i]), 0);
    EXPECT_EQ(put(rig, "q", PUTS, &many), 0);
    EXPECT_EQ(done(rig, &take.leases[0], &end), 0);
    EXPECT_EQ(await(answer_wait(&end)), DONE);
    for (int i = 0; i < PUTS; i++)
        told += puts[i].kept == 1 && puts[i].code == RQ_E_STORE;
    EXPECT_EQ(told, PUTS);
    EXPECT_EQ(many.kept, 1);
    EXPECT_EQ(many.code, RQ_E_STORE);
    EXPECT_EQ(look(rig, "q").unfinished, 0);

    redis_do(&rig->redis, "CONFIG SET maxmemory 0");
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(look(rig, "q").ready, 1);
    core_check(broker_core(rig->broker));
    member_leave(m);
    free(puts);
    return 0;
}

/* They have no pledge that the refusal could find: the others must be found all the
 * same, in every batch. */
static long jobs_of_level_memory_among_them_hide_no_refused_put_body(struct rig *rig)
{
    enum { PUTS = 150 };
    struct answer *puts = calloc(PUTS, sizeof *puts);
    struct answer take, end;
    struct member *m;

    EXPECT(puts != NULL);
    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");
    for (int i = 0; i < PUTS; i++)
        EXPECT_EQ(i % 3 == 0 ? put_in_memory(rig, "m", &puts[i])
                             : put(rig, "q", 1, &puts[i]),
                  0);
    EXPECT_EQ(puts[0].how, DONE); /* at once */
    EXPECT(puts[0].put.is_in_memory);
    EXPECT_EQ(get(m, "m", 0, &take), 0);
    EXPECT_EQ(done(rig, &take.leases[0], &end), 0); /* in the commit that is refused */
    EXPECT_EQ(await(answer_wait(&end)), DONE);
    for (int i = 0; i < PUTS; i++)
        EXPECT(i % 3 == 0 ? puts[i].how == DONE : puts[i].code == RQ_E_STORE);
    EXPECT_EQ(look(rig, "q").unfinished, 1);
    EXPECT_EQ(look(rig, "m").unfinished, PUTS / 3 - 1);
    redis_do(&rig->redis, "CONFIG SET maxmemory 0");
    core_check(broker_core(rig->broker));
    member_leave(m);
    free(puts);
    return 0;
}

/* 128 MiB are the most that one commit holds: the last of these does not fit. */
static long an_mput_that_fails_half_way_leaves_nothing_body(struct rig *rig)
{
    enum { BODIES = 9, MIB16 = 16 << 20 };
    static const struct job_policy policy = {
        .ttr_ms = 60000, .backoff_base_ms = 1, .backoff_max_ms = 1, .tries = 1};
    struct core_put job = {.queue = RQ_LIT("q"), .policy = policy};
    struct rq_slice bodies[BODIES];
    uint8_t *body = calloc(1, MIB16);
    struct answer a;

    EXPECT(body != NULL);
    EXPECT_EQ(await(rig_up(rig)), 0);
    for (int i = 0; i < BODIES; i++)
        bodies[i] = rq_slice(body, MIB16);
    answer_init(&a);
    const struct broker_put put = {
        .job = job, .bodies = bodies, .count = BODIES, .receipt = &a.put};
    EXPECT_EQ(broker_put(rig->broker, &put, &a.promise), RQ_E_TOOBIG);
    free(body);
    EXPECT_EQ(sums(rig).jobs, 0);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT_EQ(sums(rig).jobs, 1);
    EXPECT_EQ(a.kept, 0);
    return 0;
}

/* Taking back is not quadratic: this takes minutes if it is. */
static long a_large_mput_is_taken_back_swiftly_body(struct rig *rig)
{
    enum { COUNT = 150000, LAST = 64 << 20 };
    static const struct job_policy policy = {
        .ttr_ms = 60000, .backoff_base_ms = 1, .backoff_max_ms = 1, .tries = 1};
    struct core_put job = {.queue = RQ_LIT("q"), .policy = policy};
    struct rq_slice *bodies = calloc(COUNT + 2, sizeof *bodies);
    uint8_t *body = calloc(1, LAST);
    struct answer a;

    EXPECT(body != NULL && bodies != NULL);
    EXPECT_EQ(await(rig_up(rig)), 0);
    for (int i = 0; i < COUNT; i++)
        bodies[i] = RQ_LIT("x");
    bodies[COUNT] = bodies[COUNT + 1] = rq_slice(body, LAST);
    answer_init(&a);
    int64_t start = rio_now();
    const struct broker_put put = {
        .job = job, .bodies = bodies, .count = COUNT + 2, .receipt = &a.put};
    EXPECT_EQ(broker_put(rig->broker, &put, &a.promise), RQ_E_TOOBIG);
    EXPECT(rio_now() - start < 20 * RIO_SEC);
    free(body);
    free(bodies);
    EXPECT_EQ(sums(rig).jobs, 0);
    return 0;
}

static long at_level_memory_a_put_is_answered_at_once_body(struct rig *rig)
{
    struct answer waits, one, many;
    struct member *m;

    rig->store.wanted = STORE_MEMORY;
    EXPECT_EQ(await(rig_proxy(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    rig->proxy.keeps_replies = true;
    m = member_new(rig->broker);
    EXPECT_EQ(get(m, "q", -1, &waits), 0);
    EXPECT_EQ(put(rig, "q", 1, &one), 0);
    EXPECT_EQ(one.how, DONE);
    EXPECT_EQ(waits.how, DELIVERED);
    EXPECT_EQ(put(rig, "q", 3, &many), 0);
    EXPECT_EQ(many.how, DONE);
    EXPECT_EQ(look(rig, "q").ready, 3);
    member_leave(m);
    rig->proxy.keeps_replies = false;
    proxy_cut(&rig->proxy);
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT_EQ(one.kept, 1);
    EXPECT_EQ(look(rig, "q").ready, 4);
    return 0;
}

/* ---- fenced, halted, ended ---- */

static bool is_stopped(void *arg)
{
    return ((struct rig *)arg)->stopped > 0;
}

static long whoever_waits_when_fenced_is_told_once_body(struct rig *rig)
{
    struct answer getter, joiner, later, held, end;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(await(put_stored(rig, "held")), 0);
    EXPECT_EQ(get(m, "held", 0, &held), 0);
    EXPECT_EQ(get(m, "empty", -1, &getter), 0);
    EXPECT_EQ(join(m, "held", -1, &joiner), 0);
    redis_do(&rig->redis, "SET ringq:{p000}:epoch 1000000");
    redis_do(&rig->redis, "XADD ringq:{p000}:log 1000000-0 own x");
    EXPECT_EQ(put(rig, "q", 1, &later), 0);
    EXPECT(await(until(is_stopped, rig)));

    EXPECT_EQ(broker_state(rig->broker), BROKER_FENCED);
    EXPECT_EQ(getter.code, RQ_E_MOVED);
    EXPECT_EQ(joiner.code, RQ_E_MOVED);
    EXPECT_EQ(later.how, FAILED);
    EXPECT_EQ(later.code, RQ_E_MOVED); /* Redis has refused it */
    EXPECT_EQ(getter.kept + joiner.kept + later.kept, 3);
    EXPECT_EQ(put(rig, "q", 1, &later), RQ_E_MOVED);
    EXPECT_EQ(get(m, "q", -1, &later), RQ_E_MOVED);
    EXPECT_EQ(join(m, "q", -1, &later), RQ_E_MOVED);
    EXPECT_EQ(done(rig, &held.leases[0], &end), RQ_E_MOVED);
    member_leave(m);
    EXPECT_EQ(getter.kept + joiner.kept, 2);
    return 0;
}

/* Nobody has said what became of the commit in flight: the new owner may have it. */
static long a_put_in_flight_when_fenced_is_unknown_body(struct rig *rig)
{
    struct answer sent, unsent;

    EXPECT_EQ(await(rig_proxy(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT(await(lose_answer(rig, &sent)));
    EXPECT_EQ(put(rig, "q", 1, &unsent), 0);
    redis_do(&rig->redis, "SET ringq:{p000}:epoch 1000000");
    redis_do(&rig->redis, "XADD ringq:{p000}:log 1000000-0 own x");
    rig->proxy.keeps_replies = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(until(is_stopped, rig)));
    EXPECT_EQ(sent.code, RQ_E_UNKNOWN);
    EXPECT_EQ(unsent.code, RQ_E_MOVED);
    EXPECT_EQ(sent.kept + unsent.kept, 2);
    return 0;
}

static long what_is_still_owed_at_the_end_is_failed_body(struct rig *rig)
{
    struct answer sent, unsent;

    EXPECT_EQ(await(rig_proxy(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT(await(lose_answer(rig, &sent)));
    EXPECT_EQ(put(rig, "q", 1, &unsent), 0);
    EXPECT_EQ(await(rig_down(rig)), 0);
    EXPECT_EQ(sent.kept, 1);
    EXPECT_EQ(sent.code, RQ_E_UNKNOWN);
    EXPECT_EQ(unsent.kept, 1);
    EXPECT_EQ(unsent.code, RQ_E_SHUTDOWN);
    return 0;
}

static long totals_survive_a_clean_restart_body(struct rig *rig)
{
    struct answer take, end;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(await(put_stored(rig, "q")), 0);
        EXPECT_EQ(get(m, "q", 0, &take), 0);
        EXPECT_EQ(done(rig, &take.leases[0], &end), 0);
        EXPECT_EQ(await(answer_wait(&end)), DONE);
    }
    member_leave(m);
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT_EQ(await(rig_down(rig)), 0);
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT_EQ(look(rig, "q").totals.put, 10);
    EXPECT_EQ(look(rig, "q").totals.delivered, 10);
    EXPECT_EQ(look(rig, "q").totals.done, 10);
    return 0;
}

/* ---- GET, members ---- */

static long a_getter_that_cannot_take_its_job_gives_it_to_the_next_body(struct rig *rig)
{
    struct answer first, second;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(get(m, "q", -1, &first), 0);
    EXPECT_EQ(get(m, "q", -1, &second), 0);
    first.delivered_rc = -ENOMEM;
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(first.how, FAILED);
    EXPECT_EQ(second.how, DELIVERED);
    EXPECT_EQ(second.attempts, 1);
    EXPECT_EQ(first.kept + second.kept, 2);
    EXPECT_EQ(look(rig, "q").totals.delivered, 1);
    member_leave(m);
    return 0;
}

static long a_batch_that_fails_half_way_goes_back_as_a_whole_body(struct rig *rig)
{
    struct answer many, a;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(put(rig, "q", 4, &many), 0);
    EXPECT_EQ(await(answer_wait(&many)), DONE);

    const struct rq_slice name = RQ_LIT("q");
    const struct core_get take = {.queues = &name,
                                  .queue_count = 1,
                                  .count = 3,
                                  .bytes_max = 1 << 20,
                                  .block_ms = -1};
    answer_init(&a);
    a.delivered_rc = -ENOMEM;
    a.delivered_until = 2;
    EXPECT_EQ(broker_get(m, &take, &a.promise), 0);
    EXPECT_EQ(a.kept, 1);
    EXPECT_EQ(a.how, FAILED);
    EXPECT_EQ(look(rig, "q").ready, 4);
    EXPECT_EQ(member_leases(m), 0);
    EXPECT_EQ(get(m, "q", -1, &a), 0);
    EXPECT_EQ(a.count, 4);
    EXPECT_EQ(a.attempts, 1);
    EXPECT_EQ(a.leases[0].id.number, many.put.first.number); /* in its old place */
    member_leave(m);
    return 0;
}

static long an_undone_hand_over_serves_the_next_and_counts_nothing_body(struct rig *rig)
{
    struct answer first, second;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(get(m, "q", -1, &first), 0);
    EXPECT_EQ(get(m, "q", -1, &second), 0);
    broker_undeliver(rig->broker, first.leases[0].id, first.leases[0].n);
    EXPECT_EQ(second.how, DELIVERED);
    EXPECT_EQ(second.attempts, 1);
    EXPECT(second.leases[0].n != first.leases[0].n);
    broker_undeliver(rig->broker, first.leases[0].id, first.leases[0].n);
    EXPECT_EQ(look(rig, "q").leased, 1); /* a stale one takes nothing away */
    member_leave(m);
    return 0;
}

static long
who_leaves_gives_its_leases_back_and_the_attempts_count_body(struct rig *rig)
{
    struct answer a;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(get(m, "q", -1, &a), 0);
    EXPECT_EQ(member_leases(m), 1);
    member_leave(m);
    m = member_new(rig->broker);
    EXPECT_EQ(get(m, "q", -1, &a), 0);
    EXPECT_EQ(a.attempts, 2);
    member_leave(m);
    EXPECT_EQ(look(rig, "q").ready, 1);
    return 0;
}

static long
whoever_waits_when_its_member_stops_is_answered_in_order_body(struct rig *rig)
{
    struct answer get_a, join_b, get_c;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(await(put_stored(rig, "busy")), 0);
    EXPECT_EQ(get(m, "q", -1, &get_a), 0);
    EXPECT_EQ(join(m, "busy", -1, &join_b), 0);
    EXPECT_EQ(get(m, "q", 60000, &get_c), 0);
    member_stop_waits(m);
    EXPECT_EQ(get_a.how, TIMED_OUT);
    EXPECT_EQ(join_b.how, TIMED_OUT);
    EXPECT_EQ(get_c.how, TIMED_OUT);
    EXPECT_EQ(sums(rig).getters + sums(rig).joiners, 0);
    member_stop_waits(m);
    member_leave(m);
    EXPECT_EQ(get_a.kept + join_b.kept + get_c.kept, 3);
    return 0;
}

static long block_runs_out_and_join_comes_with_the_commit_body(struct rig *rig)
{
    struct answer waits, take, end, joiner;
    struct member *m;

    EXPECT_EQ(await(rig_up(rig)), 0);
    m = member_new(rig->broker);
    EXPECT_EQ(get(m, "q", 20, &waits), 0);
    EXPECT_EQ(await(answer_wait(&waits)), TIMED_OUT);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(get(m, "q", 0, &take), 0);
    EXPECT_EQ(join(m, "q", -1, &joiner), 0);
    EXPECT_EQ(done(rig, &take.leases[0], &end), 0);
    EXPECT_EQ(end.kept + joiner.kept, 0); /* not before it is in the log */
    EXPECT_EQ(await(answer_wait(&joiner)), JOINED);
    EXPECT_EQ(joiner.joined.done, 1);
    EXPECT_EQ(end.how, DONE);
    EXPECT_EQ(done(rig, &take.leases[0], &end), RQ_E_NOJOB);
    member_leave(m);
    return 0;
}

/* clang-format off */
#define SCENARIO(name, options) \
    static void name(void **state) \
    { \
        (void)state; \
        rig_run(name##_body, options); \
    }
SCENARIO(a_put_is_answered_after_its_commit_only, rig_always)
SCENARIO(a_sent_put_is_unknown_and_becomes_ready_when_it_had_landed, rig_always)
SCENARIO(an_unsent_put_is_refused_after_store_wait_and_gone, rig_always)
SCENARIO(a_full_redis_refuses_every_put_and_takes_every_done, rig_no_aof)
SCENARIO(jobs_of_level_memory_among_them_hide_no_refused_put, rig_no_aof)
SCENARIO(an_mput_that_fails_half_way_leaves_nothing, rig_no_aof)
SCENARIO(a_large_mput_is_taken_back_swiftly, rig_no_aof)
SCENARIO(at_level_memory_a_put_is_answered_at_once, rig_no_aof)
SCENARIO(whoever_waits_when_fenced_is_told_once, rig_no_aof)
SCENARIO(a_put_in_flight_when_fenced_is_unknown, rig_no_aof)
SCENARIO(what_is_still_owed_at_the_end_is_failed, rig_no_aof)
SCENARIO(totals_survive_a_clean_restart, rig_no_aof)
SCENARIO(a_getter_that_cannot_take_its_job_gives_it_to_the_next, rig_no_aof)
SCENARIO(a_batch_that_fails_half_way_goes_back_as_a_whole, rig_no_aof)
SCENARIO(an_undone_hand_over_serves_the_next_and_counts_nothing, rig_no_aof)
SCENARIO(who_leaves_gives_its_leases_back_and_the_attempts_count, rig_no_aof)
SCENARIO(whoever_waits_when_its_member_stops_is_answered_in_order, rig_no_aof)
SCENARIO(block_runs_out_and_join_comes_with_the_commit, rig_no_aof)

/* Else a delay that is kept as a time of day would be over early, by as long as the turn
 * had lasted. */
static long the_clocks_of_a_turn_are_of_one_moment_body(struct rig *rig)
{
    EXPECT_EQ(await(rig_up(rig)), 0);
    EXPECT_EQ(await(rio_sleep(0)), 0);

    int64_t before_ms = rq_clock_wall_ms(), before_ns = rio_now();
    int64_t turn_ns = rio_turn_time();
    while (rio_now() < turn_ns + 20 * RIO_MS) /* a long turn */
        continue;
    int64_t age_ms = (turn_ns - before_ns) / RIO_MS;
    EXPECT(broker_wall_ms(rig->broker) <= before_ms + age_ms + 1);
    EXPECT(broker_wall_ms(rig->broker) >= before_ms - 1);
    return 0;
}

SCENARIO(the_clocks_of_a_turn_are_of_one_moment, rig_no_aof)

TEST_MAIN(cmocka_unit_test(a_put_is_answered_after_its_commit_only),
          cmocka_unit_test(the_clocks_of_a_turn_are_of_one_moment),
          cmocka_unit_test(a_sent_put_is_unknown_and_becomes_ready_when_it_had_landed),
          cmocka_unit_test(an_unsent_put_is_refused_after_store_wait_and_gone),
          cmocka_unit_test(a_full_redis_refuses_every_put_and_takes_every_done),
          cmocka_unit_test(jobs_of_level_memory_among_them_hide_no_refused_put),
          cmocka_unit_test(an_mput_that_fails_half_way_leaves_nothing),
          cmocka_unit_test(a_large_mput_is_taken_back_swiftly),
          cmocka_unit_test(at_level_memory_a_put_is_answered_at_once),
          cmocka_unit_test(whoever_waits_when_fenced_is_told_once),
          cmocka_unit_test(a_put_in_flight_when_fenced_is_unknown),
          cmocka_unit_test(what_is_still_owed_at_the_end_is_failed),
          cmocka_unit_test(totals_survive_a_clean_restart),
          cmocka_unit_test(a_getter_that_cannot_take_its_job_gives_it_to_the_next),
          cmocka_unit_test(a_batch_that_fails_half_way_goes_back_as_a_whole),
          cmocka_unit_test(an_undone_hand_over_serves_the_next_and_counts_nothing),
          cmocka_unit_test(who_leaves_gives_its_leases_back_and_the_attempts_count),
          cmocka_unit_test(whoever_waits_when_its_member_stops_is_answered_in_order),
          cmocka_unit_test(block_runs_out_and_join_comes_with_the_commit))
/* clang-format on */
