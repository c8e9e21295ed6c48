/* headers.c - every macro of the public headers, used once, in a small program.  It is
 * C11 to C23, and C++17 and C++20 as well: headers_test.py compiles it as each of
 * them, and runs what comes out.
 * SPDX-License-Identifier: MIT */
#include <rio/rio.h>

#include <rio/http.h>
#include <rio/sim.h>

#include <ringq/ringq.h>
#include <ringq/ringq_rio.h>

#include <errno.h>

#if defined(__cplusplus) && __cplusplus >= 202002L
#include <coroutine>

/* The language's own coroutines beside ours: co_await is another word than await. */
struct lazy {
    struct promise_type {
        lazy get_return_object()
        {
            return lazy{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept
        {
            return {};
        }
        std::suspend_always final_suspend() noexcept
        {
            return {};
        }
        void return_void()
        {
        }
        void unhandled_exception()
        {
        }
    };
    std::coroutine_handle<promise_type> handle;
};

static lazy language_coroutine(int *steps)
{
    ++*steps;
    co_await std::suspend_always{};
    ++*steps;
}

static int language_steps(void)
{
    int steps = 0;
    lazy l = language_coroutine(&steps);

    while (!l.handle.done())
        l.handle.resume();
    l.handle.destroy();
    return steps;
}
#endif

struct pair {
    int a, b;
};

RIO_QUEUE_DEFINE(pairs, struct pair)

static long add(void *arg)
{
    struct pair *p = (struct pair *)arg;

    RIO_TRY(await(rio_yield()));
    return p->a + p->b;
}

static long three(void *unused)
{
    (void)unused;
    for (int i = 1; i <= 3; i++)
        RIO_TRY(await(rio_gen_yield(&i)));
    return 0;
}

/* Blocks in blocks: no name of one hides a name of the other. */
RIO_AWAITS static long sums_all_pairs(void)
{
    long rc, sum = 0;
    int v, w;

    RIO_FOR_EACH(rio_gen_iter(rio_gen_new(three, NULL, sizeof(int))), &v, rc)
    {
        RIO_FOR_EACH(rio_gen_iter(rio_gen_new(three, NULL, sizeof(int))), &w, rc)
        {
            sum += v * w;
        }
        if (rc < 0)
            return rc;
    }
    return rc < 0 ? rc : sum;
}

RIO_AWAITS static long locked_twice(void)
{
    rio_lock outer = RIO_LOCK_INIT, inner = RIO_LOCK_INIT;
    rio_sem sem;
    long rc;

    RIO_TRY(rio_sem_init(&sem, 1));
    RIO_WITH_LOCK(&outer, &rc)
    {
        RIO_WITH_LOCK(&inner, &rc)
        {
            RIO_WITH_SEM(&sem, &rc)
            {
                rc = rio_lock_locked(&inner) && rio_sem_locked(&sem);
            }
        }
    }
    return rc;
}

RIO_AWAITS static long limited(void *arg)
{
    rio_timeout t = RIO_ZERO;
    long rc;

    RIO_TRY(rio_timeout_enter(&t, RIO_MS + 500 * RIO_US));
    rc = await(rio_sleep(100 * RIO_SEC));
    (void)arg;
    return rio_timeout_exit(&t, rc);
}

RIO_AWAITS static long grouped(void)
{
    struct pair p = {4, 5};
    rio_task *t;

    RIO_AUTO_GROUP(g);
    t = rio_ref(rio_group_spawn_copy(&g, add, RIO_ARGS(struct pair, 1, 2)));
    RIO_AUTO_TASK own = rio_create_task(add, &p);
    RIO_IGNORE(await(rio_join(own)));
    RIO_TRY(await(rio_group_exit(&g, 0)));
    return await(rio_join_unref(t));
}

static long all_of_it(void *arg)
{
    struct pair list[] = {{1, 2}, {3, 4}}, p = {7, 8};
    pairs q = {rio_queue_new(sizeof(struct pair), 0)};
    long rc;

    RIO_TRY(RIO_GATHER_ARRAY(add, list));
    RIO_TRY(await(pairs_put(q, p)));
    RIO_TRY(await(pairs_get(q, &list[0])));
    rio_queue_free(q.q);
    if (list[0].b != 8)
        return -1;
    if (await(sums_all_pairs()) != 36)
        return -2;
    if (await(locked_twice()) != 1)
        return -3;
    if (await(grouped()) != 3)
        return -4;
    rc = await(limited(arg));
#if defined(__cplusplus) && __cplusplus >= 202002L
    if (language_steps() != 2)
        return -5;
#endif
    return rc == -ETIMEDOUT ? 0 : rc;
}

int main(void)
{
    return (int)-rio_run(all_of_it, NULL);
}
