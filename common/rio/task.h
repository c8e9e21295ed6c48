/* task.h - futures and tasks, from inside.
 *
 * A task's block is its stack, top down: struct rio__task, the copied argument, frames.
 * So the handle lives as long as the stack, and both go back to the pool together.
 *
 *     created -> ready <-> running -> done
 *                  ^          |
 *                  +- parked <+      t->wait != NULL exactly while parked
 *
 * Cancelling.  `cancels` counts unanswered requests (cancelling()); `pending` those of
 * them that are still to be delivered.  A request reaches a parked task through
 * wait->cancel; any other task finds it at its next suspension.  One delivery takes all
 * that is pending.  `forced` is a delivery that a mask does not hold back.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_TASK_H
#define RIO_TASK_H

#include "base/assert.h"
#include "rio/loop.h"

enum rio__future_kind { RIO__FUTURE, RIO__TASK, RIO__SHIELD, RIO__GATHER };
enum rio__future_state { RIO__PENDING, RIO__DONE, RIO__CANCELLED };

struct rio_future {
    uint32_t refs;
    uint8_t kind, state;
    bool seen;   /* somebody got the error, or will */
    bool marked; /* met before; only while wait or as_completed go through an array */
    struct rio_loop *loop;
    long result;
    struct rq_list observers; /* struct rio__observer, in the order they came */
    char *msg;                /* of the error; malloc */
};

/* Wants to know when a future is done.  notify() runs inside the completion: it may
 * make tasks ready, and must not run user code. */
struct rio__observer {
    struct rq_list link;
    void (*notify)(struct rio__observer *, rio_future *);
};

/* Why a task is parked; on its stack. */
struct rio__wait {
    struct rio__task *task;
    /* A cancel request.  The wait must end by itself then, sooner or later. */
    void (*cancel)(struct rio__wait *);
    const char *what;  /* for people: "sleep", "lock" */
    rio_future *joins; /* forward requests to this one instead */
    bool cancelled;    /* ended by a cancel request */
};

/* The first two cache lines hold all that a switch, a park and a wake touch. */
struct rio__task {
    struct rio_future f;
    struct rio__context context; /* maybe on a generator's stack */
    struct rio__wait *wait;
    struct rio__ready ready;
    bool forced, masked, started;
    bool owed;    /* a -ECANCELED was delivered, and is not answered yet */
    bool told;    /* debug: that it waits again all the same */
    bool excused; /* it does, but the runtime makes it: clean-up of its own */
    bool painted; /* debug: its stack was, before it began */
    unsigned pending, cancels, delivered;
    uint32_t cancel_stamp;
    rio_gen *gen;          /* the innermost one whose body it runs */
    rio_timeout *timeouts; /* open scopes, innermost first */
    rio_group *groups;     /* open groups, innermost first */
    rio_group *group;      /* it is a member of this one */
    char *cancel_msg;
    void (*on_done)(void *arg, long result); /* of the runtime's own tasks */
    long msg_err;                            /* the error that f.msg was kept for */
    char name[32];                           /* empty: nobody has asked for it yet */
    struct rio__vars *vars;                  /* NULL: all have their defaults */
    rio_fn *fn;
    void *arg;
    struct rq_list all;    /* in loop->tasks */
    struct rq_list member; /* in `group` */
    void *on_done_arg;
    void *stack_top;
    size_t stack_bytes;
    struct rio__fiber fiber;
    uint64_t id;
};

static inline struct rio__task *rio__task_of(const rio_future *f)
{
    return (struct rio__task *)f; /* its first member */
}

/* ---- future.c ---- */

void rio__future_init(rio_future *f, struct rio_loop *l, enum rio__future_kind kind);
/* Ends a pending future and notifies its observers. */
void rio__future_finish(rio_future *f, enum rio__future_state state, long result);
/* Cancels a pending future that is no task: it is done at once, a gather with its last
 * member. */
void rio__future_cancel(rio_future *f, const char *msg);
void rio__future_observe(rio_future *f, struct rio__observer *o);
static inline void rio__future_unobserve(struct rio__observer *o)
{
    rq_list_remove(&o->link);
}
/* Its result, as a joiner sees it; an error counts as seen. */
long rio__future_take(rio_future *f);
/* May task `t` wait for all of these?
 * Errors  -EINVAL  one is NULL or of another loop;  -EDEADLK  one is the task itself */
int rio__future_check(const struct rio__task *t, rio_future *const *fs, size_t n);
/* Takes over a copy of the message; best effort. */
void rio__future_set_msg(rio_future *f, const char *msg);

/* ---- task.c ---- */

/* Arguments and errors as rio_create_task_ex; the loop's own reference alone.  With
 * RIO_EAGER it is not made ready: that is rio__task_start_eagerly(). */
struct rio__task *rio__task_new(struct rio_loop *l, rio_fn *fn, const void *arg,
                                size_t copy, const rio_task_opts *o);
void rio__task_free(struct rio__task *t);
/* Resumes a ready task, from the loop. */
void rio__task_run(struct rio_loop *l, struct rio__task *t);
/* Makes a parked task ready. */
void rio__task_wake(struct rio__task *t);
/* The task that runs now, or NULL: then a suspension is -EPERM. */
static inline struct rio__task *rio__task_self(void)
{
    return rio__loop == NULL ? NULL : rio__loop->current;
}

/* Parks the running task until rio__task_wake().
 *
 * Returns  0 woken; -ECANCELED a request came before that, or was pending on entry.
 * Then the caller unlinks what is still linked, and hands on what it was given. */
RIO_AWAITS int rio__task_park(struct rio__wait *w);
/* The same without a look at cancellation: w->cancel alone decides.  Returns  0 */
RIO_AWAITS int rio__task_park_raw(struct rio__wait *w);
/* When a sleep ends, or RIO_FOREVER: the task waits for something else. */
int64_t rio__sleep_until(const struct rio__wait *wait);
/* A rio__wait.cancel: the request stays pending. */
void rio__wait_ignore_cancel(struct rio__wait *wait);

/* Makes `msg` (NULL: nothing) the message of an error of t. */
void rio__task_adopt_msg(struct rio__task *t, long err, const char *msg);
/* The message outside a task. */
void rio__task_thread_msg(const char *msg);

/* ---- join.c ---- */

/* Waits for f whatever comes; requests stay pending. */
RIO_AWAITS long rio__join_uncancelled(rio_future *f);

/* ---- eager.c ---- */

/* Runs a new task until it suspends or ends. */
void rio__task_start_eagerly(struct rio__task *t);

/* ---- print_stack.c ---- */

/* In a task that was resumed `by` something else than itself: walks the stack.
 * Returns  by whom it was resumed then */
void *rio__task_probed(struct rio__task *t, void *by);

/* ---- gather_future.c ---- */

void rio__gather_cancel(rio_future *f, const char *msg);
void rio__gather_drop(rio_future *f); /* lets go of the members */

/* ---- cancel.c ---- */

static inline bool rio__cancel_due(const struct rio__task *t)
{
    return t->forced || (t->pending > 0 && !t->masked);
}
enum rio__cancel_fate {
    RIO__CANCEL_TOO_LATE,  /* done already */
    RIO__CANCEL_FORWARDED, /* to the future that the task joins */
    RIO__CANCEL_KEPT,      /* pending until the task is told */
};
/* One request, which no mask holds back if `force`. */
enum rio__cancel_fate rio__cancel_request(rio_future *f, const char *msg, bool force);
/* Records that the task got -ECANCELED. */
void rio__cancel_delivered(struct rio__task *t);
/* Takes a delivery that is due.  Returns  whether there was one */
static inline bool rio__cancel_take(struct rio__task *t)
{
    if (RQ_LIKELY(!rio__cancel_due(t)))
        return false;
    rio__cancel_delivered(t);
    return true;
}
/* A -ECANCELED that cannot be passed on: it is due again at the next suspension. */
static inline void rio__cancel_again(struct rio__task *t)
{
    if (t->cancels > 0 && t->pending == 0)
        t->pending = 1;
}
/* Answers a kept request of a scope.  If nothing was delivered since it was made (mark:
 * `delivered` at that time) it is withdrawn.  Returns  the requests left */
unsigned rio__cancel_answer(struct rio__task *t, unsigned mark, bool forced);

/* ---- ctxvar.c ---- */

/* NULL is fine for both. */
struct rio__vars *rio__vars_ref(struct rio__vars *v);
void rio__vars_unref(struct rio__vars *v);

/* ---- group.c ---- */

void rio__group_member_done(struct rio__task *t, enum rio__future_state state,
                            long result);
/* The members of all groups that t has open: the first one, and the one after a member.
 */
struct rio__task *rio__group_first(const struct rio__task *t);
struct rio__task *rio__group_next(const struct rio__task *member);

/* ---- debug.c ---- */

/* Reports a task that suspends again after a -ECANCELED it has not answered. */
void rio__debug_swallowed(struct rio__task *t);
/* Names a task that ends inside a scope it has entered; then the process ends. */
RQ_NORETURN void rio__debug_scope_left_open(const struct rio__task *t);
/* Looks at a task that ends by itself. */
void rio__debug_ended(struct rio__task *t, long result);
/* What the program has left behind: when its loop begins to close, and when all is
 * over.
 */
void rio__debug_closing(struct rio_loop *l);
void rio__debug_closed(struct rio_loop *l);
static inline void rio__debug_before_park(struct rio__task *t)
{
    if (RQ_UNLIKELY(t->f.loop->debug))
        rio__debug_swallowed(t);
}

#endif
