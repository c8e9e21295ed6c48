/* findings.c - what debug mode has to say of tasks, cancellations and scopes.  Each
 * finding is one line; docs/rio/debugging.md explains them all.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rio/task.h"

/* ---- while a task runs ---- */

void rio__debug_swallowed(struct rio__task *t)
{
    /* Clean-up may wait, inside a time limit; pending: another one is to come. */
    if (t->told || !t->owed || t->excused || t->pending > 0 || t->masked ||
        t->timeouts != NULL)
        return;
    t->told = true;
    rio__debug_say(t->f.loop,
                   "task %s waits again after -ECANCELED, without rio_task_uncancel()",
                   rio_task_name(&t->f));
}

void rio__debug_scope_left_open(const struct rio__task *t)
{
    const char *scope = t->groups != NULL ? "group" : "time limit";
    const char *missing = t->groups != NULL ? "rio_group_exit" : "rio_timeout_exit";

    /* In every mode: the scope's struct dies with the stack it lies on. */
    (void)fprintf(
        stderr,
        "rio: task %s ended inside a %s that it had entered: a return without "
        "%s()\n",
        rio_task_name(&t->f), scope, missing);
    abort();
}

void rio__debug_ended(struct rio__task *t, long result)
{
    if (result >= 0 && t->owed && !t->excused && t->pending == 0 && !t->forced)
        rio__debug_say(t->f.loop,
                       "task %s swallowed its cancellation: it ended with %ld, without "
                       "rio_task_uncancel()",
                       rio_task_name(&t->f), result);
}

/* ---- at the end ---- */

/* Members have their group's task, clients their server to wait for them. */
static bool is_forgotten(const struct rio__task *t)
{
    return t->group == NULL && t->on_done == NULL && rq_list_empty(&t->f.observers);
}

/* Does it wait for a future that it alone has a reference to?  The one reference to the
 * task is the loop's. */
static bool is_forlorn(const struct rio__task *t)
{
    const rio_future *f = t->wait == NULL ? NULL : t->wait->joins;

    return t->f.refs == 1 && f != NULL && f->kind == RIO__FUTURE && f->refs == 1;
}

void rio__debug_closing(struct rio_loop *l)
{
    size_t gens, open;

    RQ_LIST_EACH(link, &l->tasks)
    {
        const struct rio__task *t = RQ_LIST_ENTRY(link, struct rio__task, all);

        if (is_forlorn(t))
            rio__debug_say(l,
                           "task %s was destroyed while it waited for a future that "
                           "nobody else knew",
                           rio_task_name(&t->f));
        else if (is_forgotten(t))
            rio__debug_say(l,
                           "task %s was never awaited: its loop closes, and cancels it",
                           rio_task_name(&t->f));
    }
    gens = rio__gens_left(l, &open);
    if (gens > 0)
        rio__debug_say(l, "%zu generator(s) never freed, %zu of them never closed",
                       gens, open);
}

void rio__debug_closed(struct rio_loop *l)
{
    if (l->handles > 0)
        rio__debug_say(l, "%zu task(s) or future(s) never unreferenced", l->handles);
}
