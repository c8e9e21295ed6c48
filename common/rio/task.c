/* task.c - create, run, park, wake, end; names and messages.  See task.h.
 * SPDX-License-Identifier: MIT */
#include "rio/task.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rio/depth.h"

enum {
    ARG_MAX_BYTES = 16 << 10,
    ARG_ALIGN = 16,
    TASK_ALIGN = 64,
    COLOURS = 32, /* 2 KiB: an idle task still fits into one page */
    MSG_MAX = 512,
};

/* The message of rio_error() outside a task, and of the last run. */
static __thread char thread_msg[MSG_MAX];
static __thread bool thread_has_msg;

/* ---- create ---- */

static void task_main(void *arg);

/* A pooled stack holds the last task's fields.  One by one, since gcc 12 makes a
 * `rep stos` of a memset, which takes 10 ns to begin. */
static inline void blank(struct rio__task *t)
{
    t->wait = NULL;
    t->ready.run = NULL;
    t->forced = t->masked = t->started = false;
    t->owed = t->told = t->excused = t->painted = false;
    t->pending = t->cancels = t->delivered = 0;
    t->cancel_stamp = 0;
    t->gen = NULL;
    t->timeouts = NULL;
    t->groups = NULL;
    t->group = NULL;
    t->cancel_msg = NULL;
    t->on_done = NULL;
    t->msg_err = 0;
    t->name[0] = '\0';
}

/* All tops are page-aligned, and the same sets of the first-level cache would hold the
 * busiest lines of every task: so each starts a bit lower than its neighbours.
 * Measured: a yield among 256 tasks took 87 ns without. */
static size_t colour(const void *top)
{
    return ((uintptr_t)top >> 12) % COLOURS * TASK_ALIGN;
}

/* Lays a task and its argument out at the top of a stack. */
static struct rio__task *lay_out(struct rio_loop *l, void *top, size_t bytes,
                                 const void *arg, size_t copy)
{
    char *at = (char *)top - colour(top) -
               (sizeof(struct rio__task) + TASK_ALIGN - 1) / TASK_ALIGN * TASK_ALIGN;
    struct rio__task *t = (struct rio__task *)(void *)at;

    blank(t);
    rio__future_init(&t->f, l, RIO__TASK);
    t->stack_top = top;
    t->stack_bytes = bytes;
    t->arg = (void *)(uintptr_t)arg;
    if (copy > 0) {
        at -= (copy + ARG_ALIGN - 1) / ARG_ALIGN * ARG_ALIGN;
        memcpy(at, arg, copy);
        t->arg = at;
    }
    bytes -= (size_t)((char *)top - at);
    rio__switch_make(&t->context, at, bytes, task_main);
    rio__fiber_init(&t->fiber, at - bytes, bytes);
    return t;
}

struct rio__task *rio__task_new(struct rio_loop *l, rio_fn *fn, const void *arg,
                                size_t copy, const rio_task_opts *o)
{
    size_t want = 0, bytes;
    struct rio__task *t;
    void *top;

    if (fn == NULL || copy > ARG_MAX_BYTES || (copy > 0 && arg == NULL) ||
        (o != NULL && (o->flags & ~RIO_EAGER) != 0)) {
        errno = EINVAL;
        return NULL;
    }
    if (o != NULL)
        want = o->stack;
    top = rio__stacks_get(&l->stacks, want, &bytes);
    if (top == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    t = lay_out(l, top, bytes, arg, copy);
    t->painted = l->stacks.paint;
    t->fn = fn;
    t->id = ++l->task_names;
    t->vars = NULL;
    if (l->current != NULL && l->current->vars != NULL)
        t->vars = rio__vars_ref(l->current->vars);
    if (o != NULL && o->name != NULL)
        (void)rio_task_set_name(&t->f, o->name);
    rq_list_init(&t->member);
    rq_list_push_back(&l->tasks, &t->all);
    l->task_count++;
    if (o == NULL || !(o->flags & RIO_EAGER))
        rio__loop_ready(l, &t->ready);
    return t;
}

rio_task *rio_create_task_ex(rio_fn *fn, const void *arg, size_t copy,
                             const rio_task_opts *o)
{
    struct rio__task *t;

    if (rio__loop == NULL) {
        errno = EPERM;
        return NULL;
    }
    t = rio__task_new(rio__loop, fn, arg, copy, o);
    if (t == NULL)
        return NULL;
    (void)rio_ref(&t->f); /* beside the one of the running task */
    if (o != NULL && (o->flags & RIO_EAGER) != 0)
        rio__task_start_eagerly(t);
    return &t->f;
}

rio_task *rio_create_task(rio_fn *fn, void *arg)
{
    return rio_create_task_ex(fn, arg, 0, NULL);
}

rio_task *rio_create_task_copy(rio_fn *fn, const void *arg, size_t size)
{
    return rio_create_task_ex(fn, arg, size, NULL);
}

void rio__task_free(struct rio__task *t)
{
    struct rio_loop *l = t->f.loop;

    if (t->cancel_msg != NULL)
        free(t->cancel_msg);
    if (t->vars != NULL)
        rio__vars_unref(t->vars);
    rio__fiber_fini(&t->fiber);
    if (RQ_UNLIKELY(t->painted))
        rio__depth_record(t);
    rio__stacks_put(&l->stacks, t->stack_top, t->stack_bytes);
}

/* ---- end ---- */

/* Which message, if any, belongs to the error that the task ends with. */
static void settle_msg(struct rio__task *t, long result)
{
    if (result == -ECANCELED && t->cancel_msg != NULL) {
        free(t->f.msg);
        t->f.msg = t->cancel_msg;
        t->cancel_msg = NULL;
    } else if (t->f.msg != NULL && t->msg_err != result) {
        free(t->f.msg);
        t->f.msg = NULL;
    }
}

static void end_task(struct rio__task *t, long result)
{
    struct rio_loop *l = t->f.loop;
    enum rio__future_state state;

    /* A return between an _enter and its _exit: the scope lies on this stack. */
    if (RQ_UNLIKELY(t->timeouts != NULL || t->groups != NULL))
        rio__debug_scope_left_open(t);
    if (RQ_UNLIKELY(l->debug) && t->started)
        rio__debug_ended(t, result);
    /* A request that the task never looked at costs it its result, as in asyncio. */
    if (result >= 0 && (t->pending > 0 || t->forced))
        result = -ECANCELED;
    state = result == -ECANCELED ? RIO__CANCELLED : RIO__DONE;
    settle_msg(t, result);
    rq_list_remove(&t->all);
    l->task_count--;
    if (t->group != NULL)
        rio__group_member_done(t, state, result);
    if (t->on_done != NULL)
        t->on_done(t->on_done_arg, result);
    if (l->closing && state == RIO__DONE && result < 0 && !t->f.seen &&
        rq_list_empty(&t->f.observers)) {
        t->f.seen = true;
        rio__report(l, "a task failed during shutdown", result, &t->f);
    }
    rio__future_finish(&t->f, state, result);
}

/* ---- run ---- */

/* Where a task goes that stops running: straight to the next one, if that is a plain
 * task to resume or to start, in this turn or, when there is nothing else to do between
 * them, in the next one; else to the loop, which also looks at the clock. */
static inline struct rio__task *next_task(struct rio_loop *l)
{
    struct rq_list *first;
    struct rio__task *t;

    if (l->debug || l->nested || (l->steps + 1) % RIO__STEPS_PER_LOOK == 0)
        return NULL;
    if (rq_list_empty(l->batch) && !rio__loop_turn_over(l))
        return NULL;
    first = l->batch->next;
    t = RQ_CONTAINER_OF(RQ_LIST_ENTRY(first, struct rio__ready, link), struct rio__task,
                        ready);
    if (t->ready.run != NULL || (!t->started && rio__cancel_due(t)))
        return NULL;
    t->started = true;
    rq_list_remove(first);
    l->steps++;
    l->switches++;
    return t;
}

/* Lets go of a task that has ended, now that its stack is left. */
static inline void reap(struct rio_loop *l)
{
    struct rio__task *t = l->ended;

    if (RQ_LIKELY(t == NULL))
        return;
    l->ended = NULL;
    rio_unref(&t->f);
}

/* Names the one that goes on.  next: NULL: the loop.  last: t will never be resumed. */
RIO_INLINED const struct rio__context *leave(struct rio__task *t,
                                             struct rio__task *next, bool last)
{
    struct rio_loop *l = t->f.loop;

    l->current = next;
    rio__fiber_leave(&t->fiber, next == NULL ? &l->fiber : &next->fiber, last);
    return next == NULL ? &l->context : &next->context;
}

static inline void switch_away(struct rio__task *t)
{
    struct rio__task *next = next_task(t->f.loop);
    void *by; /* t itself, unless somebody only wants to look at its stack */

    by = rio__switch(&t->context, leave(t, next, false), next);
    while (RQ_UNLIKELY(by != t))
        by = rio__task_probed(t, by);
    rio__fiber_enter(&t->fiber);
    reap(t->f.loop);
}

/* The first frame of every task; what returns here never runs again. */
static void task_main(void *arg)
{
    struct rio__task *t = arg, *next = NULL;
    struct rio_loop *l = t->f.loop;

    if (l->fiber.bottom == NULL) /* the first task of all comes from the loop */
        rio__fiber_enter_first(&t->fiber, &l->fiber);
    else
        rio__fiber_enter(&t->fiber);
    reap(l);
    end_task(t, t->fn(t->arg));
    l->ended = t;
    /* An error that nobody takes is reported by the loop: no task runs meanwhile. */
    if (t->f.result >= 0)
        next = next_task(l);
    rio__switch_last(leave(t, next, true), next);
}

void rio__task_run(struct rio_loop *l, struct rio__task *t)
{
    if (!t->started && rio__cancel_due(t)) {
        end_task(t, -ECANCELED); /* cancelled before its first step: no step at all */
        rio_unref(&t->f);
        return;
    }
    t->started = true;
    l->current = t;
    l->switches++;
    rio__fiber_leave(&l->fiber, &t->fiber, false);
    (void)rio__switch(&l->context, &t->context, t);
    rio__fiber_enter(&l->fiber);
    reap(l); /* not always t: tasks switch to each other */
}

/* ---- park and wake ---- */

static inline void park(struct rio__wait *w)
{
    struct rio__task *t = w->task;

    ASSERT(t->f.loop->current == t);
    t->wait = w;
    t->f.loop->parked++;
    switch_away(t);
    ASSERT(t->wait == NULL);
}

int rio__task_park_raw(struct rio__wait *w)
{
    park(w);
    return 0;
}

int rio__task_park(struct rio__wait *w)
{
    struct rio__task *t = w->task;

    if (rio__cancel_take(t))
        return -ECANCELED;
    rio__debug_before_park(t);
    park(w);
    if (w->cancelled) {
        rio__cancel_delivered(t);
        return -ECANCELED;
    }
    return rio__cancel_take(t) ? -ECANCELED
                               : 0; /* a request that came after the wake */
}

void rio__wait_ignore_cancel(struct rio__wait *wait)
{
    (void)wait;
}

void rio__task_wake(struct rio__task *t)
{
    ASSERT(t->wait != NULL);
    t->wait = NULL;
    t->f.loop->parked--;
    rio__loop_ready(t->f.loop, &t->ready);
}

int rio_yield(void)
{
    struct rio__task *t = rio__task_self();

    if (t == NULL)
        return -EPERM;
    if (rio__cancel_take(t))
        return -ECANCELED;
    rio__loop_ready(t->f.loop, &t->ready);
    switch_away(t);
    return rio__cancel_take(t) ? -ECANCELED : 0;
}

/* ---- sleep ---- */

struct sleep {
    struct rio__wait wait;
    struct rio__timer timer;
};

static void sleep_over(struct rio__timer *timer)
{
    rio__task_wake(RQ_CONTAINER_OF(timer, struct sleep, timer)->wait.task);
}

static void sleep_cancel(struct rio__wait *wait)
{
    struct sleep *s = RQ_CONTAINER_OF(wait, struct sleep, wait);

    rio__timer_stop(wait->task->f.loop, &s->timer);
    wait->cancelled = true;
    rio__task_wake(wait->task);
}

int rio_sleep_until(int64_t when)
{
    struct rio__task *t = rio__task_self();
    struct sleep s = {.wait = {.task = t, .cancel = sleep_cancel, .what = "sleep"}};
    int rc;

    if (t == NULL)
        return -EPERM;
    rc = rio__timer_start(t->f.loop, &s.timer, when, sleep_over);
    if (rc < 0)
        return rc;
    rc = await(rio__task_park(&s.wait));
    if (rc < 0)
        rio__timer_stop(t->f.loop, &s.timer);
    return rc;
}

int rio_sleep(int64_t d)
{
    if (d <= 0)
        return await(rio_yield());
    if (rio__task_self() == NULL)
        return -EPERM;
    return await(rio_sleep_until(rio__timer_after(rio__loop, d)));
}

int64_t rio__sleep_until(const struct rio__wait *wait)
{
    if (wait->cancel != sleep_cancel)
        return RIO_FOREVER;
    return RQ_CONTAINER_OF(wait, struct sleep, wait)->timer.when;
}

/* ---- names, messages ---- */

rio_task *rio_current_task(void)
{
    struct rio__task *t = rio__task_self();

    return t == NULL ? NULL : &t->f;
}

size_t rio_all_tasks(rio_task **out, size_t max)
{
    size_t n = 0;

    if (rio__loop == NULL)
        return 0;
    RQ_LIST_EACH(link, &rio__loop->tasks)
    {
        if (n < max)
            out[n] = &RQ_LIST_ENTRY(link, struct rio__task, all)->f;
        n++;
    }
    return n;
}

const char *rio_task_name(const rio_task *f)
{
    struct rio__task *t;

    if (f == NULL)
        return "";
    if (f->kind != RIO__TASK)
        return f->kind == RIO__SHIELD   ? "shield"
               : f->kind == RIO__GATHER ? "gather"
                                        : "future";
    t = rio__task_of(f);
    if (t->name[0] == '\0') /* most tasks are never asked */
        (void)snprintf(t->name, sizeof t->name, "task-%llu", (unsigned long long)t->id);
    return t->name;
}

int rio_task_set_name(rio_task *f, const char *name)
{
    struct rio__task *t;

    if (f == NULL || name == NULL || f->kind != RIO__TASK)
        return -EINVAL;
    t = rio__task_of(f);
    (void)snprintf(t->name, sizeof t->name, "%s", name);
    return 0;
}

void rio__task_thread_msg(const char *msg)
{
    thread_has_msg = msg != NULL;
    if (msg != NULL)
        (void)snprintf(thread_msg, sizeof thread_msg, "%s", msg);
}

long rio_error(long err, const char *fmt, ...)
{
    struct rio__task *t = rio__task_self();
    char text[MSG_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (t == NULL) {
        rio__task_thread_msg(text);
    } else {
        rio__future_set_msg(&t->f, text);
        t->msg_err = err;
    }
    return err;
}

void rio__task_adopt_msg(struct rio__task *t, long err, const char *msg)
{
    if (msg == NULL)
        return;
    rio__future_set_msg(&t->f, msg);
    t->msg_err = err;
}

const char *rio_task_error(const rio_task *f)
{
    if (f != NULL)
        return f->msg;
    if (rio__task_self() != NULL)
        return rio__task_self()->f.msg;
    return thread_has_msg ? thread_msg : NULL;
}
