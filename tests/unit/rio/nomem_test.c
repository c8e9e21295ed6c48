/* nomem_test - the n-th allocation fails: tasks and all that only the loop moves.
 * SPDX-License-Identifier: MIT */
#include "nomem.h"

#include <stdlib.h>
#include <string.h>

static long add(void *arg)
{
    RIO_TRY(await(rio_yield()));
    return *(int *)arg + 1;
}

static long fails(void *arg)
{
    (void)arg;
    return rio_error(-ENOMEM, "as if there were no memory");
}

NOMEM_TEST(tasks_end_or_are_not_made, 0)
{
    int one = 1;
    rio_task *t[4] = {NULL};
    long rc, result = 0;

    rc = made(t[0] = rio_create_task(add, &one));
    rc = first_error(rc, made(t[1] = rio_create_task_copy(add, &one, sizeof one)));
    t[2] = rio_create_task_ex(add, &one, 0,
                              &(rio_task_opts){.name = "big", .stack = 1 << 20});
    rc = first_error(rc, made(t[2]));
    t[3] = rio_create_task(fails, NULL);
    rc = first_error(rc, made(t[3]));
    for (int i = 0; i < 3; i++) {
        if (t[i] == NULL)
            continue;
        result = await(rio_join_unref(t[i]));
        rc = first_error(rc, result == 2 ? 0 : -EPROTO);
    }
    if (t[3] != NULL && await(rio_join_unref(t[3])) != -ENOMEM)
        return -EPROTO;
    return rc;
}

NOMEM_TEST(a_group_ends_whatever_was_spawned, 0)
{
    int one = 1;
    rio_group g;
    long rc = 0;

    RIO_TRY(rio_group_enter(&g));
    for (int i = 0; i < 20 && rc == 0; i++)
        rc = made(rio_group_spawn(&g, add, &one));
    if (rc == 0)
        rc = made(rio_group_spawn_copy(&g, fails, &one, sizeof one));
    if (rc == 0)
        rc = made(rio_group_spawn(&g, fails, NULL));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc == -ENOMEM ? 0 : -EPROTO; /* the members' */
}

NOMEM_TEST(many_at_once, 0)
{
    enum { N = 5 };
    int numbers[N] = {0};
    long results[N], rc;
    rio_future *f[N] = {NULL}, *shield = NULL, *got = NULL;
    rio_iter *it;
    int done = 0;

    rc = await(rio_gather_map(add, numbers, N, sizeof numbers[0], results, 0));
    for (int i = 0; i < N; i++) {
        f[i] = rio_create_task(add, &numbers[i]);
        rc = first_error(rc, made(f[i]));
    }
    if (rc == 0)
        rc = made(shield = rio_shield_future(f[0]));
    if (rc == 0)
        rc = await(rio_wait(f, N, RIO_FIRST_COMPLETED, RIO_SEC));
    if (rc >= 0) {
        it = rio_as_completed(f, N, RIO_SEC);
        rc = made(it);
        if (it != NULL)
            RIO_FOR_EACH(it, &got, rc)
        done += rio_future_done(got);
    }
    if (rc == 0 && done != N)
        rc = -EPROTO;
    if (rc >= 0)
        rc = await(rio_gather(f, N, results, 0));
    if (rc >= 0)
        rc = await(rio_wait_for(f[0], RIO_SEC));
    rio_unref(shield);
    for (int i = 0; i < N; i++)
        rio_unref(f[i]);
    return first_error(rc, 0);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

RIO_AWAITS static long fill_and_empty(rio_queue *q)
{
    enum { N = 200 };
    long rc = made(q);
    int n = 0, put, item;

    if (q == NULL)
        return rc;
    while (n < N && rc == 0) {
        rc = await(rio_queue_put(q, &n));
        n += rc == 0;
    }
    for (put = n; n > 0; n--) {
        if (await(rio_queue_get(q, &item)) < 0 || item >= put)
            rc = -EPROTO;
        if (rio_queue_task_done(q) < 0)
            rc = -EPROTO;
    }
    if (await(rio_queue_join(q)) < 0 || !rio_queue_empty(q))
        rc = -EPROTO;
    rio_queue_free(q);
    return rc;
}

NOMEM_TEST(queues_keep_what_was_put, 0)
{
    long rc = await(fill_and_empty(rio_queue_new(sizeof(int), 0)));

    rc = first_error(rc, await(fill_and_empty(rio_lifo_queue_new(sizeof(int), 0))));
    return first_error(
        rc, await(fill_and_empty(rio_priority_queue_new(sizeof(int), 0, compare))));
}

static long count(void *arg)
{
    ++*(int *)arg;
    return 0;
}

NOMEM_TEST(callbacks_run_or_are_refused, 0)
{
    enum { N = 300 };
    int ran = 0, scheduled = 0;
    long rc = 0;

    for (int i = 0; i < N && rc == 0; i++) {
        rio_handle h = i % 3 == 0   ? rio_call_soon(count, &ran)
                       : i % 3 == 1 ? rio_call_later(i * RIO_US, count, &ran)
                                    : rio_call_turn_end(count, &ran);

        if (h == 0)
            rc = -errno;
        else
            scheduled++;
    }
    while (ran < scheduled)
        RIO_TRY(await(rio_yield()));
    return rc;
}

struct remote {
    rio_loop *loop;
    int ran;
};

static long calls_back(void *arg)
{
    struct remote *r = arg;

    return rio_call_soon_threadsafe(r->loop, count, &r->ran);
}

NOMEM_TEST(a_callback_that_a_thread_has_made_is_not_lost, 0)
{
    struct remote r = {.loop = rio_get_running_loop()};

    RIO_TRY(await(rio_to_thread(calls_back, &r)));
    for (int i = 0; i < 2000 && r.ran == 0; i++)
        RIO_TRY(await(rio_yield()));
    return r.ran == 1 ? 0 : -EPROTO;
}

RIO_AWAITS static long sleeps(void *arg)
{
    return await(rio_sleep(*(int64_t *)arg));
}

NOMEM_TEST(limits_strike_or_are_refused, 0)
{
    int64_t lengths[40], forever = RIO_SEC;
    rio_timeout t;
    long rc;

    for (int i = 0; i < 40; i++)
        lengths[i] = (40 - i) * RIO_US;
    RIO_TRY(RIO_GATHER_ARRAY(sleeps, lengths));
    RIO_TRY(rio_timeout_enter(&t, RIO_MS));
    rc = await(sleeps(&forever));
    rc = rio_timeout_exit(&t, rc);
    if (rc != -ETIMEDOUT)
        return first_error(rc, -EPROTO);
    rc = await(rio_wait_for_call(sleeps, &forever, RIO_MS));
    return rc == -ETIMEDOUT ? 0 : rc;
}

static long numbers(void *arg)
{
    for (int i = 0; i < *(int *)arg; i++)
        RIO_TRY(await(rio_gen_yield(&i)));
    return 0;
}

NOMEM_TEST(generators_give_their_items, 0)
{
    int n = 5, item, sum = 0;
    rio_gen *g = rio_gen_new(numbers, &n, sizeof n);
    long rc = made(g);

    if (g == NULL)
        return rc;
    RIO_FOR_EACH(rio_gen_iter(g), &item, rc)
    sum += item;
    if (rc == 0 && sum != 10)
        rc = -EPROTO;
    return first_error(rc, await(rio_gen_free(g)));
}

static long undo(void *arg, long rc)
{
    --*(int *)arg;
    return rc;
}

NOMEM_TEST(what_was_deferred_is_done, 0)
{
    rio_exit_stack s;
    int open = 0;
    long rc = 0;

    rio_exit_stack_enter(&s);
    for (int i = 0; i < 20 && rc == 0; i++) {
        rc = rio_defer(&s, undo, &open);
        open += rc == 0;
    }
    rc = await(rio_exit_stack_exit(&s, rc));
    return open == 0 ? rc : -EPROTO;
}

static void count_done(rio_future *f, void *arg)
{
    (void)f;
    ++*(int *)arg;
}

NOMEM_TEST(futures_tell_those_who_asked, 0)
{
    rio_future *f = rio_future_new();
    long rc = made(f);
    int asked = 0, told = 0;

    if (f == NULL)
        return rc;
    for (int i = 0; i < 20 && rc == 0; i++) {
        rc = rio_future_add_done_callback(f, count_done, &told);
        asked += rc == 0;
    }
    if (rio_future_set_result(f, 7) < 0)
        rc = -EPROTO;
    rc = first_error(rc, await(loop_test_settle()));
    if (told != asked || rio_future_result(f) != 7)
        rc = -EPROTO;
    rio_unref(f);
    return rc;
}

static const rio_ctxvar var[3];

static long sets_variables(void *arg)
{
    long rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++)
        rc = rio_ctxvar_set(&var[i], arg);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = rio_ctxvar_get(&var[i]) == arg ? 0 : -EPROTO;
    return rc;
}

NOMEM_TEST(variables_are_set_or_stay, 0)
{
    int here;
    rio_task *t;
    long rc = sets_variables(&here);

    rc = first_error(rc, made(t = rio_create_task(sets_variables, &t)));
    return t == NULL ? rc : first_error(rc, await(rio_join_unref(t)));
}

TEST_MAIN(cmocka_unit_test(tasks_end_or_are_not_made),
          cmocka_unit_test(a_group_ends_whatever_was_spawned),
          cmocka_unit_test(many_at_once), cmocka_unit_test(queues_keep_what_was_put),
          cmocka_unit_test(callbacks_run_or_are_refused),
          cmocka_unit_test(a_callback_that_a_thread_has_made_is_not_lost),
          cmocka_unit_test(limits_strike_or_are_refused),
          cmocka_unit_test(generators_give_their_items),
          cmocka_unit_test(what_was_deferred_is_done),
          cmocka_unit_test(futures_tell_those_who_asked),
          cmocka_unit_test(variables_are_set_or_stay))
