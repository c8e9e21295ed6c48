/* sync_test - locks, events, conditions, semaphores: first come, first served, and no
 * wake-up is lost.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"

struct world {
    rio_lock lock;
    rio_event go, event;
    rio_sem sem;
    rio_cond cond;
    int n;
    int seen[16];
    int state;
};

struct actor {
    struct world *w;
    int id;
    int64_t delay;
    bool hold; /* until w->go */
};

static rio_task *start(struct actor *a, rio_fn *fn, struct world *w, int id)
{
    *a = (struct actor){.w = w, .id = id};
    return rio_create_task(fn, a);
}

/* ---- lock ---- */

static long take_lock(void *arg)
{
    struct actor *a = arg;

    RIO_TRY(await(rio_lock_acquire(&a->w->lock)));
    a->w->seen[a->w->n++] = a->id;
    return 0;
}

LOOP_TEST(a_lock_is_handed_on_in_order) /* LOCK-01 */
{
    struct world w = {0};
    struct actor a[3];
    rio_task *t[3];

    EXPECT_EQ(await(rio_lock_acquire(&w.lock)), 0);
    t[0] = start(&a[0], take_lock, &w, 1);
    t[1] = start(&a[1], take_lock, &w, 2);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(w.n, 0);
    EXPECT_EQ(rio_lock_release(&w.lock), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(w.n, 1);
    t[2] = start(&a[2], take_lock, &w, 3);
    for (int i = 2; i <= 3; i++) {
        EXPECT_EQ(rio_lock_release(&w.lock), 0);
        EXPECT_EQ(await(loop_test_settle()), 0);
        EXPECT_EQ(w.n, i);
    }
    EXPECT(w.seen[0] == 1 && w.seen[1] == 2 && w.seen[2] == 3);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    return 0;
}

LOOP_TEST(a_cancelled_waiter_leaves_the_lock_alone) /* LOCK-02, LOCK-11 */
{
    struct world w = {0};
    struct actor a;
    rio_task *t;

    EXPECT_EQ(await(rio_lock_acquire(&w.lock)), 0);
    t = start(&a, take_lock, &w, 1);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT(w.lock.w.head == NULL);
    EXPECT_EQ(rio_lock_release(&w.lock), 0);
    EXPECT_EQ(await(rio_lock_acquire(&w.lock)), 0); /* at once: the waiter is gone */
    EXPECT_EQ(rio_lock_release(&w.lock), 0);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    return 0;
}

static long hold_lock(void *arg)
{
    struct actor *a = arg;

    RIO_TRY(await(rio_lock_acquire(&a->w->lock)));
    a->w->seen[a->w->n++] = a->id;
    if (a->id == 1)
        RIO_TRY(await(rio_event_wait(&a->w->go)));
    return rio_lock_release(&a->w->lock);
}

LOOP_TEST(a_release_beside_a_cancel_goes_to_the_next) /* LOCK-03 */
{
    struct world w = {0};
    struct actor a[3];
    rio_task *ta = start(&a[0], hold_lock, &w, 1), *tb, *tc;

    tb = start(&a[1], hold_lock, &w, 2);
    tc = start(&a[2], hold_lock, &w, 3);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_event_set(&w.go);
    rio_task_cancel(tb);
    EXPECT_EQ(await(rio_join_unref(ta)), 0);
    EXPECT_EQ(await(rio_join_unref(tb)), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(tc)), 0);
    EXPECT(w.n == 2 && w.seen[1] == 3);
    EXPECT(!rio_lock_locked(&w.lock));
    return 0;
}

LOOP_TEST(a_wake_up_is_not_lost_on_a_cancelled_waiter) /* LOCK-05 */
{
    struct world w = {0};
    struct actor a[3];
    rio_task *tb, *tc;

    EXPECT_EQ(await(rio_lock_acquire(&w.lock)), 0);
    tb = start(&a[1], take_lock, &w, 2);
    tc = start(&a[2], take_lock, &w, 3);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_lock_release(&w.lock), 0); /* wakes tb */
    rio_task_cancel(tb);                     /* which has not run yet */
    EXPECT_EQ(await(rio_join_unref(tb)), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(tc)), 0);
    EXPECT(w.n == 1 && w.seen[0] == 3);
    EXPECT(rio_lock_locked(&w.lock));
    return 0;
}

LOOP_TEST(a_free_lock_is_not_released) /* LOCK-06, LOCK-07 */
{
    rio_lock l = RIO_LOCK_INIT;

    EXPECT_EQ(rio_lock_release(&l), -EPERM);
    EXPECT_EQ(await(rio_lock_acquire(&l)), 0);
    EXPECT(rio_lock_locked(&l));
    EXPECT_EQ(rio_lock_release(&l), 0);
    EXPECT(!rio_lock_locked(&l));
    EXPECT_EQ(rio_lock_release(&l), -EPERM);
    return 0;
}

LOOP_TEST(a_newcomer_queues_behind_a_woken_waiter) /* LOCK-10 */
{
    struct world w = {0};
    struct actor a;
    rio_task *t;

    EXPECT_EQ(await(rio_lock_acquire(&w.lock)), 0);
    t = start(&a, hold_lock, &w, 2);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rio_lock_release(&w.lock), 0);
    EXPECT_EQ(await(rio_lock_acquire(&w.lock)), 0);
    EXPECT(w.n == 1 && w.seen[0] == 2); /* the other one was first */
    EXPECT_EQ(rio_lock_release(&w.lock), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    return 0;
}

/* ---- guards ---- */

static long leave_by_return(void *arg)
{
    long rc;

    RIO_WITH_LOCK(arg, &rc)
    return 3;
    return rc;
}

static long leave_by_break(void *arg)
{
    long rc;

    RIO_WITH_LOCK(arg, &rc)
    {
        break;
    }
    return rc;
}

static long leave_by_goto(void *arg)
{
    long rc;

    RIO_WITH_LOCK(arg, &rc)
    {
        goto out;
    }
out:
    return rc;
}

static long cancelled_inside(void *arg)
{
    long rc;

    RIO_WITH_LOCK(arg, &rc)
    RIO_TRY(await(rio_sleep(RIO_SEC)));
    return rc;
}

static long never_inside(void *arg)
{
    long rc;
    bool inside = false;

    RIO_WITH_LOCK(arg, &rc)
    inside = true;
    return inside ? -EPROTO : rc;
}

LOOP_TEST(every_way_out_releases_the_lock) /* LOCK-09, CX-07, CM-11 */
{
    rio_lock l = RIO_LOCK_INIT;
    rio_task *t;
    long rc;
    int inside = 0;

    EXPECT_EQ(await(leave_by_return(&l)), 3);
    EXPECT(!rio_lock_locked(&l));
    EXPECT_EQ(await(leave_by_break(&l)), 0);
    EXPECT(!rio_lock_locked(&l));
    EXPECT_EQ(await(leave_by_goto(&l)), 0);
    EXPECT(!rio_lock_locked(&l));
    RIO_WITH_LOCK(&l, &rc)
    inside++;
    EXPECT_EQ(inside, 1);
    EXPECT_EQ(rc, 0);
    EXPECT(!rio_lock_locked(&l));

    t = rio_create_task(cancelled_inside, &l);
    EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(rio_lock_locked(&l));
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(!rio_lock_locked(&l));

    EXPECT_EQ(await(rio_lock_acquire(&l)), 0);
    t = rio_create_task(never_inside, &l);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT(rio_lock_locked(&l));
    EXPECT_EQ(rio_lock_release(&l), 0);
    return 0;
}

/* ---- event ---- */

static long wait_event(void *arg)
{
    struct actor *a = arg;

    RIO_TRY(await(rio_event_wait(&a->w->event)));
    a->w->seen[a->w->n++] = a->id;
    return 0;
}

LOOP_TEST(a_set_event_lets_all_pass) /* EVT-01, EVT-02, EVT-06 */
{
    struct world w = {0};
    struct actor a[3];
    rio_task *t[3];
    rio_stats before, after;

    t[0] = start(&a[0], wait_event, &w, 1);
    t[1] = start(&a[1], wait_event, &w, 2);
    EXPECT_EQ(await(rio_yield()), 0);
    t[2] = start(&a[2], wait_event, &w, 3);
    rio_event_set(&w.event);
    rio_event_set(&w.event);
    EXPECT(rio_event_is_set(&w.event));
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    EXPECT(w.seen[0] == 3 && w.seen[1] == 1 && w.seen[2] == 2);
    rio_loop_stats(rio_get_running_loop(), &before);
    EXPECT_EQ(await(rio_event_wait(&w.event)), 0);
    rio_loop_stats(rio_get_running_loop(), &after);
    EXPECT_EQ(before.turns, after.turns);
    return 0;
}

LOOP_TEST(set_then_clear_still_releases_those_who_waited) /* EVT-03, EVT-05 */
{
    struct world w = {0};
    struct actor a[3];
    rio_task *t[3];

    for (int i = 0; i < 2; i++)
        t[i] = start(&a[i], wait_event, &w, i + 1);
    EXPECT_EQ(await(rio_yield()), 0);
    rio_task_cancel(t[1]);
    rio_event_set(&w.event);
    rio_event_clear(&w.event);
    t[2] = start(&a[2], wait_event, &w, 3);
    EXPECT_EQ(await(rio_join_unref(t[0])), 0);
    EXPECT_EQ(await(rio_join_unref(t[1])), -ECANCELED);
    EXPECT(!rio_future_done(t[2]));
    EXPECT(w.n == 1 && w.seen[0] == 1);
    rio_task_cancel(t[2]);
    EXPECT_EQ(await(rio_join_unref(t[2])), -ECANCELED);
    EXPECT(w.event.w.head == NULL);
    return 0;
}

/* ---- condition ---- */

static long wait_cond(void *arg)
{
    struct actor *a = arg;
    struct world *w = a->w;
    int rc;

    RIO_TRY(await(rio_lock_acquire(w->cond.lock)));
    rc = await(rio_cond_wait(&w->cond));
    if (!rio_lock_locked(w->cond.lock))
        return -EPROTO;
    if (rc == 0)
        w->seen[w->n++] = a->id;
    RIO_IGNORE(rio_lock_release(w->cond.lock));
    return rc;
}

LOOP_TEST(a_condition_wakes_in_order_and_returns_with_the_lock) /* COND-01, COND-07 */
{
    struct world w = {0};
    struct actor a[3];
    rio_task *t[3];

    rio_cond_init(&w.cond, NULL);
    for (int i = 0; i < 3; i++)
        t[i] = start(&a[i], wait_cond, &w, i + 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_lock_acquire(w.cond.lock)), 0);
    EXPECT_EQ(rio_cond_notify(&w.cond, 1), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(w.n, 0); /* the notifier holds the lock */
    EXPECT_EQ(rio_lock_release(w.cond.lock), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(w.n, 1);
    EXPECT_EQ(await(rio_lock_acquire(w.cond.lock)), 0);
    EXPECT_EQ(rio_cond_notify(&w.cond, 1), 0);
    EXPECT_EQ(rio_cond_notify(&w.cond, 2048), 0);
    EXPECT_EQ(rio_cond_notify_all(&w.cond), 0);
    EXPECT_EQ(rio_lock_release(w.cond.lock), 0);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    EXPECT(w.seen[0] == 1 && w.seen[1] == 2 && w.seen[2] == 3);
    return 0;
}

static bool is_one(void *arg)
{
    return *(int *)arg == 1;
}

LOOP_TEST(a_condition_wants_its_lock) /* COND-05, COND-09 */
{
    struct world w = {0};
    rio_lock shared = RIO_LOCK_INIT;

    rio_cond_init(&w.cond, &shared);
    EXPECT(w.cond.lock == &shared);
    EXPECT_EQ(await(rio_cond_wait(&w.cond)), -EPERM);
    EXPECT_EQ(rio_cond_notify(&w.cond, 1), -EPERM);
    EXPECT_EQ(rio_cond_notify_all(&w.cond), -EPERM);
    EXPECT_EQ(await(rio_cond_wait_for(&w.cond, is_one, &w.state)), -EPERM);
    w.state = 1;
    EXPECT_EQ(await(rio_cond_wait_for(&w.cond, is_one, &w.state)), 0);
    return 0;
}

static long wait_for_one(void *arg)
{
    struct actor *a = arg;
    struct world *w = a->w;
    long rc;

    RIO_TRY(await(rio_lock_acquire(w->cond.lock)));
    rc = await(rio_cond_wait_for(&w->cond, is_one, &w->state));
    if (rc == 0)
        w->state = 0;
    RIO_IGNORE(rio_lock_release(w->cond.lock));
    return rc;
}

RIO_AWAITS static long notify_one(struct world *w, int state)
{
    RIO_TRY(await(rio_lock_acquire(w->cond.lock)));
    w->state = state;
    RIO_TRY(rio_cond_notify(&w->cond, 1));
    return rio_lock_release(w->cond.lock);
}

LOOP_TEST(wait_for_looks_at_its_predicate) /* COND-06 */
{
    struct world w = {0};
    struct actor a;
    rio_task *t;

    rio_cond_init(&w.cond, NULL);
    t = start(&a, wait_for_one, &w, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(notify_one(&w, 0)), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(await(notify_one(&w, 1)), 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(w.state, 0);
    return 0;
}

LOOP_TEST(a_cancelled_wait_gets_its_lock_first) /* COND-02, COND-03, COND-15 */
{
    struct world w = {0};
    struct actor a;
    rio_task *t;

    rio_cond_init(&w.cond, NULL);
    t = start(&a, wait_cond, &w, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(await(rio_lock_acquire(w.cond.lock)), 0);
    EXPECT(rio_task_cancel_msg(t, "enough"));
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_task_cancel_msg(t, "really"); /* while it tries to get the lock */
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(!rio_future_done(t));
    EXPECT_EQ(rio_lock_release(w.cond.lock), 0);
    EXPECT_EQ(await(rio_join(t)), -ECANCELED);
    EXPECT(strcmp(rio_task_error(t), "really") == 0); /* COND-11 */
    EXPECT(!rio_lock_locked(w.cond.lock));
    EXPECT(w.cond.w.head == NULL);
    rio_unref(t);
    return 0;
}

LOOP_TEST(a_notification_is_not_lost_on_a_cancelled_waiter) /* COND-13, COND-14 */
{
    for (int relock = 0; relock < 2; relock++) {
        struct world w = {0};
        struct actor a[2];
        rio_task *t[2];

        rio_cond_init(&w.cond, NULL);
        for (int i = 0; i < 2; i++)
            t[i] = start(&a[i], wait_for_one, &w, i);
        EXPECT_EQ(await(loop_test_settle()), 0);
        EXPECT_EQ(await(rio_lock_acquire(w.cond.lock)), 0);
        w.state = 1;
        EXPECT_EQ(rio_cond_notify(&w.cond, 1), 0);
        if (relock) /* it has run, and waits for the lock */
            EXPECT_EQ(await(loop_test_settle()), 0);
        rio_task_cancel(t[0]);
        EXPECT_EQ(rio_lock_release(w.cond.lock), 0);
        EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
        EXPECT_EQ(await(rio_join_unref(t[1])), 0);
        EXPECT_EQ(w.state, 0);
    }
    return 0;
}

/* ---- semaphore ---- */

static long take_permit(void *arg)
{
    struct actor *a = arg;

    RIO_TRY(await(rio_sem_acquire(&a->w->sem)));
    a->w->seen[a->w->n++] = a->id;
    return 0;
}

LOOP_TEST(a_semaphore_counts) /* SEM-01, SEM-07, SEM-13 */
{
    rio_sem s;

    EXPECT_EQ(rio_sem_init(&s, -1), -EINVAL);
    EXPECT_EQ(rio_sem_init(&s, 0), 0);
    EXPECT(rio_sem_locked(&s));
    EXPECT_EQ(rio_sem_init(&s, 1), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    EXPECT_EQ(s.value, 3);
    EXPECT_EQ(rio_sem_init_bounded(&s, -1), -EINVAL);
    EXPECT_EQ(rio_sem_init_bounded(&s, 1), 0);
    EXPECT_EQ(rio_sem_release(&s), -EOVERFLOW);
    EXPECT_EQ(s.value, 1);
    EXPECT_EQ(await(rio_sem_acquire(&s)), 0);
    EXPECT_EQ(rio_sem_release(&s), 0);
    return 0;
}

LOOP_TEST(permits_go_to_those_who_waited_longest) /* SEM-02, SEM-11 */
{
    struct world w = {0};
    struct actor a[4];
    rio_task *t[4];

    EXPECT_EQ(rio_sem_init(&w.sem, 0), 0);
    for (int i = 0; i < 4; i++)
        t[i] = start(&a[i], take_permit, &w, i + 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_task_cancel(t[0]);
    EXPECT_EQ(rio_sem_release(&w.sem), 0);
    EXPECT_EQ(rio_sem_release(&w.sem), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(w.n == 2 && w.seen[0] == 2 && w.seen[1] == 3);
    EXPECT(rio_sem_locked(&w.sem));
    EXPECT_EQ(rio_sem_release(&w.sem), 0);
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    for (int i = 1; i < 4; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    return 0;
}

LOOP_TEST(a_permit_given_to_a_cancelled_waiter_goes_on) /* SEM-05, SEM-06 */
{
    struct world w = {0};
    struct actor a[2];
    rio_task *t[2];

    EXPECT_EQ(rio_sem_init(&w.sem, 1), 0);
    EXPECT_EQ(await(rio_sem_acquire(&w.sem)), 0);
    t[0] = start(&a[0], take_permit, &w, 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_sem_release(&w.sem), 0);
    rio_task_cancel(t[0]); /* woken, has not run */
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    EXPECT_EQ(w.n, 0);
    EXPECT(!rio_sem_locked(&w.sem));
    EXPECT_EQ(await(rio_sem_acquire(&w.sem)), 0);

    for (int i = 0; i < 2; i++)
        t[i] = start(&a[i], take_permit, &w, i + 1);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_sem_release(&w.sem), 0);
    rio_task_cancel(t[0]);
    EXPECT_EQ(await(rio_join_unref(t[0])), -ECANCELED);
    EXPECT_EQ(await(rio_join_unref(t[1])), 0);
    EXPECT(w.n == 1 && w.seen[0] == 2);
    return 0;
}

static long twice_in_a_row(void *arg)
{
    struct actor *a = arg;

    for (int i = 0; i < 2; i++) {
        RIO_TRY(await(rio_sem_acquire(&a->w->sem)));
        a->w->seen[a->w->n++] = a->id;
        RIO_TRY(await(rio_sleep(RIO_MS)));
        RIO_TRY(rio_sem_release(&a->w->sem));
    }
    return 0;
}

LOOP_TEST(nobody_overtakes_by_taking_again) /* SEM-09 */
{
    struct world w = {0};
    struct actor a[3];
    rio_task *t[3];

    EXPECT_EQ(rio_sem_init(&w.sem, 1), 0);
    for (int i = 0; i < 3; i++)
        t[i] = start(&a[i], twice_in_a_row, &w, i + 1);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(await(rio_join_unref(t[i])), 0);
    for (int i = 0; i < 6; i++)
        EXPECT_EQ(w.seen[i], i % 3 + 1);
    return 0;
}

static long take_give_take(void *arg)
{
    struct actor *a = arg;

    RIO_TRY(await(rio_sem_acquire(&a->w->sem)));
    a->w->seen[a->w->n++] = a->id;
    RIO_TRY(rio_sem_release(&a->w->sem));
    RIO_TRY(await(rio_sem_acquire(&a->w->sem)));
    a->w->seen[a->w->n++] = a->id + 2;
    return 0;
}

LOOP_TEST(a_second_acquire_queues_behind_the_woken) /* SEM-10 */
{
    struct world w = {0};
    struct actor a[2];
    rio_task *t[2];

    EXPECT_EQ(rio_sem_init(&w.sem, 1), 0);
    EXPECT_EQ(await(rio_sem_acquire(&w.sem)), 0);
    t[0] = start(&a[0], take_give_take, &w, 2);
    t[1] = start(&a[1], take_permit, &w, 3);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT_EQ(rio_sem_release(&w.sem), 0);
    EXPECT_EQ(rio_sem_release(&w.sem), 0);
    EXPECT_EQ(await(rio_join_unref(t[0])), 0);
    EXPECT_EQ(await(rio_join_unref(t[1])), 0);
    EXPECT(w.seen[0] == 2 && w.seen[1] == 3 && w.seen[2] == 4);
    return 0;
}

static long leave_sem_by_return(void *arg)
{
    long rc;

    RIO_WITH_SEM(arg, &rc)
    return 3;
    return rc;
}

LOOP_TEST(a_permit_is_given_back_by_every_way_out)
{
    rio_sem s;

    EXPECT_EQ(rio_sem_init_bounded(&s, 2), 0);
    EXPECT_EQ(await(leave_sem_by_return(&s)), 3);
    EXPECT_EQ(s.value, 2);
    return 0;
}

/* ---- all together, under a storm of cancels ---- */

static long lock_storm(void *arg)
{
    struct actor *a = arg;
    struct world *w = a->w;

    for (int i = 0; i < 200; i++) {
        if (await(rio_lock_acquire(&w->lock)) < 0)
            continue;
        w->n++;
        if (w->n != 1) /* two inside */
            w->state = 1;
        RIO_IGNORE(await(rio_yield()));
        w->n--;
        if (rio_lock_release(&w->lock) < 0)
            w->state = 2;
        RIO_IGNORE(await(rio_yield()));
    }
    rio_task_uncancel(rio_current_task());
    return 0;
}

LOOP_TEST(a_lock_survives_a_storm_of_cancels)
{
    enum { N = 20 };
    struct world w = {0};
    struct actor a[N];
    rio_task *t[N];
    unsigned seed = 1;

    for (int i = 0; i < N; i++)
        t[i] = start(&a[i], lock_storm, &w, i);
    for (int i = 0; i < 3000; i++) {
        seed = seed * 1103515245u + 12345u;
        rio_task_cancel(t[(seed >> 16) % N]);
        EXPECT_EQ(await(rio_yield()), 0);
    }
    for (int i = 0; i < N; i++) {
        long rc = await(rio_join_unref(t[i]));

        EXPECT(rc == 0 || rc == -ECANCELED);
    }
    EXPECT_EQ(w.state, 0);
    EXPECT_EQ(w.n, 0);
    EXPECT(!rio_lock_locked(&w.lock));
    EXPECT(w.lock.w.head == NULL && !w.lock.offered);
    return 0;
}

TEST_MAIN(cmocka_unit_test(a_lock_is_handed_on_in_order),
          cmocka_unit_test(a_cancelled_waiter_leaves_the_lock_alone),
          cmocka_unit_test(a_release_beside_a_cancel_goes_to_the_next),
          cmocka_unit_test(a_wake_up_is_not_lost_on_a_cancelled_waiter),
          cmocka_unit_test(a_free_lock_is_not_released),
          cmocka_unit_test(a_newcomer_queues_behind_a_woken_waiter),
          cmocka_unit_test(every_way_out_releases_the_lock),
          cmocka_unit_test(a_set_event_lets_all_pass),
          cmocka_unit_test(set_then_clear_still_releases_those_who_waited),
          cmocka_unit_test(a_condition_wakes_in_order_and_returns_with_the_lock),
          cmocka_unit_test(a_condition_wants_its_lock),
          cmocka_unit_test(wait_for_looks_at_its_predicate),
          cmocka_unit_test(a_cancelled_wait_gets_its_lock_first),
          cmocka_unit_test(a_notification_is_not_lost_on_a_cancelled_waiter),
          cmocka_unit_test(a_semaphore_counts),
          cmocka_unit_test(permits_go_to_those_who_waited_longest),
          cmocka_unit_test(a_permit_given_to_a_cancelled_waiter_goes_on),
          cmocka_unit_test(nobody_overtakes_by_taking_again),
          cmocka_unit_test(a_second_acquire_queues_behind_the_woken),
          cmocka_unit_test(a_permit_is_given_back_by_every_way_out),
          cmocka_unit_test(a_lock_survives_a_storm_of_cancels))
