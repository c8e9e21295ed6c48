/* group.c - asyncio.TaskGroup: tasks that end together, all errors kept.
 *
 *     none -> OPEN -> ABORTING -> DONE        ABORTING: members cancelled, no new ones
 *               \________________/
 *
 * The first member that fails aborts the group.  If the parent is still in the body, it
 * gets one cancel request, which the exit answers again; so the parent's count is the
 * same after the group as before, whatever happened inside.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rio/task.h"

/* Not small numbers: a struct that was never entered holds anything. */
enum {
    OPEN = 0x6272e001,
    ABORTING = 0x6272e002,
    DONE = 0x6272e003,
};

enum { PARENT_ASKED = 1, EXITING = 2 }; /* rio_group.flags */

struct private
{
    struct rq_list members; /* struct rio__task.member */
    rio_group *outer;
    struct rio__task *waiting; /* the parent, parked in exit */
    size_t error_cap;          /* reserved: one for each member, and one for the body */
    unsigned mark;             /* parent's `delivered` when it was asked */
    bool kept;                 /* the request went to the parent itself */
};
_Static_assert(sizeof(struct private) <= sizeof(((rio_group *)0)->_priv),
               "rio_group._priv is too small");

static struct private *private_of(const rio_group *g)
{
    return (struct private *)(uintptr_t)g->_priv;
}

static bool is_open(const struct rio__task *task, const rio_group *g)
{
    for (const rio_group *it = task->groups; it != NULL; it = private_of(it)->outer)
        if (it == g)
            return true;
    return false;
}

int rio_group_enter(rio_group *g)
{
    struct rio__task *task = rio__task_self();

    if (task == NULL || g == NULL || is_open(task, g))
        return -EINVAL;
    *g = (rio_group){.state = OPEN, .parent = &task->f};
    rq_list_init(&private_of(g)->members);
    private_of(g)->outer = task->groups;
    task->groups = g;
    return 0;
}

/* An error must find its place whatever happens, so it is reserved at the spawn. */
static int reserve_errors(rio_group *g)
{
    struct private *p = private_of(g);
    size_t need = g->nerrors + g->ntasks + 2; /* this member, and the body */
    rio_group_error *errors;

    if (need <= p->error_cap)
        return 0;
    need += need / 2 + 6;
    errors = realloc(g->errors, need * sizeof *errors);
    if (errors == NULL)
        return -ENOMEM;
    g->errors = errors;
    p->error_cap = need;
    return 0;
}

static rio_task *spawn(rio_group *g, rio_fn *fn, const void *arg, size_t size)
{
    struct rio__task *t;

    if (g == NULL || (g->state != OPEN && g->state != ABORTING)) {
        errno = EINVAL;
        return NULL;
    }
    if (g->state == ABORTING) {
        errno = ESHUTDOWN;
        return NULL;
    }
    if (reserve_errors(g) < 0) {
        errno = ENOMEM;
        return NULL;
    }
    t = rio__task_new(g->parent->loop, fn, arg, size, NULL);
    if (t == NULL)
        return NULL;
    t->group = g;
    g->ntasks++;
    rq_list_push_back(&private_of(g)->members, &t->member);
    return &t->f;
}

rio_task *rio_group_spawn(rio_group *g, rio_fn *fn, void *arg)
{
    return spawn(g, fn, arg, 0);
}

rio_task *rio_group_spawn_copy(rio_group *g, rio_fn *fn, const void *arg, size_t size)
{
    return spawn(g, fn, arg, size);
}

static void abort_members(rio_group *g)
{
    g->state = ABORTING;
    RQ_LIST_EACH(link, &private_of(g)->members)
    {
        struct rio__task *t = RQ_LIST_ENTRY(link, struct rio__task, member);

        (void)rio__cancel_request(&t->f, NULL, false);
    }
}

void rio_group_cancel(rio_group *g)
{
    if (g != NULL && (g->state == OPEN || g->state == ABORTING))
        abort_members(g);
}

static void add_error(rio_group *g, long err, rio_task *t, const char *msg)
{
    rio_group_error *e = &g->errors[g->nerrors++];

    *e = (rio_group_error){.err = err, .task = rio_ref(t)};
    if (msg != NULL)
        (void)snprintf(e->msg, sizeof e->msg, "%s", msg);
}

void rio__group_member_done(struct rio__task *t, enum rio__future_state state,
                            long result)
{
    rio_group *g = t->group;
    struct private *p = private_of(g);

    rq_list_remove(&t->member);
    t->group = NULL;
    g->ntasks--;
    if (state == RIO__DONE && result < 0) {
        t->f.seen = true;
        add_error(g, result, &t->f, t->f.msg);
        if (g->state == OPEN) {
            abort_members(g);
            if (!(g->flags & EXITING)) {
                g->flags |= PARENT_ASKED;
                p->mark = rio__task_of(g->parent)->delivered;
                p->kept =
                    rio__cancel_request(g->parent, NULL, false) == RIO__CANCEL_KEPT;
            }
        }
    }
    if (g->ntasks == 0 && p->waiting != NULL) {
        struct rio__task *parent = p->waiting;

        p->waiting = NULL;
        rio__task_wake(parent);
    }
}

/* ---- for those who list tasks ---- */

static struct rio__task *member_at(const struct rq_list *link, const rio_group *g)
{
    if (link == &private_of(g)->members)
        return NULL;
    return RQ_LIST_ENTRY(link, struct rio__task, member);
}

/* The first member of g, or of those around it in the same task. */
static struct rio__task *first_member(const rio_group *g)
{
    for (; g != NULL; g = private_of(g)->outer)
        if (g->ntasks > 0)
            return member_at(private_of(g)->members.next, g);
    return NULL;
}

struct rio__task *rio__group_first(const struct rio__task *t)
{
    return first_member(t->groups);
}

struct rio__task *rio__group_next(const struct rio__task *t)
{
    struct rio__task *next = member_at(t->member.next, t->group);

    return next != NULL ? next : first_member(private_of(t->group)->outer);
}

/* ---- exit ---- */

struct exit_wait {
    struct rio__wait wait;
    rio_group *g;
};

static void exit_cancel(struct rio__wait *wait)
{
    struct exit_wait *w = RQ_CONTAINER_OF(wait, struct exit_wait, wait);

    private_of(w->g)->waiting = NULL;
    wait->cancelled = true;
    rio__task_wake(wait->task);
}

/* Waits for the last member.  Returns  0, or -ECANCELED when the parent was cancelled
 * here: then the group is aborted, and still waited for. */
RIO_AWAITS static int wait_for_members(rio_group *g)
{
    struct rio__task *parent = rio__task_of(g->parent);
    int cancelled = 0;

    while (g->ntasks > 0) {
        struct exit_wait w = {
            .wait = {.task = parent, .cancel = exit_cancel, .what = "group"},
            .g = g,
        };
        int rc;

        private_of(g)->waiting = parent;
        rc = await(rio__task_park(&w.wait));
        private_of(g)->waiting = NULL;
        if (rc == -ECANCELED) {
            cancelled = rc;
            parent->excused = true;
            if (g->state == OPEN)
                abort_members(g);
        }
    }
    parent->excused = false;
    return cancelled;
}

/* Takes back the request that the group made.  Returns  whether nobody else asked */
static bool answer_own_request(rio_group *g)
{
    struct private *p = private_of(g);

    if (!(g->flags & PARENT_ASKED))
        return false;
    if (p->kept)
        return rio__cancel_answer(rio__task_of(g->parent), p->mark, false) == 0;
    return rio_task_uncancel(g->parent) == 0;
}

long rio_group_exit(rio_group *g, long rc)
{
    struct rio__task *parent = rio__task_self();
    long cancelled = rc == -ECANCELED ? rc : 0;
    bool body_failed = rc < 0 && rc != -ECANCELED;

    if (parent == NULL || g == NULL || !is_open(parent, g))
        return rc < 0 ? rc : -EINVAL;
    ASSERT(parent->groups == g); /* groups are left in reverse order */
    g->flags |= EXITING;
    if (body_failed && reserve_errors(g) < 0)
        body_failed = false; /* rc still says it */
    if (rc < 0 && g->state == OPEN)
        abort_members(g);
    if (await(wait_for_members(g)) == -ECANCELED)
        cancelled = -ECANCELED;
    g->state = DONE;
    parent->groups = private_of(g)->outer;

    if (answer_own_request(g))
        cancelled = 0;
    if (body_failed)
        add_error(g, rc, NULL, parent->msg_err == rc ? parent->f.msg : NULL);
    if (g->nerrors == 0)
        return cancelled < 0 ? cancelled : (rc == -ECANCELED ? 0 : rc);
    /* Errors come before a cancellation from outside, which is delivered again later.
     */
    if (parent->cancels > 0 && parent->pending == 0)
        parent->pending = 1;
    rio__task_adopt_msg(parent, g->errors[0].err, g->errors[0].msg);
    return g->errors[0].err;
}

void rio_group_destroy(rio_group *g)
{
    if (g == NULL || g->state != DONE)
        return;
    for (size_t i = 0; i < g->nerrors; i++)
        rio_unref(g->errors[i].task);
    free(g->errors);
    *g = (rio_group){.state = DONE};
}

void rio_group_auto(rio_group *g)
{
    struct rio__task *parent = rio__task_self();

    if (parent != NULL && is_open(parent, g)) {
        int masked =
            rio_cancel_mask(1); /* clean-up waits for the members all the same */

        abort_members(g);
        RIO_IGNORE(await(rio_group_exit(g, 0)));
        rio_cancel_mask(masked);
    }
    rio_group_destroy(g);
}
