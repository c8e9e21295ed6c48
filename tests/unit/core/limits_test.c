/* limits_test - every limit of the rules, at it and one past it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "core/limits.h"
#include "core/state.h"
#include "support/test.h"
#include "world.h"

static void a_connection_waits_so_often_and_no_more(void **state)
{
    struct world w;
    struct waiter *waiter, *first = NULL;

    (void)state;
    world_init(&w);
    world_put_landed(&w, "busy");
    for (int i = 0; i < LIMIT_WAITERS_PER_CONNECTION; i++) {
        if (i % 2 == 0)
            first = world_wait(&w, "q", -1, NULL);
        else
            assert_int_equal(world_join(&w, "busy", -1, false, NULL, &waiter), 0);
    }
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, -1, NULL, &waiter),
                     RQ_E_LIMIT);
    assert_int_equal(world_join(&w, "busy", -1, false, NULL, &waiter), RQ_E_LIMIT);
    /* what need not wait is not refused */
    assert_int_equal(world_get(&w, "q", NULL), 0);
    assert_int_equal(world_join(&w, "q", -1, false, NULL, &waiter), 0);
    assert_int_equal(world_count(&w, EFFECT_JOINED), 1);

    world_cancel(&w, first);
    world_wait(&w, "q", -1, NULL);
    world_fini(&w);
}

static void put_many(struct world *w, size_t n)
{
    struct core_put put = {.queue = RQ_LIT("q"), .policy = world_policy()};
    struct job *job;

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(
            core_put(w->core, &put, w->now, &w->fx, &job, &(struct job_id){0}), 0);
        assert_int_equal(core_confirmed(w->core, job, w->now, &w->fx), 0);
        w->fx.count = 0;
    }
}

static size_t take_many(struct world *w, uint32_t count)
{
    const struct rq_slice q = RQ_LIT("q");
    const struct core_get get = {
        .queues = &q, .queue_count = 1, .count = count, .bytes_max = SIZE_MAX};
    struct waiter *waiter;
    size_t taken = 0;

    assert_int_equal(core_get(w->core, &get, w->holder, NULL, w->now, &w->fx, &waiter),
                     0);
    for (size_t i = 0; i < w->fx.count; i++)
        taken += w->fx.items[i].kind == EFFECT_DELIVER;
    w->fx.count = 0;
    return taken;
}

static void a_connection_holds_so_many_leases_and_no_more(void **state)
{
    struct world w;
    struct waiter *waiter;

    (void)state;
    world_init(&w);
    struct waiter *waiting = world_wait(&w, "r", -1, NULL); /* is owed one */
    put_many(&w, LIMIT_LEASES_PER_CONNECTION + 1);
    assert_int_equal(take_many(&w, UINT32_MAX), LIMIT_LEASES_PER_CONNECTION - 1);
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, 0, NULL, &waiter),
                     RQ_E_LIMIT);
    world_cancel(&w, waiting);
    assert_int_equal(take_many(&w, 1), 1);
    assert_int_equal(core_holder_leases(w.holder), LIMIT_LEASES_PER_CONNECTION);
    assert_int_equal(world_get_more(&w, w.holder, "q", 1, -1, NULL, &waiter),
                     RQ_E_LIMIT);

    w.holder = world_holder(&w); /* another connection */
    assert_int_equal(take_many(&w, 9), 1);
    core_check(w.core);
    world_fini(&w);
}

static int name_many(struct world *w, size_t n, bool join)
{
    struct rq_slice *names = calloc(n, sizeof *names);
    char(*text)[24] = calloc(n, sizeof *text);
    struct waiter *waiter;
    int rc;

    assert_non_null(names);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        snprintf(text[i], sizeof text[i], "q%zu", i);
        names[i] = rq_slice_str(text[i]);
    }
    const struct core_get get = {
        .queues = names, .queue_count = n, .count = 1, .bytes_max = 1, .block_ms = -1};
    const struct core_join end = {.queues = names, .queue_count = n, .block_ms = -1};
    if (join)
        rc = core_join(w->core, &end, w->holder, NULL, w->now, &w->fx, &waiter);
    else
        rc = core_get(w->core, &get, w->holder, NULL, w->now, &w->fx, &waiter);
    core_check(w->core);
    free(names);
    free(text);
    return rc;
}

static void a_command_names_so_many_queues_and_no_more(void **state)
{
    struct world w;
    struct core_sums sums;

    (void)state;
    world_init(&w);
    assert_int_equal(name_many(&w, LIMIT_QUEUES_PER_COMMAND + 1, false), RQ_E_LIMIT);
    assert_int_equal(name_many(&w, LIMIT_QUEUES_PER_COMMAND + 1, true), RQ_E_LIMIT);
    core_sums(w.core, &sums);
    assert_int_equal(sums.queues, 0);
    assert_int_equal(name_many(&w, LIMIT_QUEUES_PER_COMMAND, true), 0);
    assert_int_equal(name_many(&w, LIMIT_QUEUES_PER_COMMAND, false), 0);
    core_sums(w.core, &sums);
    assert_int_equal(sums.queues, LIMIT_QUEUES_PER_COMMAND);
    world_fini(&w);
}

/* A million queues are half a gigabyte; the test only says that they are there. */
static void there_are_so_many_queues_and_no_more(void **state)
{
    const size_t others = LIMIT_QUEUES - 2;
    const struct rq_slice names[] = {RQ_LIT("last"), RQ_LIT("one-more")};
    const struct core_join join = {.queues = names, .queue_count = 2, .block_ms = -1};
    const struct core_get get = {
        .queues = &names[1], .queue_count = 1, .count = 1, .block_ms = -1};
    struct core_put put = {.queue = names[0], .policy = world_policy()};
    struct world w;
    struct job *job;
    struct waiter *waiter;

    (void)state;
    world_init(&w);
    world_put(&w, "first", "x");
    w.core->queues.count += others;
    assert_int_equal(core_put(w.core, &put, w.now, &w.fx, &job, &(struct job_id){0}),
                     0);
    assert_int_equal(core_put(w.core, &put, w.now, &w.fx, &job, &(struct job_id){0}),
                     0);
    put.queue = names[1];
    assert_int_equal(core_put(w.core, &put, w.now, &w.fx, &job, &(struct job_id){0}),
                     RQ_E_LIMIT);
    assert_int_equal(core_get(w.core, &get, w.holder, NULL, w.now, &w.fx, &waiter),
                     RQ_E_LIMIT);
    assert_int_equal(core_join(w.core, &join, w.holder, NULL, w.now, &w.fx, &waiter),
                     RQ_E_LIMIT);
    assert_int_equal(w.fx.count, 2);
    w.core->queues.count -= others;
    assert_int_equal(w.core->queues.count, 2);
    core_check(w.core);
    world_fini(&w);
}

TEST_MAIN(cmocka_unit_test(a_connection_waits_so_often_and_no_more),
          cmocka_unit_test(a_connection_holds_so_many_leases_and_no_more),
          cmocka_unit_test(a_command_names_so_many_queues_and_no_more),
          cmocka_unit_test(there_are_so_many_queues_and_no_more))
